//! The extensions that have a name here, and the URIs by which SDP knows them.

/// A header extension that has a typed [`Value`](super::Value).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Extension {
    /// The media section (RFC 9143 §15.2).
    Mid,
    /// The stream within a media section (RFC 8852 §3.1).
    Rid,
    /// The stream that a repair stream repairs (RFC 8852 §3.2).
    RepairedRid,
    /// When the packet left, in 24 bits.
    AbsSendTime,
    /// When the first sample was captured.
    AbsCaptureTime,
    /// A sequence number over all streams of a transport.
    TransportSequence,
    /// The same with requests for feedback.
    TransportSequenceV2,
    /// Loudness (RFC 6464).
    AudioLevel,
    /// Loudness of each contributing source (RFC 6465).
    MixerLevels,
    /// Time from the timestamp to transmission (RFC 5450).
    TransmissionOffset,
    /// Rotation (3GPP TS 26.114).
    VideoOrientation,
    /// Bounds of the receiver's delay.
    PlayoutDelay,
    /// Camera or screen.
    ContentType,
    /// When a frame passed each stage of the sender.
    VideoTiming,
    /// How colours are to be understood.
    ColorSpace,
    /// Which frames depend on which (AV1 RTP specification, appendix A).
    DependencyDescriptor,
    /// Layers that the sender has, and their rates.
    VideoLayersAllocation,
    /// What forwarders need to know of a frame (RFC 9626).
    FrameMarking,
}

impl Extension {
    /// Every one.
    pub const ALL: [Self; 18] = [
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::AbsSendTime,
        Self::AbsCaptureTime,
        Self::TransportSequence,
        Self::TransportSequenceV2,
        Self::AudioLevel,
        Self::MixerLevels,
        Self::TransmissionOffset,
        Self::VideoOrientation,
        Self::PlayoutDelay,
        Self::ContentType,
        Self::VideoTiming,
        Self::ColorSpace,
        Self::DependencyDescriptor,
        Self::VideoLayersAllocation,
        Self::FrameMarking,
    ];

    /// What `a=extmap` calls it.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::TransportSequence => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Self::TransportSequenceV2 => "http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02",
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::MixerLevels => "urn:ietf:params:rtp-hdrext:csrc-audio-level",
            Self::TransmissionOffset => "urn:ietf:params:rtp-hdrext:toffset",
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            Self::ContentType => "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
            Self::VideoTiming => "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
            Self::ColorSpace => "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
            Self::DependencyDescriptor => {
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
            }
            Self::VideoLayersAllocation => {
                "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
            }
            Self::FrameMarking => "urn:ietf:params:rtp-hdrext:framemarking",
        }
    }

    /// The one with that URI.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|extension| extension.uri() == uri)
    }
}
