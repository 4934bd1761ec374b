//! What a local description promises, before it is text.

use crate::media::{CodecParameters, HeaderExtension};
use crate::sections::TransportId;
use crate::transceiver::TransceiverId;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::{Candidate, Fingerprint, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::{Direction, Format, MediaKind, MediaProtocol, Msid, Simulcast};

/// What a local description promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// We are a lite agent (RFC 8839 §5.3).
    pub(crate) lite: bool,
    /// The BUNDLE groups, each with its tagged section first (RFC 9143 §7).
    pub(crate) bundles: Vec<Vec<String>>,
    /// Sections whose media belong together in time (RFC 5888 §7).
    pub(crate) lip_sync: Vec<Vec<String>>,
    pub(crate) sections: Vec<PlannedSection>,
}

/// A media section of a local description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedSection {
    pub(crate) mid: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) protocol: MediaProtocol,
    pub(crate) content: Content,
}

/// What a section is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Not, or no longer, in use.
    Rejected { formats: Vec<Format> },
    /// Data channels.
    Data { carrier: Carrier, max_message_size: u32 },
    /// Audio or video.
    Rtp { carrier: Carrier, transceiver: TransceiverId, rtp: Box<PlannedRtp> },
}

/// What a section is carried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carrier {
    /// The transport, if there is one; sections without one share a new one if their credentials are the same.
    pub(crate) known: Option<TransportId>,
    pub(crate) credentials: Credentials,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) setup: SetupRole,
    pub(crate) place: Place,
    /// What the last description said for this section, if it has had credentials of its own since before it was bundled.
    pub(crate) said: Option<Credentials>,
    /// What is said of RTCP where the transport is described; `None` if it carries none.
    pub(crate) rtcp: Option<RtcpLines>,
}

/// Where the transport of a section is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Here: the section has an address of its own, or is its bundle's tag.
    Here,
    /// At the tag of its bundle.
    AtTheTag,
    /// At the tag of its bundle, and it is nothing without the bundle (RFC 9143 §6).
    BundleOnly,
}

/// RTCP is always multiplexed: webrtc-pc knows no other policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtcpLines {
    /// `a=rtcp` and `a=rtcp-mux-only`: only in a first offer (RFC 9429 §5.2.1, §5.2.2).
    pub(crate) first_offer: bool,
    pub(crate) reduced_size: bool,
}

/// The RTP part of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedRtp {
    pub(crate) direction: Direction,
    pub(crate) codecs: Vec<CodecParameters>,
    pub(crate) extensions: Vec<HeaderExtension>,
    /// Headers may come encrypted (RFC 9335 §4).
    pub(crate) cryptex: bool,
    /// A receiver's clock is answered (RFC 3611 §5.1).
    pub(crate) answers_clocks: bool,
    pub(crate) msids: Vec<Msid>,
    pub(crate) cname: String,
    /// What is sent, each with its retransmissions; none where RIDs name the streams.
    pub(crate) sources: Vec<(u32, Option<u32>)>,
    /// The RID of what is sent, where there is no simulcast.
    pub(crate) lone_rid: Option<String>,
    /// RIDs sent and received.
    pub(crate) simulcast: Simulcast,
}

impl PlannedSection {
    pub(crate) fn carrier(&self) -> Option<&Carrier> {
        match &self.content {
            Content::Rejected { .. } => None,
            Content::Data { carrier, .. } | Content::Rtp { carrier, .. } => Some(carrier),
        }
    }

    pub(crate) fn carrier_mut(&mut self) -> Option<&mut Carrier> {
        match &mut self.content {
            Content::Rejected { .. } => None,
            Content::Data { carrier, .. } | Content::Rtp { carrier, .. } => Some(carrier),
        }
    }

    /// What the `m=` line lists.
    pub(crate) fn formats(&self) -> Vec<Format> {
        match &self.content {
            Content::Rejected { formats } => formats.clone(),
            Content::Data { .. } => [Format::from("webrtc-datachannel")].to_vec(),
            Content::Rtp { rtp, .. } => {
                rtp.codecs.iter().map(|codec| Format::PayloadType(codec.payload_type)).collect()
            }
        }
    }

    pub(crate) fn rtp(&self) -> Option<(TransceiverId, &PlannedRtp)> {
        match &self.content {
            Content::Rtp { transceiver, rtp, .. } => Some((*transceiver, rtp)),
            _ => None,
        }
    }
}

/// The `o=` line's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionOrigin {
    pub(crate) session_id: u64,
    pub(crate) version: u64,
}

/// Candidates to be written where a transport is described.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) complete: bool,
}
