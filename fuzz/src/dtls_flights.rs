//! Whole DTLS handshakes, of which one side's flights are altered on the way.
//!
//! The input's first byte chooses the group, whether there is a cookie, and how large datagrams are. Then come four
//! bytes for each datagram towards the side under test: what is done to it, to which one (or which byte) of it, and how.
//! Where the input ends, honesty begins.

mod reseal;

use cap::Cap;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Observation, Packet, Path, Received, Rng};
use siskin_crypto::{Certificate, NamedGroup};
use siskin_dtls::{Config, Connection, Event, Limits, ProtocolVersion, Role};
use std::alloc::System;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Counts what is allocated: two connections stay under [`MEMORY`].
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes on the heap of this program.
pub(crate) fn heap() -> usize {
    ALLOCATOR.allocated()
}

/// Heap that both connections together may hold at any time, in bytes: `Limits::small()` keeps 8 KiB of reassembly and 8 KiB of
/// early records and data in each, observations aside; the rest is keys, flights of at most 6 KiB and the transcript.
const MEMORY: usize = 96 << 10;

/// A client at DTLS 1.2 against altered flights of a server.
pub fn dtls_client_v12(input: &[u8]) {
    Handshake::new(ProtocolVersion::DTLS1_2, Role::Client, input).run();
}

/// A server at DTLS 1.2 against altered flights of a client.
pub fn dtls_server_v12(input: &[u8]) {
    Handshake::new(ProtocolVersion::DTLS1_2, Role::Server, input).run();
}

/// A client at DTLS 1.3 against altered flights of a server.
pub fn dtls_client_v13(input: &[u8]) {
    Handshake::new(ProtocolVersion::DTLS1_3, Role::Client, input).run();
}

/// A server at DTLS 1.3 against altered flights of a client.
pub fn dtls_server_v13(input: &[u8]) {
    Handshake::new(ProtocolVersion::DTLS1_3, Role::Server, input).run();
}

struct Handshake<'a> {
    tested: Connection,
    honest: Connection,
    alterations: std::slice::ChunksExact<'a, u8>,
    /// What was done to what went by.
    harm: Harm,
    /// A datagram that the next one overtakes.
    held: Option<Vec<u8>>,
    /// Datagrams that went by, for repetition.
    past: Vec<Vec<u8>>,
    /// The honest side's handshake traffic secret, once it has one.
    secret: Option<Vec<u8>>,
    honest_role: Role,
    connected: [bool; 2],
    heap_before: usize,
    sent: usize,
    given: usize,
}

/// What the worst alteration was, up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    /// None at all: the handshake completes at once.
    None,
    /// What networks do, or what authentication catches: the handshake completes.
    Repairable,
    /// What nobody can tell from the peer's own words: the handshake completes or ends.
    Forged,
}

fn path() -> Path {
    Path::udp(BaseId(0), ([192, 0, 2, 1], 5000).into())
}

impl<'a> Handshake<'a> {
    fn new(version: ProtocolVersion, tested: Role, input: &'a [u8]) -> Self {
        static CERTIFICATE: LazyLock<Arc<Certificate>> = LazyLock::new(|| {
            let unix = Duration::from_secs(1_795_305_600);
            let made = Certificate::generate(&siskin_crypto::rustcrypto(), &mut Rng::for_tests(1), unix);
            Arc::new(made.expect("the provider can"))
        });
        let (setup, rest) = input.split_first().map_or((0, input), |(first, rest)| (*first, rest));
        let provider = siskin_crypto::rustcrypto();
        let fingerprint = LazyLock::force(&CERTIFICATE).fingerprint(&provider, HashAlgorithm::Sha256);
        let make = |role, seed| {
            let mut config = Config::new(provider, CERTIFICATE.clone(), role, path());
            config.versions = vec![version];
            config.groups = match setup & 3 {
                0 if version == ProtocolVersion::DTLS1_3 => {
                    vec![NamedGroup::X25519MLKEM768, NamedGroup::X25519]
                }
                // The client's first share is for a group that the server does not have: a second hello.
                1 if role == Role::Client => vec![NamedGroup::SECP256R1, NamedGroup::X25519],
                // RFC 8422 §5.1: in DTLS 1.2 the list names the curve of the server's certificate, too.
                _ if version == ProtocolVersion::DTLS1_2 => vec![NamedGroup::X25519, NamedGroup::SECP256R1],
                _ => vec![NamedGroup::X25519],
            };
            config.cookie_exchange = setup & 4 != 0;
            config.max_datagram = [1200, 1200, 300, 150][usize::from(setup >> 3 & 3)];
            config.retransmit_max = Duration::from_secs(1);
            config.handshake_timeout = Duration::from_secs(120);
            config.limits = Limits::small();
            config.key_log = role != tested;
            let mut dtls =
                Connection::new(config, Rng::for_tests(seed), Instant::ZERO).expect("a sound configuration");
            dtls.set_remote_fingerprints(Instant::ZERO, std::slice::from_ref(&fingerprint)).expect("SHA-256");
            dtls
        };
        let heap_before = heap();
        let honest_role = if tested == Role::Client { Role::Server } else { Role::Client };
        Self {
            tested: make(tested, 2),
            honest: make(honest_role, 3),
            alterations: rest.get(..rest.len().min(4 * MOST)).unwrap_or_default().chunks_exact(4),
            harm: Harm::None,
            held: None,
            past: Vec::new(),
            secret: None,
            honest_role,
            connected: [false; 2],
            heap_before,
            sent: 0,
            given: 0,
        }
    }

