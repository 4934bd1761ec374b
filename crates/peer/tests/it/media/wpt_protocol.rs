//! `protocol/additional-codecs.html`, `protocol/bundle.https.html` (its transports: `wpt_bundle.rs`), `protocol/codecs-subsequent-offer.https.html`, `protocol/direction.html`,
//! `protocol/h264-profile-levels.https.html` (what it says of descriptions), `protocol/pt-no-bundle.html`,
//! `protocol/RTCPeerConnection-payloadTypes.html`, `protocol/rtp-extension-support.html`, `protocol/rtp-headerextensions.html`,
//! `protocol/rtp-payloadtypes.html`, `protocol/rtx-codecs.https.html`, `protocol/sdes-dont-dont-dont.html`,
//! `protocol/simulcast-answer.html`, `protocol/unknown-mediatypes.html`, `protocol/video-codecs.https.html`,
//! `protocol/vp8-fmtp.html`, `RTCPeerConnection-plan-b-is-not-supported.html`

use super::*;
use siskin_peer::media::{Codec, uri};
use siskin_peer::stats::StatsKind;

const HEAD: &str = "v=0\r
o=- 0 3 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=fingerprint:sha-256 A7:24:72:CA:6E:02:55:39:BA:66:DF:6E:CC:4C:D8:B0:1A:BF:1A:56:65:7D:F4:03:AD:7E:77:43:2A:29:EC:93\r
a=ice-ufrag:6HHHdzzeIhkE0CKj\r
a=ice-pwd:XYDGVpfvklQIEnZ6YnyLsAew\r
";

/// An offer by hand: for each section what stands in its `m=` line, and its own lines.
fn handmade(sections: &[(&str, &[&str])]) -> SessionDescription {
    let mut sdp = HEAD.to_string();
    for (media, lines) in sections {
        let common = ["c=IN IP4 0.0.0.0", "a=rtcp-mux", "a=setup:actpass"];
        for line in [*media].iter().chain(&common).chain(*lines) {
            sdp.push_str(&format!("{line}\r\n"));
        }
    }
    offer(&sdp)
}

fn answer_to(description: &SessionDescription) -> String {
    let mut peer = peer(1);
    take(&mut peer, description);
    describe(&mut peer).sdp
}

/// `a=rtpmap` and `a=fmtp` of that payload type.
fn opus(payload_type: u8) -> SessionDescription {
    let (media, map) =
        (format!("m=audio 9 RTP/SAVPF {payload_type}"), format!("a=rtpmap:{payload_type} opus/48000/2"));
    handmade(&[(&media, &["a=sendonly", "a=mid:audio", &map])])
}

#[test]
fn payload_types_that_look_like_rtcp_are_refused() {
    for payload_type in (35..=63).chain(96..=127) {
        let answer = answer_to(&opus(payload_type));
        assert!(has(&answer, &format!("a=rtpmap:{payload_type} opus/48000/2")), "{answer}");
    }
    for payload_type in 64..=95 {
        let refused = peer(1).connection.set_remote_description(T0, opus(payload_type));
        assert_eq!(refused.map_err(|error| error.name()), Err("InvalidAccessError"), "{payload_type}");
    }
}

#[test]
fn our_payload_types_are_valid_and_each_means_one_thing() {
    let mut peer = peer(1);
    for kind in [AUDIO, VIDEO, AUDIO, VIDEO] {
        add(&mut peer, kind, Direction::RecvOnly);
    }
    let offer = offer_of(&mut peer);
    let mut known = std::collections::BTreeMap::new();
    for index in 0..4 {
        let section = section(&offer, index);
        for number in line(section, "m=").split(' ').skip(3) {
            let value: u8 = number.parse().expect("a payload type");
            assert!(value < 64 || (96..128).contains(&value), "{value}");
            let map = line(section, &format!("a=rtpmap:{number} "));
            assert_eq!(*known.entry(value).or_insert(map), map);
        }
    }
}

