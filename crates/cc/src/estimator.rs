//! The seam behind which estimators stand.

use crate::Rate;
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback};

/// A packet that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Counts the packets of the path, as [`PacketFeedback::sequence`] does.
    pub sequence: u64,
    /// Its size in bytes, as feedback will give it back.
    pub size: usize,
    /// The probe that it was part of ([`Probe::id`]).
    pub probe: Option<u32>,
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// What all media, retransmissions and padding together should make, averaged over a second: for encoders.
    pub target: Rate,
    /// How fast packets leave while there are any: for the pacer. Above `target`, so that the frames of a picture do not wait
    /// for each other.
    pub pacing: Rate,
}

/// Packets to be sent faster than usual, to see whether the path carries it: filled up with padding if media does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Goes into [`Sent::probe`] of each packet of it.
    pub id: u32,
    /// At which rate they leave.
    pub rate: Rate,
    /// At least so many bytes.
    pub bytes: u64,
    /// At least so many packets.
    pub packets: u32,
}

/// Estimates, on the side of the sender, what a path carries.
///
/// The caller tells of each packet that leaves, and of all feedback; it asks for [`rates`](Self::rates) and
/// [`poll_probe`](Self::poll_probe) after each call that may have changed them. An estimator never reads a clock, is
/// deterministic, bounded in memory, and takes any feedback without a panic: numbers and times in it are the peer's.
pub trait Estimator {
    /// A packet leaves.
    fn handle_sent(&mut self, now: Instant, packet: Sent);

    /// What one report says about packets, in the order of sending.
    fn handle_feedback(&mut self, now: Instant, feedback: &[PacketFeedback]);

    /// The round-trip time that RTCP measured.
    fn handle_round_trip(&mut self, now: Instant, round_trip: Duration);

    /// The receiver's own limit (REMB, or TMMBR of RFC 5104 §4.2.1); `None` lifts it.
    fn set_cap(&mut self, now: Instant, cap: Option<Rate>);

    /// What the application would send at most if it could: probing for more would be of no use.
    fn set_demand(&mut self, now: Instant, demand: Rate);

    /// What may be sent now.
    fn rates(&self) -> Rates;

    /// The next probe to send.
    fn poll_probe(&mut self, now: Instant) -> Option<Probe>;

    /// Does what is due: feedback that stays away, probes. Early calls do nothing.
    fn handle_timeout(&mut self, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) has something to do; `None` is never.
    fn poll_timeout(&self) -> Option<Instant>;
}
