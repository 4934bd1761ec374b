//! When things happen: each test plays a rule of the RFCs through on virtual time.

use crate::pair::{End, Pair};
use core::time::Duration;
use siskin_base::Instant;
use siskin_sctp::wire::{self, CauseCode, Chunk, ChunkType, Packet, RawChunk};
use siskin_sctp::{Config, Error, Event, Misuse, PeerMisbehaved, Reliability, SendError, SendOptions};

/// The types of chunks that an end sent, with the milliseconds since `start`.
fn sent(pair: &Pair, from: usize, start: Instant) -> Vec<(u128, Vec<ChunkType>)> {
    let log = pair.log.iter().filter(|(_, who, _)| *who == from);
    log.map(|(at, _, bytes)| {
        let packet = Packet::parse(bytes, true).unwrap();
        (at.since(start).as_millis(), packet.chunks.map(|chunk| chunk.unwrap().kind).collect())
    })
    .collect()
}

fn times(pair: &Pair, from: usize, start: Instant, kind: ChunkType) -> Vec<u128> {
    sent(pair, from, start).into_iter().filter(|(_, kinds)| kinds.contains(&kind)).map(|(at, _)| at).collect()
}

/// A packet to end 0 with that chunk, as its peer would send it.
fn inject(pair: &mut Pair, chunk: &RawChunk<'_>) {
    let init = pair.ends[0].association.local_init();
    let tag = u32::from_be_bytes(init[4..8].try_into().unwrap());
    let mut bytes = Vec::new();
    wire::write_header(&mut bytes, 5000, 5000, tag);
    chunk.write(&mut bytes).unwrap();
    wire::seal(&mut bytes);
    let now = pair.now;
    pair.ends[0].receive(now, bytes);
}

#[test]
fn rfc9260_6_3_3_t3_doubles_until_the_peer_counts_as_gone() {
    // A heartbeat without an answer would count too.
    let mut pair = Pair::new(Config { heartbeat_interval: None, ..Config::default() }, Config::default());
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.ends[0].events.clear();
    let start = pair.now;
    pair.drop = Box::new(|from, _| from == 0);
    pair.send(0, 1, "lost");
    pair.run(100_000);
    let at = times(&pair, 0, start, ChunkType::DATA);
    assert_eq!(at[..7], [0, 500, 1500, 3500, 7500, 15_500, 25_500], "RTO.Max is 10 s");
    assert_eq!(at.len(), 11, "Association.Max.Retrans is 10");
    assert_eq!(pair.ends[0].events.last(), Some(&Event::Closed(Some(Error::TimedOut))));
}

#[test]
fn rfc9260_7_2_4_the_third_report_resends() {
    let mut pair = Pair::connected();
    pair.send(0, 1, vec![0; 100_000]);
    pair.run(1000); // opens the window and measures the round trip
    let start = pair.now;
    let mut data = 0;
    pair.drop = Box::new(move |from, _| {
        data += usize::from(from == 0);
        from == 0 && data == 1
    });
    pair.log.clear();
    pair.send(0, 1, vec![0; 8000]);
    pair.run(1000);
    // The window goes out at once; the packets behind the hole are acknowledged at once, and three of them report it.
    let at = times(&pair, 0, start, ChunkType::DATA);
    assert_eq!((at[0], *at.last().unwrap()), (0, 20), "one round trip, not a timeout: {at:?}");
    assert_eq!(pair.ends[1].messages().len(), 2);
    assert_eq!(pair.ends[0].association.stats().chunks_retransmitted, 1);
}

#[test]
fn a_lost_retransmission_costs_a_round_trip_too() {
    let mut pair = Pair::connected();
    pair.send(0, 1, vec![0; 100_000]);
    pair.run(1000);
    let (start, mut seen) = (pair.now, Vec::new());
    // The first of these chunks is lost twice.
    pair.drop = Box::new(move |from, bytes| {
        let first = Packet::parse(bytes, true).unwrap().chunks.next().unwrap().unwrap();
        let Ok(Chunk::Data(data)) = Chunk::parse(first) else { return false };
        seen.push(data.tsn);
        from == 0 && seen[0] == data.tsn && seen.iter().filter(|tsn| **tsn == data.tsn).count() <= 2
    });
    pair.send(0, 1, vec![0; 200_000]);
    pair.run(3000);
    assert_eq!(pair.ends[1].messages().len(), 2);
    let last = *times(&pair, 0, start, ChunkType::DATA).last().unwrap();
    assert!(last < 400, "no timeout was needed: {last} ms");
}

