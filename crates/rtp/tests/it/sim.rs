//! Two sessions over a network that loses, reorders and delays: streams, reports, repair, frames.

use crate::hex;
use siskin_base::{Ecn, Instant, Packet, Rng, RtpHeader};
use siskin_rtp::extension::{Extension, ExtensionMap, TransportSequence};
use siskin_rtp::feedback::ArrivalsConfig;
use siskin_rtp::jitter::{JitterBuffer, JitterConfig, JitterEvent};
use siskin_rtp::nack::{GeneratorConfig, HistoryConfig, NackGenerator, PacketHistory};
use siskin_rtp::payload::{Format, Packetizer};
use siskin_rtp::rtx;
use siskin_rtp::session::{Config, Event, SenderConfig, Session};
use siskin_rtp::wire::{Header, is_rtcp};
use std::collections::BinaryHeap;
use std::time::Duration;

const MEDIA: u8 = 96;
const RTX: u8 = 97;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A one-way link.
struct Link {
    rng: Rng,
    /// In a thousand.
    loss: u64,
    /// Most milliseconds on top of 20.
    jitter: u64,
    /// Due time, order, bytes; the earliest on top.
    flying: BinaryHeap<std::cmp::Reverse<(Instant, u64, Vec<u8>)>>,
    count: u64,
}

impl Link {
    fn new(seed: u64, loss: u64, jitter: u64) -> Self {
        Self { rng: Rng::for_tests(seed), loss, jitter, flying: BinaryHeap::new(), count: 0 }
    }

    fn send(&mut self, now: Instant, bytes: Vec<u8>) {
        if self.rng.below(1_000) >= self.loss {
            let due = now + Duration::from_millis(20 + self.rng.below(self.jitter + 1));
            self.count += 1;
            self.flying.push(std::cmp::Reverse((due, self.count, bytes)));
        }
    }

    fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let std::cmp::Reverse((due, _, _)) = self.flying.peek()?;
        if *due > now { None } else { self.flying.pop().map(|std::cmp::Reverse((_, _, bytes))| bytes) }
    }
}

fn map() -> ExtensionMap {
    let mut map = ExtensionMap::new();
    map.insert(Extension::TransportSequence, 3).unwrap();
    map
}

/// Sends a VP8-like stream with history and RTX.
struct Sending {
    session: Session,
    media: u32,
    repair: u32,
    packetizer: Packetizer,
    history: PacketHistory,
    map: ExtensionMap,
    want_key: bool,
    frames: u64,
    feedback: u64,
}

impl Sending {
    fn new(format: Format) -> Self {
        let mut session = Session::new(Config::default(), Rng::for_tests(1), at(0));
        let config = SenderConfig { ssrc: None, clock_rate: 90_000 };
        let media = session.add_sender(at(0), config).unwrap();
        let repair = session.add_sender(at(0), config).unwrap();
        Self {
            session,
            media,
            repair,
            packetizer: Packetizer::new(format, &mut Rng::for_tests(4)),
            history: PacketHistory::new(HistoryConfig::default()),
            map: map(),
            want_key: true,
            frames: 0,
            feedback: 0,
        }
    }

    fn put(&mut self, now: Instant, header: Header<'_>, payload: &[u8], link: &mut Link) {
        let sequence =
            self.session.sent_packets().sent(now, header.ssrc, header.sequence_number, payload.len());
        let mut packet = Vec::new();
        header.write(&mut packet, |w| assert!(w.value(&self.map, &TransportSequence(sequence as u16))));
        packet.extend_from_slice(payload);
        link.send(now, packet);
    }

