//! `simulcast/basic.https.html`, `simulcast/getStats.https.html`, `simulcast/h264.https.html`,
//! `simulcast/negotiation-encodings.https.html`, `simulcast/rid-manipulation.html`,
//! `simulcast/vp8.https.html`, `protocol/simulcast-offer.html`,
//! `RTCPeerConnection-setRemoteDescription-simulcast.https.html`

use super::*;

/// A transceiver that sends these encodings.
fn sends(peer: &mut Peer, rids: &[&str]) -> TransceiverId {
    let send_encodings = rids.iter().map(|rid| (*rid).into()).collect();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendRecv) };
    peer.connection.add_transceiver(T0, VIDEO, init).unwrap()
}

/// The description with other RIDs that its author receives; an entry may have alternatives. None is no simulcast.
fn asking(mut description: SessionDescription, rids: &[&str]) -> SessionDescription {
    let kept = |line: &&str| !(line.starts_with("a=rid:") || line.starts_with("a=simulcast:"));
    let mut sdp: String = description.sdp.split_inclusive("\r\n").filter(kept).collect();
    for rid in rids.iter().flat_map(|rid| rid.split(',')) {
        sdp.push_str(&format!("a=rid:{rid} recv\r\n"));
    }
    if !rids.is_empty() {
        sdp.push_str(&format!("a=simulcast:recv {}\r\n", rids.join(";")));
    }
    description.sdp = sdp;
    description
}

fn rids(peer: &Peer, id: TransceiverId) -> Vec<&str> {
    get(peer, id).sent_rids()
}

/// A round in which `a` offers to send, and the answer takes what `taken` says.
fn offer_to_send(a: &mut Peer, b: &mut Peer, taken: &[&str]) {
    let offer = describe(a);
    take(b, &offer);
    let answer = describe(b);
    take(a, &asking(answer, taken));
}

/// `b` offers, and asks for these; `a` has not answered yet.
fn ask(b: &mut Peer, a: &mut Peer, asked: &[&str]) -> SessionDescription {
    let offer = asking(describe(b), asked);
    take(a, &offer);
    offer
}

fn answer(a: &mut Peer, b: &mut Peer) -> SessionDescription {
    let answer = describe(a);
    take(b, &answer);
    answer
}

fn camera(peer: &mut Peer) -> TransceiverId {
    peer.connection.add_track(T0, VIDEO, "camera", &[]).unwrap()
}

/// Both have a camera; `b` has asked for what is named.
fn asked(asked: &[&str]) -> (Peer, Peer, TransceiverId, SessionDescription) {
    let (mut a, mut b) = pair();
    let id = camera(&mut a);
    camera(&mut b);
    let offer = ask(&mut b, &mut a, asked);
    assert_eq!(all(&a).len(), 1);
    (a, b, id, offer)
}

/// `foo` and `bar` are agreed on.
fn agreed() -> (Peer, Peer, TransceiverId) {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, &["foo", "bar"]);
    offer_to_send(&mut a, &mut b, &["foo", "bar"]);
    assert_eq!(rids(&a, id), ["foo", "bar"]);
    (a, b, id)
}

#[test]
fn the_offer_lists_every_encoding() {
    let mut peer = peer(1);
    sends(&mut peer, &["q", "h", "f"]);
    let offer = offer_of(&mut peer);
    for wanted in ["a=rid:q send", "a=rid:h send", "a=rid:f send", "a=simulcast:send q;h;f"] {
        assert!(has(&offer, wanted), "{wanted} is missing in {offer}");
    }
    assert!(!offer.contains("a=ssrc:"), "RIDs name the streams");
    assert!(offer.contains("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"));
}

#[test]
fn the_answer_takes_what_is_offered() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, &["q", "h", "f"]);
    let (_, answer) = negotiate(&mut a, &mut b);
    assert!(has(&answer, "a=simulcast:recv q;h;f") && has(&answer, "a=rid:h recv"), "{answer}");
    assert_eq!(rids(&a, id), ["q", "h", "f"]);
    assert_eq!(all(&b)[0].received_rids(), ["q", "h", "f"]);
}

