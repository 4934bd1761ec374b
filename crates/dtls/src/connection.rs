//! The connection: what the caller holds.

mod receive;
mod send;

use crate::accept::Accept;
use crate::engine::{Engine, is_usable};
use crate::offer::Offer;
use crate::record::{MAX_PLAINTEXT, ProtocolVersion};
use crate::session::{Secrets, Session};
use crate::transcript::Transcript;
use crate::{
    Alert, AlertDescription, CipherSuite, Config, Error, Event, Misuse, PeerMisbehaved, Role, Stats, v12, v13,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Fingerprint, Instant, Layer, Observation, Path, Received, Rng, SrtpProfile, earliest};
use siskin_crypto::NamedGroup;

/// One DTLS connection, client or server.
///
/// Poll in this order after every call: events, then datagrams, then the deadline.
pub struct Connection {
    engine: Engine,
    state: State,
    /// When the handshake is given up; set by the first datagram either way.
    deadline: Option<Instant>,
    /// Handshake complete and peer authenticated.
    connected: bool,
    /// Whole records of the next epoch.
    early: Vec<Vec<u8>>,
    /// Data that may not be handed out yet.
    held: Vec<Vec<u8>>,
    /// Bytes in `early` and `held`.
    kept: usize,
    /// What the peer was told when we gave up.
    refusal: Option<Alert>,
    /// The newest epoch that could be read when `early` was last looked through.
    read_epoch: u16,
    /// From when on there is something to clear away.
    untidy: Option<Instant>,
}

/// ```text
/// client: Offered   --ServerHello--> V12Client, V13Client --Finished--> Established
/// server: Accepting --ClientHello--> V12Server, V13Server --Finished--> Established
/// any --close, alert, fault--> Closed
/// ```
pub(crate) enum State {
    Offered(Offer),
    Accepting(Accept),
    V12Client(v12::client::Client),
    V12Server(v12::server::Server),
    V13Client(v13::client::Client),
    V13Server(v13::server::Server),
    Established(Session),
    Closed,
}

impl Connection {
    /// A connection that has sent nothing yet. A client's first flight is ready to be polled; a server waits.
    ///
    /// [`Misuse::NothingToOffer`] if the configuration and its provider have no suite or group in common.
    pub fn new(config: Config, rng: Rng, now: Instant) -> Result<Self, Misuse> {
        let role = config.role;
        let mut engine = Engine::new(config, rng, now);
        let state = match role {
            Role::Client => State::Offered(Offer::start(&mut engine)?),
            Role::Server if !engine.config.versions.iter().any(|version| engine.speaks(*version)) => {
                return Err(Misuse::NothingToOffer);
            }
            Role::Server => State::Accepting(Accept::default()),
        };
        let (early, held) = (Vec::new(), Vec::new());
        Ok(Self {
            engine,
            state,
            deadline: None,
            connected: false,
            early,
            held,
            kept: 0,
            refusal: None,
            read_epoch: 0,
            untidy: None,
        })
    }

    /// Says which certificates the peer may have (`a=fingerprint`, RFC 8122 §5): it must match one of those that use
    /// the strongest hash function among them.
    ///
    /// May come at any time, and again; until it has come, [`Event::Connected`] is held back. A mismatch ends the
    /// connection. [`Misuse::NoUsableFingerprint`] if none is SHA-256, SHA-384 or SHA-512.
    pub fn set_remote_fingerprints(
        &mut self,
        now: Instant,
        fingerprints: &[Fingerprint],
    ) -> Result<(), Misuse> {
        let usable: Vec<_> =
            fingerprints.iter().filter(|fingerprint| is_usable(fingerprint.algorithm)).cloned().collect();
        if usable.is_empty() {
            return Err(Misuse::NoUsableFingerprint);
        }
        self.engine.now = now;
        self.engine.fingerprints = usable;
        if self.engine.peer_certificate.is_some() && !self.is_closed() {
            match self.engine.check_fingerprint() {
                Ok(()) => self.connect_if_ready(),
                Err(error) => self.fail(error),
            }
        }
        Ok(())
    }

