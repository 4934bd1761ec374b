//! `RTCPeerConnection-transceivers.https.html`, `RTCRtpTransceiver.https.html`, `RTCPeerConnection-setDescription-transceiver.html`,
//! `RTCPeerConnection-addTransceiver-renegotiation.https.html`, `RTCPeerConnection-rollback-receptive.https.html`,
//! `protocol/transceiver-direction-match.html`
//!
//! What they assert of one side's transceivers alone stands in `wpt_add_transceiver.rs` and `wpt_add_track.rs`, what they
//! assert of `stop` in `wpt_stop.rs`. `setDescription-transceiver` wants a section that an answer rejects to be inactive, where
//! webrtc-pc §4.4.1.5 stops its transceiver: it is stopped here.

use super::*;
use crate::harness::{Pair, ms};
use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
use siskin_netsim::Link;
use siskin_peer::{OutgoingFrame, PeerConnectionState};

fn add_track(peer: &mut Peer, track: &str, streams: &[&str]) -> TransceiverId {
    let streams: Vec<String> = streams.iter().map(ToString::to_string).collect();
    peer.connection.add_track(T0, AUDIO, track, &streams).unwrap()
}

/// What was wanted and what was agreed on, of all transceivers.
fn directions(peer: &Peer) -> Vec<(Option<Direction>, Option<Direction>)> {
    all(peer).iter().map(|known| (known.direction(), known.current_direction())).collect()
}

fn current(peer: &Peer) -> Vec<Option<Direction>> {
    all(peer).iter().map(|known| known.current_direction()).collect()
}

/// The tracks told since that was last asked.
fn told(peer: &mut Peer) -> Vec<(TransceiverId, Vec<String>)> {
    peer.events.clear();
    peer.drain(T0);
    tracks(peer)
}

fn muted(peer: &Peer) -> usize {
    peer.events.iter().filter(|event| matches!(event, Event::TrackMuted(_))).count()
}

#[test]
fn add_track_makes_a_transceiver() {
    let mut peer = peer(1);
    let id = add_track(&mut peer, "t", &["s"]);
    let made = all(&peer);
    assert_eq!(made.iter().map(|known| known.id()).collect::<Vec<_>>(), [id]);
    assert_eq!((made[0].track(), made[0].mid(), made[0].is_stopped()), (Some("t"), None, false));
    assert_eq!(directions(&peer), [(Some(SendRecv), None)]);
    let offer = describe(&mut peer).sdp;
    assert_eq!(get(&peer, id).mid(), Some(line(&offer, "a=mid:").split_at(6).1));
}

#[test]
fn the_offer_reaches_the_other_end() {
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t", &["s"]);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let tracks = told(&mut b);
    assert_eq!(tracks, [(all(&b)[0].id(), vec!["s".to_string()])]);
    assert_eq!((all(&b).len(), all(&b)[0].mid()), (1, get(&a, id).mid()));
    assert_eq!(directions(&b), [(Some(RecvOnly), None)]);
    assert_eq!(directions(&a), [(Some(SendRecv), None)]);
    let answer = describe(&mut b);
    assert_eq!(directions(&b), [(Some(RecvOnly), Some(RecvOnly))]);
    take(&mut a, &answer);
    assert_eq!(directions(&a), [(Some(SendRecv), Some(SendOnly))]);
}

/// By `addTrack` and by `addTransceiver`, with a track or without.
#[test]
fn streams_arrive_as_they_were_named() {
    for streams in [&[][..], &["one"], &["one", "two"]] {
        for by_track in [true, false] {
            let (mut a, mut b) = pair();
            if by_track {
                add_track(&mut a, "t", streams);
            } else {
                let streams = streams.iter().map(ToString::to_string).collect();
                let init = TransceiverInit { streams, ..init(SendRecv) };
                a.connection.add_transceiver(T0, AUDIO, init).unwrap();
            }
            let offer = describe(&mut a);
            take(&mut b, &offer);
            let streams: Vec<String> = streams.iter().map(ToString::to_string).collect();
            assert_eq!(told(&mut b), [(all(&b)[0].id(), streams)]);
        }
    }
}

#[test]
fn add_track_takes_what_add_transceiver_made_and_not_the_other_way_round() {
    let mut peer = peer(1);
    let made = add(&mut peer, AUDIO, SendRecv);
    assert_eq!(add_track(&mut peer, "t", &[]), made);
    assert_eq!(get(&peer, made).track(), Some("t"));
    let init = TransceiverInit { track: Some("u".into()), ..init(SendRecv) };
    let other = peer.connection.add_transceiver(T0, AUDIO, init).unwrap();
    assert_ne!(other, made);
    assert_eq!(get(&peer, other).track(), Some("u"));
}

