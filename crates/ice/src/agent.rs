//! The agent: its verbs, its commands, and what can be asked of it.

use crate::candidate::{Base, Foundations, LocalCandidate};
use crate::gathering::Gathering;
use crate::pacing::Pacer;
use crate::session::Session;
use crate::stats::Stats;
use crate::transmit::Response;
use crate::{Config, Credentials, Event, GatheringState, Misuse, PairId, Role, State};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use siskin_base::{Candidate, Direction, Instant, Layer, Observation, Packet, Path, Received, Rng, Transmit};
use siskin_stun::wire::{AttributeType, Class, Message, Method, TransactionId};

/// Events and observations that wait for their reader; the oldest give way.
const MAX_EVENTS: usize = 256;
const MAX_OBSERVATIONS: usize = 1_024;
/// What carried attributes may take together, padding and headers included.
const MAX_CARRIED: usize = 1_100;

/// An ICE agent for one component of one data stream.
///
/// Call `poll_transmit` until it gives `None`, then `poll_event`, then ask `poll_timeout`; repeat after every input.
pub struct Agent {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) role: Role,
    pub(crate) tie_breaker: u64,
    pub(crate) state: State,
    pub(crate) bases: Vec<Base>,
    pub(crate) local_candidates: Vec<LocalCandidate>,
    pub(crate) foundations: Foundations,
    pub(crate) gathering: Gathering,
    pub(crate) session: Session,
    /// The session before a restart, while its pair carries the data.
    pub(crate) previous: Option<Box<Session>>,
    /// The session before a restart that had no pair in use: kept for a roll-back only.
    pub(crate) replaced: Option<Box<Session>>,
    /// There was a restart that nobody has accepted yet.
    pub(crate) revocable: bool,
    pub(crate) next_pair: u32,
    pub(crate) responses: VecDeque<Response>,
    pub(crate) carried: Vec<(AttributeType, Vec<u8>)>,
    pub(crate) ordinary: Pacer,
    pub(crate) triggered: Pacer,
    pub(crate) errors: Pacer,
    pub(crate) stats: Stats,
    pub(crate) announced: Option<(u32, PairId)>,
    events: VecDeque<Event>,
    observations: VecDeque<Observation>,
    /// Something changed since the deadline was computed.
    pub(crate) dirty: bool,
    pub(crate) deadline: Option<Instant>,
}

impl Agent {
    /// An agent that has nothing to send from yet, in the controlled role.
    pub fn new(config: Config, mut rng: Rng, now: Instant) -> Self {
        let credentials = Credentials::random(&mut rng);
        Self::with_credentials(config, credentials, rng, now)
    }

    /// As [`new`](Self::new), with credentials that were signalled already: [`Credentials::random`] makes them.
    pub fn with_credentials(config: Config, credentials: Credentials, mut rng: Rng, now: Instant) -> Self {
        let errors = core::time::Duration::from_secs(1) / config.max_unauthenticated_errors.max(1);
        Self {
            role: Role::Controlled,
            tie_breaker: rng.u64(),
            state: State::New,
            bases: Vec::new(),
            local_candidates: Vec::new(),
            foundations: Foundations::default(),
            gathering: Gathering::default(),
            session: Session::new(0, &config.provider, credentials),
            previous: None,
            replaced: None,
            revocable: false,
            next_pair: 0,
            responses: VecDeque::new(),
            carried: Vec::new(),
            ordinary: Pacer::new(config.ta, config.burst, now),
            triggered: Pacer::new(config.ta, config.burst, now),
            errors: Pacer::new(errors, config.max_unauthenticated_errors, now),
            stats: Stats::default(),
            announced: None,
            events: VecDeque::new(),
            observations: VecDeque::new(),
            dirty: false,
            deadline: None,
            config,
            rng,
        }
    }

