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

/// What was agreed on, and each change of it that another offer is needed for.
#[test]
fn what_needs_another_offer() {
    type Change = fn(&mut Peer, TransceiverId);
    let streams = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let changes: [(&str, Change, bool); 8] = [
        ("removeTrack", |peer, id| peer.connection.remove_track(T0, id).unwrap(), true),
        ("direction", |peer, id| peer.connection.set_direction(T0, id, Direction::RecvOnly).unwrap(), true),
        (
            "the same direction",
            |peer, id| peer.connection.set_direction(T0, id, Direction::SendRecv).unwrap(),
            false,
        ),
        ("stop", |peer, id| peer.connection.stop_transceiver(T0, id).unwrap(), true),
        ("replaceTrack", |peer, id| peer.connection.replace_track(T0, id, None).unwrap(), false),
        ("addTrack", |peer, _| _ = peer.connection.add_track(T0, AUDIO, "u", &[]).unwrap(), true),
        ("createDataChannel", |peer, _| _ = peer.channel(T0, "x"), true),
        ("restartIce", |peer, _| peer.connection.restart_ice(T0), true),
    ];
    for (name, change, expected) in changes {
        let (mut a, mut b) = pair();
        let id = a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
        negotiate(&mut a, &mut b);
        let before = needed(&mut a);
        change(&mut a, id);
        assert_eq!(needed(&mut a) - before, usize::from(expected), "{name}");
    }
    for (first, second, expected) in [
        (&[][..], &["s"][..], true),
        (&["s"], &["t"], true),
        (&["s"], &["s", "t"], true),
        (&["s", "t"], &["t"], true),
        (&["s", "t"], &[], true),
        (&["s"], &["s"], false),
        (&["s"], &["s", "s"], false),
        (&["s", "t"], &["t", "s"], false),
        (&["s", "t"], &["s", "t", "s"], false),
    ] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, AUDIO, Direction::SendRecv);
        a.connection.set_streams(T0, id, &streams(first)).unwrap();
        negotiate(&mut a, &mut b);
        let before = needed(&mut a);
        a.connection.set_streams(T0, id, &streams(second)).unwrap();
        assert_eq!(needed(&mut a) - before, usize::from(expected), "{first:?} {second:?}");
    }
}

/// The event follows the state that lets it come.
#[test]
fn it_comes_after_the_state() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = describe(&mut a);
    a.channel(T0, "x");
    take(&mut b, &offer);
    b.drain(T0);
    b.channel(T0, "y");
    b.events.clear();
    a.drain(T0);
    a.events.clear();
    let answer = describe(&mut b);
    take(&mut a, &answer);
    for peer in [&mut a, &mut b] {
        peer.drain(T0);
        let place = |wanted: &Event| peer.events.iter().position(|event| event == wanted);
        let (state, needed) =
            (place(&Event::SignalingStateChange(SignalingState::Stable)), place(&Event::NegotiationNeeded));
        assert!(state.is_some() && state < needed, "{:?}", peer.events);
    }
}

/// Who answers and takes its track back meanwhile.
#[test]
fn the_answerers_track_removed_after_the_answer() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::RecvOnly);
    let id = b.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    negotiate(&mut a, &mut b);
    assert!(!b.connection.is_negotiation_needed());
    b.connection.remove_track(T0, id).unwrap();
    assert!(b.connection.is_negotiation_needed());
}

#[test]
fn two_transceivers_one_at_a_time_need_two_offers() {
    let (mut a, mut b) = pair();
    for (count, kind) in [(1, VIDEO), (2, AUDIO)] {
        add(&mut a, kind, Direction::SendRecv);
        assert_eq!(needed(&mut a), count);
        negotiate(&mut a, &mut b);
        assert_eq!(needed(&mut a), count);
    }
}
