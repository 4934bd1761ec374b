//! What we can send and receive, unless the configuration says otherwise.

use super::codec::{Codec, CodecCapability, TrackKind};
use super::extensions::{ExtensionCapability, Negotiable, uri};
use crate::rtp::RtpConfig;
use alloc::vec;
use alloc::vec::Vec;
use siskin_sdp::{Direction, Feedback};

/// What media sections may hold. Siskin carries encoded media and neither encodes nor decodes: a codec can be taken out
/// or put in without touching anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// The codecs, best first. Retransmission is offered for every video codec. A section lists those that go its way; one that goes
    /// both ways lists what is received, if something is sent that differs in its level at most.
    pub codecs: Vec<CodecCapability>,
    /// The header extensions.
    pub extensions: Vec<ExtensionCapability>,
    /// Most transceivers of a connection, those of the peer included; default 256. Sections above it are refused.
    pub max_transceivers: usize,
    /// What the streams of a transport may hold.
    pub rtp: RtpConfig,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { codecs: codecs(), extensions: extensions(), max_transceivers: 256, rtp: RtpConfig::default() }
    }
}

impl MediaConfig {
    /// For devices: Opus and H.264, 4 transceivers, and the small limits of every layer.
    pub fn small() -> Self {
        let mut config = Self { max_transceivers: 4, rtp: RtpConfig::small(), ..Self::default() };
        config.codecs.retain(|known| known.codec.is("opus") || known.codec.is("H264"));
        config
    }
}

/// `RTCRtpCapabilities`: what can be sent, or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The codecs, best first; retransmissions stand once.
    pub codecs: Vec<Codec>,
    /// The URIs of the header extensions.
    pub header_extensions: Vec<&'static str>,
}

impl MediaConfig {
    /// `RTCRtpSender.getCapabilities`.
    pub fn sender_capabilities(&self, kind: TrackKind) -> Capabilities {
        self.capabilities(kind, Direction::sends)
    }

    /// `RTCRtpReceiver.getCapabilities`.
    pub fn receiver_capabilities(&self, kind: TrackKind) -> Capabilities {
        self.capabilities(kind, Direction::receives)
    }

    fn capabilities(&self, kind: TrackKind, goes: impl Fn(Direction) -> bool) -> Capabilities {
        let of_kind = self.codecs.iter().filter(|known| known.codec.kind() == Some(kind));
        let mut codecs: Vec<Codec> =
            of_kind.filter(|known| goes(known.direction)).map(|known| known.codec.clone()).collect();
        if kind == TrackKind::Video && !codecs.is_empty() {
            codecs.push(Codec::new("video/rtx", 90_000));
        }
        let extensions = self.extensions.iter().filter(|known| known.is_for(kind) && goes(known.direction));
        Capabilities { codecs, header_extensions: extensions.map(|known| known.uri).collect() }
    }

    /// The header extensions that a transceiver of that kind begins with.
    pub(crate) fn negotiable(&self, kind: TrackKind) -> Vec<Negotiable> {
        self.extensions.iter().filter(|known| known.is_for(kind)).map(Negotiable::new).collect()
    }

    /// Whether a codec like it, but for its level, goes these ways (webrtc-pc §4.4.2, "filteredCodecs").
    pub(crate) fn can(&self, codec: &Codec, way: Direction) -> bool {
        let any = |goes: fn(Direction) -> bool| {
            self.codecs.iter().any(|known| goes(known.direction) && known.codec.is_like(codec))
        };
        (!way.sends() || any(Direction::sends)) && (!way.receives() || any(Direction::receives))
    }
}

fn codecs() -> Vec<CodecCapability> {
    let audio = |payload_type, codec, feedback: &[Feedback]| CodecCapability {
        codec,
        feedback: feedback.to_vec(),
        payload_type,
        direction: Direction::SendRecv,
    };
    let video = |payload_type, codec| CodecCapability {
        codec,
        feedback: vec![
            Feedback::GoogRemb,
            Feedback::TransportCc,
            Feedback::CcmFir,
            Feedback::Nack,
            Feedback::NackPli,
        ],
        payload_type,
        direction: Direction::SendRecv,
    };
    let h264 = |payload_type, mode, profile_level_id| {
        let fmtp = alloc::format!(
            "level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile_level_id}"
        );
        video(payload_type, Codec::new("video/H264", 90_000).fmtp(&fmtp))
    };
    let opus = Codec::new("audio/opus", 48_000).channels(2).fmtp("minptime=10;useinbandfec=1");
    vec![
        // RFC 7874 §3: Opus, G.711 and telephone events are mandatory.
        audio(111, opus, &[Feedback::TransportCc, Feedback::Nack]),
        audio(9, Codec::new("audio/G722", 8_000), &[Feedback::TransportCc]),
        audio(0, Codec::new("audio/PCMU", 8_000), &[Feedback::TransportCc]),
        audio(8, Codec::new("audio/PCMA", 8_000), &[Feedback::TransportCc]),
        audio(110, Codec::new("audio/telephone-event", 48_000), &[]),
        audio(126, Codec::new("audio/telephone-event", 8_000), &[]),
        // RFC 7742 §5: VP8 and H.264 Constrained Baseline are mandatory.
        video(96, Codec::new("video/VP8", 90_000)),
        h264(102, 1, "42e01f"),
        h264(104, 0, "42e01f"),
        h264(106, 1, "42001f"),
        h264(108, 0, "42001f"),
        h264(112, 1, "4d001f"),
        h264(114, 1, "64001f"),
        video(98, Codec::new("video/VP9", 90_000).fmtp("profile-id=0")),
        video(100, Codec::new("video/VP9", 90_000).fmtp("profile-id=2")),
        video(45, Codec::new("video/AV1", 90_000).fmtp("level-idx=5;profile=0;tier=0")),
        video(49, Codec::new("video/H265", 90_000).fmtp("level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST")),
    ]
}

fn extensions() -> Vec<ExtensionCapability> {
    let of =
        |id, uri, audio, video| ExtensionCapability { id, uri, audio, video, direction: Direction::SendRecv };
    let both = |id, uri| of(id, uri, true, true);
    vec![
        of(1, uri::AUDIO_LEVEL, true, false),
        both(2, uri::ABS_SEND_TIME),
        both(3, uri::TRANSPORT_WIDE_CC),
        both(4, uri::MID),
        of(5, uri::PLAYOUT_DELAY, false, true),
        of(6, uri::VIDEO_CONTENT_TYPE, false, true),
        of(7, uri::VIDEO_TIMING, false, true),
        of(8, uri::COLOR_SPACE, false, true),
        of(10, uri::RID, false, true),
        of(11, uri::REPAIRED_RID, false, true),
        of(12, uri::DEPENDENCY_DESCRIPTOR, false, true),
        of(13, uri::VIDEO_ORIENTATION, false, true),
        of(14, uri::TRANSMISSION_OFFSET, false, true),
    ]
}
