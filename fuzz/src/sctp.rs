//! Properties of `siskin-sctp`.

use bytes::Bytes;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_sctp::wire::{self, Chunk, Chunks, ReConfig, ReConfigParam};
use siskin_sctp::{Association, Config, Event, Message, Reliability, SendOptions};
use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

/// The input is a list of chunks. Those that can be read are written so that they read the same, and an association that
/// gets them in a packet of its peer's stays bounded, answers with packets that can be read, and never asks for a timeout
/// that it does not act on.
pub fn sctp_packet(input: &[u8]) {
    for raw in Chunks::new(input).map_while(Result::ok) {
        let Ok(chunk) = Chunk::parse(raw) else { continue };
        if let Chunk::ReConfig(ReConfig { params }) = chunk {
            params.map_while(Result::ok).for_each(|param| _ = ReConfigParam::parse(param));
        }
        let mut out = Vec::new();
        chunk.write(&mut out).expect("it came in a chunk");
        let again = Chunks::new(&out).next().expect("one chunk").expect("a whole one");
        assert_eq!(Chunk::parse(again), Ok(chunk));
    }
    let (mut a, mut b) = connected();
    let now = Instant::from_millis(1);
    // The tag of `a` is in its INIT, behind the chunk header.
    let tag = a.local_init().get(4..8).and_then(|tag| tag.try_into().ok()).map(u32::from_be_bytes);
    let mut packet = Vec::new();
    wire::write_header(&mut packet, 5000, 5000, tag.expect("an INIT has a tag"));
    packet.extend_from_slice(input);
    wire::seal(&mut packet);
    receive(&mut a, now, &mut packet);
    for step in 0..200 {
        let now = now + Duration::from_millis(500 * step);
        let packets = transmit(&mut a, now);
        assert!(packets.len() < 100, "{} packets at once", packets.len());
        packets.into_iter().for_each(|mut packet| receive(&mut b, now, &mut packet));
        while a.poll_event().is_some() {}
        a.handle_timeout(now);
        b.handle_timeout(now);
        transmit(&mut b, now).into_iter().for_each(|mut packet| receive(&mut a, now, &mut packet));
        let _ = transmit(&mut a, now);
        assert!(a.poll_timeout().is_none_or(|at| at > now), "a timeout that is not acted on");
    }
}

/// The input is a list of operations on two associations and the packets between them: reliable messages come in order,
/// once and intact, whatever the network does, and all of them if nobody aborts and the network recovers.
pub fn sctp_ops(input: &[u8]) {
    let (a, b) = connected();
    let mut ends = [a, b];
    let mut wire: [VecDeque<Vec<u8>>; 2] = Default::default();
    let mut now = Instant::from_millis(1);
    let mut sent: [BTreeMap<u16, Vec<Bytes>>; 2] = Default::default();
    let mut got: [BTreeMap<u16, Vec<Bytes>>; 2] = Default::default();
    let mut ended = false;
    let mut reading = [true, true];
    for (step, pair) in input.chunks_exact(2).take(2000).enumerate() {
        let [op, arg] = [pair[0], pair[1]];
        let side = usize::from(op >> 7);
        match op & 15 {
            0..4 => {
                let stream = u16::from(op & 3);
                let data = content(step, 1 + usize::from(arg) * 40);
                let options = SendOptions { unordered: false, reliability: Reliability::Reliable };
                if ends[side].send(now, stream, 53, data.clone(), options).is_ok() {
                    sent[side].entry(stream).or_default().push(data);
                }
            }
            4 | 5 => {
                let reliability = if arg & 1 == 0 {
                    Reliability::MaxRetransmits(u16::from(arg >> 6))
                } else {
                    Reliability::Lifetime(Duration::from_millis(u64::from(arg) * 4))
                };
                let options = SendOptions { unordered: arg & 2 != 0, reliability };
                let _ = ends[side].send(now, 9, 53, content(step, 1 + usize::from(arg) * 40), options);
            }
            6 => drop(ends[side].reset_streams(now, &[9, 10])),
            7 => drop(wire[side].pop_front()),
            8 => wire[side].rotate_left(usize::from(arg > 0 && !wire[side].is_empty())),
            9 => {
                if let Some(packet) = wire[side].front().cloned() {
                    wire[side].push_back(packet);
                }
            }
            10 => now += Duration::from_millis(u64::from(arg) * 10),
            11 => reading[side] = arg & 1 == 0,
            12 if arg == 0 => {
                ended = true;
                let _ = ends[side].shutdown(now);
            }
            12 if arg == 1 => {
                ended = true;
                let _ = ends[side].abort(now);
            }
            12 => ends[side].set_max_datagram(508 + usize::from(arg) * 4),
            13 => {
                if let Some(packet) = wire[side].front_mut() {
                    let at = usize::from(arg) % packet.len();
                    packet[at] ^= op;
                }
            }
            _ => _ = exchange(&mut ends, &mut wire, now, usize::from(arg)),
        }
        if op & 15 == 10 {
            ends.iter_mut().for_each(|end| end.handle_timeout(now));
        }
        collect(&mut ends, &mut got, reading, now);
    }
    // The network recovers, and time goes from timer to timer.
    let end = now + Duration::from_secs(300);
    while now < end {
        ends.iter_mut().for_each(|end| end.handle_timeout(now));
        let mut rounds = 0;
        while exchange(&mut ends, &mut wire, now, usize::MAX) {
            collect(&mut ends, &mut got, [true, true], now);
            rounds += 1;
            assert!(rounds < 10_000, "never at rest");
        }
        collect(&mut ends, &mut got, [true, true], now);
        let next = ends.iter().filter_map(Association::poll_timeout).min().unwrap_or(end);
        assert!(next > now, "a timeout that is not acted on");
        now = next.min(now + Duration::from_secs(5));
    }
    for (sent, got) in sent.iter().zip(got.iter().rev()) {
        for (stream, messages) in got.iter().filter(|(stream, _)| **stream < 9) {
            assert!(sent[stream].starts_with(messages), "stream {stream}: out of order, twice or damaged");
        }
        let alive = ends.iter().all(Association::is_connected);
        if !ended && alive {
            let (sent, got) = (sent.values().map(Vec::len).sum::<usize>(), arrived(got));
            assert_eq!(got, sent, "not everything arrived");
        }
    }
}

