//! The calls of RFC 9429 §7.1, §7.2 and §7.3 (Bob's side of the last is in `rfc9429.rs`), with the other side's descriptions as they stand there: ours are compared with the
//! example's line by line, but for what each end chooses for itself.

use super::*;
use siskin_peer::media::{Codec, CodecCapability, ExtensionCapability, uri};
use siskin_peer::{BundlePolicy, ChannelConfig, EncodingParameters, Feedback};

const AUDIO_LINES: &str = "a=rtpmap:96 opus/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:97 telephone-event/8000
a=rtpmap:98 telephone-event/48000
a=fmtp:97 0-15
a=fmtp:98 0-15
a=maxptime:120
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level
";

const VIDEO_LINES: &str = "a=rtpmap:100 VP8/90000
a=rtpmap:101 H264/90000
a=fmtp:101 packetization-mode=1;profile-level-id=42e01f
a=rtpmap:102 rtx/90000
a=fmtp:102 apt=100
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=101
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
";

const OFFER_A1: &str = "v=0
o=- 4962303333179871722 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 10100 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 203.0.113.100
a=mid:a1
a=sendrecv
AUDIO
a=msid:47017fee-b6c1-4162-929c-a25110252400
a=ice-ufrag:ETEn
a=ice-pwd:OtSK0WpNtpUjkY4+86js7ZQl
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=tls-id:91bbf309c0990a6bec11e38ba2933cee
a=rtcp:10101 IN IP4 203.0.113.100
a=rtcp-mux
a=rtcp-rsize
a=candidate:1 1 udp 2113929471 203.0.113.100 10100 typ host
a=candidate:1 2 udp 2113929470 203.0.113.100 10101 typ host
a=end-of-candidates
m=video 10102 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 203.0.113.100
a=mid:v1
a=sendrecv
VIDEO
a=msid:47017fee-b6c1-4162-929c-a25110252400
a=ice-ufrag:BGKk
a=ice-pwd:mqyWsAjvtKwTGnvhPztQ9mIf
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=tls-id:91bbf309c0990a6bec11e38ba2933cee
a=rtcp:10103 IN IP4 203.0.113.100
a=rtcp-mux
a=rtcp-rsize
a=candidate:1 1 udp 2113929471 203.0.113.100 10102 typ host
a=candidate:1 2 udp 2113929470 203.0.113.100 10103 typ host
a=end-of-candidates
";

const ANSWER_A1: &str = "v=0
o=- 6729291447651054566 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 10200 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 203.0.113.200
a=mid:a1
a=sendrecv
AUDIO
a=msid:61317484-2ed4-49d7-9eb7-1414322a7aae
a=ice-ufrag:6sFv
a=ice-pwd:cOTZKZNVlO9RSGsEGM63JXT2
a=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=setup:active
a=tls-id:eec3392ab83e11ceb6a0990c903fbb19
a=rtcp-mux
a=rtcp-rsize
a=candidate:1 1 udp 2113929471 203.0.113.200 10200 typ host
a=end-of-candidates
m=video 10200 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 203.0.113.200
a=mid:v1
a=sendrecv
VIDEO
a=msid:61317484-2ed4-49d7-9eb7-1414322a7aae
";

const OFFER_B1: &str = "v=0
o=- 4962303333179871723 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 d1
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 0.0.0.0
a=mid:a1
a=sendrecv
AUDIO
a=msid:57017fee-b6c1-4162-929c-a25110252400
a=ice-ufrag:ATEn
a=ice-pwd:AtSK0WpNtpUjkY4+86js7ZQl
a=fingerprint:sha-256 29:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=tls-id:17f0f4ba8a5f1213faca591b58ba52a7
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
m=application 0 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:d1
a=sctp-port:5000
a=max-message-size:65536
a=bundle-only
";