    /// A frame whose bytes tell its number, and whether it is a key frame.
    fn frame(&mut self, now: Instant, frame: &[u8], most: usize, link: &mut Link) {
        let media_time = (now.as_millis() * 90) as u32;
        let mut packetizer = self.packetizer.clone();
        let mut fragments = packetizer.packetize(frame, most).unwrap();
        let mut payload = Vec::new();
        while let Some(marker) = fragments.next(&mut payload) {
            let sender = self.session.sender(self.media).unwrap();
            let header = sender.packet(now, media_time, MEDIA, marker, payload.len());
            let number = header.sequence_number;
            self.history
                .push(now, number, header.timestamp, MEDIA, marker, |out| out.extend_from_slice(&payload));
            self.put(now, header, &payload, link);
            payload.clear();
        }
        self.packetizer = packetizer;
        self.frames += 1;
    }

    fn turn(&mut self, now: Instant, back: &mut Link, link: &mut Link) {
        while let Some(datagram) = back.receive(now) {
            assert!(is_rtcp(&datagram));
            self.session.handle_rtcp(now, &datagram);
        }
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Nack { ssrc, entry } => {
                    assert_eq!(ssrc, self.media);
                    for number in entry.sequence_numbers() {
                        let Ok(packet) = self.history.request(now, number) else { continue };
                        let (timestamp, marker) = (packet.timestamp, packet.marker);
                        let mut payload = Vec::new();
                        rtx::write(packet.sequence_number, &packet.payload, &mut payload);
                        let repair = self.session.sender(self.repair).unwrap();
                        let header =
                            repair.retransmission(packet.made, timestamp, RTX, marker, payload.len());
                        self.put(now, header, &payload, link);
                    }
                }
                Event::PictureLoss { .. } => self.want_key = true,
                _ => {}
            }
        }
        while let Some(one) = self.session.poll_feedback() {
            assert_eq!(one.ecn, Ecn::NotEct);
            self.feedback += 1;
        }
        self.session.handle_timeout(now);
        transmit(&mut self.session, now, link);
    }
}

fn transmit(session: &mut Session, now: Instant, link: &mut Link) {
    let mut packet = Packet::new();
    loop {
        packet.begin(0);
        if !session.poll_transmit(now, &mut packet) {
            break;
        }
        assert!(packet.current().len() <= 1_150);
        link.send(now, packet.current().to_vec());
        packet.clear();
    }
    assert!(session.poll_timeout().is_none_or(|due| due > now), "a timeout that nobody acts on");
}

struct Receiving {
    session: Session,
    nacks: NackGenerator,
    buffer: JitterBuffer,
    map: ExtensionMap,
    media: Option<u32>,
    frames: Vec<Vec<u8>>,
    repaired: u64,
}

impl Receiving {
    fn new(config: JitterConfig) -> Self {
        let mut session = Session::new(Config::default(), Rng::for_tests(2), at(0));
        session.report_arrivals(ArrivalsConfig::default());
        Self {
            session,
            nacks: NackGenerator::new(GeneratorConfig::default()),
            buffer: JitterBuffer::new(config),
            map: map(),
            media: None,
            frames: Vec::new(),
            repaired: 0,
        }
    }

    fn turn(&mut self, now: Instant, link: &mut Link, back: &mut Link) {
        while let Some(datagram) = link.receive(now) {
            if is_rtcp(&datagram) {
                self.session.handle_rtcp(now, &datagram);
                continue;
            }
            let header = RtpHeader::parse(&datagram).unwrap();
            let number = self.map.values(&header).transport_number();
            let accepted = self.session.handle_rtp(now, &datagram, &header, 90_000, number).unwrap();
            let payload = header.payload(&datagram).unwrap();
            let (sequence, payload) = if header.payload_type == RTX {
                let Some(media) = self.media.and_then(|ssrc| self.session.receiver(ssrc)) else { continue };
                let (original, payload) = rtx::parse(payload).unwrap();
                self.repaired += 1;
                (media.extended(original).unwrap(), payload)
            } else {
                self.media = Some(header.ssrc);
                (accepted.sequence, payload)
            };
            self.nacks.received(now, sequence);
            self.buffer.insert(now, sequence, header.timestamp, header.payload_type, header.marker, payload);
        }
        let mut frame = Vec::new();
        while self.buffer.poll_frame(now, &mut frame).is_some() {
            self.frames.push(std::mem::take(&mut frame));
        }
        while let (Some(event), Some(media)) = (self.buffer.poll_event(), self.media) {
            match event {
                JitterEvent::KeyFrameNeeded => self.session.request_picture(media),
                JitterEvent::GaveUpBefore(sequence) => self.nacks.give_up_before(sequence),
            }
        }
        if let Some(media) = self.media {
            let mut missing = Vec::new();
            self.nacks.poll(now, 100, |sequence| missing.push(sequence as u16));
            self.session.request_packets(media, missing);
        }
        while self.session.poll_event().is_some() {}
        self.session.handle_timeout(now);
        transmit(&mut self.session, now, back);
    }
}

