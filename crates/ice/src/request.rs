//! Requests from the peer, or from somebody who says so (RFC 8445 §7.3, RFC 8489 §9.1.3).

use crate::agent::Agent;
use crate::consent::Consent;
use crate::session::{EarlyCheck, Session};
use crate::transmit::{Reply, Response};
use crate::{Event, PairId, PairState, Role};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, Path};
use siskin_stun::wire::{AttributeType, Class, ErrorCode, Message};

/// Checks that wait for the peer's credentials; one per path.
const MAX_EARLY: usize = 16;
// RFC 8445 §7.3.1.4: nothing at all for a pair that has succeeded: not done, because its success may be long ago.
/// A nominated pair whose last response is older than this is checked again before it is trusted.
const RECENT: Duration = Duration::from_secs(15);

/// RFC 8445 §8.3.1: how long aggressive nomination may still change the pair.
const SETTLED: Duration = Duration::from_secs(3);

const KNOWN: &[AttributeType] = &[
    AttributeType::USERNAME,
    AttributeType::MESSAGE_INTEGRITY,
    AttributeType::MESSAGE_INTEGRITY_SHA256,
    AttributeType::PRIORITY,
    AttributeType::USE_CANDIDATE,
];

impl Agent {
    pub(crate) fn handle_request(&mut self, now: Instant, path: Path, message: &Message<'_>) {
        if self.base(path.base).is_none() {
            return self.drop_datagram(now, "unknown base");
        }
        // RFC 8445 §7.3, RFC 8489 §7.
        if !message.has_fingerprint() {
            return self.drop_datagram(now, "no fingerprint");
        }
        let previous = match self.authenticate(message) {
            Ok(previous) => previous,
            Err(code) => return self.refuse_stranger(now, path, message, code),
        };
        let session = if previous { self.previous.as_deref() } else { Some(&self.session) };
        let Some(session) = session else { return };
        // RFC 7675 §5.1: once consent is lost, these credentials are not used on this path, in responses neither.
        if session.checklist.find(&path).is_some_and(|pair| pair.dead) {
            return self.drop_datagram(now, "consent was lost on this path");
        }
        let generation = session.generation;
        let reply = match self.judge(message, previous) {
            Ok(()) => Reply::Success(path.remote),
            Err(reply) => reply,
        };
        let accepted = matches!(reply, Reply::Success(_));
        if accepted {
            self.report_attributes(path, message);
        }
        if self.responses.len() >= self.config.max_responses {
            return self.drop_datagram(now, "too many requests at once");
        }
        let id = message.transaction_id();
        let sha256 = message.has_integrity_sha256();
        self.responses.push_back(Response { path, generation, id, reply, sha256 });
        let session = if previous { self.previous.as_deref_mut() } else { Some(&mut self.session) };
        if let Some(pair) = session.and_then(|session| {
            let id = session.checklist.find(&path).map(|pair| pair.id);
            id.and_then(|id| session.checklist.get_mut(id))
        }) {
            pair.counters.requests_received += 1;
            pair.counters.responses_sent += 1;
            pair.peer_checked = true;
        } else if accepted && !previous {
            self.stats.checks_from_new_paths += 1;
        }
        if accepted && !previous {
            self.accept_check(now, path, message);
        }
    }

    /// Which session's credentials signed it: `false` for the current one, `true` for the one before.
    fn authenticate(&self, message: &Message<'_>) -> Result<bool, ErrorCode> {
        let username = message.username().filter(|_| message.has_integrity());
        let username = username.ok_or(ErrorCode::BAD_REQUEST)?;
        let (local, _) = username.split_once(':').ok_or(ErrorCode::UNAUTHENTICATED)?;
        let matches = |session: &&Session| session.local.ufrag == local;
        let session = self.sessions().find(matches).ok_or(ErrorCode::UNAUTHENTICATED)?;
        if !message.verify(&session.local_key) {
            return Err(ErrorCode::UNAUTHENTICATED);
        }
        Ok(session.generation != self.session.generation)
    }

    // RFC 8489 §9.1.3: an error for every request that cannot be authenticated: not done beyond a budget, because we would be a
    // mirror for those who forge their address.
    fn refuse_stranger(&mut self, now: Instant, path: Path, message: &Message<'_>, code: ErrorCode) {
        self.stats.unauthenticated += 1;
        self.drop_datagram(now, "not authenticated");
        // RFC 7675 §5.1: nothing at all goes where consent was lost.
        let dead = |session: &Session| session.checklist.find(&path).is_some_and(|pair| pair.dead);
        if self.sessions().any(dead) {
            return;
        }
        if self.responses.len() < self.config.max_responses && self.errors.take(now) {
            let id = message.transaction_id();
            let reply = Reply::Stranger(code);
            self.responses.push_back(Response { path, generation: 0, id, reply, sha256: false });
        }
    }