#[test]
fn an_answer_goes_no_way_that_its_offer_does_not() {
    for (offered, from, to) in [
        (Direction::RecvOnly, "a=inactive", "a=recvonly"),
        (Direction::SendOnly, "a=recvonly", "a=sendrecv"),
        (Direction::Inactive, "a=inactive", "a=sendonly"),
    ] {
        let (mut a, mut b) = pair();
        add(&mut a, AUDIO, offered);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let answer = describe(&mut b);
        assert!(answer.sdp.contains(from), "{}", answer.sdp);
        let sdp = answer.sdp.replace(from, to);
        let refused = a.connection.set_remote_description(T0, SessionDescription { sdp, ..answer.clone() });
        assert_eq!(refused.map_err(|error| error.name()), Err("InvalidAccessError"), "{offered:?}");
        take(&mut a, &answer);
    }
}

/// What an answer lists beyond its offer may be sent (RFC 3264 §6.1).
#[test]
fn a_codec_that_only_the_answer_has_is_sent() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, VIDEO, "t", &[]).unwrap();
    a.connection.set_codec_preferences(T0, id, &[Codec::new("video/VP8", 90_000)]).unwrap();
    let mut offer = describe(&mut a);
    offer.sdp = offer.sdp.replace("SAVPF 96", "SAVPF 96 63").replace("VP8", "no-such-codec");
    offer.sdp.push_str("a=rtpmap:63 H264/90000\r\n");
    offer
        .sdp
        .push_str("a=fmtp:63 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n");
    take(&mut b, &offer);
    let answer = describe(&mut b);
    assert!(line(&answer.sdp, "m=").ends_with(" 63"), "{}", answer.sdp);
    take(&mut a, &answer);
    let sent: Vec<_> =
        get(&a, id).send_codecs().iter().map(|codec| (codec.payload_type, codec.codec.encoding())).collect();
    assert_eq!(sent, [(63, "H264")]);
    assert_eq!(get(&a, id).receive_codecs().len(), 1, "what is received is what was offered");
}

#[test]
fn a_later_offer_has_all_codecs_again() {
    let sdp = handmade(&[("m=video 9 RTP/SAVPF 100", &["a=mid:video", "a=rtpmap:100 VP8/90000"])]);
    let mut peer = peer(1);
    take(&mut peer, &sdp);
    describe(&mut peer);
    let offer = offer_of(&mut peer);
    assert!(has(&offer, "a=rtpmap:100 VP8/90000"), "{offer}");
    // RFC 7742 §5: both are mandatory.
    assert!(offer.contains("VP8/90000") && offer.contains("H264/90000"), "{offer}");
}

/// The same payload type in two sections that are not bundled; and each has its transport, though they have one name.
#[test]
fn without_bundle_a_payload_type_may_mean_two_things() {
    let sdp = handmade(&[
        ("m=video 1 RTP/SAVPF 100", &["a=mid:video", "a=rtpmap:100 VP8/90000"]),
        ("m=audio 1 RTP/SAVPF 100", &["a=mid:audio", "a=rtpmap:100 opus/48000/2"]),
    ]);
    let mut peer = peer(1);
    take(&mut peer, &sdp);
    assert_eq!(all(&peer).len(), 2);
    let answer = describe(&mut peer).sdp;
    assert!(has(section(&answer, 0), "a=rtpmap:100 VP8/90000"), "{answer}");
    assert!(has(section(&answer, 1), "a=rtpmap:100 opus/48000/2"), "{answer}");
    let stats = peer.connection.get_stats(T0);
    assert_eq!(stats.iter().filter(|known| matches!(known.kind, StatsKind::Transport(_))).count(), 2);
}