/// A VP8 frame that tells its number and whether it is a key frame.
fn vp8(index: u64, key: bool, len: usize) -> Vec<u8> {
    let mut frame = vec![u8::from(!key), index as u8, (index >> 8) as u8];
    frame.resize(len, index as u8);
    frame
}

fn number(frame: &[u8]) -> u64 {
    u64::from(frame[1]) | u64::from(frame[2]) << 8
}

/// Ten seconds of video at 30 frames a second; gives both ends.
fn call(seed: u64, loss: u64, jitter: u64, repair: bool) -> (Sending, Receiving) {
    let mut config = JitterConfig::video(Format::Vp8);
    config.patience = Duration::from_millis(400);
    let (mut sending, mut receiving) = (Sending::new(Format::Vp8), Receiving::new(config));
    let (mut link, mut back) = (Link::new(seed, loss, jitter), Link::new(seed + 1, loss, jitter));
    if !repair {
        sending.history = PacketHistory::new(HistoryConfig { max_resends: 0, ..HistoryConfig::default() });
    }
    for millis in 1_000..12_000u64 {
        let now = at(millis);
        if millis < 11_000 && millis % 33 == 0 {
            let key = std::mem::take(&mut sending.want_key);
            let frame = vp8(sending.frames, key, if key { 9_000 } else { 2_500 });
            sending.frame(now, &frame, 1_100, &mut link);
        }
        receiving.turn(now, &mut link, &mut back);
        sending.turn(now, &mut back, &mut link);
    }
    (sending, receiving)
}

#[test]
fn a_good_network_delivers_all() {
    let (mut sending, receiving) = call(1, 0, 0, true);
    assert_eq!(receiving.frames.len() as u64, sending.frames);
    for (index, frame) in (0..).zip(&receiving.frames) {
        assert_eq!(*frame, vp8(index, index == 0, frame.len()));
    }
    let media = sending.media;
    let stats = sending.session.sender(media).unwrap().stats();
    assert_eq!((stats.nacks, stats.plis, stats.remote_lost, stats.remote_fraction_lost), (0, 0, 0, 0));
    // 20 ms there and 20 ms back; times are polled each millisecond.
    assert!((39..=43).contains(&stats.round_trip.unwrap().as_millis()), "{:?}", stats.round_trip);
    assert!(stats.reports >= 7);
    assert!(sending.feedback >= sending.frames * 3 - 50);
    assert!(receiving.buffer.target() <= Duration::from_millis(5));
    assert!(receiving.buffer.stats().delay <= Duration::from_millis(5 * sending.frames));
}

#[test]
fn five_percent_loss_is_repaired() {
    for seed in 0..4 {
        let (mut sending, receiving) = call(seed * 10, 50, 10, true);
        let share = receiving.frames.len() as f64 / sending.frames as f64;
        assert!(share > 0.97, "{seed}: {} of {}", receiving.frames.len(), sending.frames);
        assert!(receiving.frames.windows(2).all(|pair| number(&pair[0]) < number(&pair[1])));
        assert!(receiving.repaired > 20);
        let media = sending.media;
        assert!(sending.session.sender(media).unwrap().stats().nacks > 20);
    }
}

