#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[macro_use]
mod names;

mod address;
mod attribute;
mod attributes;
mod base64;
mod error;
mod grammar;
mod limits;
mod lines;
mod media;
mod print;
mod session;
mod timing;
mod view;

pub use address::{Address, AddressFamily, Bandwidth, BandwidthKind, Connection, Origin};
pub use attribute::Attribute;
pub use attribute::candidate::{DisplayCandidate, RemoteCandidate, parse_candidate};
pub use attribute::codec::{Feedback, FeedbackTarget, Fmtp, RtcpFeedback, RtpMap};
pub use attribute::extmap::ExtMap;
pub use attribute::general::{ConnectionReuse, Direction, Orientation, Real};
pub use attribute::group::{Group, GroupSemantics};
pub use attribute::image::{ImageAttr, ImageSets};
pub use attribute::rid::{Rid, RidDirection};
pub use attribute::rtcp::{Rtcp, RtcpXr, XrFormat};
pub use attribute::sctp::{DataChannelAttribute, DataChannelMap, SctpMap};
pub use attribute::simulcast::{Simulcast, SimulcastStream};
pub use attribute::source::{Msid, MsidSemantic, Source, SourceAttribute, SourceGroup, SourceGroupSemantics};
pub use attributes::{Attributes, Iter};
pub use error::{Expected, Limit, ParseError, Reason};
pub use limits::Limits;
pub use media::{Format, Media, MediaKind, MediaProtocol};
pub use session::Session;
pub use timing::{Repeat, TimeUnit, Timing, TypedTime, ZoneAdjustment};
pub use view::Effective;