#[test]
fn header_extensions_are_answered_with_their_numbers() {
    let audio = ["a=mid:audio", "a=sendonly", "a=rtpmap:111 opus/48000/2"];
    let video = ["a=mid:video", "a=sendonly", "a=rtpmap:112 VP8/90000"];
    for (media, lines, extensions) in [
        ("m=audio 9 RTP/SAVPF 111", audio, vec![(1, uri::MID)]),
        ("m=video 9 RTP/SAVPF 112", video, vec![(1, uri::MID)]),
        ("m=audio 9 RTP/SAVPF 111", audio, vec![(1, uri::AUDIO_LEVEL)]),
        ("m=video 9 RTP/SAVPF 112", video, vec![(1, uri::VIDEO_ORIENTATION)]),
        // Two-byte headers (RFC 8285 §4.3).
        ("m=audio 9 RTP/SAVPF 111", audio, vec![(16, uri::MID), (17, uri::AUDIO_LEVEL)]),
    ] {
        let maps: Vec<String> = extensions.iter().map(|(id, uri)| format!("a=extmap:{id} {uri}")).collect();
        let all: Vec<&str> = lines.iter().copied().chain(maps.iter().map(String::as_str)).collect();
        let answer = answer_to(&handmade(&[(media, &all)]));
        assert_eq!(answer.matches("a=extmap:").count(), extensions.len(), "{answer}");
        // We receive it only where the section does.
        assert!(maps.iter().all(|map| has(&answer, map)), "{answer}");
    }
    // 15 is reserved in one-byte headers: it is no error.
    let mid = format!("a=extmap:15 {}", uri::MID);
    answer_to(&handmade(&[("m=audio 9 RTP/SAVPF 111", &[audio[0], audio[1], audio[2], &mid])]));
}

#[test]
fn extensions_that_we_do_not_know_are_left_out() {
    let mut a = peer(1);
    add(&mut a, VIDEO, Direction::SendRecv);
    let described = offer_of(&mut a);
    let answer = answer_to(&offer(&described.replace(uri::ABS_SEND_TIME, "bogus")));
    let count = |sdp: &str| sdp.matches("a=extmap:").count();
    assert_eq!(count(&answer), count(&described) - 1, "{answer}");
    assert!(!answer.contains("bogus"));
}

/// Each `rtx` is of a codec that is there.
fn assert_repairs(sdp: &str) {
    for section in (0..sections(sdp)).map(|index| section(sdp, index)) {
        for map in section.lines().filter(|line| line.contains(" rtx/")) {
            let number = map.split([':', ' ']).nth(1).unwrap();
            let fmtp = line(section, &format!("a=fmtp:{number} apt="));
            let of = fmtp.rsplit('=').next().unwrap();
            assert!(
                section
                    .lines()
                    .any(|line| line.starts_with(&format!("a=rtpmap:{of} ")) && !line.contains(" rtx/")),
                "{section}"
            );
        }
    }
}