const ANSWER_B1: &str = "v=0
o=- 7729291447651054566 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 d1
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 0.0.0.0
a=mid:a1
a=sendrecv
AUDIO
a=msid:71317484-2ed4-49d7-9eb7-1414322a7aae
a=ice-ufrag:7sFv
a=ice-pwd:dOTZKZNVlO9RSGsEGM63JXT2
a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=setup:active
a=tls-id:7a25ab85b195acaf3121f5a8ab4f0f71
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:d1
a=sctp-port:5000
a=max-message-size:65536
";

const OFFER_B2: &str = "v=0
o=- 7729291447651054566 2 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 d1 v1 v2
a=group:LS a1 v1
m=audio 12200 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 192.0.2.200
a=mid:a1
a=sendrecv
AUDIO
a=msid:71317484-2ed4-49d7-9eb7-1414322a7aae
a=ice-ufrag:7sFv
a=ice-pwd:dOTZKZNVlO9RSGsEGM63JXT2
a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=setup:actpass
a=tls-id:7a25ab85b195acaf3121f5a8ab4f0f71
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
a=candidate:1 1 udp 2113929471 203.0.113.200 10200 typ host
a=candidate:1 1 udp 1845494015 198.51.100.200 11200 typ srflx raddr 203.0.113.200 rport 10200
a=candidate:1 1 udp 255 192.0.2.200 12200 typ relay raddr 198.51.100.200 rport 11200
a=end-of-candidates
m=application 12200 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 192.0.2.200
a=mid:d1
a=sctp-port:5000
a=max-message-size:65536
m=video 12200 UDP/TLS/RTP/SAVPF 100 101 102 103 104
c=IN IP4 192.0.2.200
a=mid:v1
a=sendrecv
VIDEO
a=rtpmap:104 flexfec/90000
a=msid:71317484-2ed4-49d7-9eb7-1414322a7aae
a=rid:1 send
a=rid:2 send
a=rid:3 send
a=simulcast:send 1;2;3
m=video 12200 UDP/TLS/RTP/SAVPF 100 101 102 103 104
c=IN IP4 192.0.2.200
a=mid:v2
a=sendrecv
VIDEO
a=rtpmap:104 flexfec/90000
a=msid:81317484-2ed4-49d7-9eb7-1414322a7aae
";

const ANSWER_B2: &str = "v=0
o=- 4962303333179871723 2 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 d1 v1 v2
a=group:LS a1 v1
m=audio 12100 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 192.0.2.100
a=mid:a1
a=sendrecv
AUDIO
a=msid:57017fee-b6c1-4162-929c-a25110252400
a=setup:passive
a=rtcp-mux
a=rtcp-rsize
m=application 12100 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 192.0.2.100
a=mid:d1
a=sctp-port:5000
a=max-message-size:65536
m=video 12100 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 192.0.2.100
a=mid:v1
a=recvonly
VIDEO
m=video 12100 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 192.0.2.100
a=mid:v2
a=recvonly
VIDEO
";

/// An example's text; `mids` has those that ours puts in their place.
fn example(text: &str, mids: &[(&str, &str)]) -> String {
    let mut text = text.replace("AUDIO\n", AUDIO_LINES).replace("VIDEO\n", VIDEO_LINES);
    for (theirs, ours) in mids {
        text = text.replace(&format!(" {theirs}"), &format!(" {ours}"));
        text = text.replace(&format!("a=mid:{theirs}\n"), &format!("a=mid:{ours}\n"));
    }
    text.replace('\n', "\r\n")
}

