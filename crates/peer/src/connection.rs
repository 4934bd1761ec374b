//! The peer connection: what it holds, and the verbs that every engine has.

mod agreed;
mod answer;
mod apply;
mod candidates;
mod channels;
mod check;
mod create;
mod describe;
mod extensions;
mod media;
mod offer;
mod parameters;
mod report;
mod states;
mod transceivers;

use crate::config::Config;
use crate::data::Data;
use crate::demux::Kind;
use crate::error::{Error, InvalidState};
use crate::jsep::{self, Plan, RemoteDescription, SessionOrigin};
use crate::recording::{Input, Recorder};
use crate::sections::{Sections, TransportId};
use crate::signaling::Signaling;
use crate::transceiver::Transceiver;
use crate::transport::{Transport, insert_base};
use crate::{
    Event, IceConnectionState, IceGatheringState, PeerConnectionState, SdpType, SessionDescription,
    SignalingState,
};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use siskin_base::{BaseId, Instant, Observation, Packet, Path, Received, Rng, Transmit, WallClock, earliest};
use siskin_crypto::Certificate;

pub use create::OfferOptions;

/// A sans-IO `RTCPeerConnection` (webrtc-pc §4). Calls are atomic: one that fails leaves everything as it was.
///
/// After any call, drain [`poll_event`](Self::poll_event) and [`poll_transmit`](Self::poll_transmit) until neither has
/// anything — taking a message may make something to send, and sending may make an event — and ask
/// [`poll_timeout`](Self::poll_timeout) last.
pub struct PeerConnection {
    config: Config,
    rng: Rng,
    certificate: Arc<Certificate>,
    /// In the order of their names.
    bases: Vec<(BaseId, SocketAddr)>,
    signaling: Signaling<Local, Remote>,
    origin: SessionOrigin,
    created: Created,
    sections: Sections,
    /// What a rollback goes back to.
    stable_sections: Option<Sections>,
    transceivers: Vec<Transceiver>,
    transceivers_made: u32,
    /// What a rollback goes back to.
    stable_transceivers: Option<Vec<Transceiver>>,
    /// The canonical name of our sources.
    cname: String,
    /// Boxed: a node of the map has room for eleven.
    transports: BTreeMap<TransportId, Box<Transport>>,
    transports_made: u32,
    data: Option<Data>,
    /// Associations made so far.
    associations: u32,
    /// We made the first offer, and so control ICE (RFC 8445 §6.1.1).
    controlling: Option<bool>,
    /// `restart_ice` was called while these were our username fragments (webrtc-pc: `[[LocalIceCredentialsToReplace]]`).
    ufrags_to_replace: BTreeSet<String>,
    negotiation_needed: bool,
    states: ShownStates,
    pub(crate) recorder: Option<Box<Recorder>>,
    /// When something was last done to it.
    pub(crate) last_input: Instant,
    events: VecDeque<Event>,
    route_changes: VecDeque<RouteChange>,
}

/// The last results of `create_offer` and `create_answer`.
#[derive(Default)]
struct Created {
    offer: Option<(String, Plan)>,
    answer: Option<(String, Plan)>,
}

/// A local description: what it promises. Its text is written anew with the candidates known by then.
struct Local {
    kind: SdpType,
    plan: Plan,
    origin: SessionOrigin,
}

/// A remote description: its text, and what we read in it.
struct Remote {
    description: SessionDescription,
    read: RemoteDescription,
}

/// The states that the user was told last.
#[derive(Default)]
struct ShownStates {
    signaling: SignalingState,
    gathering: IceGatheringState,
    ice: IceConnectionState,
    connection: PeerConnectionState,
    closed: bool,
}

/// What an [`Endpoint`](crate::Endpoint) has to know to route datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteChange {
    /// STUN requests to this username fragment are ours.
    AddUfrag(String),
    /// No longer.
    RemoveUfrag(String),
    /// This path was authenticated as ours.
    AddPath(Path),
    /// No longer.
    RemovePath(Path),
}

impl PeerConnection {
    /// A connection that has done nothing yet.
    ///
    /// # Errors
    /// `OperationError` if there is neither a certificate nor a clock to make one by.
    pub fn new(config: Config, mut rng: Rng, now: Instant) -> Result<Self, Error> {
        let certificate = match &config.certificate {
            Some(certificate) => Arc::clone(certificate),
            None => crate::config::make_certificate(&config, &rng, now)?,
        };
        let recorder = config.record.map(|limit| Box::new(Recorder::new(&config, &rng, now, limit)));
        // RFC 9429 §5.2.1: 62 random bits, so that no implementation takes it for negative.
        let session_id = rng.u64() >> 2;
        let cname = jsep::cname(rng.fork("cname").u64());
        Ok(Self {
            config,
            rng,
            certificate,
            bases: Vec::new(),
            signaling: Signaling::default(),
            origin: SessionOrigin { session_id, version: 1 },
            created: Created::default(),
            sections: Sections::default(),
            stable_sections: None,
            transceivers: Vec::new(),
            transceivers_made: 0,
            stable_transceivers: None,
            cname,
            transports: BTreeMap::new(),
            transports_made: 0,
            data: None,
            associations: 0,
            controlling: None,
            ufrags_to_replace: BTreeSet::new(),
            negotiation_needed: false,
            states: ShownStates::default(),
            recorder,
            last_input: now,
            events: VecDeque::new(),
            route_changes: VecDeque::new(),
        })
    }

