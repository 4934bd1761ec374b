//! `RTCPeerConnection`.

mod configuration;
mod events;
mod handle;
mod transports;

pub use configuration::Configuration;
pub(crate) use events::Waiting as WaitingEvents;
pub use events::{Event, Events};
pub(crate) use handle::Handle;
pub use transports::{DtlsTransport, IceTransport, SctpTransport};

use crate::channel::DataChannel;
use crate::command::{Command, Commands};
use crate::error::Error;
use crate::media::RtpTransceiver;
use siskin_peer::media::TrackKind;
use siskin_peer::{
    ChannelConfig, ConnectionId, DtlsTransportState, IceCandidateInit, IceConnectionState, IceGatheringState,
    OfferOptions, PeerConnectionState, SctpTransportState, SessionDescription, SignalingState,
    TransceiverInit, stats::StatsReport,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// A peer connection, by the names of webrtc-pc in snake case. Every method takes `&self`: share it as you like.
///
/// Methods are carried out one by one in the order in which they were called. Once called they are carried out even if
/// nobody waits for them.
///
/// Dropping it closes the connection, once what was sent has arrived, at the latest after one second.
pub struct PeerConnection {
    shared: Arc<ConnectionShared>,
    states: watch::Receiver<States>,
    /// Keeps the driver alive.
    commands: Commands,
    handle: Handle,
}

/// The states of a connection's layers at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct States {
    /// `signalingState`.
    pub signaling: SignalingState,
    /// `iceGatheringState`.
    pub ice_gathering: IceGatheringState,
    /// `iceConnectionState`.
    pub ice_connection: IceConnectionState,
    /// `connectionState`.
    pub connection: PeerConnectionState,
    /// The DTLS transport's state.
    pub dtls: DtlsTransportState,
    /// The SCTP transport's state; `None` until data channels were negotiated.
    pub sctp: Option<SctpTransportState>,
}

/// What handles and driver share about one connection.
#[derive(Debug)]
pub(crate) struct ConnectionShared {
    pub(crate) id: ConnectionId,
    max_message_size: AtomicU64,
    unread: AtomicUsize,
    max_unread: usize,
}

impl PeerConnection {
    pub(crate) fn new(
        shared: Arc<ConnectionShared>,
        states: watch::Receiver<States>,
        commands: Commands,
    ) -> Self {
        let handle = Handle::new(shared.id, commands.downgrade());
        Self { shared, states, commands, handle }
    }

    /// Makes an offer. It changes nothing: set it as the local description.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed.
    pub async fn create_offer(&self, options: OfferOptions) -> Result<SessionDescription, Error> {
        self.handle.call(move |peer, now| peer.create_offer(now, options)).await
    }

    /// Makes the answer to the remote offer. It changes nothing: set it as the local description.
    ///
    /// # Errors
    /// `InvalidStateError` if there is no remote offer, or the connection is closed.
    pub async fn create_answer(&self) -> Result<SessionDescription, Error> {
        self.handle.call(|peer, now| peer.create_answer(now)).await
    }

    /// Sets the local description; `None` makes the offer or answer that fits the signalling state.
    ///
    /// # Errors
    /// `InvalidStateError` if it does not fit the signalling state, `InvalidModificationError` if it is not the one
    /// created last.
    pub async fn set_local_description(&self, description: Option<SessionDescription>) -> Result<(), Error> {
        self.handle.call(move |peer, now| peer.set_local_description(now, description)).await
    }

    /// Sets the remote description. An offer rolls back a local one that waits for its answer.
    ///
    /// # Errors
    /// `RTCError` if the text is malformed, with line and column; `InvalidStateError` if it does not fit the signalling
    /// state; `InvalidAccessError` if it breaks a rule of JSEP.
    pub async fn set_remote_description(&self, description: SessionDescription) -> Result<(), Error> {
        self.handle.call(move |peer, now| peer.set_remote_description(now, description)).await
    }

