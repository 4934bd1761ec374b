//! What an ICE restart replaces: credentials, remote candidates, checklist (RFC 8445 §9).

use crate::checklist::Checklist;
use crate::pair::Pair;
use crate::{Credentials, PairId};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use siskin_base::{Candidate, Instant, Path};
use siskin_crypto::Provider;
use siskin_stun::IntegrityKey;

/// One ICE session.
pub(crate) struct Session {
    /// Counts restarts.
    pub(crate) generation: u32,
    pub(crate) local: Credentials,
    /// Signs our responses and verifies the peer's requests.
    pub(crate) local_key: IntegrityKey,
    pub(crate) remote: Option<Remote>,
    pub(crate) remote_candidates: Vec<RemoteCandidate>,
    pub(crate) end_of_candidates: bool,
    /// Authenticated checks that came before the peer's credentials.
    pub(crate) early: Vec<EarlyCheck>,
    pub(crate) checklist: Checklist,
    pub(crate) selected: Option<PairId>,
    /// When the first pair became valid, while one is.
    pub(crate) valid_since: Option<Instant>,
    /// Whether a pair ever was valid: patience is over then.
    pub(crate) was_valid: bool,
    /// When the pair in use last changed by a nomination.
    pub(crate) nominated_at: Option<Instant>,
    /// Counts late nominations.
    pub(crate) nominations: u32,
    /// When patience ends (RFC 8863 §4).
    pub(crate) patient_until: Option<Instant>,
}

/// The peer's end of a session.
pub(crate) struct Remote {
    pub(crate) credentials: Credentials,
    /// Signs our requests and verifies the peer's responses.
    pub(crate) key: IntegrityKey,
    /// `theirs:ours`, as our requests say it.
    pub(crate) username: String,
    pub(crate) lite: bool,
}

/// A candidate of the peer.
#[derive(Debug)]
pub(crate) struct RemoteCandidate {
    pub(crate) candidate: Candidate,
    /// `None` for a name that nobody resolved.
    pub(crate) address: Option<SocketAddr>,
}

/// A check that is waiting for the peer's credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyCheck {
    pub(crate) path: Path,
    pub(crate) priority: u32,
    pub(crate) nomination: Option<u32>,
}

impl Session {
    pub(crate) fn new(generation: u32, provider: &Provider, local: Credentials) -> Self {
        Self {
            generation,
            local_key: IntegrityKey::short_term(provider, &local.password),
            local,
            remote: None,
            remote_candidates: Vec::new(),
            end_of_candidates: false,
            early: Vec::new(),
            checklist: Checklist::default(),
            selected: None,
            valid_since: None,
            was_valid: false,
            nominated_at: None,
            nominations: 0,
            patient_until: None,
        }
    }

    pub(crate) fn selected_pair(&self) -> Option<&Pair> {
        self.selected.and_then(|id| self.checklist.get(id))
    }

    pub(crate) fn remote_candidate(&self, address: SocketAddr) -> Option<&RemoteCandidate> {
        self.remote_candidates.iter().find(|candidate| candidate.address == Some(address))
    }

    /// Whether the pair in use is nominated, so that nothing else needs checks.
    pub(crate) fn is_concluded(&self) -> bool {
        self.selected_pair().is_some_and(|pair| pair.nominated)
    }
}
