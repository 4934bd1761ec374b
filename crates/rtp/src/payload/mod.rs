//! Payload formats: a codec's frames cut into packets, and packets put together to frames.
//!
//! Each format has a module with the view of its packet, with what cuts a frame ([`Fragments`]) and with what assembles
//! one. [`Format`] and [`Packetizer`] do the same for whichever format was negotiated. Fragments write straight behind the
//! header of the packet that is to leave; views borrow from the one that came.
#![deny(clippy::indexing_slicing)]

pub mod av1;
mod error;
mod format;
pub mod h264;
pub mod h265;
mod nal;
pub mod opus;
pub mod red;
mod split;
pub mod telephone_event;
pub mod vp8;
pub mod vp9;

pub use error::PayloadError;
pub use format::{Format, Fragments, FrameInfo, PacketInfo, Packetizer};
pub use nal::NalUnits;
