//! What is counted beside the streams.

/// What became of packets that are of no stream, and of frames that nobody took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpCounts {
    /// Packets that came before DTLS had keys.
    pub before_keys: u64,
    /// Packets of streams that no section is to receive.
    pub unroutable: u64,
    /// Packets whose payload type their section does not have.
    pub unknown_payload_type: u64,
    /// Frames that waited too long to be taken.
    pub frames_dropped: u64,
    /// Frames that were refused because too many packets waited to leave.
    pub frames_refused: u64,
    /// Packets that were dropped because too many waited to leave.
    pub packets_dropped: u64,
    /// Packets of ours that the peer reported on.
    pub feedback: u64,
}

impl RtpCounts {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            before_keys: self.before_keys + other.before_keys,
            unroutable: self.unroutable + other.unroutable,
            unknown_payload_type: self.unknown_payload_type + other.unknown_payload_type,
            frames_dropped: self.frames_dropped + other.frames_dropped,
            frames_refused: self.frames_refused + other.frames_refused,
            packets_dropped: self.packets_dropped + other.packets_dropped,
            feedback: self.feedback + other.feedback,
        }
    }
}
