//! `siskin-rtp`: headers with the extensions of a browser's video packet, RTCP as it goes back, frames cut and put together.
//! The `limit` of a header is reading its twelve bytes by hand.

use bytes::Bytes;
use rtc_rtp::codec;
use rtc_rtp::packetizer::{Depacketizer, Payloader};
use rtc_shared::marshal::{MarshalSize as _, Unmarshal as _};
use rtcp_types::prelude::*;
use siskin_base::{Instant, Rng, RtpHeader};
use siskin_benches::{Bench, Contest};
use siskin_rtp::extension::{AbsSendTime, Extension, ExtensionMap, Mid, TransportSequence};
use siskin_rtp::jitter::{JitterBuffer, JitterConfig};
use siskin_rtp::payload::{Format, Packetizer};
use siskin_rtp::rtcp::{
    Compound, List, Nack, NackEntry, NtpTime, Packet, ReceiverReport, ReportBlock, SenderReport,
    TransportFeedbackWriter,
};
use siskin_rtp::wire::Header;
use std::hint::black_box;

/// A header of Chromium's: abs-send-time, transport-wide sequence number and mid, in 1,200 bytes of packet.
fn packet(map: &ExtensionMap) -> Vec<u8> {
    let mut out = Vec::new();
    write(map, &mut out);
    out.resize(1_200, 7);
    out
}

fn write(map: &ExtensionMap, out: &mut Vec<u8>) {
    let header =
        Header { payload_type: 118, sequence_number: 26_148, ssrc: 0x7266_d567, ..Header::default() };
    black_box(header).write(out, |w| {
        w.value(map, &AbsSendTime(0x7f_c7b5));
        w.value(map, &TransportSequence(6));
        w.value(map, &Mid("1"));
    });
}

fn header(bench: &mut Bench) {
    let mut map = ExtensionMap::new();
    for (id, kind) in [(2, Extension::AbsSendTime), (3, Extension::TransportSequence), (4, Extension::Mid)] {
        map.insert(kind, id).expect("free");
    }
    let packet = packet(&map);
    let contest = Contest::of_bytes("rtp/parse", packet.len())
        .row("siskin", || {
            let header = RtpHeader::parse(black_box(&packet)).expect("a packet");
            (header.ssrc, header.sequence_number, header.timestamp, header.payload_offset)
        })
        .row("rtp-types", || {
            let header = rtp_types::RtpPacket::parse(black_box(&packet)).expect("a packet");
            (header.ssrc(), header.sequence_number(), header.timestamp(), header.payload_offset())
        })
        .row("rtc-rtp", || {
            let header =
                rtc_rtp::header::Header::unmarshal(&mut black_box(packet.as_slice())).expect("a packet");
            (header.ssrc, header.sequence_number, header.timestamp, header.marshal_size())
        })
        .row("limit", || {
            let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *black_box(packet.as_slice()) else { panic!() };
            let ssrc = u32::from_be_bytes([i, j, k, l]);
            (
                ssrc,
                u16::from_be_bytes([c, d]),
                u32::from_be_bytes([e, f, g, h]),
                usize::from(a & 0x10) + usize::from(b),
            )
        });
    bench.race(contest);
    let contest = Contest::of_bytes("rtp/extensions", packet.len()).row("siskin", || {
        let header = RtpHeader::parse(black_box(&packet)).expect("a packet");
        map.values(&header).transport_number()
    });
    bench.race(contest);
    let mut out = Vec::new();
    let contest = Contest::of_bytes("rtp/write", 28).row("siskin", || {
        out.clear();
        write(&map, &mut out);
        out.len()
    });
    bench.race(contest);
}

