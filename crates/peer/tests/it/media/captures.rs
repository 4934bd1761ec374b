//! What browsers offered, answered.

use super::*;
use siskin_sdp::{Limits, Session};

const CHROMIUM: &str = include_str!("../../../../sdp/tests/captures/chromium156-offer-av-data.sdp");
const FIREFOX: &str = include_str!("../../../../sdp/tests/captures/firefox153esr-offer-av-data.sdp");
const CRYPTEX: &str =
    include_str!("../../../../sdp/tests/captures/chromium156-offer-experimental-snap-sped-cryptex.sdp");
const CCFB: &str = include_str!("../../../../sdp/tests/captures/chromium156-offer-ccfb.sdp");

fn answer_to(sdp: &str) -> (Peer, String) {
    let mut peer = peer(1);
    take(&mut peer, &offer(sdp));
    let answer = describe(&mut peer).sdp;
    peer.drain(T0);
    (peer, answer)
}

#[test]
fn a_browsers_tracks_are_taken() {
    for sdp in [CHROMIUM, FIREFOX, CRYPTEX, CCFB] {
        let (peer, answer) = answer_to(sdp);
        assert_eq!(tracks(&peer).len(), 2, "{answer}");
        assert_eq!(tracks(&peer)[0].1.len(), 1, "in one stream");
        assert!(has(&answer, "a=group:BUNDLE 0 1 2"), "{answer}");
        for index in 0..2 {
            assert!(has(section(&answer, index), "a=recvonly"), "{answer}");
            assert!(
                !section(&answer, index).starts_with("m=audio 0")
                    && !section(&answer, index).contains("msid")
            );
        }
        // RFC 9429 §5.3.1: the transport is described once, and said for the session.
        assert_eq!(answer.matches("a=ice-ufrag").count(), 2, "{answer}");
        // Chromium wants this in each section.
        assert_eq!(answer.matches("a=rtcp-mux\r\n").count(), 2, "{answer}");
        for foreign in ["sctp-init", "sped", "ulpfec", "red/90000", "ccfb", "bundle-only"] {
            assert!(!answer.contains(foreign), "{foreign} was echoed: {answer}");
        }
        // RFC 3611 §5.2: what Chromium offers, and Firefox does not.
        let clocks = if sdp.contains("rcvr-rtt") { 2 } else { 0 };
        assert_eq!(answer.matches("a=rtcp-xr:rcvr-rtt=all\r\n").count(), clocks, "{answer}");
        // For the session, as Chromium says it, where it does.
        assert_eq!(answer.matches("a=cryptex\r\n").count(), usize::from(sdp.contains("cryptex")));
        let session = Session::parse(&answer, &Limits::default()).expect("our own");
        assert_eq!(session.to_string(), answer);
    }
}

#[test]
fn codecs_keep_the_browsers_order_and_numbers() {
    let (_, answer) = answer_to(CHROMIUM);
    assert_eq!(line(section(&answer, 0), "m="), "m=audio 1000 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126");
    let video = section(&answer, 1);
    assert!(
        line(video, "m=").starts_with("m=video 1000 UDP/TLS/RTP/SAVPF 96 97 102 103 104 107 "),
        "{video}"
    );
    assert!(has(video, "a=fmtp:97 apt=96") && has(video, "a=rtpmap:45 AV1/90000"));
    let (_, answer) = answer_to(FIREFOX);
    assert_eq!(line(section(&answer, 0), "m="), "m=audio 1000 UDP/TLS/RTP/SAVPF 109 9 0 8 101");
    assert_eq!(line(section(&answer, 1), "m="), "m=video 1000 UDP/TLS/RTP/SAVPF 120 124 121 125 99 100");
    assert!(has(section(&answer, 1), "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid"));
    // Firefox receives it only, so that we send it only.
    assert!(
        has(
            section(&answer, 1),
            "a=extmap:6/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
        ),
        "{answer}"
    );
}

#[test]
fn feedback_is_what_both_sides_know() {
    let (peer, answer) = answer_to(CCFB);
    assert!(!answer.contains("ack ccfb"));
    let video = &all(&peer)[1].receive_codecs()[0];
    assert!(video.feedback.contains(&siskin_peer::Feedback::NackPli));
}

#[test]
fn without_media_in_the_configuration_sections_are_rejected() {
    let mut peer = peer_with(1, |config| config.media = None);
    take(&mut peer, &offer(CHROMIUM));
    let answer = describe(&mut peer).sdp;
    assert!(section(&answer, 0).starts_with("m=audio 0 ") && section(&answer, 1).starts_with("m=video 0 "));
    assert!(has(&answer, "a=group:BUNDLE 2"));
    assert!(peer.connection.add_transceiver(T0, AUDIO, TransceiverInit::default()).is_err());
}

#[test]
fn a_flood_of_sections_makes_no_more_transceivers_than_allowed() {
    let head = &CHROMIUM[..CHROMIUM.find("m=audio").unwrap()];
    let audio = section(CHROMIUM, 0);
    let mut flood = head.replace("a=group:BUNDLE 0 1 2\r\n", "");
    for mid in 0..100 {
        flood.push_str(&audio.replace("a=mid:0", &format!("a=mid:{mid}")));
    }
    let mut peer = peer_with(1, |config| {
        config.media = Some(MediaConfig { max_transceivers: 10, ..MediaConfig::default() });
        config.bundle_policy = siskin_peer::BundlePolicy::MaxCompat;
    });
    take(&mut peer, &offer(&flood));
    assert_eq!(all(&peer).len(), 10);
    let answer = describe(&mut peer).sdp;
    assert_eq!(answer.matches("m=audio 0 ").count(), 90);
}

#[test]
fn a_section_without_rtcp_mux_is_rejected() {
    let (_, answer) = answer_to(&CHROMIUM.replace("a=rtcp-mux\r\n", ""));
    assert!(section(&answer, 0).starts_with("m=audio 0 ") && section(&answer, 1).starts_with("m=video 0 "));
    assert!(section(&answer, 2).starts_with("m=application 1000 "), "{answer}");
}