#[test]
fn who_adds_a_track_sends_what_is_asked_for() {
    let (mut a, mut b, id, _) = asked(&["foo", "bar"]);
    assert_eq!(rids(&a, id), ["foo", "bar"]);
    let answer = answer(&mut a, &mut b).sdp;
    assert_eq!(rids(&a, id), ["foo", "bar"]);
    for line in ["a=rid:foo send", "a=rid:bar send", "a=simulcast:send foo;bar"] {
        assert!(has(&answer, line), "{line} is missing in {answer}");
    }
}

/// `RTCPeerConnection-setRemoteDescription-simulcast.https.html`
#[test]
fn an_offer_that_asks_for_simulcast_finds_the_transceiver_of_the_track() {
    let (a, _, id, _) = asked(&["foo", "bar", "baz"]);
    assert_eq!((all(&a)[0].id(), rids(&a, id)), (id, vec!["foo", "bar", "baz"]));
}

#[test]
fn there_is_no_simulcast_of_audio() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, AUDIO, "microphone", &[]).unwrap();
    b.connection.add_track(T0, AUDIO, "microphone", &[]).unwrap();
    ask(&mut b, &mut a, &["foo", "bar"]);
    assert!(rids(&a, id).is_empty());
    assert!(!answer(&mut a, &mut b).sdp.contains("simulcast"));
    let send_encodings = ["foo", "bar"].map(Into::into).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendRecv) };
    let other = a.connection.add_transceiver(T0, AUDIO, init).unwrap();
    assert!(rids(&a, other).is_empty());
}

/// Whichever is left, at first or later.
#[test]
fn an_answer_may_take_fewer() {
    for left in ["foo", "bar"] {
        let (mut a, mut b) = pair();
        let id = sends(&mut a, &["foo", "bar"]);
        offer_to_send(&mut a, &mut b, &[left]);
        assert_eq!(rids(&a, id), [left]);
        let (mut a, mut b, id) = agreed();
        offer_to_send(&mut a, &mut b, &[left]);
        assert_eq!(rids(&a, id), [left]);
        // What is gone does not come back.
        offer_to_send(&mut a, &mut b, &["foo", "bar"]);
        assert_eq!(rids(&a, id), [left]);
    }
}

#[test]
fn a_later_offer_may_take_fewer_once_it_is_answered() {
    for left in ["foo", "bar"] {
        let (mut a, mut b, id) = agreed();
        ask(&mut b, &mut a, &[left]);
        assert_eq!(rids(&a, id), ["foo", "bar"], "until the answer");
        answer(&mut a, &mut b);
        assert_eq!(rids(&a, id), [left]);
    }
}

#[test]
fn an_answer_without_simulcast_leaves_the_first() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, &["foo", "bar"]);
    offer_to_send(&mut a, &mut b, &[]);
    assert_eq!(rids(&a, id), ["foo"]);
    assert!(!offer_of(&mut a).contains("simulcast"));
    let (mut a, mut b, id) = agreed();
    offer_to_send(&mut a, &mut b, &[]);
    assert_eq!(rids(&a, id), ["foo"]);
}

#[test]
fn an_offer_without_simulcast_leaves_the_first() {
    let (mut a, mut b, id) = agreed();
    ask(&mut b, &mut a, &[]);
    assert_eq!(rids(&a, id), ["foo", "bar"]);
    answer(&mut a, &mut b);
    assert_eq!(rids(&a, id), ["foo"]);
}

#[test]
fn what_is_asked_for_twice_is_sent_once() {
    let (mut a, mut b, id, _) = asked(&["foo", "bar", "foo"]);
    assert_eq!(rids(&a, id), ["foo", "bar"]);
    assert!(a.connection.remote_description().unwrap().sdp.contains("a=simulcast:recv foo;bar;foo\r\n"));
    assert!(has(&answer(&mut a, &mut b).sdp, "a=simulcast:send foo;bar"));
    assert_eq!(rids(&a, id), ["foo", "bar"]);
}

