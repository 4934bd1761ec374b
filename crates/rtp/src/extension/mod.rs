//! Header extensions: the two forms of RFC 8285, and what is in the ones that browsers negotiate.
//!
//! [`Elements`] walks over a header's extension, [`ExtensionMap`] knows which identifier was negotiated for what,
//! [`Value`] is implemented by each typed content, and [`ExtensionWriter`] writes them.
#![deny(clippy::indexing_slicing)]

mod audio;
mod dependency;
mod elements;
mod frame_marking;
mod kind;
mod layers;
mod map;
mod sdes;
mod time;
mod transport;
mod video;
mod writer;

pub use audio::{AudioLevel, MixerLevels};
pub use dependency::{
    DecodeTargetIndication, DependencyDescriptor, DependencyError, DependencyStructure, FrameDependency,
    FrameDiffs, Template,
};
pub use elements::{Element, Elements};
pub use frame_marking::{FrameMarking, FrameMarkingLayer};
pub use kind::Extension;
pub use layers::{LayerResolution, SpatialLayer, VideoLayersAllocation};
pub use map::{ExtensionMap, MapError, Values};
pub use sdes::{Mid, RepairedRid, Rid};
pub use time::{AbsCaptureTime, AbsSendTime, TransmissionOffset};
pub use transport::{FeedbackRequest, TransportSequence, TransportSequenceV2};
pub use video::{
    ColorSpace, ContentType, HdrMetadata, PlayoutDelay, Rotation, VideoOrientation, VideoTiming,
};
pub use writer::ExtensionWriter;

use alloc::vec::Vec;

/// The content of one kind of header extension.
pub trait Value<'a>: Sized {
    /// Which extension it is.
    const KIND: Extension;

    /// Reads an element's data; `None` if it is not what the specification says. Bytes that a later version may add
    /// behind are ignored where the specification lets them grow.
    fn parse(data: &'a [u8]) -> Option<Self>;

    /// Appends the element's data.
    fn write(&self, out: &mut Vec<u8>);
}
