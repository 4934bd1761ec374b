//! `protocol/codecs-filtered-by-direction.https.html`, `protocol/h264-unidirectional-codec-offer.https.html`,
//! `protocol/av1-profile-asymmetry.https.html`, `protocol/h265-level-id.https.html`, `RTCRtpSender-getCapabilities.html`,
//! `RTCRtpReceiver-getCapabilities.html`; of `RTCRtpTransceiver-setCodecPreferences.html` what is about both lists. Where a browser's
//! codecs decide whether a file tests anything, ours are configured.

use super::wpt_parameters::{change, encodings, given};
use super::*;
use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
use siskin_peer::media::{Codec, CodecCapability, uri};

/// H.264: one that both ends decode only, one that they encode only, one of both; and of High, to decode up to level 3.1 and to encode
/// up to 5.2.
const DECODED: &str = "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f";
const ENCODED: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f";
const BOTH: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
const HIGH_DECODED: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f";
const HIGH_ENCODED: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640034";

fn h264(fmtp: &str) -> Codec {
    Codec::new("video/H264", 90_000).fmtp(fmtp)
}

fn vp8() -> Codec {
    Codec::new("video/VP8", 90_000)
}

fn one_way() -> MediaConfig {
    let mut media = MediaConfig::default();
    let capability = |payload_type, fmtp, direction| CodecCapability {
        codec: h264(fmtp),
        feedback: vec![],
        payload_type,
        direction,
    };
    media.codecs.retain(|known| known.codec.encoding() != "H264");
    media.codecs.extend([
        capability(102, BOTH, SendRecv),
        capability(104, DECODED, RecvOnly),
        capability(106, ENCODED, SendOnly),
        capability(112, HIGH_DECODED, RecvOnly),
        capability(114, HIGH_ENCODED, SendOnly),
    ]);
    media
}

pub(super) fn end(seed: u64) -> Peer {
    peer_with(seed, |config| config.media = Some(one_way()))
}

fn ends() -> (Peer, Peer) {
    (end(1), end(2))
}

/// What the first section lists beside retransmissions: names and parameters.
fn listed(sdp: &str) -> Vec<(String, String)> {
    let text = section(sdp, 0);
    let formats = line(text, "m=").split(' ').skip(3);
    let described = formats.map(|format| {
        let after =
            |start: String| text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default();
        let name = after(format!("a=rtpmap:{format} "));
        (name.split('/').next().unwrap_or_default().to_owned(), after(format!("a=fmtp:{format} ")).to_owned())
    });
    described.filter(|(name, _)| name != "rtx").collect()
}

fn h264s(sdp: &str) -> Vec<String> {
    listed(sdp).into_iter().filter(|(name, _)| name == "H264").map(|(_, fmtp)| fmtp).collect()
}

// RTCRtpSender-getCapabilities.html, RTCRtpReceiver-getCapabilities.html

#[test]
fn what_is_sent_and_what_is_received_are_two_lists() {
    let media = one_way();
    for (kind, level) in [(AUDIO, true), (VIDEO, false)] {
        for capabilities in [media.sender_capabilities(kind), media.receiver_capabilities(kind)] {
            assert!(capabilities.codecs.iter().all(|codec| codec.kind() == Some(kind)));
            let rtx = capabilities.codecs.iter().filter(|codec| codec.encoding() == "rtx").count();
            assert_eq!(rtx, usize::from(kind == VIDEO), "of retransmissions it says that there are any");
            assert!(capabilities.header_extensions.contains(&uri::MID));
            assert_eq!(capabilities.header_extensions.contains(&uri::AUDIO_LEVEL), level);
        }
    }
    let (sent, received) = (media.sender_capabilities(VIDEO), media.receiver_capabilities(VIDEO));
    for (fmtp, is_sent, is_received) in [
        (BOTH, true, true),
        (DECODED, false, true),
        (ENCODED, true, false),
        (HIGH_DECODED, false, true),
        (HIGH_ENCODED, true, false),
    ] {
        assert_eq!(sent.codecs.contains(&h264(fmtp)), is_sent, "{fmtp}");
        assert_eq!(received.codecs.contains(&h264(fmtp)), is_received, "{fmtp}");
    }
}