#[test]
fn without_repair_key_frames_recover() {
    for seed in 0..4 {
        let (mut sending, receiving) = call(seed * 10, 20, 5, false);
        assert!(receiving.frames.len() > 30, "{seed}: {}", receiving.frames.len());
        let media = sending.media;
        assert!(sending.session.sender(media).unwrap().stats().plis > 0);
        // Behind each gap stands a key frame.
        for pair in receiving.frames.windows(2) {
            assert!(number(&pair[0]) + 1 == number(&pair[1]) || pair[1][0] == 0, "{seed}");
        }
        assert!(receiving.buffer.stats().packets_skipped > 0);
    }
}

/// Each format over a link that loses nothing and reorders much: every frame comes back whole.
#[test]
fn every_format_survives_reordering() {
    let nals = |header: &[u8], len: usize| [&[0, 0, 0, 1], header, &vec![0xaa; len][..]].concat();
    let formats: [(Format, Vec<u8>); 6] = [
        (Format::Whole, vec![7; 900]),
        (Format::Vp8, vp8(0, true, 5_000)),
        (Format::Vp9, [&[0x82][..], &[7; 5_000]].concat()),
        (Format::H264, [nals(&[0x67, 1], 9), nals(&[0x65, 2], 5_000)].concat()),
        (Format::H265, [nals(&[0x40, 1], 9), nals(&[0x26, 1], 5_000)].concat()),
        (Format::Av1, [&[0x0a, 1, 9][..], &[0x32, 0x88, 0x27], &[7; 5_000]].concat()),
    ];
    for (format, frame) in formats {
        for most in [200, 577, 1_200] {
            if format == Format::Whole && most < frame.len() {
                continue;
            }
            let mut config = JitterConfig::video(format);
            config.wait_for_key_frame = format != Format::Whole;
            // Longer than the network's jitter: nothing is given up.
            config.min_delay = Duration::from_millis(40);
            let (mut sending, mut receiving) = (Sending::new(format), Receiving::new(config));
            let (mut link, mut back) = (Link::new(most as u64, 0, 30), Link::new(9, 0, 0));
            for millis in 1_000..2_200u64 {
                if millis < 2_000 && millis % 20 == 0 {
                    sending.frame(at(millis), &frame, most, &mut link);
                }
                receiving.turn(at(millis), &mut link, &mut back);
            }
            assert_eq!(receiving.frames.len(), 50, "{format:?} {most} {:?}", receiving.buffer.stats());
            assert!(receiving.frames.iter().all(|got| *got == frame), "{format:?} {most}");
        }
    }
}

fn compound(session: &mut Session, now: Instant) -> Vec<u8> {
    let mut packet = Packet::new();
    packet.begin(0);
    if session.poll_transmit(now, &mut packet) { packet.current().to_vec() } else { Vec::new() }
}

#[test]
fn a_stream_that_ends_says_so() {
    let mut session =
        Session::new(Config { cname: b"a".to_vec(), ..Config::default() }, Rng::for_tests(1), at(0));
    let ssrc = session.add_sender(at(0), SenderConfig { ssrc: Some(0x01020304), clock_rate: 8_000 }).unwrap();
    session.sender(ssrc).unwrap().packet(at(0), 0, 0, false, 0);
    session.remove_sender(ssrc).unwrap();
    assert_eq!(session.poll_timeout(), Some(at(0)));
    let datagram = compound(&mut session, at(5));
    assert_eq!(datagram[datagram.len() - 8..], hex("81cb0001 01020304"));
    let mut other = Session::new(Config::default(), Rng::for_tests(2), at(0));
    let mut packet = Vec::new();
    Header { ssrc, ..Header::default() }.write(&mut packet, |_| {});
    other.handle_rtp(at(5), &packet, &RtpHeader::parse(&packet).unwrap(), 8_000, None).unwrap();
    other.handle_rtcp(at(5), &datagram);
    assert_eq!((other.poll_event(), other.receiver(ssrc).is_none()), (Some(Event::Bye { ssrc }), true));
    // The goodbye was under a name of the session's own, which goes, too.
    session.close();
    assert!(!compound(&mut session, at(9_000)).is_empty());
    assert_eq!((compound(&mut session, at(9_000)), session.poll_timeout()), (Vec::new(), None));
}

