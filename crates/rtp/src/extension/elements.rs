//! Walking over the elements of a header extension (RFC 8285 §4.2, §4.3).

use siskin_base::RtpExtension;
use siskin_base::wire::Reader;

/// What a header extension in the one-byte form says in its first two bytes (RFC 8285 §4.2).
pub(crate) const ONE_BYTE: u16 = 0xbede;
/// The same for the two-byte form, whose low four bits are free (RFC 8285 §4.3).
pub(crate) const TWO_BYTE: u16 = 0x1000;
/// In an extension that cryptex protected, after it was opened (RFC 9335 §4).
const CRYPTEX_ONE_BYTE: u16 = 0xc0de;
const CRYPTEX_TWO_BYTE: u16 = 0xc2de;

/// One extension element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The negotiated identifier: 1 to 14 in the one-byte form, 1 to 255 in the other.
    pub id: u8,
    /// Its data: 1 to 16 bytes in the one-byte form, 0 to 255 in the other.
    pub data: &'a [u8],
}

/// The elements of a header extension, in order; padding is passed over.
///
/// Ends at what cannot be read: an element that reaches beyond the end, or the identifier 15 of the one-byte form, which
/// says so (RFC 8285 §4.2). An extension in neither form has no elements.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: Reader<'a>,
    two_byte: bool,
}

impl<'a> Elements<'a> {
    /// Those of a header's extension, as [`RtpHeader`](siskin_base::RtpHeader) shows it.
    pub const fn new(extension: Option<RtpExtension<'a>>) -> Self {
        match extension {
            Some(RtpExtension { profile: ONE_BYTE | CRYPTEX_ONE_BYTE, data }) => {
                Self { rest: Reader::new(data), two_byte: false }
            }
            Some(RtpExtension { profile, data })
                if profile & 0xfff0 == TWO_BYTE || profile == CRYPTEX_TWO_BYTE =>
            {
                Self { rest: Reader::new(data), two_byte: true }
            }
            _ => Self { rest: Reader::new(&[]), two_byte: false },
        }
    }

    /// The data of the first element with `id`.
    pub fn get(mut self, id: u8) -> Option<&'a [u8]> {
        self.find(|element| element.id == id).map(|element| element.data)
    }

    /// An element; `None` at the end or at what cannot be read.
    fn read(&mut self) -> Option<Element<'a>> {
        loop {
            let first = self.rest.u8().ok()?;
            if first == 0 {
                continue;
            }
            let (id, len) = if self.two_byte {
                (first, usize::from(self.rest.u8().ok()?))
            } else {
                (first >> 4, usize::from(first & 0x0f) + 1)
            };
            match id {
                // RFC 8285 §4.2: 15 ends the processing, whatever follows.
                15 if !self.two_byte => return None,
                // RFC 8285 §4.2 knows no identifier 0 with a length: it is passed over with its data.
                0 => _ = self.rest.take(len).ok()?,
                _ => return Some(Element { id, data: self.rest.take(len).ok()? }),
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let element = self.read();
        if element.is_none() {
            self.rest.rest();
        }
        element
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn elements(profile: u16, data: &[u8]) -> Vec<(u8, &[u8])> {
        let elements = Elements::new(Some(RtpExtension { profile, data }));
        elements.map(|element| (element.id, element.data)).collect()
    }

    #[test]
    fn rfc8285_4_2_one_byte() {
        // The figure of the section: two elements of one and two bytes, padding between, and one of four.
        let data = [0x10, 0xaa, 0x21, 0xbb, 0xbb, 0, 0, 0x33, 1, 2, 3, 4];
        let expected = [(1, &[0xaa][..]), (2, &[0xbb, 0xbb]), (3, &[1, 2, 3, 4])];
        assert_eq!(elements(0xbede, &data), expected);
        assert_eq!(elements(0xc0de, &data), expected);
        assert_eq!(elements(0xbedf, &data), []);
    }

    #[test]
    fn rfc8285_4_3_two_byte() {
        let data = [1, 0, 2, 1, 0xbb, 0, 15, 4, 1, 2, 3, 4];
        let expected = [(1, &[][..]), (2, &[0xbb]), (15, &[1, 2, 3, 4])];
        for profile in [0x1000, 0x100f, 0xc2de] {
            assert_eq!(elements(profile, &data), expected);
        }
    }

    #[test]
    fn fifteen_and_what_is_cut_end_the_walk() {
        assert_eq!(elements(0xbede, &[0x10, 1, 0xf0, 9, 0x20, 2]), [(1, &[1][..])]);
        assert_eq!(elements(0xbede, &[0x10, 1, 0x2f, 9]), [(1, &[1][..])]);
        assert_eq!(elements(0x1000, &[1, 1, 7, 2]), [(1, &[7][..])]);
        assert_eq!(elements(0xbede, &[0x02, 9, 9, 9, 0x10, 1]), [(1, &[1][..])]);
    }
}
