//! Bytes in network order, read forward and written behind, without a panic.

use alloc::vec::Vec;
use core::fmt;

/// The input ended before the value did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated;

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the input ends too early")
    }
}

impl core::error::Error for Truncated {}

/// Reads forward only; every read either yields the whole value or [`Truncated`] and takes nothing.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `input` from its start.
    #[inline]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Truncated> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A 16-bit number.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Truncated> {
        self.array().map(u16::from_be_bytes)
    }

    /// A 24-bit number.
    #[inline]
    pub fn u24(&mut self) -> Result<u32, Truncated> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// A 32-bit number.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_be_bytes)
    }

    /// A 48-bit number.
    #[inline]
    pub fn u48(&mut self) -> Result<u64, Truncated> {
        self.array().map(|[a, b, c, d, e, f]| u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// A 64-bit number.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Truncated> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next `len` bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Truncated> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// What follows a one-byte length.
    #[inline]
    pub fn vec8(&mut self) -> Result<&'a [u8], Truncated> {
        self.prefixed(|r| r.u8().map(usize::from))
    }

    /// What follows a two-byte length.
    #[inline]
    pub fn vec16(&mut self) -> Result<&'a [u8], Truncated> {
        self.prefixed(|r| r.u16().map(usize::from))
    }

    /// What follows a three-byte length.
    #[inline]
    pub fn vec24(&mut self) -> Result<&'a [u8], Truncated> {
        self.prefixed(|r| r.u24().map(|len| len as usize))
    }

    /// Everything that is left.
    #[inline]
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Bytes left.
    #[inline]
    pub const fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    fn prefixed(
        &mut self,
        len: impl FnOnce(&mut Self) -> Result<usize, Truncated>,
    ) -> Result<&'a [u8], Truncated> {
        let mut ahead = self.clone();
        let len = len(&mut ahead)?;
        let value = ahead.take(len)?;
        *self = ahead;
        Ok(value)
    }
}

/// Appends values in network order to a byte vector.
pub trait Writer {
    /// Appends one byte.
    fn put_u8(&mut self, value: u8);
    /// Appends a 16-bit number.
    fn put_u16(&mut self, value: u16);
    /// Appends the low 24 bits.
    fn put_u24(&mut self, value: u32);
    /// Appends a 32-bit number.
    fn put_u32(&mut self, value: u32);
    /// Appends the low 48 bits.
    fn put_u48(&mut self, value: u64);
    /// Appends a 64-bit number.
    fn put_u64(&mut self, value: u64);
    /// Appends bytes as they are.
    fn put(&mut self, bytes: &[u8]);
    /// Appends a length of `width` bytes (1 to 4) and what `body` writes; `None` if it does not fit, and then the
    /// vector is as before.
    fn put_prefixed(&mut self, width: usize, body: impl FnOnce(&mut Vec<u8>)) -> Option<()>;
}

impl Writer for Vec<u8> {
    #[inline]
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }
    #[inline]
    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_be_bytes());
    }
    #[inline]
    fn put_u24(&mut self, value: u32) {
        let [_, a, b, c] = value.to_be_bytes();
        self.extend_from_slice(&[a, b, c]);
    }
    #[inline]
    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }
    #[inline]
    fn put_u48(&mut self, value: u64) {
        let [_, _, a, b, c, d, e, f] = value.to_be_bytes();
        self.extend_from_slice(&[a, b, c, d, e, f]);
    }
    #[inline]
    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_be_bytes());
    }
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
    #[inline]
    fn put_prefixed(&mut self, width: usize, body: impl FnOnce(&mut Self)) -> Option<()> {
        let width = width.clamp(1, 4);
        let start = self.len();
        self.resize(start + width, 0);
        body(self);
        let len = u32::try_from(self.len() - start - width).ok().map(u32::to_be_bytes);
        let fits = len.is_some_and(|len| len.iter().take(4 - width).all(|byte| *byte == 0));
        let (Some(len), true) = (len, fits) else {
            self.truncate(start);
            return None;
        };
        let prefix = self.iter_mut().skip(start).take(width);
        prefix.zip(len.iter().skip(4 - width)).for_each(|(to, from)| *to = *from);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_short_read_takes_nothing() {
        let mut r = Reader::new(&[0, 3, 1]);
        assert_eq!(r.u32(), Err(Truncated));
        assert_eq!(r.vec16(), Err(Truncated));
        assert_eq!(r.len(), 3);
        assert_eq!(r.u24(), Ok(0x0301));
        assert!(r.is_empty());
    }

    #[test]
    fn writes_what_it_reads() {
        let mut out = Vec::new();
        out.put_u8(1);
        out.put_u24(0x02_0304);
        out.put_u48(0x0506_0708_090a);
        out.put_prefixed(2, |out| out.put(b"abc")).unwrap();
        let mut r = Reader::new(&out);
        assert_eq!((r.u8(), r.u24(), r.u48()), (Ok(1), Ok(0x02_0304), Ok(0x0506_0708_090a)));
        assert_eq!(r.vec16(), Ok(&b"abc"[..]));
    }

    #[test]
    fn a_prefix_that_does_not_fit_writes_nothing() {
        let mut out = vec![7];
        assert_eq!(out.put_prefixed(1, |out| out.resize(300, 0)), None);
        assert_eq!(out, [7]);
    }
}
