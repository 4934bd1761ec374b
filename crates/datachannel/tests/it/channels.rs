//! Channels open, carry messages and close, seen from both ends.

use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, SetupRole};
use siskin_datachannel::{
    ChannelConfig, ChannelId, ChannelState, Channels, Config, Event, Kind, OpenError, Reliability, SendError,
};
use siskin_sctp::{Association, SendOptions};

struct Pair {
    now: Instant,
    ends: [Channels; 2],
    events: [Vec<Event>; 2],
}

impl Pair {
    fn new() -> Self {
        let end = |seed| {
            let sctp = Association::new(siskin_sctp::Config::default(), Rng::for_tests(seed), Instant::ZERO);
            Channels::new(Config::default(), sctp.unwrap())
        };
        Self { now: Instant::ZERO, ends: [end(1), end(2)], events: [Vec::new(), Vec::new()] }
    }

    /// End 0 is the DTLS client.
    fn connect(&mut self) {
        for (end, role) in self.ends.iter_mut().zip([SetupRole::Active, SetupRole::Passive]) {
            end.set_role(self.now, role);
            end.association_mut().connect(self.now).unwrap();
        }
        self.run();
    }

    fn connected() -> Self {
        let mut pair = Self::new();
        pair.connect();
        pair.events = [Vec::new(), Vec::new()];
        pair
    }

    /// Carries packets, each taking a millisecond, until nothing moves but heartbeats.
    fn run(&mut self) {
        let path = Path::udp(BaseId(0), "192.0.2.1:1".parse().unwrap());
        let mut quiet_since = self.now;
        loop {
            let mut moved = Vec::new();
            for (from, end) in self.ends.iter_mut().enumerate() {
                self.events[from].extend(std::iter::from_fn(|| end.poll_event(self.now)));
                let mut packet = Packet::new();
                packet.begin(0);
                while end.poll_transmit(self.now, &mut packet).is_some() {
                    moved.push((1 - from, packet.current().to_vec()));
                    packet.begin(0);
                }
                self.events[from].extend(std::iter::from_fn(|| end.poll_event(self.now)));
            }
            self.now += core::time::Duration::from_millis(1);
            if !moved.is_empty() {
                quiet_since = self.now;
            } else if self.now.since(quiet_since).as_millis() > 300 {
                return;
            }
            for (to, mut bytes) in moved {
                let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram: &mut bytes };
                self.ends[to].handle_datagram(self.now, received);
            }
            self.ends.iter_mut().for_each(|end| end.handle_timeout(self.now));
        }
    }

    fn open(&mut self, from: usize, config: ChannelConfig) -> ChannelId {
        self.ends[from].open(self.now, config).unwrap()
    }

    fn send(&mut self, from: usize, id: ChannelId, kind: Kind, data: &'static [u8]) {
        self.ends[from].send(self.now, id, kind, Bytes::from_static(data)).unwrap();
    }

    /// The one channel that the peer opened.
    fn incoming(&self, at: usize) -> ChannelId {
        let ids: Vec<_> = self.events[at]
            .iter()
            .filter_map(|e| if let Event::Incoming(id) = e { Some(*id) } else { None })
            .collect();
        assert_eq!(ids.len(), 1, "{:?}", self.events[at]);
        ids[0]
    }

    fn messages(&self, at: usize) -> Vec<(Kind, &[u8])> {
        let messages = self.events[at].iter();
        messages
            .filter_map(|e| {
                if let Event::Message { kind, data, .. } = e { Some((*kind, &data[..])) } else { None }
            })
            .collect()
    }
}

#[test]
fn rfc8832_6_ids_wait_for_the_dtls_role() {
    let mut pair = Pair::new();
    let ours = [0, 1].map(|from| pair.open(from, ChannelConfig::new("early")));
    assert_eq!(pair.ends[0].stream(ours[0]), None);
    pair.connect();
    for (end, id) in [0, 1].into_iter().zip(ours) {
        assert_eq!(pair.ends[end].stream(id), Some(end as u16), "even for the client, odd for the server");
        assert!(pair.events[end].contains(&Event::Opened(id)));
    }
    assert_eq!(pair.ends[1].stream(pair.incoming(1)), Some(0));
    assert_eq!(pair.ends[0].stream(pair.incoming(0)), Some(1));
}

