//! Responses to our requests (RFC 8445 §7.2.5).

use crate::agent::Agent;
use crate::candidate::{LocalCandidate, is_reachable, udp_candidate};
use crate::pair::{Outstanding, Purpose};
use crate::{ConsentLoss, Event, PairId, PairState, Role, TypePreference};
use alloc::string::ToString as _;
use core::net::SocketAddr;
use siskin_base::{CandidateKind, Instant, Path};
use siskin_stun::wire::{AttributeType, Class, ErrorCode, Message};

const KNOWN: &[AttributeType] = &[
    AttributeType::MAPPED_ADDRESS,
    AttributeType::XOR_MAPPED_ADDRESS,
    AttributeType::ERROR_CODE,
    AttributeType::UNKNOWN_ATTRIBUTES,
    // Known, not expected, and ignored (RFC 8489 §6.3).
    AttributeType::USERNAME,
    AttributeType::PRIORITY,
    AttributeType::USE_CANDIDATE,
];

impl Agent {
    pub(crate) fn handle_response(&mut self, now: Instant, path: Path, message: &Message<'_>) {
        let id = message.transaction_id();
        let current = self.session.checklist.find_transaction(id);
        let before = self.previous.as_deref().and_then(|session| session.checklist.find_transaction(id));
        let (previous, pair) = match (current, before) {
            (Some(pair), _) => (false, pair),
            (None, Some(pair)) => (true, pair),
            (None, None) => {
                if !self.handle_server_response(now, path, message) {
                    self.drop_datagram(now, "no such transaction");
                }
                return;
            }
        };
        let session = if previous { self.previous.as_deref_mut() } else { Some(&mut self.session) };
        let Some(session) = session else { return };
        // RFC 8489 §9.1.4: what is not authenticated is as if it had not come.
        // Our requests are signed with SHA-1, so that a response is too.
        let as_asked = message.has_fingerprint() && !message.has_integrity_sha256();
        if !as_asked || !session.remote.as_ref().is_some_and(|remote| message.verify(&remote.key)) {
            self.stats.unauthenticated += 1;
            return self.drop_datagram(now, "not authenticated");
        }
        let Some(entry) = session.checklist.get_mut(pair) else { return };
        let Some(request) = entry.take_outstanding(id) else { return };
        let symmetric = entry.path == path;
        if entry.check.as_ref().is_some_and(|check| check.id == id) {
            entry.check = None;
        }
        entry.counters.responses_received += 1;
        if !request.resent {
            let rtt = now.since(request.sent);
            entry.counters.current_rtt = Some(rtt);
            entry.counters.total_rtt += rtt;
        }
        let code = message.error().map(|error| error.code);
        match (message.class(), code, symmetric) {
            // RFC 8489 §6.3.3, §6.3.4: what we do not understand and must.
            _ if message.unknown_required(KNOWN).next().is_some() => {
                self.fail_check(now, previous, pair, request)
            }
            // RFC 8445 §7.2.5.2.1.
            (_, _, false) => self.fail_check(now, previous, pair, request),
            (Class::Success, _, true) => {
                self.report_attributes(path, message);
                self.succeed(now, previous, pair, request, message.xor_mapped_address());
            }
            // RFC 7675 §5.2.
            (_, Some(ErrorCode::FORBIDDEN), true) => {
                self.lose_consent(now, previous, pair, ConsentLoss::Revoked);
                self.update_state(now);
            }
            (_, Some(ErrorCode::ROLE_CONFLICT), true) if !previous => self.yield_role(now, pair, request),
            _ => self.fail_check(now, previous, pair, request),
        }
    }

    /// RFC 8445 §7.2.5.3.
    fn succeed(
        &mut self,
        now: Instant,
        previous: bool,
        id: PairId,
        request: Outstanding,
        mapped: Option<SocketAddr>,
    ) {
        self.renew_consent(now, previous, id);
        if previous {
            return self.update_state(now);
        }
        let role = self.role;
        let Some(pair) = self.session.checklist.get_mut(id) else { return };
        if pair.state != PairState::Succeeded {
            pair.state = PairState::Succeeded;
            pair.check = None;
        }
        let nominating = request.purpose == Purpose::Check { nominating: true };
        if role == Role::Controlling && nominating {
            pair.nominated = true;
            pair.nominate = false;
        }
        pair.nominated |= role == Role::Controlled && pair.peer_nomination.is_some();
        let (path, foundation) = (pair.path, pair.foundation.clone());
        if !pair.nominate {
            self.session.checklist.forget_triggered(id);
        }
        self.session.checklist.thaw(&foundation);
        if let Some(mapped) = mapped.filter(|mapped| is_reachable(*mapped)) {
            self.learn_local(path, id, mapped);
        }
        self.session.valid_since.get_or_insert(now);
        self.session.was_valid = true;
        self.reselect(now);
        self.consider_nomination(now);
    }

    /// RFC 8445 §7.2.5.3.1: the peer sees us at an address that we did not know.
    fn learn_local(&mut self, path: Path, id: PairId, mapped: SocketAddr) {
        let Some(base) = self.base(path.base).cloned() else { return };
        if let Some(pair) = self.session.checklist.get_mut(id) {
            pair.mapped = (mapped != base.address).then_some(mapped);
        }
        if self.local_candidates.iter().any(|known| known.candidate.socket_addr() == Some(mapped)) {
            return;
        }
        let kind = TypePreference::PEER_REFLEXIVE;
        let foundation = self.foundations.get(kind, base.address.ip(), None).to_string();
        let priority = base.peer_reflexive_priority();
        let candidate =
            udp_candidate(CandidateKind::PeerReflexive, foundation, priority, mapped, Some(base.address));
        self.add_local_candidate(LocalCandidate { base: base.id, candidate });
    }

    /// RFC 8445 §7.2.5.1: the peer keeps its role, so that we take the other one and check again.
    fn yield_role(&mut self, now: Instant, pair: PairId, request: Outstanding) {
        self.stats.role_conflicts += 1;
        if self.role == request.role {
            let role = request.role.other();
            self.change_role(role);
            self.push_event(Event::RoleChange(role));
        }
        self.tie_breaker = self.rng.u64();
        self.trigger(pair, false);
        self.update_state(now);
    }

    /// RFC 8445 §7.2.5.2. A request for consent that fails changes nothing: consent runs out by itself.
    // RFC 8445 §7.2.5.3.4, §7.3.1.5: a checklist that fails with its nomination: not done, because other pairs may be valid; one
    // of them is nominated instead.
    pub(crate) fn fail_check(&mut self, now: Instant, previous: bool, id: PairId, request: Outstanding) {
        let Purpose::Check { nominating } = request.purpose else { return };
        if previous {
            return;
        }
        let Some(pair) = self.session.checklist.get_mut(id) else { return };
        // A newer check of the pair is under way or waiting: that one decides.
        if pair.check.is_some() || pair.state == PairState::Waiting {
            return;
        }
        if pair.state != PairState::Succeeded || nominating {
            pair.state = PairState::Failed;
            pair.nominate = false;
            if self.session.selected == Some(id) {
                self.session.selected = None;
            }
        }
        self.reselect(now);
        self.consider_nomination(now);
    }
}
