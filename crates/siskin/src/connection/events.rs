//! What happens to a connection, as a stream.

use crate::channel::DataChannel;
use crate::media::TrackEvent;
use futures_core::Stream;
use siskin_peer::{
    DtlsTransportState, IceCandidateInit, IceConnectionState, IceGatheringState, PeerConnectionState,
    SctpTransportState, SignalingState, TransceiverId, TransportError,
};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// All tracks together should be sent with so many bits per second from now on;
    /// [`RtpTransceiver::encoding_targets`](crate::media::RtpTransceiver::encoding_targets) divides it.
    TargetBitrate(u64),
    /// Other encodings are to be made of what we send: ask for the transceiver's
    /// [`encoding_targets`](crate::media::RtpTransceiver::encoding_targets).
    EncodingsChanged(TransceiverId),
    /// The transport failed, and why.
    TransportFailed(TransportError),
}

/// The events of one connection. Ends when the connection is gone. Dropping it loses events, and closes the channels
/// that the peer opens.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<Waiting>,
}

/// What waits to be read and is not queued twice: a peer can bring it about as often as it likes.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    key_frames: BTreeSet<(TransceiverId, Option<String>)>,
    target_bitrate: Option<u64>,
}

impl Events {
    pub(crate) fn new(receiver: mpsc::UnboundedReceiver<Event>, waiting: Arc<Waiting>) -> Self {
        Self { receiver, waiting }
    }

    /// The next event; `None` when the connection is gone. Cancelling loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await;
        event.map(|event| self.waiting.seen(event))
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = self.receiver.poll_recv(cx);
        event.map(|event| event.map(|event| self.waiting.seen(event)))
    }
}

impl Waiting {
    /// Whether an event is to be queued; if it waits already, what it says is read with that.
    pub(crate) fn admits(&self, event: &Event) -> bool {
        match event {
            Event::KeyFrameRequested { transceiver, rid } => {
                self.lock().key_frames.insert((*transceiver, rid.clone()))
            }
            Event::TargetBitrate(bits) => self.lock().target_bitrate.replace(*bits).is_none(),
            _ => true,
        }
    }

    fn seen(&self, mut event: Event) -> Event {
        match &mut event {
            Event::DataChannel(channel) => channel.seen(),
            Event::KeyFrameRequested { transceiver, rid } => {
                self.lock().key_frames.remove(&(*transceiver, rid.clone()));
            }
            Event::TargetBitrate(bits) => *bits = self.lock().target_bitrate.take().unwrap_or(*bits),
            _ => {}
        }
        event
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_can_repeat_waits_once() {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut events = Events::new(receiver, Arc::default());
        let waiting = Arc::clone(&events.waiting);
        let ask = || Event::KeyFrameRequested { transceiver: TransceiverId(1), rid: None };
        for bits in [300_000, 500_000, 900_000] {
            for event in [ask(), Event::TargetBitrate(bits)] {
                if waiting.admits(&event) {
                    sender.send(event).unwrap();
                }
            }
        }
        let mut next = || waiting.seen(events.receiver.try_recv().unwrap());
        assert!(matches!(next(), Event::KeyFrameRequested { .. }));
        assert!(matches!(next(), Event::TargetBitrate(900_000)), "the latest");
        assert!(events.receiver.try_recv().is_err());
        assert!(waiting.admits(&ask()), "it was read: it may come again");
    }
}
