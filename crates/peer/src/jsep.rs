//! JSEP without state: what a remote description says, and how a local one is written (RFC 9429).

mod build;
mod plan;
mod remote;
mod rtp_lines;
mod simulcast;

pub(crate) use build::build;
pub(crate) use plan::{
    Candidates, Carrier, Content, Place, Plan, PlannedRtp, PlannedSection, RtcpLines, SessionOrigin,
};
pub(crate) use remote::{RemoteContent, RemoteData, RemoteDescription, RemoteSection, RemoteTransport};
pub(crate) use rtp_lines::{RemoteRtp, cname};