// RTCRtpTransceiver-setCodecPreferences.html

#[test]
fn preferences_are_of_either_list() {
    let media = one_way();
    let mut peer = end(1);
    let id = add(&mut peer, VIDEO, SendRecv);
    let (sent, received) =
        (media.sender_capabilities(VIDEO).codecs, media.receiver_capabilities(VIDEO).codecs);
    for codecs in [sent.clone(), received.clone(), [sent, received].concat()] {
        peer.connection.set_codec_preferences(T0, id, &codecs).unwrap();
    }
    peer.connection.set_codec_preferences(T0, id, &[vp8(), h264(BOTH), vp8()]).unwrap();
    let names: Vec<String> = listed(&offer_of(&mut peer)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["VP8", "H264"], "each once");
}

// protocol/codecs-filtered-by-direction.https.html

#[test]
fn an_offer_lists_what_goes_its_way() {
    let media = one_way();
    let without_rtx = |codecs: Vec<Codec>| codecs.iter().filter(|codec| codec.encoding() != "rtx").count();
    let mut peer = end(1);
    let id = add(&mut peer, VIDEO, SendRecv);
    let mut offered = |direction| {
        peer.connection.set_direction(T0, id, direction).unwrap();
        let offer = offer_of(&mut peer);
        (listed(&offer).len(), h264s(&offer))
    };
    let sent = without_rtx(media.sender_capabilities(VIDEO).codecs);
    let received = without_rtx(media.receiver_capabilities(VIDEO).codecs);
    assert_eq!(offered(SendOnly), (sent, [BOTH, ENCODED, HIGH_ENCODED].map(String::from).to_vec()));
    assert_eq!(offered(RecvOnly), (received, [BOTH, DECODED, HIGH_DECODED].map(String::from).to_vec()));
    // Levels may differ each way: a description says what its author receives.
    assert_eq!(offered(SendRecv).1, [BOTH, HIGH_DECODED]);
    assert_eq!(
        offered(Inactive).0,
        media.codecs.iter().filter(|known| known.codec.kind() == Some(VIDEO)).count()
    );
}

/// Codecs that differ in their level alone keep a number each, in every section and offer.
#[test]
fn one_way_codecs_keep_their_numbers() {
    let (mut a, mut b) = ends();
    let first = add(&mut a, VIDEO, Inactive);
    add(&mut a, VIDEO, Inactive);
    let (offer, _) = negotiate(&mut a, &mut b);
    let numbers = |offer: &str, index| -> Vec<String> {
        line(section(offer, index), "m=").split(' ').skip(3).map(String::from).collect()
    };
    let once = numbers(&offer, 0);
    let mut sorted = once.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((once.len(), &once), (sorted.len(), &numbers(&offer, 1)));
    a.connection.set_direction(T0, first, SendRecv).unwrap();
    let again = offer_of(&mut a);
    let of = |offer: &str, fmtp: &str| {
        let found = section(offer, 0).lines().find(|line| line.ends_with(fmtp)).expect("it is listed");
        found.to_owned()
    };
    assert_eq!(of(&again, HIGH_DECODED), of(&offer, HIGH_DECODED));
    assert_eq!(numbers(&again, 1), once);
}

// protocol/h264-unidirectional-codec-offer.https.html

/// The answer with another codec in the place of its own.
fn replaced(answer: SessionDescription, own: (&str, &str), other: (&str, &str)) -> SessionDescription {
    let mut sdp = answer.sdp.replace(&format!("SAVPF {}", own.0), &format!("SAVPF {}", other.0));
    for attribute in ["rtpmap", "fmtp", "rtcp-fb"] {
        sdp = sdp.replace(&format!("a={attribute}:{} ", own.0), &format!("a={attribute}:{} ", other.0));
    }
    SessionDescription { sdp: sdp.replace(own.1, other.1), ..answer }
}

