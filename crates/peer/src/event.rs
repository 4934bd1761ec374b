//! What a connection tells its user.

use crate::media::TrackKind;
use crate::{ChannelId, IceCandidateInit, MessageKind, ReceivedFrame, SignalingState, TransceiverId};
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use siskin_base::Path;

/// Something that happened; the names are webrtc-pc's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `negotiationneeded`: an offer should be made.
    NegotiationNeeded,
    /// `signalingstatechange`.
    SignalingStateChange(SignalingState),
    /// `icecandidate`: send it to the peer. One with an empty `candidate` ends a generation; `None` ends gathering.
    IceCandidate(Option<IceCandidateInit>),
    /// `icegatheringstatechange`.
    IceGatheringStateChange(IceGatheringState),
    /// `iceconnectionstatechange`.
    IceConnectionStateChange(IceConnectionState),
    /// `connectionstatechange`.
    ConnectionStateChange(PeerConnectionState),
    /// `selectedcandidatepairchange` of the transport: packets go this way now.
    SelectedPath(Path),
    /// `statechange` of the DTLS transport.
    DtlsStateChange(DtlsTransportState),
    /// `statechange` of the SCTP transport.
    SctpStateChange(SctpTransportState),
    /// `datachannel`: the peer opened one. It is open at once.
    DataChannel {
        /// Names it from now on.
        channel: ChannelId,
        /// Its label.
        label: String,
        /// The subprotocol that its users agreed on.
        protocol: String,
    },
    /// `open` of a channel that we created.
    ChannelOpen(ChannelId),
    /// `message`.
    ChannelMessage {
        /// On which channel.
        channel: ChannelId,
        /// Text or binary.
        kind: MessageKind,
        /// The payload; valid UTF-8 if it is text.
        data: Bytes,
    },
    /// `bufferedamountlow`.
    ChannelBufferedAmountLow(ChannelId),
    /// There is room again after a message was refused because the buffer was full.
    Sendable,
    /// `closing`: the peer closes it.
    ChannelClosing(ChannelId),
    /// `close`: the last word of a channel.
    ChannelClosed(ChannelId),
    /// `track`: the peer sends, or is about to.
    Track {
        /// Who receives it.
        transceiver: TransceiverId,
        /// Audio or video.
        kind: TrackKind,
        /// The streams that it is in.
        streams: Vec<String>,
    },
    /// `unmute` of a received track: its first packet came.
    TrackUnmuted(TransceiverId),
    /// A frame of a received track.
    Frame(ReceivedFrame),
    /// The peer needs a key frame of what we send.
    KeyFrameRequested {
        /// Who sends it.
        transceiver: TransceiverId,
        /// The encoding, where we send several.
        rid: Option<String>,
    },
    /// All tracks of a transport together should be sent with so many bits per second from now on: encoders should follow,
    /// senders of files choose what fits. [`encoding_targets`](crate::PeerConnection::encoding_targets) divides it among their encodings;
    /// it is not more than all of these may have.
    TargetBitrate(u64),
    /// Other encodings are to be made of what we send: ask for the [`encoding_targets`](crate::PeerConnection::encoding_targets).
    EncodingsChanged(TransceiverId),
    /// `mute` of a received track, `removetrack` of its streams: the peer sends it no more for now.
    TrackMuted(TransceiverId),
    /// `ended` of a received track: its transceiver is stopped, here or by the peer.
    TrackEnded(TransceiverId),
    /// The transport failed: what the peer did, or did not do. `connectionstatechange` follows.
    TransportFailed(TransportError),
}

/// Why a transport failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// No candidate pair works, or consent expired or was revoked (RFC 7675).
    Ice,
    /// The handshake or the association failed.
    Dtls(siskin_dtls::Error),
    /// The SCTP association failed.
    Sctp(siskin_sctp::Error),
}

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $state:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
        pub enum $name { $($(#[$doc])* $state,)* }

        impl $name {
            /// The W3C's word.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$state => $word,)* }
            }
        }
    };
}

states! {
    /// `RTCIceGatheringState`.
    IceGatheringState {
        /// Nothing was gathered yet.
        #[default]
        New = "new",
        /// Candidates are being gathered.
        Gathering = "gathering",
        /// All candidates are known.
        Complete = "complete",
    }
}

states! {
    /// `RTCIceConnectionState`, and `RTCIceTransportState` too.
    IceConnectionState {
        /// Waits for remote candidates.
        #[default]
        New = "new",
        /// Checks pairs.
        Checking = "checking",
        /// A pair works; better ones may come.
        Connected = "connected",
        /// The best pair is in use.
        Completed = "completed",
        /// Lately nothing came back; it may recover by itself.
        Disconnected = "disconnected",
        /// Nothing works, or consent is gone: restart ICE.
        Failed = "failed",
        /// Closed.
        Closed = "closed",
    }
}

states! {
    /// `RTCPeerConnectionState`.
    PeerConnectionState {
        /// Nothing has happened.
        #[default]
        New = "new",
        /// ICE or DTLS is under way.
        Connecting = "connecting",
        /// ICE and DTLS are up.
        Connected = "connected",
        /// Lately nothing came back.
        Disconnected = "disconnected",
        /// ICE or DTLS failed.
        Failed = "failed",
        /// Closed.
        Closed = "closed",
    }
}

states! {
    /// `RTCDtlsTransportState`.
    DtlsTransportState {
        /// Nothing was sent.
        #[default]
        New = "new",
        /// The handshake is under way.
        Connecting = "connecting",
        /// The handshake is done and the fingerprint right.
        Connected = "connected",
        /// One side said `close_notify`.
        Closed = "closed",
        /// The handshake failed, or a fatal alert came.
        Failed = "failed",
    }
}

states! {
    /// `RTCSctpTransportState`.
    SctpTransportState {
        /// Waits for the association.
        #[default]
        Connecting = "connecting",
        /// The association is up.
        Connected = "connected",
        /// The association is gone.
        Closed = "closed",
    }
}
