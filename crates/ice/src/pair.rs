//! A candidate pair (RFC 8445 §6.1.2).

use crate::Role;
use crate::consent::Consent;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, Path};
use siskin_stun::Timeline;
use siskin_stun::wire::TransactionId;

/// Requests per pair whose responses still count; the oldest gives way.
const MAX_OUTSTANDING: usize = 10;

/// Names a pair for as long as its agent lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId(pub u32);

/// The state of a pair (RFC 8445 §6.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairState {
    /// Waits for another pair with the same foundation.
    Frozen,
    /// Will be checked.
    Waiting,
    /// A check is under way.
    InProgress,
    /// A check was answered.
    Succeeded,
    /// A check was not answered, or was refused; or consent was lost.
    Failed,
}

/// RFC 8445 §6.1.2.3, from the priorities of the controlling and the controlled agent's candidates.
pub const fn pair_priority(controlling: u32, controlled: u32) -> u64 {
    let (g, d) = (controlling as u64, controlled as u64);
    let (min, max) = if g < d { (g, d) } else { (d, g) };
    // A priority beyond 2^31 - 1 is not allowed, but may come.
    (min << 32).saturating_add(2 * max + (g > d) as u64)
}

/// One path and all that is known of it. The RFC's valid pair is not kept apart: it shares base and remote address with
/// the pair whose check produced it, and these are what is sent on.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) id: PairId,
    pub(crate) path: Path,
    pub(crate) local_priority: u32,
    pub(crate) remote_priority: u32,
    /// Of the local candidate, and of the remote one.
    pub(crate) foundation: (u32, String),
    pub(crate) priority: u64,
    pub(crate) state: PairState,
    /// Taken off the checklist because another pair was nominated (RFC 8445 §8.1.2); a triggered check brings it back.
    pub(crate) concluded: bool,
    /// Consent was lost: nothing may be sent here in this session (RFC 7675 §5.1).
    pub(crate) dead: bool,
    /// The next check carries USE-CANDIDATE.
    pub(crate) nominate: bool,
    /// What the controlling peer nominated it with; its counter, 0 without.
    pub(crate) peer_nomination: Option<u32>,
    /// Which of the late nominations was its own, 0 for none; see [`Agent::handle_check`](crate::Agent).
    pub(crate) late_nomination: u32,
    /// Both ends know that it was nominated.
    pub(crate) nominated: bool,
    /// An authenticated request came this way.
    pub(crate) peer_checked: bool,
    /// The mapped address of the last response, if it was not the base's.
    pub(crate) mapped: Option<core::net::SocketAddr>,
    pub(crate) check: Option<Check>,
    pub(crate) outstanding: Vec<Outstanding>,
    pub(crate) consent: Option<Consent>,
    pub(crate) counters: Counters,
}

/// The check that is being retransmitted.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) id: TransactionId,
    pub(crate) timeline: Timeline,
    pub(crate) nominating: bool,
    /// The peer asked for it, by a check of its own.
    pub(crate) triggered: bool,
}

/// A request that was sent and may still be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outstanding {
    pub(crate) id: TransactionId,
    pub(crate) sent: Instant,
    pub(crate) purpose: Purpose,
    pub(crate) role: Role,
    /// A response then does not tell the round-trip time (Karn's algorithm, RFC 8489 §6.2.1).
    pub(crate) resent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Check { nominating: bool },
    Consent,
}

/// For statistics.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests_sent: u64,
    pub(crate) retransmissions_sent: u64,
    pub(crate) requests_received: u64,
    pub(crate) responses_sent: u64,
    pub(crate) responses_received: u64,
    pub(crate) consent_requests_sent: u64,
    pub(crate) current_rtt: Option<Duration>,
    pub(crate) total_rtt: Duration,
}

impl Pair {
    pub(crate) fn new(id: PairId, path: Path, local: (u32, u32), remote: (u32, String), role: Role) -> Self {
        let (local_priority, local_foundation) = local;
        let (remote_priority, remote_foundation) = remote;
        let mut pair = Self {
            id,
            path,
            local_priority,
            remote_priority,
            foundation: (local_foundation, remote_foundation),
            priority: 0,
            state: PairState::Frozen,
            concluded: false,
            dead: false,
            nominate: false,
            peer_nomination: None,
            late_nomination: 0,
            nominated: false,
            peer_checked: false,
            mapped: None,
            check: None,
            outstanding: Vec::new(),
            consent: None,
            counters: Counters::default(),
        };
        pair.set_role(role);
        pair
    }

    /// RFC 8445 §7.3.1.1: a change of roles changes the priority.
    pub(crate) fn set_role(&mut self, role: Role) {
        self.priority = match role {
            Role::Controlling => pair_priority(self.local_priority, self.remote_priority),
            Role::Controlled => pair_priority(self.remote_priority, self.local_priority),
        };
    }

    /// Whether a check of it may still succeed without a further message from the peer.
    pub(crate) fn is_active(&self) -> bool {
        let checking = matches!(self.state, PairState::Frozen | PairState::Waiting | PairState::InProgress);
        checking && !self.concluded && !self.dead
    }

    /// Whether data may be sent on it at `now`.
    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        self.state == PairState::Succeeded
            && !self.dead
            && self.consent.as_ref().is_some_and(|consent| consent.is_fresh(now))
    }

    pub(crate) fn remember(&mut self, request: Outstanding) {
        if self.outstanding.len() >= MAX_OUTSTANDING {
            self.outstanding.remove(0);
        }
        self.outstanding.push(request);
    }

    pub(crate) fn take_outstanding(&mut self, id: TransactionId) -> Option<Outstanding> {
        let index = self.outstanding.iter().position(|request| request.id == id)?;
        Some(self.outstanding.remove(index))
    }

    /// Ends the retransmissions; a late response still counts.
    pub(crate) fn cancel_check(&mut self) {
        self.check = None;
    }

    /// RFC 7675 §5.1: discards what is outstanding and buries the path for this session.
    pub(crate) fn bury(&mut self) {
        self.dead = true;
        self.state = PairState::Failed;
        self.nominate = false;
        self.nominated = false;
        self.check = None;
        self.consent = None;
        self.outstanding.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8445_6_1_2_3_pair_priority() {
        assert_eq!(pair_priority(1, 2), (1 << 32) + 4);
        assert_eq!(pair_priority(2, 1), (1 << 32) + 5);
        assert_eq!(pair_priority(u32::MAX, u32::MAX), u64::MAX);
    }
}