#[test]
fn retransmissions_are_of_codecs_that_are_there() {
    let (mut a, mut b) = pair();
    add(&mut a, VIDEO, Direction::RecvOnly);
    let (ours, answer) = negotiate(&mut a, &mut b);
    assert!(ours.contains(" rtx/90000") && answer.contains(" rtx/90000"));
    for sdp in [&ours, &answer] {
        assert_repairs(sdp);
    }
    // Of a payload type that is not described, and of a codec that stands twice.
    let first =
        ["a=mid:video", "a=recvonly", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=98", "a=rtpmap:98 VP8/90000"];
    let twice = [
        "a=mid:video",
        "a=recvonly",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=98",
        "a=rtpmap:98 VP8/90000",
        "a=rtpmap:99 rtx/90000",
        "a=fmtp:99 apt=96",
    ];
    for lines in [&first[..], &twice] {
        let mut peer = peer(1);
        peer.connection.add_track(T0, VIDEO, "t", &[]).unwrap();
        take(&mut peer, &handmade(&[("m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99", lines)]));
        let answer = describe(&mut peer).sdp;
        assert!(has(&answer, "a=rtpmap:98 VP8/90000") && has(&answer, "a=fmtp:97 apt=98"), "{answer}");
        assert_repairs(&answer);
    }
    // Of nothing that is there.
    let nothing = ["a=mid:video", "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=50"];
    let answer = answer_to(&handmade(&[("m=video 9 UDP/TLS/RTP/SAVPF 96 97", &nothing)]));
    assert!(line(&answer, "m=").ends_with(" 96"), "{answer}");
}

#[test]
fn keys_in_the_description_are_none() {
    let mut peer = peer(1);
    add(&mut peer, AUDIO, Direction::SendRecv);
    assert!(!offer_of(&mut peer).contains("a=crypto"));
    let mut sdes = handmade(&[(
        "m=video 9 UDP/TLS/RTP/SAVPF 100",
        &[
            "a=mid:video",
            "a=rtpmap:100 VP8/90000",
            "a=crypto:0 AES_CM_128_HMAC_SHA1_80 inline:2nra27hTUb9ilyn2rEkBEQN9WOFts26F/jvofasw",
        ],
    )]);
    sdes.sdp = sdes
        .sdp
        .lines()
        .filter(|line| !line.contains("fingerprint"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let refused = peer.connection.set_remote_description(T0, sdes);
    assert_eq!(refused.map_err(|error| error.name()), Err("InvalidAccessError"));
}

#[test]
fn other_media_are_rejected() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let described = describe(&mut a);
    take(&mut b, &offer(&described.sdp.replace("m=audio ", "m=unicorns ")));
    let answer = describe(&mut b).sdp;
    assert_eq!(sections(&answer), 1);
    assert!(section(&answer, 0).starts_with("m=unicorns 0 "), "{answer}");
}

#[test]
fn what_the_peers_codec_wants_is_told() {
    let lines = ["a=mid:video", "a=sendonly", "a=rtpmap:100 VP8/90000", "a=fmtp:100 max-fr=30;max-fs=3600"];
    let mut peer = peer(1);
    take(&mut peer, &handmade(&[("m=video 9 UDP/TLS/RTP/SAVPF 100", &lines)]));
    describe(&mut peer);
    let codec = &all(&peer)[0].send_codecs()[0].codec;
    assert_eq!((codec.parameter("max-fr"), codec.parameter("max-fs")), (Some("30"), Some("3600")));
}

/// RFC 6184 §8.2.2: what is sent keeps to the level of the answer; and an answer is not above its offer, unless both let levels
/// differ.
#[test]
fn levels_of_h264() {
    for level in ["0a", "15", "1f", "33"] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, VIDEO, Direction::SendRecv);
        let h264 = Codec::new("video/H264", 90_000).fmtp("packetization-mode=1;profile-level-id=42e01f");
        a.connection.set_codec_preferences(T0, id, &[h264]).unwrap();
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let mut answer = describe(&mut b);
        answer.sdp = answer.sdp.replace("profile-level-id=42e01f", &format!("profile-level-id=42e0{level}"));
        take(&mut a, &answer);
        let sent = &get(&a, id).send_codecs()[0].codec;
        assert_eq!(sent.parameter("profile-level-id"), Some(format!("42e0{level}").as_str()));
    }
    for (offered, answered) in [
        ("packetization-mode=1;profile-level-id=42e01f", "42e01f"),
        ("packetization-mode=1;profile-level-id=42e034", "42e01f"),
        ("packetization-mode=1;profile-level-id=42e00d", "42e00d"),
        ("level-asymmetry-allowed=0;packetization-mode=1;profile-level-id=42e00d", "42e00d"),
        ("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e00d", "42e01f"),
        ("profile-level-id=42000d", "42000d"),
    ] {
        let fmtp = format!("a=fmtp:100 {offered}");
        let answer = answer_to(&handmade(&[(
            "m=video 9 UDP/TLS/RTP/SAVPF 100",
            &["a=mid:video", "a=rtpmap:100 H264/90000", &fmtp],
        )]));
        let line = line(&answer, "a=fmtp:100 ");
        assert!(line.contains(&format!("profile-level-id={answered}")), "{offered}: {line}");
        assert_eq!(line.matches("profile-level-id").count(), 1);
    }
}

