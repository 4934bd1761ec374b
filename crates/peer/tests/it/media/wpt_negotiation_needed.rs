//! `RTCPeerConnection-onnegotiationneeded.html`

use super::*;

fn needed(peer: &mut Peer) -> usize {
    peer.drain(T0);
    peer.events.iter().filter(|event| **event == Event::NegotiationNeeded).count()
}

#[test]
fn one_event_for_many_changes() {
    let mut peer = peer(1);
    add(&mut peer, AUDIO, Direction::SendRecv);
    add(&mut peer, VIDEO, Direction::SendRecv);
    peer.channel(T0, "data");
    assert_eq!(needed(&mut peer), 1);
}

#[test]
fn it_waits_for_the_stable_state() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = describe(&mut a);
    assert_eq!(needed(&mut a), 1);
    add(&mut a, VIDEO, Direction::SendRecv);
    assert_eq!(needed(&mut a), 1);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    take(&mut a, &answer);
    assert_eq!(needed(&mut a), 2);
    negotiate(&mut a, &mut b);
    assert!(!a.connection.is_negotiation_needed());
}

#[test]
fn the_answerers_wish_to_send_needs_another_offer() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::RecvOnly);
    negotiate(&mut a, &mut b);
    assert!(!b.connection.is_negotiation_needed());
    let id = all(&b)[0].id();
    b.connection.set_direction(T0, id, Direction::SendRecv).unwrap();
    assert!(b.connection.is_negotiation_needed());
    negotiate(&mut b, &mut a);
    assert_eq!(get(&b, id).current_direction(), Some(Direction::SendOnly));
    assert!(!b.connection.is_negotiation_needed());
}
