//! Offer and answer: against ourselves, and against what browsers wrote.

use crate::harness::{Pair, Peer, config, ms};
use siskin_base::{BaseId, Instant};
use siskin_netsim::Link;
use siskin_peer::{Event, IceCandidateInit, OfferOptions, SdpType, SessionDescription, SignalingState};

const T0: Instant = Instant::ZERO;

fn peer(seed: u64) -> Peer {
    let mut peer = Peer::new(config(), seed, T0);
    peer.connection.add_base(T0, BaseId(0), ([10, 0, 0, seed as u8], 1000).into());
    peer
}

fn offer(sdp: &str) -> SessionDescription {
    SessionDescription { kind: SdpType::Offer, sdp: sdp.into() }
}

fn answer_to(sdp: &str) -> String {
    let mut peer = peer(1);
    peer.connection.set_remote_description(T0, offer(sdp)).expect("the offer is one that browsers send");
    peer.connection.set_local_description(T0, None).expect("an answer");
    assert_eq!(peer.connection.signaling_state(), SignalingState::Stable);
    peer.connection.local_description().expect("just set").sdp
}

const CHROMIUM: &str = include_str!("../../../sdp/tests/captures/chromium156-offer-av-data.sdp");
const CHROMIUM_SNAP_SPED_CRYPTEX: &str =
    include_str!("../../../sdp/tests/captures/chromium156-offer-experimental-snap-sped-cryptex.sdp");
const FIREFOX: &str = include_str!("../../../sdp/tests/captures/firefox153esr-offer-av-data.sdp");

#[test]
fn browsers_offers_get_an_answer_of_data_only() {
    for sdp in [CHROMIUM, CHROMIUM_SNAP_SPED_CRYPTEX, FIREFOX] {
        let answer = answer_to(sdp);
        let media: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(media.len(), 3, "{answer}");
        assert!(media[0].starts_with("m=audio 0 ") && media[1].starts_with("m=video 0 "), "{answer}");
        assert_eq!(media[2], "m=application 1000 UDP/DTLS/SCTP webrtc-datachannel");
        assert!(answer.contains("a=group:BUNDLE 2\r\n"), "{answer}");
        assert!(answer.contains("a=setup:active\r\n"), "{answer}");
        assert!(
            answer.contains("a=mid:0\r\n")
                && answer.contains("a=mid:1\r\n")
                && answer.contains("a=mid:2\r\n")
        );
        for foreign in ["cryptex", "sctp-init", "sped", "rtcp-xr", "rtpmap", "extmap", "ssrc", "msid"] {
            assert!(!answer.contains(foreign), "{foreign} was echoed: {answer}");
        }
    }
}

#[test]
fn an_offer_says_what_rfc8841_and_rfc8842_want() {
    let mut peer = peer(1);
    peer.channel(T0, "x");
    let offer = peer.connection.create_offer(T0, OfferOptions::default()).unwrap().sdp;
    for line in [
        "a=group:BUNDLE 0",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=ice-options:trickle ice2",
        "a=setup:actpass",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
    ] {
        assert!(offer.lines().any(|found| found == line), "{line} is missing in {offer}");
    }
    assert!(offer.contains("a=fingerprint:sha-256 "));
}

#[test]
fn negotiation_is_needed_once_for_the_first_channel() {
    let needed = |peer: &Peer| peer.events.iter().filter(|event| **event == Event::NegotiationNeeded).count();
    let mut pair = Pair::new(1, Link::new(ms(5)));
    pair.a.channel(T0, "one");
    pair.a.channel(T0, "two");
    pair.a.drain(T0);
    assert_eq!(needed(&pair.a), 1);
    pair.negotiate();
    pair.a.channel(T0, "three");
    pair.a.drain(T0);
    assert_eq!(needed(&pair.a), 1);
    pair.a.connection.restart_ice(T0);
    pair.a.drain(T0);
    assert_eq!(needed(&pair.a), 2);
    pair.negotiate();
    assert!(!pair.a.connection.is_negotiation_needed());
}

