//! Rules of RTP and RTCP that a second reading of the RFCs found broken.

use siskin_base::{Instant, Packet, Rng, RtpHeader};
use siskin_rtp::payload::vp9;
use siskin_rtp::rtcp::{
    Compound, Dlrr, Fir, FirEntry, List, NtpTime, Packet as Rtcp, ReceiverReport, XrBlock,
    write_extended_report,
};
use siskin_rtp::session::{Config, Event, SenderConfig, Session};
use siskin_rtp::wire::Header;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn session() -> Session {
    Session::new(Config { cname: b"a".to_vec(), ..Config::default() }, Rng::for_tests(1), at(0))
}

fn sending(session: &mut Session) -> u32 {
    session.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 90_000 }).unwrap()
}

/// The next datagram, if there is one.
fn said(session: &mut Session, now: Instant) -> Vec<u8> {
    let mut packet = Packet::new();
    packet.begin(0);
    if session.poll_transmit(now, &mut packet) { packet.current().to_vec() } else { Vec::new() }
}

/// The next report, when it is due.
fn report(session: &mut Session) -> (Instant, Vec<u8>) {
    let due = session.poll_timeout().unwrap();
    session.handle_timeout(due);
    (due, said(session, due))
}

fn types(datagram: &[u8]) -> Vec<u8> {
    if datagram.is_empty() {
        return Vec::new();
    }
    Compound::parse(datagram).unwrap().packets().map(|raw| raw.packet_type.0).collect()
}

/// The streams to which a datagram says goodbye.
fn byes(datagram: &[u8]) -> Vec<u32> {
    let mut all = Vec::new();
    for raw in Compound::parse(datagram).unwrap().packets() {
        if let Ok(Rtcp::Bye(bye)) = Rtcp::parse(raw) {
            all.extend(bye.sources.iter());
        }
    }
    all
}

fn takes(session: &mut Session, now: Instant, ssrc: u32, number: u16, timestamp: u32, clock_rate: u32) {
    let mut packet = Vec::new();
    let header = Header { ssrc, sequence_number: number, timestamp, ..Header::default() };
    header.write(&mut packet, |_| {});
    packet.extend([1; 20]);
    let header = RtpHeader::parse(&packet).unwrap();
    session.handle_rtp(now, &packet, &header, clock_rate, None).unwrap();
}

/// Who sent something since its last report or the one before is a sender.
#[test]
fn rfc3550_6_4_a_sender_is_one_for_two_reports() {
    let mut session = session();
    let ssrc = sending(&mut session);
    assert_eq!(types(&report(&mut session).1)[0], 201);
    let due = session.poll_timeout().unwrap();
    session.sender(ssrc).unwrap().packet(due, 0, 96, false, 100);
    let reports = [0; 4].map(|_| types(&report(&mut session).1)[0]);
    assert_eq!(reports, [200, 200, 201, 201]);
}

/// A name under which nothing was ever said needs no goodbye, and may not have one.
#[test]
fn rfc3550_6_3_7_who_never_spoke_does_not_say_goodbye() {
    let mut session = session();
    let silent = sending(&mut session);
    session.remove_sender(silent).unwrap();
    assert!(said(&mut session, at(1)).is_empty());
    let [first, second] = [sending(&mut session), sending(&mut session)];
    session.sender(first).unwrap().packet(at(1), 0, 96, false, 100);
    session.remove_sender(first).unwrap();
    session.remove_sender(second).unwrap();
    assert_eq!(byes(&said(&mut session, at(2))), [first]);
}

/// Who only listens has a name, too, and leaves by it.
#[test]
fn rfc3550_6_3_7_a_listener_says_goodbye() {
    let mut session = session();
    takes(&mut session, at(0), 7, 1, 0, 8_000);
    let (_, first) = report(&mut session);
    let own = u32::from_be_bytes(first[4..8].try_into().unwrap());
    session.close();
    assert_eq!(byes(&said(&mut session, at(9_000))), [own]);
    // Of a session that never said anything there is nothing to take leave of.
    let mut quiet = self::session();
    quiet.close();
    assert!(said(&mut quiet, at(1)).is_empty());
}

#[test]
fn rfc5506_4_the_first_datagram_is_compound() {
    let mut session = session();
    takes(&mut session, at(0), 7, 1, 0, 90_000);
    session.request_picture(7);
    assert_eq!(types(&said(&mut session, at(1))), [201, 202, 206]);
    session.request_picture(7);
    assert_eq!(types(&said(&mut session, at(100))), [206]);
}

