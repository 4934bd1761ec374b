//! What the receiver says became of a packet: what congestion control thinks about.

use crate::{Ecn, Instant};

/// One packet of ours, as the receiver's feedback tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketFeedback {
    /// Counts the packets of the path, without wrapping.
    pub sequence: u64,
    /// When it left.
    pub sent: Instant,
    /// When it arrived, on a clock of the receiver's whose zero is arbitrary: only differences mean something. `None` if
    /// it is reported as not arrived; a later report may still say that it did.
    pub arrived: Option<Instant>,
    /// Its size in bytes, as it was given when it left.
    pub size: usize,
    /// The mark with which it arrived; [`Ecn::NotEct`] where the feedback does not tell.
    pub ecn: Ecn,
}
