#![doc = include_str!("../README.md")]

mod channel;
mod command;
mod connection;
mod driver;
mod endpoint;
mod error;
mod ice_server;
pub mod media;
mod message;
mod net;

pub use bytes::Bytes;
pub use channel::DataChannel;
pub use connection::{
    Configuration, DtlsTransport, Event, Events, IceTransport, PeerConnection, SctpTransport, States,
};
pub use endpoint::{Endpoint, EndpointConfig};
pub use error::{BindError, Error};
pub use ice_server::{BadIceServer, IceServer};
pub use message::Message;
pub use net::interfaces::{InterfaceAddress, MAX_ADDRESSES, interfaces};
pub use net::ports::{PortConfig, SocketInfo};
pub use net::socket::BufferSizes;
pub use siskin_base::Observation;
pub use siskin_crypto::{Certificate, Provider, ring, rustcrypto};
pub use siskin_peer::{
    BundlePolicy, ChannelConfig, DataChannelState, Direction, DtlsTransportState, DtlsVersion,
    EncodingOptions, EncodingParameters, EncodingTarget, HeaderEncryption, IceCandidateInit,
    IceConnectionState, IceGatheringState, OfferOptions, OutgoingFrame, PeerConnectionState, Priority,
    ReceiveParameters, ReceivedFrame, Recording, Reliability, RtcpParameters, SctpTransportState, SdpType,
    SendParameters, SessionDescription, SetParameterOptions, SignalingState, Transceiver, TransceiverId,
    TransceiverInit, TransportError, UnknownSdpType, stats,
};
