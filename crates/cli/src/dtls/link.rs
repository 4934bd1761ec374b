//! One connection between the engine and a socket.

use super::Setup;
use crate::report::{Code, ReportError};
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Observation, Packet, Path, Received};
use siskin_crypto::fingerprint;
use siskin_dtls::{Connection, Event};
use std::net::SocketAddr;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// The path to `remote` through our only socket.
pub(super) fn path(remote: SocketAddr) -> Path {
    Path::udp(BaseId(0), remote)
}

/// One connection and its peer.
pub(super) struct Link {
    dtls: Connection,
    remote: SocketAddr,
    /// Whether any certificate will do: then the one that comes is the one that is wanted.
    anyone: bool,
    keys: Option<mpsc::Sender<Observation>>,
    provider: siskin_crypto::Provider,
    packet: Packet,
}

/// What came of a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// The handshake is complete: what was agreed on, for people.
    Connected(String),
    /// Data from the peer.
    Data(Vec<u8>),
    /// The end, in good order.
    Closed,
    /// The end otherwise, and why.
    Failed(String),
}

impl Link {
    /// A connection to `remote`, the `nth` of this run.
    pub(super) fn new(
        setup: &Setup,
        remote: SocketAddr,
        nth: u64,
        now: Instant,
    ) -> Result<Self, ReportError> {
        let mut config = setup.config.clone();
        config.path = path(remote);
        let bad = |what: &str| ReportError::new(Code::BadArgument, what);
        let rng = setup.rng.fork(&format!("connection {nth}"));
        let mut dtls = Connection::new(config, rng, now)
            .map_err(|_| bad("--dtls, --groups and --suites leave nothing to offer"))?;
        if !setup.fingerprints.is_empty() {
            dtls.set_remote_fingerprints(now, &setup.fingerprints)
                .map_err(|_| bad("--fingerprint: none is usable"))?;
        }
        let (anyone, keys) = (setup.fingerprints.is_empty(), setup.keys.clone());
        Ok(Self { dtls, remote, anyone, keys, provider: setup.provider, packet: Packet::new() })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.dtls.is_connected()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.dtls.poll_timeout()
    }

    /// A datagram from the peer.
    pub(super) fn take(&mut self, now: Instant, datagram: &mut [u8]) -> Vec<Happened> {
        let received = Received { path: path(self.remote), arrived: now, ecn: Ecn::NotEct, datagram };
        self.dtls.handle_datagram(now, received);
        self.events(now, datagram)
    }

    /// The deadline, perhaps.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Happened> {
        if self.due().is_some_and(|due| due <= now) {
            self.dtls.handle_timeout(now);
        }
        self.events(now, &[])
    }

    /// Sends all that the engine has to say.
    pub(super) async fn flush(&mut self, now: Instant, socket: &UdpSocket) {
        while self.dtls.poll_transmit(now, &mut self.packet).is_some() {
            self.put(socket).await;
        }
    }

    /// Sends `data` in one record; what is too long for one is refused and said so.
    pub(super) async fn send(&mut self, data: &[u8], socket: &UdpSocket) {
        self.packet.begin(self.dtls.head_room());
        self.packet.append(data);
        match self.dtls.seal(&mut self.packet) {
            Ok(()) => {
                self.packet.finish();
                self.put(socket).await;
            }
            Err(error) => {
                self.packet.cancel();
                tracing::warn!(?error, bytes = data.len(), "a record was not sent");
            }
        }
    }

    pub(super) async fn close(&mut self, now: Instant, socket: &UdpSocket) {
        self.dtls.close(now);
        self.flush(now, socket).await;
    }

    async fn put(&mut self, socket: &UdpSocket) {
        if let Err(error) = socket.send_to(self.packet.as_bytes(), self.remote).await {
            tracing::debug!(%error, "a datagram was not sent");
        }
        self.packet.clear();
    }

    fn events(&mut self, now: Instant, datagram: &[u8]) -> Vec<Happened> {
        if self.anyone
            && !self.dtls.is_connected()
            && let Some(certificate) = self.dtls.peer_certificate()
        {
            let seen = fingerprint(&self.provider, HashAlgorithm::Sha256, certificate);
            tracing::info!(remote = %self.remote, certificate = %seen, "the peer's certificate");
            self.anyone = self.dtls.set_remote_fingerprints(now, &[seen]).is_err();
        }
        let mut happened = Vec::new();
        while let Some(event) = self.dtls.poll_event() {
            match event {
                Event::Connected { version, cipher_suite, group, .. } => {
                    let suite = cipher_suite.name().unwrap_or("?");
                    happened.push(Happened::Connected(format!("{version:?} {group:?} {suite}")));
                }
                Event::ApplicationData(range) => {
                    happened.push(Happened::Data(datagram.get(range).unwrap_or_default().into()));
                }
                Event::EarlyApplicationData(data) => happened.push(Happened::Data(data)),
                Event::PeerClosed => happened.push(Happened::Closed),
                Event::Closed(error) => happened.push(Happened::Failed(error.to_string())),
                _ => {}
            }
        }
        while let Some(observation) = self.dtls.poll_observation() {
            if let Some(keys) = &self.keys {
                // The file's queue is long; a line that finds it full is lost, not waited for.
                let _lost = keys.try_send(observation);
            }
        }
        happened
    }
}
