//! VP9 (RFC 9628), in flexible mode and not.

mod descriptor;
mod packetize;
mod structure;

pub use descriptor::{Layer, Payload};
pub use packetize::{Fragments, Options, Packetizer};
pub use structure::{PictureGroup, ScalabilityStructure};

use super::{FrameInfo, PacketInfo, PayloadError};
use crate::bits::BitReader;
use alloc::vec::Vec;
use siskin_base::wire::Writer as _;

/// Whether a VP9 frame can be decoded without any other: its `frame_type` says so (VP9 bitstream specification §6.2).
pub fn is_key_frame(frame: &[u8]) -> bool {
    let mut r = BitReader::new(frame);
    let mut read = || {
        let (marker, low, high) = (r.bits(2)?, r.bits(1)?, r.bits(1)?);
        // Profile 3 has a reserved bit.
        if low + 2 * high == 3 {
            r.bits(1)?;
        }
        let show_existing = r.flag()?;
        Some(marker == 2 && !show_existing && !r.flag()?)
    };
    read().unwrap_or(false)
}

/// What a payload says about where pictures begin.
pub(super) fn inspect(payload: &[u8]) -> Result<PacketInfo, PayloadError> {
    let payload = Payload::parse(payload)?;
    let base = payload.layer.is_none_or(|layer| layer.spatial == 0);
    // Above the base layer a frame begins a picture only if the base was left out on the way.
    let starts_frame = if payload.start && !base { None } else { Some(payload.start) };
    Ok(PacketInfo { starts_frame, key_frame: payload.start && base && !payload.inter_predicted })
}

/// Appends the picture, all its layers in order, that the payloads make up.
pub(super) fn assemble<'p>(
    payloads: impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<FrameInfo, PayloadError> {
    let mut info = FrameInfo::default();
    let mut in_frame = false;
    for (index, payload) in payloads.enumerate() {
        let payload = Payload::parse(payload)?;
        if payload.start == in_frame {
            return Err(PayloadError::Malformed);
        }
        in_frame = !payload.end;
        if index == 0 {
            info.key_frame = !payload.inter_predicted;
            info.picture_id = payload.picture_id;
            info.temporal_layer = payload.layer.map(|layer| layer.temporal);
        }
        if let Some(layer) = payload.layer {
            info.spatial_layer = Some(layer.spatial);
        }
        if let Some(largest) = payload.structure.and_then(|structure| structure.resolutions().last()) {
            info.resolution = Some(largest);
        }
        out.put(payload.data);
    }
    if in_frame { Err(PayloadError::Truncated) } else { Ok(info) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_say_so() {
        // Marker 2, profile 0, not an existing frame, key frame.
        assert!(is_key_frame(&[0b1000_0010, 0x49]));
        assert!(!is_key_frame(&[0b1000_0110]), "an inter frame");
        assert!(!is_key_frame(&[0b1000_1000]), "an existing frame");
        assert!(is_key_frame(&[0b1011_0001]), "profile 3");
        assert!(!is_key_frame(&[0b0000_0000]) && !is_key_frame(&[]));
    }
}