#[test]
fn a_codec_that_is_only_decoded_is_asked_for() {
    let (mut a, mut b) = ends();
    let id = add(&mut a, VIDEO, RecvOnly);
    a.connection.set_codec_preferences(T0, id, &[h264(DECODED), h264(BOTH)]).unwrap();
    let offer = describe(&mut a);
    assert_eq!(h264s(&offer.sdp), [DECODED, BOTH]);
    take(&mut b, &offer);
    let other = all(&b)[0].id();
    b.connection.set_direction(T0, other, SendOnly).unwrap();
    let answer = describe(&mut b);
    assert_eq!(h264s(&answer.sdp), [BOTH], "what cannot be sent is not answered");
    take(&mut a, &replaced(answer, ("102", BOTH), ("104", DECODED)));
    let received = a.connection.receive_parameters(id).unwrap().codecs;
    assert_eq!((received[0].payload_type, received[0].codec.sdp_fmtp_line.as_deref()), (104, Some(DECODED)));
    assert!(given(&mut a, id).codecs.is_empty(), "it is not sent");
}

#[test]
fn a_codec_whose_encoder_has_another_level_goes_both_ways() {
    let mut peer = end(1);
    let id = add(&mut peer, VIDEO, SendRecv);
    peer.connection.set_codec_preferences(T0, id, &[h264(HIGH_DECODED), vp8()]).unwrap();
    let named = |name: &str, fmtp: &str| (name.to_owned(), fmtp.to_owned());
    assert_eq!(listed(&offer_of(&mut peer)), [named("H264", HIGH_DECODED), named("VP8", "")]);
    // One without an encoder does not.
    peer.connection.set_codec_preferences(T0, id, &[h264(DECODED), vp8()]).unwrap();
    assert_eq!(listed(&offer_of(&mut peer)), [named("VP8", "")]);
}

#[test]
fn a_codec_that_is_only_encoded_is_sent() {
    let (mut a, mut b) = ends();
    let id = add(&mut a, VIDEO, SendOnly);
    a.connection.set_codec_preferences(T0, id, &[h264(ENCODED), h264(BOTH)]).unwrap();
    let offer = describe(&mut a);
    assert_eq!(h264s(&offer.sdp), [ENCODED, BOTH]);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    assert_eq!(h264s(&answer.sdp), [BOTH], "what cannot be received is not answered");
    take(&mut a, &replaced(answer, ("102", BOTH), ("106", ENCODED)));
    let sent = given(&mut a, id).codecs;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].payload_type, sent[0].codec.sdp_fmtp_line.as_deref()), (106, Some(ENCODED)));
    assert!(
        a.connection.receive_parameters(id).unwrap().codecs.iter().all(|known| known.payload_type != 106)
    );
}

/// An answer that goes no way that any of the offered codecs goes is none.
#[test]
fn nothing_that_goes_the_way_rejects_the_section() {
    let (mut a, mut b) = ends();
    let id = add(&mut a, VIDEO, SendOnly);
    a.connection.set_codec_preferences(T0, id, &[h264(ENCODED)]).unwrap();
    let (_, answer) = negotiate(&mut a, &mut b);
    assert!(answer.contains("m=video 0 "), "{answer}");
    assert!(all(&a).is_empty() && all(&b).is_empty());
}

/// An offer of a section that no codec goes the way of would be none: there is none, until the section goes another way.
#[test]
fn nothing_that_goes_the_way_is_not_offered() {
    for (codec, kind, resiliency) in [("VP8", VIDEO, "none"), ("opus", AUDIO, "telephone-event")] {
        let mut a = peer_with(1, |config| {
            let media = config.media.get_or_insert_default();
            media.codecs.retain(|known| [codec, resiliency].contains(&known.codec.encoding()));
            let known = media.codecs.iter_mut().find(|known| known.codec.encoding() == codec);
            known.expect("a default").direction = SendOnly;
        });
        let mut b = peer(2);
        let id = add(&mut a, kind, SendRecv);
        let refused = a.connection.create_offer(T0, OfferOptions::default());
        assert_eq!(refused.map_err(|error| error.name()), Err("OperationError"));
        let refused = a.connection.set_local_description(T0, None);
        assert_eq!(refused.map_err(|error| error.name()), Err("OperationError"));
        assert_eq!(a.connection.signaling_state(), SignalingState::Stable);
        a.connection.set_direction(T0, id, SendOnly).unwrap();
        let (offer, answer) = negotiate(&mut a, &mut b);
        assert!(offer.contains(&format!(" {codec}/")) && answer.contains(&format!(" {codec}/")), "{offer}");
        assert_eq!(get(&a, id).current_direction(), Some(SendOnly));
    }
}

