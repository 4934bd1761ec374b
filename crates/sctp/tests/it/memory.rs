//! What a hostile peer can make an association hold: each attack pushes one queue or table to its limit and beyond, and the
//! bytes on the heap stay below the documented bound. `cargo xtask memory` prints them.

use crate::pair::path;
use allocation_counter::measure;
use siskin_base::{Ecn, Instant, Packet, Received, Rng};
use siskin_sctp::wire::{
    self, Chunk, ChunkType, CookieEcho, Data, DataFlags, Heartbeat, Init, ParamType, Params, RawChunk,
};
use siskin_sctp::{Association, Config, Event};

const NOW: Instant = Instant::from_millis(1);

/// A peer whose every packet the test writes.
struct Attacker {
    victim: Association,
    victim_tag: u32,
    tsn: u32,
    reads: bool,
    buffer: Vec<u8>,
}

impl Attacker {
    fn new(config: Config) -> Self {
        let mut victim = Association::new(config, Rng::for_tests(1), Instant::ZERO).unwrap();
        let init = victim.local_init();
        let mut theirs = Vec::new();
        Self::init(7).write(&mut theirs).unwrap();
        victim.start(Instant::ZERO, &theirs).unwrap();
        assert_eq!(victim.poll_event(), Some(Event::Connected));
        let victim_tag = u32::from_be_bytes(init[4..8].try_into().unwrap());
        Self { victim, victim_tag, tsn: 1, reads: false, buffer: Vec::with_capacity(70_000) }
    }

    fn init(tag: u32) -> Init<'static> {
        // FORWARD TSN and RE-CONFIG are supported.
        let params = Params::new(&[0x80, 0x08, 0, 6, 0x82, 0xc0, 0, 0, 0xc0, 0, 0, 4]);
        let (outbound_streams, inbound_streams) = (u16::MAX, u16::MAX);
        Init { initiate_tag: tag, a_rwnd: 1500, outbound_streams, inbound_streams, initial_tsn: 1, params }
    }

    /// Gives the victim one packet of what `write` appends.
    fn packet(&mut self, tag: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.buffer.clear();
        wire::write_header(&mut self.buffer, 5000, 5000, tag);
        write(&mut self.buffer);
        wire::seal(&mut self.buffer);
        let datagram = &mut self.buffer[..];
        let received = Received { path: path(), arrived: NOW, ecn: Ecn::NotEct, datagram };
        self.victim.handle_datagram(NOW, received);
        while self.reads && self.victim.poll_event().is_some() {}
    }

    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.packet(self.victim_tag, write);
    }

    /// `count` fragments of `payload`, each `step` TSNs after the other, fifty to a packet.
    fn data(
        &mut self,
        count: u32,
        step: u32,
        flags: DataFlags,
        payload: &[u8],
        stream: impl Fn(u32) -> (u16, u16),
    ) {
        let each = if payload.len() > 100 { 1 } else { 50 };
        for first in (0..count).step_by(each) {
            let mut tsn = self.tsn;
            self.send(|out| {
                for i in first..(first + each as u32).min(count) {
                    let (stream, ssn) = stream(i);
                    Data { flags, tsn, stream, ssn, ppid: 53, payload }.write(out).unwrap();
                    tsn = tsn.wrapping_add(step);
                }
            });
            self.tsn = tsn;
        }
    }
}

fn raw(out: &mut Vec<u8>, kind: ChunkType, value: &[u8]) {
    RawChunk { kind, flags: 0, value }.write(out).unwrap();
}

const WHOLE: DataFlags =
    DataFlags { begin: true, end: true, unordered: false, immediate: false, reserved: 0 };
const BEGIN: DataFlags = DataFlags { end: false, ..WHOLE };

/// The most bytes that were on the heap, from the association's making until the attack was over, with either configuration.
fn attack(what: &str, bound: impl Fn(&Config) -> usize, attack: impl Fn(&mut Attacker)) {
    let most = [Config::default(), Config::small()].map(|config| {
        let bound = bound(&config) + FIXED;
        let most = measure(|| attack(&mut Attacker::new(config.clone()))).bytes_max as usize;
        assert!(most <= bound, "{what}: {most} bytes, where {bound} are allowed");
        most
    });
    println!("memory: SCTP: {what}: {} {}", most[0], most[1]);
}

/// The association itself, answers that wait, and the attacker's buffer.
const FIXED: usize = 160_000;

/// Messages are counted with 64 bytes each; short ones cost a little more, and a queue that grows has its double for a moment.
fn window(config: &Config) -> usize {
    4 * config.receive_window as usize
}

#[test]
fn short_messages_that_nobody_reads() {
    attack("short messages that the user does not take", window, |attacker| {
        attacker.data(100_000, 1, WHOLE, b"x", |i| (0, i as u16));
    });
}

#[test]
fn long_messages_that_nobody_reads() {
    attack("long messages that the user does not take", window, |attacker| {
        attacker.data(8_000, 1, WHOLE, &[7; 1100], |i| (0, i as u16));
    });
}

#[test]
fn messages_that_never_end() {
    attack("messages begun and never ended", window, |attacker| {
        attacker.reads = true;
        attacker.data(100_000, 1, BEGIN, b"x", |i| (0, i as u16));
    });
}

