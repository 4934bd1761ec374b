//! Partial reliability: which messages are given up, and the FORWARD TSN that says so (RFC 3758).

use super::outstanding::{Outstanding, State};
use crate::wire::{ForwardTsn, SkippedStream};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;

/// The Advanced.Peer.Ack.Point and whether the peer has to hear of it.
#[derive(Debug)]
pub(super) struct Abandon {
    advanced: u64,
    due: bool,
    /// When the peer was last told.
    told: Instant,
}

impl Abandon {
    pub(super) fn new(outstanding: &Outstanding) -> Self {
        Self { advanced: outstanding.cumulative(), due: false, told: Instant::ZERO }
    }

    /// Whether the chunk's message is to be given up instead of sending the chunk again.
    pub(super) fn is_spent(outstanding: &Outstanding, tsn: u64, now: Instant) -> bool {
        outstanding.get(tsn).is_some_and(|chunk| {
            chunk.max_retransmits.is_some_and(|max| chunk.retransmits >= max)
                || chunk.expires.is_some_and(|at| at <= now)
        })
    }

    /// Gives up all chunks of the message that `tsn` belongs to; true if a part of it has no TSN yet.
    pub(super) fn message(outstanding: &mut Outstanding, tsn: u64) -> bool {
        let mut first = tsn;
        while outstanding.get(first).is_some_and(|chunk| !chunk.begin) && outstanding.get(first - 1).is_some()
        {
            first -= 1;
        }
        let mut at = first;
        loop {
            let Some(end) = outstanding.get(at).map(|chunk| chunk.end) else { return true };
            outstanding.abandon(at);
            if end {
                return false;
            }
            at += 1;
        }
    }

    /// Moves the point past what was given up (RFC 3758 §3.5 C2); `resend` if the peer may not know where it stands.
    pub(super) fn advance(&mut self, outstanding: &Outstanding, resend: bool) {
        let before = self.advanced;
        self.advanced = self.advanced.max(outstanding.cumulative());
        while outstanding.get(self.advanced + 1).is_some_and(|chunk| chunk.state == State::Abandoned) {
            self.advanced += 1;
        }
        if self.advanced == outstanding.cumulative() {
            self.due = false;
        } else if self.advanced > before || resend {
            self.due = true;
        }
    }

    /// Whether a FORWARD TSN went out a round trip ago or longer, so that a SACK that does not show it means that it was lost
    /// (RFC 3758 §3.5 C3, F2).
    pub(super) fn is_overdue(&self, now: Instant, round_trip: Option<Duration>) -> bool {
        round_trip.is_some_and(|round_trip| now.since(self.told) > round_trip)
    }

    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    /// Appends a FORWARD TSN of at most `room` bytes (RFC 3758 §3.5 C3 and C4).
    pub(super) fn write(
        &mut self,
        now: Instant,
        outstanding: &Outstanding,
        out: &mut Vec<u8>,
        room: usize,
    ) -> Option<()> {
        let most = room.checked_sub(ForwardTsn::MIN_LEN)? / 4;
        let mut skipped = BTreeMap::new();
        let mut point = outstanding.cumulative();
        while point < self.advanced {
            let Some(chunk) = outstanding.get(point + 1) else { break };
            if !chunk.unordered {
                if skipped.len() >= most && !skipped.contains_key(&chunk.stream) {
                    break; // the rest follows once this much is acknowledged
                }
                skipped.insert(chunk.stream, chunk.ssn);
            }
            point += 1;
        }
        let skipped = skipped.into_iter().map(|(stream, ssn)| SkippedStream { stream, ssn });
        ForwardTsn::write_from(out, point as u32, skipped)?;
        self.due = false;
        self.told = now;
        Some(())
    }
}