/// An end with the codecs and header extensions of the examples.
fn end(seed: u64, policy: BundlePolicy) -> Peer {
    let feedback = [Feedback::CcmFir, Feedback::Nack, Feedback::NackPli];
    let codec = |payload_type, codec, feedback: &[Feedback]| CodecCapability {
        codec,
        feedback: feedback.to_vec(),
        payload_type,
        direction: Direction::SendRecv,
    };
    let h264 = Codec::new("video/H264", 90_000).fmtp("packetization-mode=1;profile-level-id=42e01f");
    let codecs = vec![
        codec(96, Codec::new("audio/opus", 48_000).channels(2), &[]),
        codec(0, Codec::new("audio/PCMU", 8_000), &[]),
        codec(8, Codec::new("audio/PCMA", 8_000), &[]),
        codec(97, Codec::new("audio/telephone-event", 8_000), &[]),
        codec(98, Codec::new("audio/telephone-event", 48_000), &[]),
        codec(100, Codec::new("video/VP8", 90_000), &feedback),
        codec(102, h264, &[]),
    ];
    let extension =
        |id, uri, audio, video| ExtensionCapability { id, uri, audio, video, direction: Direction::SendRecv };
    let extensions = vec![
        extension(1, uri::MID, true, true),
        extension(2, uri::AUDIO_LEVEL, true, false),
        extension(3, uri::RID, false, true),
    ];
    peer_with(seed, |config| {
        config.media = Some(MediaConfig { codecs, extensions, ..MediaConfig::default() });
        config.bundle_policy = policy;
        config.max_message_size = 65_536;
    })
}

/// What each end chooses for itself, and what is checked apart.
const OWN: [&str; 9] = [
    "m=",
    "c=",
    "a=msid:",
    "a=ice-ufrag:",
    "a=ice-pwd:",
    "a=fingerprint:",
    "a=candidate:",
    "a=end-of-candidates",
    "a=rtcp:",
];

/// What the examples say and we do not: associations have no names (RFC 8842 §5.2, departed from), the range of tones is the one
/// that goes without saying (RFC 4733 §2.4.1), and the packetization time is the application's, which makes the packets.
/// `rtcp-mux-only` stands in first offers (RFC 9429 §5.2.1).
const THEIRS: [&str; 5] = ["a=tls-id:", "a=maxptime:", "a=fmtp:97 0-15", "a=fmtp:98 0-15", "a=rtcp-mux-only"];

/// What we say and the examples do not: sources (RFC 5576), encrypted headers (RFC 9335), clocks of receivers (RFC 3611), and
/// RTCP in each section of a bundle, for Chromium.
const OURS: [&str; 6] = ["a=ssrc:", "a=ssrc-group:", "a=cryptex", "a=rtcp-xr:", "a=rtcp-mux", "a=rtcp-rsize"];

fn compare(ours: &str, example: &str) {
    let known = |line: &str, all: &[&str]| all.iter().any(|start| line.starts_with(start));
    assert_eq!(sections(ours), sections(example), "{ours}");
    let head = |text: &str| text.split("\r\nm=").next().unwrap().to_string();
    for line in head(example).lines().filter(|line| !line.starts_with("o=")) {
        assert!(has(&head(ours), line), "{line} is missing in {ours}");
    }
    for index in 0..sections(example) {
        let (ours, example) = (section(ours, index), section(example, index));
        for line in example.lines().filter(|line| !known(line, &OWN) && !known(line, &THEIRS)) {
            assert!(has(ours, line), "{line} is missing in {ours}");
        }
        for line in ours.lines().filter(|line| !known(line, &OWN) && !known(line, &OURS)) {
            assert!(has(example, line) || line == "a=rtcp-mux-only", "{line} is not in {example}");
        }
        // The media line: all but the port, which is there or not; and the streams, as many as there.
        let media = |text: &str| {
            let mut words = line(text, "m=").splitn(3, ' ').map(String::from);
            (words.next(), words.next().map(|port| port != "0"), words.next())
        };
        assert_eq!(media(ours), media(example));
        assert_eq!(ours.matches("a=msid:").count(), example.matches("a=msid:").count(), "{ours}");
    }
}

/// Which sections describe a transport.
fn transports(sdp: &str) -> Vec<bool> {
    (0..sections(sdp)).map(|index| section(sdp, index).contains("a=ice-ufrag:")).collect()
}

fn msid(section: &str) -> &str {
    line(section, "a=msid:")
}

