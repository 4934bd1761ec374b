//! Blocks (RFC 9559 §10): frames of one track behind a short header, several of them if they are laced.

use super::element::variable;
use crate::Error;
use siskin_base::wire::Reader;

const MALFORMED: Error = Error::Malformed("Matroska: a block");

/// A block's header, and the frames in it.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) track: u64,
    /// In units of the segment, from the cluster's time.
    pub(super) time: i16,
    /// Only a SimpleBlock says so.
    pub(super) key_frame: bool,
    pub(super) frames: Vec<&'a [u8]>,
}

impl<'a> Block<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::read(bytes).ok_or(MALFORMED)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let (track, _) = variable(&mut r)?;
        let time = i16::from_be_bytes(r.array().ok()?);
        let flags = r.u8().ok()?;
        let frames = match flags >> 1 & 3 {
            0 => vec![r.rest()],
            lacing => {
                let count = usize::from(r.u8().ok()?) + 1;
                let sizes = match lacing {
                    1 => xiph(&mut r, count)?,
                    3 => differences(&mut r, count)?,
                    _ if !r.len().is_multiple_of(count) => return None,
                    _ => vec![r.len() / count; count - 1],
                };
                let mut frames = Vec::with_capacity(count);
                for size in sizes {
                    frames.push(r.take(size).ok()?);
                }
                frames.push(r.rest());
                frames
            }
        };
        Some(Self { track, time, key_frame: flags & 0x80 != 0, frames })
    }
}

/// §10.3.2: sizes as sums of bytes, of which all but the last are 255; the last frame's is not told.
fn xiph(r: &mut Reader<'_>, count: usize) -> Option<Vec<usize>> {
    let mut sizes = Vec::with_capacity(count);
    for _ in 1..count {
        let mut size = 0;
        loop {
            let byte = r.u8().ok()?;
            size += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
        sizes.push(size);
    }
    Some(sizes)
}

/// §10.3.3: the first size, and how much each differs from the one before; the last frame's is not told.
fn differences(r: &mut Reader<'_>, count: usize) -> Option<Vec<usize>> {
    let mut sizes = Vec::with_capacity(count);
    let mut size = 0i64;
    for index in 1..count {
        let (value, width) = variable(r)?;
        let value = i64::try_from(value).ok()?;
        size = if index == 1 { value } else { size.checked_add(value - ((1 << (7 * width - 1)) - 1))? };
        sizes.push(usize::try_from(size).ok()?);
    }
    Some(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bytes: &[u8]) -> Option<Vec<usize>> {
        Block::parse(bytes).ok().map(|block| block.frames.iter().map(|frame| frame.len()).collect())
    }

    /// RFC 9559 §10.3: frames of 800, 500 and 1,000 bytes in each lacing.
    #[test]
    fn rfc9559_10_3_examples() {
        let block = |flags, lace: &[u8], len| {
            let mut bytes = vec![0x81, 0, 5, flags, 2];
            bytes.extend_from_slice(lace);
            bytes.resize(bytes.len() + len, 7);
            bytes
        };
        let expected = Some(vec![800, 500, 1_000]);
        assert_eq!(sizes(&block(0x02, &[255, 255, 255, 35, 255, 245], 2_300)), expected);
        assert_eq!(sizes(&block(0x06, &[0x43, 0x20, 0x5e, 0xd3], 2_300)), expected);
        assert_eq!(sizes(&block(0x04, &[], 2_400)), Some(vec![800; 3]));
        assert_eq!(sizes(&block(0x04, &[], 2_401)), None);
        assert_eq!(sizes(&block(0x02, &[255, 255, 255, 35, 255, 245], 1_299)), None);
        assert_eq!(sizes(&[0x81, 0, 5, 0x80, 1, 2]), Some(vec![2]));
        assert_eq!(sizes(&[0x81, 0, 5]), None);
    }
}
