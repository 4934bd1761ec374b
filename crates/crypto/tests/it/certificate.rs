//! Certificates, ours and others'.

use crate::providers;
use core::time::Duration;
use siskin_base::{HashAlgorithm, Rng};
use siskin_crypto::{Certificate, CertificateView, Error, KeyKind};

const NOW: Duration = Duration::from_secs(1_795_305_600); // 2026-11-22

#[test]
fn what_is_made_can_be_read() {
    for provider in providers() {
        for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384] {
            let made = Certificate::generate_kind(&provider, kind, &mut Rng::for_tests(1), NOW).unwrap();
            let view = CertificateView::parse(made.der()).unwrap();
            assert_eq!(view.public_key, *made.public_key());
            assert_eq!(view.public_key.kind, kind);
            assert_eq!(view.not_before, NOW - Duration::from_secs(86_400));
            assert_eq!(view.not_after, NOW + Duration::from_secs(30 * 86_400));
            assert_eq!(made.not_after(), view.not_after);
            let second = Duration::from_secs(1);
            assert!(view.valid_at(view.not_before) && view.valid_at(NOW) && view.valid_at(view.not_after));
            assert!(!view.valid_at(view.not_before - second) && !view.valid_at(view.not_after + second));
            let pem = made.to_pem();
            let again = Certificate::from_pem(&provider, &pem).unwrap();
            assert_eq!(again.der(), made.der());
            assert_eq!(again.to_pem(), pem);
            let algorithm = HashAlgorithm::Sha256;
            assert_eq!(again.fingerprint(&provider, algorithm), made.fingerprint(&provider, algorithm));
        }
    }
}

#[test]
fn names_and_serial_numbers_differ() {
    let provider = siskin_crypto::rustcrypto();
    let make = |seed| Certificate::generate(&provider, &mut Rng::for_tests(seed), NOW).unwrap();
    assert_eq!(make(1).der(), make(1).der());
    assert_ne!(make(1).der()[..60], make(2).der()[..60]);
}

#[test]
fn a_foreign_key_is_refused() {
    let provider = siskin_crypto::rustcrypto();
    let make = |seed| Certificate::generate(&provider, &mut Rng::for_tests(seed), NOW).unwrap();
    let refused = Certificate::from_der(&provider, make(1).der(), make(2).private_key_der());
    assert_eq!(refused.err(), Some(Error::InvalidKey));
}

#[test]
fn a_cut_or_altered_certificate_never_panics() {
    let provider = siskin_crypto::rustcrypto();
    let der = Certificate::generate(&provider, &mut Rng::for_tests(1), NOW).unwrap().der().to_vec();
    for len in 0..der.len() {
        assert_eq!(CertificateView::parse(&der[..len]), Err(Error::InvalidEncoding));
        let mut altered = der.clone();
        for value in [0, 0x7f, 0x80, 0x84, 0xff] {
            altered[len] = value;
            let _ = CertificateView::parse(&altered);
        }
    }
}
