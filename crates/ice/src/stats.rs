//! What can be counted (W3C webrtc-stats, RTCIceCandidatePairStats).

use crate::agent::Agent;
use crate::pair::Pair;
use crate::session::Session;
use crate::{PairId, PairState};
use core::time::Duration;
use siskin_base::{Candidate, Path};

/// Counters over an agent's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams that were dropped.
    pub dropped: u64,
    /// Of these, messages that failed authentication.
    pub unauthenticated: u64,
    /// Role conflicts, noticed by either side.
    pub role_conflicts: u64,
    /// Remote candidates that were not usable or too many.
    pub remote_candidates_ignored: u64,
    /// Pairs that found no room.
    pub pairs_refused: u64,
    /// Authenticated checks from paths without a pair.
    pub checks_from_new_paths: u64,
}

/// A candidate pair as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairStats<'a> {
    /// Names it.
    pub id: PairId,
    /// Its way.
    pub path: Path,
    /// Our end: the base's candidate, or the one that the peer sees.
    pub local: Option<&'a Candidate>,
    /// The peer's end.
    pub remote: Option<&'a Candidate>,
    /// As in the checklist.
    pub state: PairState,
    /// RFC 8445 §6.1.2.3.
    pub priority: u64,
    /// Whether a nomination of it succeeded.
    pub nominated: bool,
    /// Whether data goes this way.
    pub selected: bool,
    /// Checks sent, retransmissions and requests for consent not counted.
    pub requests_sent: u64,
    /// Checks sent again.
    pub retransmissions_sent: u64,
    /// Authenticated checks received.
    pub requests_received: u64,
    /// Responses sent.
    pub responses_sent: u64,
    /// Authenticated responses received.
    pub responses_received: u64,
    /// Requests for consent sent (RFC 7675).
    pub consent_requests_sent: u64,
    /// The last round-trip time measured.
    pub current_rtt: Option<Duration>,
    /// The sum of all round-trip times measured.
    pub total_rtt: Duration,
}

impl Agent {
    /// The current session's pairs and, during a restart, the pair of the session before that still carries data.
    pub fn pairs(&self) -> impl Iterator<Item = PairStats<'_>> {
        let before = self.previous.as_ref().into_iter().flat_map(move |session| {
            let kept = session.checklist.iter().filter(|pair| session.selected == Some(pair.id));
            kept.map(move |pair| self.pair_stats(session, pair))
        });
        self.session.checklist.iter().map(|pair| self.pair_stats(&self.session, pair)).chain(before)
    }

    fn pair_stats<'a>(&'a self, session: &'a Session, pair: &Pair) -> PairStats<'a> {
        let base = self.base(pair.path.base);
        let local = pair.mapped.or_else(|| base.map(|base| base.address));
        let local = self
            .local_candidates
            .iter()
            .find(|known| known.base == pair.path.base && known.candidate.socket_addr() == local);
        PairStats {
            id: pair.id,
            path: pair.path,
            local: local.map(|local| &local.candidate),
            remote: session.remote_candidate(pair.path.remote).map(|remote| &remote.candidate),
            state: pair.state,
            priority: pair.priority,
            nominated: pair.nominated,
            selected: session.selected == Some(pair.id),
            requests_sent: pair.counters.requests_sent,
            retransmissions_sent: pair.counters.retransmissions_sent,
            requests_received: pair.counters.requests_received,
            responses_sent: pair.counters.responses_sent,
            responses_received: pair.counters.responses_received,
            consent_requests_sent: pair.counters.consent_requests_sent,
            current_rtt: pair.counters.current_rtt,
            total_rtt: pair.counters.total_rtt,
        }
    }
}
