//! `RTCRtpTransceiver-setCodecPreferences.html`

use super::*;
use siskin_peer::media::{Codec, CodecParameters};

fn vp8() -> Codec {
    Codec::new("video/VP8", 90_000)
}

fn vp9() -> Codec {
    Codec::new("video/VP9", 90_000).fmtp("profile-id=0")
}

fn rtx() -> Codec {
    Codec::new("video/rtx", 90_000)
}

#[test]
fn an_offer_has_the_preferred_codecs_in_their_order() {
    let mut peer = peer(1);
    let id = add(&mut peer, VIDEO, Direction::SendRecv);
    peer.connection.set_codec_preferences(T0, id, &[vp9(), vp8(), rtx()]).unwrap();
    let offer = offer_of(&mut peer);
    assert_eq!(line(&offer, "m="), "m=video 9 UDP/TLS/RTP/SAVPF 98 99 96 97");
    peer.connection.set_codec_preferences(T0, id, &[]).unwrap();
    assert!(line(&offer_of(&mut peer), "m=").len() > 60, "none stands for all");
}

#[test]
fn an_answer_has_them_too() {
    let (mut a, mut b) = pair();
    add(&mut a, VIDEO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let id = all(&b)[0].id();
    b.connection.set_codec_preferences(T0, id, &[vp9(), vp8()]).unwrap();
    let answer = describe(&mut b);
    assert!(line(&answer.sdp, "m=").ends_with(" 98 96"), "{}", answer.sdp);
    take(&mut a, &answer);
    let sent: Vec<&str> = all(&a)[0].send_codecs().iter().map(|codec| codec.codec.encoding()).collect();
    assert_eq!(sent, ["VP9", "VP8"]);
}

/// Browsers whose answer prefers codecs send by the order of the offer, whatever the answer lists.
#[test]
fn what_was_offered_is_received_though_the_answer_leaves_it_out() {
    let (mut a, mut b) = pair();
    add(&mut a, VIDEO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let id = all(&b)[0].id();
    b.connection.set_codec_preferences(T0, id, &[vp9(), rtx()]).unwrap();
    let answer = describe(&mut b);
    take(&mut a, &answer);
    let number = |codecs: &[CodecParameters], name| {
        codecs.iter().find(|codec| codec.codec.encoding() == name).map(|codec| codec.payload_type)
    };
    let a = &all(&a)[0];
    assert_eq!(a.receive_codecs()[0].payload_type, 98, "what the answer lists comes first");
    assert_eq!(number(a.receive_codecs(), "VP8"), Some(96));
    assert_eq!(number(a.send_codecs(), "VP8"), None);
    let b = &all(&b)[0];
    assert_eq!(number(b.receive_codecs(), "VP8"), None, "who answers receives what it lists");
}

#[test]
fn what_is_unknown_or_carries_no_media_is_refused() {
    let mut peer = peer(1);
    let id = add(&mut peer, VIDEO, Direction::SendRecv);
    let mut refused = |codecs: &[Codec]| {
        peer.connection.set_codec_preferences(T0, id, codecs).map_err(|error| error.name())
    };
    assert_eq!(refused(&[Codec::new("video/H266", 90_000)]), Err("InvalidModificationError"));
    assert_eq!(refused(&[Codec::new("audio/opus", 48_000).channels(2)]), Err("InvalidModificationError"));
    assert_eq!(refused(&[rtx()]), Err("InvalidModificationError"));
    assert_eq!(refused(&[vp8()]), Ok(()));
}

#[test]
fn nothing_in_common_rejects_the_section() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, Direction::SendRecv);
    a.connection.set_codec_preferences(T0, id, &[vp8()]).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let other = all(&b)[0].id();
    b.connection.set_codec_preferences(T0, other, &[vp9()]).unwrap();
    let answer = describe(&mut b);
    assert!(answer.sdp.contains("m=video 0 "), "{}", answer.sdp);
    take(&mut a, &answer);
    assert!(all(&a).is_empty() && all(&b).is_empty());
}
