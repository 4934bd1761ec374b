//! Two associations and the packets between them, on virtual time, without a network: for timelines.

use bytes::Bytes;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_sctp::{Association, Config, Event, Message, SendOptions};
use std::collections::VecDeque;

pub(crate) fn path() -> Path {
    Path::udp(BaseId(0), "192.0.2.1:1".parse().unwrap())
}

/// One end, with what it told.
pub(crate) struct End {
    pub(crate) association: Association,
    pub(crate) events: Vec<Event>,
    /// Whether events are taken: a user who does not closes the window.
    pub(crate) reading: bool,
}

impl End {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let association = Association::new(config, Rng::for_tests(seed), Instant::ZERO).unwrap();
        Self { association, events: Vec::new(), reading: true }
    }

    pub(crate) fn send(&mut self, now: Instant, stream: u16, data: impl Into<Bytes>) {
        self.association.send(now, stream, 51, data.into(), SendOptions::default()).unwrap();
    }

    pub(crate) fn take_events(&mut self) {
        while self.reading
            && let Some(event) = self.association.poll_event()
        {
            self.events.push(event);
        }
    }

    pub(crate) fn packets(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.take_events();
        let mut out = Vec::new();
        let mut packet = Packet::new();
        packet.begin(0);
        while self.association.poll_transmit(now, &mut packet).is_some() {
            out.push(packet.current().to_vec());
            packet.begin(0);
        }
        self.take_events();
        out
    }

    pub(crate) fn receive(&mut self, now: Instant, mut bytes: Vec<u8>) {
        let received = Received { path: path(), arrived: now, ecn: Ecn::NotEct, datagram: &mut bytes };
        self.association.handle_datagram(now, received);
        self.take_events();
    }

    pub(crate) fn messages(&self) -> Vec<&Message> {
        self.events.iter().filter_map(|e| if let Event::Message(m) = e { Some(m) } else { None }).collect()
    }

    pub(crate) fn closed(&self) -> bool {
        matches!(self.events.last(), Some(Event::Closed(None)))
    }
}

/// Whether to lose a packet, by its sender and bytes.
type Drop = Box<dyn FnMut(usize, &[u8]) -> bool>;

/// Two ends with a delay between them; `drop` decides which packets get lost (from, bytes).
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) ends: [End; 2],
    pub(crate) delay: Duration,
    wire: VecDeque<(Instant, usize, Vec<u8>)>,
    pub(crate) drop: Drop,
    pub(crate) log: Vec<(Instant, usize, Vec<u8>)>,
}

impl Pair {
    pub(crate) fn new(a: Config, b: Config) -> Self {
        Self {
            now: Instant::ZERO,
            ends: [End::new(a, 1), End::new(b, 2)],
            delay: Duration::from_millis(10),
            wire: VecDeque::new(),
            drop: Box::new(|_, _| false),
            log: Vec::new(),
        }
    }

    pub(crate) fn connected() -> Self {
        let mut pair = Self::new(Config::default(), Config::default());
        pair.ends[0].association.connect(pair.now).unwrap();
        pair.run(100);
        assert!(pair.ends.iter().all(|end| end.events == [Event::Connected]));
        pair.ends.iter_mut().for_each(|end| end.events.clear());
        pair.log.clear();
        pair
    }

    pub(crate) fn send(&mut self, from: usize, stream: u16, data: impl Into<Bytes>) {
        self.ends[from].send(self.now, stream, data);
    }

    /// Runs for `millis`.
    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            for from in 0..2 {
                for packet in self.ends[from].packets(self.now) {
                    self.log.push((self.now, from, packet.clone()));
                    if !(self.drop)(from, &packet) {
                        self.wire.push_back((self.now + self.delay, 1 - from, packet));
                    }
                }
            }
            let timers = self.ends.iter().filter_map(|end| end.association.poll_timeout());
            let next = timers.chain(self.wire.front().map(|(at, ..)| *at)).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            assert!(next >= self.now, "a timeout in the past");
            self.now = next;
            self.ends.iter_mut().for_each(|end| end.association.handle_timeout(next));
            while self.wire.front().is_some_and(|(at, ..)| *at <= next) {
                let (_, to, packet) = self.wire.pop_front().unwrap();
                self.ends[to].receive(next, packet);
            }
        }
        self.now = end;
    }
}
