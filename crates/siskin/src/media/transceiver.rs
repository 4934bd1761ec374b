//! `RTCRtpTransceiver`, its sender and its receiver in one handle.

use crate::connection::Handle;
use crate::error::Error;
use siskin_peer::error::InvalidAccess;
use siskin_peer::media::{Codec, HeaderExtensionCapability, TrackKind};
use siskin_peer::{
    Direction, EncodingTarget, OutgoingFrame, ReceiveParameters, SendParameters, SetParameterOptions,
    Transceiver, TransceiverId,
};
use std::fmt;

/// A transceiver of a connection. Clones are the same transceiver.
#[derive(Clone)]
pub struct RtpTransceiver {
    handle: Handle,
    id: TransceiverId,
    kind: TrackKind,
}

impl RtpTransceiver {
    pub(crate) fn new(handle: Handle, id: TransceiverId, kind: TrackKind) -> Self {
        Self { handle, id, kind }
    }

    /// Its name within the connection.
    pub fn id(&self) -> TransceiverId {
        self.id
    }

    /// Audio or video.
    pub fn kind(&self) -> TrackKind {
        self.kind
    }

    /// How it stands: `mid`, `direction`, `currentDirection`, the codecs each way, and so on.
    ///
    /// # Errors
    /// `InvalidAccessError` if it is stopped for good.
    pub async fn state(&self) -> Result<Transceiver, Error> {
        let id = self.id;
        let find = move |peer: &mut siskin_peer::PeerConnection| {
            let known = peer.transceivers().find(|known| known.id() == id).cloned();
            known.ok_or(siskin_peer::Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))
        };
        self.handle.call(move |peer, _| find(peer)).await
    }

    /// Wants media to flow that way, once it is negotiated.
    ///
    /// # Errors
    /// `InvalidStateError` if it is stopped, or the connection closed.
    pub async fn set_direction(&self, direction: Direction) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.set_direction(now, id, direction)).await
    }

    /// Offers and answers only these codecs, in this order; none stands for all.
    ///
    /// # Errors
    /// `InvalidModificationError` if one is not among those of the configuration, or none carries media.
    pub async fn set_codec_preferences(&self, codecs: Vec<Codec>) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.set_codec_preferences(now, id, &codecs)).await
    }

    /// Negotiates header extensions this way from the next offer or answer on: all that
    /// [`Transceiver::header_extensions_to_negotiate`] gave, in that order, with other directions. [`state`](Self::state) has what is
    /// to be negotiated, and what was.
    ///
    /// # Errors
    /// `InvalidModificationError` if they are not those of the transceiver, or one that is mandatory is not to go both ways.
    pub async fn set_header_extensions_to_negotiate(
        &self,
        extensions: Vec<HeaderExtensionCapability>,
    ) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.set_header_extensions_to_negotiate(now, id, &extensions)).await
    }

    /// Sends another track, or none, without negotiation: tracks are known by the names that they are given.
    ///
    /// # Errors
    /// `InvalidStateError` if it is stopped, or the connection closed.
    pub async fn replace_track(&self, track: Option<&str>) -> Result<(), Error> {
        let (id, track) = (self.id, track.map(str::to_owned));
        self.handle.call(move |peer, now| peer.replace_track(now, id, track.as_deref())).await
    }

    /// Puts the track that is sent into these streams, for the peer to find it in.
    ///
    /// # Errors
    /// As [`replace_track`](Self::replace_track).
    pub async fn set_streams(&self, streams: Vec<String>) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.set_streams(now, id, &streams)).await
    }

    /// How its track is sent (`RTCRtpSender.getParameters`).
    ///
    /// # Errors
    /// `InvalidAccessError` if it is stopped for good.
    pub async fn get_parameters(&self) -> Result<SendParameters, Error> {
        let id = self.id;
        self.handle.call(move |peer, _| peer.get_parameters(id)).await
    }

    /// Changes how its track is sent, without negotiation (`RTCRtpSender.setParameters`): what
    /// [`get_parameters`](Self::get_parameters) gave last, with other `encodings`.
    ///
    /// # Errors
    /// `InvalidStateError` if it is stopped, or the parameters changed since they were asked for; `InvalidModificationError` if
    /// something else differs, or a codec is not to be had; `RangeError` if a scale is less than 1, or a frame rate less than 0.
    pub async fn set_parameters(
        &self,
        parameters: SendParameters,
        options: SetParameterOptions,
    ) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.set_parameters(now, id, parameters, options)).await
    }

    /// How the peer's track is received (`RTCRtpReceiver.getParameters`).
    ///
    /// # Errors
    /// As [`get_parameters`](Self::get_parameters).
    pub async fn receive_parameters(&self) -> Result<ReceiveParameters, Error> {
        let id = self.id;
        self.handle.call(move |peer, _| peer.receive_parameters(id)).await
    }

    /// What the encoders of its track should make now, one for each encoding: it changes with `Event::EncodingsChanged`,
    /// `Event::TargetBitrate`, and with descriptions.
    ///
    /// # Errors
    /// As [`get_parameters`](Self::get_parameters).
    pub async fn encoding_targets(&self) -> Result<Vec<EncodingTarget>, Error> {
        let id = self.id;
        self.handle.call(move |peer, _| peer.encoding_targets(id)).await
    }

    /// Sends an encoded frame; `rid` names the encoding where several are sent.
    ///
    /// # Errors
    /// `InvalidStateError` if nothing was negotiated to be sent, the transport is not connected yet, or the encoding is not active;
    /// `TypeError` if the payload type was not negotiated, or the bytes are no frame of its codec; `OperationError` if too many
    /// packets wait, or the encoding is ahead of its `max_bitrate`: skip the frame, or wait for a while.
    pub async fn send_frame(&self, rid: Option<&str>, frame: OutgoingFrame) -> Result<(), Error> {
        let (id, rid) = (self.id, rid.map(str::to_owned));
        self.handle.call(move |peer, now| peer.send_frame(now, id, rid.as_deref(), frame)).await
    }

    /// Stops sending and receiving for good, once it is negotiated.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed.
    pub async fn stop(&self) -> Result<(), Error> {
        let id = self.id;
        self.handle.call(move |peer, now| peer.stop_transceiver(now, id)).await
    }
}

impl fmt::Debug for RtpTransceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtpTransceiver({:?} {})", self.kind, self.id.0)
    }
}
