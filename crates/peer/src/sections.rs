//! The media sections of a session, and the transport that each one uses.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::{Format, MediaKind, MediaProtocol};

/// Names a transport of a connection; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TransportId(pub(crate) u32);

/// A media section as negotiated so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) mid: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) protocol: MediaProtocol,
    pub(crate) formats: Vec<Format>,
    /// What it is carried on; none if it is rejected. BUNDLE changes nothing but this.
    pub(crate) transport: Option<TransportId>,
}

/// All of them, in the order of their `m=` lines, which never changes (RFC 3264 §8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections(pub(crate) Vec<Section>);

impl Sections {
    /// The data section, with its place.
    pub(crate) fn data(&self) -> Option<(usize, TransportId)> {
        self.0.iter().enumerate().find_map(|(index, section)| Some((index, section.transport?)))
    }

    /// The section of that mid.
    pub(crate) fn index_of(&self, mid: &str) -> Option<usize> {
        self.0.iter().position(|section| section.mid.as_deref() == Some(mid))
    }

    /// A mid that no section has (RFC 9429 §5.2.1: short, and telling nothing).
    pub(crate) fn unused_mid(&self) -> String {
        let unused = (0..).map(|n| format!("{n}")).find(|mid| self.index_of(mid).is_none());
        unused.unwrap_or_default()
    }
}
