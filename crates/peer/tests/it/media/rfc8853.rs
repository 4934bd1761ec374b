//! Simulcast in offer and answer beyond what the W3C knows of it: offers that ask for it (RFC 8853 §5.3.1), and what RFC 8851 says of RIDs.

use super::*;
use crate::harness::{Pair, ms};
use siskin_netsim::Link;
use siskin_peer::OutgoingFrame;
use siskin_peer::stats::StatsKind;

fn asks(peer: &mut Peer, direction: Direction, rids: &[&str]) -> TransceiverId {
    let receive_encodings = rids.iter().map(ToString::to_string).collect();
    let init = TransceiverInit { receive_encodings, ..init(direction) };
    peer.connection.add_transceiver(T0, VIDEO, init).unwrap()
}

fn with_media() -> siskin_peer::Config {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    config
}

/// A frame of VP8, its number in it.
fn vp8(number: u8, len: usize) -> bytes::Bytes {
    let mut frame = vec![0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0, number];
    frame.resize(len, 7);
    frame.into()
}

/// Sends frames of each encoding, longer ones of later encodings.
fn play(pair: &mut Pair, id: TransceiverId, rids: &[&str], frames: u8) {
    for number in 0..frames {
        let now = pair.now();
        for (rid, len) in rids.iter().zip([400, 900, 2_000]) {
            let frame = OutgoingFrame::new(96, u32::from(number) * 3_000, vp8(number, len));
            pair.b.connection.send_frame(now, id, Some(rid), frame).unwrap();
        }
        pair.run(ms(33));
    }
    pair.run(ms(1_000));
}

fn arrived(peer: &Peer, rid: &str) -> usize {
    let frame = |event: &&Event| matches!(event, Event::Frame(frame) if frame.rid.as_deref() == Some(rid));
    peer.events.iter().filter(frame).count()
}

#[test]
fn rfc8853_5_3_1_an_offer_asks_for_simulcast() {
    let (mut a, mut b) = pair();
    let id = asks(&mut a, Direction::RecvOnly, &["hi", "lo"]);
    b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    let (offer, answer) = negotiate(&mut a, &mut b);
    for line in ["a=recvonly", "a=rid:hi recv", "a=rid:lo recv", "a=simulcast:recv hi;lo"] {
        assert!(has(&offer, line), "{line} is missing in {offer}");
    }
    for line in ["a=sendonly", "a=rid:hi send", "a=rid:lo send", "a=simulcast:send hi;lo"] {
        assert!(has(&answer, line), "{line} is missing in {answer}");
    }
    assert_eq!(get(&a, id).received_rids(), ["hi", "lo"]);
    assert_eq!(all(&b)[0].sent_rids(), ["hi", "lo"]);
    // Later offers of either side keep it.
    for _ in 0..2 {
        let (offer, answer) = negotiate(&mut b, &mut a);
        assert!(
            has(&offer, "a=simulcast:send hi;lo") && has(&answer, "a=simulcast:recv hi;lo"),
            "{offer}{answer}"
        );
        let (offer, answer) = negotiate(&mut a, &mut b);
        assert!(
            has(&offer, "a=simulcast:recv hi;lo") && has(&answer, "a=simulcast:send hi;lo"),
            "{offer}{answer}"
        );
    }
    assert_eq!(get(&a, id).received_rids(), ["hi", "lo"]);
}

/// Both directions in one section, as RFC 8853 §5.6.1 has them.
#[test]
fn rfc8853_5_6_1_both_directions() {
    let (mut a, mut b) = pair();
    let init = TransceiverInit {
        send_encodings: ["1", "2"].map(Into::into).to_vec(),
        receive_encodings: ["3", "4"].map(String::from).to_vec(),
        ..init(Direction::SendRecv)
    };
    let id = a.connection.add_transceiver(T0, VIDEO, init).unwrap();
    b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(has(&offer, "a=simulcast:send 1;2 recv 3;4"), "{offer}");
    assert!(has(&answer, "a=simulcast:send 3;4 recv 1;2"), "{answer}");
    for (peer, id, sent, received) in
        [(&a, id, ["1", "2"], ["3", "4"]), (&b, all(&b)[0].id(), ["3", "4"], ["1", "2"])]
    {
        assert_eq!(
            (get(peer, id).sent_rids(), get(peer, id).received_rids()),
            (sent.to_vec(), &received.map(String::from)[..])
        );
    }
}

