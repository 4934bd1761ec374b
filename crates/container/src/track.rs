//! What all formats have in common: tracks of one codec each, and frames with a time.

use core::time::Duration;
use siskin_rtp::payload::{Format, opus};

/// A codec that WebRTC knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "their own names")]
#[non_exhaustive]
pub enum Codec {
    Vp8,
    Vp9,
    Av1,
    H264,
    H265,
    Opus,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Vp8, Self::Vp9, Self::Av1, Self::H264, Self::H265, Self::Opus];

    /// Its name in `a=rtpmap`.
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Opus => "opus",
        }
    }

    /// From the name in `a=rtpmap`, in any case.
    pub fn from_encoding_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.encoding_name().eq_ignore_ascii_case(name))
    }

    /// Ticks of its RTP timestamps in a second.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            _ => 90_000,
        }
    }

    /// Whether it is for pictures.
    pub const fn is_video(self) -> bool {
        !matches!(self, Self::Opus)
    }

    /// How RTP carries it. Frames have the form that this format's packetizer takes and that it assembles.
    pub const fn format(self) -> Format {
        match self {
            Self::Vp8 => Format::Vp8,
            Self::Vp9 => Format::Vp9,
            Self::Av1 => Format::Av1,
            Self::H264 => Format::H264,
            Self::H265 => Format::H265,
            Self::Opus => Format::Whole,
        }
    }

    /// A time in ticks of its RTP clock, counted from 0 and wrapped.
    pub const fn rtp_time(self, time: Duration) -> u32 {
        (time.as_nanos() * self.clock_rate() as u128 / 1_000_000_000) as u32
    }

    /// How long a frame lasts, if it tells itself.
    pub(crate) fn duration(self, frame: &[u8]) -> Option<Duration> {
        let ticks = if self == Self::Opus { opus::duration(frame)? } else { return None };
        Some(self.from_rtp_time(ticks.into()))
    }

    /// The time that so many ticks of its RTP clock take: what an extended timestamp is worth.
    pub const fn from_rtp_time(self, ticks: u64) -> Duration {
        let nanos = ticks as u128 * 1_000_000_000 / self.clock_rate() as u128;
        Duration::from_nanos(if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 })
    }
}

/// One stream of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// How its frames are coded.
    pub codec: Codec,
    /// Width and height in pixels, if the file tells. To write a file, leave it out: the first key frame tells.
    pub size: Option<(u32, u32)>,
    /// Audio channels; 0 for video.
    pub channels: u8,
}

impl Track {
    /// A track of that codec, stereo if it is for sound.
    pub const fn new(codec: Codec) -> Self {
        Self { codec, size: None, channels: if codec.is_video() { 0 } else { 2 } }
    }
}

/// One frame of a track: a picture, or one packet of sound.
///
/// Its bytes are as RTP's packetizers take them: H.264 and H.265 access units with start codes and, in key frames, with their
/// parameter sets; AV1 temporal units whose OBUs have sizes and, in key frames, a sequence header; VP8 and VP9 frames and
/// Opus packets as they are.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    /// Which of the file's tracks, counted from 0.
    pub track: usize,
    /// When it is shown or heard, from the beginning of the file.
    pub time: Duration,
    /// How long, if the file or the frame itself tells.
    pub duration: Option<Duration>,
    /// It can be decoded without any other.
    pub key_frame: bool,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileType {
    /// One track of VP8, VP9, AV1 or H.264, as test tools use it.
    Ivf,
    /// Opus in Ogg (RFC 7845).
    Ogg,
    /// WebM, and Matroska (RFC 9559), of which it is a part.
    Matroska,
    /// ISO base media files, whole or in fragments.
    Mp4,
}

impl FileType {
    /// From the end of a file's name: `ivf`, `ogg`, `opus`, `webm`, `mkv`, `mp4`, `m4a`, `m4v`, `mov`.
    pub fn from_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "ivf" => Some(Self::Ivf),
            "ogg" | "oga" | "opus" => Some(Self::Ogg),
            "webm" | "mkv" | "mka" => Some(Self::Matroska),
            "mp4" | "m4a" | "m4v" | "mov" => Some(Self::Mp4),
            _ => None,
        }
    }

    /// Whether we write this codec into such a file.
    pub const fn holds(self, codec: Codec) -> bool {
        match self {
            Self::Ivf => matches!(codec, Codec::Vp8 | Codec::Vp9 | Codec::Av1),
            Self::Ogg => matches!(codec, Codec::Opus),
            Self::Matroska => !matches!(codec, Codec::H265),
            Self::Mp4 => matches!(codec, Codec::Av1 | Codec::H264 | Codec::Opus),
        }
    }
}
