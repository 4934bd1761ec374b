//! Requests and responses, written when they are sent (RFC 8445 §7.1, §7.2.2).

use crate::agent::Agent;
use crate::checklist::NextCheck;
use crate::consent::interval;
use crate::pair::{Check, Outstanding, Purpose};
use crate::{PairId, PairState, Role};
use alloc::vec::Vec;
use core::net::SocketAddr;
use siskin_base::{Direction, Instant, Packet, Path};
use siskin_stun::Timeline;
use siskin_stun::wire::{AttributeType, Builder, Class, ErrorCode, Method, TransactionId};

/// A response that waits for `poll_transmit`.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) path: Path,
    pub(crate) generation: u32,
    pub(crate) id: TransactionId,
    pub(crate) reply: Reply,
    /// The request was signed with MESSAGE-INTEGRITY-SHA256, so the response is too (RFC 8489 §9.1.3).
    pub(crate) sha256: bool,
}

#[derive(Debug)]
pub(crate) enum Reply {
    /// With the address that the request came from.
    Success(SocketAddr),
    /// To the peer.
    Error(ErrorCode),
    /// To the peer: 420 with what we did not know.
    Unknown(Vec<AttributeType>),
    /// To somebody who is not known to be the peer: unsigned.
    Stranger(ErrorCode),
}

impl Agent {
    /// Writes the most urgent message: a response, a repeated check, a request for consent, a new check, a query.
    pub(crate) fn write_next(&mut self, now: Instant, out: &mut Packet) -> Option<Path> {
        if self.state == crate::State::Closed {
            return None;
        }
        let path = self.write_response(out);
        let path = path.or_else(|| self.write_retransmission(now, out));
        let path = path.or_else(|| self.write_consent(now, out));
        let path = path.or_else(|| self.write_check(now, out));
        if path.is_some() {
            if self.config.observe {
                let bytes = out.current().to_vec();
                self.observe_packet(now, Direction::Out, &bytes);
            }
            out.finish();
            return path;
        }
        self.write_query(now, out)
    }

    fn write_response(&mut self, out: &mut Packet) -> Option<Path> {
        while let Some(response) = self.responses.pop_front() {
            let session = self.sessions().find(|session| session.generation == response.generation);
            let key = session.map(|session| &session.local_key);
            let class =
                if matches!(response.reply, Reply::Success(_)) { Class::Success } else { Class::Error };
            out.begin(0);
            let mut builder = Builder::new(out.buffer(), class, Method::BINDING, response.id);
            builder = match &response.reply {
                Reply::Success(mapped) => builder.xor_mapped_address(*mapped),
                Reply::Error(code) | Reply::Stranger(code) => builder.error(*code),
                Reply::Unknown(kinds) => {
                    builder.error(ErrorCode::UNKNOWN_ATTRIBUTE).unknown_attributes(kinds)
                }
            };
            if class == Class::Success {
                builder = carry(builder, &self.carried);
            }
            builder = match (&response.reply, key) {
                (Reply::Stranger(_), _) => builder,
                (_, Some(key)) if response.sha256 => builder.integrity_sha256(key),
                (_, Some(key)) => builder.integrity(key),
                // The session is gone, and its key with it.
                (_, None) => {
                    drop(builder);
                    out.cancel();
                    continue;
                }
            };
            if builder.fingerprint().finish().is_some() {
                return Some(response.path);
            }
            out.cancel();
        }
        None
    }

    fn write_retransmission(&mut self, now: Instant, out: &mut Packet) -> Option<Path> {
        let mut due = None;
        for pair in self.session.checklist.iter_mut() {
            let Some(check) = &mut pair.check else { continue };
            if check.timeline.take_send() {
                pair.counters.retransmissions_sent += 1;
                due = Some((pair.id, check.id, check.nominating));
                if let Some(request) = pair.outstanding.iter_mut().find(|request| request.id == check.id) {
                    request.resent = true;
                }
                break;
            }
        }
        let (pair, id, nominating) = due?;
        self.write_request(now, out, false, pair, id, nominating)
    }

