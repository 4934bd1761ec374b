//! When a lost chunk is resent, first resort: SACKs that report it missing (RFC 9260 §7.2.4).
//!
//! A chunk counts as missing when a SACK newly acknowledges one that was *sent* later. For first transmissions this is
//! the RFC's rule of the highest TSN newly acknowledged, since they are sent in the order of their TSNs.
//!
//! RFC 9260 §7.2.4: three SACKs, and in fast recovery one more report whenever the cumulative TSN goes forward: not done,
//! because the order of transmission says more than the number of SACKs: a SACK reports once for each packet's worth that it
//! newly acknowledges in gap blocks, since a receiver that reads many packets at once answers them with one SACK.
//!
//! RFC 9260 §7.2.4: fast retransmit at most once for each chunk: not done, because the order of transmission also tells
//! when the second copy was lost, and waiting for T3-rtx stalls the whole association. Such a loss begins a new fast
//! recovery, so it costs the window what any loss costs.

use super::outstanding::{NewlyAcked, Outstanding, State};

/// Idle --loss reported--> Recovering --cumulative TSN reaches the exit point--> Idle
#[derive(Debug, Default)]
pub(super) struct FastRetransmit {
    recovery: Option<Recovery>,
}

#[derive(Clone, Copy, Debug)]
struct Recovery {
    /// The highest TSN that was outstanding when it began.
    exit_point: u64,
    /// Chunks transmitted from here on were sent after it began.
    order: u64,
}

/// What a SACK's reports came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Losses {
    /// Bytes that are to be sent again.
    pub(super) bytes: usize,
    /// Whether the congestion window must pay.
    pub(super) is_new_event: bool,
}

impl FastRetransmit {
    pub(super) fn in_recovery(&self) -> bool {
        self.recovery.is_some()
    }

    /// The cumulative TSN went forward.
    pub(super) fn on_cumulative(&mut self, cumulative: u64) {
        if self.recovery.is_some_and(|recovery| cumulative >= recovery.exit_point) {
            self.recovery = None;
        }
    }

    /// T3-rtx takes over.
    pub(super) fn stop(&mut self) {
        self.recovery = None;
    }

    /// Counts the reports of a SACK and moves what is lost to [`Outstanding::lost`].
    pub(super) fn on_sack(
        &mut self,
        outstanding: &mut Outstanding,
        newly: NewlyAcked,
        pmdcs: usize,
    ) -> Losses {
        let mut losses = Losses::default();
        let Some(latest) = newly.latest_order else { return losses };
        let reports = (newly.gap_bytes / pmdcs.max(1)).clamp(1, usize::from(MISSING_LIMIT)) as u8;
        let mut next = Some(0);
        while let Some(from) = next.take() {
            // The holes are walked over in stretches, since a chunk that is lost cannot be marked while they are borrowed.
            let mut found = [0; 32];
            let mut count = 0;
            let candidates = outstanding.holes_from(from);
            for tsn in candidates {
                let older =
                    outstanding.get(tsn).is_some_and(|c| c.state == State::InFlight && c.order < latest);
                if !older {
                    continue;
                }
                let Some(slot) = found.get_mut(count) else {
                    next = Some(tsn);
                    break;
                };
                *slot = tsn;
                count += 1;
            }
            for &tsn in found.iter().take(count) {
                let Some(chunk) = outstanding.get_mut(tsn) else { continue };
                chunk.missing = chunk.missing.saturating_add(reports);
                if chunk.missing < MISSING_LIMIT {
                    continue;
                }
                let order = chunk.order;
                losses.bytes += outstanding.lose(tsn);
                if self.recovery.is_none_or(|recovery| order >= recovery.order) {
                    losses.is_new_event = true;
                }
            }
        }
        if losses.is_new_event {
            self.recovery =
                Some(Recovery { exit_point: outstanding.next_tsn() - 1, order: outstanding.next_order() });
        }
        losses
    }
}

/// RFC 9260 §7.2.4: the third report.
const MISSING_LIMIT: u8 = 3;