#[test]
fn two_ways_over_one_transceiver() {
    let (mut a, mut b) = pair();
    let ours = add_track(&mut a, "t", &["a"]);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let theirs = add_track(&mut b, "u", &["b"]);
    assert_eq!((directions(&b), all(&b)[0].id()), (vec![(Some(SendRecv), None)], theirs));
    let answer = describe(&mut b);
    take(&mut a, &answer);
    assert_eq!(told(&mut a), [(ours, vec!["b".to_string()])]);
    for peer in [&a, &b] {
        assert_eq!(directions(peer), [(Some(SendRecv), Some(SendRecv))]);
    }
}

#[test]
fn a_track_that_comes_back_is_told_again() {
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t", &["s"]);
    negotiate(&mut a, &mut b);
    a.connection.set_direction(T0, id, Inactive).unwrap();
    negotiate(&mut a, &mut b);
    b.events.clear();
    a.connection.set_direction(T0, id, SendRecv).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    assert_eq!(told(&mut b).len(), 1);
}

/// An offer of the other side, made and answered meanwhile, changes neither the track nor the wish.
#[test]
fn what_was_set_does_not_revert() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, RecvOnly);
    a.connection.create_offer(T0, OfferOptions::default()).unwrap();
    let offer = b.connection.create_offer(T0, OfferOptions::default()).unwrap();
    a.connection.set_direction(T0, id, Inactive).unwrap();
    take(&mut a, &offer);
    describe(&mut a);
    assert_eq!(get(&a, id).direction(), Some(Inactive));
    assert_eq!(add_track(&mut a, "t", &[]), id);
    assert_eq!(get(&a, id).track(), Some("t"));
}

/// Only what `addTrack` made, or gave a track, is for an offer of the peer's.
#[test]
fn who_is_paired_with_an_offer() {
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Peer), bool);
    let cases: [Case<'_>; 6] = [
        ("addTransceiver", &|peer| _ = add(peer, AUDIO, SendRecv), false),
        (
            "addTransceiver with a track",
            &|peer| {
                let init = TransceiverInit { track: Some("t".into()), ..init(SendRecv) };
                _ = peer.connection.add_transceiver(T0, AUDIO, init).unwrap();
            },
            false,
        ),
        (
            "addTransceiver and replaceTrack",
            &|peer| {
                let id = add(peer, AUDIO, SendRecv);
                peer.connection.replace_track(T0, id, Some("t")).unwrap();
            },
            false,
        ),
        ("addTrack", &|peer| _ = add_track(peer, "t", &[]), true),
        (
            "addTrack and replaceTrack with none",
            &|peer| {
                let id = add_track(peer, "t", &[]);
                peer.connection.replace_track(T0, id, None).unwrap();
            },
            true,
        ),
        (
            "addTrack of another kind",
            &|peer| _ = peer.connection.add_track(T0, VIDEO, "t", &[]).unwrap(),
            false,
        ),
    ];
    for (name, prepare, paired) in cases {
        let (mut a, mut b) = pair();
        add(&mut a, AUDIO, SendRecv);
        prepare(&mut b);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        assert_eq!(all(&b).len(), if paired { 1 } else { 2 }, "{name}");
        assert_eq!(all(&b)[0].mid().is_some(), paired, "{name}");
        assert_eq!(told(&mut b).len(), 1, "{name}");
    }
}

/// `protocol/transceiver-direction-match.html`
#[test]
fn a_track_goes_to_the_section_that_wants_it() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, SendOnly);
    add(&mut a, AUDIO, RecvOnly);
    let id = add_track(&mut b, "t", &[]);
    negotiate(&mut a, &mut b);
    assert_eq!(get(&b, id).mid(), all(&a)[1].mid());
}

#[test]
fn removing_and_adding_again_makes_another() {
    let (mut a, mut b) = pair();
    let first = add_track(&mut a, "t", &[]);
    negotiate(&mut a, &mut b);
    a.connection.remove_track(T0, first).unwrap();
    let second = add_track(&mut a, "t", &[]);
    assert_eq!(directions(&a), [(Some(RecvOnly), Some(SendOnly)), (Some(SendRecv), None)]);
    negotiate(&mut a, &mut b);
    assert_eq!(current(&b), [Some(Inactive), Some(RecvOnly)]);
    a.connection.remove_track(T0, second).unwrap();
    add_track(&mut a, "t", &[]);
    // Now as the answerer: what the track is on needs a section of the other's.
    add(&mut b, AUDIO, SendRecv);
    negotiate(&mut b, &mut a);
    assert_eq!(current(&b), [Some(Inactive), Some(Inactive), Some(SendRecv)]);
}