    fn run(mut self) {
        let mut now = Instant::ZERO;
        for round in 0..2_000 {
            let mut quiet = true;
            for datagram in flush(&mut self.tested, now) {
                self.sent += datagram.len();
                give(&mut self.honest, now, datagram);
                quiet = false;
            }
            self.take_events(round);
            for datagram in flush(&mut self.honest, now) {
                for datagram in self.alter(datagram) {
                    self.given += datagram.len();
                    give(&mut self.tested, now, datagram);
                }
                quiet = false;
            }
            self.take_events(round);
            let heap = heap().saturating_sub(self.heap_before);
            assert!(
                heap < MEMORY + self.past.iter().map(|p| p.capacity() + 24).sum::<usize>() * 2,
                "{heap} bytes"
            );
            if self.connected == [true; 2] || self.tested.is_closed() || self.honest.is_closed() {
                break;
            }
            if quiet {
                let due =
                    [self.tested.poll_timeout(), self.honest.poll_timeout()].into_iter().flatten().min();
                let Some(due) = due else { break };
                now = now.max(due);
                for dtls in [&mut self.tested, &mut self.honest] {
                    dtls.handle_timeout(now);
                }
            }
        }
        match self.harm {
            Harm::None => {
                assert_eq!(self.connected, [true; 2], "nothing was altered");
                assert_eq!(self.tested.stats().retransmissions + self.honest.stats().retransmissions, 0);
            }
            Harm::Repairable => assert_eq!(self.connected, [true; 2], "{:?}", self.tested.stats()),
            Harm::Forged => {
                let over = self.tested.is_closed() || self.honest.is_closed() || self.connected == [true; 2];
                assert!(over, "neither connected nor closed: {:?}", self.tested.stats());
            }
        }
        if self.connected == [true; 2] && !self.tested.is_closed() && !self.honest.is_closed() {
            // Both have the same keys.
            let mut exported = [[0; 32]; 2];
            for (dtls, out) in [&self.tested, &self.honest].into_iter().zip(&mut exported) {
                dtls.export_keying_material("EXPERIMENTAL", None, out).expect("connected");
            }
            assert_eq!(exported[0], exported[1]);
        }
    }

    fn take_events(&mut self, round: usize) {
        for (dtls, connected) in [&mut self.tested, &mut self.honest].into_iter().zip(&mut self.connected) {
            while let Some(event) = dtls.poll_event() {
                match event {
                    Event::Connected { .. } => *connected = true,
                    Event::Closed(error) => {
                        assert_eq!(self.harm, Harm::Forged, "ended with {error:?} in round {round}");
                    }
                    Event::PeerClosed => assert_eq!(self.harm, Harm::Forged),
                    event => panic!("{event:?}"),
                }
            }
        }
        while let Some(observation) = self.honest.poll_observation() {
            let Observation::KeyLog(line) = observation else { continue };
            let label = match self.honest_role {
                Role::Client => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                Role::Server => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            };
            if line.starts_with(label) {
                self.secret = line.trim_end().rsplit(' ').next().map(reseal::unhex);
            }
        }
    }

