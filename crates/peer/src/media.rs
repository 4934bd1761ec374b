//! What may flow in a media section: codecs, header extensions, and what offer and answer make of them. Without state.

mod capabilities;
mod codec;
mod extensions;
mod h264;
mod negotiate;

pub use capabilities::{Capabilities, MediaConfig};
pub use codec::{Codec, CodecCapability, CodecParameters, TrackKind};
pub(crate) use extensions::Negotiable;
pub use extensions::{ExtensionCapability, HeaderExtension, HeaderExtensionCapability, uri};

pub use crate::rtp::RtpConfig;
pub(crate) use negotiate::{
    Numbers, answer_codecs, answer_extensions, intersect, offer_codecs, offer_extensions, send_codecs,
};