#[test]
fn adding_and_removing_before_and_after_the_offer() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, SendRecv);
    for _ in 0..2 {
        assert_eq!(add_track(&mut peer, "t", &[]), id);
        peer.connection.remove_track(T0, id).unwrap();
        describe(&mut peer);
    }
    assert_eq!(directions(&peer), [(Some(RecvOnly), None)]);
}

#[test]
fn removed_tracks_leave_their_streams_and_a_rollback_brings_them_back() {
    let (mut a, mut b) = pair();
    let first = add_track(&mut a, "t", &["s"]);
    let second = a.connection.add_track(T0, VIDEO, "v", &["s".into()]).unwrap();
    a.connection.set_direction(T0, second, SendOnly).unwrap();
    let both = describe(&mut a);
    take(&mut b, &both);
    assert_eq!(told(&mut b).len(), 2);
    b.events.clear();
    take(&mut b, &rollback());
    b.drain(T0);
    assert_eq!(muted(&b), 2);
    take(&mut b, &both);
    assert_eq!(told(&mut b).len(), 2);
    let answer = describe(&mut b);
    take(&mut a, &answer);
    a.connection.remove_track(T0, first).unwrap();
    assert!(a.connection.is_negotiation_needed());
    a.connection.remove_track(T0, second).unwrap();
    let wanted: Vec<_> = all(&a).iter().map(|known| (known.track(), known.direction())).collect();
    assert_eq!(wanted, [(None, Some(RecvOnly)), (None, Some(Inactive))]);
    let neither = offer(&offer_of(&mut a));
    take(&mut b, &neither);
    assert_eq!((told(&mut b).len(), muted(&b)), (0, 2));
    take(&mut b, &rollback());
    let again = told(&mut b);
    assert_eq!(again.len(), 2, "a rollback of the removal tells them again");
    assert!(again.iter().all(|(_, streams)| streams == &["s"]));
    // The other side's offer has the same effect.
    negotiate(&mut b, &mut a);
    assert_eq!((current(&b), muted(&b)), (vec![Some(Inactive), Some(Inactive)], 2));
}

#[test]
fn the_current_direction_changes_with_answers_only() {
    let (mut a, mut b) = pair();
    add_track(&mut a, "t", &["a"]);
    let theirs = add_track(&mut b, "u", &["b"]);
    negotiate(&mut a, &mut b);
    assert_eq!((current(&a), current(&b)), (vec![Some(SendRecv)], vec![Some(SendRecv)]));
    let (mut now, mut heard) = ((SendRecv, SendRecv), Vec::new());
    for (wanted, after) in [(SendOnly, (RecvOnly, SendOnly)), (SendRecv, (SendRecv, SendRecv))] {
        (a.events, b.events) = (Vec::new(), Vec::new());
        b.connection.set_direction(T0, theirs, wanted).unwrap();
        let offer = describe(&mut b);
        take(&mut a, &offer);
        a.connection.create_answer(T0).unwrap();
        assert_eq!((current(&a), current(&b)), (vec![Some(now.0)], vec![Some(now.1)]));
        let answer = describe(&mut a);
        take(&mut b, &answer);
        assert_eq!((current(&a), current(&b)), (vec![Some(after.0)], vec![Some(after.1)]));
        now = after;
        heard.push((told(&mut a).len(), told(&mut b).len()));
    }
    assert_eq!(heard, [(0, 0), (0, 1)], "b is told of a's track again");
}