    /// What is wrong with an authenticated request.
    fn judge(&mut self, message: &Message<'_>, previous: bool) -> Result<(), Reply> {
        let unknown: Vec<_> = message.unknown_required(KNOWN).take(16).collect();
        if !unknown.is_empty() {
            return Err(Reply::Unknown(unknown));
        }
        if message.priority().is_none() {
            return Err(Reply::Error(ErrorCode::BAD_REQUEST));
        }
        if previous {
            return Ok(());
        }
        // RFC 8445 §7.3.1.1. A lite agent has no tie-breaker worth defending: the full one controls.
        let conflict = match self.role {
            Role::Controlling => message.ice_controlling().map(|theirs| self.tie_breaker >= theirs),
            Role::Controlled => message.ice_controlled().map(|theirs| self.tie_breaker < theirs),
        };
        match conflict {
            _ if self.config.lite => Ok(()),
            None => Ok(()),
            Some(true) => {
                self.stats.role_conflicts += 1;
                Err(Reply::Error(ErrorCode::ROLE_CONFLICT))
            }
            Some(false) => {
                self.stats.role_conflicts += 1;
                let role = self.role.other();
                self.change_role(role);
                self.push_event(Event::RoleChange(role));
                Ok(())
            }
        }
    }

    fn accept_check(&mut self, now: Instant, path: Path, message: &Message<'_>) {
        let priority = message.priority().unwrap_or_default();
        // Without a counter of its own, a nomination counts as the lowest one.
        let counter = message.nomination();
        let nomination = (message.use_candidate() || counter.is_some()).then(|| counter.unwrap_or(0));
        let Some(remote) = &self.session.remote else {
            // RFC 8445 §7.3: it is answered at once; the rest follows when the peer's credentials are here.
            let early = EarlyCheck { path, priority, nomination };
            let all = &mut self.session.early;
            if let Some(known) = all.iter_mut().find(|known| known.path == path) {
                *known = EarlyCheck { nomination: nomination.max(known.nomination), ..early };
            } else if all.len() < MAX_EARLY {
                all.push(early);
            }
            return;
        };
        // A check of a session that we do not know of: signalling is behind.
        let theirs =
            message.username().and_then(|username| username.split_once(':')).map(|(_, theirs)| theirs);
        if theirs == Some(remote.credentials.ufrag.as_str()) {
            self.handle_check(now, path, priority, nomination);
        }
    }

    /// RFC 8445 §7.3.1.3 to §7.3.1.5, for an authenticated check by the current session's peer.
    pub(crate) fn handle_check(&mut self, now: Instant, path: Path, priority: u32, nomination: Option<u32>) {
        if !self.learn_remote(path.remote, priority) {
            self.stats.remote_candidates_ignored += 1;
            return;
        }
        let Some(id) = self.form_pair(path, true) else { return };
        let (role, lite) = (self.role, self.config.lite);
        let concluded = self.session.is_concluded();
        let selected = self.session.selected == Some(id);
        let unresponsive = !self.selected_is_responsive(now);
        let ta = self.config.ta;
        // Aggressive nomination is over soon; a later one of another pair is a change of mind, without a counter too.
        let late = concluded && self.session.nominated_at.is_some_and(|at| now.since(at) >= SETTLED);
        let Some(pair) = self.session.checklist.get_mut(id).filter(|pair| !pair.dead) else { return };
        if !pair.peer_checked {
            pair.peer_checked = true;
            pair.counters.requests_received += 1;
            pair.counters.responses_sent += 1;
        }
        let nominated = nomination.filter(|_| role == Role::Controlled);
        pair.peer_nomination = pair.peer_nomination.max(nominated);
        if nominated.is_some() && late && !selected {
            self.session.nominations = self.session.nominations.saturating_add(1);
            pair.late_nomination = self.session.nominations;
        }
        if lite {
            // RFC 8445 §7.3.2: the pair is valid as soon as it is nominated.
            pair.state = PairState::Succeeded;
            pair.nominated |= nominated.is_some();
            return self.reselect(now);
        }
        let recent = |consent: &Consent| now.since(consent.renewed) < RECENT;
        if pair.state == PairState::Succeeded && pair.consent.as_ref().is_some_and(recent) {
            pair.nominated |= pair.peer_nomination.is_some() && role == Role::Controlled;
            return self.reselect(now);
        }
        // RFC 8445 §8.1.2: after a nomination we only answer; a nomination of this very pair, or a pair in use that does
        // not answer, is a reason to look again.
        if selected || (concluded && nominated.is_none() && !unresponsive) {
            return;
        }
        // RFC 8445 §7.3.1.4: a new check for each of the peer's: not done more than once per Ta, because browsers repeat theirs
        // quickly.
        let just_sent = pair.outstanding.iter().any(|request| now.since(request.sent) < ta);
        if just_sent && pair.check.as_ref().is_some_and(|check| check.triggered) {
            return;
        }
        self.trigger(id, false);
    }

    /// RFC 8445 §7.3.1.4: cancels what is under way, and checks the pair next.
    pub(crate) fn trigger(&mut self, id: PairId, first: bool) {
        if let Some(pair) = self.session.checklist.get_mut(id) {
            pair.cancel_check();
            pair.concluded = false;
            if pair.state != PairState::Succeeded {
                pair.state = PairState::Waiting;
            }
            self.session.checklist.trigger(id, first);
        }
    }

    /// Hands attributes that were asked for to the caller.
    pub(crate) fn report_attributes(&mut self, path: Path, message: &Message<'_>) {
        if self.config.watched_attributes.is_empty() {
            return;
        }
        let watched = message.attributes().filter(|a| self.config.watched_attributes.contains(&a.kind));
        let attributes: Vec<_> = watched.map(|a| (a.kind, a.value.to_vec())).collect();
        let class: Class = message.class();
        if !attributes.is_empty() {
            self.push_event(Event::PeerAttributes { path, class, attributes });
        }
    }
}
