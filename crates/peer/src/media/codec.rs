//! Codecs: their names and parameters, and when two descriptions mean the same.

use super::h264;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::{Direction, Feedback, MediaKind};

/// What a track carries (`MediaStreamTrack.kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackKind {
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

impl TrackKind {
    /// The W3C's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }

    pub(crate) fn of(kind: &MediaKind) -> Option<Self> {
        match kind {
            MediaKind::Audio => Some(Self::Audio),
            MediaKind::Video => Some(Self::Video),
            _ => None,
        }
    }

    pub(crate) fn section(self) -> MediaKind {
        match self {
            Self::Audio => MediaKind::Audio,
            Self::Video => MediaKind::Video,
        }
    }
}

/// `RTCRtpCodec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// `audio/opus`, `video/VP8`: compared without regard to case.
    pub mime_type: String,
    /// Timestamp units in a second.
    pub clock_rate: u32,
    /// Audio channels; `None` is one, or none of video.
    pub channels: Option<u16>,
    /// The parameters of `a=fmtp`, without the payload type.
    pub sdp_fmtp_line: Option<String>,
}

/// A codec that can be offered and answered, and by which number if nobody else has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecCapability {
    /// The codec.
    pub codec: Codec,
    /// The feedback that we give and take.
    pub feedback: Vec<Feedback>,
    /// Payload type in offers, while it is free.
    pub payload_type: u8,
    /// Whether it is sent, received, or both: that is, whether the application has an encoder, a decoder, or both.
    pub direction: Direction,
}

/// `RTCRtpCodecParameters`: a codec and the number that it goes by in one description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecParameters {
    /// 0 to 127.
    pub payload_type: u8,
    /// The codec.
    pub codec: Codec,
    /// The feedback that was agreed on.
    pub feedback: Vec<Feedback>,
}

impl Codec {
    /// A codec without parameters.
    pub fn new(mime_type: &str, clock_rate: u32) -> Self {
        Self { mime_type: mime_type.into(), clock_rate, channels: None, sdp_fmtp_line: None }
    }

    /// With that many channels.
    pub fn channels(self, channels: u16) -> Self {
        Self { channels: Some(channels), ..self }
    }

    /// With these parameters.
    pub fn fmtp(self, parameters: &str) -> Self {
        Self { sdp_fmtp_line: Some(parameters.into()), ..self }
    }

    pub(crate) fn in_section(
        kind: TrackKind,
        encoding: &str,
        clock_rate: u32,
        channels: Option<u16>,
    ) -> Self {
        let mime_type = format!("{}/{encoding}", kind.name());
        Self {
            mime_type,
            clock_rate,
            channels: channels.filter(|channels| *channels > 1),
            sdp_fmtp_line: None,
        }
    }

    /// Audio or video; `None` if the MIME type is of neither.
    pub fn kind(&self) -> Option<TrackKind> {
        let (kind, _) = self.mime_type.split_once('/')?;
        [TrackKind::Audio, TrackKind::Video].into_iter().find(|known| known.name().eq_ignore_ascii_case(kind))
    }

    /// What stands in `a=rtpmap`.
    pub fn encoding(&self) -> &str {
        self.mime_type.split_once('/').map_or("", |(_, encoding)| encoding)
    }

    pub(crate) fn is(&self, encoding: &str) -> bool {
        self.encoding().eq_ignore_ascii_case(encoding)
    }

    /// Carries retransmissions of another payload type (RFC 4588 §8.1).
    pub(crate) fn is_rtx(&self) -> bool {
        self.is("rtx")
    }

    /// Carries no media of its own: nothing can be negotiated with it alone (webrtc-pc §5.4, setCodecPreferences).
    pub(crate) fn is_resiliency(&self) -> bool {
        ["rtx", "red", "ulpfec", "flexfec-03", "cn", "telephone-event"].iter().any(|name| self.is(name))
    }

    /// A parameter of `a=fmtp`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let line = self.sdp_fmtp_line.as_deref()?;
        let pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs
            .into_iter()
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The payload type that these retransmissions are of.
    pub(crate) fn apt(&self) -> Option<u8> {
        self.parameter("apt")?.parse().ok().filter(|_| self.is_rtx())
    }

