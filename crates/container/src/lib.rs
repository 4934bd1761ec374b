#![doc = include_str!("../README.md")]

mod demux;
mod error;
mod ivf;
mod limits;
mod matroska;
mod mp4;
mod mux;
mod ogg;
mod parameters;
mod source;
mod start;
mod track;
mod unpack;

pub use demux::Demuxer;
pub use error::Error;
pub use limits::Limits;
pub use mux::Muxer;
pub use track::{Codec, FileType, Frame, Track};
