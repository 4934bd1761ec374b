//! Redundant audio (RFC 2198): a frame, and behind it the ones before.

use super::PayloadError;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// One block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The format of its data.
    pub payload_type: u8,
    /// How far its timestamp is before the packet's: 14 bits.
    pub timestamp_offset: u16,
    /// At most 1023 bytes, unless it is the last.
    pub data: &'a [u8],
}

/// The blocks of a payload, the primary one last.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    headers: Reader<'a>,
    data: Reader<'a>,
    done: bool,
}

impl<'a> Blocks<'a> {
    /// Reads the headers of a payload, and checks that their lengths fit.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let headers = Reader::new(payload);
        let mut r = headers.clone();
        let mut total = 0;
        while r.u8()? & 0x80 != 0 {
            total += r.u24()? as usize & 0x3ff;
        }
        if total > r.len() {
            return Err(PayloadError::Truncated);
        }
        Ok(Self { headers, data: r, done: false })
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        if self.done {
            return None;
        }
        let first = self.headers.u8().ok()?;
        let payload_type = first & 0x7f;
        if first & 0x80 == 0 {
            self.done = true;
            return Some(Block { payload_type, timestamp_offset: 0, data: self.data.rest() });
        }
        let rest = self.headers.u24().ok()?;
        let data = self.data.take(rest as usize & 0x3ff).ok()?;
        Some(Block { payload_type, timestamp_offset: (rest >> 10) as u16, data })
    }
}

/// Puts the frames before behind each frame.
#[derive(Clone, Debug)]
pub struct Packetizer {
    payload_type: u8,
    distance: usize,
    /// Frames that were sent: timestamp and bytes. Their memory is used again.
    sent: VecDeque<(u32, Vec<u8>)>,
}

/// Most frames that can be repeated.
const MOST_DISTANCE: usize = 9;

impl Packetizer {
    /// `payload_type` is that of the frames; each is repeated in the next `distance` packets (at most 9).
    pub fn new(payload_type: u8, distance: usize) -> Self {
        Self {
            payload_type: payload_type & 0x7f,
            distance: distance.min(MOST_DISTANCE),
            sent: VecDeque::new(),
        }
    }

    /// Appends the payload for a frame: with as many of the ones before, the newest first to be counted, as fit into
    /// `most` bytes and into the 14 bits of their offset.
    pub fn write(&mut self, frame: &[u8], timestamp: u32, most: usize, out: &mut Vec<u8>) {
        let mut left = most.saturating_sub(1 + frame.len());
        let fits = |(at, bytes): &&(u32, Vec<u8>)| {
            let cost = 4 + bytes.len();
            let offset = timestamp.wrapping_sub(*at);
            let fits = offset > 0 && offset < 1 << 14 && bytes.len() < 1 << 10 && cost <= left;
            left -= if fits { cost } else { 0 };
            fits
        };
        let count = self.sent.iter().rev().take(self.distance).take_while(fits).count();
        let redundant = || self.sent.iter().skip(self.sent.len() - count);
        for (at, bytes) in redundant() {
            out.put_u8(0x80 | self.payload_type);
            out.put_u24((timestamp.wrapping_sub(*at) & 0x3fff) << 10 | bytes.len() as u32);
        }
        out.put_u8(self.payload_type);
        redundant().for_each(|(_, bytes)| out.put(bytes));
        out.put(frame);

        let mut kept =
            if self.sent.len() >= self.distance { self.sent.pop_front() } else { None }.unwrap_or_default();
        if self.distance > 0 {
            kept.0 = timestamp;
            kept.1.clear();
            kept.1.extend_from_slice(frame);
            self.sent.push_back(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_repeated_and_read() {
        let mut red = Packetizer::new(111, 2);
        let mut packets = Vec::new();
        for (index, frame) in [&b"one"[..], b"second", b"3", b"", b"five"].into_iter().enumerate() {
            let mut out = Vec::new();
            red.write(frame, 960 * index as u32, 1_200, &mut out);
            packets.push(out);
        }
        assert_eq!(packets[0], b"\x6fone");
        assert_eq!(packets[1], b"\xef\x0f\x00\x03\x6fonesecond");
        let blocks: Vec<_> = Blocks::parse(&packets[3]).unwrap().collect();
        let block = |timestamp_offset, data| Block { payload_type: 111, timestamp_offset, data };
        assert_eq!(blocks, [block(1_920, b"second"), block(960, b"3"), block(0, b"")]);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut red = Packetizer::new(111, 2);
        for (timestamp, most, count) in
            [(0, 100, 1), (960, 100, 2), (1_920, 25, 2), (2_880, 24, 1), (60_000, 100, 1)]
        {
            let mut out = Vec::new();
            red.write(&[7; 10], timestamp, most, &mut out);
            assert_eq!(Blocks::parse(&out).unwrap().count(), count, "{timestamp}");
            assert!(out.len() <= most);
        }
    }

    #[test]
    fn lengths_must_fit() {
        assert_eq!(Blocks::parse(&[0xef, 0, 0, 3, 0x6f, 1, 2]).err(), Some(PayloadError::Truncated));
        assert_eq!(Blocks::parse(&[0xef; 8]).err(), Some(PayloadError::Truncated));
        assert_eq!(Blocks::parse(&[]).err(), Some(PayloadError::Truncated));
    }
}