#[test]
fn rfc8851_6_1_a_rid_stands_once_in_a_section() {
    let mut peer = peer(1);
    let twice = TransceiverInit {
        send_encodings: vec!["a".into()],
        receive_encodings: vec!["a".into()],
        ..TransceiverInit::default()
    };
    let refused = peer.connection.add_transceiver(T0, VIDEO, twice).map_err(|error| error.name());
    assert_eq!(refused, Err("TypeError"));
    // For sound there is none, and who does not receive asks for none.
    for (kind, direction) in [(AUDIO, Direction::SendRecv), (VIDEO, Direction::SendOnly)] {
        let receive_encodings = vec!["a".into(), "b".into()];
        let init = TransceiverInit { receive_encodings, ..init(direction) };
        peer.connection.add_transceiver(T0, kind, init).unwrap();
    }
    assert!(!offer_of(&mut peer).contains("simulcast"));
}

/// An answer of fewer streams, and one of none.
#[test]
fn rfc8853_5_3_3_what_the_answer_leaves_out_does_not_come() {
    for (from, to, left) in [
        ("a=simulcast:send hi;lo", "a=simulcast:send lo", &["lo"][..]),
        ("a=simulcast:send hi;lo\r\n", "", &[]),
        // RFC 8853 §5.2: what is not defined is not there, and so is what nobody asked for.
        ("a=rid:hi send\r\n", "", &["lo"]),
        ("a=rid:hi send\r\n", "a=rid:hi recv\r\n", &["lo"]),
        ("send hi;lo", "send hi;lo;other", &["hi", "lo"]),
        // §5.3.2: two lines are none.
        ("a=simulcast:send hi;lo", "a=simulcast:send hi;lo\r\na=simulcast:send lo", &[]),
    ] {
        let (mut a, mut b) = pair();
        let id = asks(&mut a, Direction::RecvOnly, &["hi", "lo"]);
        b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let mut answer = describe(&mut b);
        assert!(answer.sdp.contains(from), "{}", answer.sdp);
        answer.sdp = answer.sdp.replace(from, to);
        take(&mut a, &answer);
        assert_eq!(get(&a, id).received_rids(), left, "{to}");
        let again = offer_of(&mut a);
        assert_eq!(
            again.contains("a=simulcast:recv"),
            !left.is_empty(),
            "what is gone is not asked for again: {again}"
        );
    }
}

/// RFC 8851 §6.2.2, §6.4: restrictions would bind an encoder that is not ours; on what the peer sends they are its own affair.
#[test]
fn rfc8851_6_2_2_restricted_streams_are_not_sent_but_received() {
    let (mut a, mut b) = pair();
    asks(&mut a, Direction::RecvOnly, &["hi", "mid", "lo"]);
    let id = b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    let mut offer = describe(&mut a);
    offer.sdp = offer.sdp.replace("a=rid:mid recv", "a=rid:mid recv max-width=640");
    offer.sdp = offer.sdp.replace("a=rid:lo recv", "a=rid:lo recv pt=96");
    take(&mut b, &offer);
    assert_eq!(get(&b, id).sent_rids(), ["hi"]);
    assert!(has(&describe(&mut b).sdp, "a=simulcast:send hi"));

    let (mut a, mut b) = pair();
    let send_encodings = ["hi", "lo"].map(Into::into).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendOnly) };
    a.connection.add_transceiver(T0, VIDEO, init).unwrap();
    let mut offer = describe(&mut a);
    offer.sdp = offer.sdp.replace("a=rid:lo send", "a=rid:lo send pt=96;max-width=320");
    take(&mut b, &offer);
    let answer = describe(&mut b).sdp;
    assert!(has(&answer, "a=simulcast:recv hi;lo") && has(&answer, "a=rid:lo recv"), "{answer}");
}

/// A peer cannot make us send any number of encodings.
#[test]
fn a_flood_of_rids_is_cut() {
    let (mut a, mut b) = pair();
    let many: Vec<String> = (0..60).map(|n| format!("r{n}")).collect();
    asks(&mut a, Direction::RecvOnly, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let id = b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    let (_, answer) = negotiate(&mut a, &mut b);
    assert_eq!(get(&b, id).sent_rids(), &many[..8]);
    assert!(has(&answer, "a=simulcast:send r0;r1;r2;r3;r4;r5;r6;r7"), "{answer}");
    assert_eq!(all(&a)[0].received_rids(), &many[..8]);
}

/// One RID is no simulcast: its line stands alone (RFC 9429 §5.2.1). Only an answer can leave one: a single encoding needs no name
/// (webrtc-pc §5.1).
#[test]
fn rfc9429_5_2_1_a_lone_rid() {
    let (mut a, mut b) = pair();
    let send_encodings = ["left", "other"].map(Into::into).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendOnly) };
    let id = a.connection.add_transceiver(T0, VIDEO, init).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    let kept = |line: &&str| !line.starts_with("a=simulcast:");
    let sdp = answer.sdp.split_inclusive("\r\n").filter(kept).collect();
    take(&mut a, &SessionDescription { sdp, ..answer });
    assert_eq!(get(&a, id).sent_rids(), ["left"]);
    let (offer, _) = negotiate(&mut a, &mut b);
    assert!(has(&offer, "a=rid:left send") && !offer.contains("simulcast"), "{offer}");
    assert_eq!(get(&a, id).sent_rids(), ["left"]);
}

