//! What the media of a transport may hold.

use siskin_cc::{PacerConfig, gcc};
use siskin_rtp::feedback::ArrivalsConfig;
use siskin_rtp::jitter::JitterConfig;
use siskin_rtp::nack::{GeneratorConfig, HistoryConfig};
use siskin_rtp::payload::Format;
use siskin_rtp::session;

/// Limits and timers of what is below audio and video, for each transport; bundled sections share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpConfig {
    /// Streams that come in one section, retransmissions included: 16; small: 4. Packets of more are dropped and counted until
    /// one has been silent for long. [`session::Config::max_receivers`] limits those of all sections.
    pub max_streams: usize,
    /// Bytes that the jitter buffers of all streams hold together, the places of missing packets and memory that is kept to be
    /// used again included: 16 MiB; small: 384 KiB. A stream that needs more gives up its oldest packets, which are counted
    /// as discarded.
    pub max_waiting: usize,
    /// Frames that wait to be taken: 256; small: 32. Of more the oldest are dropped and counted.
    pub max_frames: usize,
    /// Bytes of them: 8 MiB; small: 192 KiB. One frame always fits.
    pub max_frame_bytes: usize,
    /// The jitter buffer of a video stream; its format and clock rate are the codec's.
    pub video: JitterConfig,
    /// The jitter buffer of an audio stream; its format and clock rate are the codec's.
    pub audio: JitterConfig,
    /// What is missing in a stream, and when to ask for it.
    pub missing: GeneratorConfig,
    /// What is kept of a stream that is sent, for whoever asks for it again.
    pub history: HistoryConfig,
    /// What arrived, until it is reported.
    pub arrivals: ArrivalsConfig,
    /// RTP and RTCP; its name, clock, form and size of datagrams are the connection's.
    pub session: session::Config,
    /// SRTP.
    pub srtp: siskin_srtp::Config,
    /// Packets that wait to leave; padding is used where the peer takes it.
    pub pacer: PacerConfig,
    /// The estimator of what the path carries.
    pub estimator: gcc::Config,
}

impl Default for RtpConfig {
    fn default() -> Self {
        Self {
            max_streams: 16,
            max_waiting: 16 << 20,
            max_frames: 256,
            max_frame_bytes: 8 << 20,
            video: JitterConfig::video(Format::Vp8),
            audio: JitterConfig::audio(48_000),
            missing: GeneratorConfig::default(),
            history: HistoryConfig::default(),
            arrivals: ArrivalsConfig::default(),
            session: session::Config::default(),
            srtp: siskin_srtp::Config::default(),
            pacer: PacerConfig::default(),
            estimator: gcc::Config::default(),
        }
    }
}

impl RtpConfig {
    /// For devices: the small limits of every layer.
    pub fn small() -> Self {
        Self {
            max_streams: 4,
            max_waiting: 384 << 10,
            max_frames: 32,
            max_frame_bytes: 192 << 10,
            video: JitterConfig::video(Format::Vp8).small(),
            audio: JitterConfig::audio(48_000).small(),
            missing: GeneratorConfig::small(),
            history: HistoryConfig::small(),
            arrivals: ArrivalsConfig::small(),
            session: session::Config::small(),
            srtp: siskin_srtp::Config::small(),
            pacer: PacerConfig::small(),
            estimator: gcc::Config::small(),
        }
    }
}
