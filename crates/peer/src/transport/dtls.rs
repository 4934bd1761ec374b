//! The DTLS side of a transport: when the handshake starts, and what its end means.

use super::TransportEvent;
use crate::DtlsTransportState as State;
use crate::config::Config;
use crate::event::TransportError;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;
use siskin_base::{
    Ecn, Fingerprint, Instant, KeyingMaterial, Observation, Packet, Path, Received, Rng, Transmit,
};
use siskin_crypto::Certificate;
use siskin_dtls::{Connection, Event, Role};

/// No flight is sent again before this, as in browsers.
const MIN_RETRANSMIT: Duration = Duration::from_millis(50);

/// Datagrams that are kept until the answer comes: a ClientHello with ML-KEM takes three of 600 bytes. The oldest give way.
const BEFORE_ANSWER: usize = 4;
/// The longest of them, in bytes.
const BEFORE_ANSWER_BYTES: usize = 1_500;

/// DTLS, from before its role is known to after its end.
pub(crate) struct Dtls {
    /// What the handshake will be made with; boxed, because it is kept until then only.
    unused: Option<Box<(siskin_dtls::Config, Rng)>>,
    as_client: Option<bool>,
    /// What the peer sent before its answer told us that it starts.
    before_answer: VecDeque<(Path, Vec<u8>)>,
    fingerprints: Vec<Fingerprint>,
    connection: Option<Connection>,
    state: State,
    /// Whether the first timer is that of the path.
    timed: bool,
    refused: bool,
    /// For SRTP, if that was agreed on.
    keying: Option<KeyingMaterial>,
    application_data: VecDeque<Range<usize>>,
    /// What came before the handshake was done; the connection bounds it.
    early_data: VecDeque<Vec<u8>>,
    pending: VecDeque<TransportEvent>,
}

impl Dtls {
    pub(super) fn new(config: &Config, certificate: Arc<Certificate>, rng: Rng) -> Self {
        Self {
            unused: Some(Box::new((config.dtls(certificate), rng))),
            as_client: None,
            before_answer: VecDeque::new(),
            fingerprints: Vec::new(),
            connection: None,
            state: State::New,
            timed: false,
            refused: false,
            keying: None,
            application_data: VecDeque::new(),
            early_data: VecDeque::new(),
            pending: VecDeque::new(),
        }
    }

    /// Whether a handshake with these is the one that lives, or would live; `same_peer` has the credentials that are known.
    pub(super) fn accepts_fingerprints(&self, fingerprints: &[Fingerprint], same_peer: bool) -> bool {
        let known = |fingerprint: &Fingerprint| self.fingerprints.contains(fingerprint);
        let same = fingerprints.len() == self.fingerprints.len() && fingerprints.iter().all(known);
        same || self.connection.is_none() && (self.fingerprints.is_empty() || !same_peer)
    }

    pub(super) fn set_remote_fingerprints(&mut self, now: Instant, fingerprints: &[Fingerprint]) {
        self.fingerprints = fingerprints.to_vec();
        if let Some(connection) = &mut self.connection {
            let _unusable = connection.set_remote_fingerprints(now, fingerprints);
        }
    }

    pub(super) fn start(&mut self, now: Instant, as_client: bool) {
        let known = *self.as_client.get_or_insert(as_client);
        let before_answer = core::mem::take(&mut self.before_answer);
        // A server waits from now on; a client starts when there is a path.
        if !known {
            self.connect(now);
            for (path, mut datagram) in before_answer {
                let ecn = Ecn::NotEct;
                self.handle_datagram(now, Received { path, arrived: now, ecn, datagram: &mut datagram });
            }
        }
    }

    fn connect(&mut self, now: Instant) {
        let (Some(as_client), Some(unused)) = (self.as_client, self.unused.take()) else { return };
        let (mut config, rng) = *unused;
        config.role = if as_client { Role::Client } else { Role::Server };
        match Connection::new(config, rng, now) {
            Ok(mut connection) => {
                let _unusable = connection.set_remote_fingerprints(now, &self.fingerprints);
                self.connection = Some(connection);
                self.show(State::Connecting);
            }
            Err(_) => self.show(State::Failed),
        }
    }

    /// Whether we are to start the handshake, and wait for a path.
    pub(super) fn is_waiting(&self) -> bool {
        self.connection.is_none() && self.as_client == Some(true)
    }

    /// Whether the round trip would be of use: until it was told, or nobody waits for anything any more.
    pub(super) fn wants_rtt(&self) -> bool {
        !self.timed && self.state != State::Connected
    }

