//! Rules that a second reading of the RFCs found broken: each test plays one of them through.

use crate::pair::{End, Pair};
use core::time::Duration;
use siskin_base::Instant;
use siskin_sctp::wire::{
    self, Abort, Cause, CauseCode, Causes, Chunk, ChunkType, Init, InitAck, Packet, Param, ParamType, Params,
    RawChunk, ReConfig, ReConfigParam, ReConfigResult, ShutdownAck,
};
use siskin_sctp::{Config, Error, Event, PeerMisbehaved, Reliability, SendOptions};

const TAG: u32 = 77;

fn packet(tag: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::write_header(&mut bytes, 5000, 5000, tag);
    chunks.iter().for_each(|chunk| bytes.extend_from_slice(chunk));
    wire::seal(&mut bytes);
    bytes
}

fn raw(kind: u8, flags: u8, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    RawChunk { kind: ChunkType(kind), flags, value }.write(&mut out).unwrap();
    out
}

fn data(tsn: u32, stream: u16) -> Vec<u8> {
    let mut value = tsn.to_be_bytes().to_vec();
    value.extend(stream.to_be_bytes());
    value.extend([0, 0, 0, 0, 0, 51, b'x']);
    raw(0, 7, &value)
}

/// An INIT of a peer whose tag is [`TAG`], changed by `change`.
fn init(change: impl FnOnce(&mut Init<'_>)) -> Vec<u8> {
    let mut chunk = Init {
        initiate_tag: TAG,
        a_rwnd: 100_000,
        outbound_streams: 10,
        inbound_streams: 10,
        initial_tsn: 1000,
        params: Params::default(),
    };
    change(&mut chunk);
    let mut out = Vec::new();
    chunk.write(&mut out).unwrap();
    out
}

/// The same as an INIT ACK, with a cookie.
fn init_ack(change: impl FnOnce(&mut Init<'_>)) -> Vec<u8> {
    let mut params = Vec::new();
    Param { kind: ParamType::STATE_COOKIE, value: b"cookie" }.write(&mut params).unwrap();
    let mut out = init(change);
    let len = out.len() + params.len();
    out[0] = ChunkType::INIT_ACK.0;
    out[2..4].copy_from_slice(&(len as u16).to_be_bytes());
    out.extend(params);
    out
}

fn tag_of(end: &End) -> u32 {
    u32::from_be_bytes(end.association.local_init()[4..8].try_into().unwrap())
}

/// A packet's tag and the types of its chunks.
fn shape(bytes: &[u8]) -> (u32, Vec<ChunkType>) {
    let packet = Packet::parse(bytes, true).unwrap();
    (packet.verification_tag, packet.chunks.map(|chunk| chunk.unwrap().kind).collect())
}

/// What `end` answers to a packet.
fn answers(end: &mut End, now: Instant, bytes: Vec<u8>) -> Vec<Vec<u8>> {
    end.receive(now, bytes);
    end.packets(now)
}

fn kinds(pair: &Pair, from: usize) -> Vec<ChunkType> {
    let log = pair.log.iter().filter(|(_, who, _)| *who == from);
    log.flat_map(|(_, _, bytes)| shape(bytes).1).collect()
}

/// The flags of the ABORT that is a packet's only chunk, and its first cause.
fn abort(bytes: &[u8]) -> (bool, Option<CauseCode>) {
    let chunk = Packet::parse(bytes, true).unwrap().chunks.next().unwrap().unwrap();
    let Ok(Chunk::Abort(Abort { reflected_tag, causes })) = Chunk::parse(chunk) else { panic!("{chunk:?}") };
    let mut causes: Causes<'_> = causes;
    (reflected_tag, causes.next().map(|cause: Result<Cause<'_>, _>| cause.unwrap().code))
}

const HOST: [u8; 8] = [0, 11, 0, 6, b'h', 0, 0, 0];
const INVALID: Option<CauseCode> = Some(CauseCode::INVALID_MANDATORY_PARAMETER);

#[test]
fn rfc9260_3_3_2_an_init_that_breaks_a_rule_is_refused_and_changes_nothing() {
    let broken: [(Vec<u8>, Option<CauseCode>); 4] = [
        (init(|init| init.a_rwnd = 1499), INVALID),
        (init(|init| init.outbound_streams = 0), INVALID),
        (init(|init| init.inbound_streams = 0), INVALID),
        (init(|init| init.params = Params::new(&HOST)), None),
    ];
    for (chunk, cause) in broken {
        let mut end = End::new(Config::default(), 1);
        let out = answers(&mut end, Instant::ZERO, packet(0, &[chunk]));
        assert_eq!(out.iter().map(|bytes| shape(bytes)).collect::<Vec<_>>(), [(TAG, vec![ChunkType::ABORT])]);
        assert_eq!(abort(&out[0]), (false, cause));
        assert!(end.events.is_empty());
        let out = answers(&mut end, Instant::ZERO, packet(0, &[init(|_| {})]));
        assert_eq!(shape(&out[0]).1, [ChunkType::INIT_ACK], "it can still be opened");
    }
    let mut end = End::new(Config::default(), 1);
    assert!(answers(&mut end, Instant::ZERO, packet(0, &[init(|init| init.initiate_tag = 0)])).is_empty());
}

#[test]
fn rfc9260_3_3_3_an_init_ack_that_breaks_a_rule_is_refused() {
    let broken: [(Vec<u8>, Option<PeerMisbehaved>); 4] = [
        (init_ack(|init| init.initiate_tag = 0), Some(PeerMisbehaved::ZeroTag)),
        (init_ack(|init| init.inbound_streams = 0), Some(PeerMisbehaved::NoStreams)),
        (init_ack(|init| init.params = Params::new(&HOST)), Some(PeerMisbehaved::HostName)),
        (init_ack(|init| init.a_rwnd = 1499), None),
    ];
    for (chunk, error) in broken {
        let mut end = End::new(Config::default(), 1);
        end.association.connect(Instant::ZERO).unwrap();
        end.packets(Instant::ZERO);
        let tag = tag_of(&end);
        let out = answers(&mut end, Instant::ZERO, packet(tag, &[chunk]));
        let reflected = error == Some(PeerMisbehaved::ZeroTag);
        assert_eq!(shape(&out[0]), (if reflected { tag } else { TAG }, vec![ChunkType::ABORT]));
        assert_eq!(abort(&out[0]).0, reflected);
        match error {
            Some(rule) => assert_eq!(end.events, [Event::Closed(Some(Error::PeerMisbehaved(rule)))]),
            None => assert!(end.events.is_empty(), "a small window changes no state"),
        }
    }
}

#[test]
fn rfc9260_3_3_3_no_more_streams_than_the_init_accepts() {
    let mut end = End::new(Config::default(), 1);
    let out = answers(&mut end, Instant::ZERO, packet(0, &[init(|_| {})]));
    let chunk = Packet::parse(&out[0], false).unwrap().chunks.next().unwrap().unwrap();
    let Ok(Chunk::InitAck(InitAck(ack))) = Chunk::parse(chunk) else { panic!("{chunk:?}") };
    assert_eq!((ack.outbound_streams, ack.inbound_streams), (10, 65535));
}

#[test]
fn rfc9260_3_3_7_an_abort_with_a_format_error_is_discarded() {
    let mut pair = Pair::connected();
    let (now, tag) = (pair.now, tag_of(&pair.ends[0]));
    pair.ends[0].receive(now, packet(tag, &[raw(6, 0, &[0, 12, 0, 99])]));
    assert!(pair.ends[0].association.is_connected());
    pair.ends[0].receive(now, packet(tag, &[raw(6, 0, &[0, 12, 0, 4])]));
    assert!(pair.ends[0].association.is_closed());
}

#[test]
fn rfc9260_4_the_cookie_has_attempts_of_its_own() {
    let config = Config { max_init_retransmits: 3, ..Config::default() };
    let mut pair = Pair::new(config, Config::default());
    let mut inits = 0;
    pair.drop = Box::new(move |_, bytes| match shape(bytes).1[0] {
        ChunkType::INIT => {
            inits += 1;
            inits < 4
        }
        kind => kind == ChunkType::COOKIE_ECHO,
    });
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100_000);
    let sent = kinds(&pair, 0);
    let count = |kind| sent.iter().filter(|sent| **sent == kind).count();
    assert_eq!((count(ChunkType::INIT), count(ChunkType::COOKIE_ECHO)), (4, 4));
}

#[test]
fn rfc9260_5_1_cookie_ack_is_the_first_chunk_of_its_packet() {
    let mut pair = Pair::new(Config::default(), Config::default());
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    let echo = pair.log.iter().map(|(_, _, bytes)| bytes).find(|b| shape(b).1[0] == ChunkType::COOKIE_ECHO);
    let (echo, now, tag) = (echo.unwrap().clone(), pair.now, tag_of(&pair.ends[1]));
    let heartbeat = raw(4, 0, &[0, 1, 0, 4]);
    pair.ends[1].receive(now, packet(tag, &[heartbeat]));
    let out = answers(&mut pair.ends[1], now, echo);
    assert_eq!(shape(&out[0]).1, [ChunkType::COOKIE_ACK, ChunkType::HEARTBEAT_ACK]);
}

#[test]
fn rfc9260_6_data_stands_for_a_lost_cookie_ack() {
    let mut pair = Pair::new(Config::default(), Config::default());
    pair.drop = Box::new(|_, bytes| shape(bytes).1.contains(&ChunkType::COOKIE_ACK));
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(50);
    assert!(pair.ends[0].events.is_empty() && pair.ends[1].events == [Event::Connected]);
    pair.send(1, 1, "first");
    pair.run(15);
    let events = &pair.ends[0].events;
    assert!(
        matches!(&events[..], [Event::Connected, Event::Message(first)] if first.data == "first"),
        "{events:?}"
    );
    // It sends, too, and says its cookie no more.
    pair.log.clear();
    pair.send(0, 1, "second");
    pair.run(1_000);
    assert_eq!(pair.ends[1].messages().len(), 1);
    assert!(!kinds(&pair, 0).contains(&ChunkType::COOKIE_ECHO));
}

#[test]
fn rfc9260_5_2_4_a_peer_that_began_twice_is_heard_under_its_second_tag() {
    let mut end = End::new(Config::default(), 1);
    let echo = |end: &mut End, tag: u32| {
        let out = answers(end, Instant::ZERO, packet(0, &[init(|init| init.initiate_tag = tag)]));
        let chunk = Packet::parse(&out[0], false).unwrap().chunks.next().unwrap().unwrap();
        let Ok(Chunk::InitAck(InitAck(ack))) = Chunk::parse(chunk) else { panic!("{chunk:?}") };
        let mut params: Params<'_> = ack.params;
        let cookie = params.find_map(|p| p.ok().filter(|p: &Param<'_>| p.kind == ParamType::STATE_COOKIE));
        packet(ack.initiate_tag, &[raw(10, 0, cookie.unwrap().value)])
    };
    let (first, second) = (echo(&mut end, 5), echo(&mut end, 6));
    assert_eq!(shape(&answers(&mut end, Instant::ZERO, first)[0]).0, 5);
    assert_eq!(shape(&answers(&mut end, Instant::ZERO, second)[0]), (6, vec![ChunkType::COOKIE_ACK]));
    assert_eq!(end.events, [Event::Connected, Event::Restarted]);
}

#[test]
fn rfc9260_8_5_1_an_init_in_company_is_discarded() {
    let mut end = End::new(Config::default(), 1);
    let company = packet(0, &[init(|_| {}), raw(4, 0, &[0, 1, 0, 4])]);
    assert!(answers(&mut end, Instant::ZERO, company).is_empty());
}

#[test]
fn rfc9260_8_4_what_comes_after_the_end_is_answered() {
    let mut pair = Pair::connected();
    let (now, tag) = (pair.now, tag_of(&pair.ends[0]));
    pair.ends[0].association.abort(now).unwrap();
    pair.ends[0].packets(now); // lost
    let one = |pair: &mut Pair, tag, chunks: &[Vec<u8>]| {
        let out = answers(&mut pair.ends[0], now, packet(tag, chunks));
        out.first().map(|bytes| shape(bytes))
    };
    let abort = |tag| Some((tag, vec![ChunkType::ABORT]));
    assert_eq!(one(&mut pair, tag, &[data(1, 1)]), abort(tag));
    assert_eq!(one(&mut pair, 0, &[init(|_| {})]), abort(TAG));
    assert_eq!(one(&mut pair, 9, &[raw(8, 0, b"")]), Some((9, vec![ChunkType::SHUTDOWN_COMPLETE])));
    assert_eq!(one(&mut pair, tag, &[raw(11, 0, b"")]), None);
    assert_eq!(one(&mut pair, tag, &[raw(14, 0, b"")]), None);
    assert_eq!(one(&mut pair, tag, &[raw(9, 0, &[0, 3, 0, 8, 0, 0, 0, 0])]), None);
    assert_eq!(one(&mut pair, tag, &[data(1, 1), raw(6, 0, b"")]), None, "an ABORT is never answered");
    // So a peer that missed the ABORT learns of it when it speaks.
    pair.send(1, 1, "anyone?");
    pair.run(100);
    assert_eq!(pair.ends[1].events.last(), Some(&Event::Closed(Some(Error::PeerAborted(None)))));
}

/// Seed 407 of the campaign: DATA that was late on its way came after the shutdown, and the ABORT that answered it reached a
/// peer that was still waiting for SHUTDOWN COMPLETE.
#[test]
fn late_packets_after_a_shutdown_are_not_answered_with_an_abort() {
    let mut pair = Pair::connected();
    let tag = tag_of(&pair.ends[0]);
    pair.ends[0].association.shutdown(pair.now).unwrap();
    pair.run(1000);
    assert!(pair.ends.iter().all(End::closed));
    let out = answers(&mut pair.ends[0], pair.now, packet(tag, &[data(1, 1)]));
    assert!(out.is_empty(), "{out:?}");
    // What a peer asks whose SHUTDOWN COMPLETE was lost is answered still.
    let out = answers(&mut pair.ends[0], pair.now, packet(9, &[raw(8, 0, b"")]));
    assert_eq!(shape(&out[0]).1, [ChunkType::SHUTDOWN_COMPLETE]);
}

#[test]
fn rfc9260_8_5_1_a_shutdown_ack_while_opening_is_completed() {
    let mut end = End::new(Config::default(), 1);
    end.association.connect(Instant::ZERO).unwrap();
    end.packets(Instant::ZERO);
    let mut chunk = Vec::new();
    ShutdownAck.write(&mut chunk).unwrap();
    let out = answers(&mut end, Instant::ZERO, packet(9, &[chunk]));
    assert_eq!(shape(&out[0]), (9, vec![ChunkType::SHUTDOWN_COMPLETE]));
    assert_eq!(Packet::parse(&out[0], false).unwrap().chunks.next().unwrap().unwrap().flags, 1);
    assert!(end.events.is_empty(), "and the opening goes on");
}

#[test]
fn rfc9260_9_2_a_packet_of_data_is_answered_with_one_shutdown() {
    let mut pair = Pair::connected();
    let now = pair.now;
    pair.drop = Box::new(|_, _| true);
    pair.ends[0].association.shutdown(now).unwrap();
    assert_eq!(shape(&pair.ends[0].packets(now)[0]).1, [ChunkType::SHUTDOWN]);
    for _ in 0..5 {
        pair.send(1, 1, "x");
    }
    let five = pair.ends[1].packets(now).remove(0);
    assert_eq!(shape(&five).1.len(), 5);
    let out = answers(&mut pair.ends[0], now, five);
    assert_eq!(shape(&out[0]).1, [ChunkType::SHUTDOWN, ChunkType::SACK]);
}

#[test]
fn rfc9260_6_2_a_sack_without_room_goes_into_the_next_packet() {
    let mut pair = Pair::connected();
    pair.send(1, 1, "hello");
    let now = pair.now;
    let hello = pair.ends[1].packets(now).remove(0);
    let tag = tag_of(&pair.ends[0]);
    // Answers that fill a packet to the last byte.
    let full = packet(tag, &[raw(4, 0, &[0x5a; 1172])]);
    pair.ends[0].receive(now, full);
    let out = answers(&mut pair.ends[0], now, hello);
    let kinds: Vec<_> = out.iter().map(|bytes| shape(bytes).1).collect();
    assert_eq!(kinds, [[ChunkType::HEARTBEAT_ACK], [ChunkType::SACK]]);
}

#[test]
fn rfc9260_6_10_a_re_config_waits_for_room() {
    let mut pair = Pair::connected();
    let (now, tag) = (pair.now, tag_of(&pair.ends[0]));
    let streams: Vec<u16> = (0..400).collect();
    pair.ends[0].association.reset_streams(now, &streams).unwrap();
    let out = answers(&mut pair.ends[0], now, packet(tag, &[raw(4, 0, &[0x5a; 600])]));
    let kinds: Vec<_> = out.iter().map(|bytes| shape(bytes).1).collect();
    assert_eq!(kinds, [[ChunkType::HEARTBEAT_ACK], [ChunkType::RE_CONFIG]]);
}

/// A RE-CONFIG of the peer's with these requests: resets of incoming streams if they name none, else of outgoing ones.
fn requests(first: u32, count: u32) -> Vec<u8> {
    let mut params = Vec::new();
    for number in first..first + count {
        let value = number.to_be_bytes();
        Param { kind: ParamType::INCOMING_SSN_RESET, value: &value }.write(&mut params).unwrap();
    }
    raw(130, 0, &params)
}

fn responses(bytes: &[u8]) -> Vec<(u32, ReConfigResult)> {
    let chunk = Packet::parse(bytes, true).unwrap().chunks.map(Result::unwrap);
    let chunks = chunk.filter(|raw| raw.kind == ChunkType::RE_CONFIG);
    let params = chunks.flat_map(|raw| {
        let params: Params<'_> = ReConfig::parse(raw).unwrap().params;
        params
    });
    params
        .map(|param| match ReConfigParam::parse(param.unwrap()) {
            Ok(ReConfigParam::Response(response)) => (response.response, response.result),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn rfc6525_5_2_1_requests_of_one_chunk_are_answered_in_one_chunk_and_again_the_same() {
    let mut pair = Pair::connected();
    let (now, tag) = (pair.now, tag_of(&pair.ends[0]));
    let first = u32::from_be_bytes(pair.ends[1].association.local_init()[16..20].try_into().unwrap());
    for _ in 0..2 {
        let out = answers(&mut pair.ends[0], now, packet(tag, &[requests(first, 2)]));
        assert_eq!(shape(&out[0]).1, [ChunkType::RE_CONFIG, ChunkType::SACK]);
        let denied = ReConfigResult::DENIED;
        assert_eq!(responses(&out[0]), [(first, denied), (first.wrapping_add(1), denied)]);
    }
}

#[test]
fn rfc6525_5_2_7_in_progress_is_no_error_of_the_peer() {
    let mut pair = Pair::connected();
    let first = u32::from_be_bytes(pair.ends[0].association.local_init()[16..20].try_into().unwrap());
    pair.drop = Box::new(|_, _| true);
    let now = pair.now;
    pair.ends[0].association.reset_streams(now, &[1]).unwrap();
    let mut value = first.to_be_bytes().to_vec();
    value.extend(6u32.to_be_bytes());
    let mut param = Vec::new();
    Param { kind: ParamType::RE_CONFIG_RESPONSE, value: &value }.write(&mut param).unwrap();
    let tag = tag_of(&pair.ends[0]);
    // More timeouts than Association.Max.Retrans.
    for _ in 0..15 {
        pair.run(1200);
        let now = pair.now;
        pair.ends[0].receive(now, packet(tag, &[raw(130, 0, &param)]));
    }
    assert!(pair.ends[0].association.is_connected());
    let sent = kinds(&pair, 0).into_iter().filter(|kind| *kind == ChunkType::RE_CONFIG).count();
    assert!(sent > 10, "{sent}");
}

#[test]
fn rfc9653_checksums_are_zero_only_between_two_that_offer_it() {
    let config = |zero_checksum| Config { zero_checksum, ..Config::default() };
    for (ours, theirs) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut pair = Pair::new(config(ours), config(theirs));
        pair.ends[0].association.connect(pair.now).unwrap();
        pair.run(100);
        for from in 0..2 {
            pair.send(from, 1, "hello");
        }
        pair.run(1000);
        assert!(pair.ends.iter().all(|end| end.messages().len() == 1));
        for (_, _, bytes) in &pair.log {
            let opening =
                matches!(shape(bytes).1[0], ChunkType::INIT | ChunkType::INIT_ACK | ChunkType::COOKIE_ECHO);
            let zero = bytes[8..12] == [0; 4];
            assert_eq!(zero, ours && theirs && !opening, "{ours} {theirs} {:?}", shape(bytes).1);
        }
    }
}

#[test]
fn rfc9260_7_2_3_after_a_timeout_one_packet_is_in_flight() {
    let mut pair = Pair::connected();
    pair.send(0, 1, vec![0; 100_000]);
    pair.run(1000);
    pair.drop = Box::new(|from, _| from == 0);
    for _ in 0..3000 {
        pair.send(0, 1, "x");
    }
    pair.run(100);
    pair.log.clear();
    pair.run(5000);
    let mut times: Vec<_> = pair.log.iter().filter(|(_, from, _)| *from == 0).map(|(at, ..)| *at).collect();
    let all = times.len();
    times.dedup();
    assert_eq!(all, times.len(), "one packet for each timeout");
    assert!(all >= 3);
}

/// A window that opens at last would let everything go at once.
#[test]
fn rfc9260_6_1_d_a_sack_releases_no_more_than_max_burst() {
    for (max_burst, beyond) in [(0, 1), (1, 1), (4, 4), (7, 7)] {
        let sender = Config { max_burst, initial_cwnd: Some(1 << 20), ..Config::default() };
        let receiver = Config { receive_window: 20_000, max_receive_message: 20_000, ..Config::default() };
        let mut pair = Pair::new(sender, receiver);
        pair.ends[0].association.connect(pair.now).unwrap();
        pair.run(100);
        pair.ends[1].reading = false;
        for _ in 0..100 {
            pair.send(0, 1, vec![0; 1_100]);
        }
        pair.run(300);
        pair.log.clear();
        pair.ends[1].reading = true;
        pair.run(9);
        assert!(pair.log.iter().all(|(_, from, _)| *from == 1), "the window has opened");
        pair.run(5);
        // The window was being probed: that packet is acknowledged.
        let released = pair.log.iter().filter(|(_, from, _)| *from == 0).count();
        assert_eq!(released, 1 + beyond, "{max_burst}");
        pair.run(10_000);
        assert_eq!(pair.ends[1].messages().len(), 100);
    }
}

#[test]
fn rfc9260_6_1_sequence_numbers_on_the_way_can_be_told_apart() {
    let large = || Config { initial_cwnd: Some(16 << 20), send_buffer: 64 << 20, ..Config::default() };
    let mut pair = Pair::new(large(), large());
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.drop = Box::new(|_, _| true);
    for _ in 0..70_000 {
        pair.send(0, 1, "x");
    }
    pair.log.clear();
    pair.run(0);
    let sent = kinds(&pair, 0).len();
    assert!((30_000..65_536).contains(&sent), "{sent} ordered messages of one stream");
    pair.drop = Box::new(|_, _| false);
    pair.run(30_000);
    assert_eq!(pair.ends[1].messages().len(), 70_000);
}

#[test]
fn rfc3758_3_6_a_forward_tsn_is_acknowledged_like_data() {
    let mut pair = Pair::connected();
    pair.send(1, 1, "the first is acknowledged at once");
    pair.run(1000);
    let now = pair.now;
    let next = u32::from_be_bytes(pair.ends[1].association.local_init()[16..20].try_into().unwrap()) + 1;
    let skip = packet(tag_of(&pair.ends[0]), &[raw(192, 0, &next.to_be_bytes())]);
    assert!(answers(&mut pair.ends[0], now, skip.clone()).is_empty(), "it may wait");
    let out = answers(&mut pair.ends[0], now, skip);
    assert_eq!(shape(&out[0]).1, [ChunkType::SACK], "again: the SACK was lost");
}

#[test]
fn rfc3758_3_5_c3_a_lost_forward_tsn_is_repeated_while_sacks_come() {
    let mut pair = Pair::connected();
    pair.send(0, 1, vec![0; 50_000]);
    pair.run(1000);
    pair.log.clear();
    let mut data = 0;
    let mut skips = 0;
    pair.drop = Box::new(move |from, bytes| {
        let kinds = if from == 0 { shape(bytes).1 } else { Vec::new() };
        data += usize::from(kinds.contains(&ChunkType::DATA));
        skips += usize::from(kinds.contains(&ChunkType::FORWARD_TSN));
        kinds.contains(&ChunkType::DATA) && data == 1 || kinds.contains(&ChunkType::FORWARD_TSN) && skips == 1
    });
    let start = pair.now;
    let options = SendOptions { unordered: true, reliability: Reliability::MaxRetransmits(0) };
    for _ in 0..100 {
        let now = pair.now;
        pair.ends[0].association.send(now, 1, 51, vec![0; 1100].into(), options).unwrap();
        pair.run(5);
    }
    let has_skip = |bytes: &[u8]| shape(bytes).1.contains(&ChunkType::FORWARD_TSN);
    let log = pair.log.iter().filter(|(_, from, bytes)| *from == 0 && has_skip(bytes));
    let at: Vec<_> = log.map(|(at, ..)| at.since(start).as_millis()).collect();
    assert!(at.len() >= 2 && at[1] - at[0] < 100, "no timeout was waited for: {at:?}");
}

#[test]
fn rfc9260_7_2_5_2_another_path_begins_with_the_initial_window() {
    let mut pair = Pair::connected();
    let initial = pair.ends[0].association.stats().cwnd;
    pair.send(0, 1, vec![0; 200_000]);
    pair.run(1000);
    assert!(pair.ends[0].association.stats().cwnd > initial);
    let now = pair.now;
    pair.ends[0].association.on_path_change(now);
    assert_eq!(pair.ends[0].association.stats().cwnd, initial);
    pair.send(0, 1, vec![0; 200_000]);
    pair.run(1000);
    assert_eq!(pair.ends[1].messages().len(), 2);
}

#[test]
fn rfc9260_8_3_heartbeats_are_spread_and_back_off() {
    let config = Config { heartbeat_interval: Some(Duration::from_secs(1)), ..Config::default() };
    let mut pair = Pair::new(config, Config { heartbeat_interval: None, ..Config::default() });
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.log.clear();
    let gaps = |pair: &Pair| {
        let has_beat = |bytes: &[u8]| shape(bytes).1.contains(&ChunkType::HEARTBEAT);
        let log = pair.log.iter().filter(|(_, _, bytes)| has_beat(bytes));
        let at: Vec<_> = log.map(|(at, ..)| at.since(Instant::ZERO).as_millis()).collect();
        at.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    pair.run(20_000);
    let answered = gaps(&pair);
    // The RTO is 500 ms at first, and 400 ms from the first answer on.
    assert!(answered.iter().all(|gap| (1200..=1750).contains(gap)), "{answered:?}");
    assert!(answered.iter().any(|gap| gap != &answered[0]), "{answered:?}");
    pair.log.clear();
    pair.drop = Box::new(|_, _| true);
    pair.run(60_000);
    let unanswered = gaps(&pair);
    assert!(unanswered[4] > 4000, "{unanswered:?}");
}

#[test]
fn rfc9260_8_3_no_heartbeats_after_a_shutdown() {
    let config = Config { heartbeat_interval: Some(Duration::from_secs(1)), ..Config::default() };
    let mut pair = Pair::new(config, Config::default());
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.log.clear();
    pair.drop = Box::new(|_, _| true);
    let now = pair.now;
    pair.ends[0].association.shutdown(now).unwrap();
    pair.run(20_000);
    assert!(kinds(&pair, 0).iter().all(|kind| *kind == ChunkType::SHUTDOWN));
    pair.run(100_000);
    assert_eq!(kinds(&pair, 0).iter().filter(|kind| **kind == ChunkType::SHUTDOWN).count(), 11);
}

#[test]
fn rfc9260_6_2_a_window_of_less_than_a_packet_counts_as_closed() {
    let config = Config { receive_window: 10_000, max_receive_message: 10_000, ..Config::default() };
    let mut pair = Pair::new(Config::default(), config);
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.ends[1].reading = false;
    pair.send(0, 1, vec![0; 9000]);
    pair.run(1000);
    assert_eq!(pair.ends[0].association.stats().peer_window, 0);
}