    /// The one of `all` that it is: the very same, or else the first that matches.
    pub(super) fn nearest<'a, T: 'a>(
        &self,
        all: impl Iterator<Item = T> + Clone,
        codec: impl Fn(&T) -> &Self,
    ) -> Option<T> {
        let mut same = all.clone();
        let mut like = all;
        same.find(|one| codec(one) == self).or_else(|| like.find(|one| codec(one).matches(self)))
    }

    /// Whether they are the same but for what only a receiver says of itself (webrtc-pc §5.2, "codec dictionary match" without
    /// asymmetric parameters).
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        // The AV1 payload format §7.2.3: profile, level and tier are each receiver's own.
        let same_name = self.mime_type.eq_ignore_ascii_case(&other.mime_type);
        self.matches(other) || self.is("AV1") && same_name && self.clock_rate == other.clock_rate
    }

    /// Whether a decoder of one takes what an encoder of the other makes. Retransmissions are compared by what they are
    /// of, elsewhere.
    pub fn matches(&self, other: &Self) -> bool {
        let same = |name: &str, default: &str| {
            self.parameter(name).unwrap_or(default) == other.parameter(name).unwrap_or(default)
        };
        let named =
            self.mime_type.eq_ignore_ascii_case(&other.mime_type) && self.clock_rate == other.clock_rate;
        if !named || self.channels.unwrap_or(1) != other.channels.unwrap_or(1) {
            return false;
        }
        match () {
            // RFC 6184 §8.2.2: profile and packetization mode are symmetric, the level is not.
            () if self.is("H264") => same("packetization-mode", "0") && h264::same_profile(self, other),
            // RFC 9628 §6.1: without a profile it is the first.
            () if self.is("VP9") => same("profile-id", "0"),
            // The AV1 payload format §7.2.1.
            () if self.is("AV1") => same("profile", "0"),
            // RFC 7798 §7.2.2, as far as decoders differ; draft-ietf-avtcore-hevc-webrtc §5.
            () if self.is("H265") => {
                same("profile-id", "1") && same("tier-flag", "0") && same("tx-mode", "SRST")
            }
            () => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h264(fmtp: &str) -> Codec {
        Codec::new("video/H264", 90_000).fmtp(fmtp)
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        assert!(Codec::new("video/vp8", 90_000).matches(&Codec::new("video/VP8", 90_000)));
        assert!(!Codec::new("audio/opus", 48_000).channels(2).matches(&Codec::new("audio/opus", 48_000)));
        assert!(Codec::new("audio/G722", 8_000).channels(1).matches(&Codec::new("audio/G722", 8_000)));
        assert!(
            !Codec::new("audio/telephone-event", 8_000).matches(&Codec::new("audio/telephone-event", 48_000))
        );
    }

    #[test]
    fn rfc6184_8_2_2_profile_and_mode_are_symmetric() {
        let cases = [
            (
                "packetization-mode=1;profile-level-id=42e01f",
                "profile-level-id=42e034;packetization-mode=1",
                true,
            ),
            (
                "packetization-mode=1;profile-level-id=42e01f",
                "packetization-mode=0;profile-level-id=42e01f",
                false,
            ),
            ("profile-level-id=42e01f", "profile-level-id=42001f", false),
            // Two spellings of Constrained Baseline.
            ("profile-level-id=42c01f", "profile-level-id=4d801f", true),
            // Without one it is Baseline, level 1 (RFC 6184 §8.1).
            ("packetization-mode=0", "profile-level-id=42001f", true),
            ("profile-level-id=640c1f", "profile-level-id=64001f", false),
        ];
        for (one, other, same) in cases {
            assert_eq!(h264(one).matches(&h264(other)), same, "{one} {other}");
        }
    }

    #[test]
    fn defaults_stand_for_what_is_not_said() {
        let vp9 = Codec::new("video/VP9", 90_000);
        assert!(vp9.matches(&vp9.clone().fmtp("profile-id=0")));
        assert!(!vp9.matches(&vp9.clone().fmtp("profile-id=2")));
        let av1 = Codec::new("video/AV1", 90_000);
        assert!(av1.matches(&av1.clone().fmtp("level-idx=5;profile=0;tier=0")));
        assert!(!av1.matches(&av1.clone().fmtp("profile=1")));
    }
}