#[test]
fn rollback_explicit_and_implicit() {
    let (mut a, mut b) = (peer(1), peer(2));
    a.channel(T0, "a");
    b.channel(T0, "b");
    a.connection.set_local_description(T0, None).unwrap();
    b.connection.set_local_description(T0, None).unwrap();
    // Glare: b is polite and gives way by setting a's offer.
    let offer = a.connection.local_description().unwrap();
    b.connection.set_remote_description(T0, offer.clone()).unwrap();
    assert_eq!(b.connection.signaling_state(), SignalingState::HaveRemoteOffer);
    let rollback = SessionDescription { kind: SdpType::Rollback, sdp: String::new() };
    b.connection.set_remote_description(T0, rollback.clone()).unwrap();
    assert_eq!(b.connection.signaling_state(), SignalingState::Stable);
    assert!(b.connection.local_description().is_none() && b.connection.remote_description().is_none());
    b.connection.set_remote_description(T0, offer).unwrap();
    b.connection.set_local_description(T0, None).unwrap();
    a.connection.set_remote_description(T0, b.connection.local_description().unwrap()).unwrap();
    assert_eq!(a.connection.signaling_state(), SignalingState::Stable);
    assert!(a.connection.set_local_description(T0, Some(rollback)).is_err(), "nothing is left to roll back");
}

#[test]
fn a_munged_description_is_refused() {
    let mut peer = peer(1);
    peer.channel(T0, "x");
    let mut offer = peer.connection.create_offer(T0, OfferOptions::default()).unwrap();
    offer.sdp = offer.sdp.replace("262144", "1");
    let error = peer.connection.set_local_description(T0, Some(offer)).unwrap_err();
    assert_eq!(error.name(), "InvalidModificationError");
    assert_eq!(peer.connection.signaling_state(), SignalingState::Stable);
}

#[test]
fn what_is_wrong_with_a_description_is_said() {
    let cases = [
        ("", "RTCError"),
        ("v=0\r\nnonsense", "RTCError"),
        (&FIREFOX.replace("a=fingerprint:", "a=x-fingerprint:"), "InvalidAccessError"),
        (&FIREFOX.replace("a=ice-ufrag:", "a=x-ufrag:"), "InvalidAccessError"),
        (&FIREFOX.replace("a=mid:1", "a=mid:0"), "InvalidAccessError"),
    ];
    for (sdp, name) in cases {
        let mut peer = peer(1);
        let error = peer.connection.set_remote_description(T0, offer(sdp)).expect_err(sdp);
        assert_eq!(error.name(), name, "{error}");
        assert_eq!(peer.connection.signaling_state(), SignalingState::Stable);
    }
}

#[test]
fn candidates_bad_and_useless() {
    let mut peer = peer(1);
    let init = |candidate: &str| {
        Some(IceCandidateInit {
            candidate: candidate.into(),
            sdp_mid: Some("2".into()),
            ..IceCandidateInit::default()
        })
    };
    let early =
        peer.connection.add_ice_candidate(T0, init("candidate:1 1 udp 1 10.0.0.9 1 typ host")).unwrap_err();
    assert_eq!(early.name(), "InvalidStateError");
    peer.connection.set_remote_description(T0, offer(CHROMIUM)).unwrap();
    for useless in [
        "candidate:1 1 udp 2113937151 0f9a2b7c-1a2b-4c3d-8e9f-001122334455.local 50000 typ host",
        "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
        "candidate:1 2 udp 2113937150 192.0.2.1 50001 typ host",
        "candidate:1 1 udp 1 192.0.2.1 50001 typ host generation 0 network-id 1 x-unknown y",
        "",
    ] {
        peer.connection.add_ice_candidate(T0, init(useless)).expect(useless);
    }
    for bad in ["nonsense", "candidate:1 1 udp 1 192.0.2.1 99999 typ host", "candidate:"] {
        assert_eq!(
            peer.connection.add_ice_candidate(T0, init(bad)).unwrap_err().name(),
            "OperationError",
            "{bad}"
        );
    }
    let nowhere = Some(IceCandidateInit { candidate: "x".into(), ..IceCandidateInit::default() });
    assert_eq!(peer.connection.add_ice_candidate(T0, nowhere).unwrap_err().name(), "TypeError");
    let stale = Some(IceCandidateInit {
        candidate: "candidate:1 1 udp 1 192.0.2.1 50001 typ host".into(),
        sdp_m_line_index: Some(2),
        username_fragment: Some("stale".into()),
        sdp_mid: None,
    });
    assert_eq!(peer.connection.add_ice_candidate(T0, stale).unwrap_err().name(), "OperationError");
    peer.connection.add_ice_candidate(T0, None).unwrap();
}