    /// `rtt` is what ICE has measured.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        has_path: bool,
        rtt: Option<Duration>,
        events: &mut VecDeque<TransportEvent>,
    ) {
        if let Some(rtt) = rtt {
            // RFC 9147 §5.8.2 lets whoever knows the round trip use it. Browsers drop a first flight that overtakes their own
            // check, so that a long first timer is silence in every set-up; a server's finds out what the path does not carry.
            let first = (rtt * 2).max(MIN_RETRANSMIT);
            match (&mut self.unused, &mut self.connection) {
                (Some(unused), _) => unused.0.retransmit_initial = first,
                (None, Some(connection)) => connection.set_retransmit_initial(first),
                (None, None) => {}
            }
            self.timed = true;
        }
        if has_path && self.is_waiting() {
            self.connect(now);
        }
        self.take_events();
        events.extend(core::mem::take(&mut self.pending));
    }

    fn take_events(&mut self) {
        while let Some(event) = self.connection.as_mut().and_then(Connection::poll_event) {
            match event {
                Event::KeyingMaterial(keying) => self.keying = Some(*keying),
                Event::Connected { .. } => self.show(State::Connected),
                Event::ApplicationData(range) => self.application_data.push_back(range),
                Event::EarlyApplicationData(data) => self.early_data.push_back(data),
                Event::PeerClosed => self.show(State::Closed),
                Event::Closed(error) => {
                    // An alert of our own still has to be sent.
                    self.refused = matches!(error, siskin_dtls::Error::PeerAborted(_));
                    self.pending.push_back(TransportEvent::Failed(TransportError::Dtls(error)));
                    self.show(State::Failed);
                }
                _ => {}
            }
        }
    }

    fn show(&mut self, state: State) {
        if core::mem::replace(&mut self.state, state) != state {
            self.pending.push_back(TransportEvent::DtlsState(state));
        }
    }

    // RFC 8842 §5.2: a handshake before the answer: not done, because there is no fingerprint yet to hold it to: its first
    // flight is kept, and answered as soon as there is. Dropped, it would come again only when the peer's timer has run out,
    // which doubles while signalling takes its time.
    pub(super) fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        if let Some(connection) = &mut self.connection {
            connection.handle_datagram(now, received);
            self.take_events();
        } else if self.as_client.is_none() && received.datagram.len() <= BEFORE_ANSWER_BYTES {
            // A flight that is sent again takes the place of itself.
            if self.before_answer.len() >= BEFORE_ANSWER {
                self.before_answer.pop_front();
            }
            self.before_answer.push_back((received.path, received.datagram.to_vec()));
        }
    }

    /// Where in the datagram just handled the next piece of cleartext lies.
    pub(super) fn poll_application_data(&mut self) -> Option<Range<usize>> {
        self.application_data.pop_front()
    }

    /// Cleartext that came before the handshake was done.
    pub(super) fn poll_early_data(&mut self) -> Option<Vec<u8>> {
        self.early_data.pop_front()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let Some(connection) = &mut self.connection {
            connection.handle_timeout(now);
        }
    }

    pub(super) fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.connection.as_mut()?.poll_transmit(now, out)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.connection.as_ref()?.poll_timeout()
    }

    pub(super) fn poll_observation(&mut self) -> Option<Observation> {
        self.connection.as_mut()?.poll_observation()
    }

    pub(super) fn seal(&mut self, packet: &mut Packet) -> Result<(), ()> {
        self.connection.as_mut().ok_or(())?.seal(packet).map_err(|_| ())
    }

    pub(super) fn head_room(&self) -> usize {
        self.connection.as_ref().map_or(0, Connection::head_room)
    }

    /// Bytes that a record adds to its payload.
    pub(super) fn overhead(&self) -> usize {
        self.connection.as_ref().map_or(0, |connection| connection.head_room() + connection.tail_room())
    }

    pub(super) fn close(&mut self, now: Instant) {
        if let Some(connection) = &mut self.connection {
            connection.close(now);
        }
        self.show(State::Closed);
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// Whether nothing but application data has come since the last [`settle`](Self::settle).
    pub(super) fn is_quiet(&self) -> bool {
        self.is_connected() && self.pending.is_empty()
    }

    /// The keys for SRTP, while the connection lives.
    pub(super) fn keying(&self) -> Option<&KeyingMaterial> {
        self.keying.as_ref().filter(|_| self.is_connected())
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Failed)
    }

    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn is_client(&self) -> Option<bool> {
        self.as_client
    }

    pub(crate) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }
}