/// What was learnt from a long message must not be set aside for each of many that are only begun.
#[test]
fn a_long_message_and_many_that_never_end() {
    attack("a long message, then many begun and never ended", window, |attacker| {
        attacker.reads = true;
        attacker.data(1, 1, BEGIN, &[7; 1000], |_| (0, 0));
        attacker.data(13, 1, DataFlags { begin: false, ..BEGIN }, &[7; 1000], |_| (0, 0));
        attacker.data(1, 1, DataFlags { begin: false, ..WHOLE }, &[7; 1000], |_| (0, 0));
        attacker.data(100_000, 1, BEGIN, b"x", |i| (0, (i as u16).wrapping_add(1)));
    });
}

#[test]
fn tsns_with_gaps() {
    attack(
        "TSNs with a gap after each",
        |config| config.max_gap_ranges * 400,
        |attacker| {
            attacker.reads = true;
            attacker.tsn = 2;
            attacker.data(100_000, 2, BEGIN, b"x", |i| (0, i as u16));
        },
    );
}

#[test]
fn messages_that_wait_for_an_earlier_one() {
    let bound = |config: &Config| window(config) + usize::from(config.max_streams) * STREAM;
    attack("messages that wait for an earlier one, on all streams", bound, |attacker| {
        attacker.reads = true;
        attacker.data(130_000, 1, WHOLE, b"x", |i| (i as u16, 1 + (i >> 16) as u16));
    });
}

/// What a stream costs once something came on it.
const STREAM: usize = 100;

#[test]
fn all_streams_used() {
    let bound = |config: &Config| usize::from(config.max_streams) * STREAM;
    attack("a message on each stream, taken", bound, |attacker| {
        attacker.reads = true;
        attacker.data(65_536, 1, WHOLE, b"x", |i| (i as u16, 0));
    });
}

#[test]
fn all_streams_skipped() {
    let bound = |config: &Config| usize::from(config.max_streams) * STREAM;
    attack("FORWARD TSN naming each stream", bound, |attacker| {
        attacker.reads = true;
        for first in (0..65_536_u32).step_by(250) {
            let tsn = attacker.tsn;
            attacker.tsn += 1;
            let mut value = tsn.to_be_bytes().to_vec();
            for stream in (first..first + 250).filter_map(|id| u16::try_from(id).ok()) {
                value.extend([stream.to_be_bytes(), [0, 9]].concat());
            }
            attacker.send(|out| raw(out, ChunkType::FORWARD_TSN, &value));
        }
    });
}

#[test]
fn resets_that_nobody_reads() {
    attack(
        "stream resets that the user does not take",
        |_| 64 * 2_000,
        |attacker| {
            for request in 1..20_000 {
                // The parameter: type 13, its length, three numbers and the streams.
                let mut value = vec![0, 13, 0x03, 0xf8];
                [request, 0, 0].iter().for_each(|number: &u32| value.extend(number.to_be_bytes()));
                (0..500_u16).for_each(|stream| value.extend(stream.to_be_bytes()));
                attacker.send(|out| raw(out, ChunkType::RE_CONFIG, &value));
            }
        },
    );
}

#[test]
fn questions_whose_answers_are_not_fetched() {
    attack(
        "questions while nothing can be sent",
        |_| 0,
        |attacker| {
            for size in [100, 1000, 16_000] {
                let info = vec![7; size];
                for _ in 0..1000 {
                    attacker.send(|out| Heartbeat { info: &info }.write(out).unwrap());
                    attacker.send(|out| raw(out, ChunkType(0xfe), &info));
                }
            }
        },
    );
}

#[test]
fn inits_cost_nothing() {
    attack(
        "INITs, for each of which a cookie is sent",
        |_| 0,
        |attacker| {
            for tag in 1..5_000 {
                attacker.packet(0, |out| Attacker::init(tag).write(out).unwrap());
            }
        },
    );
}

/// A restart forgets what was sent; what the user has not taken stays, and goes on counting.
#[test]
fn restarts_with_a_full_window() {
    attack("restarts, each with a full window that the user does not take", window, |attacker| {
        for tag in 100..110 {
            attacker.data(6_000, 1, WHOLE, &[7; 1100], |i| (0, i as u16));
            attacker.packet(0, |out| Attacker::init(tag).write(out).unwrap());
            let mut packet = Packet::new();
            let mut cookie = None;
            packet.begin(0);
            while attacker.victim.poll_transmit(NOW, &mut packet).is_some() {
                let parsed = wire::Packet::parse(packet.current(), false).unwrap();
                let first = parsed.chunks.map_while(Result::ok).next().map(Chunk::parse);
                if let Some(Ok(Chunk::InitAck(ack))) = first {
                    attacker.victim_tag = ack.0.initiate_tag;
                    let mut params = ack.0.params.map_while(Result::ok);
                    cookie =
                        params.find(|param| param.kind == ParamType::STATE_COOKIE).map(|p| p.value.to_vec());
                }
                packet.begin(0);
            }
            let cookie = cookie.expect("an INIT is answered");
            attacker.send(|out| CookieEcho { cookie: &cookie }.write(out).unwrap());
            attacker.tsn = 1;
        }
    });
}

#[test]
fn messages_of_our_own() {
    let config = Config { max_send_message: 1_000, send_buffer: 10_000, ..Config::default() };
    let mut attacker = Attacker::new(config);
    let mut send = |len: usize| {
        attacker.victim.send(NOW, 1, 51, vec![0; len].into(), siskin_sctp::SendOptions::default())
    };
    assert_eq!(send(1_001), Err(siskin_sctp::SendError::TooLong));
    // Each counts 64 bytes more.
    let taken = (0..100).take_while(|_| send(1_000).is_ok()).count();
    assert_eq!((taken, send(1_000)), (9, Err(siskin_sctp::SendError::BufferFull)));
}
