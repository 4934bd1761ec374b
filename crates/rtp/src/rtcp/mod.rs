//! RTCP: compound and reduced-size datagrams, and each packet in them.
//!
//! [`Compound`] checks a datagram as a whole; then [`Packet`] is what each of its parts means. Reading borrows, and
//! allocates nothing. The same types are written with their `write`.
#![deny(clippy::indexing_slicing)]

mod app;
mod bye;
mod compound;
mod congestion;
mod error;
mod extended;
mod fir;
mod list;
mod nack;
mod packet;
mod picture;
mod remb;
mod report;
mod sdes;
mod tmmb;
mod transport;

pub use app::App;
pub use bye::Bye;
pub use compound::{Compound, PacketType, Packets, Raw};
pub use congestion::{
    CongestionFeedback, MetricBlock, MetricReport, MetricReports, write_congestion_feedback,
};
pub use error::ParseError;
pub use extended::{Dlrr, ExtendedReport, XrBlock, XrBlocks, write_extended_report};
pub use fir::{Fir, FirEntry};
pub use list::{Item, Items, List};
pub use nack::{Nack, NackEntry, pack_nacks};
pub use packet::Packet;
pub use picture::{Pli, Rpsi, Sli, SliEntry};
pub use remb::Remb;
pub use report::{NtpTime, ReceiverReport, ReportBlock, SenderReport};
pub use sdes::{SdesChunk, SdesItem, SdesKind, SourceDescription, write_cname};
pub use tmmb::{Tmmbn, Tmmbr, TmmbrEntry};
pub use transport::{TransportFeedback, TransportFeedbackWriter};
