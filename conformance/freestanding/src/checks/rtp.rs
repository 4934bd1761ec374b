//! A frame in packets, out of order, through a session and a jitter buffer.

use alloc::vec::Vec;
use siskin_base::{Instant, Rng, RtpHeader};
use siskin_rtp::jitter::{JitterBuffer, JitterConfig};
use siskin_rtp::payload::{Format, Packetizer};
use siskin_rtp::session::{Config, SenderConfig, Session};

/// `None` if the frame does not come out as it went in.
pub(super) fn carries() -> Option<()> {
    let now = Instant::from_millis(1_000);
    let mut frame = Vec::from([0]);
    frame.resize(3_000, 7);
    let mut sending = Session::new(Config::small(), Rng::for_tests(1), now);
    let mut receiving = Session::new(Config::small(), Rng::for_tests(2), now);
    let ssrc = sending.add_sender(now, SenderConfig { ssrc: None, clock_rate: 90_000 }).ok()?;
    let mut packetizer = Packetizer::new(Format::Vp8, &mut Rng::for_tests(3));
    let mut fragments = packetizer.packetize(&frame, 1_000).ok()?;
    let mut packets = Vec::new();
    let mut payload = Vec::new();
    while let Some(marker) = fragments.next(&mut payload) {
        let mut packet = Vec::new();
        sending.sender(ssrc)?.packet(now, 0, 96, marker, payload.len()).write(&mut packet, |_| {});
        packet.append(&mut payload);
        packets.push(packet);
    }
    packets.swap(1, 2);
    let mut buffer = JitterBuffer::new(JitterConfig::video(Format::Vp8).small());
    for packet in &packets {
        let header = RtpHeader::parse(packet).ok()?;
        let accepted = receiving.handle_rtp(now, packet, &header, 90_000, None).ok()?;
        let payload = header.payload(packet).ok()?;
        buffer.insert(now, accepted.sequence, header.timestamp, header.payload_type, header.marker, payload);
    }
    let mut out = Vec::new();
    buffer.poll_frame(now, &mut out)?;
    (out == frame).then_some(())
}
