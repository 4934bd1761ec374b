//! Two ICE agents and whatever the network, signalling and their owners may do to them.

use core::time::Duration;
use siskin_base::wire::Reader;
use siskin_base::{
    BaseId, Candidate, CandidateAddress, CandidateKind, CandidateTransport, Ecn, Instant, Packet, Path,
    Received, Rng,
};
use siskin_ice::{Agent, Config, Event, RemoteKind, Role, State};
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{AttributeType, Builder, Class, Message, Method, TransactionId};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A list of operations, two bytes each, on a pair of agents and the datagrams between them: nobody panics, every list
/// stays within its limit, every input brings a bounded number of datagrams, and nobody asks for a timeout for ever.
pub fn ice_ops(input: &[u8]) {
    let mut world = World::new(input.first().copied().unwrap_or(0));
    for operation in input.chunks(2).take(400) {
        let [kind, argument] = [operation[0], operation.get(1).copied().unwrap_or(0)];
        world.apply(kind, argument);
        world.settle();
    }
    // Left alone, with nothing delivered any more, both fall silent and say that they may not send.
    world.under_way.clear();
    let before = world.sent;
    for _ in 0..2_000 {
        let timeouts = world.agents.iter().filter_map(Agent::poll_timeout);
        let Some(next) = timeouts.min().filter(|next| *next < world.now + Duration::from_secs(600)) else {
            break;
        };
        world.now = world.now.max(next);
        world.agents.iter_mut().for_each(|agent| agent.handle_timeout(world.now));
        world.settle();
        world.under_way.clear();
    }
    assert!(world.sent - before < 2_000, "{} datagrams into the void", world.sent - before);
    world.now += Duration::from_secs(31);
    for agent in world.agents.iter().filter(|agent| agent.state() != State::Closed) {
        assert!(!agent.can_send(world.now), "consent without an answer: {agent:?}");
    }
}

/// The input is a list of messages that the peer, who knows both passwords, makes up for an agent: any class and method,
/// any attributes with any values, signed and with a fingerprint, from any address; a response may answer the agent's last
/// request. What `ice_ops` promises holds, and an agent that is asked n times sends not many more than n datagrams.
pub fn ice_messages(input: &[u8]) {
    let mut world = World::new(input.first().copied().unwrap_or(0));
    for (kind, argument) in [(2, 0), (2, 1), (4, 0), (4, 1), (7, 0), (7, 3), (5, 0)] {
        world.apply(kind, argument);
    }
    world.settle();
    let provider = siskin_crypto::rustcrypto();
    let [ours, theirs] = world.agents.each_ref().map(|agent| agent.local_credentials().clone());
    let keys = [&ours, &theirs].map(|one| IntegrityKey::short_term(&provider, &one.password));
    let username = format!("{}:{}", ours.ufrag, theirs.ufrag);
    let mut rest = Reader::new(input.get(1..).unwrap_or_default());
    let (mut asked, mut id) = (0, [7; 12]);
    while let (Ok(head), Ok(from), Ok(attributes)) = (rest.u8(), rest.u8(), rest.vec8()) {
        // What the agent has sent meanwhile; its last request may be answered.
        while let Some((_, _, bytes)) = world.under_way.pop_front() {
            if let Ok(message) = Message::parse(&bytes) {
                id = message.transaction_id().0;
            }
        }
        id[0] ^= head & 0x80;
        let class = [Class::Request, Class::Indication, Class::Success, Class::Error][usize::from(head & 3)];
        let method = if head & 4 == 0 { Method::BINDING } else { Method(u16::from(head)) };
        let mut out = Vec::new();
        let mut builder = Builder::new(&mut out, class, method, TransactionId(id));
        if head & 8 == 0 && class == Class::Request {
            builder = builder.username(&username).priority(u32::from(from) << 16);
        }
        let mut attributes = Reader::new(attributes);
        while let (Ok(kind), Ok(value)) = (attributes.u16(), attributes.vec8()) {
            builder = builder.attribute(AttributeType(kind), value);
        }
        if head & 16 == 0 {
            // Requests to an agent are signed with its own password, responses with the peer's.
            builder = builder.integrity(&keys[usize::from(class != Class::Request)]);
        }
        builder.fingerprint().finish().expect("short attributes");
        let remote = SocketAddr::from(([10, 0, 1, 1 + from % 16], 1000));
        let path = Path::udp(BaseId(0), remote);
        let received = Received { path, arrived: world.now, ecn: Ecn::NotEct, datagram: &mut out };
        world.agents[0].handle_datagram(world.now, received);
        asked += 1;
        if head & 32 != 0 {
            world.now += Duration::from_millis(u64::from(from) * 10);
        }
        world.settle();
    }
    // Its own checks are paced: five at once, then one in each 50 ms of at most 2.55 s a message, and sent again.
    assert!(world.sent <= 400 + 60 * asked, "{} datagrams for {asked} messages", world.sent);
}