/// A section that turns around lists other codecs.
#[test]
fn a_section_that_turns_lists_other_codecs() {
    let (mut a, mut b) = ends();
    let id = add(&mut a, VIDEO, SendOnly);
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(h264s(&offer).contains(&ENCODED.into()) && !h264s(&answer).contains(&ENCODED.into()));
    a.connection.set_direction(T0, id, SendRecv).unwrap();
    let other = all(&b)[0].id();
    b.connection.set_direction(T0, other, SendRecv).unwrap();
    for _ in 0..2 {
        let (offer, answer) = negotiate(&mut a, &mut b);
        assert_eq!(h264s(&offer), [BOTH, HIGH_DECODED]);
        assert_eq!(h264s(&answer), [BOTH, HIGH_DECODED]);
    }
    let sent: Vec<_> =
        given(&mut a, id).codecs.into_iter().filter_map(|known| known.codec.sdp_fmtp_line).collect();
    assert!(sent.contains(&HIGH_DECODED.into()), "with the peer's level: {sent:?}");
}

// protocol/av1-profile-asymmetry.https.html

/// What is sent may have another profile than what is received: an encoder may be asked for one that was not named.
#[test]
fn the_profile_of_av1_is_each_receivers_own() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    let av1 =
        |profile: u8| Codec::new("video/AV1", 90_000).fmtp(&format!("level-idx=5;profile={profile};tier=0"));
    a.connection.set_codec_preferences(T0, id, &[av1(0)]).unwrap();
    negotiate(&mut a, &mut b);
    change(&mut a, T0, id, |all| all.encodings[0].codec = Some(av1(1))).unwrap();
    assert_eq!(encodings(&mut a, id)[0].codec, Some(av1(1)));
}

// protocol/h265-level-id.https.html

fn h265() -> Codec {
    Codec::new("video/H265", 90_000).fmtp("level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST")
}

/// The description of somebody who receives no more than level 1.
fn low(description: SessionDescription) -> SessionDescription {
    SessionDescription { sdp: description.sdp.replace("level-id=93", "level-id=30"), ..description }
}

fn assert_low(peer: &mut Peer, id: TransceiverId) -> Codec {
    let codecs = given(peer, id).codecs;
    assert_eq!(codecs.len(), 1);
    let only = codecs.first().expect("one");
    assert_eq!(only.codec.parameter("level-id"), Some("30"));
    only.codec.clone()
}

#[test]
fn the_level_of_h265_that_is_sent_is_the_answerers() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendOnly);
    a.connection.set_codec_preferences(T0, id, &[h265()]).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    take(&mut a, &low(answer));
    assert_low(&mut a, id);
}

#[test]
fn the_level_of_h265_that_is_sent_is_the_offerers() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, RecvOnly);
    a.connection.set_codec_preferences(T0, id, &[h265()]).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &low(offer));
    let other = all(&b)[0].id();
    b.connection.set_direction(T0, other, SendOnly).unwrap();
    let answer = describe(&mut b);
    take(&mut a, &answer);
    let negotiated = assert_low(&mut b, other);
    // As it was negotiated, and as the encoder has it.
    for codec in [negotiated, h265()] {
        change(&mut b, T0, other, |all| all.encodings[0].codec = Some(codec.clone())).unwrap();
        assert_eq!(encodings(&mut b, other)[0].codec.as_ref(), Some(&codec));
    }
}
