//! What signalling tells of the peer: credentials and candidates (RFC 8445 §5.4, RFC 8838).

use crate::agent::Agent;
use crate::candidate::{is_reachable, may_pair, udp_candidate};
use crate::pair::Pair;
use crate::session::{Remote, RemoteCandidate};
use crate::{Credentials, Misuse, PairId, RemoteKind, Role, State};
use alloc::format;
use alloc::string::{String, ToString as _};
use core::net::SocketAddr;
use siskin_base::{BaseId, Candidate, CandidateKind, CandidateTransport, Instant, Path, push_tight};
use siskin_stun::IntegrityKey;

impl Agent {
    /// Takes the peer's credentials: checks may start. Giving the same ones again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Misuse::RestartRequired`], if others are set; [`Misuse::Closed`].
    pub fn set_remote_credentials(
        &mut self,
        now: Instant,
        credentials: Credentials,
        kind: RemoteKind,
    ) -> Result<(), Misuse> {
        if self.state == State::Closed {
            return Err(Misuse::Closed);
        }
        if let Some(remote) = &self.session.remote {
            return if remote.credentials == credentials { Ok(()) } else { Err(Misuse::RestartRequired) };
        }
        self.session.remote = Some(Remote {
            key: IntegrityKey::short_term(&self.config.provider, &credentials.password),
            username: format!("{}:{}", credentials.ufrag, self.session.local.ufrag),
            lite: kind.lite,
            credentials,
        });
        // RFC 8863 §4: the timer runs from the moment that the peer's credentials are known.
        self.session.patient_until = Some(now + self.config.patience);
        // RFC 8445 §6.1.1: facing a lite agent, the full one controls.
        if kind.lite && !self.config.lite && self.role == Role::Controlled {
            self.change_role(Role::Controlling);
        } else if self.config.lite && !kind.lite && self.role == Role::Controlling {
            self.change_role(Role::Controlled);
        }
        for early in core::mem::take(&mut self.session.early) {
            self.handle_check(now, early.path, early.priority, early.nomination);
        }
        self.update_state(now);
        self.touch();
        Ok(())
    }

    /// Takes a candidate of the peer, at any time.
    ///
    /// What this agent cannot use is not an error: other transports, components other than 1, addresses where no peer
    /// can be, names that nobody resolved (their owner's checks still make them known), a fragment of another session,
    /// what comes after the end of candidates, and what exceeds the limits.
    ///
    /// # Errors
    ///
    /// [`Misuse::Closed`].
    pub fn add_remote_candidate(&mut self, now: Instant, candidate: &Candidate) -> Result<(), Misuse> {
        if self.state == State::Closed {
            return Err(Misuse::Closed);
        }
        let address = candidate.socket_addr();
        let of_session = |ufrag: &str| self.remote_credentials().is_none_or(|ours| ours.ufrag == ufrag);
        // RFC 8838 §14: what comes after the end is not heeded.
        let usable = !self.session.end_of_candidates
            && candidate.transport == CandidateTransport::Udp
            && candidate.component == 1
            && address.is_none_or(is_reachable)
            && candidate.extension("ufrag").is_none_or(of_session);
        if !usable {
            self.stats.remote_candidates_ignored += 1;
            return Ok(());
        }
        let known = self.session.remote_candidates.iter_mut().find(|known| match address {
            Some(_) => known.address == address,
            None => known.candidate.address == candidate.address && known.candidate.port == candidate.port,
        });
        if let Some(known) = known {
            // RFC 8838 §11: what was learned from a check takes the signalled properties; its pairs stay.
            if known.candidate.kind == CandidateKind::PeerReflexive {
                known.candidate = candidate.clone();
                if let Some(address) = address {
                    self.update_remote_pairs(address, candidate);
                }
            }
            return Ok(());
        }
        if self.session.remote_candidates.len() >= self.config.max_remote_candidates {
            self.stats.remote_candidates_ignored += 1;
            return Ok(());
        }
        push_tight(
            &mut self.session.remote_candidates,
            RemoteCandidate { candidate: candidate.clone(), address },
        );
        if let Some(address) = address {
            let bases: alloc::vec::Vec<BaseId> = self.bases.iter().map(|base| base.id).collect();
            for base in bases {
                self.form_pair(Path::udp(base, address), false);
            }
        }
        self.update_state(now);
        self.touch();
        Ok(())
    }

    /// No further candidate of the peer will come (RFC 8838 §14).
    pub fn set_remote_end_of_candidates(&mut self, now: Instant) {
        self.session.end_of_candidates = true;
        self.update_state(now);
        self.touch();
    }

    /// RFC 8445 §7.3.1.3: an address that nobody signalled.
    pub(crate) fn learn_remote(&mut self, address: SocketAddr, priority: u32) -> bool {
        if self.session.remote_candidate(address).is_some() {
            return true;
        }
        if self.session.remote_candidates.len() >= self.config.max_remote_candidates {
            // The oldest one that was learned and leads nowhere gives way.
            let useless = self.session.remote_candidates.iter().position(|known| {
                known.candidate.kind == CandidateKind::PeerReflexive
                    && !self.session.checklist.iter().any(|pair| Some(pair.path.remote) == known.address)
            });
            let Some(useless) = useless else { return false };
            self.session.remote_candidates.remove(useless);
        }
        let foundation = format!("prflx{}", self.next_pair);
        let candidate = udp_candidate(CandidateKind::PeerReflexive, foundation, priority, address, None);
        push_tight(
            &mut self.session.remote_candidates,
            RemoteCandidate { candidate, address: Some(address) },
        );
        true
    }

    /// Pairs the base of `path` with the candidate at its other end (RFC 8445 §6.1.2.2), and gives the pair if it is on
    /// the list then. A lite agent forms pairs only for checks that came.
    pub(crate) fn form_pair(&mut self, path: Path, wanted: bool) -> Option<PairId> {
        if let Some(pair) = self.session.checklist.find(&path) {
            return Some(pair.id);
        }
        if self.config.lite && !wanted {
            return None;
        }
        let base = self.base(path.base)?;
        if !may_pair(base.address.ip(), path.remote.ip()) && !wanted {
            return None;
        }
        let (local_ip, local_priority) = (base.address.ip(), base.host_priority());
        let remote = &self.session.remote_candidate(path.remote)?.candidate;
        let remote: (u32, String) = (remote.priority, remote.foundation.to_string());
        let foundation = self.foundations.get(crate::TypePreference::HOST, local_ip, None);
        let id = PairId(self.next_pair);
        let pair = Pair::new(id, path, (local_priority, foundation), remote, self.role);
        let mut pair = pair;
        // What comes after a nomination is not checked, unless the peer asks.
        pair.concluded = self.session.is_concluded();
        if !self.session.checklist.insert(pair, self.config.max_pairs, wanted) {
            self.stats.pairs_refused += 1;
            return None;
        }
        self.next_pair = self.next_pair.wrapping_add(1);
        Some(id)
    }

    fn update_remote_pairs(&mut self, address: SocketAddr, candidate: &Candidate) {
        let role = self.role;
        for pair in self.session.checklist.iter_mut().filter(|pair| pair.path.remote == address) {
            pair.remote_priority = candidate.priority;
            pair.foundation.1.clone_from(&candidate.foundation);
            pair.set_role(role);
        }
    }
}
