//! `RTCRtpTransceiver` and `MediaStreamTrack`.
//!
//! Siskin carries encoded media: what goes in and comes out are frames, and whoever wants pictures brings a codec.

mod track;
mod transceiver;

pub use siskin_peer::media::{
    Capabilities, Codec, CodecCapability, CodecParameters, ExtensionCapability, HeaderExtension,
    HeaderExtensionCapability, MediaConfig, RtpConfig, TrackKind, uri,
};
pub use track::{MediaStreamTrack, TrackEvent};
pub use transceiver::RtpTransceiver;

pub(crate) use track::TrackSource;
