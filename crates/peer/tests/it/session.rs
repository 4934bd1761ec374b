//! Whole sessions: set up, used, restarted, closed.

use crate::harness::{Pair, ms};
use siskin_netsim::Link;
use siskin_peer::{
    ChannelConfig, Event, IceConnectionState, MessageKind, OfferOptions, PeerConnectionState, Reliability,
};

fn open(seed: u64, link: Link) -> (Pair, siskin_peer::ChannelId) {
    let mut pair = Pair::new(seed, link);
    let channel = pair.a.channel(pair.now(), "chat");
    pair.b.echoes = true;
    pair.negotiate();
    pair.run_until(ms(30_000), |a, _| a.is_open(channel));
    assert!(pair.a.is_open(channel), "no open channel; events: {:?}", pair.a.events);
    (pair, channel)
}

#[test]
fn a_channel_opens_and_echoes() {
    let (mut pair, channel) = open(1, Link::new(ms(20)));
    let opened = pair.now();
    println!("open after {opened:?}");
    let now = pair.now();
    pair.a.connection.send(now, channel, MessageKind::Text, "hello".into()).unwrap();
    pair.a.connection.send(now, channel, MessageKind::Binary, vec![7; 100_000].into()).unwrap();
    pair.a.connection.send(now, channel, MessageKind::Binary, bytes::Bytes::new()).unwrap();
    pair.run_until(ms(5_000), |a, _| a.messages.len() == 3);
    let expected = [
        (channel, MessageKind::Text, b"hello".to_vec()),
        (channel, MessageKind::Binary, vec![7; 100_000]),
        (channel, MessageKind::Binary, vec![]),
    ];
    assert_eq!(pair.a.messages, expected);
    assert!(pair.a.saw(PeerConnectionState::Connected) && pair.b.saw(PeerConnectionState::Connected));
}

/// The answerer's checks and its first flight overtake its answer; RFC 8842 §5.2.
#[test]
fn rfc8842_5_2_a_handshake_ahead_of_the_answer_waits_for_it() {
    for signalling in [100, 190, 200, 700] {
        let mut pair = Pair::new(30, Link::new(ms(20)));
        let channel = pair.a.channel(pair.now(), "chat");
        let (a, b, now) = (&mut pair.a.connection, &mut pair.b.connection, pair.network.now());
        a.set_local_description(now, None).unwrap();
        b.set_remote_description(now, a.local_description().unwrap()).unwrap();
        b.set_local_description(now, None).unwrap();
        let answer = b.local_description().unwrap();
        pair.run(ms(signalling));
        let now = pair.now();
        pair.a.connection.set_remote_description(now, answer).unwrap();
        pair.a.drain(now);
        pair.run_until(ms(30_000), |a, _| a.is_open(channel));
        let took = pair.now().since(now);
        // A round trip each for the nomination, for the handshake and for the association, and half of one for the last word.
        assert!(took <= ms(4 * 40), "with an answer that took {signalling} ms: {took:?}");
    }
}

#[test]
fn the_answerer_opens_channels_too() {
    let (mut pair, _) = open(2, Link::new(ms(5)));
    pair.a.echoes = true;
    let now = pair.now();
    let channel = pair.b.channel(now, "back");
    pair.run_until(ms(5_000), |_, b| b.is_open(channel));
    let now = pair.now();
    pair.b.connection.send(now, channel, MessageKind::Text, "ping".into()).unwrap();
    pair.run_until(ms(5_000), |_, b| !b.messages.is_empty());
    assert_eq!(pair.b.messages, [(channel, MessageKind::Text, b"ping".to_vec())]);
}

#[test]
fn losses_are_made_good() {
    for seed in 0..20 {
        let link = Link::new(ms(25)).loss(0.15).jitter(ms(10)).duplicate(0.05);
        let (mut pair, channel) = open(100 + seed, link);
        let now = pair.now();
        for n in 0..50u32 {
            let data = n.to_be_bytes().repeat(500).into();
            pair.a.connection.send(now, channel, MessageKind::Binary, data).unwrap();
        }
        pair.run_until(ms(60_000), |a, _| a.messages.len() == 50);
        let got: Vec<_> = pair.a.messages.iter().map(|(.., data)| data.clone()).collect();
        let sent: Vec<_> = (0..50u32).map(|n| n.to_be_bytes().repeat(500)).collect();
        assert!(got == sent, "seed {seed}: {} messages", got.len());
    }
}

#[test]
fn closing_a_channel_closes_it_on_both_sides() {
    let (mut pair, channel) = open(3, Link::new(ms(10)));
    let now = pair.now();
    pair.a.connection.close_channel(now, channel);
    pair.run_until(ms(5_000), |a, _| a.events.contains(&Event::ChannelClosed(channel)));
    pair.run(ms(100));
    assert!(pair.a.events.contains(&Event::ChannelClosed(channel)));
    assert!(pair.b.events.iter().any(|event| matches!(event, Event::ChannelClosed(_))));
}