#[test]
fn a_rejected_data_section_closes_the_channels() {
    let mut a = peer(1);
    let channel = a.channel(T0, "x");
    a.connection.set_local_description(T0, None).unwrap();
    let answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n\
                  c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
    let answer = SessionDescription { kind: SdpType::Answer, sdp: answer.into() };
    a.connection.set_remote_description(T0, answer).unwrap();
    a.drain(T0);
    assert!(a.events.contains(&Event::ChannelClosed(channel)), "{:?}", a.events);
}

/// The offer without what `max-bundle` leaves to the first section (RFC 9429 §5.2.1).
fn with_data_bundle_only(sdp: &str) -> String {
    let (media, data) = sdp.split_at(sdp.find("m=application").unwrap());
    let of_transport = ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup", "a=candidate", "a=end-of"];
    let kept = data.lines().filter(|line| !of_transport.iter().any(|start| line.starts_with(start)));
    let data: String = kept.map(|line| format!("{line}\r\n")).collect();
    let (first, rest) = data.split_once("\r\n").unwrap();
    let port = first.split(' ').nth(1).unwrap();
    format!("{media}{}\r\na=bundle-only\r\n{rest}", first.replacen(port, "0", 1))
}

#[test]
fn rfc9143_7_1_3_a_bundle_only_section_takes_the_transport_of_the_first() {
    for sdp in [CHROMIUM, FIREFOX] {
        let mut peer = peer(1);
        let candidate = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 50001 typ host\r\n";
        let sdp = with_data_bundle_only(&sdp.replacen("a=mid:0\r\n", candidate, 1));
        peer.connection.set_remote_description(T0, offer(&sdp)).unwrap();
        peer.connection.set_local_description(T0, None).unwrap();
        let answer = peer.connection.local_description().unwrap().sdp;
        assert!(answer.contains("m=application 1000 "), "{answer}");
        let stats = peer.connection.get_stats(T0);
        assert!(stats.iter().any(|stats| stats.id == "T0-R192.0.2.1:50001"), "{stats:?}");
    }
}

#[test]
fn a_provisional_refusal_is_not_the_last_word() {
    let (mut a, mut b) = (peer(1), peer(2));
    a.channel(T0, "x");
    a.connection.set_local_description(T0, None).unwrap();
    b.connection.set_remote_description(T0, a.connection.local_description().unwrap()).unwrap();
    b.connection.set_local_description(T0, None).unwrap();
    let answer = b.connection.local_description().unwrap();
    let refusal = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n\
                   c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
    let refusal = SessionDescription { kind: SdpType::PrAnswer, sdp: refusal.into() };
    a.connection.set_remote_description(T0, refusal).unwrap();
    a.connection.set_remote_description(T0, answer).unwrap();
    assert_eq!(a.connection.signaling_state(), SignalingState::Stable);
    a.drain(T0);
    let signaling: Vec<_> =
        a.events.iter().filter(|event| matches!(event, Event::SignalingStateChange(_))).collect();
    assert_eq!(signaling.len(), 3, "have-local-offer, have-remote-pranswer, stable: {signaling:?}");
}

