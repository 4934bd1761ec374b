//! What the other side says.

use crate::rtcp::{NackEntry, NtpTime};

/// Something that the user of the session must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Packets of our stream `ssrc` are missing there (RFC 4585 §6.2.1).
    Nack {
        /// Our stream.
        ssrc: u32,
        /// Which packets.
        entry: NackEntry,
    },
    /// A new beginning of our stream is wanted, because pictures were lost (PLI, RFC 4585 §6.3.1).
    PictureLoss {
        /// Our stream.
        ssrc: u32,
    },
    /// A new beginning of our stream is wanted at any rate (FIR, RFC 5104 §4.3.1); repetitions of a request are no events.
    FullIntraRequest {
        /// Our stream.
        ssrc: u32,
    },
    /// What the receiver believes the path can carry (REMB).
    EstimatedBitRate {
        /// Bits per second.
        bit_rate: u64,
    },
    /// A bound on the rate of our stream (TMMBR, RFC 5104 §4.2.1).
    MaximumBitRate {
        /// Our stream.
        ssrc: u32,
        /// Bits per second.
        bit_rate: u64,
    },
    /// A report on our stream came: its statistics are new.
    Reported {
        /// Our stream.
        ssrc: u32,
    },
    /// A sender report of a remote stream came: what its timestamps mean.
    SenderReport {
        /// The remote stream.
        ssrc: u32,
        /// Civil time there.
        ntp: NtpTime,
        /// The timestamp at that time.
        rtp_timestamp: u32,
    },
    /// A remote stream ended (BYE).
    Bye {
        /// The remote stream.
        ssrc: u32,
    },
    /// Nothing came from a remote stream for so long that it was forgotten (RFC 3550 §6.3.5).
    TimedOut {
        /// The remote stream.
        ssrc: u32,
    },
    /// Somebody else uses the SSRC of our stream (RFC 3550 §8.2): call
    /// [`renew_ssrc`](super::Session::renew_ssrc), unless signalling bound it.
    Collision {
        /// Our stream.
        ssrc: u32,
    },
}
