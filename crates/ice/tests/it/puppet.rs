//! One agent, and a peer whose every message a test writes.

use crate::lab::{Peer, config};
use core::net::SocketAddr;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received};
use siskin_ice::{Agent, Config, Credentials, RemoteKind, Role};
use siskin_netsim::Node as _;
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Builder, Class, ErrorCode, Message, Method, TransactionId};

pub const PASSWORD: &str = "thepeerspassword0123456789";
pub const UFRAG: &str = "peer";

pub struct Puppet {
    pub peer: Peer,
    pub now: Instant,
    /// Where the puppet is.
    pub path: Path,
    ids: u64,
}

impl Puppet {
    /// An agent that knows the puppet's credentials and its one candidate.
    pub fn new(role: Role) -> Self {
        Self::with(config(), role)
    }

    pub fn with(config: Config, role: Role) -> Self {
        let mut puppet = Self::stranger(config, role);
        puppet.introduce();
        let candidate = host("10.0.0.2:1000".parse().unwrap());
        puppet.agent().add_remote_candidate(Instant::ZERO, &candidate).unwrap();
        puppet
    }

    /// An agent that knows nothing of the puppet.
    pub fn stranger(config: Config, role: Role) -> Self {
        let mut peer = Peer::new(config, 7);
        peer.agent
            .add_local_base(Instant::ZERO, BaseId(0), "10.0.0.1:1000".parse().unwrap(), 65_535)
            .unwrap();
        peer.agent.set_role(Instant::ZERO, role);
        let path = Path::udp(BaseId(0), "10.0.0.2:1000".parse().unwrap());
        Self { peer, now: Instant::ZERO, path, ids: 0 }
    }

    pub fn introduce(&mut self) {
        let credentials = Credentials::new(UFRAG, PASSWORD).unwrap();
        let now = self.now;
        self.agent().set_remote_credentials(now, credentials, RemoteKind::default()).unwrap();
    }

    pub fn agent(&mut self) -> &mut Agent {
        &mut self.peer.agent
    }

    pub fn key(password: &str) -> IntegrityKey {
        IntegrityKey::short_term(&siskin_crypto::rustcrypto(), password)
    }

    /// The key of the agent's own password: it signs requests to the agent, and its responses.
    pub fn agent_key(&self) -> IntegrityKey {
        Self::key(&self.peer.agent.local_credentials().password)
    }

    /// Lets time pass to `ms`, and gives what the agent sent on the way: when, and what.
    pub fn run(&mut self, ms: u64) -> Vec<(u64, Vec<u8>)> {
        let end = Instant::from_millis(ms);
        let before = self.peer.sent.len();
        let mut packet = Packet::new();
        for _ in 0..100_000 {
            while self.peer.poll_transmit(self.now, &mut packet).is_some() {
                packet.clear();
            }
            match self.peer.poll_timeout() {
                Some(next) if next <= end => {
                    self.now = self.now.max(next);
                    self.peer.handle_timeout(self.now);
                }
                _ => {
                    self.now = end;
                    let sent = self.peer.sent[before..].iter();
                    return sent.map(|(at, _, bytes)| (at.as_millis(), bytes.clone())).collect();
                }
            }
        }
        panic!("the agent never rests at {:?}", self.now);
    }

    pub fn deliver(&mut self, path: Path, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram: &mut bytes };
        self.peer.handle_datagram(self.now, received);
    }

    /// A check by the puppet, signed; `more` adds to it. Gives its bytes.
    pub fn check(&mut self, more: impl FnOnce(Builder<'_>) -> Builder<'_>) -> Vec<u8> {
        self.ids += 1;
        let mut id = [9; 12];
        id[..8].copy_from_slice(&self.ids.to_be_bytes());
        let username = format!("{}:{UFRAG}", self.peer.agent.local_credentials().ufrag);
        let mut out = Vec::new();
        let builder = Builder::new(&mut out, Class::Request, Method::BINDING, TransactionId(id));
        let builder = more(builder.username(&username).priority(0x6eff_ffff));
        builder.integrity(&self.agent_key()).fingerprint().finish().unwrap();
        out
    }

    /// Sends such a check from where the puppet is.
    pub fn send_check(&mut self, more: impl FnOnce(Builder<'_>) -> Builder<'_>) {
        let bytes = self.check(more);
        let path = self.path;
        self.deliver(path, &bytes);
    }

    /// Answers a request of the agent as its peer would.
    pub fn answer(&mut self, request: &[u8]) {
        let bytes = success(request, PASSWORD);
        let path = self.path;
        self.deliver(path, &bytes);
    }

    /// Answers every request among `sent`; how many there were.
    pub fn answer_all(&mut self, sent: &[(u64, Vec<u8>)]) -> usize {
        let requests: Vec<_> = sent.iter().filter(|(_, bytes)| is(bytes, Class::Request)).collect();
        requests.iter().for_each(|(_, bytes)| self.answer(bytes));
        requests.len()
    }

    /// Answers checks until the agent has a pair, and nominates as the controlling puppet would.
    pub fn connect(&mut self) {
        for _ in 0..10 {
            let ms = self.now.as_millis();
            let sent = self.run(ms);
            if self.answer_all(&sent) == 0 {
                break;
            }
        }
        if self.peer.agent.role() == Role::Controlled {
            self.send_check(|check| check.ice_controlling(1).use_candidate());
            let ms = self.now.as_millis();
            self.run(ms);
        }
        assert!(self.peer.agent.can_send(self.now), "{:?}", self.peer.agent);
        assert!(self.peer.agent.pairs().any(|pair| pair.nominated));
    }
}

pub fn is(bytes: &[u8], class: Class) -> bool {
    Message::parse(bytes).unwrap().class() == class
}

pub fn success(request: &[u8], password: &str) -> Vec<u8> {
    let id = Message::parse(request).unwrap().transaction_id();
    let mut out = Vec::new();
    Builder::new(&mut out, Class::Success, Method::BINDING, id)
        .xor_mapped_address("10.0.0.1:1000".parse().unwrap())
        .integrity(&Puppet::key(password))
        .fingerprint()
        .finish()
        .unwrap();
    out
}

pub fn error(request: &[u8], code: ErrorCode, password: Option<&str>) -> Vec<u8> {
    let id = Message::parse(request).unwrap().transaction_id();
    let mut out = Vec::new();
    let mut builder = Builder::new(&mut out, Class::Error, Method::BINDING, id).error(code);
    if let Some(password) = password {
        builder = builder.integrity(&Puppet::key(password));
    }
    builder.fingerprint().finish().unwrap();
    out
}

pub fn host(address: SocketAddr) -> siskin_base::Candidate {
    siskin_base::Candidate {
        foundation: format!("h{}", address.ip()),
        component: 1,
        transport: siskin_base::CandidateTransport::Udp,
        priority: 0x7eff_ffff,
        address: siskin_base::CandidateAddress::Ip(address.ip()),
        port: address.port(),
        kind: siskin_base::CandidateKind::Host,
        related: None,
        tcp_type: None,
        extensions: vec![],
    }
}
