//! A stream that is received: what is missing, and when its frames are due.

use super::RtpConfig;
use super::delivery::ReceivedFrame;
use super::parameters::Parameters;
use crate::media::{CodecParameters, TrackKind};
use crate::transceiver::TransceiverId;
use alloc::boxed::Box;
use alloc::string::String;
use bytes::Bytes;
use core::time::Duration;
use siskin_base::{Instant, earliest};
use siskin_rtp::jitter::{Frame, Inserted, JitterBuffer, JitterConfig, JitterEvent, JitterStats};
use siskin_rtp::nack::{NackGenerator, Recovery};
use siskin_rtp::payload::Format;
use siskin_sdp::Feedback;

/// A stream of the peer's.
#[derive(Debug)]
pub(super) enum Incoming {
    Media(Box<Media>),
    /// Retransmissions of another one (RFC 4588).
    Repair(Repair),
}

/// Retransmissions.
#[derive(Debug)]
pub(super) struct Repair {
    pub(super) transceiver: TransceiverId,
    pub(super) rid: Option<String>,
    /// Of which stream, once that is known.
    pub(super) of: Option<u32>,
}

/// Frames in packets.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) transceiver: TransceiverId,
    pub(super) rid: Option<String>,
    kind: TrackKind,
    format: Format,
    /// Of the buffer's timestamps.
    clock_rate: u32,
    buffer: JitterBuffer,
    /// What the buffers before this one counted.
    earlier: JitterStats,
    /// What the buffer held when that was last asked for.
    counted: usize,
    /// What the buffer may hold if all streams leave so much.
    max_bytes: usize,
    /// If the peer sends again what is asked for.
    nack: Option<NackGenerator>,
    /// When it is to be served next. To find that out is to walk over what waits: once for each change, not for each question.
    due: Option<Instant>,
    request: KeyFrameRequest,
    wants_key_frame: bool,
    begun: bool,
    /// The payload type of the last packet.
    pub(super) payload_type: u8,
    /// Requests for packets, each for one or several; for key frames.
    pub(super) nacks: u64,
    pub(super) plis: u64,
    pub(super) firs: u64,
    /// Packets that came as retransmissions, and their bytes of payload.
    pub(super) repaired: u64,
    pub(super) repaired_bytes: u64,
    pub(super) repairs: Repairs,
}

/// All that came in the stream of retransmissions, padding included. It is kept here, because that stream is forgotten when
/// it is silent for long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Repairs {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) header_bytes: u64,
}

/// How the peer lets itself be asked for a key frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFrameRequest {
    Pli,
    Fir,
    None,
}

/// A packet of a stream, with the number that the session gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    pub(super) payload: &'a [u8],
}

/// Packets asked for at once, at most.
const MOST_REQUESTS: usize = 256;

impl Repairs {
    pub(super) fn count(&mut self, len: usize, payload: usize) {
        self.packets += 1;
        self.bytes += payload as u64;
        self.header_bytes += len.saturating_sub(payload) as u64;
    }
}

impl Incoming {
    pub(super) fn transceiver(&self) -> TransceiverId {
        match self {
            Self::Media(media) => media.transceiver,
            Self::Repair(repair) => repair.transceiver,
        }
    }

    /// Bytes that its buffer held when that was last asked for.
    pub(super) const fn counted(&self) -> usize {
        match self {
            Self::Media(media) => media.counted,
            Self::Repair(_) => 0,
        }
    }

    /// The descriptions stop that transceiver: its next packet will be a first one.
    pub(super) fn hold(&mut self, id: TransceiverId) {
        if let Self::Media(media) = self
            && media.transceiver == id
        {
            media.begun = false;
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Media(media) => media.due,
            Self::Repair(_) => None,
        }
    }
}

