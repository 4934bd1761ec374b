//! A stream that is sent: frames cut into packets, and packets kept until nobody can ask for them again.

use super::Rtp;
use super::delivery::OutgoingFrame;
use super::pacing::Queued;
use super::parameters::{Parameters, extension_map};
use crate::encodings::EncodingParameters;
use crate::media::{Codec, TrackKind};
use crate::transceiver::TransceiverId;
use alloc::string::String;
use core::time::Duration;
use siskin_base::{Instant, Rng};
use siskin_cc::Kind;
use siskin_rtp::extension::ExtensionMap;
use siskin_rtp::nack::{HistoryConfig, PacketHistory};
use siskin_rtp::payload::{Format, Packetizer, PayloadError, h264};
use siskin_rtp::session::SenderConfig;
use siskin_srtp::Sender;

/// A stream of ours.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) transceiver: TransceiverId,
    pub(super) rid: Option<String>,
    /// Its packets may bear the RID.
    pub(super) named: bool,
    /// The stream of its retransmissions.
    pub(super) rtx: Option<u32>,
    pub(super) mid: String,
    pub(super) extensions: ExtensionMap,
    pub(super) history: PacketHistory,
    /// The peer has reported on it: it knows where the stream belongs.
    pub(super) announced: bool,
    /// The description lets us send.
    active: bool,
    /// How it is sent.
    encoding: EncodingParameters,
    /// What was sent of it, in bits, less what its maximal rate has let go since then.
    ahead: (Instant, f64),
    packetizer: Option<Cutting>,
    pub(super) payload_type: Option<u8>,
    /// The number of the last packet.
    pub(super) last: Option<u16>,
    pub(super) counts: OutgoingCounts,
}

/// How frames of one payload type are cut.
#[derive(Debug)]
struct Cutting {
    payload_type: u8,
    format: Format,
    packetizer: Packetizer,
}

/// What `outbound-rtp` wants to know beside the packets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OutgoingCounts {
    pub(super) frames: u64,
    /// Headers and extensions.
    pub(super) header_bytes: u64,
    pub(super) bytes_retransmitted: u64,
    pub(super) packets_retransmitted: u64,
}

/// Why a frame is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// Nothing was negotiated to be sent there, or there are no keys yet.
    NotSending,
    /// The payload type is none of those to be sent.
    PayloadType,
    /// The frame is none of its codec's, or cannot be cut.
    Frame(PayloadError),
    /// So many packets wait to leave that the frame would only come late.
    QueueFull,
    /// The parameters do not want it to be sent.
    NotActive,
    /// It has sent more than its parameters let it.
    MaxBitrate,
}

/// The header without extensions (RFC 3550 §5.1).
const HEADER: usize = 12;
/// The header without extensions, the extensions' own header, the number in front of a retransmission.
const FIXED: usize = HEADER + 4 + 2;
/// Time of sending and number over all streams, each with its own byte of header.
const STAMPS: usize = 4 + 3;

/// What cuts frames of that codec.
pub(super) fn packetizer(codec: &Codec, format: Format, rng: &mut Rng) -> Packetizer {
    // RFC 6184 §8.1: without the parameter, and with 0, a packet is a NAL unit.
    if format == Format::H264 && codec.parameter("packetization-mode") != Some("1") {
        return Packetizer::H264(h264::Mode::SingleNalUnit);
    }
    Packetizer::new(format, rng)
}

impl Outgoing {
    fn new(
        now: Instant,
        section: &Parameters,
        rid: Option<&String>,
        rtx: Option<u32>,
        history: HistoryConfig,
    ) -> Self {
        Self {
            transceiver: section.transceiver,
            rid: rid.cloned(),
            named: false,
            rtx,
            mid: String::new(),
            extensions: ExtensionMap::new(),
            history: PacketHistory::new(history),
            announced: false,
            active: false,
            encoding: EncodingParameters::default(),
            ahead: (now, 0.0),
            packetizer: None,
            payload_type: None,
            last: None,
            counts: OutgoingCounts::default(),
        }
    }

