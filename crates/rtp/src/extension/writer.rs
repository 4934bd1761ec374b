//! Writing a header extension, in the one-byte form as long as that can hold its elements (RFC 8285 §4.1).

use super::elements::{ONE_BYTE, TWO_BYTE};
use super::{ExtensionMap, Value};
use alloc::vec::Vec;

/// Most elements that the one-byte form can hold, each identifier once.
const MOST_ONE_BYTE: usize = 14;

/// Appends elements to a header that is being written; see [`Header::write`](crate::wire::Header::write).
///
/// It begins in the one-byte form, and goes over to the two-byte form at the first element that needs it: an identifier
/// above 14, no data, or more than 16 bytes. RFC 8285 §4.1.2: where `extmap-allow-mixed` was not negotiated, give only
/// what fits the form in use.
#[derive(Debug)]
pub struct ExtensionWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the extension's four bytes of header are, once there are any.
    start: Option<usize>,
    two_byte: bool,
    /// Where each element of the one-byte form begins.
    elements: [usize; MOST_ONE_BYTE],
    count: usize,
}

impl<'a> ExtensionWriter<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, start: None, two_byte: false, elements: [0; MOST_ONE_BYTE], count: 0 }
    }

    /// Appends a value under its negotiated identifier; does nothing if it has none. `false` if nothing was written.
    pub fn value<'v, T: Value<'v>>(&mut self, map: &ExtensionMap, value: &T) -> bool {
        map.id(T::KIND).is_some_and(|id| self.element_with(id, |out| value.write(out)))
    }

    /// Appends an element as bytes. `false`, and nothing is written, if it cannot be: the identifier 0, or more than
    /// 255 bytes.
    pub fn element(&mut self, id: u8, data: &[u8]) -> bool {
        self.element_with(id, |out| out.extend_from_slice(data))
    }

    fn element_with(&mut self, id: u8, data: impl FnOnce(&mut Vec<u8>)) -> bool {
        if id == 0 {
            return false;
        }
        let before = self.out.len();
        if self.start.is_none() {
            self.out.extend_from_slice(&[0; 4]);
        }
        let at = self.out.len();
        // As in the two-byte form; closed up by one if the other can hold it.
        self.out.extend_from_slice(&[id, 0]);
        data(self.out);
        let len = self.out.len() - at - 2;
        let Ok(short) = u8::try_from(len) else {
            self.out.truncate(before);
            return false;
        };
        self.start.get_or_insert(before);
        if !self.two_byte && id <= 14 && (1..=16).contains(&len) && self.count < MOST_ONE_BYTE {
            self.out.remove(at);
            self.set(at, id << 4 | (short - 1));
            if let Some(slot) = self.elements.get_mut(self.count) {
                *slot = at;
            }
            self.count += 1;
        } else {
            self.set(at + 1, short);
            if !self.two_byte {
                self.widen(at);
            }
        }
        true
    }

    /// Turns the elements in the one-byte form, which end at `end`, into the two-byte form.
    fn widen(&mut self, end: usize) {
        self.two_byte = true;
        let mut end = end;
        let count = core::mem::take(&mut self.count);
        self.out.resize(self.out.len() + count, 0);
        // What follows them moves by as many bytes as there are elements, the last of them by one byte less, and so on.
        let tail = self.out.len() - count;
        self.out.copy_within(end..tail, end + count);
        for index in (0..count).rev() {
            let at = self.elements.get(index).copied().unwrap_or_default();
            let first = self.out.get(at).copied().unwrap_or_default();
            self.out.copy_within(at + 1..end, at + 2 + index);
            self.set(at + index, first >> 4);
            self.set(at + index + 1, (first & 0x0f) + 1);
            end = at;
        }
    }

    fn set(&mut self, at: usize, value: u8) {
        if let Some(byte) = self.out.get_mut(at) {
            *byte = value;
        }
    }

    /// Fills up to a multiple of four bytes and writes the header; whether there is an extension at all.
    pub(crate) fn finish(self) -> bool {
        let Some(start) = self.start else { return false };
        let len = self.out.len() - start - 4;
        self.out.resize(start + 4 + len.next_multiple_of(4), 0);
        let profile = if self.two_byte { TWO_BYTE } else { ONE_BYTE };
        // Elements are at most 255 times 257 bytes, which is less than the 65,535 words that fit.
        let words = (len.div_ceil(4) as u16).to_be_bytes();
        if let Some(header) = self.out.get_mut(start..start + 4) {
            header.copy_from_slice(&[(profile >> 8) as u8, profile as u8, words[0], words[1]]);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Elements;
    use siskin_base::RtpExtension;

    fn written(elements: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = Vec::from([7]);
        let mut writer = ExtensionWriter::new(&mut out);
        for (id, data) in elements {
            assert!(writer.element(*id, data));
        }
        assert!(writer.finish());
        assert_eq!((out.remove(0), out.len() % 4), (7, 0));
        let words = u16::from_be_bytes([out[2], out[3]]);
        assert_eq!(usize::from(words) * 4, out.len() - 4);
        let profile = u16::from_be_bytes([out[0], out[1]]);
        let read: Vec<_> = Elements::new(Some(RtpExtension { profile, data: &out[4..] }))
            .map(|element| (element.id, element.data))
            .collect();
        assert_eq!(read, elements);
        out
    }

    #[test]
    fn rfc8285_4_1_the_short_form_as_long_as_it_can() {
        let short = written(&[(1, b"a"), (14, &[9; 16]), (2, b"bc")]);
        assert_eq!(short[..8], [0xbe, 0xde, 0, 6, 0x10, b'a', 0xef, 9]);
    }

    #[test]
    fn goes_over_to_the_long_form() {
        for long in [(15, &b"x"[..]), (3, &[]), (3, &[1; 17]), (3, &[1; 255]), (255, &[1; 16])] {
            assert_eq!(written(&[(1, b"a"), (14, &[9; 16]), (2, b"bc"), long, (4, b"d")])[..2], [0x10, 0]);
            assert_eq!(written(&[long, (4, b"d")])[..2], [0x10, 0]);
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_no_trace() {
        let mut out = Vec::new();
        let mut writer = ExtensionWriter::new(&mut out);
        assert!(!writer.element(0, b"a"));
        assert!(!writer.element(1, &[0; 256]));
        assert!(!writer.finish());
        assert!(out.is_empty());
    }
}
