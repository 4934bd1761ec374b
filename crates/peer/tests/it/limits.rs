//! Limits of the configuration that are not about memory: that each holds, and is reached.

use crate::harness::{Pair, config, ms};
use siskin_base::Packet;
use siskin_netsim::Link;
use siskin_peer::{ChannelId, Config, Error, Event, MessageKind, error};

fn open(a: Config, b: Config) -> (Pair, ChannelId) {
    let mut pair = Pair::with(1, Link::new(ms(5)), a, b);
    let channel = pair.a.channel(pair.now(), "chat");
    pair.negotiate();
    pair.run_until(ms(5_000), |a, b| a.is_open(channel) && !b.events.is_empty());
    assert!(pair.a.is_open(channel));
    (pair, channel)
}

#[test]
fn no_train_is_longer_than_max_train() {
    for (max_train, expected) in [(0, 1..=1), (1, 1..=1), (3, 3..=3), (40, 40..=40), (255, 41..=64)] {
        let mut sender = config();
        sender.max_train = max_train;
        sender.sctp.initial_cwnd = Some(1 << 20);
        let (mut pair, channel) = open(sender, config());
        let now = pair.now();
        let a = &mut pair.a.connection;
        a.send(now, channel, MessageKind::Binary, vec![7; 200_000].into()).unwrap();
        let (mut packet, mut longest, mut bytes) = (Packet::new(), 0, 0);
        packet.clear();
        while let Some(transmit) = a.poll_transmit(now, &mut packet) {
            let len = packet.as_bytes().len();
            let segment = transmit.segment_size.map_or(len, |size| usize::from(size.get()));
            assert!(segment <= 1_200);
            longest = longest.max(len.div_ceil(segment));
            bytes += len;
            packet.clear();
        }
        assert!(bytes > 200_000, "all of it leaves at once");
        assert!(expected.contains(&longest), "{max_train}: {longest}");
    }
}

#[test]
fn no_datagram_is_longer_than_max_datagram() {
    for max_datagram in [600, 1_200] {
        let mut sender = config();
        (sender.max_train, sender.max_datagram) = (1, max_datagram);
        let (mut pair, channel) = open(sender, config());
        let now = pair.now();
        pair.a.connection.send(now, channel, MessageKind::Binary, vec![7; 50_000].into()).unwrap();
        pair.run_until(ms(5_000), |_, b| !b.messages.is_empty());
        assert_eq!(pair.b.messages.len(), 1);
        let longest = pair.a.sent.iter().map(Vec::len).max().unwrap();
        // SCTP's packets are multiples of four.
        let least = usize::from(max_datagram) - 3;
        assert!((least..=max_datagram.into()).contains(&longest), "{longest}");
    }
}

fn small_messages() -> Config {
    let mut config = config();
    config.max_message_size = 1_000;
    config
}

#[test]
fn what_the_peer_says_it_takes_is_the_most_that_is_sent() {
    let (mut pair, channel) = open(config(), small_messages());
    let now = pair.now();
    assert_eq!(pair.a.connection.max_message_size(), Some(1_000));
    let mut send = |len| pair.a.connection.send(now, channel, MessageKind::Binary, vec![7; len].into());
    assert_eq!(send(1_001), Err(Error::Type(error::Type::MessageTooLarge)));
    send(1_000).unwrap();
    pair.run(ms(1_000));
    assert_eq!(pair.b.messages.iter().map(|(.., data)| data.len()).collect::<Vec<_>>(), [1_000]);
}

/// A peer that does not heed what we said loses its association, and nothing of the message is handed on.
#[test]
fn a_message_longer_than_max_message_size_ends_the_association() {
    let mut pair = Pair::with(1, Link::new(ms(5)), config(), small_messages());
    let channel = pair.a.channel(pair.now(), "chat");
    let now = pair.now();
    let (a, b) = (&mut pair.a.connection, &mut pair.b.connection);
    a.set_local_description(now, None).unwrap();
    b.set_remote_description(now, a.local_description().unwrap()).unwrap();
    b.set_local_description(now, None).unwrap();
    let mut answer = b.local_description().unwrap();
    let told = "a=max-message-size:1000\r\n";
    assert!(answer.sdp.contains(told));
    answer.sdp = answer.sdp.replace(told, "a=max-message-size:100000\r\n");
    a.set_remote_description(now, answer).unwrap();
    pair.run_until(ms(5_000), |a, _| a.is_open(channel));
    let now = pair.now();
    for len in [1_000, 1_001, 999] {
        pair.a.connection.send(now, channel, MessageKind::Binary, vec![7; len].into()).unwrap();
    }
    pair.run(ms(2_000));
    assert_eq!(pair.b.messages.iter().map(|(.., data)| data.len()).collect::<Vec<_>>(), [1_000]);
    for events in [&pair.a.events, &pair.b.events] {
        assert!(events.iter().any(|event| matches!(event, Event::ChannelClosed(_))), "{events:?}");
    }
}