    /// Adds a candidate of the peer's; `None` is the end of all of them.
    ///
    /// # Errors
    /// `InvalidStateError` if there is no remote description, `OperationError` if the candidate is malformed or belongs
    /// to no media section, `TypeError` if it does not say to which one it belongs.
    pub async fn add_ice_candidate(&self, candidate: Option<IceCandidateInit>) -> Result<(), Error> {
        self.handle.call(move |peer, now| peer.add_ice_candidate(now, candidate)).await
    }

    /// Asks for new paths: the next offer restarts ICE, and [`Event::NegotiationNeeded`] asks for that offer.
    pub async fn restart_ice(&self) -> Result<(), Error> {
        self.handle
            .call(|peer, now| {
                peer.restart_ice(now);
                Ok(())
            })
            .await
    }

    /// Opens a data channel, `ChannelConfig::new(label)` for a reliable and ordered one. It can be used at once: sending waits until it is open.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed, `TypeError` if an argument is out of its range, `OperationError`
    /// if the id is taken.
    pub async fn create_data_channel(&self, config: ChannelConfig) -> Result<DataChannel, Error> {
        let (reply, made) = oneshot::channel();
        let command = Command::Open(self.shared.id, config, reply);
        self.commands.send(command).map_err(|_| Error::Gone)?;
        let shared = made.await.map_err(|_| Error::Gone)??;
        Ok(DataChannel::new(shared, self.commands.downgrade()))
    }

    /// A new transceiver, to be negotiated with the next offer (`addTransceiver`).
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed; `OperationError` if there are too many, or the configuration has no
    /// media; `TypeError` if the RIDs are none, or stand twice.
    pub async fn add_transceiver(
        &self,
        kind: TrackKind,
        init: TransceiverInit,
    ) -> Result<RtpTransceiver, Error> {
        let id = self.handle.call(move |peer, now| peer.add_transceiver(now, kind, init)).await?;
        Ok(RtpTransceiver::new(self.handle.clone(), id, kind))
    }

    /// Sends a track, by a name of the caller's, over a transceiver that never sent if there is one, else over a new one
    /// (`addTrack`).
    ///
    /// # Errors
    /// As [`add_transceiver`](Self::add_transceiver), and `InvalidAccessError` if the track is sent already.
    pub async fn add_track(
        &self,
        kind: TrackKind,
        track: &str,
        streams: Vec<String>,
    ) -> Result<RtpTransceiver, Error> {
        let track = track.to_owned();
        let id = self.handle.call(move |peer, now| peer.add_track(now, kind, &track, &streams)).await?;
        Ok(RtpTransceiver::new(self.handle.clone(), id, kind))
    }

    /// Sends the transceiver's track no more; it goes on receiving (`removeTrack`).
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed; `InvalidAccessError` if the transceiver is stopped for good.
    pub async fn remove_track(&self, transceiver: &RtpTransceiver) -> Result<(), Error> {
        let id = transceiver.id();
        self.handle.call(move |peer, now| peer.remove_track(now, id)).await
    }

    /// All transceivers that are not stopped for good (`getTransceivers`).
    pub async fn transceivers(&self) -> Vec<RtpTransceiver> {
        let all = |peer: &mut siskin_peer::PeerConnection, _| {
            Ok(peer.transceivers().map(|known| (known.id(), known.kind())).collect::<Vec<_>>())
        };
        let known = self.handle.call(all).await.unwrap_or_default();
        known.into_iter().map(|(id, kind)| RtpTransceiver::new(self.handle.clone(), id, kind)).collect()
    }

    /// The statistics of webrtc-stats.
    pub async fn get_stats(&self) -> Result<StatsReport, Error> {
        self.handle.call(|peer, now| Ok(peer.get_stats(now))).await
    }

    /// `signalingState`.
    pub fn signaling_state(&self) -> SignalingState {
        self.states().signaling
    }

    /// `iceGatheringState`.
    pub fn ice_gathering_state(&self) -> IceGatheringState {
        self.states().ice_gathering
    }

    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceConnectionState {
        self.states().ice_connection
    }

    /// `connectionState`.
    pub fn connection_state(&self) -> PeerConnectionState {
        self.states().connection
    }