#[test]
fn rfc3550_8_2_a_collision_is_told_and_mended() {
    let mut session = Session::new(Config::default(), Rng::for_tests(1), at(0));
    let ssrc = session.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 8_000 }).unwrap();
    let mut packet = Vec::new();
    Header { ssrc, ..Header::default() }.write(&mut packet, |_| {});
    assert!(session.handle_rtp(at(5), &packet, &RtpHeader::parse(&packet).unwrap(), 8_000, None).is_err());
    assert_eq!(session.poll_event(), Some(Event::Collision { ssrc }));
    let new = session.renew_ssrc(ssrc).unwrap();
    assert!(new != ssrc && session.sender(ssrc).is_none());
    assert!(!compound(&mut session, at(5)).is_empty(), "goodbye under the old name");
    assert!(session.handle_rtp(at(6), &packet, &RtpHeader::parse(&packet).unwrap(), 8_000, None).is_ok());
}

#[test]
fn rfc3611_4_5_who_only_receives_learns_the_round_trip() {
    let config = Config { receiver_reference_time: true, ..Config::default() };
    let mut listener = Session::new(config, Rng::for_tests(1), at(0));
    let mut speaker = Session::new(Config::default(), Rng::for_tests(2), at(0));
    let ssrc = speaker.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 8_000 }).unwrap();
    let (mut there, mut back) = (Link::new(1, 0, 0), Link::new(2, 0, 0));
    for millis in 0..5_000 {
        let now = at(millis);
        if millis % 20 == 0 {
            let header = speaker.sender(ssrc).unwrap().packet(now, (millis * 8) as u32, 0, false, 0);
            let mut packet = Vec::new();
            header.write(&mut packet, |_| {});
            there.send(now, packet);
        }
        while let Some(datagram) = there.receive(now) {
            if is_rtcp(&datagram) {
                listener.handle_rtcp(now, &datagram);
            } else {
                listener
                    .handle_rtp(now, &datagram, &RtpHeader::parse(&datagram).unwrap(), 8_000, None)
                    .unwrap();
            }
        }
        while let Some(datagram) = back.receive(now) {
            speaker.handle_rtcp(now, &datagram);
        }
        transmit(&mut listener, now, &mut back);
        transmit(&mut speaker, now, &mut there);
    }
    assert!((39..=42).contains(&listener.round_trip().unwrap().as_millis()), "{:?}", listener.round_trip());
    assert!((39..=42).contains(&speaker.round_trip().unwrap().as_millis()));
    assert_eq!(listener.receiver(ssrc).unwrap().cname(), Some(speaker.cname()));
    let stats = listener.receiver(ssrc).unwrap().stats();
    assert!(stats.reports > 3 && stats.remote_packets > 200 && stats.jitter < 0.001);
    assert!((39..=42).contains(&stats.round_trip.unwrap().as_millis()));
    assert!(stats.round_trips >= 3 && stats.round_trips <= stats.reports, "{stats:?}");
    let mean = stats.total_round_trip.as_millis() / u128::from(stats.round_trips);
    assert!((39..=42).contains(&mean), "{mean} ms");
}

#[test]
fn floods_of_streams_stay_bounded() {
    let mut session = Session::new(Config::small(), Rng::for_tests(1), at(0));
    let mut packet = Vec::new();
    let mut from = |session: &mut Session, millis: u64, ssrc: u32| {
        packet.clear();
        Header { ssrc, sequence_number: millis as u16, ..Header::default() }.write(&mut packet, |_| {});
        session.handle_rtp(at(millis), &packet, &RtpHeader::parse(&packet).unwrap(), 8_000, None).is_ok()
    };
    for ssrc in 0..10_000 {
        assert_eq!(from(&mut session, 1, ssrc), ssrc < 4);
    }
    assert_eq!((session.receivers().count(), session.stats().receivers_refused), (4, 9_996));
    // Those that speak stay, one that is silent makes place.
    for millis in [2_000, 4_000, 6_000] {
        (1..4).for_each(|ssrc| assert!(from(&mut session, millis, ssrc)));
    }
    assert!(from(&mut session, 6_001, 77));
    assert_eq!(session.poll_event(), Some(Event::TimedOut { ssrc: 0 }));
    assert!(!from(&mut session, 6_002, 78));
}