#[test]
fn sections_without_names() {
    let strip = |sdp: &str| sdp.replace("a=mid:", "a=unknown:").replace("a=group:", "a=unknown:");
    // An offer without them: the transceiver gets a name, the answer has none.
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t", &["s"]);
    let described = describe(&mut a);
    take(&mut b, &offer(&strip(&described.sdp)));
    assert!(all(&b)[0].mid().is_some());
    let answer = describe(&mut b);
    assert!(!answer.sdp.contains("a=mid:") && !answer.sdp.contains("a=group:"), "{}", answer.sdp);
    take(&mut a, &answer);
    assert_eq!((current(&a), current(&b)), (vec![Some(SendOnly)], vec![Some(RecvOnly)]));
    let mid = get(&a, id).mid().map(String::from);
    // Again, with another section.
    let second = a.connection.add_track(T0, VIDEO, "v", &["s".into()]).unwrap();
    let described = describe(&mut a);
    take(&mut b, &offer(&strip(&described.sdp)));
    let answer = describe(&mut b);
    take(&mut a, &answer);
    assert_eq!((all(&b).len(), current(&a)), (2, vec![Some(SendOnly), Some(SendOnly)]));
    assert_ne!(all(&b)[0].mid(), all(&b)[1].mid());
    assert_eq!((get(&a, id).mid(), get(&a, second).mid().is_some()), (mid.as_deref(), true));
    // What b offers has names, and a takes it.
    let (offer, _) = negotiate(&mut b, &mut a);
    assert!(!offer.contains("a=mid:\r\n"), "{offer}");

    // An answer without them.
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t", &["s"]);
    let described = describe(&mut a);
    take(&mut b, &described);
    let mut answer = describe(&mut b);
    answer.sdp = strip(&answer.sdp);
    let mid = get(&a, id).mid().map(String::from);
    take(&mut a, &answer);
    assert_eq!((get(&a, id).mid(), current(&a)), (mid.as_deref(), vec![Some(SendOnly)]));
    describe(&mut a);
    assert_eq!((get(&a, id).mid(), current(&a)), (mid.as_deref(), vec![Some(SendOnly)]));
}

/// And media flow between such ends.
#[test]
fn media_flow_without_names() {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    let mut pair = Pair::with(40, Link::new(ms(5)), config.clone(), config);
    let id = pair.a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    let strip = |mut description: SessionDescription| {
        let sdp = description.sdp.replace("a=mid:", "a=unknown:").replace("a=group:", "a=unknown:");
        description.sdp = sdp.replace("urn:ietf:params:rtp-hdrext:sdes:mid", "urn:unknown");
        description
    };
    let offer = describe(&mut pair.a);
    take(&mut pair.b, &strip(offer));
    let answer = describe(&mut pair.b);
    take(&mut pair.a, &strip(answer));
    pair.run_until(ms(5_000), |a, b| [a, b].iter().all(|peer| peer.saw(PeerConnectionState::Connected)));
    for number in 0..20 {
        let frame = OutgoingFrame::new(111, number * 960, vec![0xfc, 1, 2].into());
        pair.a.connection.send_frame(pair.now(), id, None, frame).unwrap();
        pair.run(ms(20));
    }
    pair.run(ms(500));
    assert_eq!(pair.b.events.iter().filter(|event| matches!(event, Event::Frame(_))).count(), 20);
}

/// `RTCPeerConnection-addTransceiver-renegotiation.https.html`
#[test]
fn media_flow_over_a_second_transceiver_that_came_later() {
    for (kind, payload_type, first) in [(AUDIO, 111, SendOnly), (AUDIO, 111, Inactive), (VIDEO, 96, SendOnly)]
    {
        let mut config = config();
        config.media = Some(MediaConfig::default());
        let mut pair = Pair::with(41, Link::new(ms(5)), config.clone(), config);
        add(&mut pair.a, kind, RecvOnly);
        let mut sender = TransceiverId(0);
        for (number, direction) in [first, SendOnly].into_iter().enumerate() {
            if number > 0 {
                let now = pair.now();
                pair.a.connection.add_transceiver(now, kind, init(RecvOnly)).unwrap();
            }
            let now = pair.now();
            pair.a.connection.set_local_description(now, None).unwrap();
            let offer = pair.a.connection.local_description().unwrap();
            pair.b.connection.set_remote_description(now, offer).unwrap();
            sender = all(&pair.b)[number].id();
            pair.b.connection.set_direction(now, sender, direction).unwrap();
            pair.b.connection.replace_track(now, sender, Some("t")).unwrap();
            pair.b.connection.set_local_description(now, None).unwrap();
            let answer = pair.b.connection.local_description().unwrap();
            pair.a.connection.set_remote_description(now, answer).unwrap();
            pair.run_until(ms(5_000), |a, b| {
                [a, b].iter().all(|peer| peer.saw(PeerConnectionState::Connected))
            });
        }
        for number in 0..12 {
            let data = vec![0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0, number];
            let frame = OutgoingFrame::new(payload_type, u32::from(number) * 3_000, data.into());
            pair.b.connection.send_frame(pair.now(), sender, None, frame).unwrap();
            pair.run(ms(33));
        }
        pair.run(ms(500));
        let second = all(&pair.a)[1].id();
        let of = |event: &&Event| matches!(event, Event::Frame(frame) if frame.transceiver == second);
        assert_eq!(pair.a.events.iter().filter(of).count(), 12, "{kind:?} {first:?}");
    }
}

