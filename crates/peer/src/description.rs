//! What signalling carries: descriptions and candidates, as W3C's dictionaries have them.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// What a description is (webrtc-pc §4.6.1, `RTCSdpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdpType {
    /// Opens a negotiation.
    Offer,
    /// A provisional answer, which a final one follows.
    PrAnswer,
    /// Closes a negotiation.
    Answer,
    /// Takes the negotiation back to where it began.
    Rollback,
}

impl SdpType {
    /// The W3C's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::PrAnswer => "pranswer",
            Self::Answer => "answer",
            Self::Rollback => "rollback",
        }
    }
}

impl fmt::Display for SdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word is none of `offer`, `pranswer`, `answer`, `rollback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSdpType;

impl fmt::Display for UnknownSdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a description's type is one of offer, pranswer, answer, rollback")
    }
}

impl core::error::Error for UnknownSdpType {}

impl FromStr for SdpType {
    type Err = UnknownSdpType;
    fn from_str(word: &str) -> Result<Self, UnknownSdpType> {
        let all = [Self::Offer, Self::PrAnswer, Self::Answer, Self::Rollback];
        all.into_iter().find(|kind| kind.name() == word).ok_or(UnknownSdpType)
    }
}

/// A session description (`RTCSessionDescriptionInit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// What it is.
    pub kind: SdpType,
    /// Its text; ignored for a rollback.
    pub sdp: String,
}

/// A candidate on its way through signalling (`RTCIceCandidateInit`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IceCandidateInit {
    /// The candidate-attribute of RFC 8839 §5.1, `candidate:…`; empty for the end of candidates.
    pub candidate: String,
    /// The media section that it belongs to, by its identification tag.
    pub sdp_mid: Option<String>,
    /// The media section that it belongs to, counted from 0.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation that it belongs to.
    pub username_fragment: Option<String>,
}
