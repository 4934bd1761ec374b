//! One transport: ICE below, DTLS and SRTP above it, and whose bytes are whose.
//!
//! ```text
//!   in:   datagram -- RFC 7983 --> STUN --> ice
//!                             `--> DTLS --> dtls -- application data --> data (SCTP)
//!                             `--> RTP  --> rtp
//!   out:  ice, then dtls's handshake, then rtp, then a train of SCTP packets that dtls seals in place
//! ```

mod dtls;
mod ice;
mod traffic;

use crate::config::Config;
use crate::connection::RouteChange;
use crate::data::Data;
use crate::demux::Kind;
use crate::event::TransportError;
use crate::jsep::{Candidates, RemoteTransport};
use crate::rtp::Rtp;
use crate::{DtlsTransportState, IceConnectionState, IceGatheringState};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::net::SocketAddr;
use core::num::NonZeroU16;
use dtls::Dtls;
use ice::Ice;
use siskin_base::{BaseId, Candidate, Instant, Observation, Packet, Path, Received, Rng, Transmit, earliest};
use siskin_crypto::Certificate;
use siskin_ice::Credentials;

pub(crate) use ice::insert_base;
pub(crate) use traffic::Traffic;

/// What a transport tells its connection.
#[derive(Debug)]
pub(crate) enum TransportEvent {
    Candidate { candidate: Candidate, ufrag: String },
    EndOfCandidates { ufrag: String },
    SelectedPath(Path),
    DtlsState(DtlsTransportState),
    Failed(TransportError),
}

/// ICE and DTLS of one bundle.
pub(crate) struct Transport {
    ice: Ice,
    dtls: Dtls,
    /// Audio and video, once a section of theirs is carried here. Boxed: most transports have none.
    rtp: Option<Box<Rtp>>,
    traffic: Traffic,
    max_train: u8,
    max_datagram: usize,
    /// The last words are still to be sent.
    closing: bool,
    events: VecDeque<TransportEvent>,
}

