//! `RTCPeerConnection-setLocalDescription-rollback.html`, `RTCPeerConnection-setRemoteDescription-rollback.html`,
//! `RTCPeerConnection-perfect-negotiation.https.html`

use super::*;

#[test]
fn a_local_offer_taken_back_frees_its_transceivers() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    describe(&mut peer);
    assert_eq!(get(&peer, id).mid(), Some("0"));
    peer.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!(get(&peer, id).mid(), None);
    assert_eq!(all(&peer).len(), 1);
    assert!(peer.connection.is_negotiation_needed());
}

#[test]
fn a_remote_offer_taken_back_takes_its_transceivers_along() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, AUDIO, "t", &["s".into()]).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    assert_eq!(all(&b).len(), 1);
    take(&mut b, &rollback());
    b.drain(T0);
    assert!(all(&b).is_empty());
    assert_eq!(
        (tracks(&b).len(), b.events.iter().filter(|e| matches!(e, Event::TrackEnded(_))).count()),
        (1, 1)
    );
    take(&mut b, &offer);
    describe(&mut b);
    assert_eq!(all(&b).len(), 1);
}

#[test]
fn rfc9429_5_7_a_track_added_meanwhile_keeps_the_transceiver() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let id = b.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    assert_eq!(id, all(&b)[0].id(), "the sender of the transceiver that the offer made");
    take(&mut b, &rollback());
    assert_eq!((all(&b).len(), get(&b, id).mid()), (1, None));
    assert_eq!(sections(&offer_of(&mut b)), 1);
}

#[test]
fn what_was_agreed_on_before_holds_again() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    let before = get(&a, id).receive_codecs().to_vec();
    let preferred = siskin_peer::media::Codec::new("video/VP8", 90_000);
    a.connection.set_codec_preferences(T0, id, &[preferred]).unwrap();
    describe(&mut a);
    assert_eq!(get(&a, id).receive_codecs().len(), 1);
    a.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!(get(&a, id).receive_codecs(), before);
    assert_eq!(get(&a, id).current_direction(), Some(Direction::SendOnly));
}

#[test]
fn glare_ends_with_one_section_for_both_tracks() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, AUDIO, "a", &["sa".into()]).unwrap();
    b.connection.add_track(T0, AUDIO, "b", &["sb".into()]).unwrap();
    let offer = describe(&mut a);
    describe(&mut b);
    // b is polite: it takes a's offer, and with it the transceiver of its own track.
    take(&mut b, &offer);
    let answer = describe(&mut b);
    take(&mut a, &answer);
    a.drain(T0);
    b.drain(T0);
    assert_eq!((all(&a).len(), all(&b).len()), (1, 1));
    assert_eq!((tracks(&a).len(), tracks(&b).len()), (1, 1));
    assert_eq!(all(&b)[0].current_direction(), Some(Direction::SendRecv));
}
