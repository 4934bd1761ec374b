//! The media sections of a session, and the transport that each one uses.

use crate::transceiver::TransceiverId;
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
    pub(crate) used_for: UsedFor,
    /// What it is carried on; none if it is rejected. BUNDLE changes nothing but this.
    pub(crate) transport: Option<TransportId>,
}

/// Who speaks in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsedFor {
    /// Nobody that we know.
    Nothing,
    /// The data channels.
    Data,
    /// A transceiver.
    Rtp(TransceiverId),
}

/// All of them, in the order of their `m=` lines, which never changes (RFC 3264 §8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections(pub(crate) Vec<Section>);

impl Sections {
    /// The data section that is in use, with its place.
    pub(crate) fn data(&self) -> Option<(usize, TransportId)> {
        let data = |section: &Section| section.transport.filter(|_| section.used_for == UsedFor::Data);
        self.0.iter().enumerate().find_map(|(index, section)| Some((index, data(section)?)))
    }

    /// The section of that transceiver.
    pub(crate) fn of(&self, transceiver: TransceiverId) -> Option<(usize, &Section)> {
        self.0.iter().enumerate().find(|(_, section)| section.used_for == UsedFor::Rtp(transceiver))
    }

    pub(crate) fn transport_of(&self, index: usize) -> Option<TransportId> {
        self.0.get(index)?.transport
    }

    /// The section of that mid.
    pub(crate) fn index_of(&self, mid: &str) -> Option<usize> {
        self.0.iter().position(|section| section.mid.as_deref() == Some(mid))
    }
}

/// A mid that is not among those `taken` (RFC 9429 §5.2.1: short, and telling nothing).
pub(crate) fn unused_mid(taken: &[String]) -> String {
    (0..).map(|n| format!("{n}")).find(|mid| !taken.contains(mid)).unwrap_or_default()
}
