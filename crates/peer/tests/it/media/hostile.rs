//! What a peer with keys can make of RTP and RTCP: all of it is counted, what it makes us hold and send is bounded, and
//! media go on afterwards.

use crate::puppet::{Puppet, config};
use allocation_counter::measure;
use core::time::Duration;
use siskin_peer::stats::StatsKind;
use siskin_peer::{Event, OutgoingFrame, TransceiverId};
use siskin_rtp::rtcp::{self, NtpTime, ReportBlock};
use siskin_rtp::wire::Header;

const MID: u8 = 4;
/// The video section's, of the puppet and of the peer.
const VIDEO: TransceiverId = TransceiverId(1);

fn puppet() -> Puppet {
    Puppet::connect(config(siskin_crypto::ring()))
}

/// A VP8 packet that is a whole key frame.
fn vp8(ssrc: u32, number: u16, timestamp: u32) -> Vec<u8> {
    let mut out = header(ssrc, number, timestamp);
    out.extend_from_slice(&[0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 1, 2, 3]);
    out
}

fn header(ssrc: u32, number: u16, timestamp: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let header =
        Header { marker: true, payload_type: 96, sequence_number: number, timestamp, ssrc, csrcs: &[] };
    header.write(&mut out, |_| {});
    out
}

/// The packet with an extension put in.
fn extended(packet: &[u8], profile: u16, data: &[u8]) -> Vec<u8> {
    let (head, rest) = packet.split_at(12);
    let mut out = head.to_vec();
    out.first_mut().into_iter().for_each(|first| *first |= 0x10);
    out.extend_from_slice(&profile.to_be_bytes());
    out.extend_from_slice(&((data.len() / 4) as u16).to_be_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(rest);
    out
}

fn named(packet: &[u8], mid: &str) -> Vec<u8> {
    let mut data = vec![MID << 4 | (mid.len() as u8 - 1)];
    data.extend_from_slice(mid.as_bytes());
    data.resize(data.len().next_multiple_of(4), 0);
    extended(packet, 0xbede, &data)
}

/// Everything that was delivered is in one count.
fn assert_counted(puppet: &Puppet) {
    let counts = puppet.peer.rtp_counts();
    let known = [counts.taken, counts.unroutable, counts.refused, counts.unknown_payload_type];
    let dropped = counts.srtp_dropped;
    let all = known.iter().sum::<u64>() + counts.rtcp + dropped;
    assert_eq!(all, puppet.delivered.rtp + puppet.delivered.rtcp, "{counts:?}");
}

fn frames(puppet: &mut Puppet) -> usize {
    core::iter::from_fn(|| puppet.peer.poll_event()).filter(|event| matches!(event, Event::Frame(_))).count()
}

/// A stream that behaves still arrives.
fn assert_flows(puppet: &mut Puppet, ssrc: u32, from: u16, timestamp: u32) {
    frames(puppet);
    for frame in 0..10 {
        assert!(puppet.rtp(&vp8(ssrc, from + frame, timestamp.wrapping_add(u32::from(frame) * 3_000))));
        puppet.advance(Duration::from_millis(33));
    }
    puppet.advance(Duration::from_millis(2_500));
    assert!(frames(puppet) >= 9, "media go on");
}

/// The peer sends a frame of so many bytes; whether there was room for it.
fn offer(puppet: &mut Puppet, number: u32, len: usize) -> bool {
    let mut data = vec![0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];
    data.resize(len, 7);
    let now = puppet.now();
    let frame = OutgoingFrame::new(96, number * 3_000, data.into());
    puppet.peer.send_frame(now, VIDEO, None, frame).is_ok()
}

/// Likewise, and there was.
fn send(puppet: &mut Puppet, number: u32, len: usize) {
    assert!(offer(puppet, number, len), "connected, and the queue is not full");
}

/// Our streams: media and retransmissions of the picture.
fn sources(puppet: &Puppet) -> (u32, u32) {
    let stats = puppet.peer.get_stats(puppet.now());
    let video = stats.iter().find_map(|stats| match &stats.kind {
        StatsKind::OutboundRtp(sent) if sent.kind == "video" => Some((sent.ssrc, sent.rtx_ssrc)),
        _ => None,
    });
    let (ssrc, rtx) = video.expect("a stream of ours");
    (ssrc, rtx.expect("of retransmissions"))
}

#[test]
fn extension_bombs() {
    let mut puppet = puppet();
    let info = measure(|| {
        let mut number = 0;
        let mut bomb = |puppet: &mut Puppet, ssrc, profile, data: &[u8]| {
            number += 1;
            assert!(puppet.rtp(&extended(&vp8(ssrc, number, 3_000), profile, data)));
        };
        // As many elements as fit; all numbers at once; the same again and again; names of the greatest length.
        let empty: Vec<u8> =
            (0..32_000_u32).map(|n| if n % 2 == 0 { (n / 2) as u8 | 1 } else { 0 }).collect();
        let full: Vec<u8> = (0..250).flat_map(|_| [[MID, 255].to_vec(), vec![b'x'; 255]].concat()).collect();
        let names: Vec<u8> = (0..4_000).flat_map(|n| [MID << 4 | 3, n as u8, 1, 2, 3]).collect();
        let beyond = [MID << 4 | 15, 1, 2, 3];
        let ended = [0xf0, MID << 4, b'v', 0];
        for profile in [0xbede, 0x1000, 0x100f, 0xc0de, 0xc2de, 0x0000, 0xffff] {
            for data in [&empty, &vec![0; 60_000], &vec![0xff; 60_000], &full, &names, &beyond[..], &ended] {
                let whole = data.len() / 4 * 4;
                bomb(&mut puppet, 200, profile, &data[..whole]);
                bomb(&mut puppet, 5_000, profile, &data[..whole]);
            }
        }
        // One that says it is longer than its packet.
        let mut liar = extended(&vp8(200, 40_000, 3_000), 0xbede, &[0; 8]);
        liar[14..16].copy_from_slice(&u16::MAX.to_be_bytes());
        assert!(!puppet.rtp(&liar), "SRTP's sender knows better");
        puppet.advance(Duration::from_secs(1));
    });
    assert!(info.bytes_max < 4 << 20, "{}", info.bytes_max);
    assert_counted(&puppet);
    let counts = puppet.peer.rtp_counts();
    assert!(counts.unroutable > 10 && counts.taken > 10, "{counts:?}");
    assert_flows(&mut puppet, 200, 200, 9_000);
}

#[test]
fn ssrc_floods() {
    let mut puppet = puppet();
    assert_flows(&mut puppet, 200, 1, 0);
    let info = measure(|| {
        for ssrc in 10_000..19_000 {
            let packet = vp8(ssrc, 1, 3_000);
            // Some say which section they are for, some leave it to their payload type, and some name none.
            match ssrc % 3 {
                0 => puppet.rtp(&named(&packet, "v")),
                1 => puppet.rtp(&packet),
                _ => puppet.rtp(&named(&packet, "nobody")),
            };
        }
        puppet.advance(Duration::from_millis(100));
    });
    assert!(info.bytes_max < 24 << 20, "{}", info.bytes_max);
    assert_counted(&puppet);
    let counts = puppet.peer.rtp_counts();
    assert!(counts.refused > 1_000 && counts.unroutable > 1_000 && counts.srtp_dropped > 4_000, "{counts:?}");
    let streams = |puppet: &Puppet| {
        let stats = puppet.peer.get_stats(puppet.now());
        stats.iter().filter(|stats| matches!(stats.kind, StatsKind::InboundRtp(_))).count()
    };
    assert!(streams(&puppet) <= 256, "{}", streams(&puppet));
    assert_flows(&mut puppet, 200, 11, 33_000);
    // They are silent, and forgotten.
    puppet.advance(Duration::from_secs(60));
    assert_eq!(streams(&puppet), 0);
}

/// The goodbyes of as many streams as there may be, behind as much else as the session keeps: what is dropped of that must
/// not keep the streams.
/// Found by the fuzz target `peer_media`: it was counted twice.
#[test]
fn a_retransmission_of_nobodys_packet_is_counted_once() {
    let mut puppet = puppet();
    let before = puppet.peer.rtp_counts().unroutable;
    for number in 1..10 {
        let mut packet = named(&vp8(900, number, 0), "v");
        packet[1] = packet[1] & 0x80 | 97;
        puppet.rtp(&packet);
    }
    assert_counted(&puppet);
    assert_eq!(puppet.peer.rtp_counts().unroutable - before, 9);
}

#[test]
fn streams_whose_goodbyes_are_crowded_out_do_not_stay() {
    let mut puppet = puppet();
    send(&mut puppet, 0, 1_000);
    puppet.advance(Duration::from_millis(50));
    let (ours, _) = sources(&puppet);
    let mut crowd = rtcp_nacks(ours, 2_000);
    let info = measure(|| {
        for round in 0..12_u32 {
            let streams: Vec<u32> = (0..250).map(|n| 10_000 + round * 250 + n).collect();
            for ssrc in &streams {
                let mut packet = named(&header(*ssrc, 1, 0), "v");
                packet.resize(1_200, 0x10);
                assert!(puppet.rtp(&packet));
            }
            let before = crowd.len();
            for some in streams.chunks(31) {
                crowd.extend_from_slice(&[0x80 | some.len() as u8, 203, 0, some.len() as u8]);
                some.iter().for_each(|ssrc| crowd.extend_from_slice(&ssrc.to_be_bytes()));
            }
            assert!(puppet.rtcp(&crowd));
            crowd.truncate(before);
        }
    });
    assert_counted(&puppet);
    assert!(puppet.peer.rtp_counts().rtcp_dropped > 1_000);
    // 3,000 buffers were there, but not at once; each end's SRTP keeps 350 bytes of each.
    assert!(info.bytes_current < 3_000_000, "{}", info.bytes_current);
}

fn rtcp_nacks(ssrc: u32, entries: u16) -> Vec<u8> {
    let mut out = vec![0x81, 205];
    out.extend_from_slice(&(2 + entries).to_be_bytes());
    out.extend_from_slice(&200_u32.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    for entry in 0..entries {
        out.extend_from_slice(&entry.wrapping_mul(17).to_be_bytes());
        out.extend_from_slice(&[0xff, 0xff]);
    }
    out
}

#[test]
fn sequence_wraps() {
    let mut puppet = puppet();
    // Two turns, as fast as they can be.
    let (mut number, mut last, mut sent) = (0_u32, 0, 0);
    let info = measure(|| {
        while number < 2 << 16 {
            assert!(puppet.rtp(&vp8(200, number as u16, number * 30)));
            last = number;
            number += 1 + 30 * u32::from(number.is_multiple_of(7));
            sent += 1;
            if sent % 100 == 0 {
                puppet.advance(Duration::from_millis(33));
                frames(&mut puppet);
            }
        }
    });
    assert!(info.bytes_max < 8 << 20, "{}", info.bytes_max);
    let inbound = |puppet: &Puppet| {
        let stats = puppet.peer.get_stats(puppet.now());
        let found = stats.into_iter().find_map(|stats| match stats.kind {
            StatsKind::InboundRtp(received) if received.ssrc == 200 => Some(received),
            _ => None,
        });
        found.expect("it is received")
    };
    let counted = inbound(&puppet);
    assert_eq!(counted.packets_received, sent);
    assert_eq!(counted.packets_lost, i64::from(last) + 1 - sent as i64, "{counted:?}");
    // Leaps to and fro, to the ends and over them, and each number twice as far as SRTP lets it.
    for leap in [0_u16, 32_767, 32_768, 65_535, 1, 40_000, 40_001, 39_999, 7_000, 7_001, 65_534, 0, 2, 1] {
        for number in [leap, leap.wrapping_add(1), leap.wrapping_sub(1), leap] {
            puppet.rtp(&vp8(200, number, 0));
        }
        puppet.advance(Duration::from_millis(500));
        frames(&mut puppet);
    }
    assert_counted(&puppet);
    assert_flows(&mut puppet, 200, 20_000, 77);
}

#[test]
fn nack_storms() {
    let mut puppet = puppet();
    // Nothing is known of the path, so that not all is taken.
    let taken = (0..20).filter(|frame| {
        let taken = offer(&mut puppet, *frame, 40_000);
        puppet.advance(Duration::from_secs(1));
        taken
    });
    assert!(taken.count() > 2);
    let (ours, rtx) = sources(&puppet);
    let before = puppet.heard.clone();
    let info = measure(|| {
        for _ in 0..40 {
            for ssrc in [ours, rtx, 200, 0] {
                let storm = rtcp_nacks(ssrc, 300);
                for _ in 0..5 {
                    assert!(puppet.rtcp(&storm));
                }
            }
            puppet.advance(Duration::from_millis(25));
        }
    });
    assert_counted(&puppet);
    assert!(info.bytes_max < 8 << 20, "{}", info.bytes_max);
    let (packets, bytes) = (puppet.heard.rtp - before.rtp, puppet.heard.rtp_bytes - before.rtp_bytes);
    // A million requests of our stream in a second: `HistoryConfig::max_resend_rate`, twice because of the burst, and headers.
    assert!(packets > 0 && bytes < 5 << 19, "{packets} packets, {bytes} bytes");
    assert!(puppet.heard.rtcp - before.rtcp < 20);
    puppet.advance(Duration::from_secs(5));
    let after = puppet.heard.rtp;
    send(&mut puppet, 21, 5_000);
    puppet.advance(Duration::from_secs(1));
    assert!(puppet.heard.rtp > after, "new frames still leave");
}

/// Requests for key frames and reports of bit rates, as fast as they can be.
#[test]
fn storms_of_other_feedback() {
    let mut puppet = puppet();
    send(&mut puppet, 0, 3_000);
    puppet.advance(Duration::from_millis(100));
    let (ours, _) = sources(&puppet);
    let media = ours.to_be_bytes();
    let mut storm = Vec::new();
    for round in 0..100_u8 {
        storm.extend_from_slice(&[&[0x81, 206, 0, 2, 0, 0, 0, 200], &media[..]].concat());
        storm.extend_from_slice(
            &[&[0x84, 206, 0, 4, 0, 0, 0, 200, 0, 0, 0, 0], &media[..], &[round, 0, 0, 0]].concat(),
        );
        let remb =
            [0x8f, 206, 0, 5, 0, 0, 0, 200, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, round << 2, round, 1];
        storm.extend_from_slice(&[&remb, &media[..]].concat());
        storm.extend_from_slice(
            &[&[0x83, 205, 0, 4, 0, 0, 0, 200, 0, 0, 0, 0], &media[..], &[0, 0, 0, 0]].concat(),
        );
    }
    let info = measure(|| {
        for _ in 0..100 {
            assert!(puppet.rtcp(&storm));
        }
        puppet.advance(Duration::from_millis(100));
    });
    assert!(info.bytes_max < 4 << 20, "{}", info.bytes_max);
    assert_counted(&puppet);
    let told: Vec<Event> = core::iter::from_fn(|| puppet.peer.poll_event()).collect();
    let asked = |event: &&Event| matches!(event, Event::KeyFrameRequested { .. });
    assert_eq!(told.iter().filter(asked).count(), 1);
    assert!(told.iter().filter(|event| matches!(event, Event::TargetBitrate(_))).count() <= 1);
    assert_eq!(puppet.peer.rtp_counts().rtcp_malformed, 0, "what a storm is made of is well-formed");
}

/// Of packets, of reports, of clocks and of feedback.
#[test]
fn absurd_timestamps() {
    let mut puppet = puppet();
    let absurd = [0, 1, u32::MAX, 1 << 31, (1 << 31) - 1, 90_000, u32::MAX - 90_000];
    let mut number = 0;
    for (round, timestamp) in absurd.iter().cycle().take(200).enumerate() {
        number += 1;
        assert!(puppet.rtp(&vp8(200, number, *timestamp)));
        assert!(puppet.rtp(&vp8(100, number, *timestamp)));
        puppet.advance(Duration::from_millis(if round % 10 == 0 { 1_000 } else { 3 }));
        frames(&mut puppet);
    }
    send(&mut puppet, 0, 3_000);
    puppet.advance(Duration::from_millis(100));
    let (ours, _) = sources(&puppet);
    for timestamp in absurd {
        for ntp in [0, 1, u64::MAX, 1 << 63, u64::from(timestamp) << 32, u64::from(timestamp) << 16] {
            let blocks = [ReportBlock {
                ssrc: ours,
                fraction_lost: 255,
                cumulative_lost: -0x80_0000,
                highest_sequence: timestamp,
                jitter: timestamp,
                last_sr: timestamp,
                delay_since_last_sr: (ntp >> 16) as u32,
            }];
            let report = rtcp::SenderReport {
                ssrc: 200,
                ntp: NtpTime(ntp),
                rtp_timestamp: timestamp,
                packet_count: u32::MAX,
                octet_count: u32::MAX,
                blocks: rtcp::List::new(&blocks),
                extension: &[],
            };
            let mut out = Vec::new();
            report.write(&mut out).expect("one block");
            // A receiver's clock, and an answer to one that was never asked (RFC 3611 §4.4, §4.5).
            let (high, low) = ((ntp >> 32) as u32, ntp as u32);
            out.extend_from_slice(&[0x80, 207, 0, 8, 0, 0, 0, 200, 4, 0, 0, 2]);
            [high, low].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
            out.extend_from_slice(&[5, 0, 0, 3]);
            [ours, low, high].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
            // Arrivals at impossible times.
            let [_, a, b, c] = timestamp.to_be_bytes();
            out.extend_from_slice(&[0x8f, 205, 0, 5, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 2, a, b, c, 0]);
            out.extend_from_slice(&[0x40, 2, 0x80, 0]);
            assert!(puppet.rtcp(&out));
            puppet.advance(Duration::from_millis(50));
        }
    }
    assert_counted(&puppet);
    let stats = puppet.peer.get_stats(puppet.now());
    for stats in stats {
        if let StatsKind::RemoteInboundRtp(remote) = stats.kind {
            assert!(remote.round_trip_time.is_none_or(|rtt| (0.0..65_536.0).contains(&rtt)), "{remote:?}");
            assert!(remote.total_round_trip_time.is_finite());
        }
    }
    // Our frames still leave, and theirs still arrive.
    puppet.advance(Duration::from_secs(3));
    let before = puppet.heard.rtp;
    send(&mut puppet, 1, 3_000);
    puppet.advance(Duration::from_secs(2));
    assert!(puppet.heard.rtp > before, "{:?}", puppet.peer.rtp_counts());
    assert_flows(&mut puppet, 200, number + 1, 5_000);
}

/// A bit rate of nothing: nothing leaves while it is wanted, nothing breaks, and more lets it go on.
#[test]
fn no_bit_rate_at_all() {
    let mut puppet = puppet();
    send(&mut puppet, 0, 3_000);
    puppet.advance(Duration::from_millis(500));
    let (ours, _) = sources(&puppet);
    let remb = |exponent_mantissa: [u8; 3]| {
        let [a, b, c] = exponent_mantissa;
        let head = [0x8f, 206, 0, 5, 0, 0, 0, 200, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, a, b, c];
        [&head[..], &ours.to_be_bytes()].concat()
    };
    assert!(puppet.rtcp(&remb([0, 0, 0])));
    send(&mut puppet, 1, 30_000);
    puppet.advance(Duration::from_secs(2));
    for rate in [[0xff, 0xff, 0xff], [0, 0, 1], [0xfc, 0, 1], [0x18, 0xff, 0xff]] {
        assert!(puppet.rtcp(&remb(rate)));
        puppet.advance(Duration::from_secs(2));
    }
    let before = puppet.heard.rtp;
    send(&mut puppet, 2, 3_000);
    puppet.advance(Duration::from_secs(2));
    assert!(puppet.heard.rtp > before);
}
