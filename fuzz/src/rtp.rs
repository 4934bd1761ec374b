//! Properties of `siskin-rtp`.

use core::time::Duration;
use siskin_base::{Instant, Packet as Output, Rng, RtpHeader};
use siskin_rtp::extension::{DependencyDescriptor, Elements, Extension, ExtensionMap, Value};
use siskin_rtp::feedback::ArrivalsConfig;
use siskin_rtp::jitter::{Inserted, JitterBuffer, JitterConfig};
use siskin_rtp::payload::{Format, Packetizer, red, telephone_event::TelephoneEvent};
use siskin_rtp::rtcp::{Compound, Packet};
use siskin_rtp::session::{Config, SenderConfig, Session};
use siskin_rtp::wire::Header;

/// A header that parses can be written again from its elements, and reads the same; each typed value too.
pub fn rtp_packet(input: &[u8]) {
    let Ok(header) = RtpHeader::parse(input) else { return };
    let mut map = ExtensionMap::new();
    for (id, kind) in (1..).zip(Extension::ALL) {
        map.insert(kind, id).expect("not taken");
    }
    let csrcs: Vec<u32> = header.csrcs().collect();
    let fields = Header {
        marker: header.marker,
        payload_type: header.payload_type,
        sequence_number: header.sequence_number,
        timestamp: header.timestamp,
        ssrc: header.ssrc,
        csrcs: &csrcs,
    };
    let mut out = Vec::new();
    fields
        .write(&mut out, |w| Elements::new(header.extension).for_each(|e| assert!(w.element(e.id, e.data))));
    let again = RtpHeader::parse(&out).expect("what was written");
    assert!(Elements::new(again.extension).eq(Elements::new(header.extension)));
    assert!(again.csrcs().eq(header.csrcs()));
    assert_eq!(
        (again.sequence_number, again.timestamp, again.ssrc),
        (header.sequence_number, header.timestamp, header.ssrc)
    );
    let values = map.values(&header);
    assert_eq!(format!("{:?}", map.values(&again)), format!("{values:?}"));

    fn same<'a, T: Value<'a> + PartialEq + std::fmt::Debug>(value: Option<T>, out: &'a mut Vec<u8>) {
        let Some(value) = value else { return };
        out.clear();
        value.write(out);
        assert_eq!(T::parse(out), Some(value));
    }
    let (mut a, mut b, mut c, mut d) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    same(values.mid, &mut a);
    same(values.video_layers_allocation, &mut b);
    same(values.color_space, &mut c);
    same(values.frame_marking, &mut d);
    if let Some(layers) = values.video_layers_allocation {
        assert!(layers.layers().count() <= 16);
    }
    if let Some(Ok(descriptor)) =
        values.dependency_descriptor.map(|data| DependencyDescriptor::parse(data, None))
    {
        let mut out = Vec::new();
        descriptor.write(None, &mut out).expect("it was read");
        assert_eq!(DependencyDescriptor::parse(&out, None), Ok(descriptor));
    }
}

/// What can be read of an RTCP datagram can be written so that it reads the same; and a session that gets it stays within
/// its bounds and comes to rest.
pub fn rtp_rtcp_compound(input: &[u8]) {
    let Ok(compound) = Compound::parse(input) else { return };
    for raw in compound.packets() {
        let Ok(packet) = Packet::parse(raw) else { continue };
        let mut out = Vec::new();
        packet.write(&mut out).expect("it came in a packet");
        let again = Compound::parse(&out).expect("what was written").packets().next().expect("one packet");
        assert_eq!(Packet::parse(again), Ok(packet));
        if let Packet::TransportFeedback(feedback) = packet {
            assert_eq!(feedback.packets().count(), usize::from(feedback.count));
        }
    }
    let config = Config::small();
    let at = Instant::from_millis;
    let mut session = Session::new(config.clone(), Rng::for_tests(1), at(0));
    for ssrc in [1, 2] {
        let config = SenderConfig { ssrc: Some(ssrc), clock_rate: 90_000 };
        session.add_sender(at(0), config).expect("two are few");
    }
    session.report_arrivals(ArrivalsConfig::small());
    for number in 0..50 {
        session.sent_packets().sent(at(number), 1, number as u16, 100);
    }
    for round in 0..3 {
        session.handle_rtcp(at(60 + round), input);
    }
    assert!(std::iter::from_fn(|| session.poll_event()).count() <= config.max_events);
    assert!(std::iter::from_fn(|| session.poll_feedback()).count() <= config.max_sent);
    let mut now = at(70);
    for _ in 0..20 {
        let mut out = Output::new();
        out.begin(0);
        while session.poll_transmit(now, &mut out) {
            assert!(out.current().len() <= config.max_datagram);
            Compound::parse(out.current()).expect("what we write");
            out.begin(0);
        }
        let Some(next) = session.poll_timeout() else { return };
        assert!(next > now, "a timeout that is not acted on");
        now = next;
        session.handle_timeout(now);
    }
}

/// The payloads in the input, each behind two bytes of length.
fn payloads(mut input: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let Some(([high, low], rest)) = input.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (payload, rest) = rest.split_at(len);
        all.push(payload);
        input = rest;
    }
    all
}

/// Cuts a frame and puts it together again; `None` if it is not one that can be cut.
fn cut(format: Format, frame: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut packetizer = Packetizer::new(format, &mut Rng::for_tests(1));
    let mut fragments = packetizer.packetize(frame, most).ok()?;
    let mut cut = Vec::new();
    let mut payload = Vec::new();
    while let Some(last) = fragments.next(&mut payload) {
        assert!(payload.len() <= most && !payload.is_empty());
        format.inspect(&payload).expect("what was cut");
        cut.push((std::mem::take(&mut payload), last));
    }
    assert!(cut.iter().rev().map(|(_, last)| *last).eq((0..cut.len()).map(|index| index == 0)));
    let mut out = Vec::new();
    format.assemble(cut.iter().map(|(payload, _)| payload.as_slice()), &mut out).expect("what was cut");
    Some(out)
}