    /// Takes a datagram that looks like STUN; junk is dropped and counted.
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        if self.state == State::Closed {
            return;
        }
        let message = match Message::parse(received.datagram) {
            Ok(message) if message.method() == Method::BINDING => message,
            _ => return self.drop_datagram(now, "not a Binding message"),
        };
        self.observe_packet(now, Direction::In, message.as_bytes());
        match message.class() {
            Class::Request => self.handle_request(now, received.path, &message),
            Class::Success | Class::Error => self.handle_response(now, received.path, &message),
            // RFC 8445 §11: a keepalive; it asks for nothing and proves nothing.
            Class::Indication => {}
        }
        self.touch();
    }

    /// Moves on; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.dirty || self.deadline.is_some_and(|deadline| deadline <= now) {
            self.advance(now);
            self.touch();
        }
    }

    /// Appends one finished datagram to `out` and says where it goes; `None` when there is nothing to send at `now`.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        if !self.dirty && self.deadline.is_none_or(|deadline| deadline > now) {
            return None;
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.advance(now);
        }
        let path = self.write_next(now, out);
        match path {
            Some(_) => self.touch(),
            None => {
                self.deadline = self.compute_deadline();
                self.dirty = false;
            }
        }
        path.map(Transmit::single)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() {
            // They are rare, and agents are many: an idle one keeps no room for them.
            self.events = VecDeque::new();
        }
        event
    }

    /// The next observation, if the configuration asks for them.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        self.observations.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next due; `None` for never. Ask last.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.dirty { self.compute_deadline() } else { self.deadline }
    }

    /// Takes the role that signalling gives (RFC 8445 §6.1.1): the offerer controls, unless the peer alone is lite. Call it
    /// once, before the first checks: conflicts are resolved by the checks themselves, and a restart keeps the role.
    pub fn set_role(&mut self, now: Instant, role: Role) {
        if self.role != role {
            self.change_role(role);
            self.consider_nomination(now);
            self.touch();
        }
    }

    /// Sets attributes that every request and response carries from now on, until they are set again.
    ///
    /// # Errors
    ///
    /// [`Misuse::TooLarge`], if they take more than 1,100 bytes.
    pub fn set_carried_attributes(
        &mut self,
        attributes: Vec<(AttributeType, Vec<u8>)>,
    ) -> Result<(), Misuse> {
        if attributes.iter().map(|(_, value)| value.len() + 7).sum::<usize>() > MAX_CARRIED {
            return Err(Misuse::TooLarge);
        }
        self.carried = attributes;
        Ok(())
    }

    /// Ends everything: nothing is sent any more.
    pub fn close(&mut self, now: Instant) {
        self.responses.clear();
        self.previous = None;
        self.gathering = Gathering::default();
        self.session.checklist = crate::checklist::Checklist::default();
        self.session.selected = None;
        self.set_state(now, State::Closed);
        self.touch();
    }

    /// What to signal to the peer, together with the candidates.
    pub fn local_credentials(&self) -> &Credentials {
        &self.session.local
    }

    /// The peer's credentials, once set.
    pub fn remote_credentials(&self) -> Option<&Credentials> {
        self.session.remote.as_ref().map(|remote| &remote.credentials)
    }

    /// The agent's state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The role, which conflicts may have changed.
    pub fn role(&self) -> Role {
        self.role
    }

    /// How far gathering is.
    pub fn gathering_state(&self) -> GatheringState {
        self.gathering.state(!self.bases.is_empty())
    }

    /// Local candidates, those that only the peer saw included.
    pub fn local_candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.local_candidates.iter().map(|local| &local.candidate)
    }

    /// The peer's candidates, those that only its checks told included.
    pub fn remote_candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.session.remote_candidates.iter().map(|remote| &remote.candidate)
    }

    /// The path for data: the best valid pair's until one is nominated, the nominated one's from then on; during a
    /// restart the old one's.
    pub fn selected_path(&self) -> Option<Path> {
        let session = self.selected_session()?;
        session.selected_pair().map(|pair| pair.path)
    }

    /// Whether data may be sent on the [`selected_path`](Self::selected_path) at `now`: the peer's consent is fresh.
    pub fn can_send(&self, now: Instant) -> bool {
        let pair = self.selected_session().and_then(Session::selected_pair);
        pair.is_some_and(|pair| !pair.dead && (self.config.lite || pair.is_valid(now)))
    }

    /// Whether a pair, checked or not, has this path.
    pub fn is_known_path(&self, path: &Path) -> bool {
        self.sessions().any(|session| session.checklist.find(path).is_some())
    }

    /// Whether the peer has shown to be at the other end of `path`: by an authenticated check of its own, be it ahead of its
    /// description, or by answering one of ours. Data from elsewhere is not the peer's.
    // RFC 8445 §12.2: data on every candidate from the start: not done, because whoever is first with a DTLS flight would be
    // served, peer or not; the peer's checks come before its data, or the data comes again.
    pub fn accepts_data_from(&self, path: &Path) -> bool {
        self.sessions().any(|session| {
            let selected = session.selected_pair().filter(|pair| pair.path == *path);
            let pair = selected.or_else(|| session.checklist.find(path));
            let early = || session.early.iter().any(|check| check.path == *path);
            early() || pair.is_some_and(|pair| pair.peer_checked || pair.counters.responses_received > 0)
        })
    }

    /// Whether a response with this transaction id would be for this agent.
    pub fn handles_transaction(&self, id: &[u8; 12]) -> bool {
        let id = TransactionId(*id);
        self.gathering.handles(id)
            || self.sessions().any(|session| session.checklist.find_transaction(id).is_some())
    }

    /// Whether `ufrag` is ours: in this session, or in the one before a restart.
    pub fn has_local_ufrag(&self, ufrag: &str) -> bool {
        self.sessions().any(|session| session.local.ufrag == ufrag)
    }

    /// Whether `ufrag` is the peer's: in this session, or in the one before a restart.
    pub fn has_remote_ufrag(&self, ufrag: &str) -> bool {
        self.sessions()
            .any(|session| session.remote.as_ref().is_some_and(|remote| remote.credentials.ufrag == ufrag))
    }

    /// Counters over the agent's life.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Session> {
        core::iter::once(&self.session).chain(self.previous.as_deref())
    }

    /// The session whose pair carries data.
    pub(crate) fn selected_session(&self) -> Option<&Session> {
        match (self.session.selected, &self.previous) {
            (Some(_), _) => Some(&self.session),
            (None, previous) => previous.as_deref(),
        }
    }

    pub(crate) fn base(&self, id: siskin_base::BaseId) -> Option<&Base> {
        self.bases.iter().find(|base| base.id == id)
    }

    pub(crate) fn touch(&mut self) {
        self.dirty = true;
    }

    pub(crate) fn push_event(&mut self, event: Event) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(crate) fn observe_packet(&mut self, at: Instant, direction: Direction, bytes: &[u8]) {
        if self.config.observe {
            self.observe(Observation::Packet { at, layer: Layer::Ice, direction, bytes: bytes.to_vec() });
        }
    }

    pub(crate) fn observe(&mut self, observation: Observation) {
        if self.config.observe {
            if self.observations.len() >= MAX_OBSERVATIONS {
                self.observations.pop_front();
            }
            self.observations.push_back(observation);
        }
    }

    pub(crate) fn drop_datagram(&mut self, at: Instant, reason: &'static str) {
        self.stats.dropped += 1;
        self.observe(Observation::Dropped { at, layer: Layer::Ice, reason });
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ufrag = &self.session.local.ufrag;
        write!(f, "Agent({ufrag}, {:?}, {:?}, {:?})", self.role, self.state, self.selected_path())
    }
}