/// §7.1, Bob: takes `offer-A1`, adds his tracks, and answers.
#[test]
fn section_7_1_bob() {
    let mut bob = end(2, BundlePolicy::Balanced);
    take(&mut bob, &offer(&example(OFFER_A1, &[])));
    bob.drain(T0);
    assert_eq!(tracks(&bob).len(), 2, "ontrack events for audio and video tracks");
    for (kind, track) in [(AUDIO, "a"), (VIDEO, "v")] {
        bob.connection.add_track(T0, kind, track, &["61317484".into()]).unwrap();
    }
    let answer = describe(&mut bob).sdp;
    compare(&answer, &example(ANSWER_A1, &[]));
    assert_eq!(transports(&answer), [true, false]);
    assert_eq!(msid(section(&answer, 0)), msid(section(&answer, 1)), "one stream");
    assert_eq!(bob.connection.signaling_state(), SignalingState::Stable);
}

/// §7.1, Alice: `offer-A1` with two transports, because the policy is balanced, and `answer-A1`, which bundles.
#[test]
fn section_7_1_alice() {
    let mut alice = end(1, BundlePolicy::Balanced);
    for (kind, track) in [(AUDIO, "a"), (VIDEO, "v")] {
        alice.connection.add_track(T0, kind, track, &["47017fee".into()]).unwrap();
    }
    let ours = describe(&mut alice).sdp;
    assert_eq!(transports(&ours), [true, true]);
    for line in ["a=ice-options:trickle ice2", "a=group:BUNDLE 0 1", "a=group:LS 0 1"] {
        assert!(has(&ours, line), "{line} is missing in {ours}");
    }
    assert_eq!(line(section(&ours, 0), "m="), "m=audio 1000 UDP/TLS/RTP/SAVPF 96 0 8 97 98");
    for index in 0..2 {
        let section = section(&ours, index);
        for line in ["a=sendrecv", "a=setup:actpass", "a=rtcp-mux", "a=rtcp-rsize", "a=end-of-candidates"] {
            assert!(has(section, line), "{line} is missing in {section}");
        }
        // One component: the example gathers two though the policy is "require" (RFC 9429 §5.2.1 wants port 9 there).
        assert!(section.contains(" 1 udp ") && !section.contains(" 2 udp "));
    }
    assert_eq!(msid(section(&ours, 0)), msid(section(&ours, 1)));
    // Retransmissions have numbers of our own choice; the example's codecs are all there.
    let video = section(&ours, 1);
    let numbered = |name: &str| video.lines().filter(|line| line.ends_with(name)).count();
    assert_eq!((numbered(" VP8/90000"), numbered(" H264/90000"), numbered(" rtx/90000")), (1, 1, 2));
    let numbers =
        |sdp: &str| sdp.replace("a=rtpmap:101 H264", "a=rtpmap:102 H264").replace("a=fmtp:101", "a=fmtp:102");
    let answer = example(ANSWER_A1, &[("a1", "0"), ("v1", "1")])
        .replace("100 101 102 103", "100 102")
        .replace("a=rtpmap:102 rtx/90000\r\na=fmtp:102 apt=100\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=101\r\n", "");
    let answer = SessionDescription { kind: SdpType::Answer, sdp: numbers(&answer) };
    take(&mut alice, &answer);
    alice.drain(T0);
    assert_eq!(tracks(&alice).len(), 2, "ontrack events for audio and video tracks");
    assert!(all(&alice).iter().all(|known| known.current_direction() == Some(Direction::SendRecv)));
    let transports = |peer: &Peer| {
        let stats = peer.connection.get_stats(T0);
        stats.iter().filter(|known| matches!(known.kind, siskin_peer::stats::StatsKind::Transport(_))).count()
    };
    assert_eq!(transports(&alice), 1, "bundled");
}