    /// A socket may be used from now on.
    pub fn add_base(&mut self, now: Instant, base: BaseId, local: SocketAddr) {
        self.note(now, || Input::AddBase(base, local));
        insert_base(&mut self.bases, base, local);
        self.transports.values_mut().for_each(|transport| transport.add_base(now, base, local));
        self.settle(now);
    }

    /// A socket is gone.
    pub fn remove_base(&mut self, now: Instant, base: BaseId) {
        self.note(now, || Input::RemoveBase(base));
        self.bases.retain(|(known, _)| *known != base);
        self.transports.values_mut().for_each(|transport| transport.remove_base(now, base));
        self.settle(now);
    }

    /// Takes a datagram. Junk is dropped and counted.
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.note(now, || {
            let Received { path, arrived, ecn, ref datagram } = received;
            Input::Datagram { path, arrived, ecn, bytes: datagram.to_vec() }
        });
        if self.states.closed {
            return;
        }
        let (id, carries_data) = (self.transport_for(&received), self.data_transport());
        let data = self.data.as_mut().filter(|_| id == carries_data);
        let transport = id.and_then(|id| self.transports.get_mut(&id));
        if transport.is_none_or(|transport| transport.handle_datagram(now, received, data)) {
            self.settle(now);
        }
    }

    /// Takes note that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.note(now, || Input::Timeout);
        self.transports.values_mut().for_each(|transport| transport.handle_timeout(now));
        if let Some(data) = &mut self.data {
            data.handle_timeout(now);
        }
        self.settle(now);
    }

    /// Writes the next datagram, or train of datagrams of one size. `out` must be clear.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.note(now, || Input::PollTransmit);
        let carries_data = self.data_transport();
        for (id, transport) in &mut self.transports {
            let data = self.data.as_mut().filter(|_| carries_data == Some(*id));
            if let Some(transmit) = transport.poll_transmit(now, out, data) {
                self.note_output(&transmit, out.as_bytes());
                return Some(transmit);
            }
        }
        if self.states.closed {
            let routes = &mut self.route_changes;
            self.transports.values_mut().for_each(|transport| transport.finish_closing(now, routes));
        }
        None
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.note(self.last_input, || Input::PollEvent);
        let event = self.events.pop_front();
        if event.is_none() {
            // Messages do not pass here, states change seldom, and connections are many.
            self.events = VecDeque::new();
        }
        event.or_else(|| self.data.as_mut()?.poll_event(self.last_input)).or_else(|| self.poll_media_event())
    }

    /// What a researcher may watch; nothing unless `Config::observe` is set.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        let transports = self.transports.values_mut().find_map(|transport| transport.poll_observation());
        transports.or_else(|| self.data.as_mut()?.poll_observation())
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` is never. Ask last.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let transports = self.transports.values().filter_map(|transport| transport.poll_timeout()).min();
        earliest(transports, self.data.as_ref().and_then(Data::poll_timeout))
    }

    /// Hands over what changed about routing.
    pub fn take_route_changes(&mut self, mut take: impl FnMut(RouteChange)) {
        self.route_changes.drain(..).for_each(&mut take);
    }

    /// Closes the connection (webrtc-pc §4.4.2): every channel, the association, DTLS, ICE, in that order. What is
    /// still to be sent — an ABORT and a `close_notify` — comes out of [`poll_transmit`](Self::poll_transmit).
    pub fn close(&mut self, now: Instant) {
        self.note(now, || Input::Close);
        if self.states.closed {
            return;
        }
        self.states.closed = true;
        self.signaling.state = SignalingState::Closed;
        self.transceivers.iter_mut().for_each(Transceiver::stop_for_good);
        if let Some(data) = &mut self.data {
            data.abort(now);
        }
        self.transports.values_mut().for_each(|transport| transport.close());
        self.settle(now);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.states.closed
    }

    /// Sets the wall clock by which statistics are stamped.
    pub fn set_clock(&mut self, clock: WallClock) {
        self.config.clock = Some(clock);
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.states.closed { Err(Error::InvalidState(InvalidState::Closed)) } else { Ok(()) }
    }

    /// Carries what happened from layer to layer until nothing more happens, then tells the user.
    fn settle(&mut self, now: Instant) {
        let carries_data = self.data_transport();
        for (id, transport) in &mut self.transports {
            let data = self.data.as_mut().filter(|_| carries_data == Some(*id));
            transport.settle(now, data, &mut self.route_changes);
        }
        // Who takes no route changes needs none: an endpoint takes them after every input.
        let unread = self.route_changes.len().saturating_sub(MAX_ROUTE_CHANGES);
        self.route_changes.drain(..unread);
        self.take_transport_events();
        self.show_states(now);
    }

    /// The transport that a datagram is for: by its path, a check by our username fragment or its transaction.
    fn transport_for(&self, received: &Received<'_>) -> Option<TransportId> {
        if self.transports.len() < 2 {
            return self.transports.keys().next().copied();
        }
        let stun = Kind::of(received.datagram) == Kind::Stun;
        let named =
            self.transports.iter().find(|(_, transport)| stun && transport.expects(received.datagram));
        let known =
            || self.transports.iter().find(|(_, transport)| transport.accepts_data_from(&received.path));
        named.or_else(known).map(|(id, _)| *id)
    }

    /// The transport that SCTP goes over.
    fn data_transport(&self) -> Option<TransportId> {
        self.sections.data().map(|(_, id)| id)
    }
}

/// More than one input can make.
const MAX_ROUTE_CHANGES: usize = 1_024;
