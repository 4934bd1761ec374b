//! When a lost chunk is resent, last resort: the timer T3-rtx (RFC 9260 §6.3).
//!
//! The first resort is in `fast_retransmit.rs`.

use core::time::Duration;
use siskin_base::Instant;

/// Stopped --data sent (R1)--> Running --all acknowledged (R2)--> Stopped; Running --first acknowledged (R3)--> restarted
#[derive(Debug, Default)]
pub(super) struct T3Rtx {
    due: Option<Instant>,
}

impl T3Rtx {
    /// R1: a chunk goes out.
    pub(super) fn on_sent(&mut self, now: Instant, rto: Duration) {
        self.due.get_or_insert(now + rto);
    }

    /// R2 and R3: the cumulative TSN went forward, or the first outstanding chunk was sent again (§7.2.4, 4).
    pub(super) fn restart(&mut self, now: Instant, rto: Duration) {
        self.due = Some(now + rto);
    }

    /// R2: nothing is outstanding.
    pub(super) fn stop(&mut self) {
        self.due = None;
    }

    /// Whether it expired; then it is stopped.
    pub(super) fn expired(&mut self, now: Instant) -> bool {
        let expired = self.due.is_some_and(|due| due <= now);
        if expired {
            self.due = None;
        }
        expired
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }
}
