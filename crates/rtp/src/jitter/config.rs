//! Limits, and what is counted.

use crate::payload::Format;
use core::time::Duration;

/// How a [`JitterBuffer`](super::JitterBuffer) behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// How frames stand in packets.
    pub format: Format,
    /// Ticks of the timestamp in a second: 90,000 for video, 48,000 for Opus, 8,000 for G.711 and G.722.
    pub clock_rate: u32,
    /// Packets from the oldest one that is awaited to the newest one: 2,048.
    pub max_packets: usize,
    /// Bytes that are held: 4 MiB. Payload counts, the place of each packet, missing ones included, with about 100, and buffers
    /// that are kept to be used again.
    pub max_bytes: usize,
    /// The least delay between a frame's earliest possible arrival and its playout: zero.
    pub min_delay: Duration,
    /// The greatest: 2 s. No frame waits longer than this, whatever its timestamp says.
    pub max_delay: Duration,
    /// How long after its time a frame may still be awaited, so that a lost packet can be sent again: 200 ms for video; zero
    /// for audio, where the next frame is of more use than the last.
    pub patience: Duration,
    /// After a loss, and at the beginning, nothing comes before the next key frame: true for video.
    pub wait_for_key_frame: bool,
    /// How often a key frame is asked for while one is awaited: every 500 ms.
    pub key_frame_interval: Duration,
}

impl JitterConfig {
    /// For video.
    pub const fn video(format: Format) -> Self {
        Self {
            format,
            clock_rate: 90_000,
            max_packets: 2_048,
            max_bytes: 4 << 20,
            min_delay: Duration::ZERO,
            max_delay: Duration::from_secs(2),
            patience: Duration::from_millis(200),
            wait_for_key_frame: true,
            key_frame_interval: Duration::from_millis(500),
        }
    }

    /// For audio, where each packet is a frame.
    pub const fn audio(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            max_packets: 512,
            max_bytes: 512 << 10,
            patience: Duration::ZERO,
            wait_for_key_frame: false,
            ..Self::video(Format::Whole)
        }
    }

    /// With the limits for devices: 128 packets and 192 KiB.
    #[must_use]
    pub const fn small(self) -> Self {
        Self { max_packets: 128, max_bytes: 192 << 10, ..self }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It waits for its frame's time.
    Stored,
    /// It was there already.
    Duplicate,
    /// Its frame was given out or given up.
    TooLate,
    /// It is not what the payload format says.
    Malformed,
    /// It is larger than all that may wait, alone or with what waits behind it.
    TooLarge,
}

/// Counters; those of W3C's webrtc-stats are named after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct JitterStats {
    /// `packetsDiscarded`: came too late, or had to make room.
    pub packets_discarded: u64,
    /// Came again.
    pub packets_duplicated: u64,
    /// Packets that never came, or came too late to be of use.
    pub packets_skipped: u64,
    /// Packets, or frames of them, that could not be read.
    pub malformed: u64,
    /// `jitterBufferEmittedCount`, in frames.
    pub frames_emitted: u64,
    /// Frames that were thrown away although their last packet came: others were missing, or the key frame before them.
    pub frames_dropped: u64,
    /// `keyFramesDecoded`, as far as this layer can tell: key frames given out.
    pub key_frames_emitted: u64,
    /// `framesAssembledFromMultiplePackets`.
    pub frames_assembled: u64,
    /// `totalAssemblyTime`: from the first to the last packet of such frames.
    pub assembly_time: Duration,
    /// `jitterBufferDelay`: from a frame's first packet to its leaving, summed over frames.
    pub delay: Duration,
    /// `jitterBufferTargetDelay`: what was aimed at, summed over frames.
    pub target_delay: Duration,
    /// `jitterBufferMinimumDelay`: what the network alone would have asked for, summed over frames.
    pub minimum_delay: Duration,
    /// Timestamps that jumped out of all proportion: the clock began anew.
    pub clock_resets: u64,
}

impl JitterStats {
    /// Both together, as of one buffer after another.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            packets_discarded: self.packets_discarded + other.packets_discarded,
            packets_duplicated: self.packets_duplicated + other.packets_duplicated,
            packets_skipped: self.packets_skipped + other.packets_skipped,
            malformed: self.malformed + other.malformed,
            frames_emitted: self.frames_emitted + other.frames_emitted,
            frames_dropped: self.frames_dropped + other.frames_dropped,
            key_frames_emitted: self.key_frames_emitted + other.key_frames_emitted,
            frames_assembled: self.frames_assembled + other.frames_assembled,
            assembly_time: self.assembly_time + other.assembly_time,
            delay: self.delay + other.delay,
            target_delay: self.target_delay + other.target_delay,
            minimum_delay: self.minimum_delay + other.minimum_delay,
            clock_resets: self.clock_resets + other.clock_resets,
        }
    }
}