/// §7.2, Bob: audio and data, and later two pictures, the first of which is sent three times.
#[test]
fn section_7_2_bob() {
    let mut bob = end(2, BundlePolicy::MaxBundle);
    take(&mut bob, &offer(&example(OFFER_B1, &[])));
    bob.drain(T0);
    assert_eq!(tracks(&bob).len(), 1, "ontrack event with audio track from Alice");
    for candidate in [
        "candidate:1 1 udp 2113929471 203.0.113.100 10100 typ host",
        "candidate:1 1 udp 1845494015 198.51.100.100 11100 typ srflx raddr 203.0.113.100 rport 10100",
        "candidate:1 1 udp 255 192.0.2.100 12100 typ relay raddr 198.51.100.100 rport 11100",
    ] {
        let init = siskin_peer::IceCandidateInit {
            candidate: candidate.into(),
            sdp_mid: Some("a1".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("ATEn".into()),
        };
        bob.connection.add_ice_candidate(T0, Some(init)).unwrap();
    }
    bob.connection.add_track(T0, AUDIO, "a", &["71317484".into()]).unwrap();
    bob.connection.create_data_channel(T0, ChannelConfig::new("data")).unwrap();
    let answer = describe(&mut bob).sdp;
    compare(&answer, &example(ANSWER_B1, &[]));
    assert_eq!(transports(&answer), [true, false]);
    assert!(!answer.contains("bundle-only"));

    let layers = TransceiverInit {
        track: Some("v".into()),
        streams: vec!["71317484".into()],
        send_encodings: ["1", "2", "3"].map(EncodingParameters::from).into(),
        ..TransceiverInit::default()
    };
    bob.connection.add_transceiver(T0, VIDEO, layers).unwrap();
    bob.connection.add_track(T0, VIDEO, "screen", &["81317484".into()]).unwrap();
    let ours = describe(&mut bob).sdp;
    let mids: Vec<&str> = (0..4).map(|index| line(section(&ours, index), "a=mid:").split_at(6).1).collect();
    let [a1, d1, v1, v2] = mids[..] else { panic!("four sections: {ours}") };
    assert_eq!((a1, d1), ("a1", "d1"));
    assert!(has(&ours, &format!("a=group:BUNDLE a1 d1 {v1} {v2}")), "{ours}");
    assert!(has(&ours, &format!("a=group:LS a1 {v1}")), "{ours}");
    assert_eq!(transports(&ours), [true, false, false, false]);
    let number = |sdp: &str| line(sdp, "o=").split(' ').nth(2).unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&ours), number(&answer) + 1, "the increment of the version number");
    assert!(has(section(&ours, 0), "a=setup:actpass"));
    for line in ["a=rid:1 send", "a=rid:2 send", "a=rid:3 send", "a=simulcast:send 1;2;3", "a=sendrecv"] {
        assert!(has(section(&ours, 2), line), "{line} is missing in {ours}");
    }
    assert!(has(section(&ours, 3), "a=sendrecv") && !section(&ours, 3).contains("simulcast"));
    assert!((2..4).all(|index| !line(section(&ours, index), "m=").starts_with("m=video 0 ")), "{ours}");
    assert_eq!(msid(section(&ours, 0)), msid(section(&ours, 2)), "one stream");
    assert_ne!(msid(section(&ours, 2)), msid(section(&ours, 3)), "another one");
}

/// §7.2, Alice: her first offer, Bob's answer, and his offer of two pictures, which she only receives.
#[test]
fn section_7_2_alice() {
    let mut alice = end(1, BundlePolicy::MaxBundle);
    alice.connection.add_track(T0, AUDIO, "a", &["57017fee".into()]).unwrap();
    alice.connection.create_data_channel(T0, ChannelConfig::new("data")).unwrap();
    let ours = describe(&mut alice).sdp;
    let mids = [("a1", "0"), ("d1", "1"), ("v1", "2"), ("v2", "3")];
    compare(&ours, &example(OFFER_B1, &mids));
    assert_eq!(transports(&ours), [true, false]);
    assert!(has(section(&ours, 1), "a=bundle-only"));
    take(&mut alice, &SessionDescription { kind: SdpType::Answer, sdp: example(ANSWER_B1, &mids) });
    alice.drain(T0);
    assert_eq!(tracks(&alice).len(), 1, "ontrack event with audio track from Bob");

    take(&mut alice, &offer(&example(OFFER_B2, &mids)));
    alice.drain(T0);
    assert_eq!(tracks(&alice).len(), 3, "ontrack events with first and second video track");
    let answer = describe(&mut alice).sdp;
    // Of three layers the answer says that it takes them (RFC 8853 §5.3.2), which the example leaves out.
    let simulcast =
        ["a=rid:1 recv\r\n", "a=rid:2 recv\r\n", "a=rid:3 recv\r\n", "a=simulcast:recv 1;2;3\r\n"];
    let without = simulcast.iter().fold(answer.clone(), |answer, line| {
        assert!(answer.contains(line), "{line} is missing in {answer}");
        answer.replace(line, "")
    });
    compare(&without, &example(ANSWER_B2, &mids));
    assert_eq!(transports(&answer), [true, false, false, false]);
    assert_eq!(line(section(&answer, 0), "a=setup:"), "a=setup:passive", "the roles stay");
    let number = |sdp: &str| line(sdp, "o=").split(' ').nth(2).unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&answer), number(&ours) + 1);
    // §5.2.2: what was grouped stays so in her next offer, though her own streams do not say it.
    assert!(has(&offer_of(&mut alice), "a=group:LS 0 2"), "{}", offer_of(&mut alice));
}