    /// RFC 7675 §5.1: on the pair in use, each request once and with an id of its own.
    fn write_consent(&mut self, now: Instant, out: &mut Packet) -> Option<Path> {
        if self.config.lite {
            return None;
        }
        let (period, role) = (self.config.consent_interval, self.role);
        for previous in [true, false] {
            let session = if previous { self.previous.as_deref_mut() } else { Some(&mut self.session) };
            let Some(session) = session else { continue };
            let Some(pair) = session.selected.and_then(|id| session.checklist.get_mut(id)) else { continue };
            let Some(consent) = pair.consent.as_mut().filter(|consent| consent.is_fresh(now)) else {
                continue;
            };
            if consent.next > now {
                continue;
            }
            consent.next = now + interval(period, &mut self.rng);
            let id = TransactionId::random(&mut self.rng);
            let purpose = Purpose::Consent;
            pair.remember(Outstanding { id, sent: now, purpose, role, resent: false });
            pair.counters.consent_requests_sent += 1;
            let pair = pair.id;
            return self.write_request(now, out, previous, pair, id, false);
        }
        None
    }

    fn write_check(&mut self, now: Instant, out: &mut Packet) -> Option<Path> {
        let (id, triggered) = match self.next_check()? {
            NextCheck::Triggered(id) if self.triggered.take(now) => (id, true),
            NextCheck::Ordinary(id) if self.ordinary.take(now) => (id, false),
            _ => return None,
        };
        self.session.checklist.forget_triggered(id);
        // RFC 8445 §14.3: N as a factor beside the checks under way: not done, because the section leaves the choice, and a lost
        // first check of ten would wait five seconds.
        let under_way = self.session.checklist.iter().filter(|pair| pair.is_active()).count();
        let mut timing = self.config.timing;
        timing.rto = timing.rto.max(self.config.ta * (under_way.min(1_000) as u32));
        let role = self.role;
        let pair = self.session.checklist.get_mut(id)?;
        let nominating = pair.nominate && role == Role::Controlling;
        let transaction = TransactionId::random(&mut self.rng);
        let mut timeline = Timeline::new(timing, now);
        timeline.handle_timeout(now);
        timeline.take_send();
        if pair.state != PairState::Succeeded {
            pair.state = PairState::InProgress;
        }
        pair.check = Some(Check { id: transaction, timeline, nominating, triggered });
        let purpose = Purpose::Check { nominating };
        pair.remember(Outstanding { id: transaction, sent: now, purpose, role, resent: false });
        pair.counters.requests_sent += 1;
        self.write_request(now, out, false, id, transaction, nominating)
    }

    fn write_request(
        &mut self,
        _now: Instant,
        out: &mut Packet,
        previous: bool,
        pair: PairId,
        id: TransactionId,
        nominating: bool,
    ) -> Option<Path> {
        let session = if previous { self.previous.as_deref() } else { Some(&self.session) }?;
        let remote = session.remote.as_ref()?;
        let path = session.checklist.get(pair)?.path;
        let priority = self.base(path.base)?.peer_reflexive_priority();
        out.begin(0);
        let mut builder =
            Builder::new(out.buffer(), Class::Request, Method::BINDING, id).username(&remote.username);
        builder = match self.role {
            Role::Controlling => builder.ice_controlling(self.tie_breaker),
            Role::Controlled => builder.ice_controlled(self.tie_breaker),
        };
        // RFC 8445 §7.1.2: never as the controlled agent, should the role have changed since the first sending.
        if nominating && self.role == Role::Controlling {
            builder = builder.use_candidate();
        }
        let builder = carry(builder.priority(priority), &self.carried);
        // RFC 8489 §9.1.2: MESSAGE-INTEGRITY-SHA256 beside MESSAGE-INTEGRITY: not done, because RFC 8445 builds on RFC 5389, and
        // agents in use know SHA-1 alone. RFC 8489 §6.1: SOFTWARE: not done, because it tells strangers what we are.
        if builder.integrity(&remote.key).fingerprint().finish().is_none() {
            out.cancel();
            return None;
        }
        Some(path)
    }
}

fn carry<'a>(builder: Builder<'a>, attributes: &[(AttributeType, Vec<u8>)]) -> Builder<'a> {
    attributes.iter().fold(builder, |builder, (kind, value)| builder.attribute(*kind, value))
}
