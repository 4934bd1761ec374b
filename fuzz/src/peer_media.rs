//! RTP and RTCP of a peer that has the keys: what the routing, the jitter buffers, the repair and the reports of
//! `siskin-peer` make of it.

#[path = "../../crates/peer/tests/it/puppet.rs"]
mod puppet;

use crate::dtls_flights::heap;
use puppet::Puppet;
use siskin_base::wire::Reader;
use siskin_peer::stats::StatsKind;
use siskin_peer::{Direction, Event, OutgoingFrame, PeerConnectionState, TransceiverId};
use siskin_rtp::wire::Header;
use std::time::Duration;

/// The input is a list of what a hostile peer does, one byte of verb before each: packets made of fields that it chooses,
/// runs of packets that count up in any of them, RTCP of every kind and of bytes, and time that passes. Meanwhile the peer
/// under test sends, is asked for statistics, and changes its directions. Nothing panics, no timeout is left to stand, all that
/// comes is counted once, and what the peer holds and sends stays within what its limits add up to.
pub fn peer_media(input: &[u8]) {
    let mut config = puppet::config(siskin_crypto::ring());
    config.max_train = 1;
    let before = heap();
    let mut hostile =
        Hostile { puppet: Puppet::connect(config), reader: Reader::new(input), took: 0, asked: 0 };
    hostile.puppet.heard = Default::default();
    let start = hostile.puppet.now();
    while hostile.act().is_some() {
        hostile.take();
        let held = heap().saturating_sub(before);
        assert!(held < MEMORY, "{held} bytes of heap");
    }
    hostile.puppet.advance(Duration::from_millis(500));
    hostile.take();
    hostile.check(hostile.puppet.now().since(start));
}

/// 256 streams with a buffer, and what is sent: far more than any input has bytes for.
const MEMORY: usize = 48 << 20;
/// Numbers that are worth trying wherever a stream or a clock has one.
const EDGES: [u32; 8] = [0, 1, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX];
const PAYLOAD_TYPES: [u8; 16] = [96, 97, 98, 99, 102, 103, 45, 46, 49, 50, 111, 0, 126, 13, 63, 127];

struct Hostile<'a> {
    puppet: Puppet,
    reader: Reader<'a>,
    /// Frames that the application took.
    took: u64,
    /// Bytes of what the peer under test was given to send, headers included.
    asked: u64,
}

impl<'a> Hostile<'a> {
    /// Does the next thing; `None` at the end of the input.
    fn act(&mut self) -> Option<()> {
        match self.reader.u8().ok()? % 12 {
            0 | 1 => {
                let packet = self.packet()?;
                self.puppet.rtp(&packet);
            }
            2 => self.run()?,
            3 => {
                let raw = self.bytes()?;
                self.puppet.rtp(raw);
            }
            4 => {
                // Compound, behind an empty report, so that the first check is passed.
                let raw = self.bytes()?;
                self.puppet.rtcp(&[&[0x80, 201, 0, 1, 0, 0, 0, 200], raw].concat());
            }
            5 => self.feedback()?,
            6 => self.report()?,
            7 => self.transport_feedback()?,
            8 => {
                let [scale, number] = self.reader.array().ok()?;
                let scale = [1, 33, 500, 5_000][usize::from(scale % 4)];
                self.puppet.advance(Duration::from_millis(scale * u64::from(number % 64)));
            }
            9 => {
                // Ours.
                let [kind, len] = self.reader.array().ok()?;
                let now = self.puppet.now();
                let (id, payload_type) = [(1, 96), (0, 111), (1, 102)][usize::from(kind % 3)];
                let mut data = vec![kind & 1, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0];
                data.resize(10 + usize::from(len) * 40, kind);
                self.asked += data.len() as u64 * 11 / 10 + 100;
                let frame = OutgoingFrame::new(payload_type, now.as_millis() as u32 * 90, data.into());
                let _refused = self.puppet.peer.send_frame(now, TransceiverId(id), None, frame);
                self.puppet.exchange();
            }
            10 => {
                // What the user does.
                let [what] = self.reader.array().ok()?;
                let now = self.puppet.now();
                let id = TransceiverId(u32::from(what % 3));
                let peer = &mut self.puppet.peer;
                let _unknown = match what >> 4 {
                    0 => peer.request_key_frame(now, id, None),
                    1 => peer.set_direction(now, id, Direction::SendRecv),
                    2 => peer.set_direction(now, id, Direction::Inactive),
                    _ => {
                        drop(peer.get_stats(now));
                        Ok(())
                    }
                };
                self.puppet.exchange();
            }
            _ => self.goodbye()?,
        }
        Some(())
    }