const OFFER_C1: &str = "v=0
o=- 1070771854436052752 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 0.0.0.0
a=mid:a1
a=sendrecv
AUDIO
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
a=ice-ufrag:4ZcD
a=ice-pwd:ZaaG6OG7tCn4J/lehAGz+HHD
a=fingerprint:sha-256 C4:68:F8:77:6A:44:F1:98:6D:7C:9F:47:EB:E3:34:A4:0A:AA:2D:49:08:28:70:2E:1F:AE:18:7D:4E:3E:66:BF
a=setup:actpass
a=tls-id:9e5b948ade9c3d41de6617b68f769e55
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
m=video 0 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 0.0.0.0
a=mid:v1
a=sendrecv
VIDEO
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
a=bundle-only
";

const ANSWER_C1: &str = "v=0
o=- 6386516489780559513 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 0.0.0.0
a=mid:a1
a=sendonly
AUDIO
a=msid:751f239e-4ae0-c549-aa3d-890de772998b
a=ice-ufrag:TpaA
a=ice-pwd:t2Ouhc67y8JcCaYZxUUTgKw/
a=fingerprint:sha-256 A2:F3:A5:6D:4C:8C:1E:B2:62:10:4A:F6:70:61:C4:FC:3C:E0:01:D6:F3:24:80:74:DA:7C:3E:50:18:7B:CE:4D
a=setup:active
a=tls-id:55e967f86b7166ed14d3c9eda849b5e9
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
m=video 9 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 0.0.0.0
a=mid:v1
a=sendonly
VIDEO
a=msid:751f239e-4ae0-c549-aa3d-890de772998b
";

const OFFER_C2: &str = "v=0
o=- 6386516489780559513 2 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 12200 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 192.0.2.200
a=mid:a1
a=sendrecv
AUDIO
a=msid:751f239e-4ae0-c549-aa3d-890de772998b
a=ice-ufrag:TpaA
a=ice-pwd:t2Ouhc67y8JcCaYZxUUTgKw/
a=fingerprint:sha-256 A2:F3:A5:6D:4C:8C:1E:B2:62:10:4A:F6:70:61:C4:FC:3C:E0:01:D6:F3:24:80:74:DA:7C:3E:50:18:7B:CE:4D
a=setup:actpass
a=tls-id:55e967f86b7166ed14d3c9eda849b5e9
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
a=candidate:1 1 udp 255 192.0.2.200 12200 typ relay raddr 0.0.0.0 rport 0
a=end-of-candidates
m=video 12200 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 192.0.2.200
a=mid:v1
a=sendrecv
VIDEO
a=msid:751f239e-4ae0-c549-aa3d-890de772998b
";