/// `protocol/simulcast-answer.html`: what is asked for paused is sent all the same, and the answer does not say so.
#[test]
fn simulcast_in_answers() {
    for asked in ["foo;bar;baz", "foo;~bar;baz"] {
        let simulcast = format!("a=simulcast:recv {asked}");
        let lines = [
            "a=mid:0",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            "a=recvonly",
            "a=rtpmap:96 VP8/90000",
            "a=rid:foo recv",
            "a=rid:bar recv",
            "a=rid:baz recv",
            &simulcast,
        ];
        let mut peer = peer(1);
        take(&mut peer, &handmade(&[("m=video 9 UDP/TLS/RTP/SAVPF 96", &lines)]));
        let id = all(&peer)[0].id();
        peer.connection.set_direction(T0, id, Direction::SendOnly).unwrap();
        let answer = describe(&mut peer).sdp;
        for line in ["a=rid:foo send", "a=rid:bar send", "a=rid:baz send", "a=simulcast:send foo;bar;baz"] {
            assert!(has(&answer, line), "{line} is missing in {answer}");
        }
        assert_eq!(get(&peer, id).sent_rids(), ["foo", "bar", "baz"]);
        assert!(has(&offer_of(&mut peer), "a=simulcast:send foo;bar;baz"));
    }
}

/// Two tracks have two sections.
#[test]
fn plan_b_is_not_spoken() {
    let mut peer = peer(1);
    for track in ["t", "u"] {
        peer.connection.add_track(T0, VIDEO, track, &[]).unwrap();
    }
    assert_eq!(sections(&offer_of(&mut peer)), 2);
}

/// Whoever wants a bundle gets the first section of an offer without one; a section that is nothing without the bundle needs to
/// say nothing of a transport.
#[test]
fn bundles_and_what_is_not_in_one() {
    let audio = ["a=mid:audio", "a=sendonly", "a=rtpmap:111 opus/48000/2"];
    let video = ["a=mid:video", "a=sendonly", "a=rtpmap:100 VP8/90000"];
    let apart =
        handmade(&[("m=audio 9 UDP/TLS/RTP/SAVPF 111", &audio), ("m=video 9 UDP/TLS/RTP/SAVPF 100", &video)]);
    let mut strict = peer_with(1, |config| config.bundle_policy = siskin_peer::BundlePolicy::MaxBundle);
    take(&mut strict, &apart);
    let answer = describe(&mut strict).sdp;
    assert!(
        section(&answer, 0).starts_with("m=audio 1000 ") && section(&answer, 1).starts_with("m=video 0 ")
    );
    assert_eq!(all(&strict).len(), 1);

    let lines: String =
        HEAD.lines().filter(|line| line.starts_with("a=")).map(|line| format!("{line}\r\n")).collect();
    let head: String =
        HEAD.lines().filter(|line| !line.starts_with("a=")).map(|line| format!("{line}\r\n")).collect();
    let sdp = format!(
        "{head}a=group:BUNDLE audio video\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n{lines}a=rtcp-mux\r\n{}\r\nm=video 0 UDP/TLS/RTP/SAVPF 100\r\nc=IN IP4 0.0.0.0\r\na=bundle-only\r\na=rtcp-mux\r\n{}\r\n",
        audio.join("\r\n"),
        video.join("\r\n")
    );
    let answer = answer_to(&offer(&sdp));
    assert!(has(&answer, "a=group:BUNDLE audio video"), "{answer}");
    assert!(section(&answer, 1).starts_with("m=video 1000 "), "{answer}");
}
