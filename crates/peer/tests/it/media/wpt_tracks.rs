//! `RTCPeerConnection-ontrack.https.html`, `RTCPeerConnection-remote-track-mute.https.html`,
//! `RTCPeerConnection-setRemoteDescription-tracks.https.html`, `RTCPeerConnection-setRemoteDescription-nomsid.html`,
//! `protocol/msid-generate.html`, `protocol/msid-parse.html`, `RTCRtpSender-setStreams.https.html`

use super::*;

fn muted(peer: &Peer) -> usize {
    peer.events.iter().filter(|event| matches!(event, Event::TrackMuted(_))).count()
}

#[test]
fn a_track_is_told_once() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, AUDIO, "t", &["one".into(), "two".into()]).unwrap();
    negotiate(&mut a, &mut b);
    negotiate(&mut a, &mut b);
    assert_eq!(tracks(&b).len(), 1);
    assert_eq!(tracks(&b)[0].1, ["one", "two"]);
    assert!(tracks(&a).is_empty(), "the answerer sends nothing");
}

#[test]
fn an_offer_to_receive_only_is_no_track() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::RecvOnly);
    negotiate(&mut a, &mut b);
    assert!(tracks(&b).is_empty());
}

#[test]
fn a_track_that_stops_and_comes_back() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, AUDIO, "t", &["s".into()]).unwrap();
    negotiate(&mut a, &mut b);
    a.connection.set_direction(T0, id, Direction::Inactive).unwrap();
    negotiate(&mut a, &mut b);
    assert_eq!((tracks(&b).len(), muted(&b)), (1, 1));
    a.connection.set_direction(T0, id, Direction::SendRecv).unwrap();
    negotiate(&mut a, &mut b);
    assert_eq!((tracks(&b).len(), muted(&b)), (2, 1));
}

#[test]
fn streams_may_change() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, AUDIO, "t", &["one".into()]).unwrap();
    negotiate(&mut a, &mut b);
    a.connection.set_streams(T0, id, &["two".into()]).unwrap();
    assert!(a.connection.is_negotiation_needed());
    negotiate(&mut a, &mut b);
    assert_eq!(all(&b)[0].remote_streams(), ["two"]);
}

#[test]
fn a_section_without_msid_has_a_stream_and_one_that_says_none_has_none() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    let mut offer = describe(&mut a);
    assert!(offer.sdp.contains("\r\na=msid:-\r\n"), "{}", offer.sdp);
    take(&mut b, &offer);
    b.drain(T0);
    assert_eq!(tracks(&b)[0].1, Vec::<String>::new());

    let (_, mut b) = pair();
    offer.sdp = offer.sdp.replace("a=msid:-\r\n", "");
    take(&mut b, &offer);
    b.drain(T0);
    assert_eq!(tracks(&b)[0].1.len(), 1);
}

// RTCRtpSender-setStreams.https.html

#[test]
fn streams_that_are_set_are_told() {
    let streams = ["one".to_string(), "two".to_string()];
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    a.connection.set_streams(T0, id, &streams).unwrap();
    negotiate(&mut a, &mut b);
    assert_eq!(tracks(&b)[0].1, streams);
    // Of a transceiver that did not send, and of one that sent in none.
    for direction in [Direction::Inactive, Direction::SendRecv] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, AUDIO, direction);
        negotiate(&mut a, &mut b);
        let before = tracks(&b);
        assert!(before.iter().all(|(_, streams)| streams.is_empty()));
        a.connection.set_direction(T0, id, Direction::SendRecv).unwrap();
        a.connection.set_streams(T0, id, &streams).unwrap();
        negotiate(&mut a, &mut b);
        let after = tracks(&b);
        assert_eq!((after.len(), &after.last().unwrap().1[..]), (before.len() + 1, &streams[..]));
        assert!(after.iter().all(|(track, _)| *track == all(&b)[0].id()), "the same track");
    }
    a.connection.close(T0);
    let set = a.connection.set_streams(T0, id, &streams).map_err(|error| error.name());
    assert_eq!(set, Err("InvalidStateError"));
}