    /// All states at once.
    pub fn states(&self) -> States {
        *self.states.borrow()
    }

    /// The local description in force, with the candidates gathered so far.
    pub async fn local_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.local_description())).await.ok().flatten()
    }

    /// The remote description in force, with the candidates added so far.
    pub async fn remote_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.remote_description().cloned())).await.ok().flatten()
    }

    /// `currentLocalDescription`: the one that was negotiated last.
    pub async fn current_local_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.current_local_description())).await.ok().flatten()
    }

    /// `pendingLocalDescription`: the one under negotiation.
    pub async fn pending_local_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.pending_local_description())).await.ok().flatten()
    }

    /// `currentRemoteDescription`: the one that was negotiated last.
    pub async fn current_remote_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.current_remote_description().cloned())).await.ok().flatten()
    }

    /// `pendingRemoteDescription`: the one under negotiation.
    pub async fn pending_remote_description(&self) -> Option<SessionDescription> {
        self.handle.call(|peer, _| Ok(peer.pending_remote_description().cloned())).await.ok().flatten()
    }

    /// The SCTP transport; `None` until data channels were negotiated.
    pub fn sctp(&self) -> Option<SctpTransport> {
        self.states().sctp.map(|_| SctpTransport::new(Arc::clone(&self.shared), self.states.clone()))
    }

    /// Waits until `reached` is true of the connection's states, and gives them; `None` if the connection is gone
    /// before that.
    pub async fn wait_for(&self, mut reached: impl FnMut(&States) -> bool) -> Option<States> {
        let mut states = self.states.clone();
        states.wait_for(|states| reached(states)).await.ok().map(|states| *states)
    }

    /// Waits until all local candidates are known. To be called behind `set_local_description`; if that needs none, because
    /// every media section is refused, there is nothing to wait for.
    pub async fn gathered(&self) {
        self.wait_for(|states| states.ice_gathering != IceGatheringState::Gathering).await;
    }

    /// Closes the connection at once: what is not sent yet is lost.
    pub async fn close(&self) {
        self.finish(Duration::ZERO).await;
    }

    /// Closes the connection once what was sent has arrived, at the latest after `limit`.
    pub async fn finish(&self, limit: Duration) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Finish(self.shared.id, limit, Some(reply))).is_ok() {
            let _ = done.await;
        }
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Finish(self.shared.id, FLUSH_ON_DROP, None));
    }
}

impl fmt::Debug for PeerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerConnection").field("states", &self.states()).finish_non_exhaustive()
    }
}

impl ConnectionShared {
    pub(crate) fn new(id: ConnectionId, max_unread: usize) -> Arc<Self> {
        let max_message_size = AtomicU64::new(u64::MAX);
        Arc::new(Self { id, max_message_size, unread: AtomicUsize::new(0), max_unread })
    }

    /// Largest message that the peer takes, in bytes; without limit until that is negotiated.
    pub(crate) fn max_message_size(&self) -> u64 {
        self.max_message_size.load(Ordering::Relaxed)
    }

    pub(crate) fn set_max_message_size(&self, bytes: u64) {
        self.max_message_size.store(bytes, Ordering::Relaxed);
    }

    /// A message waits to be read.
    pub(crate) fn has_received(&self, len: usize) {
        self.unread.fetch_add(len + PER_MESSAGE, Ordering::AcqRel);
    }

    /// A message was read; true if the driver must be told that there is room again.
    pub(crate) fn has_read(&self, len: usize) -> bool {
        let before = self.unread.fetch_sub(len + PER_MESSAGE, Ordering::AcqRel);
        before > self.max_unread && before - (len + PER_MESSAGE) <= self.max_unread
    }

    /// Whether so much waits to be read that the peer has to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.unread.load(Ordering::Acquire) > self.max_unread
    }
}

/// What an unread message costs besides its bytes, so that empty ones count, too.
const PER_MESSAGE: usize = 64;

const FLUSH_ON_DROP: Duration = Duration::from_secs(1);