struct World {
    agents: [Agent; 2],
    now: Instant,
    /// To whom, on which path, and what.
    under_way: VecDeque<(usize, Path, Vec<u8>)>,
    candidates: [Vec<Candidate>; 2],
    limits: Config,
    sent: usize,
}

impl World {
    fn new(seed: u8) -> Self {
        let limits = match seed & 1 {
            0 => Config::new(siskin_crypto::rustcrypto()),
            _ => Config::small(siskin_crypto::rustcrypto()),
        };
        let agent = |seed| Agent::new(limits.clone(), Rng::for_tests(seed), Instant::ZERO);
        Self {
            agents: [agent(u64::from(seed) * 2), agent(u64::from(seed) * 2 + 1)],
            now: Instant::ZERO,
            under_way: VecDeque::new(),
            candidates: [vec![], vec![]],
            limits,
            sent: 0,
        }
    }

    fn apply(&mut self, kind: u8, argument: u8) {
        let who = usize::from(argument & 1);
        let value = argument >> 1;
        let now = self.now;
        match kind % 20 {
            0 => self.now += Duration::from_millis(u64::from(argument)),
            1 => self.now += Duration::from_secs(u64::from(value)),
            2 => {
                let _ = self.agents[who].add_local_base(
                    now,
                    BaseId(u32::from(value % 8)),
                    address(who, value % 8),
                    9,
                );
            }
            3 => {
                let _ = self.agents[who].remove_local_base(now, BaseId(u32::from(value % 8)));
            }
            4 => {
                let credentials = self.agents[1 - who].local_credentials().clone();
                let kind = RemoteKind { lite: value == 77 };
                let _ = self.agents[who].set_remote_credentials(now, credentials, kind);
            }
            5 => {
                for candidate in self.candidates[1 - who].clone() {
                    let _ = self.agents[who].add_remote_candidate(now, &candidate);
                }
            }
            6 => {
                let candidate = invented(value);
                let _ = self.agents[who].add_remote_candidate(now, &candidate);
            }
            7 => self.agents[who]
                .set_role(now, if value & 1 == 0 { Role::Controlling } else { Role::Controlled }),
            8 => {
                let _ = self.agents[who].restart(now);
            }
            9 => self.agents[who].revoke_consent(now),
            10 if value == 0 => self.agents[who].close(now),
            11 => self.agents[who].finish_gathering(now),
            12 => self.agents[who].set_remote_end_of_candidates(now),
            13 => {
                let _ = self.agents[who].add_stun_server(now, SocketAddr::from(([192, 0, 2, value], 3478)));
            }
            14 => drop(self.under_way.pop_front()),
            15 => {
                if let Some(first) = self.under_way.pop_front() {
                    self.under_way.push_back(first);
                }
            }
            // From somewhere else: a NAT, or an attacker who replays.
            16 => self.deliver(|path, _| path.remote.set_port(u16::from(argument) + 1), true),
            17 => self.deliver(|_, bytes| flip(bytes, argument), true),
            18 => self.deliver(|_, _| {}, true),
            _ => {
                for _ in 0..=value % 8 {
                    self.deliver(|_, _| {}, false);
                }
            }
        }
    }

