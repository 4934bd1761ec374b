//! Gathering: host candidates from bases, server-reflexive ones from STUN servers (RFC 8445 §5.1.1).

use crate::agent::Agent;
use crate::candidate::{Base, LocalCandidate, host_candidate, is_reachable, may_be_offered, udp_candidate};
use crate::{Event, GatheringState, Misuse, TypePreference, candidate_priority};
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use siskin_base::{BaseId, CandidateKind, Direction, Instant, Packet, Path, earliest, push_tight};
use siskin_stun::Timeline;
use siskin_stun::wire::{AttributeType, Builder, Class, Message, Method, TransactionId};

/// RFC 8445 §5.1.1.4: a server-reflexive candidate is kept alive while it may be chosen; §11 gives 15 s.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The servers, and one query from each base to each of them.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    servers: Vec<SocketAddr>,
    queries: Vec<Query>,
    finished: bool,
    announced: bool,
}

#[derive(Debug)]
struct Query {
    path: Path,
    id: TransactionId,
    state: QueryState,
}

/// ```text
/// Pending --a pacing slot--> Asking --response--> Answered;  Asking --gathering_timeout--> Failed
/// ```
#[derive(Debug)]
enum QueryState {
    Pending,
    Asking { timeline: Timeline, gives_up: Instant },
    Answered { refresh: Instant },
    Failed,
}

impl Gathering {
    pub(crate) fn state(&self, has_base: bool) -> GatheringState {
        match (self.is_complete(), has_base || self.finished) {
            (true, _) => GatheringState::Complete,
            (false, true) => GatheringState::Gathering,
            (false, false) => GatheringState::New,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        let over = |query: &Query| matches!(query.state, QueryState::Answered { .. } | QueryState::Failed);
        self.finished && self.queries.iter().all(over)
    }

    pub(crate) fn handles(&self, id: TransactionId) -> bool {
        self.queries.iter().any(|query| query.id == id)
    }

    pub(crate) fn has_pending(&self) -> bool {
        self.queries.iter().any(|query| matches!(query.state, QueryState::Pending))
    }

    /// Asks everything again, for a restart.
    pub(crate) fn restart(&mut self) {
        self.announced = false;
        self.queries.iter_mut().for_each(|query| query.state = QueryState::Pending);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for query in &mut self.queries {
            if let QueryState::Asking { timeline, gives_up } = &mut query.state {
                timeline.handle_timeout(now);
                if timeline.is_closed() || *gives_up <= now {
                    query.state = QueryState::Failed;
                }
            }
        }
    }

    /// `keep_alive`: no pair is nominated yet, so that mappings on NATs must stay.
    pub(crate) fn poll_timeout(&self, keep_alive: bool) -> Option<Instant> {
        self.queries.iter().fold(None, |deadline, query| {
            let due = match &query.state {
                QueryState::Asking { timeline, gives_up } => {
                    earliest(timeline.poll_timeout(), Some(*gives_up))
                }
                QueryState::Answered { refresh } if keep_alive => Some(*refresh),
                _ => None,
            };
            earliest(deadline, due)
        })
    }
}

impl Agent {
    /// Adds something to send from: a socket bound to `address`. Its host candidate follows as an event, and every
    /// STUN server is asked through it. Loopback addresses are taken: who adds one knows that the peer is on this machine.
    /// `preference` ranks bases, see [`local_preferences`](crate::local_preferences).
    ///
    /// # Errors
    ///
    /// [`Misuse::BadAddress`] for a wildcard address and for kinds of IPv6 that must not be offered (RFC 8445 §5.1.1.1),
    /// [`Misuse::DuplicateBase`], [`Misuse::LimitReached`],
    /// [`Misuse::Closed`].
    pub fn add_local_base(
        &mut self,
        now: Instant,
        id: BaseId,
        address: SocketAddr,
        preference: u16,
    ) -> Result<(), Misuse> {
        if self.state == crate::State::Closed {
            return Err(Misuse::Closed);
        }
        if !is_reachable(address) || !may_be_offered(address.ip()) {
            return Err(Misuse::BadAddress);
        }
        if self.base(id).is_some() {
            return Err(Misuse::DuplicateBase);
        }
        if self.local_candidates.len() >= self.config.max_local_candidates {
            return Err(Misuse::LimitReached);
        }
        // RFC 8838 §13: none after the end of candidates or a nomination: not done, because a new base is the caller's decision:
        // an interface came up, and the peer may reach us there.
        let base = Base { id, address, preference };
        let host = host_candidate(&base, &mut self.foundations);
        self.bases.push(base);
        self.add_local_candidate(host);
        for server in self.gathering.servers.clone() {
            self.add_query(id, address, server);
        }
        let remotes: Vec<SocketAddr> =
            self.session.remote_candidates.iter().filter_map(|remote| remote.address).collect();
        for remote in remotes {
            self.form_pair(Path::udp(id, remote), false);
        }
        self.update_state(now);
        self.touch();
        Ok(())
    }

