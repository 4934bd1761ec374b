//! RTP header extensions as descriptions name them (RFC 8285 §5).

use super::codec::TrackKind;
use super::negotiate::intersect;
use alloc::string::String;
use siskin_sdp::Direction;

/// A header extension that can be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionCapability {
    /// The number in offers while it is free, 1 to 14 or, in two-byte headers, to 255.
    pub id: u8,
    /// What it is.
    pub uri: &'static str,
    /// Whether audio has it.
    pub audio: bool,
    /// Whether video has it.
    pub video: bool,
    /// Which way.
    pub direction: Direction,
}

impl ExtensionCapability {
    pub(super) fn is_for(&self, kind: TrackKind) -> bool {
        match kind {
            TrackKind::Audio => self.audio,
            TrackKind::Video => self.video,
        }
    }
}

/// `RTCRtpHeaderExtensionCapability` (webrtc-extensions): an extension, and which way it is to go with one transceiver, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderExtensionCapability {
    /// What it is.
    pub uri: &'static str,
    /// Which way, from our side; `None` is `stopped`, so that descriptions do not have it.
    pub direction: Option<Direction>,
}

/// What a transceiver knows of an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Negotiable {
    pub(crate) uri: &'static str,
    /// What the configuration allows.
    most: Direction,
    /// What is to be negotiated.
    wanted: Option<Direction>,
    /// What the last answer made of it.
    negotiated: Option<Direction>,
    /// The number in offers while it is free.
    pub(super) preferred: u8,
    /// The number that was agreed on last; 0 before that. It stays, whatever becomes of the direction (RFC 8285 §7).
    pub(super) id: u8,
}

impl Negotiable {
    pub(super) fn new(known: &ExtensionCapability) -> Self {
        let (uri, most, wanted) = (known.uri, known.direction, Some(known.direction));
        Self { uri, most, wanted, negotiated: None, preferred: known.id, id: 0 }
    }

    /// For another transceiver of the connection; names of streams are its own matter.
    pub(crate) fn for_another(self) -> Self {
        let wanted = if self.is_name() { Some(self.most) } else { self.wanted };
        Self { wanted, negotiated: None, ..self }
    }

    /// Whether it names sections or streams.
    fn is_name(&self) -> bool {
        [uri::MID, uri::RID, uri::REPAIRED_RID].contains(&self.uri)
    }

    pub(crate) fn wanted(&self) -> HeaderExtensionCapability {
        HeaderExtensionCapability { uri: self.uri, direction: self.wanted }
    }

    pub(crate) fn negotiated(&self) -> HeaderExtensionCapability {
        HeaderExtensionCapability { uri: self.uri, direction: self.negotiated }
    }

    /// Wants it to go that way, as far as the configuration allows it.
    pub(crate) fn want(&mut self, direction: Option<Direction>) {
        self.wanted = direction.map(|direction| intersect(direction, self.most));
    }

    /// What an answer says is what is wanted from then on.
    ///
    /// webrtc-extensions, "set a session description": of the names of sections and streams, too: not done, because a peer
    /// leaves them out where it needs none yet, and RFC 9143 §9 and RFC 8853 §5.5 want them as soon as it does.
    pub(crate) fn take_answer(&mut self, agreed: Option<&HeaderExtension>) {
        self.negotiated = agreed.map(|agreed| agreed.direction);
        self.id = agreed.map_or(self.id, |agreed| agreed.id);
        if !self.is_name() {
            self.wanted = self.negotiated;
        }
    }
}

/// `RTCRtpHeaderExtensionParameters`: an extension and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderExtension {
    /// 1 to 255, not 15.
    pub id: u8,
    /// What it is.
    pub uri: String,
    /// Which way, from our side.
    pub direction: Direction,
}

/// The URIs of the extensions that are known here.
pub mod uri {
    /// RFC 6464.
    pub const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    /// Time of sending, 24 bits of 6.18 seconds.
    pub const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01.
    pub const TRANSPORT_WIDE_CC: &str =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    /// RFC 9143 §15.
    pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
    /// RFC 8852 §3.1.
    pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    /// RFC 8852 §3.2.
    pub const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    /// RFC 5450.
    pub const TRANSMISSION_OFFSET: &str = "urn:ietf:params:rtp-hdrext:toffset";
    /// Coordination of video orientation (3GPP TS 26.114).
    pub const VIDEO_ORIENTATION: &str = "urn:3gpp:video-orientation";
    /// Least and most delay of playing, in units of 10 ms.
    pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
    /// Camera or screen.
    pub const VIDEO_CONTENT_TYPE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
    /// What the sender did when.
    pub const VIDEO_TIMING: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-timing";
    /// Colours of the picture.
    pub const COLOR_SPACE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/color-space";
    /// The AV1 payload format, appendix A.
    pub const DEPENDENCY_DESCRIPTOR: &str =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
}