#[test]
fn storms_of_rtcp_stay_bounded() {
    let mut session = Session::new(Config::small(), Rng::for_tests(1), at(0));
    let ssrc = session.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 8_000 }).unwrap();
    let mut nack = vec![0x81, 205, 0, 202, 0, 0, 0, 9];
    nack.extend_from_slice(&ssrc.to_be_bytes());
    nack.extend([0xff; 800]);
    for _ in 0..1_000 {
        session.handle_rtcp(at(1), &nack);
    }
    assert_eq!(std::iter::from_fn(|| session.poll_event()).count(), 64);
    assert_eq!(session.stats().events_dropped, 200_000 - 64);
    for number in 0..1_000 {
        session.request_packets(number / 7, [number as u16]);
        session.request_picture(number);
        session.request_full_intra(number);
    }
    assert_eq!(session.stats().feedback_dropped, 3 * (1_000 - 64));
    let mut datagrams = 0;
    let mut now = at(1);
    while let Some(due) = session.poll_timeout().filter(|due| *due < at(60_000)) {
        now = now.max(due);
        session.handle_timeout(now);
        while !compound(&mut session, now).is_empty() {
            datagrams += 1;
        }
    }
    assert!((50..=200).contains(&datagrams), "{datagrams}");
}

/// A packet on each stream.
fn speak(from: &mut Session, to: &mut Session, streams: &[u32], now: Instant) {
    let mut packet = Vec::new();
    for ssrc in streams {
        packet.clear();
        from.sender(*ssrc).unwrap().packet(now, 0, 0, false, 0).write(&mut packet, |_| {});
        to.handle_rtp(now, &packet, &RtpHeader::parse(&packet).unwrap(), 8_000, None).unwrap();
    }
}

/// Sixty streams each way: every one is reported on in turn, and every sender reports.
#[test]
fn rfc8108_many_streams_take_turns() {
    let mut a = Session::new(
        Config { max_datagram: 600, rtcp_bandwidth: 1_000_000, ..Config::default() },
        Rng::for_tests(1),
        at(0),
    );
    let mut b = Session::new(Config::default(), Rng::for_tests(2), at(0));
    let ours: Vec<u32> = (0..60)
        .map(|_| a.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 8_000 }).unwrap())
        .collect();
    let theirs: Vec<u32> = (0..60)
        .map(|_| b.add_sender(at(0), SenderConfig { ssrc: None, clock_rate: 8_000 }).unwrap())
        .collect();
    let (mut there, mut back) = (Link::new(1, 0, 0), Link::new(2, 0, 0));
    for millis in (0..40_000).step_by(10) {
        let now = at(millis);
        if millis % 100 == 0 {
            speak(&mut a, &mut b, &ours, now);
            speak(&mut b, &mut a, &theirs, now);
        }
        transmit(&mut a, now, &mut there);
        transmit(&mut b, now, &mut back);
        while let Some(datagram) = there.receive(now) {
            b.handle_rtcp(now, &datagram);
        }
        while let Some(datagram) = back.receive(now) {
            a.handle_rtcp(now, &datagram);
        }
    }
    assert!(theirs.iter().all(|ssrc| b.sender(*ssrc).unwrap().stats().reports > 0));
    assert!(ours.iter().all(|ssrc| b.receiver(*ssrc).unwrap().stats().reports > 0));
    assert!(ours.iter().all(|ssrc| b.receiver(*ssrc).unwrap().cname() == Some(a.cname())));
}