    /// Up to 1,023 bytes.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.reader.u16().ok()? & 0x3ff;
        self.reader.take(len.into()).ok()
    }

    fn ssrc(&mut self) -> Option<u32> {
        let choice = self.reader.u8().ok()?;
        Some(match choice {
            0..=63 => [100, 200, 201][usize::from(choice % 3)],
            64..=127 => EDGES[usize::from(choice % 8)],
            // Ours, which are not the peer's to use.
            128..=143 => self.ours(),
            _ => 1_000 + u32::from(choice),
        })
    }

    /// A stream of the peer under test.
    fn ours(&self) -> u32 {
        let stats = self.puppet.peer.get_stats(self.puppet.now());
        let sent = stats.iter().find_map(|stats| match &stats.kind {
            StatsKind::OutboundRtp(sent) if sent.kind == "video" => Some(sent.ssrc),
            _ => None,
        });
        sent.unwrap_or(0)
    }

    fn packet(&mut self) -> Option<Vec<u8>> {
        let ssrc = self.ssrc()?;
        let [kind, shape, high, low] = self.reader.array().ok()?;
        let timestamp = match shape & 3 {
            0 => u32::from(high) * 3_000,
            1 => EDGES[usize::from(high % 8)],
            2 => u32::from_be_bytes([high, low, 0, 0]),
            _ => self.puppet.now().as_millis() as u32 * 90,
        };
        let header = Header {
            marker: shape & 4 != 0,
            payload_type: PAYLOAD_TYPES[usize::from(kind % 16)],
            sequence_number: if shape & 8 == 0 { u16::from(low) } else { u16::from_be_bytes([high, low]) },
            timestamp,
            ssrc,
            csrcs: &[7; 15][..usize::from(kind >> 4)],
        };
        let mut out = Vec::new();
        header.write(&mut out, |_| {});
        if shape & 0x30 != 0 {
            self.extension(&mut out, shape >> 4 & 3)?;
        }
        let body = self.reader.u8().ok()?;
        let body = self.reader.take(usize::from(body & 0x7f)).ok()?;
        out.extend_from_slice(body);
        if shape & 0x40 != 0 {
            // To the size of a datagram.
            out.resize(1_200, kind);
        }
        if shape & 0x80 != 0 {
            siskin_rtp::wire::pad(&mut out, 0, high);
            // Padding that lies about its length.
            if low & 1 == 1
                && let Some(last) = out.last_mut()
            {
                *last = low;
            }
        }
        Some(out)
    }

    /// Puts an extension into a packet that has none: names that the section knows, in either form, or bytes.
    fn extension(&mut self, out: &mut Vec<u8>, form: u8) -> Option<()> {
        let mut data = Vec::new();
        let profile = match form {
            1 => {
                let [names] = self.reader.array().ok()?;
                let mid = [&b"a"[..], b"v", b"s", b"zz"][usize::from(names & 3)];
                let rid = [&b"q"[..], b"h", b"f", b"unknown"][usize::from(names >> 2 & 3)];
                for (id, name) in [(4, mid), (10, rid), (11, rid)] {
                    if id == 4 || names >> (id - 4) & 1 == 1 {
                        data.push((id as u8) << 4 | (name.len() as u8 - 1));
                        data.extend_from_slice(name);
                    }
                }
                if names & 0x20 != 0 {
                    data.extend_from_slice(&[0x31, names, self.reader.u8().ok()?]);
                }
                0xbede
            }
            2 => {
                // The same elements again and again.
                let [id, len, times] = self.reader.array().ok()?;
                let element = self.reader.take(usize::from(len & 31)).ok()?.to_vec();
                for _ in 0..times {
                    data.extend_from_slice(&[id, len]);
                    data.extend_from_slice(&element);
                }
                0x1000
            }
            _ => {
                let [high, low, len] = self.reader.array().ok()?;
                data.extend_from_slice(self.reader.take(len.into()).ok()?);
                if high == 0 { 0xbede } else { u16::from_be_bytes([high, low]) }
            }
        };
        data.resize(data.len().next_multiple_of(4), 0);
        let at = 12 + 4 * usize::from(out[0] & 15);
        let head = [profile.to_be_bytes(), ((data.len() / 4) as u16).to_be_bytes()].concat();
        out.splice(at..at, head.into_iter().chain(data));
        out[0] |= 0x10;
        Some(())
    }

    /// Up to 255 packets, which count up in their number, their time and their stream.
    fn run(&mut self) -> Option<()> {
        let mut packet = self.packet()?;
        let [count, number, time, stream, wait] = self.reader.array().ok()?;
        let number = [1, 0, 2, 100, 2_999, 3_000, 32_767, 65_535][usize::from(number % 8)];
        let time = [3_000, 0, 1, 960, 1 << 31, u32::MAX, 90_000, 1 << 20][usize::from(time % 8)];
        for _ in 0..count {
            self.puppet.rtp(&packet);
            let at = |packet: &[u8], at: usize| {
                u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
            };
            let next = u16::from_be_bytes([packet[2], packet[3]]).wrapping_add(number);
            let (now, ssrc) = (at(&packet, 4).wrapping_add(time), at(&packet, 8).wrapping_add(stream.into()));
            packet[2..4].copy_from_slice(&next.to_be_bytes());
            packet[4..8].copy_from_slice(&now.to_be_bytes());
            packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
            if wait & 1 == 1 {
                self.puppet.advance(Duration::from_millis(u64::from(wait >> 4)));
            }
        }
        Some(())
    }

    /// Feedback on our streams: NACK, TMMBR, PLI, SLI, RPSI, FIR, REMB, again and again.
    fn feedback(&mut self) -> Option<()> {
        let [kind, times] = self.reader.array().ok()?;
        let media = if kind & 0x80 == 0 { self.ours() } else { self.ssrc()? };
        let (packet_type, format) =
            [(205, 1), (205, 3), (206, 1), (206, 2), (206, 3), (206, 4), (206, 15), (205, 4)]
                [usize::from(kind % 8)];
        let mut control = match (packet_type, format) {
            (206, 4) | (205, 3 | 4) => media.to_be_bytes().to_vec(),
            (206, 15) => b"REMB\x01".to_vec(),
            _ => Vec::new(),
        };
        let raw = self.reader.u8().ok()?;
        control.extend_from_slice(self.reader.take(raw.into()).ok()?);
        if (packet_type, format) == (206, 15) {
            control.resize(control.len().max(8), 0);
            control.extend_from_slice(&media.to_be_bytes());
        }
        control.resize(control.len().next_multiple_of(4), 0);
        let mut out = vec![0x80 | format, packet_type];
        out.extend_from_slice(&(2 + control.len() as u16 / 4).to_be_bytes());
        out.extend_from_slice(&200_u32.to_be_bytes());
        out.extend_from_slice(&media.to_be_bytes());
        out.extend_from_slice(&control);
        let all = out.repeat(usize::from(times % 32) + 1);
        self.puppet.rtcp(&all);
        Some(())
    }

    /// A sender report with a block on our stream, and an extended report (RFC 3611) behind it.
    fn report(&mut self) -> Option<()> {
        let ours = self.ours().to_be_bytes();
        let ssrc = self.ssrc()?.to_be_bytes();
        let fields: [u8; 24] = self.reader.array().ok()?;
        let (first, second) = fields.split_at(12);
        let mut out = [&[0x81, 200, 0, 12], &ssrc[..], first, second, &[0; 20]].concat();
        out.truncate(28);
        out.extend_from_slice(&ours);
        out.extend_from_slice(&[&first[..8], second].concat());
        let clock =
            [&[0x80, 207, 0, 8], &ssrc[..], &[4, 0, 0, 2], &second[..8], &[5, 0, 0, 3], &ours[..]].concat();
        out.extend_from_slice(&clock);
        out.extend_from_slice(&first[..8]);
        self.puppet.rtcp(&out);
        Some(())
    }

    /// Transport-wide feedback, or RFC 8888's, with a body of bytes.
    fn transport_feedback(&mut self) -> Option<()> {
        let [format, len] = self.reader.array().ok()?;
        let format = if format & 1 == 0 { 15 } else { 11 };
        let mut body = self.reader.take(len.into()).ok()?.to_vec();
        body.resize(body.len().max(8).next_multiple_of(4), 0);
        let mut out = vec![0x80 | format, 205];
        out.extend_from_slice(&(2 + body.len() as u16 / 4).to_be_bytes());
        out.extend_from_slice(&[0, 0, 0, 200]);
        out.extend_from_slice(&self.ours().to_be_bytes());
        out.extend_from_slice(&body);
        self.puppet.rtcp(&out);
        Some(())
    }

    /// BYE of some streams that count up, behind a name for them (SDES).
    fn goodbye(&mut self) -> Option<()> {
        let first = self.ssrc()?;
        let [count] = self.reader.array().ok()?;
        let count = count & 31;
        let mut out = vec![0x81, 202, 0, 3];
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&[1, 3, b'a', count, 0, 0, 0, 0]);
        out[3] = 3;
        out.extend_from_slice(&[0x80 | count, 203, 0, count]);
        (0..u32::from(count)).for_each(|n| out.extend_from_slice(&first.wrapping_add(n).to_be_bytes()));
        self.puppet.rtcp(&out);
        Some(())
    }

    /// What the user takes.
    fn take(&mut self) {
        let mut bytes = 0;
        let mut count = 0;
        while let Some(event) = self.puppet.peer.poll_event() {
            count += 1;
            match event {
                Event::Frame(frame) => {
                    bytes += frame.data.len();
                    self.took += 1;
                }
                Event::ConnectionStateChange(state) => assert_ne!(state, PeerConnectionState::Failed),
                _ => {}
            }
        }
        // 256 frames wait, and 8 MiB of them; beside them what is told once for each stream.
        assert!(count < 1_500 && bytes < 9 << 20, "{count} events, {bytes} bytes");
    }

    fn check(&self, elapsed: Duration) {
        let (counts, delivered, heard) =
            (self.puppet.peer.rtp_counts(), self.puppet.delivered, &self.puppet.heard);
        let rtp = [counts.taken, counts.unroutable, counts.refused, counts.unknown_payload_type];
        let seen = rtp.iter().sum::<u64>() + counts.rtcp + counts.srtp_dropped;
        assert_eq!(seen, delivered.rtp + delivered.rtcp, "{counts:?}");
        assert!(self.took <= counts.taken, "{} frames of {} packets", self.took, counts.taken);
        // Reports have a rate of their own, and requests are feedback on what came.
        let seconds = elapsed.as_secs() + 1;
        assert!(heard.rtcp <= 100 + 60 * seconds + delivered.rtp, "{heard:?} for {delivered:?}");
        // Each of our streams sends again at most 1 MiB a second, twice at first; beside that, what we sent ourselves.
        let again = (2 + seconds) << 21;
        assert!(heard.rtp_bytes <= self.asked + again, "{} bytes in {seconds} s", heard.rtp_bytes);
        let stats = self.puppet.peer.get_stats(self.puppet.now());
        let streams = stats.iter().filter(|stats| matches!(stats.kind, StatsKind::InboundRtp(_)));
        assert!(streams.count() <= 256);
        for stats in &stats {
            if let StatsKind::RemoteInboundRtp(remote) = &stats.kind {
                assert!(remote.round_trip_time.is_none_or(|rtt| (0.0..65_537.0).contains(&rtt)));
            }
            if let StatsKind::InboundRtp(inbound) = &stats.kind {
                assert!(inbound.jitter.is_finite() && inbound.jitter >= 0.0);
                assert!(inbound.frames_dropped <= inbound.frames_received);
            }
        }
    }
}