#[test]
fn a_rollback_frees_this_rounds_names_only() {
    let (mut a, mut b) = pair();
    let first = add(&mut a, AUDIO, SendRecv);
    negotiate(&mut a, &mut b);
    let second = add(&mut a, VIDEO, SendRecv);
    assert_eq!((get(&a, first).mid(), get(&a, second).mid()), (Some("0"), None));
    describe(&mut a);
    assert_eq!(get(&a, second).mid(), Some("1"));
    a.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!((get(&a, first).mid(), get(&a, second).mid()), (Some("0"), None));
}

/// Wishes and tracks are nobody's but the user's.
#[test]
fn a_rollback_leaves_what_was_set_alone() {
    let mut peer = peer(1);
    let id = add_track(&mut peer, "t", &[]);
    describe(&mut peer);
    peer.connection.set_direction(T0, id, SendOnly).unwrap();
    peer.connection.replace_track(T0, id, Some("u")).unwrap();
    peer.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!((get(&peer, id).track(), get(&peer, id).mid()), (Some("u"), None));
    assert_eq!(directions(&peer), [(Some(SendOnly), None)]);
    describe(&mut peer);
    peer.connection.stop_transceiver(T0, id).unwrap();
    peer.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!(get(&peer, id).direction(), None, "stopping is not rolled back");
}

#[test]
fn after_a_rollback_another_kind_may_be_offered() {
    let (mut a, mut b) = pair();
    let audio = add_track(&mut a, "t", &[]);
    b.connection.add_track(T0, VIDEO, "v", &[]).unwrap();
    describe(&mut a);
    a.connection.set_local_description(T0, Some(rollback())).unwrap();
    negotiate(&mut b, &mut a);
    assert_eq!(get(&a, audio).mid(), None);
    assert_eq!(directions(&a), [(Some(SendRecv), None), (Some(RecvOnly), Some(RecvOnly))]);
    assert_eq!(directions(&b), [(Some(SendRecv), Some(SendOnly))]);
    negotiate(&mut a, &mut b);
    assert_eq!(current(&a), [Some(SendOnly), Some(RecvOnly)]);
}

/// `RTCPeerConnection-rollback-receptive.https.html`, `checkRemoteRollback`
#[test]
fn offers_rolled_back_again_and_again() {
    let (mut a, mut b) = pair();
    add_track(&mut a, "t", &["s"]);
    let described = describe(&mut a);
    for round in 0..3 {
        take(&mut b, &described);
        assert_eq!(told(&mut b).len(), 1);
        assert_eq!(directions(&b), [(Some(RecvOnly), None)]);
        let id = all(&b)[0].id();
        match round {
            // Neither a track that was put there nor a direction keeps it.
            1 => {
                b.connection.replace_track(T0, id, Some("u")).unwrap();
                b.connection.set_direction(T0, id, SendRecv).unwrap();
            }
            2 => assert_eq!(add_track(&mut b, "u", &["b"]), id),
            _ => {}
        }
        take(&mut b, &rollback());
        assert_eq!(all(&b).len(), usize::from(round == 2), "round {round}");
    }
    assert_eq!((all(&b)[0].mid(), directions(&b)), (None, vec![(Some(SendRecv), None)]));
    // What is left of that is taken by the same offer.
    take(&mut b, &described);
    assert_eq!(told(&mut b), [(all(&b)[0].id(), vec!["s".to_string()])]);
    let answer = describe(&mut b);
    take(&mut a, &answer);
    assert_eq!(told(&mut a)[0].1, ["b"]);
    assert_eq!((current(&a), current(&b)), (vec![Some(SendRecv)], vec![Some(SendRecv)]));
}

#[test]
fn a_rollback_of_other_streams() {
    let (mut a, mut b) = pair();
    let id = add_track(&mut a, "t", &["one"]);
    negotiate(&mut a, &mut b);
    a.connection.set_streams(T0, id, &["two".into()]).unwrap();
    let described = offer(&offer_of(&mut a));
    take(&mut b, &described);
    assert_eq!(told(&mut b)[0].1, ["two"], "another stream is told");
    take(&mut b, &rollback());
    assert_eq!(told(&mut b)[0].1, ["one"], "and the one before again");
    // One stream less is no news.
    a.connection.set_streams(T0, id, &["one".into(), "two".into()]).unwrap();
    negotiate(&mut a, &mut b);
    a.connection.set_streams(T0, id, &["two".into()]).unwrap();
    b.events.clear();
    let described = describe(&mut a);
    take(&mut b, &described);
    assert!(told(&mut b).is_empty());
    assert_eq!(all(&b)[0].remote_streams(), ["two"]);
}