const ANSWER_C2: &str = "v=0
o=- 1070771854436052752 2 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 12100 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 192.0.2.100
a=mid:a1
a=sendrecv
AUDIO
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
a=ice-ufrag:4ZcD
a=ice-pwd:ZaaG6OG7tCn4J/lehAGz+HHD
a=fingerprint:sha-256 C4:68:F8:77:6A:44:F1:98:6D:7C:9F:47:EB:E3:34:A4:0A:AA:2D:49:08:28:70:2E:1F:AE:18:7D:4E:3E:66:BF
a=setup:passive
a=tls-id:9e5b948ade9c3d41de6617b68f769e55
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
a=candidate:1 1 udp 255 192.0.2.100 12100 typ relay raddr 0.0.0.0 rport 0
a=end-of-candidates
m=video 12100 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 192.0.2.100
a=mid:v1
a=sendrecv
VIDEO
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
";

/// The numbers that our offers give: retransmissions follow what they are of.
const VIDEO_OURS: &str = "a=rtpmap:100 VP8/90000
a=rtpmap:102 H264/90000
a=fmtp:102 packetization-mode=1;profile-level-id=42e01f
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
";

/// §7.3, Alice: her offer, the early answer that only promises to send, and Bob's offer once he takes the call.
#[test]
fn section_7_3_alice() {
    let mids = [("a1", "0"), ("v1", "1")];
    let theirs = |text: &str| example(&text.replace("VIDEO\n", VIDEO_OURS), &mids);
    let mut alice = end(1, BundlePolicy::MaxBundle);
    for (kind, track) in [(AUDIO, "a"), (VIDEO, "v")] {
        alice.connection.add_track(T0, kind, track, &["bbce3ba6".into()]).unwrap();
    }
    let ours = describe(&mut alice).sdp;
    compare(&ours, &theirs(OFFER_C1));
    assert_eq!(transports(&ours), [true, false]);
    assert_eq!(msid(section(&ours, 0)), msid(section(&ours, 1)));
    take(&mut alice, &SessionDescription { kind: SdpType::Answer, sdp: theirs(ANSWER_C1) });
    alice.drain(T0);
    let told = tracks(&alice);
    assert_eq!(told.len(), 2, "ontrack events for audio and video");
    assert!(told.iter().all(|(_, streams)| streams == &["751f239e-4ae0-c549-aa3d-890de772998b"]));
    assert!(all(&alice).iter().all(|known| known.current_direction() == Some(Direction::RecvOnly)));
    let relayed = siskin_peer::IceCandidateInit {
        candidate: "candidate:1 1 udp 255 192.0.2.200 12200 typ relay raddr 0.0.0.0 rport 0".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("TpaA".into()),
    };
    alice.connection.add_ice_candidate(T0, Some(relayed)).unwrap();

    take(&mut alice, &offer(&theirs(OFFER_C2)));
    alice.drain(T0);
    assert_eq!(tracks(&alice).len(), 2, "no new tracks");
    let answer = describe(&mut alice).sdp;
    compare(&answer, &theirs(ANSWER_C2));
    assert_eq!(transports(&answer), [true, false]);
    assert_eq!(line(section(&answer, 0), "a=ice-ufrag:"), line(section(&ours, 0), "a=ice-ufrag:"));
    assert!(all(&alice).iter().all(|known| known.current_direction() == Some(Direction::SendRecv)));
    let number = |sdp: &str| line(sdp, "o=").split(' ').nth(2).unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&answer), number(&ours) + 1);
    assert!(!alice.connection.is_negotiation_needed());
}

/// §5.3.1: who adds tracks in streams of their own gets no group; who adds none keeps the offerer's.
#[test]
fn section_5_3_1_lip_sync_groups_of_answers() {
    for (streams, expected) in [(Some(["x", "x"]), true), (Some(["x", "y"]), false), (None, true)] {
        let mut bob = end(2, BundlePolicy::Balanced);
        take(&mut bob, &offer(&example(OFFER_A1, &[])));
        let kinds = [(AUDIO, "microphone"), (VIDEO, "camera")];
        for ((kind, track), stream) in kinds.into_iter().zip(streams.into_iter().flatten()) {
            bob.connection.add_track(T0, kind, track, &[stream.into()]).unwrap();
        }
        assert_eq!(has(&describe(&mut bob).sdp, "a=group:LS a1 v1"), expected);
    }
}