fn arrived(got: &BTreeMap<u16, Vec<Bytes>>) -> usize {
    got.iter().filter(|(stream, _)| **stream < 9).map(|(_, messages)| messages.len()).sum()
}

/// Bytes that tell one step's message from another's, cut from one piece, since making them took longer than sending.
fn content(step: usize, len: usize) -> Bytes {
    static PATTERN: LazyLock<Bytes> =
        LazyLock::new(|| (0..256 + 1 + 255 * 40).map(|i| (i * 7) as u8).collect::<Vec<u8>>().into());
    let start = step % 256;
    PATTERN.slice(start..start + len)
}

/// Two associations that are up, by signalling.
fn connected() -> (Association, Association) {
    let end = |seed| {
        Association::new(Config::small(), Rng::for_tests(seed), Instant::ZERO).expect("a sound config")
    };
    let (mut a, mut b) = (end(1), end(2));
    let (for_a, for_b) = (b.local_init(), a.local_init());
    a.start(Instant::ZERO, &for_a).expect("fresh");
    b.start(Instant::ZERO, &for_b).expect("fresh");
    (a, b)
}

fn receive(to: &mut Association, now: Instant, datagram: &mut [u8]) {
    let path = Path::udp(BaseId(0), ([192, 0, 2, 1], 1).into());
    to.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
}

fn transmit(from: &mut Association, now: Instant) -> Vec<Vec<u8>> {
    let mut out = Packet::new();
    let mut packets = Vec::new();
    out.begin(0);
    while from.poll_transmit(now, &mut out).is_some() {
        assert!(wire::Packet::parse(out.current(), false).is_ok());
        packets.push(out.current().to_vec());
        out.begin(0);
    }
    packets
}

/// Takes what both want to send, and delivers up to `most` packets each way; whether there was any.
fn exchange(
    ends: &mut [Association; 2],
    wire: &mut [VecDeque<Vec<u8>>; 2],
    now: Instant,
    most: usize,
) -> bool {
    let mut any = false;
    for side in 0..2 {
        wire[side].extend(transmit(&mut ends[side], now));
        let count = wire[side].len().min(most);
        any |= count > 0;
        for mut packet in wire[side].drain(..count).collect::<Vec<_>>() {
            receive(&mut ends[1 - side], now, &mut packet);
        }
    }
    any
}

fn collect(
    ends: &mut [Association; 2],
    got: &mut [BTreeMap<u16, Vec<Bytes>>; 2],
    reading: [bool; 2],
    _now: Instant,
) {
    for side in 0..2 {
        while reading[side]
            && let Some(event) = ends[side].poll_event()
        {
            if let Event::Message(Message { stream, data, .. }) = event {
                got[side].entry(stream).or_default().push(data);
            }
        }
    }
}