    /// Hands over the first datagram, changed as told; `again`: it stays under way.
    fn deliver(&mut self, change: impl FnOnce(&mut Path, &mut Vec<u8>), again: bool) {
        let Some((who, mut path, mut bytes)) = self.under_way.pop_front() else { return };
        if again {
            self.under_way.push_front((who, path, bytes.clone()));
        }
        change(&mut path, &mut bytes);
        let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram: &mut bytes };
        self.agents[who].handle_datagram(self.now, received);
    }

    /// Lets both act until they rest.
    fn settle(&mut self) {
        let mut packet = Packet::new();
        for who in [0, 1] {
            let mut rounds = 0;
            loop {
                let agent = &mut self.agents[who];
                agent.handle_timeout(self.now);
                let mut sent = 0;
                while let Some(transmit) = agent.poll_transmit(self.now, &mut packet) {
                    sent += 1;
                    assert!(sent < 300, "never stops sending: {agent:?}");
                    assert_ne!(agent.state(), State::Closed);
                    let (to, base) = (transmit.path.remote, transmit.path.base);
                    if let Some(path) = route(who, base, to).filter(|_| self.under_way.len() < 64) {
                        self.under_way.push_back((1 - who, path, packet.as_bytes().to_vec()));
                    }
                    packet.clear();
                }
                self.sent += sent;
                while let Some(event) = agent.poll_event() {
                    if let Event::LocalCandidate(candidate) = event {
                        self.candidates[who].truncate(30);
                        self.candidates[who].push(candidate);
                    }
                }
                if agent.poll_timeout().is_none_or(|next| next > self.now) {
                    break;
                }
                rounds += 1;
                assert!(rounds < 4, "asks for a timeout that it does not act on: {agent:?}");
            }
            let agent = &self.agents[who];
            assert!(agent.local_candidates().count() <= self.limits.max_local_candidates);
            assert!(agent.remote_candidates().count() <= self.limits.max_remote_candidates);
            // During a restart the pair of the session before shows too.
            assert!(agent.pairs().count() <= self.limits.max_pairs + 1);
            assert!(agent.pairs().filter(|pair| pair.selected).count() <= 1);
            if agent.can_send(self.now) {
                assert!(agent.selected_path().is_some());
            }
        }
    }
}

fn address(who: usize, base: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, who as u8, base + 1], 1000))
}

/// Where a datagram arrives at the other agent: its base is the address that it was sent to.
fn route(who: usize, base: BaseId, to: SocketAddr) -> Option<Path> {
    let IpAddr::V4(ip) = to.ip() else { return None };
    let [10, 0, other, last] = ip.octets() else { return None };
    let there = usize::from(other) == 1 - who && (1..=8).contains(&last);
    there.then(|| Path::udp(BaseId(u32::from(last - 1)), address(who, base.0 as u8)))
}

fn invented(value: u8) -> Candidate {
    let ip = Ipv4Addr::new(10, 9, 9, value);
    Candidate {
        foundation: value.to_string(),
        component: 1 + u16::from(value.is_multiple_of(16)),
        transport: if value % 16 == 1 { CandidateTransport::Tcp } else { CandidateTransport::Udp },
        priority: if value % 16 == 2 { u32::MAX } else { u32::from(value) },
        address: match value % 16 {
            3 => CandidateAddress::Name("somebody.local".into()),
            _ => CandidateAddress::Ip(ip.into()),
        },
        port: if value % 16 == 4 { 0 } else { 9 },
        kind: CandidateKind::Host,
        related: None,
        tcp_type: None,
        extensions: vec![],
    }
}

fn flip(bytes: &mut [u8], argument: u8) {
    let index = usize::from(argument) % bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(index) {
        *byte ^= 1 << (argument % 8);
    }
}