    /// What becomes of a datagram towards the side under test.
    fn alter(&mut self, datagram: Vec<u8>) -> Vec<Vec<u8>> {
        let op = self.alterations.next().unwrap_or(&[0; 4]);
        let mut out = VecDeque::new();
        if self.past.len() < MOST {
            self.past.push(datagram.clone());
        }
        let at = usize::from(op[1]) * datagram.len() / 256;
        let mut harm = |harm| self.harm = self.harm.max(harm);
        match op[0] % 10 {
            1 => harm(Harm::Repairable),
            2 => {
                harm(Harm::Repairable);
                out.extend([datagram.clone(), datagram]);
            }
            3 if self.held.is_none() => {
                harm(Harm::Repairable);
                self.held = Some(datagram);
            }
            4 => {
                harm(Harm::Repairable);
                out.push_back(datagram.get(..at).unwrap_or_default().to_vec());
            }
            5 => {
                harm(if is_sealed(&datagram, at) { Harm::Repairable } else { Harm::Forged });
                let mut datagram = datagram;
                if let Some(byte) = datagram.get_mut(at) {
                    *byte ^= 1 << (op[2] % 8);
                }
                out.push_back(datagram);
            }
            6 => {
                // Something from before, once more.
                harm(Harm::Repairable);
                let again = self.past.get(usize::from(op[1]) % self.past.len().max(1)).cloned();
                out.push_back(datagram);
                out.extend(again);
            }
            7 => {
                // The fragment in the first record, cut in two that overlap, or the second of which lies.
                harm(Harm::Forged);
                out.extend(refragment(&datagram, at, op[2], op[3]));
            }
            8 => match self
                .secret
                .as_deref()
                .and_then(|secret| reseal::altered(&datagram, secret, op[1], op[2]))
            {
                Some(altered) => {
                    harm(Harm::Forged);
                    out.push_back(altered);
                }
                None => out.push_back(datagram),
            },
            9 => {
                // A handful of bytes overwritten: counts, lengths, types.
                harm(Harm::Forged);
                let mut datagram = datagram;
                let end = (at + 1 + usize::from(op[2] % 4)).min(datagram.len());
                datagram.get_mut(at..end).unwrap_or_default().fill(op[3]);
                out.push_back(datagram);
            }
            _ => out.push_back(datagram),
        }
        if op[0] % 10 != 3
            && let Some(held) = self.held.take()
        {
            out.push_back(held);
        }
        out.into()
    }
}

/// Datagrams that may be altered.
const MOST: usize = 64;

fn flush(dtls: &mut Connection, now: Instant) -> Vec<Vec<u8>> {
    let (mut packet, mut out) = (Packet::new(), Vec::new());
    while dtls.poll_transmit(now, &mut packet).is_some() {
        out.push(packet.as_bytes().to_vec());
        packet.clear();
        assert!(out.len() < 100, "no end of datagrams");
    }
    out
}

fn give(dtls: &mut Connection, now: Instant, mut datagram: Vec<u8>) {
    dtls.handle_datagram(
        now,
        Received { path: path(), arrived: now, ecn: Ecn::NotEct, datagram: &mut datagram },
    );
}

/// Whether the byte at `at` lies in the encrypted part of a record, where a change cannot but be noticed.
fn is_sealed(datagram: &[u8], at: usize) -> bool {
    let mut start = 0;
    while let Some(record) = datagram.get(start..).filter(|record| !record.is_empty()) {
        let number =
            |at: usize| Some(usize::from(u16::from_be_bytes([*record.get(at)?, *record.get(at + 1)?])));
        let (header, length, sealed) = if record[0] & 0xe0 == 0x20 {
            let numbers = if record[0] & 8 == 0 { 1 } else { 2 };
            match record[0] & 4 {
                0 => (1 + numbers, Some(record.len().saturating_sub(1 + numbers)), true),
                _ => (3 + numbers, number(1 + numbers), true),
            }
        } else {
            (13, number(11), number(3) != Some(0))
        };
        let Some(length) = length else { return false };
        if at < start + header + length {
            return sealed && at >= start + header;
        }
        start += header + length;
    }
    false
}

/// The first record's fragment in two, with the same record number: see RFC 6347 §4.2.3 for what may overlap.
fn refragment(datagram: &[u8], at: usize, overlap: u8, lie: u8) -> Vec<Vec<u8>> {
    const HEADERS: usize = 13 + 12;
    let is_handshake = datagram.first() == Some(&22) && datagram.get(3..5) == Some(&[0, 0]);
    let (true, Some(header)) = (is_handshake, datagram.get(..HEADERS)) else {
        return vec![datagram.to_vec()];
    };
    let length = usize::from(u16::from_be_bytes([header[11], header[12]])).saturating_sub(12);
    let Some(body) = datagram.get(HEADERS..HEADERS + length) else { return vec![datagram.to_vec()] };
    let first_offset = u32::from_be_bytes([0, header[19], header[20], header[21]]);
    let middle = at.min(length);
    let from = middle.saturating_sub(usize::from(overlap));
    let piece = |from: usize, to: usize, lie: u8| {
        let mut record = header.to_vec();
        let part = body.get(from..to).unwrap_or_default();
        record[11..13].copy_from_slice(&(part.len() as u16 + 12).to_be_bytes());
        record[19..22].copy_from_slice(&(first_offset + from as u32).to_be_bytes()[1..]);
        record[22..25].copy_from_slice(&(part.len() as u32).to_be_bytes()[1..]);
        record.extend(part.iter().map(|byte| byte ^ lie));
        record
    };
    let mut second = piece(from, length, lie & 0x0f);
    // The second under a number of its own, or it would count as a repetition.
    second[10] = second[10].wrapping_add(lie >> 4);
    vec![piece(0, middle, 0), second]
}
