//! `simulcast/negotiation-encodings.https.html`, and RFC 8853.

use super::*;

fn simulcast(peer: &mut Peer) -> TransceiverId {
    let send_encodings = ["q", "h", "f"].map(String::from).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendRecv) };
    peer.connection.add_transceiver(T0, VIDEO, init).unwrap()
}

#[test]
fn the_offer_lists_every_encoding() {
    let mut peer = peer(1);
    simulcast(&mut peer);
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
    let id = simulcast(&mut a);
    let (_, answer) = negotiate(&mut a, &mut b);
    assert!(has(&answer, "a=simulcast:recv q;h;f") && has(&answer, "a=rid:h recv"), "{answer}");
    assert_eq!(get(&a, id).sent_rids(), ["q", "h", "f"]);
    assert_eq!(all(&b)[0].received_rids(), ["q", "h", "f"]);
}

#[test]
fn an_answer_without_simulcast_leaves_one_stream() {
    let (mut a, mut b) = pair();
    let id = simulcast(&mut a);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let mut answer = describe(&mut b);
    let kept = answer
        .sdp
        .split_inclusive("\r\n")
        .filter(|line| !line.contains("rid:") && !line.contains("simulcast"));
    answer.sdp = kept.collect();
    take(&mut a, &answer);
    assert!(get(&a, id).sent_rids().is_empty());
    assert!(!offer_of(&mut a).contains("simulcast"));
}
