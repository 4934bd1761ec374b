//! `RTCConfiguration-bundlePolicy.html`, `RTCPeerConnection-transport-stats`, and RFC 9143.

use super::*;
use siskin_peer::BundlePolicy;
use siskin_peer::stats::StatsKind;

fn offers(policy: BundlePolicy) -> String {
    let mut peer = peer_with(1, |config| config.bundle_policy = policy);
    for kind in [AUDIO, AUDIO, VIDEO] {
        add(&mut peer, kind, Direction::SendRecv);
    }
    peer.channel(T0, "data");
    describe(&mut peer).sdp
}

/// Of each section: whether it has a port, credentials, and `a=bundle-only`.
fn shape(sdp: &str) -> Vec<(bool, bool, bool)> {
    let of = |index| {
        let section = section(sdp, index);
        let port = line(section, "m=").split(' ').nth(1) != Some("0");
        (port, section.contains("a=ice-ufrag"), has(section, "a=bundle-only"))
    };
    (0..sections(sdp)).map(of).collect()
}

const OWN: (bool, bool, bool) = (true, true, false);
const BUNDLE_ONLY: (bool, bool, bool) = (false, false, true);
const BUNDLED: (bool, bool, bool) = (true, false, false);

#[test]
fn rfc9429_5_2_1_each_policy_has_its_first_offer() {
    assert_eq!(shape(&offers(BundlePolicy::MaxBundle)), [OWN, BUNDLE_ONLY, BUNDLE_ONLY, BUNDLE_ONLY]);
    assert_eq!(shape(&offers(BundlePolicy::Balanced)), [OWN, BUNDLE_ONLY, OWN, OWN]);
    assert_eq!(shape(&offers(BundlePolicy::MaxCompat)), [OWN, OWN, OWN, OWN]);
    let offer = offers(BundlePolicy::MaxCompat);
    let ufrags: std::collections::BTreeSet<&str> =
        offer.lines().filter(|line| line.starts_with("a=ice-ufrag")).collect();
    assert_eq!(ufrags.len(), 4, "each transport has its own credentials");
    assert!(has(&offer, "a=group:BUNDLE 0 1 2 3"));
}

/// Chromium refuses the third section of a bundle if it finds no fingerprint for the second.
#[test]
fn sections_without_a_transport_have_the_fingerprint_of_the_session() {
    for policy in [BundlePolicy::MaxBundle, BundlePolicy::Balanced, BundlePolicy::MaxCompat] {
        let offer = offers(policy);
        let session = offer.split("\r\nm=").next().unwrap_or_default();
        let everywhere = shape(&offer).iter().all(|shape| *shape == OWN);
        assert_eq!(session.contains("a=fingerprint:sha-256 "), !everywhere, "{offer}");
    }
}

/// What Firefox reads of each section: its own credentials, or those of the session.
fn credentials(sdp: &str) -> Vec<String> {
    let session = sdp.split("\r\nm=").next().unwrap_or_default();
    let of = |index| {
        let own = section(sdp, index);
        let from = if own.contains("a=ice-ufrag:") { own } else { session };
        format!("{} {}", line(from, "a=ice-ufrag:"), line(from, "a=ice-pwd:"))
    };
    (0..sections(sdp)).map(of).collect()
}

/// Firefox takes a section whose credentials change, or go, for one that ICE is restarted in, and wants all or none of them;
/// and it wants a role in each section of an offer.
#[test]
fn a_bundled_section_keeps_its_credentials_until_a_restart() {
    for policy in [BundlePolicy::MaxBundle, BundlePolicy::Balanced, BundlePolicy::MaxCompat] {
        let mut a = peer_with(1, |config| config.bundle_policy = policy);
        let mut b = peer(2);
        add(&mut a, AUDIO, Direction::SendRecv);
        add(&mut a, VIDEO, Direction::SendRecv);
        let (offer, answer) = negotiate(&mut a, &mut b);
        let (later_offer, later_answer) = negotiate(&mut a, &mut b);
        let (offer_of_b, answer_of_a) = negotiate(&mut b, &mut a);
        for later in [&later_offer, &answer_of_a] {
            assert_eq!(credentials(later), credentials(&offer), "{later}");
        }
        for later in [&later_answer, &offer_of_b] {
            assert_eq!(credentials(later), credentials(&answer), "{later}");
        }
        for offer in [&later_offer, &offer_of_b] {
            let session = offer.split("\r\nm=").next().unwrap_or_default();
            assert!(has(session, "a=setup:actpass"), "{offer}");
        }
        a.connection.restart_ice(T0);
        let (restart, _) = negotiate(&mut a, &mut b);
        let (before, now) = (credentials(&offer), credentials(&restart));
        assert!(before.iter().all(|one| !now.contains(one)), "{restart}");
    }
}

