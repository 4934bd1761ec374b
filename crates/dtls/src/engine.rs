//! What all states of a connection share: records, flights, transcript, and what the caller is told.

use crate::acks::Acks;
use crate::event::Events;
use crate::flight::{EndsWith, Flight};
use crate::handshake::{
    CertificateMessage, ExtensionType, Extensions, HandshakeHeader, HandshakeType, Message, Reassembly,
};
use crate::record::Records;
use crate::transcript::Transcript;
use crate::v13::update::Update;
use crate::{
    Alert, CipherSuite, Config, Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion, Role, Stats,
};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use siskin_base::wire::{Reader, Writer as _};
use siskin_base::{Direction, Fingerprint, HashAlgorithm, Instant, Layer, Observation, Rng};
use siskin_crypto::{CertificateView, KeyKind, NamedGroup, PublicKey, SignatureScheme};

pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) records: Records,
    pub(crate) flight: Flight,
    pub(crate) reassembly: Reassembly,
    pub(crate) transcript: Transcript,
    /// The version, once the hellos settled it.
    pub(crate) version: Option<ProtocolVersion>,
    /// What we acknowledge, in DTLS 1.3.
    pub(crate) acks: Acks,
    /// Our next change of keys, in DTLS 1.3.
    pub(crate) update: Update,
    /// The peer has asked for more connection IDs, in DTLS 1.3.
    pub(crate) owes_connection_ids: bool,
    /// Somebody has begun a message in clear that is larger than the limit.
    pub(crate) oversized: bool,
    /// The epoch in which data, alerts and ACKs go out.
    pub(crate) write_epoch: u16,
    pub(crate) alerts: VecDeque<Alert>,
    pub(crate) events: Events,
    pub(crate) observations: VecDeque<Observation>,
    pub(crate) stats: Stats,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) peer_certificate: Option<Vec<u8>>,
    /// The next message that we send.
    pub(crate) next_sequence: u16,
    /// The first message of the peer's that does not belong to what our flight answers.
    answered: u16,
    /// The time of the call that is being handled, for observations.
    pub(crate) now: Instant,
}

impl Engine {
    pub(crate) fn new(config: Config, rng: Rng, now: Instant) -> Self {
        let limits = config.limits;
        Self {
            rng,
            records: Records::new(limits.sealed, limits.forged),
            flight: Flight::new(&config),
            reassembly: Reassembly::new(limits.handshake_message, limits.reassembly),
            transcript: Transcript::new(),
            version: None,
            acks: Acks::default(),
            update: Update::None,
            owes_connection_ids: false,
            oversized: false,
            write_epoch: 0,
            alerts: VecDeque::new(),
            events: Events::default(),
            observations: VecDeque::new(),
            stats: Stats::default(),
            fingerprints: Vec::new(),
            peer_certificate: None,
            next_sequence: 0,
            answered: 0,
            now,
            config,
        }
    }

    /// Whether configuration and provider are enough for this version.
    pub(crate) fn speaks(&self, version: ProtocolVersion) -> bool {
        self.config.versions.contains(&version)
            && self.offered_suites(version).next().is_some()
            && self.offered_groups(version).next().is_some()
    }

    pub(crate) fn is_v13(&self) -> bool {
        self.version == Some(ProtocolVersion::DTLS1_3)
    }

    pub(crate) const fn peer_role(&self) -> Role {
        match self.config.role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }

    /// The suites of the configuration for this version that the provider can do.
    pub(crate) fn offered_suites(&self, version: ProtocolVersion) -> impl Iterator<Item = CipherSuite> + '_ {
        let rsa = self.config.provider.verifiers.iter().any(|verifier| verifier.kind() == KeyKind::Rsa);
        let suites = self.config.cipher_suites.iter().copied();
        suites.filter(move |suite| {
            suite.meaning().is_some_and(|meaning| meaning.version == version && (rsa || !meaning.rsa))
        })
    }

    /// The groups of the configuration for this version that the provider can do.
    pub(crate) fn offered_groups(&self, version: ProtocolVersion) -> impl Iterator<Item = NamedGroup> + '_ {
        let groups = self.config.groups.iter().copied();
        // RFC 10024 §1: hybrids are for TLS 1.3 and what follows it.
        let fits = move |group: &NamedGroup| version == ProtocolVersion::DTLS1_3 || CLASSICAL.contains(group);
        groups.filter(move |group| fits(group) && self.config.provider.key_exchange(*group).is_some())
    }

    /// The signatures that we can verify in this version, each once.
    pub(crate) fn schemes_of(&self, version: ProtocolVersion) -> Vec<SignatureScheme> {
        let mut schemes = Vec::new();
        for verifier in self.config.provider.verifiers {
            let scheme = verifier.scheme();
            let allowed =
                version != ProtocolVersion::DTLS1_3 || crate::v13::is_allowed(verifier.kind(), scheme);
            if allowed && !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        schemes
    }

    /// Starts a flight that answers everything received so far.
    pub(crate) fn begin_flight(&mut self, ends_with: EndsWith) {
        self.flight.begin(&self.config, ends_with);
        self.answered = self.reassembly.next_sequence();
        // RFC 9147 §7: it acknowledges what it answers.
        self.acks.clear();
    }

    /// Whether message `sequence` is the last one of the flight that ours answers.
    pub(crate) fn is_answered(&self, sequence: u16) -> bool {
        sequence.wrapping_add(1) == self.answered
    }

    /// Adds a message to transcript and flight.
    pub(crate) fn send(&mut self, epoch: u16, kind: HandshakeType, body: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = alloc::vec![0; HandshakeHeader::LEN];
        body(&mut bytes);
        let length = (bytes.len() - HandshakeHeader::LEN) as u32;
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        let header = HandshakeHeader { kind, length, sequence, fragment_offset: 0, fragment_length: length };
        bytes.iter_mut().zip(header.to_bytes()).for_each(|(to, from)| *to = from);
        self.transcript.add(&bytes);
        self.observe_packet(Direction::Out, &bytes);
        self.flight.add(epoch, bytes);
    }

    /// 9147bis §5.2: whether there is a number left for another message.
    pub(crate) fn check_numbers(&self) -> Result<(), Error> {
        if self.next_sequence < u16::MAX { Ok(()) } else { Err(Error::KeyExhausted) }
    }

    /// Adds a message of the peer's to the transcript.
    pub(crate) fn note(&mut self, message: &Message) {
        self.transcript.add(&message.bytes);
    }

    /// Appends our connection ID to a hello's extensions, if we have one and the peer knows what it is.
    pub(crate) fn put_connection_id(&self, out: &mut Vec<u8>) {
        if let Some(cid) = &self.config.connection_id {
            Extensions::put(out, ExtensionType::CONNECTION_ID, |out| {
                let _ = out.put_prefixed(1, |out| out.put(cid));
            });
        }
    }

    /// Takes the extension `connection_id` out of the peer's hello (RFC 9146 §3).
    pub(crate) fn take_connection_id(&mut self, extensions: &Extensions<'_>) -> Result<bool, Error> {
        let peer = extensions.get(ExtensionType::CONNECTION_ID);
        let (Some(own), Some(body)) = (&self.config.connection_id, peer) else { return Ok(false) };
        let mut r = Reader::new(body);
        let peer = r.vec8().map_err(|_| PeerMisbehaved::MalformedMessage)?;
        self.records.set_connection_ids(own, peer);
        if r.is_empty() { Ok(true) } else { Err(PeerMisbehaved::MalformedMessage.into()) }
    }

    /// RFC 7627 §5.1, §5.2.
    pub(crate) fn check_extended_master_secret(&self, present: bool) -> Result<(), Error> {
        if present || !self.config.require_extended_master_secret {
            Ok(())
        } else {
            Err(PeerIncompatible::ExtendedMasterSecret.into())
        }
    }

    /// Takes the peer's certificate, and holds it against the fingerprints if they are known already.
    pub(crate) fn take_certificate(&mut self, chain: CertificateMessage<'_>) -> Result<PublicKey, Error> {
        let certificate = chain.end_entity.ok_or(PeerMisbehaved::NoCertificate)?;
        let view = CertificateView::parse(certificate).map_err(|error| match error {
            siskin_crypto::Error::Unsupported => Error::from(PeerIncompatible::Certificate),
            _ => PeerMisbehaved::MalformedCertificate.into(),
        })?;
        if self.config.certificate_clock.is_some_and(|clock| !view.valid_at(clock.unix_at(self.now))) {
            return Err(PeerMisbehaved::ExpiredCertificate.into());
        }
        self.peer_certificate = Some(certificate.into());
        if !self.fingerprints.is_empty() {
            self.check_fingerprint()?;
        }
        Ok(view.public_key)
    }

    /// RFC 8122 §5: the certificate must match one of the fingerprints that use the best hash function.
    pub(crate) fn check_fingerprint(&self) -> Result<(), Error> {
        let certificate = self.peer_certificate.as_deref().ok_or(PeerMisbehaved::NoCertificate)?;
        let best = self.fingerprints.iter().map(|fingerprint| fingerprint.algorithm).max();
        let best = best.ok_or(PeerMisbehaved::FingerprintMismatch)?;
        let actual = siskin_crypto::fingerprint(&self.config.provider, best, certificate);
        let matches = self.fingerprints.iter().any(|expected| {
            expected.algorithm == best && siskin_crypto::constant_time_eq(&expected.value, &actual.value)
        });
        if matches { Ok(()) } else { Err(PeerMisbehaved::FingerprintMismatch.into()) }
    }

    pub(crate) fn observe(&mut self, observation: impl FnOnce(Instant) -> Observation) {
        if self.config.observe {
            let observation = observation(self.now);
            self.push_observation(observation);
        }
    }

    pub(crate) fn observe_packet(&mut self, direction: Direction, bytes: &[u8]) {
        let layer = Layer::Dtls;
        self.observe(|at| Observation::Packet { at, layer, direction, bytes: bytes.into() });
    }

    pub(crate) fn observe_drop(&mut self, reason: &'static str) {
        self.observe(|at| Observation::Dropped { at, layer: Layer::Dtls, reason });
    }

    /// A line of the NSS key log format.
    pub(crate) fn log_key(&mut self, label: &str, client_random: &[u8], secret: &[u8]) {
        if !self.config.key_log {
            return;
        }
        let mut line = String::from(label);
        for bytes in [client_random, secret] {
            line.push(' ');
            bytes.iter().for_each(|byte| {
                let _ = write!(line, "{byte:02x}");
            });
        }
        self.push_observation(Observation::KeyLog(line));
    }

    fn push_observation(&mut self, observation: Observation) {
        if self.observations.len() >= self.config.limits.observations {
            self.observations.pop_front();
        }
        self.observations.push_back(observation);
    }
}

/// The groups of DTLS 1.2.
const CLASSICAL: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

/// Hash functions in which a fingerprint counts; RFC 8122 §5 forbids MD5, and SHA-1 is broken.
pub(crate) const fn is_usable(algorithm: HashAlgorithm) -> bool {
    matches!(algorithm, HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512)
}
