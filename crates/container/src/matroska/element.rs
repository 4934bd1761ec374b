//! EBML elements (RFC 8794): an ID, a size, and what is in them.

use crate::Error;
use crate::source::read_or_end;
use siskin_base::wire::Reader;
use std::io::Read;

const MALFORMED: Error = Error::Malformed("Matroska: an element's ID or size");

/// The next element's ID and size; no size if it ends where something begins that cannot be in it (RFC 8794 §6.2).
/// `None` at the end of the file.
pub(super) fn header(file: &mut impl Read) -> Result<Option<(u32, Option<u64>)>, Error> {
    let Some([first]) = read_or_end(file)? else { return Ok(None) };
    let width = first.leading_zeros();
    if width > 3 {
        return Err(MALFORMED);
    }
    let mut id = u32::from(first);
    for _ in 0..width {
        id = id << 8 | u32::from(byte(file)?);
    }
    let first = byte(file)?;
    let width = first.leading_zeros();
    if width > 7 {
        return Err(MALFORMED);
    }
    let mut size = u64::from(first) & (0x7f >> width);
    for _ in 0..width {
        size = size << 8 | u64::from(byte(file)?);
    }
    let unknown = size == (1 << (7 * (width + 1))) - 1;
    Ok(Some((id, (!unknown).then_some(size))))
}

fn byte(file: &mut impl Read) -> Result<u8, Error> {
    read_or_end::<1>(file)?.map(|[byte]| byte).ok_or(Error::Truncated)
}

/// A number with its width in front, without the marker (RFC 8794 §4); and how many bytes it took.
pub(super) fn variable(r: &mut Reader<'_>) -> Option<(u64, u32)> {
    let first = r.u8().ok()?;
    let width = first.leading_zeros();
    if width > 7 {
        return None;
    }
    let mut value = u64::from(first) & (0x7f >> width);
    for byte in r.take(width as usize).ok()? {
        value = value << 8 | u64::from(*byte);
    }
    Some((value, width + 1))
}

/// The elements in `bytes`, as far as they are whole.
pub(super) fn children(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (id, size) = header(&mut rest).ok()??;
        let (body, behind) = rest.split_at_checked(usize::try_from(size?).ok()?)?;
        rest = behind;
        Some((id, body))
    })
}

/// The first child with that ID.
pub(super) fn child(bytes: &[u8], id: u32) -> Option<&[u8]> {
    children(bytes).find(|(found, _)| *found == id).map(|(_, body)| body)
}

/// An unsigned integer of at most eight bytes; none is 0 (RFC 8794 §7.2).
pub(super) fn unsigned(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Appends an ID.
fn put_id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    out.extend_from_slice(bytes.get(id.leading_zeros() as usize / 8..).unwrap_or_default());
}

/// Appends a size in as few bytes as it takes.
fn put_size(out: &mut Vec<u8>, size: usize) {
    let size = size as u64;
    // All ones are reserved for an unknown size.
    let width = (1..8).find(|width| size < (1 << (7 * width)) - 1).unwrap_or(8);
    let bytes = (size | 1 << (7 * width)).to_be_bytes();
    out.extend_from_slice(bytes.get(8 - width..).unwrap_or_default());
}

/// Appends an ID and a size of eight bytes that is not known yet; [`known_size`] replaces it.
pub(super) fn put_open(out: &mut Vec<u8>, id: u32) {
    put_id(out, id);
    out.extend_from_slice(&[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

/// What replaces the eight bytes.
pub(super) const fn known_size(size: u64) -> [u8; 8] {
    (size | 1 << 56).to_be_bytes()
}

/// Appends an element.
pub(super) fn put(out: &mut Vec<u8>, id: u32, body: &[u8]) {
    put_head(out, id, body.len());
    out.extend_from_slice(body);
}

/// Appends the ID and size of an element whose body follows.
pub(super) fn put_head(out: &mut Vec<u8>, id: u32, len: usize) {
    put_id(out, id);
    put_size(out, len);
}

/// Appends an unsigned integer.
pub(super) fn put_unsigned(out: &mut Vec<u8>, id: u32, value: u64) {
    let bytes = value.to_be_bytes();
    put(out, id, bytes.get((value.leading_zeros() as usize / 8).min(7)..).unwrap_or_default());
}

/// Appends a floating-point number.
pub(super) fn put_float(out: &mut Vec<u8>, id: u32, value: f64) {
    put(out, id, &value.to_be_bytes());
}

/// Appends an element with others in it.
pub(super) fn put_master(out: &mut Vec<u8>, id: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    write(&mut body);
    put(out, id, &body);
}

/// Appends what means nothing and takes `len` bytes, at least 2 and at most 100.
pub(super) fn put_void(out: &mut Vec<u8>, len: usize) {
    let body = len.saturating_sub(2);
    put_head(out, super::id::VOID, body);
    out.resize(out.len() + body, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8794_4_3_examples() {
        for bytes in [&[0x82][..], &[0x40, 0x02], &[0x20, 0x00, 0x02], &[0x10, 0x00, 0x00, 0x02]] {
            assert_eq!(variable(&mut Reader::new(bytes)), Some((2, bytes.len() as u32)));
        }
        assert_eq!(variable(&mut Reader::new(&[0])), None);
        assert_eq!(variable(&mut Reader::new(&[0x40])), None);
    }

    #[test]
    fn sizes_come_back() {
        for size in [0usize, 1, 126, 127, 128, 16_382, 16_383, 1 << 21, 1 << 28, 1 << 40] {
            let mut out = Vec::new();
            put_head(&mut out, super::super::id::CLUSTER, size);
            assert_eq!(header(&mut &out[..]).unwrap(), Some((super::super::id::CLUSTER, Some(size as u64))));
        }
        let mut out = Vec::new();
        put_open(&mut out, super::super::id::SEGMENT);
        assert_eq!(header(&mut &out[..]).unwrap(), Some((super::super::id::SEGMENT, None)));
        out[4..].copy_from_slice(&known_size(77));
        assert_eq!(header(&mut &out[..]).unwrap(), Some((super::super::id::SEGMENT, Some(77))));
    }
}