impl Media {
    /// `None` if the codec has no frames of its own.
    pub(super) fn new(
        section: &Parameters,
        codec: &CodecParameters,
        rid: Option<&str>,
        limits: &RtpConfig,
    ) -> Option<Self> {
        let format = Format::from_encoding_name(codec.codec.encoding())?;
        let has = |wanted: Feedback| section.receive_codecs.iter().any(|c| c.feedback.contains(&wanted));
        let request = match section.kind {
            TrackKind::Audio => KeyFrameRequest::None,
            TrackKind::Video if has(Feedback::NackPli) => KeyFrameRequest::Pli,
            // RFC 5104 §3.5.1: never because pictures were lost: not done, because a peer that takes no PLI can be told in no
            // other way.
            TrackKind::Video if has(Feedback::CcmFir) => KeyFrameRequest::Fir,
            TrackKind::Video => KeyFrameRequest::None,
        };
        // Only what has retransmissions of its own is worth asking for.
        let repairs = section.receive_codecs.iter().any(|c| c.codec.apt() == Some(codec.payload_type));
        let nack = codec.feedback.contains(&Feedback::Nack) && repairs;
        Some(Self {
            transceiver: section.transceiver,
            rid: rid.map(Into::into),
            kind: section.kind,
            format,
            clock_rate: codec.codec.clock_rate,
            buffer: JitterBuffer::new(jitter_config(limits, section.kind, format, codec.codec.clock_rate)),
            earlier: JitterStats::default(),
            counted: 0,
            max_bytes: jitter_config(limits, section.kind, format, 1).max_bytes,
            nack: nack.then(|| NackGenerator::new(limits.missing)),
            due: None,
            request,
            wants_key_frame: false,
            begun: false,
            payload_type: codec.payload_type,
            nacks: 0,
            plis: 0,
            firs: 0,
            repaired: 0,
            repaired_bytes: 0,
            repairs: Repairs::default(),
        })
    }

    /// Whether its packet is the first.
    pub(super) fn begin(&mut self) -> bool {
        !core::mem::replace(&mut self.begun, true)
    }

    /// The stream began anew under the same name.
    pub(super) fn restart(&mut self, limits: &RtpConfig) {
        if let Some(nack) = &mut self.nack {
            *nack = NackGenerator::new(limits.missing);
        }
    }

    /// How a key frame is to be asked for, which is counted.
    pub(super) fn key_frame_request(&mut self) -> KeyFrameRequest {
        match self.request {
            KeyFrameRequest::Pli => self.plis += 1,
            KeyFrameRequest::Fir => self.firs += 1,
            KeyFrameRequest::None => {}
        }
        self.request
    }

    pub(super) fn set_rtt(&mut self, rtt: Duration) {
        if let Some(nack) = &mut self.nack {
            nack.set_rtt(rtt);
        }
    }

    pub(super) fn insert(&mut self, now: Instant, piece: &Piece<'_>) {
        if let Some(nack) = &mut self.nack {
            let _ = nack.received(now, piece.sequence);
        }
        self.store(now, piece);
    }

    /// A packet that came as a retransmission. One that came before is not stored: senders fill the path with such, to probe
    /// it.
    pub(super) fn insert_repaired(&mut self, now: Instant, piece: &Piece<'_>) {
        let recovery = self.nack.as_mut().map(|nack| nack.received(now, piece.sequence));
        self.repaired += 1;
        // RFC 4588 §4: the original number is part of the payload.
        self.repaired_bytes += (siskin_rtp::rtx::HEADER_LEN + piece.payload.len()) as u64;
        if recovery != Some(Recovery::Old) {
            self.store(now, piece);
        }
    }

    fn store(&mut self, now: Instant, piece: &Piece<'_>) {
        self.payload_type = piece.payload_type;
        let Piece { sequence, timestamp, payload_type, marker, payload } = *piece;
        // An empty payload only fills the path, to probe it.
        if payload.is_empty() && self.kind == TrackKind::Video {
            return;
        }
        let _counted: Inserted = self.buffer.insert(now, sequence, timestamp, payload_type, marker, payload);
    }

