//! RTP's own header, written; what reads it is [`RtpHeader`](siskin_base::RtpHeader), and [`rtcp`](crate::rtcp) is told
//! apart here.
#![deny(clippy::indexing_slicing)]

mod demux;
mod header;

pub use demux::is_rtcp;
pub use header::{Header, mark, pad};
