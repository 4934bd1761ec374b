//! `RTCPeerConnection-addTrack.https.html`, `RTCPeerConnection-removeTrack.https.html`,
//! `RTCRtpSender-replaceTrack.https.html`

use super::*;

fn add_track(peer: &mut Peer, track: &str) -> TransceiverId {
    peer.connection.add_track(T0, AUDIO, track, &["stream".into()]).expect("a new track")
}

#[test]
fn a_track_can_be_added_once() {
    let mut peer = peer(1);
    add_track(&mut peer, "t");
    let error = peer.connection.add_track(T0, AUDIO, "t", &[]).unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
}

#[test]
fn add_track_takes_a_sender_that_was_never_used() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::RecvOnly);
    assert_eq!(add_track(&mut peer, "t"), id);
    assert_eq!(get(&peer, id).direction(), Some(Direction::SendRecv));
    assert_ne!(peer.connection.add_track(T0, VIDEO, "v", &[]).unwrap(), id, "of another kind");
}

#[test]
fn add_track_does_not_take_a_sender_that_has_sent() {
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t");
    negotiate(&mut a, &mut b);
    a.connection.remove_track(T0, id).unwrap();
    assert_ne!(add_track(&mut a, "u"), id);
}

#[test]
fn remove_track_keeps_receiving() {
    let mut peer = peer(1);
    let both = add_track(&mut peer, "t");
    peer.connection.remove_track(T0, both).unwrap();
    assert_eq!((get(&peer, both).direction(), get(&peer, both).track()), (Some(Direction::RecvOnly), None));
    let init = TransceiverInit { track: Some("u".into()), ..init(Direction::SendOnly) };
    let only = peer.connection.add_transceiver(T0, AUDIO, init).unwrap();
    peer.connection.remove_track(T0, only).unwrap();
    assert_eq!(get(&peer, only).direction(), Some(Direction::Inactive));
}

#[test]
fn remove_track_of_no_transceiver_of_ours() {
    let mut peer = peer(1);
    let error = peer.connection.remove_track(T0, TransceiverId(7)).unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
}

#[test]
fn the_added_track_arrives_in_its_stream() {
    let (mut a, mut b) = pair();
    add_track(&mut a, "t");
    negotiate(&mut a, &mut b);
    assert_eq!(tracks(&b).iter().map(|(_, streams)| streams.clone()).collect::<Vec<_>>(), [["stream"]]);
}

#[test]
fn replace_track_needs_no_negotiation() {
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t");
    negotiate(&mut a, &mut b);
    a.connection.replace_track(T0, id, Some("u")).unwrap();
    assert_eq!(get(&a, id).track(), Some("u"));
    assert!(!a.connection.is_negotiation_needed());
    a.connection.stop_transceiver(T0, id).unwrap();
    assert_eq!(a.connection.replace_track(T0, id, None).unwrap_err().name(), "InvalidStateError");
}
