//! Open bitstream units (AV1 specification §5.3).

use super::super::PayloadError;
use crate::bits::leb128;

siskin_base::code_points! {
    /// What an OBU is (AV1 specification §6.2.2).
    pub struct ObuType(u8) {
        SEQUENCE_HEADER = 1, TEMPORAL_DELIMITER = 2, FRAME_HEADER = 3, TILE_GROUP = 4, METADATA = 5, FRAME = 6,
        REDUNDANT_FRAME_HEADER = 7, TILE_LIST = 8, PADDING = 15,
    }
}

/// An OBU of the low-overhead format, apart from its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obu<'a> {
    /// What it is.
    pub kind: ObuType,
    /// Temporal and spatial layer, in its extension.
    pub layer: Option<u8>,
    /// What follows the header.
    pub body: &'a [u8],
    first: u8,
}

impl<'a> Obu<'a> {
    /// Bytes of its header without a size.
    pub(super) const fn header_len(&self) -> usize {
        if self.layer.is_some() { 2 } else { 1 }
    }

    /// Its header, saying that no size follows; as many bytes as [`header_len`](Self::header_len) count.
    pub(super) const fn header(&self) -> [u8; 2] {
        let layer = match self.layer {
            Some(layer) => layer,
            None => 0,
        };
        [self.first & !0x02, layer]
    }

    /// Whether it is sent: §5, delimiters and tile lists are not.
    pub(super) fn is_sent(&self) -> bool {
        !matches!(self.kind, ObuType::TEMPORAL_DELIMITER | ObuType::TILE_LIST)
    }
}

/// The OBUs of a temporal unit in the low-overhead format, in order. The last one may have no size.
#[derive(Clone, Debug)]
pub struct Obus<'a> {
    rest: &'a [u8],
}

impl<'a> Obus<'a> {
    /// Those of `temporal_unit`.
    pub const fn new(temporal_unit: &'a [u8]) -> Self {
        Self { rest: temporal_unit }
    }

    fn read(&mut self) -> Option<Obu<'a>> {
        let (first, mut rest) = self.rest.split_first()?;
        // The forbidden bit.
        if first & 0x80 != 0 {
            return None;
        }
        let mut layer = None;
        if first & 0x04 != 0 {
            let (byte, behind) = rest.split_first()?;
            (layer, rest) = (Some(*byte), behind);
        }
        let mut len = rest.len();
        if first & 0x02 != 0 {
            let (size, at) = leb128(rest)?;
            (len, rest) = (size as usize, rest.get(at..)?);
        }
        let (body, behind) = rest.split_at_checked(len)?;
        self.rest = behind;
        Some(Obu { kind: ObuType(first >> 3 & 0x0f), layer, body, first: *first })
    }
}

impl<'a> Iterator for Obus<'a> {
    type Item = Result<Obu<'a>, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let obu = self.read();
        if obu.is_none() {
            self.rest = &[];
        }
        Some(obu.ok_or(PayloadError::NotAFrame))
    }
}