#[test]
fn rfc3758_3_5_a_message_given_up_midway_is_skipped_though_its_beginning_arrived() {
    let mut pair = Pair::connected();
    pair.drop = Box::new(|from, _| from == 1);
    let options = SendOptions { unordered: false, reliability: Reliability::MaxRetransmits(0) };
    let long = vec![0; 60_000];
    pair.ends[0].association.send(pair.now, 1, 51, long.into(), options).unwrap();
    pair.run(1500);
    // The sender has heard nothing and gives up; the peer has all that was sent, and waits for what never was.
    pair.drop = Box::new(|_, _| false);
    pair.send(0, 1, "after");
    pair.run(3000);
    let got: Vec<_> = pair.ends[1].messages().iter().map(|message| message.data.clone()).collect();
    assert_eq!(got, ["after"]);
}

#[test]
fn rfc9260_6_2_a_lone_packet_waits_200_ms_for_its_sack() {
    let mut pair = Pair::connected();
    pair.send(0, 1, "first");
    pair.run(1000);
    let start = pair.now;
    pair.log.clear();
    pair.send(0, 1, "second");
    pair.run(1000);
    assert_eq!(times(&pair, 1, start, ChunkType::SACK), [210]);
}

#[test]
fn rfc9260_8_3_heartbeats_on_an_idle_association() {
    let mut pair = Pair::connected();
    let start = pair.now;
    pair.run(70_000);
    let beats = times(&pair, 0, start, ChunkType::HEARTBEAT);
    assert_eq!(beats.len(), 2, "every 30 s and an RTO: {beats:?}");
    assert_eq!(times(&pair, 1, start, ChunkType::HEARTBEAT_ACK).len(), 2);
    assert!(pair.ends[0].association.stats().srtt.is_some());
}

#[test]
fn rfc9260_5_1_6_t1_doubles_until_it_gives_up() {
    let mut pair = Pair::new(Config::default(), Config::default());
    pair.drop = Box::new(|_, _| true);
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(200_000);
    let at = times(&pair, 0, Instant::ZERO, ChunkType::INIT);
    assert_eq!(at[..5], [0, 500, 1500, 3500, 7500]);
    assert_eq!(at.len(), 9, "Max.Init.Retransmits is 8");
    assert_eq!(pair.ends[0].events, [Event::Closed(Some(Error::TimedOut))]);
    assert_eq!(pair.ends[0].association.connect(pair.now), Err(Misuse::Closed));
}

#[test]
fn rfc9260_5_2_6_stale_cookies_use_up_the_attempts() {
    let stale = Config { cookie_life: Duration::from_millis(5), ..Config::default() };
    let mut pair = Pair::new(Config::default(), stale);
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(200_000);
    assert_eq!(times(&pair, 0, Instant::ZERO, ChunkType::COOKIE_ECHO).len(), 9);
    assert_eq!(pair.ends[0].events, [Event::Closed(Some(Error::TimedOut))]);
    assert!(pair.ends[1].events.is_empty());
}

#[test]
fn rfc9260_5_2_4_1_a_peer_that_begins_anew_is_told_apart() {
    let mut pair = Pair::connected();
    pair.send(0, 1, "old");
    pair.run(1000);
    pair.ends[1] = End::new(Config::default(), 77);
    pair.ends[1].association.connect(pair.now).unwrap();
    pair.run(1000);
    assert_eq!(pair.ends[0].events.last(), Some(&Event::Restarted));
    assert_eq!(pair.ends[1].events, [Event::Connected]);
    pair.send(0, 1, "new");
    pair.send(1, 1, "new");
    pair.run(1000);
    assert_eq!((pair.ends[0].messages().len(), pair.ends[1].messages().len()), (1, 1));
}

#[test]
fn rfc9260_3_2_unknown_chunks_by_their_highest_bits() {
    for (kind, reports) in [(0x3f, false), (0x7f, true), (0xbf, false), (0xff, true)] {
        let mut pair = Pair::connected();
        let start = pair.now;
        inject(&mut pair, &RawChunk { kind: ChunkType(kind), flags: 0, value: b"?" });
        pair.run(100);
        assert_eq!(times(&pair, 0, start, ChunkType::ERROR).len(), usize::from(reports), "{kind:#x}");
        assert!(pair.ends[0].association.is_connected());
    }
}

