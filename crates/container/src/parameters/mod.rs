//! What a key frame says about its track: how large pictures are, and what a file keeps for the decoder.

mod av1;
mod h264;
mod vp9;

use crate::{Codec, Track};
use siskin_rtp::payload::vp8;

/// A track of which everything is known that a file's header wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) track: Track,
    /// `avcC`, `av1C` or `OpusHead`; else empty.
    pub(crate) record: Vec<u8>,
}

/// From a key frame of the track; `None` if it tells nothing.
pub(crate) fn describe(track: Track, frame: &[u8]) -> Option<Described> {
    let (size, record) = match track.codec {
        Codec::Vp8 => {
            (vp8::resolution(frame).map(|(width, height)| (width.into(), height.into())), Vec::new())
        }
        Codec::Vp9 => (vp9::size(frame), Vec::new()),
        Codec::Av1 => {
            let header = av1::SequenceHeader::find(frame)?;
            (Some(header.size), header.record())
        }
        Codec::H264 => {
            let sets = h264::ParameterSets::find(frame)?;
            (Some(sets.size), sets.record())
        }
        Codec::H265 => return None,
        Codec::Opus => (None, opus_head(track.channels)),
    };
    (size.is_some() || !track.codec.is_video())
        .then_some(Described { track: Track { size, ..track }, record })
}

/// The identification header of Opus in Ogg, and in Matroska (RFC 7845 §5.1): nothing is skipped at the beginning, because
/// what was received may begin anywhere.
pub(crate) fn opus_head(channels: u8) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels.clamp(1, 2));
    head.extend_from_slice(&0u16.to_le_bytes());
    head.extend_from_slice(&48_000u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    head
}
