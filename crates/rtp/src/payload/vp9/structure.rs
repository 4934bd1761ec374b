//! The scalability structure (RFC 9628 §4.2.1).

use super::super::PayloadError;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// Which spatial layers there are, and how pictures depend on each other; over its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalabilityStructure<'a> {
    layers: u8,
    resolutions: &'a [u8],
    /// The groups, if they are told.
    groups: Option<(u8, &'a [u8])>,
}

/// One picture of the group that repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureGroup<'a> {
    /// Its temporal layer, 0 to 7.
    pub temporal: u8,
    /// U: can be switched up to here.
    pub switching_up: bool,
    /// How many pictures back each is that it refers to; at most 3.
    pub references: &'a [u8],
}

impl<'a> ScalabilityStructure<'a> {
    pub(super) fn parse(r: &mut Reader<'a>) -> Result<Self, PayloadError> {
        let first = r.u8()?;
        let layers = (first >> 5) + 1;
        let resolutions = if first & 0x10 != 0 { r.take(usize::from(layers) * 4)? } else { &[] };
        let mut groups = None;
        if first & 0x08 != 0 {
            let count = r.u8()?;
            let start = r.clone();
            for _ in 0..count {
                group(r)?;
            }
            groups = Some((count, start.clone().take(start.len() - r.len())?));
        }
        Ok(Self { layers, resolutions, groups })
    }

    /// Spatial layers, 1 to 8.
    pub const fn layers(&self) -> u8 {
        self.layers
    }

    /// Width and height of each layer; empty if not told.
    pub fn resolutions(&self) -> impl DoubleEndedIterator<Item = (u16, u16)> + use<'a> {
        let (sizes, _) = self.resolutions.as_chunks();
        sizes.iter().map(|[a, b, c, d]| (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
    }

    /// The pictures of the group, at most 255; empty if not told, or if no structure repeats.
    pub fn groups(&self) -> impl Iterator<Item = PictureGroup<'a>> + use<'a> {
        let mut r = Reader::new(self.groups.map_or(&[][..], |(_, bytes)| bytes));
        core::iter::from_fn(move || group(&mut r).ok())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (sized, grouped) = (u8::from(!self.resolutions.is_empty()), u8::from(self.groups.is_some()));
        out.put_u8((self.layers - 1) << 5 | sized << 4 | grouped << 3);
        out.put(self.resolutions);
        if let Some((count, bytes)) = self.groups {
            out.put_u8(count);
            out.put(bytes);
        }
    }
}

fn group<'a>(r: &mut Reader<'a>) -> Result<PictureGroup<'a>, PayloadError> {
    let byte = r.u8()?;
    let references = r.take(usize::from(byte >> 2 & 3))?;
    Ok(PictureGroup { temporal: byte >> 5, switching_up: byte & 0x10 != 0, references })
}