/// What payloads make up is not much longer than they are, and survives being cut: exactly, or, where a byte stream has
/// more than one way to say the same, from the second time on.
fn depacketize(format: Format, input: &[u8], exact: bool) {
    let payloads = payloads(input);
    for payload in &payloads {
        let _ = format.inspect(payload);
    }
    let mut frame = Vec::new();
    if format.assemble(payloads.iter().copied(), &mut frame).is_err() {
        return;
    }
    assert!(frame.len() <= 4 * input.len(), "{} of {}", frame.len(), input.len());
    for most in [60, 200, 1_200] {
        let Some(again) = cut(format, &frame, most) else { continue };
        if exact {
            assert_eq!(again, frame);
        }
        assert_eq!(cut(format, &again, most), Some(again.clone()), "it could be cut once");
    }
}

/// See [`depacketize`].
pub fn rtp_depacketize_vp8(input: &[u8]) {
    depacketize(Format::Vp8, input, true);
}

/// See [`depacketize`].
pub fn rtp_depacketize_vp9(input: &[u8]) {
    depacketize(Format::Vp9, input, true);
}

/// See [`depacketize`].
pub fn rtp_depacketize_h264(input: &[u8]) {
    depacketize(Format::H264, input, false);
}

/// See [`depacketize`].
pub fn rtp_depacketize_h265(input: &[u8]) {
    depacketize(Format::H265, input, false);
}

/// See [`depacketize`].
pub fn rtp_depacketize_av1(input: &[u8]) {
    depacketize(Format::Av1, input, false);
}

/// Redundant audio: the blocks lie within the payload, and the primary one comes last; telephone events read as they are
/// written.
pub fn rtp_depacketize_audio(input: &[u8]) {
    if let Ok(blocks) = red::Blocks::parse(input) {
        let blocks: Vec<_> = blocks.collect();
        assert!(blocks.iter().map(|block| block.data.len() + 1).sum::<usize>() <= input.len());
        assert!(blocks.last().is_some_and(|block| block.timestamp_offset == 0));
        let mut red = red::Packetizer::new(111, 2);
        let mut timestamp = 0;
        for block in blocks.iter().take(10) {
            let mut out = Vec::new();
            red.write(block.data, timestamp, 1_200, &mut out);
            let last = red::Blocks::parse(&out).expect("what was written").last();
            assert_eq!(last.map(|block| block.data), Some(block.data));
            timestamp += 960;
        }
    }
    if let Ok(event) = TelephoneEvent::parse(input) {
        let mut out = Vec::new();
        event.write(&mut out);
        assert_eq!(TelephoneEvent::parse(&out), Ok(event));
    }
}

/// The input is a list of packets and pauses: the buffer stays within its bounds, gives frames in order and none twice, and
/// none waits longer than its greatest delay and patience.
pub fn rtp_jitter_ops(input: &[u8]) {
    let Some((kind, ops)) = input.split_first() else { return };
    let format = [Format::Whole, Format::Vp8, Format::Vp9, Format::H264, Format::H265, Format::Av1];
    let format = format[usize::from(kind % 6)];
    let config =
        if format == Format::Whole { JitterConfig::audio(48_000) } else { JitterConfig::video(format) };
    let config = JitterConfig { max_packets: 32, max_bytes: 4_000, ..config };
    let mut buffer = JitterBuffer::new(config);
    let mut now = Instant::from_millis(1_000);
    let mut next = 1u64 << 16;
    let mut timestamp = 0u32;
    let mut delivered = None;
    let mut out = Vec::new();
    for op in ops.chunks_exact(4).take(1_000) {
        let [what, a, b, c] = [op[0], op[1], op[2], op[3]];
        match what % 8 {
            0 => now += Duration::from_millis(u64::from(a) * 10),
            1 => timestamp = timestamp.wrapping_add(u32::from(a) << (b % 32)),
            2 => next += u64::from(a) << (b % 20),
            _ => {
                let sequence = (next + u64::from(what >> 4)).saturating_sub(u64::from(a & 7));
                let mut payload = vec![b, c];
                payload.resize(2 + usize::from(a), what);
                let stored = buffer.insert(now, sequence, timestamp, 96, c & 1 == 1, &payload);
                // One behind which the window is full has no room.
                assert!(stored != Inserted::TooLarge || buffer.held() > 3_000);
                next += 1;
            }
        }
        assert!(buffer.len() <= 32 && buffer.held() <= 4_000, "{} {}", buffer.len(), buffer.held());
        out.clear();
        while let Some(frame) = buffer.poll_frame(now, &mut out) {
            let last = frame.first + frame.packets as u64;
            assert!(delivered.is_none_or(|before| frame.first >= before), "out of order");
            assert!(frame.first_arrived <= frame.completed && frame.completed <= now);
            assert!(frame.packets > 0 && out.len() <= 20_000);
            delivered = Some(last);
            out.clear();
        }
        while buffer.poll_event().is_some() {}
        assert!(buffer.poll_timeout().is_none_or(|due| due > now), "a timeout that is not acted on");
    }
    let end = now + config.max_delay + config.patience + config.patience;
    while let Some(due) = buffer.poll_timeout() {
        assert!(due <= end, "{due:?} after {end:?}");
        while buffer.poll_frame(due, &mut out).is_some() {}
        assert!(buffer.poll_timeout().is_none_or(|later| later > due));
    }
    assert!(buffer.is_empty());
}
