//! Two agents on a network, with signalling that a test can hold back.

use core::net::SocketAddr;
use siskin_base::{BaseId, Candidate, Instant, Packet, Path, Received, Rng, Transmit};
use siskin_ice::{Agent, Config, Event, RemoteKind, Role, State, local_preferences};
use siskin_netsim::{Link, Network, Node};

/// An agent as a host on the network; keeps what it said.
pub struct Peer {
    pub agent: Agent,
    pub events: Vec<(Instant, Event)>,
    pub sent: Vec<(Instant, Path, Vec<u8>)>,
}

impl Peer {
    pub fn new(config: Config, seed: u64) -> Self {
        let agent = Agent::new(config, Rng::for_tests(seed), Instant::ZERO);
        Self { agent, events: Vec::new(), sent: Vec::new() }
    }

    pub fn states(&self) -> Vec<State> {
        let state = |(_, event): &(Instant, Event)| match event {
            Event::StateChange(state) => Some(*state),
            _ => None,
        };
        self.events.iter().filter_map(state).collect()
    }

    pub fn state_at(&self, wanted: State) -> Option<Instant> {
        self.events.iter().find(|(_, event)| *event == Event::StateChange(wanted)).map(|(at, _)| *at)
    }

    pub fn candidates(&self) -> Vec<Candidate> {
        let candidate = |(_, event): &(Instant, Event)| match event {
            Event::LocalCandidate(candidate) => Some(candidate.clone()),
            _ => None,
        };
        self.events.iter().filter_map(candidate).collect()
    }

    pub fn drain(&mut self, now: Instant) {
        while let Some(event) = self.agent.poll_event() {
            self.events.push((now, event));
        }
    }
}

impl Node for Peer {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.agent.handle_datagram(now, received);
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.agent.handle_timeout(now);
        self.drain(now);
    }

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        let transmit = self.agent.poll_transmit(now, out);
        self.drain(now);
        if let Some(transmit) = transmit {
            self.sent.push((now, transmit.path, out.as_bytes().to_vec()));
        }
        transmit
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.agent.poll_timeout()
    }
}

/// `a` controls; both are hosts of `network`, 0 and 1.
pub struct Lab {
    pub network: Network,
    pub a: Peer,
    pub b: Peer,
}

pub fn config() -> Config {
    Config::new(siskin_crypto::rustcrypto())
}

pub fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

impl Lab {
    /// Two hosts with one address each.
    pub fn new(seed: u64, link: Link) -> Self {
        Self::with(seed, link, config(), config(), &["10.0.0.1:1000"], &["10.0.0.2:1000"])
    }

    /// Two hosts with those addresses, their bases counted from 0.
    pub fn with(seed: u64, link: Link, a: Config, b: Config, on_a: &[&str], on_b: &[&str]) -> Self {
        let mut network = Network::new(Rng::for_tests(seed), link);
        let mut peers = [Peer::new(a, 2 * seed), Peer::new(b, 2 * seed + 1)];
        for (peer, texts) in peers.iter_mut().zip([on_a, on_b]) {
            let bases = add_bases(peer, texts);
            network.add_host(&bases);
        }
        let [a, b] = peers;
        let mut lab = Self { network, a, b };
        lab.a.agent.set_role(Instant::ZERO, Role::Controlling);
        lab
    }

    /// Exchanges everything there is to signal.
    pub fn signal(&mut self) {
        self.signal_credentials();
        self.signal_candidates();
    }

    pub fn signal_credentials(&mut self) {
        let now = self.network.now();
        let (a, b) = (self.a.agent.local_credentials().clone(), self.b.agent.local_credentials().clone());
        self.a.agent.set_remote_credentials(now, b, RemoteKind::default()).unwrap();
        self.b.agent.set_remote_credentials(now, a, RemoteKind::default()).unwrap();
    }

    pub fn signal_candidates(&mut self) {
        let now = self.network.now();
        self.a.drain(now);
        self.b.drain(now);
        for candidate in self.b.candidates() {
            self.a.agent.add_remote_candidate(now, &candidate).unwrap();
        }
        for candidate in self.a.candidates() {
            self.b.agent.add_remote_candidate(now, &candidate).unwrap();
        }
    }

    /// Both say that nothing more will come.
    pub fn signal_end(&mut self) {
        let now = self.network.now();
        for peer in [&mut self.a, &mut self.b] {
            peer.agent.finish_gathering(now);
            peer.agent.set_remote_end_of_candidates(now);
            peer.drain(now);
        }
    }

    pub fn run(&mut self, until_ms: u64) {
        let end = Instant::from_millis(until_ms);
        self.network.run(&mut [&mut self.a, &mut self.b], end);
    }

    pub fn is_connected(&self) -> bool {
        let now = self.network.now();
        self.a.agent.can_send(now) && self.b.agent.can_send(now)
    }

    /// When both were connected.
    pub fn connected_at(&self) -> Instant {
        let first = |peer: &Peer| {
            let both = [State::Connected, State::Completed].map(|state| peer.state_at(state));
            both.into_iter().flatten().min().unwrap()
        };
        let (a, b) = (first(&self.a), first(&self.b));
        a.max(b)
    }
}

/// Adds bases 0, 1, … to the agent, and gives them as the network wants them.
pub fn add_bases(peer: &mut Peer, texts: &[&str]) -> Vec<(BaseId, SocketAddr)> {
    let addresses = addresses(texts);
    let preferences = local_preferences(&addresses);
    let bases: Vec<_> = (0..).map(BaseId).zip(addresses).collect();
    for ((id, address), preference) in bases.iter().zip(preferences) {
        peer.agent.add_local_base(Instant::ZERO, *id, *address, preference).unwrap();
    }
    bases
}

/// A STUN server as plain as can be; deaf if `answers` is not set.
pub struct StunServer {
    pub answers: bool,
    pub asked: usize,
    queue: Vec<(Path, Vec<u8>)>,
}

impl StunServer {
    pub fn new(answers: bool) -> Self {
        Self { answers, asked: 0, queue: Vec::new() }
    }
}

impl Node for StunServer {
    fn handle_datagram(&mut self, _now: Instant, received: Received<'_>) {
        use siskin_stun::wire::{Builder, Class, Message};
        let request = Message::parse(received.datagram).unwrap();
        self.asked += 1;
        let mut out = Vec::new();
        Builder::new(&mut out, Class::Success, request.method(), request.transaction_id())
            .xor_mapped_address(received.path.remote)
            .finish()
            .unwrap();
        self.queue.push((received.path, out));
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_transmit(&mut self, _now: Instant, out: &mut Packet) -> Option<Transmit> {
        if !self.answers || self.queue.is_empty() {
            return None;
        }
        let (path, bytes) = self.queue.remove(0);
        out.begin(0);
        out.append(&bytes);
        out.finish();
        Some(Transmit::single(path))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
