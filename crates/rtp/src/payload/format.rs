//! One door to all formats: by the name that SDP gives them.

use super::{PayloadError, av1, h264, h265, vp8, vp9};
use alloc::vec::Vec;
use siskin_base::Rng;
use siskin_base::wire::Writer as _;

/// How frames stand in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A packet is a frame: Opus (RFC 7587), G.711 and G.722 (RFC 3551 §4.5), telephone events, redundant audio.
    Whole,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
    /// The AV1 RTP specification.
    Av1,
}

/// What one packet says about frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketInfo {
    /// Whether a frame begins with it; `None` if the packet alone does not tell.
    pub starts_frame: Option<bool>,
    /// Whether a key frame begins in it.
    pub key_frame: bool,
}

/// What a frame says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FrameInfo {
    /// It can be decoded without any other.
    pub key_frame: bool,
    /// Its number, where the format has one.
    pub picture_id: Option<u16>,
    /// Its temporal layer.
    pub temporal_layer: Option<u8>,
    /// The highest spatial layer in it.
    pub spatial_layer: Option<u8>,
    /// Width and height, where the format tells without decoding.
    pub resolution: Option<(u16, u16)>,
}

impl Format {
    /// From the encoding name of `a=rtpmap`, in any case. `rtx`, `ulpfec` and `flexfec-03` are no formats of frames, and
    /// neither is `red` for video.
    pub fn from_encoding_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Format); 11] = [
            ("opus", Format::Whole),
            ("PCMU", Format::Whole),
            ("PCMA", Format::Whole),
            ("G722", Format::Whole),
            ("CN", Format::Whole),
            ("telephone-event", Format::Whole),
            ("VP8", Format::Vp8),
            ("VP9", Format::Vp9),
            ("H264", Format::H264),
            ("H265", Format::H265),
            ("AV1", Format::Av1),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, format)| *format)
    }

    /// What a payload says about where frames begin.
    pub fn inspect(self, payload: &[u8]) -> Result<PacketInfo, PayloadError> {
        match self {
            Self::Whole => Ok(PacketInfo { starts_frame: Some(true), key_frame: true }),
            Self::Vp8 => vp8::inspect(payload),
            Self::Vp9 => vp9::inspect(payload),
            Self::H264 => h264::inspect(payload),
            Self::H265 => h265::inspect(payload),
            Self::Av1 => av1::inspect(payload),
        }
    }

    /// Appends the frame that the payloads, all of one timestamp and in order, make up: for H.264 and H.265 an access unit
    /// with start codes, for AV1 a temporal unit with sizes. What was appended before an error stays there.
    pub fn assemble<'p>(
        self,
        mut payloads: impl Iterator<Item = &'p [u8]>,
        out: &mut Vec<u8>,
    ) -> Result<FrameInfo, PayloadError> {
        match self {
            Self::Whole => {
                let (Some(payload), None) = (payloads.next(), payloads.next()) else {
                    return Err(PayloadError::Malformed);
                };
                out.put(payload);
                Ok(FrameInfo { key_frame: true, ..FrameInfo::default() })
            }
            Self::Vp8 => vp8::assemble(payloads, out),
            Self::Vp9 => vp9::assemble(payloads, out),
            Self::H264 => h264::assemble(payloads, out),
            Self::H265 => h265::assemble(payloads, out),
            Self::Av1 => av1::assemble(payloads, out),
        }
    }

    /// Whether a frame, as [`assemble`](Self::assemble) gives it, can be decoded without any other.
    pub fn is_key_frame(self, frame: &[u8]) -> bool {
        match self {
            Self::Whole => true,
            Self::Vp8 => vp8::is_key_frame(frame),
            Self::Vp9 => vp9::is_key_frame(frame),
            Self::H264 => h264::is_key_frame(frame),
            Self::H265 => h265::is_key_frame(frame),
            Self::Av1 => av1::is_key_frame(frame),
        }
    }
}

/// Cuts frames of the format that was negotiated, each as one that stands in no layer; for layers there are the packetizers
/// of the formats themselves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Packetizer {
    /// A frame is a packet.
    Whole,
    /// VP8.
    Vp8(vp8::Packetizer),
    /// VP9.
    Vp9(vp9::Packetizer),
    /// H.264.
    H264(h264::Mode),
    /// H.265.
    H265,
    /// AV1.
    Av1,
}

impl Packetizer {
    /// For a format: VP9 in flexible mode, H.264 not interleaved.
    pub fn new(format: Format, rng: &mut Rng) -> Self {
        match format {
            Format::Whole => Self::Whole,
            Format::Vp8 => Self::Vp8(vp8::Packetizer::new(rng)),
            Format::Vp9 => Self::Vp9(vp9::Packetizer::new(true, rng)),
            Format::H264 => Self::H264(h264::Mode::default()),
            Format::H265 => Self::H265,
            Format::Av1 => Self::Av1,
        }
    }

    /// Cuts a frame into payloads of at most `most` bytes.
    pub fn packetize<'f>(&mut self, frame: &'f [u8], most: usize) -> Result<Fragments<'f>, PayloadError> {
        if frame.is_empty() {
            return Err(PayloadError::NotAFrame);
        }
        Ok(match self {
            // RFC 7587 §4.2: never cut.
            Self::Whole if frame.len() > most => return Err(PayloadError::TooLarge),
            Self::Whole => Fragments::Whole(Some(frame)),
            Self::Vp8(packetizer) => {
                Fragments::Vp8(packetizer.packetize(frame, vp8::Options::default(), most)?)
            }
            Self::Vp9(packetizer) => {
                Fragments::Vp9(packetizer.packetize(frame, vp9::Options::default(), most)?)
            }
            Self::H264(mode) => Fragments::H264(h264::Fragments::new(frame, *mode, most)?),
            Self::H265 => Fragments::H265(h265::Fragments::new(frame, most)?),
            Self::Av1 => Fragments::Av1(av1::Fragments::new(frame, most)?),
        })
    }
}

/// The payloads of one frame.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is documented at its type")]
#[non_exhaustive]
pub enum Fragments<'f> {
    /// The frame, until it was taken.
    Whole(Option<&'f [u8]>),
    Vp8(vp8::Fragments<'f>),
    Vp9(vp9::Fragments<'f>),
    H264(h264::Fragments<'f>),
    H265(h265::Fragments<'f>),
    Av1(av1::Fragments<'f>),
}

impl Fragments<'_> {
    /// Appends the next payload. `Some(true)` is the frame's last one: for video it gets the marker. `None` at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        match self {
            Self::Whole(frame) => {
                out.put(frame.take()?);
                Some(true)
            }
            Self::Vp8(fragments) => fragments.next(out),
            Self::Vp9(fragments) => fragments.next(out),
            Self::H264(fragments) => fragments.next(out),
            Self::H265(fragments) => fragments.next(out),
            Self::Av1(fragments) => fragments.next(out),
        }
    }
}