fn rtcp(bench: &mut Bench) {
    let blocks = [ReportBlock { ssrc: 2, highest_sequence: 70_000, jitter: 30, ..ReportBlock::default() }];
    let mut reports = Vec::new();
    let sender = SenderReport {
        ssrc: 1,
        ntp: NtpTime(0xe1e2_e3e4_0000_0000),
        rtp_timestamp: 90_000,
        packet_count: 1_000,
        octet_count: 1_000_000,
        blocks: List::new(&blocks),
        extension: &[],
    };
    sender.write(&mut reports).expect("few blocks");
    ReceiverReport { ssrc: 1, blocks: List::new(&blocks), extension: &[] }
        .write(&mut reports)
        .expect("few blocks");
    let contest = Contest::of_bytes("rtp/rtcp/reports", reports.len())
        .row("siskin", || {
            let compound = Compound::parse(black_box(&reports)).expect("a datagram");
            let jitter = |packet| match packet {
                Packet::SenderReport(report) => report.blocks.iter().map(|block| block.jitter).sum(),
                Packet::ReceiverReport(report) => report.blocks.iter().map(|block| block.jitter).sum(),
                _ => 0,
            };
            compound.packets().map(|raw| jitter(Packet::parse(raw).expect("a packet"))).sum::<u32>()
        })
        .row("rtcp-types", || {
            let compound = rtcp_types::Compound::parse(black_box(&reports)).expect("a datagram");
            let jitter = |packet| match packet {
                rtcp_types::Packet::Sr(report) => {
                    report.report_blocks().map(|block| block.interarrival_jitter()).sum()
                }
                rtcp_types::Packet::Rr(report) => {
                    report.report_blocks().map(|block| block.interarrival_jitter()).sum()
                }
                _ => 0,
            };
            compound.map(|packet| jitter(packet.expect("a packet"))).sum::<u32>()
        });
    bench.race(contest);

    let entries: Vec<_> = (0..8).map(|index| NackEntry { first: index * 40, following: 0x0101 }).collect();
    let mut nack = Vec::new();
    Nack { sender: 1, media: 2, entries: List::new(&entries) }.write(&mut nack).expect("short");
    let contest = Contest::of_bytes("rtp/rtcp/nack", nack.len())
        .row("siskin", || {
            let raw = Compound::parse(black_box(&nack)).expect("a datagram").packets().next().expect("one");
            let Ok(Packet::Nack(nack)) = Packet::parse(raw) else { panic!() };
            nack.sequence_numbers().map(u32::from).sum::<u32>()
        })
        .row("rtcp-types", || {
            let feedback = rtcp_types::TransportFeedback::parse(black_box(&nack)).expect("a packet");
            let nack = feedback.parse_fci::<rtcp_types::Nack<'_>>().expect("a NACK");
            nack.entries().map(u32::from).sum::<u32>()
        });
    bench.race(contest);

    let mut writer = TransportFeedbackWriter::default();
    let mut feedback = Vec::new();
    let mut gather = |out: &mut Vec<u8>| {
        out.clear();
        writer.begin(0, 1_000);
        for index in 0..100u16 {
            writer.arrived(index + index / 10, 1_000 + i64::from(index) * 4, 1_200);
        }
        writer.write(out, 1, 2, 3)
    };
    gather(&mut feedback).expect("short");
    let contest = Contest::of_bytes("rtp/rtcp/transport_feedback", feedback.len())
        .row("siskin", || {
            let raw =
                Compound::parse(black_box(&feedback)).expect("a datagram").packets().next().expect("one");
            let Ok(Packet::TransportFeedback(feedback)) = Packet::parse(raw) else { panic!() };
            feedback.packets().filter(|(_, at)| at.is_some()).count()
        })
        .row("rtcp-types", || {
            let feedback = rtcp_types::TransportFeedback::parse(black_box(&feedback)).expect("a packet");
            let twcc = feedback.parse_fci::<rtcp_types::Twcc<'_>>().expect("feedback");
            let received =
                |packet: &_| matches!(packet, Ok((_, rtcp_types::TwccPacketStatus::Received { .. })));
            twcc.packets().filter(received).count()
        });
    bench.race(contest);
    let mut out = Vec::new();
    let contest = Contest::of_bytes("rtp/rtcp/gather", feedback.len()).row("siskin", || gather(&mut out));
    bench.race(contest);
}

/// A frame as decoders take it, of 12,000 bytes and a few.
fn frame(format: Format) -> Vec<u8> {
    let mut frame: Vec<u8> = match format {
        // RFC 6386 §9.1: a key frame.
        Format::Vp8 => vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0],
        // A key frame of profile 0.
        Format::Vp9 => vec![0x82, 0x49, 0x83, 0x42, 0, 0x13, 0xf0, 0x0e, 0xf0, 0],
        Format::H264 => vec![0, 0, 0, 1, 0x65],
        Format::H265 => vec![0, 0, 0, 1, 0x26, 0x01],
        // A frame with its size in front: 12,000 in LEB128.
        Format::Av1 => vec![0x32, 0xe0, 0x5d],
        _ => return vec![7; 120],
    };
    let head = if format == Format::Av1 { frame.len() } else { 0 };
    frame.resize(head + 12_000, 7);
    frame
}

