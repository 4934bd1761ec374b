//! How a track is sent and received: `RTCRtpSendParameters`, `RTCRtpReceiveParameters` and what they hold (webrtc-pc §5.2).
//!
//! Frames come encoded, so that some of it binds whoever encodes, and not us: the documentation of each field says which.

use crate::Priority;
use crate::error::{Error, InvalidModification, Operation, Range, Type};
use crate::media::{Codec, CodecParameters, HeaderExtension, TrackKind};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// `RTCRtpEncodingParameters`: how one encoding of a track is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodingParameters {
    /// Its RID, where several are sent: one to 255 letters and digits (RFC 8852 §3.3). It cannot be changed later.
    pub rid: Option<String>,
    /// Whether it is sent. Of one that is not, frames are refused, it has no share of the bit rate, and requests for its key
    /// frames are not passed on; its SSRC stays, without a BYE. When it is sent again, a key frame is asked for.
    pub active: bool,
    /// Frames come with this codec only, if it was negotiated; `None` lets them come with any.
    pub codec: Option<Codec>,
    /// Bits per second, headers of RTP included, IP and UDP not: more is never given to its encoder as a target. Frames are refused while
    /// it is more than a second ahead of this rate, so that even 0 lets one frame go.
    pub max_bitrate: Option<u64>,
    /// Frames per second; of video only. For its encoder, to which it is told: frames that come are sent, since those that follow
    /// may need them.
    pub max_framerate: Option<f64>,
    /// How much it matters (webrtc-priority), low unless something else is said: where pictures share what there is, each level of
    /// the four has twice the share of the one below (RFC 8835 §4.1). A value between them counts as the next one.
    pub priority: Priority,
    /// By what width and height are divided, 1 or more; always there for video, and never for audio. For its encoder, to which it is
    /// told; its share of the bit rate follows it.
    pub scale_resolution_down_by: Option<f64>,
}

impl Default for EncodingParameters {
    fn default() -> Self {
        Self {
            rid: None,
            active: true,
            codec: None,
            max_bitrate: None,
            max_framerate: None,
            priority: Priority::LOW,
            scale_resolution_down_by: None,
        }
    }
}

impl From<&str> for EncodingParameters {
    fn from(rid: &str) -> Self {
        Self { rid: Some(rid.into()), ..Self::default() }
    }
}

impl From<String> for EncodingParameters {
    fn from(rid: String) -> Self {
        Self { rid: Some(rid), ..Self::default() }
    }
}

/// `RTCRtpSendParameters`: what `getParameters` gives and `setParameters` takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct SendParameters {
    /// Names what was given: only that can be taken back, and only if nothing changed since.
    pub transaction_id: u64,
    /// One for each encoding; without simulcast there is one. Only this can be changed: neither their number nor their RIDs.
    pub encodings: Vec<EncodingParameters>,
    /// Those that may be sent.
    pub header_extensions: Vec<HeaderExtension>,
    /// Of RTCP.
    pub rtcp: RtcpParameters,
    /// With what may be sent, best first, by the peer's payload types; none until that is negotiated.
    pub codecs: Vec<CodecParameters>,
}

/// `RTCRtpReceiveParameters`: what the receiver's `getParameters` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveParameters {
    /// Those that may come.
    pub header_extensions: Vec<HeaderExtension>,
    /// Of RTCP; without a name, since each stream brings its own.
    pub rtcp: RtcpParameters,
    /// With what may be received, by our payload types; none until that is negotiated.
    pub codecs: Vec<CodecParameters>,
}

/// `RTCRtcpParameters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpParameters {
    /// The canonical name of all our streams (RFC 3550 §6.5.1).
    pub cname: Option<String>,
    /// Whether it may be of reduced size (RFC 5506).
    pub reduced_size: bool,
}

/// `RTCSetParameterOptions` (webrtc-extensions).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetParameterOptions {
    /// One for each encoding, or none; of audio they mean nothing.
    pub encoding_options: Vec<EncodingOptions>,
}

/// `RTCEncodingOptions` (webrtc-extensions).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodingOptions {
    /// Asks its encoder for a key frame, as if the peer had.
    pub key_frame: bool,
}

/// What the encoder of one encoding should make now.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodingTarget {
    /// The RID, where several are sent.
    pub rid: Option<String>,
    /// Whether frames of it are sent: it is negotiated, and active.
    pub active: bool,
    /// With what: the codec that was set, or else the best of those negotiated; the payload type is the one to send with.
    pub codec: Option<CodecParameters>,
    /// Its share, in bits per second, of what all tracks of its transport together should be sent with, and never more than its
    /// `max_bitrate`. Sound comes first, with 64 kbit/s unless its `max_bitrate` says otherwise; pictures share the rest by
    /// their area and priority, and what one may not have goes to the others. `None` where neither is known.
    pub bitrate: Option<u64>,
    /// At most so many frames per second.
    pub max_framerate: Option<f64>,
    /// By what width and height are divided; 1 of audio.
    pub scale_resolution_down_by: f64,
}