impl Transport {
    pub(crate) fn new(
        config: &Config,
        certificate: Arc<Certificate>,
        rng: Rng,
        now: Instant,
        credentials: Credentials,
        bases: &[(BaseId, SocketAddr)],
    ) -> Self {
        Self {
            ice: Ice::new(config, rng.fork("ice"), now, credentials, bases.to_vec()),
            dtls: Dtls::new(config, certificate, rng.fork("dtls")),
            rtp: None,
            traffic: Traffic::default(),
            max_train: config.max_train.clamp(1, 64),
            max_datagram: usize::from(config.max_datagram),
            closing: false,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn add_base(&mut self, now: Instant, base: BaseId, local: SocketAddr) {
        self.ice.add_base(now, base, local);
    }

    pub(crate) fn remove_base(&mut self, now: Instant, base: BaseId) {
        self.ice.remove_base(now, base);
    }

    /// Our credentials, those of a restart under way first.
    pub(crate) fn local_credentials(&self) -> &Credentials {
        self.ice.agent().local_credentials()
    }

    pub(crate) fn set_controlling(&mut self, now: Instant, controlling: bool) {
        self.ice.set_controlling(now, controlling);
    }

    pub(crate) fn gather(&mut self, now: Instant) {
        self.ice.gather(now);
    }

    pub(crate) fn gathered(&self) -> Candidates {
        self.ice.gathered()
    }

    /// New credentials; the old ones carry data until the new ones have found a path.
    pub(crate) fn restart(&mut self, now: Instant, credentials: Credentials) {
        self.ice.restart(now, credentials);
    }

    /// An answer took up the restart, if there was one: it cannot be rolled back any more.
    pub(crate) fn accept_restart(&mut self) {
        self.ice.accept_restart();
    }

    pub(crate) fn roll_back_restart(&mut self, now: Instant) {
        self.ice.roll_back_restart(now);
    }

    /// RFC 8839 §4.4.1.1.1: other credentials are a restart.
    pub(crate) fn is_restarted_by(&self, remote: &RemoteTransport) -> bool {
        self.ice.is_restarted_by(&remote.credentials)
    }

    /// The other end has these credentials.
    pub(crate) fn is_of(&self, remote: &RemoteTransport) -> bool {
        self.ice.is_of(&remote.credentials)
    }

    /// RFC 9429 §5.10: an answer has new credentials where the offer asks for a restart, and there only.
    pub(crate) fn accepts_answer(&self, remote: &RemoteTransport) -> bool {
        self.ice.accepts_answer(&remote.credentials)
    }

    pub(crate) fn knows_remote_ufrag(&self, ufrag: &str) -> bool {
        self.ice.knows_remote_ufrag(ufrag)
    }

    pub(crate) fn set_remote(&mut self, now: Instant, remote: &RemoteTransport) {
        self.ice.set_remote(now, remote);
        self.dtls.set_remote_fingerprints(now, &remote.fingerprints);
    }

    /// RFC 9429 §5.11: fingerprints stay, unless ICE is restarted, and as long as an association lives.
    pub(crate) fn accepts_fingerprints(&self, remote: &RemoteTransport) -> bool {
        self.dtls.accepts_fingerprints(&remote.fingerprints, self.is_of(remote))
    }

    pub(crate) fn add_remote_candidate(&mut self, now: Instant, candidate: &Candidate) {
        self.ice.add_remote_candidate(now, candidate);
    }

    pub(crate) fn end_of_candidates(&mut self, now: Instant) {
        self.ice.end_of_candidates(now);
    }

    /// The answer gave us our part in the handshake; one that lives goes on.
    pub(crate) fn start_dtls(&mut self, now: Instant, as_client: bool) {
        self.dtls.start(now, as_client);
    }

    pub(crate) fn is_dtls_client(&self) -> Option<bool> {
        self.dtls.is_client()
    }

    /// Whether a STUN message is for this transport, by our username fragment or by its transaction.
    pub(crate) fn expects(&self, stun: &[u8]) -> bool {
        self.ice.expects(stun)
    }

    pub(crate) fn accepts_data_from(&self, path: &Path) -> bool {
        self.ice.accepts_data_from(path)
    }

    /// Gives whether [`settle`](Self::settle) has something to carry on: not for data that flows.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        received: Received<'_>,
        data: Option<&mut Data>,
    ) -> bool {
        match Kind::of(received.datagram) {
            Kind::Stun => self.ice.handle_datagram(now, received),
            Kind::Dtls if self.ice.accepts_data_from(&received.path) => {
                self.handle_dtls(now, received, data);
                return !self.dtls.is_quiet();
            }
            Kind::Rtp if self.ice.accepts_data_from(&received.path) => {
                self.traffic.received(received.path, received.datagram.len());
                match &mut self.rtp {
                    Some(rtp) => rtp.handle_datagram(received),
                    None => self.traffic.dropped += 1,
                }
                return false;
            }
            _ => self.traffic.dropped += 1,
        }
        true
    }

    fn handle_dtls(&mut self, now: Instant, received: Received<'_>, mut data: Option<&mut Data>) {
        let Received { path, arrived, ecn, datagram } = received;
        self.traffic.received(path, datagram.len());
        self.dtls.handle_datagram(now, Received { path, arrived, ecn, datagram: &mut *datagram });
        while let Some(range) = self.dtls.poll_application_data() {
            let Some(cleartext) = datagram.get_mut(range) else { continue };
            if let Some(data) = data.as_deref_mut() {
                data.handle_datagram(now, Received { path, arrived, ecn, datagram: cleartext });
            }
        }
        while let Some(mut early) = self.dtls.poll_early_data() {
            if let Some(data) = data.as_deref_mut() {
                data.handle_datagram(now, Received { path, arrived, ecn, datagram: &mut early });
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.ice.handle_timeout(now);
        self.dtls.handle_timeout(now);
        self.rtp.iter_mut().for_each(|rtp| rtp.handle_timeout(now));
    }

    pub(crate) fn poll_transmit(
        &mut self,
        now: Instant,
        out: &mut Packet,
        mut data: Option<&mut Data>,
    ) -> Option<Transmit> {
        if let Some(transmit) = self.ice.poll_transmit(now, out) {
            return Some(transmit);
        }
        let path = self.ice.path_for_data(now);
        if let Some(rtp) = &mut self.rtp {
            rtp.set_blocked(path.is_none() || !self.dtls.is_connected());
        }
        let path = path?;
        if self.closing {
            // The last words go while DTLS and its keys can still carry them.
            let last = self.poll_rtp(now, out, path);
            let last = last.or_else(|| self.poll_data(now, out, data.as_deref_mut()?, path));
            if last.is_some() {
                return last;
            }
            self.dtls.close(now);
        }
        if let Some(transmit) = self.dtls.poll_transmit(now, out) {
            self.traffic.sent(path, 1, out.len());
            return Some(Transmit { path, ..transmit });
        }
        self.poll_rtp(now, out, path).or_else(|| self.poll_data(now, out, data?, path))
    }

    fn poll_rtp(&mut self, now: Instant, out: &mut Packet, path: Path) -> Option<Transmit> {
        let connected = self.dtls.is_connected();
        self.rtp.as_mut().filter(|_| connected)?.poll_transmit(now, out).then(|| {
            self.traffic.sent(path, 1, out.len());
            Transmit { path, ecn: siskin_base::Ecn::NotEct, segment_size: None }
        })
    }

    /// A train of SCTP packets, each sealed where it was written. All but the last are of the size of the first, whatever
    /// that is: messages that fill no datagram travel in trains, too.
    fn poll_data(&mut self, now: Instant, out: &mut Packet, data: &mut Data, path: Path) -> Option<Transmit> {
        if !self.dtls.is_connected() {
            return None;
        }
        let head_room = self.dtls.head_room();
        let (mut first, mut payload) = (0, 0);
        let mut count = 0;
        while count < u32::from(self.max_train) && out.len() + first <= MAX_TRAIN_BYTES {
            match count {
                0 => out.begin(head_room),
                _ => out.begin_next(head_room, payload),
            }
            let written = data.poll_transmit(now, out).map(|_| out.current().len());
            let Some(len) = written.filter(|_| self.dtls.seal(out).is_ok()) else {
                out.cancel();
                break;
            };
            let sealed = out.finish();
            count += 1;
            if count == 1 {
                (first, payload) = (sealed, len);
            } else if sealed < first {
                // Only the last one may be shorter.
                break;
            }
        }
        if count == 0 {
            return None;
        }
        self.traffic.sent(path, count, out.len());
        let segment_size = u16::try_from(first).ok().and_then(NonZeroU16::new).filter(|_| count > 1);
        Some(Transmit { path, ecn: siskin_base::Ecn::NotEct, segment_size })
    }

    /// Carries what happened from ICE to DTLS to SCTP.
    pub(crate) fn settle(
        &mut self,
        now: Instant,
        mut data: Option<&mut Data>,
        routes: &mut VecDeque<RouteChange>,
    ) {
        let changes = self.ice.selected_changes();
        self.ice.settle(&mut self.events, routes);
        if let Some(data) =
            data.as_deref_mut().filter(|_| changes > 0 && self.ice.selected_changes() > changes)
        {
            data.on_path_change(now);
        }
        let rtt = if self.dtls.wants_rtt() { self.ice.rtt() } else { None };
        self.dtls.settle(now, self.ice.path_for_data(now).is_some(), rtt, &mut self.events);
        if let (true, Some(data)) = (self.dtls.is_connected(), data.as_deref_mut()) {
            data.start(
                now,
                self.dtls.is_client() == Some(true),
                self.max_datagram.saturating_sub(self.dtls.overhead()),
            );
        }
        if let (Some(rtp), Some(keying)) = (&mut self.rtp, self.dtls.keying()) {
            rtp.start(keying);
        }
        if self.dtls.is_over() {
            // RFC 7675 §5.2: a fatal alert is the peer's way to say that it wants no more.
            if self.dtls.was_refused() {
                self.ice.revoke_consent(now);
            }
            data.into_iter().for_each(|data| data.abort(now));
        }
        self.ice.settle(&mut self.events, routes);
    }

    pub(crate) fn poll_event(&mut self) -> Option<TransportEvent> {
        let event = self.events.pop_front();
        if event.is_none() {
            // States change seldom, and connections are many: an idle one keeps no room for this.
            self.events = VecDeque::new();
        }
        event
    }

    pub(crate) fn poll_observation(&mut self) -> Option<Observation> {
        self.dtls.poll_observation().or_else(|| self.ice.poll_observation())
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let rtp = self.rtp.as_ref().and_then(|rtp| rtp.poll_timeout());
        earliest(rtp, earliest(self.ice.poll_timeout(), self.dtls.poll_timeout()))
    }

    /// Audio and video, made by `make` if there are none yet.
    pub(crate) fn rtp_or_insert(&mut self, make: impl FnOnce() -> Rtp) -> &mut Rtp {
        self.rtp.get_or_insert_with(|| Box::new(make()))
    }

    pub(crate) fn rtp(&self) -> Option<&Rtp> {
        self.rtp.as_deref()
    }

    pub(crate) fn rtp_mut(&mut self) -> Option<&mut Rtp> {
        self.rtp.as_deref_mut()
    }

    pub(crate) fn gathering_state(&self) -> IceGatheringState {
        self.ice.gathering_state()
    }

    pub(crate) fn ice_state(&self) -> IceConnectionState {
        self.ice.state()
    }

    pub(crate) fn dtls_state(&self) -> DtlsTransportState {
        self.dtls.state()
    }

    /// SCTP and DTLS say goodbye; ICE goes as soon as that is sent.
    pub(crate) fn close(&mut self) {
        self.rtp.iter_mut().for_each(|rtp| rtp.close());
        self.closing = true;
    }

    /// Ends ICE once nothing is left to say.
    pub(crate) fn finish_closing(&mut self, now: Instant, routes: &mut VecDeque<RouteChange>) {
        if core::mem::replace(&mut self.closing, false) {
            self.ice.close(now, routes);
        }
    }

    /// Closes without a word.
    pub(crate) fn discard(&mut self, now: Instant, routes: &mut VecDeque<RouteChange>) {
        self.ice.close(now, routes);
    }

    pub(crate) fn ice(&self) -> &Ice {
        &self.ice
    }

    pub(crate) fn dtls(&self) -> &Dtls {
        &self.dtls
    }

    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

/// What fits into one GSO system call.
const MAX_TRAIN_BYTES: usize = 65_000;