    /// A packet with that codec comes; another format than before begins anew, and so do timestamps of another rate.
    pub(super) fn set_codec(&mut self, codec: &CodecParameters, limits: &RtpConfig) {
        let Some(format) = Format::from_encoding_name(codec.codec.encoding()) else { return };
        // RFC 4733 §2.1: tones and comfort noise use the timestamps of what they are amid, whatever rate they were described with.
        if codec.codec.is_resiliency() {
            return;
        }
        let clock_rate = codec.codec.clock_rate;
        if (format, clock_rate) != (self.format, self.clock_rate) {
            (self.format, self.clock_rate) = (format, clock_rate);
            self.earlier = self.jitter_stats();
            self.buffer = JitterBuffer::new(jitter_config(limits, self.kind, format, clock_rate));
        }
    }

    /// Its next packet finds so much room, beside what the stream holds, as all streams leave.
    pub(super) fn share(&mut self, left: usize) {
        self.buffer.set_max_bytes(self.max_bytes.min(self.counted + left));
    }

    /// Bytes that the buffer held when that was last asked for, and now.
    fn count(&mut self) -> (usize, usize) {
        let before = core::mem::replace(&mut self.counted, self.buffer.held());
        (before, self.counted)
    }

    /// Gives back what is kept to be used again; what the buffer holds then.
    pub(super) fn release_spare(&mut self) -> usize {
        self.buffer.release_spare();
        self.count().1
    }

    pub(super) fn poll_missing(&mut self, now: Instant, mut request: impl FnMut(u16)) {
        self.take_events();
        if let Some(nack) = &mut self.nack {
            let before = nack.stats().requested;
            nack.poll(now, MOST_REQUESTS, |sequence| request(sequence as u16));
            self.nacks += u64::from(nack.stats().requested > before);
        }
    }

    pub(super) fn poll_frame(&mut self, now: Instant, out: &mut alloc::vec::Vec<u8>) -> Option<Frame> {
        self.buffer.poll_frame(now, out)
    }

    /// The frame that is in `data`.
    pub(super) fn received(&self, now: Instant, ssrc: u32, frame: &Frame, data: &[u8]) -> ReceivedFrame {
        ReceivedFrame {
            transceiver: self.transceiver,
            ssrc,
            rid: self.rid.clone(),
            payload_type: frame.payload_type,
            timestamp: frame.timestamp,
            key_frame: frame.info.key_frame,
            lost_before: frame.skipped,
            completed: frame.completed,
            delay: now.since(frame.first_arrived),
            data: Bytes::copy_from_slice(data),
        }
    }

    /// Whether a key frame is to be asked for; said once.
    pub(super) fn take_key_frame_wish(&mut self) -> bool {
        self.take_events();
        core::mem::take(&mut self.wants_key_frame)
    }

    fn take_events(&mut self) {
        while let Some(event) = self.buffer.poll_event() {
            match event {
                JitterEvent::KeyFrameNeeded => self.wants_key_frame = true,
                JitterEvent::GaveUpBefore(sequence) => {
                    self.nack.iter_mut().for_each(|nack| nack.give_up_before(sequence));
                }
            }
        }
    }

    /// After all that changes it: works out when it is to be served next. Gives what [`count`](Self::count) gives.
    pub(super) fn settle(&mut self) -> (usize, usize) {
        let nack = self.nack.as_ref().and_then(NackGenerator::poll_timeout);
        self.due = earliest(self.buffer.poll_timeout(), nack);
        self.count()
    }

    pub(super) fn jitter_stats(&self) -> JitterStats {
        self.earlier.plus(self.buffer.stats())
    }
}

fn jitter_config(limits: &RtpConfig, kind: TrackKind, format: Format, clock_rate: u32) -> JitterConfig {
    match kind {
        TrackKind::Audio => JitterConfig { format, clock_rate, ..limits.audio },
        TrackKind::Video => JitterConfig { format, clock_rate, ..limits.video },
    }
}