/// Most encodings of one track: what a browser would send, and more. Of more the first are taken.
pub(crate) const MAX_ENCODINGS: usize = 8;

/// What a new sender sends (webrtc-pc §5.1, "addTransceiver sendEncodings validation steps").
pub(crate) fn first(kind: TrackKind, mut encodings: Vec<EncodingParameters>) -> Vec<EncodingParameters> {
    if encodings.is_empty() || kind == TrackKind::Audio && encodings.len() > 1 {
        encodings = vec![EncodingParameters::default()];
    }
    encodings.truncate(MAX_ENCODINGS);
    if let [only] = encodings.as_mut_slice() {
        only.rid = None;
    }
    let scaled = encodings.iter().any(|encoding| encoding.scale_resolution_down_by.is_some());
    if kind == TrackKind::Video && !scaled {
        // The largest comes last.
        let mut scale = 1.0;
        for encoding in encodings.iter_mut().rev() {
            encoding.scale_resolution_down_by = Some(scale);
            scale *= 2.0;
        }
    }
    settle(kind, &mut encodings);
    encodings
}

/// Video has a scale, audio has none, nor a frame rate.
fn settle(kind: TrackKind, encodings: &mut [EncodingParameters]) {
    for encoding in encodings {
        match kind {
            TrackKind::Audio => (encoding.max_framerate, encoding.scale_resolution_down_by) = (None, None),
            TrackKind::Video => _ = encoding.scale_resolution_down_by.get_or_insert(1.0),
        }
    }
}

/// Whether a new sender may have them.
pub(crate) fn check_first(
    kind: TrackKind,
    encodings: &[EncodingParameters],
    can_send: impl Fn(&Codec) -> bool,
) -> Result<(), Error> {
    if encodings.len() > 1 && encodings.iter().any(|encoding| encoding.rid.is_none()) {
        return Err(Error::Type(Type::Rid));
    }
    if !encodings.iter().filter_map(|encoding| encoding.codec.as_ref()).all(can_send) {
        return Err(Error::Operation(Operation::UnknownCodec));
    }
    check_ranges(kind, encodings)
}

/// What of `parameters` can be changed, if it may be: `before` is what the sender has, `choosable` says which codecs it can use
/// (webrtc-pc §5.2, "setParameters validation steps").
pub(crate) fn check_change(
    kind: TrackKind,
    before: &[EncodingParameters],
    mut encodings: Vec<EncodingParameters>,
    choosable: impl Fn(&Codec) -> bool,
) -> Result<Vec<EncodingParameters>, Error> {
    let same_names = before.len() == encodings.len()
        && before.iter().zip(&encodings).all(|(before, after)| before.rid == after.rid);
    let codecs = || encodings.iter().filter_map(|encoding| encoding.codec.as_ref());
    if !same_names || !codecs().all(choosable) {
        return Err(Error::InvalidModification(InvalidModification::Parameters));
    }
    settle(kind, &mut encodings);
    check_ranges(kind, &encodings)?;
    Ok(encodings)
}

fn check_ranges(kind: TrackKind, encodings: &[EncodingParameters]) -> Result<(), Error> {
    let below =
        |value: Option<f64>, least: f64| value.is_some_and(|value| !value.is_finite() || value < least);
    for encoding in encodings.iter().filter(|_| kind == TrackKind::Video) {
        if below(encoding.scale_resolution_down_by, 1.0) {
            return Err(Error::Range(Range::ScaleResolutionDownBy));
        }
        if below(encoding.max_framerate, 0.0) {
            return Err(Error::Range(Range::MaxFramerate));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_out_of_range() {
        for value in [f64::NAN, f64::INFINITY, -1.0] {
            let scaled =
                EncodingParameters { scale_resolution_down_by: Some(value), ..EncodingParameters::default() };
            assert_eq!(
                check_ranges(TrackKind::Video, &[scaled]),
                Err(Error::Range(Range::ScaleResolutionDownBy))
            );
            let slow = EncodingParameters { max_framerate: Some(value), ..EncodingParameters::default() };
            assert_eq!(
                check_ranges(TrackKind::Video, core::slice::from_ref(&slow)),
                Err(Error::Range(Range::MaxFramerate))
            );
            assert_eq!(check_ranges(TrackKind::Audio, &[slow]), Ok(()));
        }
    }
}
