//! AV1 (RTP Payload Format For AV1, version 1.0.0).

mod assemble;
mod obu;
mod packetize;

pub(super) use assemble::{assemble, inspect};
pub use obu::{Obu, ObuType, Obus};
pub use packetize::Fragments;

use super::PayloadError;
use crate::bits::leb128;

/// A payload: the aggregation header, and OBU elements behind it (§4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// Z: the first element continues an OBU of the packet before.
    pub continues: bool,
    /// Y: the last element goes on in the packet after.
    pub goes_on: bool,
    /// W: how many elements there are, 1 to 3; 0 says that each stands behind its length.
    pub count: u8,
    /// N: a coded video sequence begins here.
    pub new_sequence: bool,
    elements: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Reads a payload; its elements are checked as they are walked over.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let (first, elements) = payload.split_first().ok_or(PayloadError::Truncated)?;
        let read = Self {
            continues: first & 0x80 != 0,
            goes_on: first & 0x40 != 0,
            count: first >> 4 & 3,
            new_sequence: first & 0x08 != 0,
            elements,
        };
        // §4.4: a sequence does not begin in the middle of an OBU.
        if read.continues && read.new_sequence {
            return Err(PayloadError::Malformed);
        }
        if elements.is_empty() { Err(PayloadError::Truncated) } else { Ok(read) }
    }

    /// The elements: whole OBUs, and parts of them at the ends.
    pub fn elements(&self) -> impl Iterator<Item = Result<&'a [u8], PayloadError>> + use<'a> {
        let (mut rest, count) = (self.elements, self.count);
        let mut index = 0_u8;
        core::iter::from_fn(move || {
            // Without a count there may be any number of them.
            index = index.saturating_add(1);
            if count > 0 && index == count {
                return Some(Ok(core::mem::take(&mut rest)));
            }
            if count > 0 && index > count || count == 0 && rest.is_empty() {
                return None;
            }
            let element = leb128(rest).and_then(|(len, at)| {
                let (element, behind) = rest.get(at..)?.split_at_checked(len as usize)?;
                rest = behind;
                Some(element)
            });
            if element.is_none() {
                // Nothing can be read behind what is broken.
                rest = &[];
                index = 3;
            }
            Some(element.ok_or(PayloadError::Truncated))
        })
    }
}

/// Whether a temporal unit begins a coded video sequence: it has a sequence header.
pub fn is_key_frame(temporal_unit: &[u8]) -> bool {
    Obus::new(temporal_unit).any(|obu| obu.is_ok_and(|obu| obu.kind == ObuType::SEQUENCE_HEADER))
}