    /// Takes a datagram and opens its records in place. What cannot be one of ours is dropped and counted.
    // Inlined as far as this, so that nobody writes down what is not asked for: the way it came.
    #[inline]
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.open_datagram(now, received.datagram);
    }

    fn open_datagram(&mut self, now: Instant, datagram: &mut [u8]) {
        self.engine.now = now;
        if !self.handle_usual(datagram) {
            self.expire();
            self.handle_records(datagram, false);
            self.plan_ack(now);
            self.expire();
        }
    }

    /// Does what is due at `now`: sends a flight again, or gives up.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_closed() {
            return;
        }
        self.engine.now = now;
        self.expire();
        self.engine.acks.handle_timeout(now);
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.handle_deadline();
        } else if self.engine.flight.handle_timeout(now, self.engine.config.retransmit_max) {
            self.engine.stats.retransmissions += 1;
        }
    }

    /// The next thing to tell. Ask until `None` before the next call to [`handle_datagram`](Self::handle_datagram).
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.engine.events.pop()
    }

    /// The next observation, if the configuration asks for them.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        self.engine.observations.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` means never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_closed() {
            return None;
        }
        earliest(self.deadline, earliest(self.engine.flight.due(), self.engine.acks.due()))
    }

    /// Closes the connection in good order: the peer is told so, once.
    pub fn close(&mut self, now: Instant) {
        self.engine.now = now;
        if !self.is_closed() {
            self.engine.alerts.push_back(Alert::warning(AlertDescription::CLOSE_NOTIFY));
            self.end("closed");
        }
    }

    /// Says how large a datagram of the handshake may be from now on, in bytes of UDP payload; what
    /// is outside of 128 to 16 384 counts as the nearest of these.
    pub fn set_max_datagram(&mut self, _now: Instant, bytes: usize) {
        self.engine.config.max_datagram = bytes;
    }

    /// Says how long a flight waits for its answer before it is first sent again, from the next one on: for whoever has measured the
    /// round trip meanwhile (RFC 9147 §5.8.2).
    pub const fn set_retransmit_initial(&mut self, interval: Duration) {
        self.engine.config.retransmit_initial = interval;
    }

    /// Fills `out` with keys for another protocol (RFC 5705 §4).
    ///
    /// [`Misuse::NotConnected`] before [`Event::Connected`]; [`Misuse::BadExport`] if the label belongs to TLS itself, or
    /// the context has more than 65 535 bytes; [`Misuse::NoExtendedMasterSecret`] in DTLS 1.2 without RFC 7627, which
    /// [`Config::require_extended_master_secret`] rules out.
    pub fn export_keying_material(
        &self,
        label: &str,
        context: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<(), Misuse> {
        let session = self.session().ok_or(Misuse::NotConnected)?;
        if RESERVED_LABELS.contains(&label) || context.is_some_and(|context| context.len() > 0xffff) {
            return Err(Misuse::BadExport);
        }
        // RFC 7627 §5.4: two connections could share such keys, and who authenticates by them would be deceived.
        if !session.is_bound() {
            return Err(Misuse::NoExtendedMasterSecret);
        }
        session.export(label, context, out)
    }

    /// Client or server.
    pub const fn role(&self) -> Role {
        self.engine.config.role
    }

    /// The version, once connected.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.session().map(|session| session.version)
    }

    /// The cipher suite, once connected.
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.session().map(|session| session.suite)
    }

    /// The group of the key exchange, once connected.
    pub fn group(&self) -> Option<NamedGroup> {
        self.session().map(|session| session.group)
    }

    /// The SRTP profile, once connected.
    pub fn srtp_profile(&self) -> Option<SrtpProfile> {
        self.session().and_then(|session| session.srtp)
    }

    /// The peer's certificate in DER, from when it was received; before [`Event::Connected`] it proves nothing.
    pub fn peer_certificate(&self) -> Option<&[u8]> {
        self.engine.peer_certificate.as_deref()
    }

    /// Whether [`Event::Connected`] has been given out and the connection has not ended.
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether the connection has ended.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Counts flights: a change means that what was sent before need not be sent again.
    pub const fn flight_number(&self) -> u32 {
        self.engine.flight.number()
    }

    /// Where the handshake's datagrams go from now on.
    pub fn set_path(&mut self, path: Path) {
        self.engine.config.path = path;
    }

    /// What has been counted.
    pub fn stats(&self) -> Stats {
        Stats { records_sent: self.engine.records.sent(), ..self.engine.stats }
    }

    fn session(&self) -> Option<&Session> {
        match &self.state {
            State::Established(session) if self.connected => Some(session),
            _ => None,
        }
    }

    fn start_clock(&mut self, now: Instant) {
        if self.deadline.is_none() && !matches!(self.state, State::Established(_) | State::Closed) {
            self.deadline = Some(now + self.engine.config.handshake_timeout);
        }
    }

    /// Time is up: for the handshake, or in DTLS 1.3 for the ACK of a client's last flight.
    fn handle_deadline(&mut self) {
        if matches!(self.state, State::Established(_)) && self.engine.stats.bytes_received > 0 {
            // It never acknowledged, but it speaks to us.
            self.engine.flight.end();
            self.settle();
        } else if self.engine.oversized {
            self.fail(PeerMisbehaved::OversizedMessage.into());
        } else {
            self.fail(Error::TimedOut);
        }
    }

    /// Nothing is out any more, at or after the end of the handshake.
    fn settle(&mut self) {
        self.deadline = None;
        if let State::Established(Session { secrets: Secrets::V13(secrets), .. }) = &mut self.state
            && self.engine.config.role == Role::Client
        {
            secrets.end_handshake(&mut self.engine, None);
        }
    }

    /// Throws away keys whose time is over. Nobody is woken up for it.
    fn expire(&mut self) {
        self.untidy = match &mut self.state {
            State::Established(Session { secrets: Secrets::V13(secrets), .. }) => {
                secrets.expire(&mut self.engine)
            }
            // Data will end it.
            State::Established(_) if !self.engine.flight.is_idle() => Some(self.engine.now),
            _ => None,
        };
    }

    fn finish_handshake(&mut self) {
        self.engine.transcript = Transcript::new();
        if self.engine.is_v13() {
            self.engine.records.end_reading(0..v13::HANDSHAKE_EPOCH);
        } else {
            self.engine.reassembly.clear();
            // RFC 6347 §4.2.8: a new handshake on a live association: not done, because a peer that starts over says so in
            // its SDP, by a new `tls-id` or fingerprint (RFC 8842 §5.1), and gets a new engine. RFC 9147 §5.11: nor in 1.3.
            self.engine.records.end_reading(0..1);
        }
        if !self.engine.flight.awaits_ack() {
            self.deadline = None;
        }
        self.connect_if_ready();
    }

    fn connect_if_ready(&mut self) {
        let State::Established(session) = &self.state else { return };
        if self.connected || self.engine.fingerprints.is_empty() {
            return;
        }
        self.connected = true;
        let events = &mut self.engine.events;
        if let Some(material) = session.srtp_keys(self.engine.config.role) {
            events.push(Event::KeyingMaterial(Box::new(material)));
        }
        events.push(Event::Connected {
            version: session.version,
            cipher_suite: session.suite,
            group: session.group,
            srtp: session.srtp,
        });
        for data in core::mem::take(&mut self.held) {
            self.kept = self.kept.saturating_sub(data.len());
            events.push(Event::EarlyApplicationData(data));
        }
        self.engine.observe(|at| Observation::State { at, layer: Layer::Dtls, state: "connected" });
    }

    fn fail(&mut self, error: Error) {
        self.refusal = error.alert(self.engine.is_v13());
        self.engine.alerts.extend(self.refusal);
        self.end("failed");
        self.engine.events.push(Event::Closed(error));
    }

    fn end(&mut self, state: &'static str) {
        self.state = State::Closed;
        self.connected = false;
        self.deadline = None;
        self.engine.flight.end();
        self.engine.acks.clear();
        self.engine.reassembly.clear();
        self.engine.transcript = Transcript::new();
        (self.early, self.held, self.kept) = (Vec::new(), Vec::new(), 0);
        self.engine.observe(|at| Observation::State { at, layer: Layer::Dtls, state });
    }
}

/// RFC 5705 §4, RFC 7627 §4: labels of TLS's own.
const RESERVED_LABELS: [&str; 5] =
    ["client finished", "server finished", "master secret", "extended master secret", "key expansion"];
