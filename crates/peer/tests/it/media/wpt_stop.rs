//! `RTCRtpTransceiver-stop.html`, `RTCRtpTransceiver-stopping.https.html`

use super::*;

fn ended(peer: &Peer) -> usize {
    peer.events.iter().filter(|event| matches!(event, Event::TrackEnded(_))).count()
}

#[test]
fn a_transceiver_that_was_never_offered_is_not_offered_once_stopped() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    peer.connection.stop_transceiver(T0, id).unwrap();
    peer.connection.stop_transceiver(T0, id).unwrap();
    assert_eq!(sections(&offer_of(&mut peer)), 0);
    assert!(!peer.connection.is_negotiation_needed());
}

#[test]
fn stopping_is_offered_as_a_rejected_section() {
    let (mut a, mut b) = pair();
    let (audio, video) = (add(&mut a, AUDIO, Direction::SendRecv), add(&mut a, VIDEO, Direction::SendRecv));
    negotiate(&mut a, &mut b);
    a.connection.stop_transceiver(T0, audio).unwrap();
    assert_eq!(get(&a, audio).direction(), None);
    assert!(a.connection.is_negotiation_needed());
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(section(&offer, 0).starts_with("m=audio 0 "), "{offer}");
    assert!(has(&offer, "a=group:BUNDLE 1") && has(&answer, "a=group:BUNDLE 1"), "{offer}{answer}");
    assert!(section(&offer, 1).contains("a=ice-ufrag"), "the next section tells of the transport");
    assert_eq!((all(&a).len(), all(&b).len()), (1, 1));
    assert_eq!((ended(&a), ended(&b)), (1, 1));
    assert_eq!(get(&a, video).current_direction(), Some(Direction::SendOnly));
    assert!(!a.connection.is_negotiation_needed() && !b.connection.is_negotiation_needed());
}

#[test]
fn the_answerer_may_stop_too() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let video = all(&b)[1].id();
    b.connection.stop_transceiver(T0, video).unwrap();
    let answer = describe(&mut b);
    assert!(section(&answer.sdp, 1).starts_with("m=video 0 "));
    take(&mut a, &answer);
    assert_eq!((all(&a).len(), all(&b).len()), (1, 1));
}

#[test]
fn rfc9143_7_3_3_a_rejected_tag_takes_its_bundle_along() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let audio = all(&b)[0].id();
    b.connection.stop_transceiver(T0, audio).unwrap();
    let answer = describe(&mut b).sdp;
    assert!(section(&answer, 0).starts_with("m=audio 0 ") && section(&answer, 1).starts_with("m=video 0 "));
}

#[test]
fn a_stopped_section_is_recycled_with_a_new_mid() {
    let (mut a, mut b) = pair();
    let audio = add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    a.connection.stop_transceiver(T0, audio).unwrap();
    negotiate(&mut a, &mut b);
    let fresh = add(&mut a, VIDEO, Direction::SendRecv);
    let (offer, _) = negotiate(&mut a, &mut b);
    assert_eq!(sections(&offer), 2, "{offer}");
    assert!(section(&offer, 0).starts_with("m=video 1000 ") && has(section(&offer, 0), "a=mid:2"), "{offer}");
    assert_eq!(get(&a, fresh).mid(), Some("2"));
    assert_eq!(all(&b).len(), 2);
    let mids: Vec<_> = all(&b).iter().map(|known| known.mid()).collect();
    assert_eq!(mids, [Some("1"), Some("2")]);
}
