//! Putting a temporal unit together: OBUs get their sizes back, as the low-overhead format wants.

use super::super::{FrameInfo, PacketInfo, PayloadError};
use super::{ObuType, Payload};
use crate::bits::{leb128, put_leb128};
use alloc::vec::Vec;
use siskin_base::wire::Writer as _;

/// What a payload says about where temporal units begin: for certain only where a sequence begins too.
pub(in crate::payload) fn inspect(payload: &[u8]) -> Result<PacketInfo, PayloadError> {
    let payload = Payload::parse(payload)?;
    let starts_frame = if payload.continues {
        Some(false)
    } else if payload.new_sequence {
        Some(true)
    } else {
        None
    };
    Ok(PacketInfo { starts_frame, key_frame: payload.new_sequence })
}

/// Appends the temporal unit that the payloads make up, each OBU with its size, without a temporal delimiter.
pub(in crate::payload) fn assemble<'p>(
    payloads: impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<FrameInfo, PayloadError> {
    let mut info = FrameInfo::default();
    // Where the OBU began whose end is still to come.
    let mut open = None;
    for payload in payloads {
        let payload = Payload::parse(payload)?;
        info.key_frame |= payload.new_sequence;
        if payload.continues != open.is_some() {
            return Err(PayloadError::Malformed);
        }
        let mut elements = payload.elements().peekable();
        while let Some(element) = elements.next() {
            let start = *open.get_or_insert(out.len());
            out.put(element?);
            if elements.peek().is_some() || !payload.goes_on {
                open = None;
                close(start, &mut info, out)?;
            }
        }
    }
    if open.is_some() { Err(PayloadError::Truncated) } else { Ok(info) }
}

/// Puts the size into the OBU that begins at `start` and ends at the end.
fn close(start: usize, info: &mut FrameInfo, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let obu = out.get(start..).unwrap_or_default();
    // §4.3: an element without anything in it is passed over.
    let Some(first) = obu.first().copied() else { return Ok(()) };
    let header = if first & 0x04 != 0 { 2 } else { 1 };
    let body = obu.len().checked_sub(header).ok_or(PayloadError::Truncated)?;
    if first & 0x80 != 0 {
        return Err(PayloadError::Malformed);
    }
    let kind = ObuType(first >> 3 & 0x0f);
    // §5: receivers ignore these.
    if matches!(kind, ObuType::TEMPORAL_DELIMITER | ObuType::TILE_LIST) {
        out.truncate(start);
        return Ok(());
    }
    if let Some(layer) = obu.get(1).filter(|_| header == 2) {
        info.temporal_layer = Some(layer >> 5);
        info.spatial_layer = Some(layer >> 3 & 3);
    }
    if first & 0x02 != 0 {
        // It kept its size, which must then be right.
        let (size, at) = leb128(obu.get(header..).unwrap_or_default()).ok_or(PayloadError::Truncated)?;
        return if size as usize + at == body { Ok(()) } else { Err(PayloadError::Malformed) };
    }
    let end = out.len();
    let size = u32::try_from(body).map_err(|_| PayloadError::TooLarge)?;
    put_leb128(out, size);
    if let Some(first) = out.get_mut(start) {
        *first |= 0x02;
    }
    // The size, which was written behind, goes between header and body.
    let width = out.len() - end;
    if let Some(tail) = out.get_mut(start + header..) {
        tail.rotate_right(width);
    }
    Ok(())
}
