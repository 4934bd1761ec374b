//! What happens to a connection, as a stream.

use crate::channel::DataChannel;
use crate::media::TrackEvent;
use futures_core::Stream;
use siskin_peer::{
    DtlsTransportState, IceCandidateInit, IceConnectionState, IceGatheringState, PeerConnectionState,
    SctpTransportState, SignalingState, TransceiverId, TransportError,
};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Something that happened to a connection, by the names of webrtc-pc.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// `negotiationneeded`: make an offer.
    NegotiationNeeded,
    /// `icecandidate`: send it to the peer. One with an empty `candidate` ends a generation; `None` ends gathering.
    IceCandidate(Option<IceCandidateInit>),
    /// `signalingstatechange`.
    SignalingStateChange(SignalingState),
    /// `icegatheringstatechange`.
    IceGatheringStateChange(IceGatheringState),
    /// `iceconnectionstatechange`.
    IceConnectionStateChange(IceConnectionState),
    /// `connectionstatechange`.
    ConnectionStateChange(PeerConnectionState),
    /// `statechange` of the DTLS transport.
    DtlsStateChange(DtlsTransportState),
    /// `statechange` of the SCTP transport.
    SctpStateChange(SctpTransportState),
    /// `datachannel`: the peer opened one. Dropping it closes it.
    DataChannel(DataChannel),
    /// `track`: the peer sends, or is about to. It comes again, with the same track, when the peer sends again after it had
    /// stopped.
    Track(TrackEvent),
    /// `mute` of a received track: the peer sends it no more for now.
    TrackMuted(TransceiverId),
    /// The peer needs a key frame of what we send.
    KeyFrameRequested {
        /// Who sends it.
        transceiver: TransceiverId,
        /// The encoding, where we send several.
        rid: Option<String>,
    },
    /// All tracks together should be sent with so many bits per second from now on.
    TargetBitrate(u64),
    /// The transport failed, and why.
    TransportFailed(TransportError),
}

/// The events of one connection. Ends when the connection is gone. Dropping it loses events, and closes the channels
/// that the peer opens.
#[derive(Debug)]
pub struct Events(mpsc::UnboundedReceiver<Event>);

impl Events {
    pub(crate) fn new(receiver: mpsc::UnboundedReceiver<Event>) -> Self {
        Self(receiver)
    }

    /// The next event; `None` when the connection is gone. Cancelling loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await.map(seen)
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(cx).map(|event| event.map(seen))
    }
}

fn seen(mut event: Event) -> Event {
    if let Event::DataChannel(channel) = &mut event {
        channel.seen();
    }
    event
}
