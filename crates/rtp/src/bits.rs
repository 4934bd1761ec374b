//! Bits, most significant first, read and written without a panic.

use alloc::vec::Vec;

/// Reads bits forward only.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits taken.
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from their first bit.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits left.
    pub const fn len(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next `count` bits (at most 32); `None`, and nothing is taken, if fewer are left.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        if count > 32 || self.len() < count as usize {
            return None;
        }
        let mut value = 0u64;
        let mut taken = 0;
        while taken < count {
            let byte = *self.bytes.get(self.at / 8)?;
            let offset = (self.at % 8) as u32;
            let step = (8 - offset).min(count - taken);
            let part = u64::from(byte) << offset & 0xff;
            value = value << step | part >> (8 - step);
            self.at += step as usize;
            taken += step;
        }
        Some(value as u32)
    }

    /// The next bit.
    pub fn flag(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    /// An unsigned Exp-Golomb number below 2^32 - 1 (H.264 §9.1, `ue(v)`).
    pub fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        let rest = self.bits(zeros)?;
        1u32.checked_shl(zeros)?.checked_add(rest)?.checked_sub(1)
    }

    /// A number in `0..n`, in as few bits as that takes (AV1 specification §4.10.7, `ns(n)`).
    pub fn non_symmetric(&mut self, n: u32) -> Option<u32> {
        let width = 32 - n.leading_zeros();
        let short = (1u32.checked_shl(width)?).checked_sub(n)?;
        let value = self.bits(width.checked_sub(1)?)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1 | self.bits(1)?) - short)
    }
}

/// Appends bits to a byte vector; the last byte is filled up with zeros.
#[derive(Debug)]
pub struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits free in the last byte.
    free: u32,
}

impl<'a> BitWriter<'a> {
    /// Appends behind what is there.
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, free: 0 }
    }

    /// Appends the low `count` bits (at most 32) of `value`.
    pub fn bits(&mut self, count: u32, value: u32) {
        let mut left = count.min(32);
        while left > 0 {
            if self.free == 0 {
                self.out.push(0);
                self.free = 8;
            }
            let step = self.free.min(left);
            let part = (u64::from(value) >> (left - step)) & ((1 << step) - 1);
            if let Some(last) = self.out.last_mut() {
                *last |= (part << (self.free - step)) as u8;
            }
            self.free -= step;
            left -= step;
        }
    }

    /// Appends one bit.
    pub fn flag(&mut self, value: bool) {
        self.bits(1, value.into());
    }

    /// What [`BitReader::non_symmetric`] reads; `value` is below `n`.
    pub fn non_symmetric(&mut self, n: u32, value: u32) {
        let width = 32 - n.leading_zeros();
        let short = (1u64 << width).saturating_sub(n.into()) as u32;
        if value < short {
            self.bits(width.saturating_sub(1), value);
        } else {
            self.bits(width, value + short);
        }
    }
}

/// Reads a LEB128 number of at most 32 bits (AV1 specification §4.10.5), and how many bytes it took.
pub fn leb128(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok().map(|value| (value, at + 1));
        }
    }
    None
}

/// Appends a LEB128 number in as few bytes as it takes.
pub fn put_leb128(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that [`put_leb128`] writes: 1 to 5.
pub const fn leb128_len(value: u32) -> usize {
    let bits = 32 - value.leading_zeros() as usize;
    if bits == 0 { 1 } else { bits.div_ceil(7) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back() {
        let values = [(1, 1), (7, 0x55), (16, 0xbeef), (3, 0), (32, 0xdead_beef), (5, 17)];
        let mut out = Vec::new();
        let mut writer = BitWriter::new(&mut out);
        values.iter().for_each(|(count, value)| writer.bits(*count, *value));
        let mut reader = BitReader::new(&out);
        for (count, value) in values {
            assert_eq!(reader.bits(count), Some(value));
        }
        assert_eq!((out.len(), reader.len(), reader.bits(1)), (8, 0, None));
    }

    #[test]
    fn non_symmetric_numbers_come_back() {
        for n in 1..=33 {
            for value in 0..n {
                let mut out = Vec::new();
                BitWriter::new(&mut out).non_symmetric(n, value);
                let mut reader = BitReader::new(&out);
                assert_eq!(reader.non_symmetric(n), Some(value), "{value} of {n}");
            }
        }
    }

    #[test]
    fn exp_golomb_as_h264_table_9_2() {
        // 1, 010, 011, 00100, 00111, 0001010
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0011, 0b1000_1010]);
        let read: Vec<_> = core::iter::from_fn(|| reader.exp_golomb()).collect();
        assert_eq!(read, [0, 1, 2, 3, 6, 9]);
        assert_eq!(BitReader::new(&[0; 9]).exp_golomb(), None);
    }

    #[test]
    fn leb128_comes_back() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX] {
            let mut out = Vec::new();
            put_leb128(&mut out, value);
            assert_eq!(leb128(&out), Some((value, out.len())));
            assert_eq!(out.len(), leb128_len(value));
        }
        assert_eq!(leb128(&[0x80; 9]), None);
        assert_eq!(leb128(&[0x80, 0]), Some((0, 2)));
    }
}
