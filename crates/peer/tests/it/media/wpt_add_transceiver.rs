//! `RTCPeerConnection-addTransceiver.https.html`

use super::*;

#[test]
fn a_new_transceiver_is_sendrecv_and_has_no_mid() {
    let mut peer = peer(1);
    let id = peer.connection.add_transceiver(T0, AUDIO, TransceiverInit::default()).unwrap();
    let transceiver = get(&peer, id);
    assert_eq!(transceiver.mid(), None);
    assert_eq!(transceiver.direction(), Some(Direction::SendRecv));
    assert_eq!(transceiver.current_direction(), None);
    assert_eq!((transceiver.kind(), transceiver.track()), (AUDIO, None));
    assert!(!transceiver.is_stopped());
}

#[test]
fn direction_and_track_are_what_was_asked_for() {
    let mut peer = peer(1);
    let init = TransceiverInit { track: Some("t".into()), ..init(Direction::SendOnly) };
    let id = peer.connection.add_transceiver(T0, VIDEO, init).unwrap();
    assert_eq!((get(&peer, id).direction(), get(&peer, id).track()), (Some(Direction::SendOnly), Some("t")));
}

#[test]
fn two_transceivers_of_one_kind_are_two() {
    let mut peer = peer(1);
    add(&mut peer, AUDIO, Direction::SendRecv);
    add(&mut peer, AUDIO, Direction::SendRecv);
    assert_eq!(all(&peer).len(), 2);
    assert_eq!(sections(&offer_of(&mut peer)), 2);
}

#[test]
fn rids_have_a_form_and_stand_once() {
    let mut peer = peer(1);
    let mut with = |rids: &[&str]| {
        let send_encodings = rids.iter().map(|rid| (*rid).into()).collect();
        let init = TransceiverInit { send_encodings, ..TransceiverInit::default() };
        peer.connection.add_transceiver(T0, VIDEO, init).map_err(|error| error.name())
    };
    assert!(with(&["hi", "lo"]).is_ok());
    assert_eq!(with(&["a", "a"]), Err("TypeError"));
    assert_eq!(with(&["a~"]), Err("TypeError"));
    for rid in ["", "!?", "()", "foo-bar", "foo_bar", &"a".repeat(256)] {
        assert_eq!(with(&[rid]), Err("TypeError"), "{rid}");
    }
}

#[test]
fn a_closed_connection_takes_none() {
    let mut peer = peer(1);
    peer.connection.close(T0);
    let error = peer.connection.add_transceiver(T0, AUDIO, TransceiverInit::default()).unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");
}