/// Who offered to receive gets the layers under their names, goes on getting them after it offered again, and after the other has
/// narrowed them; `outbound-rtp` tells of each (`simulcast/getStats.https.html`); one that gets no frames sends nothing, and stops
/// no other (`simulcast/setParameters-active.https.html`).
#[test]
fn layers_come_to_who_asked_for_them() {
    let mut pair = Pair::with(31, Link::new(ms(5)), with_media(), with_media());
    let rids = ["f", "h", "q"];
    asks(&mut pair.a, Direction::RecvOnly, &rids);
    let camera = pair.b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    pair.negotiate();
    pair.run_until(ms(5_000), |a, b| {
        [a, b].iter().all(|peer| peer.saw(siskin_peer::PeerConnectionState::Connected))
    });
    play(&mut pair, camera, &rids, 10);
    for rid in rids {
        assert_eq!(arrived(&pair.a, rid), 10, "{rid}");
    }
    let outbound = |pair: &Pair| {
        let stats = pair.b.connection.get_stats(pair.now());
        let mut rids: Vec<(Option<String>, u32)> = Vec::new();
        for known in &stats {
            if let StatsKind::OutboundRtp(stream) = &known.kind {
                rids.push((stream.rid.clone(), stream.frames_sent.unwrap_or_default() as u32));
            }
        }
        rids.sort();
        rids
    };
    assert_eq!(outbound(&pair), rids.map(|rid| (Some(rid.to_string()), 10)));

    // Again an offer, with audio in it; the layer that is silent stays silent alone.
    add(&mut pair.a, AUDIO, Direction::RecvOnly);
    pair.negotiate();
    play(&mut pair, camera, &["f", "h"], 5);
    assert_eq!(rids.map(|rid| arrived(&pair.a, rid)), [15, 15, 10]);

    // The sender's own offer, answered with one layer less.
    let now = pair.now();
    pair.b.connection.set_local_description(now, None).unwrap();
    let offer = pair.b.connection.local_description().unwrap();
    pair.a.connection.set_remote_description(now, offer).unwrap();
    pair.a.connection.set_local_description(now, None).unwrap();
    let mut answer = pair.a.connection.local_description().unwrap();
    answer.sdp = answer.sdp.replace("a=simulcast:recv f;h;q", "a=simulcast:recv h;q");
    pair.b.connection.set_remote_description(now, answer).unwrap();
    assert_eq!(get(&pair.b, camera).sent_rids(), ["h", "q"]);
    play(&mut pair, camera, &["h", "q"], 5);
    assert_eq!(rids.map(|rid| arrived(&pair.a, rid)), [15, 20, 15]);
    let frame = OutgoingFrame::new(96, 0, vp8(0, 100));
    let gone = pair.b.connection.send_frame(pair.now(), camera, Some("f"), frame);
    assert_eq!(gone.map_err(|error| error.name()), Err("InvalidStateError"));
}

/// After an answer without simulcast the first layer goes on, with its name or without one, and packets do not bear it.
#[test]
fn without_simulcast_one_layer_goes_on() {
    let mut pair = Pair::with(32, Link::new(ms(5)), with_media(), with_media());
    let send_encodings = ["f", "h"].map(Into::into).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendOnly) };
    let id = pair.b.connection.add_transceiver(T0, VIDEO, init).unwrap();
    pair.b.connection.set_local_description(T0, None).unwrap();
    pair.a.connection.set_remote_description(T0, pair.b.connection.local_description().unwrap()).unwrap();
    pair.a.connection.set_local_description(T0, None).unwrap();
    let mut answer = pair.a.connection.local_description().unwrap();
    answer.sdp = ["a=rid:f recv\r\n", "a=rid:h recv\r\n", "a=simulcast:recv f;h\r\n"]
        .iter()
        .fold(answer.sdp, |sdp, line| sdp.replace(line, ""));
    pair.b.connection.set_remote_description(T0, answer).unwrap();
    pair.run_until(ms(5_000), |a, b| {
        [a, b].iter().all(|peer| peer.saw(siskin_peer::PeerConnectionState::Connected))
    });
    for (number, rid) in [(0, None), (1, Some("f")), (2, None)] {
        let frame = OutgoingFrame::new(96, u32::from(number) * 3_000, vp8(number, 500));
        pair.b.connection.send_frame(pair.now(), id, rid, frame).unwrap();
        pair.run(ms(33));
    }
    pair.run(ms(1_000));
    let frames: Vec<_> = pair
        .a
        .events
        .iter()
        .filter_map(|event| if let Event::Frame(f) = event { Some(f) } else { None })
        .collect();
    assert_eq!(frames.len(), 3);
    assert!(frames.iter().all(|frame| frame.rid.is_none()));
}
