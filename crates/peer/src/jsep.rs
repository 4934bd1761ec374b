//! JSEP without state: what a remote description says, and how a local one is written (RFC 9429).

mod build;
mod remote;

pub(crate) use build::{Candidates, Plan, PlannedSection, SessionOrigin, build};
pub(crate) use remote::{RemoteData, RemoteDescription};