#[test]
fn rfc9260_6_2_data_without_data_ends_the_association() {
    let mut pair = Pair::connected();
    inject(&mut pair, &RawChunk { kind: ChunkType::DATA, flags: 3, value: &[0; 12] });
    pair.run(100);
    assert_eq!(pair.ends[0].events, [Event::Closed(Some(Error::PeerMisbehaved(PeerMisbehaved::EmptyData)))]);
    assert_eq!(pair.ends[1].events, [Event::Closed(Some(Error::PeerAborted(Some(CauseCode::NO_USER_DATA))))]);
}

#[test]
fn a_message_beyond_the_limit_ends_the_association() {
    // In one packet, in two, and in many.
    for max_receive_message in [1, 1_000, 1_500, 10_000] {
        let small = Config { max_receive_message, ..Config::default() };
        let mut pair = Pair::new(Config::default(), small);
        pair.ends[0].association.connect(pair.now).unwrap();
        pair.run(100);
        pair.send(0, 1, vec![0; max_receive_message]);
        pair.send(0, 1, vec![0; max_receive_message + 1]);
        pair.send(0, 1, vec![0; 1]);
        pair.run(1000);
        let error = Error::PeerMisbehaved(PeerMisbehaved::MessageTooLong);
        assert_eq!(pair.ends[1].events.last(), Some(&Event::Closed(Some(error))));
        let lengths: Vec<_> = pair.ends[1].messages().iter().map(|message| message.data.len()).collect();
        assert_eq!(lengths, [max_receive_message], "what is too long is not handed on");
    }
}

#[test]
fn rfc9260_6_5_a_stream_that_does_not_exist_is_reported() {
    let mut pair = Pair::new(Config { max_streams: 4, ..Config::default() }, Config::default());
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    let now = pair.now;
    for end in &mut pair.ends {
        let refused = end.association.send(now, 4, 51, "x".into(), SendOptions::default());
        assert_eq!(refused, Err(SendError::NoSuchStream), "both sides keep to the smaller number");
    }
}

#[test]
fn what_the_user_does_not_take_stays_within_the_window() {
    let config = Config { receive_window: 50_000, max_receive_message: 20_000, ..Config::default() };
    let mut pair = Pair::new(Config::default(), config);
    pair.ends[0].association.connect(pair.now).unwrap();
    pair.run(100);
    pair.ends[1].reading = false;
    for _ in 0..100 {
        pair.send(0, 1, vec![0; 10_000]);
    }
    pair.run(60_000);
    assert!(pair.ends[0].association.is_connected(), "a closed window is no timeout");
    let now = pair.now;
    pair.ends[1].reading = true;
    pair.ends[1].take_events();
    let got = pair.ends[1].messages().len();
    assert!((3..=6).contains(&got), "{got} messages of 10 kB in a window of 50 kB");
    pair.run(60_000);
    assert_eq!(pair.ends[1].messages().len(), 100);
    let first = times(&pair, 1, now, ChunkType::SACK).into_iter().find(|at| *at > 0);
    assert!(first.is_some_and(|at| at < 100), "the window update does not wait for a probe: {first:?}");
}

#[test]
fn streams_share_by_priority() {
    let mut pair = Pair::connected();
    pair.ends[0].association.set_priority(1, 128);
    pair.ends[0].association.set_priority(2, 1024);
    for _ in 0..400 {
        pair.send(0, 1, vec![1; 1000]);
        pair.send(0, 2, vec![2; 1000]);
    }
    while pair.ends[1].messages().len() < 200 {
        pair.run(10);
    }
    let messages = pair.ends[1].messages();
    let high = messages.iter().take(200).filter(|message| message.stream == 2).count();
    assert!((165..=185).contains(&high), "8 of 9, not {high} of 200");
}

#[test]
fn rfc9260_6_8_what_is_damaged_or_not_ours_changes_nothing() {
    let mut pair = Pair::connected();
    pair.send(0, 1, "hello");
    let now = pair.now;
    for packet in pair.ends[0].packets(now) {
        for i in 0..packet.len() {
            let mut bytes = packet.clone();
            bytes[i] ^= 0x10;
            pair.ends[1].receive(now, bytes);
            pair.ends[1].receive(now, packet[..i].to_vec());
        }
        let dropped = pair.ends[1].association.stats().dropped;
        assert_eq!(dropped, 2 * packet.len() as u64);
        assert!(pair.ends[1].events.is_empty());
        pair.ends[1].receive(now, packet);
    }
    assert_eq!(pair.ends[1].messages().len(), 1);
}