#[test]
fn an_answer_that_bundles_leaves_one_transport() {
    for policy in [BundlePolicy::MaxBundle, BundlePolicy::Balanced, BundlePolicy::MaxCompat] {
        let mut a = peer_with(1, |config| config.bundle_policy = policy);
        let mut b = peer(2);
        add(&mut a, AUDIO, Direction::SendRecv);
        add(&mut a, VIDEO, Direction::SendRecv);
        a.channel(T0, "data");
        let (_, answer) = negotiate(&mut a, &mut b);
        assert_eq!(shape(&answer), [OWN, BUNDLED, BUNDLED], "{answer}");
        let transports = |peer: &Peer| {
            let stats = peer.connection.get_stats(T0);
            stats.iter().filter(|stats| matches!(stats.kind, StatsKind::Transport(_))).count()
        };
        assert_eq!((transports(&a), transports(&b)), (1, 1), "{policy:?}");
        add(&mut a, AUDIO, Direction::SendRecv);
        let (offer, _) = negotiate(&mut a, &mut b);
        // RFC 9429 §5.2.2: bundled; a section that had credentials of its own goes on saying them.
        let kept = if policy == BundlePolicy::MaxBundle { BUNDLED } else { OWN };
        assert_eq!(shape(&offer), [OWN, kept, kept, BUNDLED], "{offer}");
    }
}

#[test]
fn a_peer_without_bundle_keeps_its_transports() {
    let mut a = peer_with(1, |config| config.bundle_policy = BundlePolicy::MaxCompat);
    let mut b = peer(2);
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let mut offer = describe(&mut a);
    offer.sdp = offer.sdp.replace("a=group:BUNDLE 0 1\r\n", "");
    take(&mut b, &offer);
    let answer = describe(&mut b);
    assert!(!answer.sdp.contains("BUNDLE"));
    assert_eq!(shape(&answer.sdp), [OWN, OWN]);
    take(&mut a, &answer);
    assert!(all(&a).iter().all(|known| known.current_direction() == Some(Direction::SendOnly)));
}

#[test]
fn rfc9429_5_3_1_a_strict_answerer_takes_only_what_is_bundled() {
    let mut a = peer_with(1, |config| config.bundle_policy = BundlePolicy::MaxCompat);
    let mut b = peer_with(2, |config| config.bundle_policy = BundlePolicy::MaxBundle);
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let mut offer = describe(&mut a);
    offer.sdp = offer.sdp.replace("a=group:BUNDLE 0 1\r\n", "");
    take(&mut b, &offer);
    let answer = describe(&mut b).sdp;
    assert!(section(&answer, 1).starts_with("m=video 0 "), "{answer}");
}

/// RTCP has no address of its own: neither what a description says of one nor what is trickled is tried.
#[test]
fn candidates_of_the_second_component_are_none() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let mut offer = describe(&mut a);
    assert!(offer.sdp.contains(" 1 udp ") && !offer.sdp.contains(" 2 udp "));
    offer.sdp.push_str("a=candidate:1 2 udp 2113929470 10.0.0.1 1001 typ host\r\n");
    take(&mut b, &offer);
    let trickled = siskin_peer::IceCandidateInit {
        candidate: "candidate:1 2 udp 2113929470 10.0.0.1 1003 typ host".into(),
        sdp_mid: Some("0".into()),
        ..siskin_peer::IceCandidateInit::default()
    };
    b.connection.add_ice_candidate(T0, Some(trickled)).unwrap();
    describe(&mut b);
    let stats = b.connection.get_stats(T0);
    let ports: Vec<u16> = stats
        .iter()
        .filter_map(|known| match &known.kind {
            StatsKind::RemoteCandidate(candidate) => Some(candidate.port),
            _ => None,
        })
        .collect();
    assert_eq!(ports, [1000]);
}
