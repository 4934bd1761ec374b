#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod config;
mod connection;
mod data;
pub mod demux;
mod description;
mod encodings;
mod endpoint;
pub mod error;
mod estimator;
mod event;
mod jsep;
pub mod media;
mod output;
mod recording;
mod rtp;
mod sections;
mod signaling;
pub mod stats;
mod transceiver;
mod transport;

pub use config::{BundlePolicy, Config, HeaderEncryption};
pub use connection::{OfferOptions, PeerConnection, RouteChange};
pub use description::{IceCandidateInit, SdpType, SessionDescription, UnknownSdpType};
pub use encodings::{
    EncodingOptions, EncodingParameters, EncodingTarget, ReceiveParameters, RtcpParameters, SendParameters,
    SetParameterOptions,
};
pub use endpoint::{ConnectionId, Endpoint, EndpointConfig, EndpointStats};
pub use error::Error;
pub use estimator::EstimatorFactory;
pub use event::{
    DtlsTransportState, Event, IceConnectionState, IceGatheringState, PeerConnectionState,
    SctpTransportState, TransportError,
};
pub use output::Output;
pub use recording::{BadRecording, Input, Outputs, Recording};
pub use rtp::{OutgoingFrame, ReceivedFrame, RtpCounts};
pub use signaling::SignalingState;
pub use siskin_datachannel::{
    ChannelConfig, ChannelId, ChannelState as DataChannelState, Kind as MessageKind, Priority, Reliability,
};
pub use siskin_dtls::ProtocolVersion as DtlsVersion;
pub use siskin_sdp::{Direction, Feedback};
pub use transceiver::{Transceiver, TransceiverId, TransceiverInit};