const FORMATS: [(&str, Format); 6] = [
    ("opus", Format::Whole),
    ("vp8", Format::Vp8),
    ("vp9", Format::Vp9),
    ("h264", Format::H264),
    ("h265", Format::H265),
    ("av1", Format::Av1),
];

fn payloads(format: Format, frame: &[u8]) -> Vec<Vec<u8>> {
    let mut packetizer = Packetizer::new(format, &mut Rng::for_tests(1));
    let mut fragments = packetizer.packetize(frame, 1_100).expect("a frame");
    let mut payloads = Vec::new();
    loop {
        let mut payload = Vec::new();
        if fragments.next(&mut payload).is_none() {
            return payloads;
        }
        payloads.push(payload);
    }
}

/// Those of `rtc-rtp`; of AV1 it has one that wants its units otherwise.
fn peers(name: &str) -> Option<(Box<dyn Payloader>, Box<dyn Fn() -> Box<dyn Depacketizer>>)> {
    Some(match name {
        "opus" => (Box::new(codec::opus::OpusPayloader), Box::new(|| Box::new(codec::opus::OpusPacket))),
        "vp8" => (
            Box::new(codec::vp8::Vp8Payloader::default()),
            Box::new(|| Box::new(codec::vp8::Vp8Packet::default())),
        ),
        "vp9" => (
            Box::new(codec::vp9::Vp9Payloader::default()),
            Box::new(|| Box::new(codec::vp9::Vp9Packet::default())),
        ),
        "h264" => (
            Box::new(codec::h264::H264Payloader::default()),
            Box::new(|| Box::new(codec::h264::H264Packet::default())),
        ),
        _ => return None,
    })
}

/// Frames cut into payloads of 1,100 bytes, and put together again.
fn frames(bench: &mut Bench) {
    for (name, format) in FORMATS {
        let frame = frame(format);
        let mut payload = Vec::new();
        let mut packetizer = Packetizer::new(format, &mut Rng::for_tests(1));
        let mut contest =
            Contest::of_bytes(format!("rtp/packetize/{name}"), frame.len()).row("siskin", || {
                let mut fragments = packetizer.packetize(black_box(&frame), 1_100).expect("a frame");
                let mut count = 0;
                loop {
                    payload.clear();
                    if fragments.next(&mut payload).is_none() {
                        break count;
                    }
                    count += 1;
                }
            });
        let bytes = Bytes::from(frame.clone());
        if let Some((mut theirs, _)) = peers(name) {
            contest = contest
                .row("rtc-rtp", move || theirs.payload(1_100, black_box(&bytes)).expect("a frame").len());
        }
        bench.race(contest);

        let payloads = payloads(format, &frame);
        let shared: Vec<Bytes> = payloads.iter().cloned().map(Bytes::from).collect();
        let mut out = Vec::new();
        let mut contest =
            Contest::of_bytes(format!("rtp/depacketize/{name}"), frame.len()).row("siskin", || {
                out.clear();
                let parts = payloads.iter().map(Vec::as_slice);
                format.assemble(black_box(parts), &mut out).expect("what was cut");
                out.len()
            });
        // What it gives back for each payload is put together, as ours is.
        if let Some((_, make)) = peers(name) {
            let mut theirs_out = Vec::new();
            contest = contest.row("rtc-rtp", move || {
                theirs_out.clear();
                let mut theirs = make();
                for payload in &shared {
                    let part = theirs.depacketize(black_box(payload)).expect("what was cut");
                    theirs_out.extend_from_slice(&part);
                }
                theirs_out.len()
            });
        }
        bench.race(contest);

        let (mut sequence, mut index) = (1u64 << 16, 0u64);
        let config = match format {
            Format::Whole => JitterConfig::audio(48_000),
            _ => JitterConfig { wait_for_key_frame: false, ..JitterConfig::video(format) },
        };
        let mut buffer = JitterBuffer::new(config);
        let mut out = Vec::new();
        let contest = Contest::of_bytes(format!("rtp/jitter/{name}"), frame.len()).row("siskin", || {
            let now = Instant::from_millis(1_000 + index * 33);
            let ticks = if format == Format::Whole { 1_584 } else { 2_970 };
            for (at, payload) in payloads.iter().enumerate() {
                let marker = at + 1 == payloads.len();
                buffer.insert(now, sequence, (index * ticks) as u32, 96, marker, payload);
                sequence += 1;
            }
            index += 1;
            out.clear();
            assert!(buffer.poll_frame(now, &mut out).is_some());
            out.len()
        });
        bench.race(contest);
    }
}

siskin_benches::main!(header, rtcp, frames);