#[test]
fn closing_the_connection_tells_the_peer() {
    let (mut pair, _) = open(4, Link::new(ms(10)));
    let now = pair.now();
    pair.a.connection.close(now);
    pair.run(ms(1_000));
    assert!(
        pair.b.events.iter().any(|event| matches!(event, Event::ChannelClosed(_))),
        "{:?}",
        pair.b.events
    );
    assert_eq!(pair.a.connection.connection_state(), PeerConnectionState::Closed);
    assert!(pair.a.connection.poll_timeout().is_none(), "a closed connection waits for nothing");
}

#[test]
fn a_restart_moves_the_session_without_a_break() {
    let (mut pair, channel) = open(5, Link::new(ms(10)));
    let before = pair.a.connection.local_description().unwrap().sdp;
    pair.negotiate_with(OfferOptions { ice_restart: true });
    let after = pair.a.connection.local_description().unwrap().sdp;
    let ufrag = |sdp: &str| sdp.lines().find(|line| line.starts_with("a=ice-ufrag")).map(String::from);
    assert_ne!(ufrag(&before), ufrag(&after));
    let now = pair.now();
    pair.a.connection.send(now, channel, MessageKind::Text, "during".into()).unwrap();
    pair.run(ms(2_000));
    let now = pair.now();
    pair.a.connection.send(now, channel, MessageKind::Text, "after".into()).unwrap();
    pair.run_until(ms(5_000), |a, _| a.messages.len() == 2);
    assert_eq!(pair.a.messages.len(), 2);
    assert_eq!(pair.a.connection.connection_state(), PeerConnectionState::Connected);
}

#[test]
fn every_kind_of_channel() {
    let mut pair = Pair::new(6, Link::new(ms(10)));
    pair.b.echoes = true;
    let now = pair.now();
    let inits = [
        ChannelConfig { ordered: false, ..ChannelConfig::new("c") },
        ChannelConfig { reliability: Reliability::MaxRetransmits(0), ..ChannelConfig::new("c") },
        ChannelConfig {
            reliability: Reliability::Lifetime(ms(500)),
            protocol: "p".into(),
            ..ChannelConfig::new("c")
        },
    ];
    let channels: Vec<_> =
        inits.iter().map(|init| pair.a.connection.create_data_channel(now, init.clone()).unwrap()).collect();
    let negotiated = ChannelConfig { negotiated: Some(77), ..ChannelConfig::new("n") };
    let both = [&mut pair.a, &mut pair.b]
        .map(|peer| peer.connection.create_data_channel(now, negotiated.clone()).unwrap());
    pair.negotiate();
    pair.run_until(ms(5_000), |a, b| {
        channels.iter().all(|c| a.is_open(*c)) && a.is_open(both[0]) && b.is_open(both[1])
    });
    let now = pair.now();
    for channel in channels.iter().chain([&both[0]]) {
        pair.a.connection.send(now, *channel, MessageKind::Text, "x".into()).unwrap();
    }
    pair.run_until(ms(5_000), |a, _| a.messages.len() == 4);
    assert_eq!(pair.a.messages.len(), 4);
}

#[test]
fn a_peer_that_vanishes_is_noticed() {
    let (mut pair, _) = open(7, Link::new(ms(10)));
    pair.network.stall(1, siskin_base::Instant::from_millis(10_000_000));
    let silent_from = pair.now();
    pair.run_until(ms(60_000), |a, _| a.saw(PeerConnectionState::Failed));
    assert!(pair.a.saw(PeerConnectionState::Disconnected));
    // RFC 7675 §5.1: consent lasts 30 s from the last response.
    let after = pair.now().since(silent_from);
    assert!((ms(24_000)..ms(31_000)).contains(&after), "{after:?}");
    assert_eq!(pair.a.connection.ice_connection_state(), IceConnectionState::Failed);
}

#[test]
fn a_wrong_fingerprint_is_told_to_the_peer() {
    let mut pair = Pair::new(31, Link::new(ms(20)));
    let t0 = pair.now();
    pair.a.channel(t0, "x");
    pair.a.connection.set_local_description(t0, None).unwrap();
    pair.b.connection.set_remote_description(t0, pair.a.connection.local_description().unwrap()).unwrap();
    pair.b.connection.set_local_description(t0, None).unwrap();
    let mut answer = pair.b.connection.local_description().unwrap();
    let at = answer.sdp.find("a=fingerprint:sha-256 ").unwrap() + "a=fingerprint:sha-256 ".len();
    let other = if &answer.sdp[at..at + 2] == "00" { "11" } else { "00" };
    answer.sdp.replace_range(at..at + 2, other);
    pair.a.connection.set_remote_description(t0, answer).unwrap();
    pair.a.drain(t0);
    pair.b.drain(t0);
    pair.run_until(ms(30_000), |_, b| {
        b.events.iter().any(|event| {
            matches!(event, Event::TransportFailed(siskin_peer::TransportError::Dtls(error)) if format!("{error:?}").contains("PeerAborted"))
        })
    });
    assert!(pair.now().since(t0) < ms(5_000), "b learned it from an alert");
}