    /// Bytes of payload that fit into a datagram of `max` bytes.
    fn room(&self, max: usize) -> usize {
        let names = 2 + self.mid.len() + self.rid.as_ref().map_or(0, |rid| 2 + rid.len());
        max.saturating_sub(FIXED + STAMPS + names + 3 + Sender::MAX_OVERHEAD).max(200)
    }

    pub(super) fn reported(&mut self, rtt: Option<Duration>) {
        self.announced = true;
        if let Some(rtt) = rtt {
            self.history.set_rtt(rtt);
        }
    }

    /// Whether the description lets us send.
    pub(super) fn is_negotiated(&self) -> bool {
        self.active
    }

    /// Whether it is sent: the description lets us, and the parameters want it.
    pub(super) fn is_active(&self) -> bool {
        self.active && self.encoding.active
    }

    /// Whether it is more than a second ahead of its maximal rate (webrtc-pc §5.2: a rate of zero still lets one frame go).
    fn is_too_far_ahead(&mut self, now: Instant) -> bool {
        let Some(most) = self.encoding.max_bitrate.map(|most| most as f64) else { return false };
        let (since, bits) = self.ahead;
        self.ahead = (now, (bits - now.since(since).as_secs_f64() * most).max(0.0));
        self.ahead.1 > most
    }
}

impl Rtp {
    /// Makes the streams that a section sends, or changes those that it has.
    pub(super) fn configure_outgoing(&mut self, now: Instant, section: &Parameters) {
        for stream in self.outgoing.values_mut().filter(|stream| stream.transceiver == section.transceiver) {
            stream.active = false;
        }
        let Some(first) = section.send_codecs.first().filter(|_| section.sends) else { return };
        let clock_rate = first.codec.clock_rate;
        for (index, encoding) in section.encodings.iter().enumerate() {
            let rid = encoding.rid.as_ref();
            let same =
                |stream: &Outgoing| stream.transceiver == section.transceiver && stream.rid.as_ref() == rid;
            let known = self.outgoing.iter().find(|(_, stream)| same(stream)).map(|(ssrc, _)| *ssrc);
            let ssrc = match known {
                Some(ssrc) => ssrc,
                None => match self.make_outgoing(now, section, rid, index, clock_rate) {
                    Some(ssrc) => ssrc,
                    None => return,
                },
            };
            if let Some(stream) = self.outgoing.get_mut(&ssrc) {
                stream.active = true;
                if stream.encoding.max_bitrate != encoding.max_bitrate {
                    stream.ahead = (now, 0.0);
                }
                stream.encoding.clone_from(encoding);
                stream.announced &= stream.mid == section.mid;
                stream.mid.clone_from(&section.mid);
                stream.named = section.named;
                stream.extensions = extension_map(&section.extensions[1]);
            }
        }
    }

    /// `None` if there are too many.
    fn make_outgoing(
        &mut self,
        now: Instant,
        section: &Parameters,
        rid: Option<&String>,
        index: usize,
        clock_rate: u32,
    ) -> Option<u32> {
        // The first has the numbers of the description; where RIDs name the streams, the others' are anybody's.
        let (ssrc, rtx) = section.sources;
        let signalled = |ssrc| SenderConfig { ssrc: Some(ssrc).filter(|_| index == 0), clock_rate };
        let ssrc = self.session.add_sender(now, signalled(ssrc)).ok()?;
        let repaired = section.send_codecs.iter().any(|codec| codec.codec.apt().is_some());
        let rtx = if repaired { self.session.add_sender(now, signalled(rtx)).ok() } else { None };
        self.outgoing.insert(ssrc, Outgoing::new(now, section, rid, rtx, self.limits.history));
        Some(ssrc)
    }