/// A stream may change between formats of different clocks: that is no jitter (RFC 8834 §4.3).
#[test]
fn rfc7160_4_3_another_clock_is_no_jitter() {
    let mut session = session();
    let (mut timestamp, mut number) = (0u32, 0);
    for clock_rate in [8_000, 48_000, 0, 8_000] {
        for _ in 0..50 {
            let step = if clock_rate == 0 { 960 } else { clock_rate / 50 };
            timestamp = timestamp.wrapping_add(step);
            number += 1;
            takes(&mut session, at(u64::from(number) * 20), 7, number, timestamp, clock_rate);
        }
        let stats = session.receiver(7).unwrap().stats();
        assert!(stats.jitter < 0.0005 && stats.timestamp_jumps == 0, "{clock_rate}: {}", stats.jitter);
    }
}

/// The report of a stream of retransmissions maps its timestamps to time as its packets do.
#[test]
fn rfc3550_6_4_1_reports_on_retransmissions_know_their_time() {
    let mut session = session();
    let [main, repair] = [sending(&mut session), sending(&mut session)];
    let first = session.sender(main).unwrap().packet(at(0), 0, 96, false, 100);
    session.sender(repair).unwrap().retransmission(at(0), first.timestamp, 97, false, 102);
    let (due, datagram) = report(&mut session);
    let elapsed = (due.as_nanos() * 90_000 / 1_000_000_000) as u32;
    let mut seen = Vec::new();
    for raw in Compound::parse(&datagram).unwrap().packets() {
        if let Ok(Rtcp::SenderReport(report)) = Rtcp::parse(raw) {
            assert_eq!(report.rtp_timestamp.wrapping_sub(first.timestamp), elapsed);
            assert_eq!(report.ntp, NtpTime::from_unix(due.since(Instant::ZERO)));
            seen.push(report.ssrc);
        }
    }
    seen.sort_unstable();
    let mut both = [main, repair];
    both.sort_unstable();
    assert_eq!(seen, both);
}

/// The upper layer of a key picture is predicted from the lower one, and from no other picture.
#[test]
fn rfc9628_4_2_the_layers_of_a_key_picture_need_no_other() {
    for flexible in [true, false] {
        let mut packetizer = vp9::Packetizer::new(flexible, &mut Rng::for_tests(1));
        let layer = vp9::Layer { spatial: 1, inter_layer: true, ..vp9::Layer::default() };
        // No key frame by its own header.
        let inter = [0b1000_0110, 1, 2, 3];
        for (references, reference_count, expected) in [([0; 3], 0, 0), ([0, 5, 0], 2, 1), ([1, 2, 3], 3, 3)]
        {
            let options =
                vp9::Options { layer: Some(layer), references, reference_count, ..vp9::Options::default() };
            let mut out = Vec::new();
            packetizer.packetize(&inter, options, 100).unwrap().next(&mut out).unwrap();
            let read = vp9::Payload::parse(&out).unwrap();
            assert_eq!(read.inter_predicted, expected > 0);
            assert_eq!(read.reference_count, if flexible { expected } else { 0 });
        }
    }
}

/// The same request again is a repetition; one from another end with the same number is not, and each of our own has the next number.
#[test]
fn rfc5104_4_3_1_2_a_repeated_request_is_one() {
    let mut session = session();
    let ours = sending(&mut session);
    let fir = |from: u32, number: u8| {
        let entries = [FirEntry { ssrc: ours, sequence_number: number }];
        let mut out = Vec::new();
        Fir { sender: from, entries: List::new(&entries) }.write(&mut out).unwrap();
        out
    };
    let mut asked = 0;
    for (from, number, new) in
        [(1, 7, true), (1, 7, false), (1, 8, true), (2, 8, true), (2, 8, false), (1, 255, true), (1, 0, true)]
    {
        session.handle_rtcp(at(1), &fir(from, number));
        let event = session.poll_event();
        assert_eq!(event == Some(Event::FullIntraRequest { ssrc: ours }), new, "{from} {number}");
        asked += u64::from(new);
    }
    assert_eq!(session.sender_stats(ours).unwrap().firs, asked);
    // For streams that are not ours, nobody is asked.
    let mut other = fir(3, 1);
    other[12..16].copy_from_slice(&(ours ^ 1).to_be_bytes());
    session.handle_rtcp(at(1), &other);
    assert_eq!(session.poll_event(), None);

    let mut numbers = Vec::new();
    for millis in [100, 5_000, 10_000] {
        session.request_full_intra(9);
        session.request_full_intra(9);
        let datagram = said(&mut session, at(millis));
        for raw in Compound::parse(&datagram).unwrap().packets() {
            if let Ok(Rtcp::Fir(fir)) = Rtcp::parse(raw) {
                numbers.extend(fir.entries.iter().map(|entry| (entry.ssrc, entry.sequence_number)));
            }
        }
    }
    assert_eq!(numbers, [(9, 0), (9, 1), (9, 2)]);
}

/// Pieces of extended reports, each with the stream that speaks.
type Said<T> = Vec<(u32, T)>;