    /// The base is gone: a network interface went down. Its candidates and pairs go with it.
    ///
    /// # Errors
    ///
    /// [`Misuse::UnknownBase`].
    pub fn remove_local_base(&mut self, now: Instant, id: BaseId) -> Result<(), Misuse> {
        self.base(id).ok_or(Misuse::UnknownBase)?;
        self.bases.retain(|base| base.id != id);
        self.local_candidates.retain(|local| local.base != id);
        self.gathering.queries.retain(|query| query.path.base != id);
        self.responses.retain(|response| response.path.base != id);
        let previous = self.previous.as_deref_mut();
        for session in core::iter::once(&mut self.session).chain(previous) {
            let gone: Vec<_> =
                session.checklist.iter().filter(|pair| pair.path.base == id).map(|pair| pair.id).collect();
            for pair in gone {
                session.checklist.remove(pair);
                session.selected = session.selected.filter(|selected| *selected != pair);
            }
        }
        if self.session.selected.is_none() {
            // What a nomination had put aside is worth a check again.
            self.session.checklist.reopen();
        }
        self.previous = self.previous.take().filter(|previous| previous.selected.is_some());
        self.reselect(now);
        self.consider_nomination(now);
        self.announce_gathering();
        self.touch();
        Ok(())
    }

    /// Asks `server` from every base of its family, now and later.
    ///
    /// # Errors
    ///
    /// [`Misuse::LimitReached`], [`Misuse::BadAddress`], [`Misuse::Closed`].
    pub fn add_stun_server(&mut self, _now: Instant, server: SocketAddr) -> Result<(), Misuse> {
        if self.state == crate::State::Closed {
            return Err(Misuse::Closed);
        }
        if !is_reachable(server) {
            return Err(Misuse::BadAddress);
        }
        if self.gathering.servers.contains(&server) {
            return Ok(());
        }
        if self.gathering.servers.len() >= self.config.max_servers {
            return Err(Misuse::LimitReached);
        }
        self.gathering.servers.push(server);
        let bases: Vec<_> = self.bases.iter().map(|base| (base.id, base.address)).collect();
        for (id, address) in bases {
            self.add_query(id, address, server);
        }
        self.touch();
        Ok(())
    }

    /// No further base or server will be added: [`Event::GatheringComplete`] comes as soon as every server has answered or
    /// has taken too long.
    pub fn finish_gathering(&mut self, now: Instant) {
        self.gathering.finished = true;
        self.announce_gathering();
        self.update_state(now);
        self.touch();
    }

    /// Announces a local candidate, unless its address is known for that base (RFC 8445 §5.1.3) or there are too many.
    pub(crate) fn add_local_candidate(&mut self, local: LocalCandidate) -> bool {
        let address = local.candidate.socket_addr();
        let same =
            |known: &LocalCandidate| known.base == local.base && known.candidate.socket_addr() == address;
        if self.local_candidates.iter().any(same)
            || self.local_candidates.len() >= self.config.max_local_candidates
        {
            return false;
        }
        // RFC 8445 §7.2.5.3.1: a peer-reflexive candidate need not be signalled.
        if local.candidate.kind != CandidateKind::PeerReflexive {
            self.push_event(Event::LocalCandidate(local.candidate.clone()));
        }
        push_tight(&mut self.local_candidates, local);
        true
    }