#[test]
fn of_alternatives_the_first_is_sent() {
    let (mut a, mut b, id, _) = asked(&["foo,bar", "1,2"]);
    assert_eq!(rids(&a, id), ["foo", "1"]);
    assert!(has(&answer(&mut a, &mut b).sdp, "a=simulcast:send foo;1"));
    assert_eq!(rids(&a, id), ["foo", "1"]);
}

#[test]
fn a_rollback_brings_the_single_encoding_back() {
    let (mut a, _, id, _) = asked(&["foo", "bar"]);
    take(&mut a, &rollback());
    assert_eq!(all(&a).len(), 1);
    assert!(rids(&a, id).is_empty());
    // The same if the track came after the offer.
    let (mut a, mut b) = pair();
    camera(&mut b);
    ask(&mut b, &mut a, &["foo", "bar"]);
    let id = camera(&mut a);
    assert_eq!((all(&a).len(), rids(&a, id)), (1, vec!["foo", "bar"]));
    take(&mut a, &rollback());
    assert_eq!(all(&a).len(), 1);
    assert!(rids(&a, id).is_empty());
}

#[test]
fn a_rollback_of_a_later_offer_brings_all_encodings_back() {
    for asked in [&["bar"][..], &[]] {
        let (mut a, mut b, id) = agreed();
        ask(&mut b, &mut a, asked);
        take(&mut a, &rollback());
        assert_eq!(rids(&a, id), ["foo", "bar"]);
    }
}

#[test]
fn the_order_is_the_first_ones() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, &["foo", "bar"]);
    for _ in 0..2 {
        offer_to_send(&mut a, &mut b, &["bar", "foo"]);
        assert_eq!(rids(&a, id), ["foo", "bar"]);
    }
    let (mut a, mut b, id) = agreed();
    ask(&mut b, &mut a, &["bar", "foo"]);
    answer(&mut a, &mut b);
    assert_eq!(rids(&a, id), ["foo", "bar"]);
}

/// `simulcast/rid-manipulation.html`
#[test]
fn an_answer_may_alter_rids() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, &["0", "1", "2"]);
    for (altered, left) in [("foo;1;2", &["1", "2"][..]), ("foo;bar;2", &["2"])] {
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let answer = asking(describe(&mut b), &["0", "1", "2"]);
        let sdp = answer.sdp.replace("recv 0;1;2", &format!("recv {altered}"));
        take(&mut a, &SessionDescription { sdp, ..answer });
        assert_eq!(rids(&a, id), left);
    }
}

#[test]
fn directions_do_not_change_encodings() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    let wishes = [(Inactive, SendRecv), (RecvOnly, SendRecv), (SendRecv, Inactive), (SendRecv, SendOnly)];
    for (ours, theirs) in wishes {
        let (mut a, mut b, id) = agreed();
        let other = all(&b)[0].id();
        a.connection.set_direction(T0, id, ours).unwrap();
        b.connection.set_direction(T0, other, theirs).unwrap();
        negotiate(&mut a, &mut b);
        assert!(!get(&a, id).current_direction().unwrap().sends());
        assert_eq!(rids(&a, id), ["foo", "bar"], "{ours:?} {theirs:?}");
        // And it goes on where it was.
        a.connection.set_direction(T0, id, SendRecv).unwrap();
        b.connection.set_direction(T0, other, SendRecv).unwrap();
        negotiate(&mut b, &mut a);
        assert!(get(&a, id).current_direction().unwrap().sends());
        assert_eq!(rids(&a, id), ["foo", "bar"], "{ours:?} {theirs:?}");
        assert_eq!(get(&b, other).received_rids(), ["foo", "bar"]);
    }
}