    /// Cuts a frame into packets, which leave with the next calls of `poll_transmit`.
    pub(crate) fn send_frame(
        &mut self,
        now: Instant,
        id: TransceiverId,
        rid: Option<&str>,
        frame: &OutgoingFrame,
    ) -> Result<(), SendError> {
        let started = self.secure.is_some();
        let section = self.sections.iter().find(|section| section.transceiver == id);
        // The only encoding needs no name.
        let only = section.and_then(|section| match section.encodings.as_slice() {
            [only] => only.rid.as_deref(),
            _ => None,
        });
        let rid = rid.or(only);
        let found = self.outgoing.iter_mut().find(|(_, stream)| {
            started && stream.active && stream.transceiver == id && stream.rid.as_deref() == rid
        });
        let (ssrc, stream) = found.ok_or(SendError::NotSending)?;
        let ssrc = *ssrc;
        let codec = section.and_then(|section| section.send_codec(frame.payload_type));
        let codec = codec.ok_or(SendError::PayloadType)?;
        if !stream.is_active() {
            return Err(SendError::NotActive);
        }
        if stream.encoding.codec.as_ref().is_some_and(|wanted| !wanted.is_like(&codec.codec)) {
            return Err(SendError::PayloadType);
        }
        if stream.is_too_far_ahead(now) {
            self.counts.frames_refused += 1;
            return Err(SendError::MaxBitrate);
        }
        let kind = if codec.codec.kind() == Some(TrackKind::Audio) { Kind::Audio } else { Kind::Video };
        if self.pacing.is_full(kind) {
            self.counts.frames_refused += 1;
            return Err(SendError::QueueFull);
        }
        let room = stream.room(self.max_payload);
        let cutting = match &mut stream.packetizer {
            Some(cutting) if cutting.payload_type == frame.payload_type => cutting,
            other => {
                let format = Format::from_encoding_name(codec.codec.encoding());
                let format = format.ok_or(SendError::PayloadType)?;
                let packetizer = packetizer(&codec.codec, format, &mut self.rng);
                other.insert(Cutting { payload_type: frame.payload_type, format, packetizer })
            }
        };
        let whole = cutting.format == Format::Whole;
        let mut fragments = cutting.packetizer.packetize(&frame.data, room).map_err(SendError::Frame)?;
        let sender = self.session.sender(ssrc).ok_or(SendError::NotSending)?;
        sender.set_clock_rate(codec.codec.clock_rate);
        loop {
            self.scratch.clear();
            let Some(last) = fragments.next(&mut self.scratch) else { break };
            let marker = if whole { frame.starts_talkspurt } else { last };
            let header = sender.packet(now, frame.timestamp, frame.payload_type, marker, self.scratch.len());
            let payload = &self.scratch;
            stream.history.push(
                now,
                header.sequence_number,
                header.timestamp,
                frame.payload_type,
                marker,
                |out| out.extend_from_slice(payload),
            );
            stream.last = Some(header.sequence_number);
            stream.ahead.1 += ((HEADER + payload.len()) * 8) as f64;
            let queued = Queued { ssrc, number: header.sequence_number, again: false };
            let taken = self.pacing.push(now, kind, payload.len(), queued);
            self.counts.packets_dropped += u64::from(!taken);
        }
        stream.payload_type = Some(frame.payload_type);
        stream.counts.frames += 1;
        Ok(())
    }

    /// Queues a packet that the peer asks for again, if it may have it (RFC 4585 §6.2.1).
    ///
    /// RFC 4588 §1: only with a stream of its own. Sent again in its own stream a packet would have to be the same to the
    /// last bit, its time of sending included.
    pub(super) fn resend(&mut self, now: Instant, ssrc: u32, number: u16) {
        let Some(stream) = self.outgoing.get_mut(&ssrc) else { return };
        if stream.rtx.is_some()
            && let Ok(packet) = stream.history.request(now, number)
        {
            let queued = Queued { ssrc, number, again: true };
            let taken = self.pacing.push(now, Kind::Retransmission, packet.payload.len(), queued);
            self.counts.packets_dropped += u64::from(!taken);
        }
    }
}
