//! What is counted beside the streams.

/// What became of packets that are of no stream, and of frames that nobody took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpCounts {
    /// Packets that came before DTLS had keys.
    pub before_keys: u64,
    /// Packets and RTCP datagrams that SRTP dropped: forged, repeated, too old, or of more streams than it keeps.
    pub srtp_dropped: u64,
    /// RTP packets that were taken: each is in the statistics of its stream, while that is known.
    pub taken: u64,
    /// Packets of streams that no section is to receive.
    pub unroutable: u64,
    /// Packets that their section or session refused: of a stream too many, with a number far from where their stream is, under an SSRC
    /// of ours, or with more padding than bytes.
    pub refused: u64,
    /// Packets whose payload type their section does not have.
    pub unknown_payload_type: u64,
    /// RTCP datagrams.
    pub rtcp: u64,
    /// RTCP datagrams, and packets in others, that could not be read.
    pub rtcp_malformed: u64,
    /// What RTCP said that was dropped, because too much of it waited.
    pub rtcp_dropped: u64,
    /// Frames that waited too long to be taken.
    pub frames_dropped: u64,
    /// Frames that were refused because too many packets waited to leave, or their encoding was ahead of its maximal bit rate.
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
            srtp_dropped: self.srtp_dropped + other.srtp_dropped,
            taken: self.taken + other.taken,
            unroutable: self.unroutable + other.unroutable,
            refused: self.refused + other.refused,
            unknown_payload_type: self.unknown_payload_type + other.unknown_payload_type,
            rtcp: self.rtcp + other.rtcp,
            rtcp_malformed: self.rtcp_malformed + other.rtcp_malformed,
            rtcp_dropped: self.rtcp_dropped + other.rtcp_dropped,
            frames_dropped: self.frames_dropped + other.frames_dropped,
            frames_refused: self.frames_refused + other.frames_refused,
            packets_dropped: self.packets_dropped + other.packets_dropped,
            feedback: self.feedback + other.feedback,
        }
    }
}