#[test]
fn the_peer_learns_what_a_channel_is() {
    let all = [
        Reliability::Reliable,
        Reliability::MaxRetransmits(3),
        Reliability::Lifetime(core::time::Duration::from_millis(1500)),
    ];
    for reliability in all {
        for ordered in [true, false] {
            let mut pair = Pair::connected();
            let config = ChannelConfig {
                label: "Ünïcode".into(),
                protocol: "chat.v1".into(),
                ordered,
                reliability,
                priority: siskin_datachannel::Priority::HIGH,
                negotiated: None,
            };
            pair.open(0, config.clone());
            pair.run();
            assert_eq!(pair.ends[1].channel_config(pair.incoming(1)), Some(&config));
        }
    }
}

#[test]
fn rfc8831_6_6_text_binary_and_emptiness() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    let sent: [(Kind, &'static [u8]); 4] =
        [(Kind::Text, b"text"), (Kind::Binary, b"\x00\x01"), (Kind::Text, b""), (Kind::Binary, b"")];
    for (kind, data) in sent {
        pair.send(0, id, kind, data);
    }
    pair.run();
    assert_eq!(pair.messages(1), sent);
}

#[test]
fn negotiated_channels_say_nothing_on_the_wire() {
    let mut pair = Pair::new();
    let config = ChannelConfig { negotiated: Some(65534), ..ChannelConfig::new("n") };
    let ids = [0, 1].map(|from| pair.open(from, config.clone()));
    assert_eq!(pair.ends[0].open(pair.now, config), Err(OpenError::StreamInUse));
    pair.connect();
    pair.send(1, ids[1], Kind::Text, b"hi");
    pair.run();
    assert_eq!(pair.messages(0), [(Kind::Text, &b"hi"[..])]);
    assert!(!pair.events.iter().flatten().any(|e| matches!(e, Event::Incoming(_))));
}

#[test]
fn rfc8831_6_7_closing_delivers_what_was_sent_and_frees_the_stream() {
    for closer in [0, 1] {
        let mut pair = Pair::connected();
        let id = pair.open(0, ChannelConfig::new("x"));
        pair.run();
        let remote = pair.incoming(1);
        let (mine, theirs) = if closer == 0 { (id, remote) } else { (remote, id) };
        pair.ends[closer].send(pair.now, mine, Kind::Binary, Bytes::from(vec![7; 100_000])).unwrap();
        pair.ends[closer].close(pair.now, mine);
        assert_eq!(pair.ends[closer].send(pair.now, mine, Kind::Text, Bytes::new()), Err(SendError::NotOpen));
        pair.run();
        assert_eq!(pair.messages(1 - closer)[0].1.len(), 100_000);
        let last: Vec<_> = pair.events[1 - closer].iter().rev().take(2).collect();
        assert_eq!(last, [&Event::Closed(theirs), &Event::Closing(theirs)]);
        assert_eq!(pair.events[closer].last(), Some(&Event::Closed(mine)));
        assert_eq!(pair.ends[0].state(id), ChannelState::Closed);
        // The stream starts anew, at sequence number 0 on both sides.
        let again = ChannelConfig { negotiated: Some(0), ..ChannelConfig::new("again") };
        let ids = [0, 1].map(|from| pair.open(from, again.clone()));
        pair.events = [Vec::new(), Vec::new()];
        pair.send(0, ids[0], Kind::Text, b"a");
        pair.send(1, ids[1], Kind::Text, b"b");
        pair.run();
        assert_eq!((pair.messages(0).len(), pair.messages(1).len()), (1, 1));
    }
}

#[test]
fn both_may_close_at_once() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    pair.run();
    let remote = pair.incoming(1);
    pair.ends[0].close(pair.now, id);
    pair.ends[1].close(pair.now, remote);
    pair.run();
    assert_eq!(pair.events[0].last(), Some(&Event::Closed(id)));
    assert_eq!(pair.events[1].last(), Some(&Event::Closed(remote)));
}

