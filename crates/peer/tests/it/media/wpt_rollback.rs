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

fn states(peer: &mut Peer) -> Vec<SignalingState> {
    peer.drain(T0);
    let state = |event: &Event| match event {
        Event::SignalingStateChange(state) => Some(*state),
        _ => None,
    };
    peer.events.iter().filter_map(state).collect()
}

fn roll_back(peer: &mut Peer, local: bool) -> Result<(), &'static str> {
    let result = match local {
        true => peer.connection.set_local_description(T0, Some(rollback())),
        false => peer.connection.set_remote_description(T0, rollback()),
    };
    result.map_err(|error| error.name())
}

#[test]
fn each_side_takes_back_its_own_offer_only() {
    let (mut a, mut b) = pair();
    assert_eq!(
        (roll_back(&mut a, true), roll_back(&mut a, false)),
        (Err("InvalidStateError"), Err("InvalidStateError"))
    );
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = describe(&mut a);
    assert_eq!(roll_back(&mut a, false), Err("InvalidStateError"));
    take(&mut b, &offer);
    assert_eq!(roll_back(&mut b, true), Err("InvalidStateError"));
    // The text does not matter.
    let nonsense = SessionDescription { kind: SdpType::Rollback, sdp: "!<Invalid SDP Content>;".into() };
    a.connection.set_local_description(T0, Some(nonsense.clone())).unwrap();
    b.connection.set_remote_description(T0, nonsense).unwrap();
    for peer in [&mut a, &mut b] {
        assert!(
            peer.connection.local_description().is_none() && peer.connection.remote_description().is_none()
        );
        assert_eq!(states(peer).last(), Some(&SignalingState::Stable));
    }
    // An answer that was set is the end of it.
    negotiate(&mut a, &mut b);
    assert_eq!(
        (roll_back(&mut a, true), roll_back(&mut b, false)),
        (Err("InvalidStateError"), Err("InvalidStateError"))
    );
    assert_eq!(
        (roll_back(&mut b, true), roll_back(&mut a, false)),
        (Err("InvalidStateError"), Err("InvalidStateError"))
    );
}

/// An offer that was made before is set after all: what came between was taken back.
#[test]
fn an_offer_of_before_is_good_after_it() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, VIDEO, "v", &[]).unwrap();
    add(&mut b, AUDIO, Direction::RecvOnly);
    add(&mut b, VIDEO, Direction::RecvOnly);
    let theirs = describe(&mut b);
    take(&mut a, &theirs);
    assert_eq!(all(&a)[0].mid(), Some("1"));
    take(&mut a, &rollback());
    assert_eq!(all(&a).iter().map(|known| known.mid()).collect::<Vec<_>>(), [None]);
    let ours = a.connection.create_offer(T0, OfferOptions::default()).unwrap();
    a.connection.set_local_description(T0, Some(ours)).unwrap();
    assert_eq!(all(&a)[0].mid(), Some("0"));
}

#[test]
fn glare_passes_through_the_stable_state() {
    for by_track in [true, false] {
        let (mut a, mut b) = pair();
        for peer in [&mut a, &mut b] {
            match by_track {
                true => _ = peer.connection.add_track(T0, AUDIO, "t", &[]).unwrap(),
                false => _ = add(peer, AUDIO, Direction::SendRecv),
            }
        }
        describe(&mut a);
        a.drain(T0);
        let needed =
            |peer: &Peer| peer.events.iter().filter(|event| **event == Event::NegotiationNeeded).count();
        assert_eq!(needed(&a), 1);
        let theirs = describe(&mut b);
        take(&mut a, &theirs);
        a.drain(T0);
        assert_eq!(needed(&a), 1, "not before it is stable again");
        describe(&mut a);
        use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
        assert_eq!(states(&mut a), [HaveLocalOffer, Stable, HaveRemoteOffer, Stable]);
        // A transceiver that was paired with the offer needs no other, and one that was not does.
        assert_eq!((needed(&a), all(&a).len()), if by_track { (1, 1) } else { (2, 2) });
    }
}

#[test]
fn two_transceivers_that_wanted_one_name() {
    let (mut a, mut b) = pair();
    let ours = add(&mut a, VIDEO, Direction::SendOnly);
    add(&mut b, VIDEO, Direction::SendOnly);
    describe(&mut a);
    let theirs = describe(&mut b);
    let first = get(&a, ours).mid().map(String::from);
    assert_eq!(first.as_deref(), all(&b)[0].mid());
    take(&mut a, &theirs);
    assert_eq!(all(&a).iter().map(|known| known.mid()).collect::<Vec<_>>(), [None, first.as_deref()]);
    describe(&mut a);
    describe(&mut a);
    assert!(get(&a, ours).mid().is_some() && get(&a, ours).mid() != first.as_deref());
}

/// After a first round: either side's second offer is taken back, and the other's taken.
#[test]
fn rollbacks_of_a_later_round() {
    let (mut a, mut b) = pair();
    a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    negotiate(&mut a, &mut b);
    b.connection.add_track(T0, VIDEO, "v", &[]).unwrap();
    // Ours: the audio section and its transport are left alone, and so is a direction that was set.
    let audio = all(&b)[0].id();
    b.connection.set_direction(T0, audio, Direction::SendRecv).unwrap();
    describe(&mut b);
    assert_eq!(roll_back(&mut b, true), Ok(()));
    assert_eq!(all(&b).iter().map(|known| known.mid()).collect::<Vec<_>>(), [Some("0"), None]);
    assert_eq!(get(&b, audio).direction(), Some(Direction::SendRecv));
    assert_eq!(get(&b, audio).current_direction(), Some(Direction::RecvOnly));
    // Theirs.
    a.connection.add_track(T0, VIDEO, "w", &[]).unwrap();
    let theirs = describe(&mut a);
    take(&mut b, &theirs);
    assert_eq!(all(&b)[1].mid(), Some("1"));
    assert_eq!(roll_back(&mut b, false), Ok(()));
    assert_eq!(all(&b).len(), 2);
    // And then ours, by glare.
    let ours = describe(&mut b);
    take(&mut a, &ours);
    let answer = describe(&mut a);
    take(&mut b, &answer);
    for peer in [&a, &b] {
        assert!(all(peer).iter().all(|known| known.current_direction() == Some(Direction::SendRecv)));
        assert_eq!(all(peer).len(), 2);
    }
}

#[test]
fn a_data_channel_alone_is_rolled_back_too() {
    let (mut a, mut b) = pair();
    add(&mut a, VIDEO, Direction::SendRecv);
    let channel = b.channel(T0, "dummy");
    describe(&mut b);
    let theirs = describe(&mut a);
    take(&mut b, &theirs);
    assert_eq!(b.connection.signaling_state(), SignalingState::HaveRemoteOffer);
    describe(&mut b);
    let offer = describe(&mut b);
    assert_eq!(sections(&offer.sdp), 2, "{}", offer.sdp);
    b.drain(T0);
    assert!(!b.events.contains(&Event::ChannelClosed(channel)));
}

#[test]
fn a_transceiver_that_goes_may_be_touched() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let id = all(&b)[0].id();
    take(&mut b, &rollback());
    assert_eq!(b.connection.remove_track(T0, id).unwrap_err().name(), "InvalidAccessError");
}