    pub(crate) fn announce_gathering(&mut self) {
        if self.gathering.is_complete() && !self.gathering.announced {
            self.gathering.announced = true;
            self.push_event(Event::GatheringComplete);
        }
    }

    /// A response to a query. It is not authenticated: its transaction id and its way must do (RFC 8489 §6.3.3).
    pub(crate) fn handle_server_response(&mut self, now: Instant, path: Path, message: &Message<'_>) -> bool {
        let id = message.transaction_id();
        let query = self.gathering.queries.iter_mut().find(|query| query.id == id && query.path == path);
        let Some(query) = query else { return false };
        if message.class() == Class::Error {
            if matches!(query.state, QueryState::Asking { .. }) {
                query.state = QueryState::Failed;
            }
        } else if let QueryState::Asking { .. } = query.state {
            query.state = QueryState::Answered { refresh: now + KEEPALIVE };
            let mapped = message
                .xor_mapped_address()
                .or_else(|| message.plain_address(AttributeType::MAPPED_ADDRESS))
                .filter(|mapped| is_reachable(*mapped));
            if let (Some(mapped), Some(base)) = (mapped, self.base(path.base).cloned()) {
                let kind = TypePreference::SERVER_REFLEXIVE;
                let foundation = self.foundations.get(kind, base.address.ip(), Some(path.remote.ip()));
                // RFC 8445 §5.1.2: no two candidates have one priority; bases leave room between their preferences.
                let others = self.local_candidates.iter().filter(|known| {
                    known.base == base.id && known.candidate.kind == CandidateKind::ServerReflexive
                });
                let below = u16::try_from(others.count()).unwrap_or(u16::MAX);
                let candidate = udp_candidate(
                    CandidateKind::ServerReflexive,
                    foundation.to_string(),
                    candidate_priority(kind, base.preference.saturating_sub(below)),
                    mapped,
                    Some(base.address),
                );
                self.add_local_candidate(LocalCandidate { base: base.id, candidate });
            }
        }
        self.announce_gathering();
        self.update_state(now);
        true
    }

    /// Writes a query that is due: a repeated one, a keepalive, or, if the pace allows, a new one.
    pub(crate) fn write_query(&mut self, now: Instant, out: &mut Packet) -> Option<Path> {
        let keep_alive = !self.session.is_concluded();
        let (timing, patience) = (self.config.timing, self.config.gathering_timeout);
        let mut due = None;
        for query in &mut self.gathering.queries {
            let is_due = match &mut query.state {
                QueryState::Asking { timeline, .. } => timeline.take_send(),
                QueryState::Answered { refresh } if keep_alive && *refresh <= now => {
                    *refresh = now + KEEPALIVE;
                    query.id = TransactionId::random(&mut self.rng);
                    true
                }
                QueryState::Pending if self.ordinary.take(now) => {
                    let mut timeline = Timeline::new(timing, now);
                    timeline.handle_timeout(now);
                    timeline.take_send();
                    query.id = TransactionId::random(&mut self.rng);
                    query.state = QueryState::Asking { timeline, gives_up: now + patience };
                    true
                }
                _ => false,
            };
            if is_due {
                due = Some(query);
                break;
            }
        }
        let query = due?;
        out.begin(0);
        let builder = Builder::new(out.buffer(), Class::Request, Method::BINDING, query.id);
        builder.fingerprint().finish()?;
        let path = query.path;
        if self.config.observe {
            let bytes = out.current().to_vec();
            self.observe_packet(now, Direction::Out, &bytes);
        }
        out.finish();
        Some(path)
    }

    fn add_query(&mut self, base: BaseId, address: SocketAddr, server: SocketAddr) {
        // A server on a public address cannot tell a loopback socket anything.
        if address.is_ipv6() == server.is_ipv6() && (!address.ip().is_loopback() || server.ip().is_loopback())
        {
            self.gathering.announced = false;
            let id = TransactionId::random(&mut self.rng);
            let path = Path::udp(base, server);
            self.gathering.queries.push(Query { path, id, state: QueryState::Pending });
        }
    }
}