#[test]
fn rfc8832_6_a_second_open_closes_the_channel() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    pair.run();
    let stream = pair.ends[0].stream(id).unwrap();
    let open = Bytes::from_static(&[3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let now = pair.now;
    pair.ends[0].association_mut().send(now, stream, 50, open, SendOptions::default()).unwrap();
    pair.run();
    assert_eq!(pair.events[0].last(), Some(&Event::Closed(id)));
    assert_eq!(pair.ends[1].dropped(), 1);
}

#[test]
fn nonsense_on_an_unused_stream_is_dropped_and_closed() {
    let mut pair = Pair::connected();
    let now = pair.now;
    for (ppid, data) in [(50, &b"\x09"[..]), (51, b"text"), (99, b"?")] {
        let data = Bytes::copy_from_slice(data);
        pair.ends[0].association_mut().send(now, 8, ppid, data, SendOptions::default()).unwrap();
    }
    pair.run();
    assert_eq!(pair.ends[1].dropped(), 3);
    assert!(pair.events[1].is_empty());
}

#[test]
fn rfc8831_6_6_partial_messages_are_put_together() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    pair.run();
    let (stream, now) = (pair.ends[0].stream(id).unwrap(), pair.now);
    for (ppid, data) in [(54, "par"), (54, "ti"), (51, "al")] {
        let data = Bytes::from_static(data.as_bytes());
        pair.ends[0].association_mut().send(now, stream, ppid, data, SendOptions::default()).unwrap();
    }
    pair.run();
    assert_eq!(pair.messages(1), [(Kind::Text, &b"partial"[..])]);
}

#[test]
fn losing_the_association_closes_all_channels() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    pair.run();
    let now = pair.now;
    pair.ends[1].association_mut().abort(now).unwrap();
    pair.run();
    assert!(pair.events[0].contains(&Event::Closed(id)));
    assert!(matches!(pair.events[0].last(), Some(Event::Disconnected(Some(_)))));
    assert_eq!(pair.events[1].last(), Some(&Event::Disconnected(None)));
    assert_eq!(pair.ends[0].open(pair.now, ChannelConfig::new("late")), Err(OpenError::Disconnected));
}

#[test]
fn rfc8832_6_an_open_that_breaks_a_rule_closes_its_stream_unacknowledged() {
    // The client's streams are even; "\xff" is not UTF-8.
    let open = |label: u8| vec![3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, label];
    for (stream, message) in [(7, open(b'x')), (8, open(0xff))] {
        let mut pair = Pair::connected();
        let now = pair.now;
        let options = SendOptions::default();
        pair.ends[0].association_mut().send(now, stream, 50, message.into(), options).unwrap();
        pair.run();
        assert!(pair.events[1].is_empty(), "{:?}", pair.events[1]);
        assert_eq!((pair.ends[1].dropped(), pair.ends[0].dropped()), (1, 0), "no ACK came");
    }
}

#[test]
fn rfc8831_6_6_a_message_that_nobody_understands_closes_its_channel() {
    let mut pair = Pair::connected();
    let id = pair.open(0, ChannelConfig::new("x"));
    pair.run();
    let (stream, now) = (pair.ends[0].stream(id).unwrap(), pair.now);
    let options = SendOptions::default();
    pair.ends[0].association_mut().send(now, stream, 99, Bytes::from_static(b"?"), options).unwrap();
    pair.run();
    assert_eq!(pair.events[0].last(), Some(&Event::Closed(id)));
}

#[test]
fn rfc8832_6_dcep_waits_for_room_in_a_full_buffer() {
    let mut pair = Pair::connected();
    let first = pair.open(0, ChannelConfig::new("first"));
    pair.run();
    let second = pair.incoming(1);
    for (end, id) in [(0, first), (1, second)] {
        for size in [200_000, 10_000, 500, 25, 1] {
            while pair.ends[end].send(pair.now, id, Kind::Binary, Bytes::from(vec![0; size])).is_ok() {}
        }
    }
    pair.events = [Vec::new(), Vec::new()];
    let late = pair.open(0, ChannelConfig::new("late"));
    assert_eq!(pair.ends[0].state(late), ChannelState::Open);
    assert_eq!(
        pair.ends[0].send(pair.now, late, Kind::Text, Bytes::new()),
        Err(SendError::BufferFull),
        "nothing may overtake DATA_CHANNEL_OPEN"
    );
    pair.run();
    let incoming = pair.incoming(1);
    pair.send(1, incoming, Kind::Text, b"hi");
    pair.run();
    assert_eq!(pair.ends[0].dropped() + pair.ends[1].dropped(), 0);
    assert!(pair.messages(0).contains(&(Kind::Text, &b"hi"[..])));
}