/// The clocks in a datagram, and the answers.
fn clocks(datagram: &[u8]) -> (Said<NtpTime>, Said<Dlrr>) {
    let (mut told, mut answered) = (Vec::new(), Vec::new());
    for raw in Compound::parse(datagram).unwrap().packets() {
        let Ok(Rtcp::ExtendedReport(report)) = Rtcp::parse(raw) else { continue };
        for block in report.blocks() {
            match block {
                XrBlock::ReceiverReferenceTime(time) => told.push((report.ssrc, time)),
                XrBlock::DelaySinceLastRr(all) => answered.extend(all.iter().map(|one| (report.ssrc, one))),
                _ => {}
            }
        }
    }
    (told, answered)
}

/// An extended report of that stream, as a compound packet.
fn extended<'a>(from: u32, block: XrBlock<'a>) -> Vec<u8> {
    let mut datagram = Vec::new();
    ReceiverReport { ssrc: from, blocks: List::new(&[]), extension: &[] }.write(&mut datagram).unwrap();
    write_extended_report(&mut datagram, from, [block]).unwrap();
    datagram
}

/// Only who receives and sends nothing needs to tell its clock, and only if that was agreed on.
#[test]
fn rfc3611_4_4_a_clock_is_told_while_only_receiving() {
    let mut session = session();
    takes(&mut session, at(0), 7, 1, 0, 8_000);
    assert_eq!(clocks(&report(&mut session).1).0, [], "not agreed on");
    session.set_receiver_reference_time(true);
    let (now, datagram) = report(&mut session);
    assert_eq!(clocks(&datagram).0.len(), 1);
    let ssrc = sending(&mut session);
    session.sender(ssrc).unwrap().packet(now, 0, 96, false, 100);
    let (now, datagram) = report(&mut session);
    assert_eq!((types(&datagram), clocks(&datagram).0), (vec![200, 202], vec![]), "the sender report tells");
    // It falls silent: two reports later it is no sender any more.
    takes(&mut session, now, 7, 2, 0, 8_000);
    report(&mut session);
    takes(&mut session, now, 7, 3, 0, 8_000);
    let (_, datagram) = report(&mut session);
    assert_eq!(clocks(&datagram).0.len(), 1, "{:?}", types(&datagram));
}

/// Each stream that reports answers, since each one's round trip is asked for.
#[test]
fn rfc3611_4_5_each_stream_answers_once() {
    let mut session = session();
    let mut streams = [sending(&mut session), sending(&mut session)];
    streams.sort_unstable();
    for ssrc in streams {
        session.sender(ssrc).unwrap().packet(at(0), 0, 96, false, 100);
    }
    let time = NtpTime(0x0123_4567_89ab_cdef);
    session.handle_rtcp(at(100), &extended(5, XrBlock::ReceiverReferenceTime(time)));
    let (now, datagram) = report(&mut session);
    let delay = ((now.since(at(100)).as_nanos() << 16) / 1_000_000_000) as u32;
    let answer = Dlrr { ssrc: 5, last_rr: 0x4567_89ab, delay };
    assert_eq!(clocks(&datagram).1, streams.map(|ssrc| (ssrc, answer)));
    assert_eq!(clocks(&report(&mut session).1).1, [], "once");
}

/// What answers no clock of ours, or one that was answered, or says that it came before it went, changes nothing; nor can a peer
/// make a round trip longer than the time since the clock was told.
#[test]
fn rfc3611_4_5_absurd_answers_are_not_believed() {
    let mut session = session();
    session.set_receiver_reference_time(true);
    takes(&mut session, at(0), 7, 1, 0, 8_000);
    let (told_at, datagram) = report(&mut session);
    let [(own, clock)] = clocks(&datagram).0[..] else { panic!("a clock") };
    let now = told_at + core::time::Duration::from_millis(50);
    let answer = |session: &mut Session, ssrc, last_rr, delay| {
        let answers = [Dlrr { ssrc, last_rr, delay }];
        session.handle_rtcp(now, &extended(7, XrBlock::DelaySinceLastRr(List::new(&answers))));
        let stats = session.receiver(7).unwrap().stats();
        (stats.round_trips, stats.round_trip.map(|rtt| rtt.as_millis()))
    };
    let middle = clock.middle();
    for (ssrc, last_rr, delay) in [
        (own, 0, 0),
        (own, middle.wrapping_sub(1), 0),
        (own, middle.wrapping_sub(20 << 16), 0),
        (own, middle.wrapping_add(1), 0),
        (own, middle, 1 << 16),
        (own, middle, u32::MAX / 2),
        (own ^ 1, middle, 0),
    ] {
        assert_eq!(answer(&mut session, ssrc, last_rr, delay), (0, None), "{last_rr:x} {delay}");
        assert_eq!(session.round_trip(), None);
    }
    // 10 ms of the 50 were spent there.
    assert_eq!(answer(&mut session, own, middle, 656), (1, Some(39)));
    for _ in 0..1_000 {
        assert_eq!(answer(&mut session, own, middle, 0), (1, Some(39)), "a clock is answered once");
    }
}