#[test]
fn a_refused_data_section_is_not_offered_again_and_again() {
    let mut a = peer(1);
    a.channel(T0, "x");
    a.connection.set_local_description(T0, None).unwrap();
    let answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n\
                  c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
    let answer = SessionDescription { kind: SdpType::Answer, sdp: answer.into() };
    a.connection.set_remote_description(T0, answer).unwrap();
    assert!(!a.connection.is_negotiation_needed());
    let offer = a.connection.create_offer(T0, OfferOptions::default()).unwrap();
    assert_eq!(offer.sdp.matches("m=application 0 ").count(), 1);
    assert_eq!(offer.sdp.matches("m=").count(), 1);
}

#[test]
fn an_empty_description_stands_for_a_new_one() {
    let mut a = peer(1);
    a.channel(T0, "x");
    a.connection.set_local_description(T0, Some(offer(""))).unwrap();
    assert!(a.connection.local_description().unwrap().sdp.contains("m=application"));
}

#[test]
fn a_rollback_leaves_an_accepted_restart_alone() {
    let (mut a, mut b) = (peer(1), peer(2));
    a.channel(T0, "x");
    let negotiate = |a: &mut Peer, b: &mut Peer| {
        a.connection.set_local_description(T0, None).unwrap();
        b.connection.set_remote_description(T0, a.connection.local_description().unwrap()).unwrap();
        b.connection.set_local_description(T0, None).unwrap();
        a.connection.set_remote_description(T0, b.connection.local_description().unwrap()).unwrap();
    };
    negotiate(&mut a, &mut b);
    let ufrag = |peer: &Peer| {
        let sdp = peer.connection.local_description().unwrap().sdp;
        sdp.lines().find(|line| line.starts_with("a=ice-ufrag:")).unwrap().to_owned()
    };
    let rollback = SessionDescription { kind: SdpType::Rollback, sdp: String::new() };
    let before = ufrag(&a);
    // One that nobody has answered is taken back.
    a.connection.restart_ice(T0);
    a.connection.set_local_description(T0, None).unwrap();
    assert_ne!(ufrag(&a), before);
    a.connection.set_local_description(T0, Some(rollback.clone())).unwrap();
    assert_eq!(ufrag(&a), before);
    // One that was answered stays, whatever becomes of later offers.
    negotiate(&mut a, &mut b);
    let restarted = ufrag(&a);
    assert_ne!(restarted, before);
    a.connection.set_local_description(T0, None).unwrap();
    a.connection.set_local_description(T0, Some(rollback)).unwrap();
    let now = a.connection.create_offer(T0, OfferOptions::default()).unwrap().sdp;
    assert!(now.contains(&restarted), "{now}");
    assert!(a.connection.get_stats(T0).iter().any(|stats| format!("{stats:?}").contains(&restarted[12..])));
}

#[test]
fn rfc8839_5_3_a_lite_agent_says_so() {
    let mut config = config();
    config.ice.lite = true;
    let mut peer = Peer::new(config, 1, T0);
    peer.channel(T0, "x");
    let offer = peer.connection.create_offer(T0, OfferOptions::default()).unwrap().sdp;
    assert!(offer.split("m=").next().unwrap().contains("a=ice-lite\r\n"), "{offer}");
}

/// RFC 8841 §10.4: a section that was refused comes back in a later negotiation, with an association of its own.
#[test]
fn channels_come_back_after_a_refusal() {
    let mut pair = Pair::new(21, Link::new(ms(5)));
    let refused = pair.a.channel(T0, "refused");
    pair.a.connection.set_local_description(T0, None).unwrap();
    let answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n\
                  c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
    let answer = SessionDescription { kind: SdpType::Answer, sdp: answer.into() };
    pair.a.connection.set_remote_description(T0, answer).unwrap();
    pair.a.drain(T0);
    assert!(pair.a.events.contains(&Event::ChannelClosed(refused)));
    let second = pair.a.channel(T0, "second");
    assert_ne!(second, refused);
    pair.negotiate();
    pair.run_until(ms(5_000), |a, _| a.is_open(second));
    assert!(pair.a.is_open(second), "{:?}", pair.a.events);
}
