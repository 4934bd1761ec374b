//! Gathering arrivals into one feedback packet, in the chunks that take the least room.

use super::chunk::Chunk;
use super::{REFERENCE_TICKS, TransportFeedback};
use alloc::vec::Vec;
use siskin_base::wire::Writer as _;

/// Symbols as they stand in chunks.
const LOST: u8 = 0;
const SMALL: u8 = 1;
const LARGE: u8 = 2;
/// Bytes of an RTCP packet in front of the chunks.
const HEADERS: usize = 20;

/// Gathers arrivals. It keeps its memory, so that one serves a whole connection.
#[derive(Clone, Debug, Default)]
pub struct TransportFeedbackWriter {
    base: u16,
    reference: i64,
    last: i64,
    /// Room that the chunks take at most, in sevenths of a chunk.
    sevenths: usize,
    symbols: Vec<u8>,
    deltas: Vec<u8>,
    chunks: Vec<u8>,
}

impl TransportFeedbackWriter {
    /// Begins a packet that covers packets from `base` on; `ticks` is the time of its first arrival, in units of 250 µs.
    pub fn begin(&mut self, base: u16, ticks: i64) {
        self.base = base;
        self.reference = ticks.div_euclid(REFERENCE_TICKS);
        self.last = self.reference * REFERENCE_TICKS;
        self.sevenths = 0;
        self.symbols.clear();
        self.deltas.clear();
    }

    /// Adds the packet that is `offset` behind the first, which arrived at `ticks`. `false`, and nothing is added, if that
    /// is not behind the last one added, if its time does not fit, or if the packet would be longer than `limit` bytes.
    pub fn arrived(&mut self, offset: u16, ticks: i64, limit: usize) -> bool {
        let Ok(delta) = i16::try_from(ticks.saturating_sub(self.last)) else { return false };
        let count = usize::from(offset);
        let Some(gap) = count.checked_sub(self.symbols.len()).filter(|_| offset < u16::MAX) else {
            return false;
        };
        // A chunk holds at least 7 packets, the last one excepted; a long gap takes runs of up to 8191.
        let sevenths = self.sevenths + if gap > 14 { 7 * (gap / 8191 + 3) } else { gap } + 1;
        let chunks = sevenths.div_ceil(7) + 1;
        if HEADERS + 2 * chunks + self.deltas.len() + 2 + 3 > limit {
            return false;
        }
        self.sevenths = sevenths;
        self.symbols.resize(count, LOST);
        match u8::try_from(delta) {
            Ok(small) => {
                self.symbols.push(SMALL);
                self.deltas.push(small);
            }
            Err(_) => {
                self.symbols.push(LARGE);
                self.deltas.put_u16(delta as u16);
            }
        }
        self.last = ticks;
        true
    }

    /// How many packets are covered.
    pub const fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether none are.
    pub const fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&mut self, out: &mut Vec<u8>, sender: u32, media: u32, feedback_count: u8) -> Option<()> {
        self.chunks.clear();
        let mut rest = self.symbols.as_slice();
        while !rest.is_empty() {
            let (chunk, len) = choose(rest);
            self.chunks.put_u16(chunk.encode());
            rest = rest.get(len..).unwrap_or_default();
        }
        let feedback = TransportFeedback {
            sender,
            media,
            base: self.base,
            count: u16::try_from(self.symbols.len()).ok()?,
            reference: (self.reference & 0xff_ffff) as u32,
            feedback_count,
            chunks: &self.chunks,
            deltas: &self.deltas,
        };
        feedback.write(out)
    }
}

/// The chunk for the beginning of `symbols`, and how many it takes.
fn choose(symbols: &[u8]) -> (Chunk, usize) {
    let first = symbols.first().copied().unwrap_or(LOST);
    let run = symbols.iter().take(0x1fff).take_while(|symbol| **symbol == first).count();
    let short = symbols.iter().take(14).all(|symbol| *symbol != LARGE);
    let in_vector = if short { 14 } else { 7 };
    if run >= in_vector || run == symbols.len() {
        return (Chunk::Run { symbol: first, len: run as u16 }, run);
    }
    let width = if short { 1 } else { 2 };
    let mut bits = 0;
    let mut taken = 0;
    for index in 0..in_vector {
        bits <<= width;
        if let Some(symbol) = symbols.get(index) {
            bits |= u16::from(*symbol);
            taken += 1;
        }
    }
    (if short { Chunk::OneBit(bits) } else { Chunk::TwoBit(bits) }, taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Packet};

    fn round_trip(arrivals: &[(u16, i64)]) -> usize {
        let mut writer = TransportFeedbackWriter::default();
        writer.begin(65_530, arrivals[0].1);
        for (offset, ticks) in arrivals {
            assert!(writer.arrived(*offset, *ticks, 1_200), "{offset}");
        }
        let mut out = Vec::new();
        writer.write(&mut out, 1, 2, 3).unwrap();
        assert!(out.len() <= 1_200 && out.len() % 4 == 0);
        let raw = Compound::parse(&out).unwrap().packets().next().unwrap();
        let Ok(Packet::TransportFeedback(feedback)) = Packet::parse(raw) else { panic!() };
        assert_eq!((feedback.sender, feedback.media, feedback.feedback_count), (1, 2, 3));
        let packets: Vec<_> = feedback.packets().collect();
        assert_eq!(packets.len(), usize::from(arrivals.last().unwrap().0) + 1);
        for (offset, (number, arrival)) in (0u16..).zip(packets) {
            assert_eq!(number, 65_530u16.wrapping_add(offset));
            let expected = arrivals.iter().find(|(sent, _)| *sent == offset).map(|(_, ticks)| *ticks);
            assert_eq!(arrival, expected, "{offset}");
        }
        out.len()
    }

    #[test]
    fn arrivals_come_back() {
        round_trip(&[(0, 0)]);
        round_trip(&[(0, 1_000), (1, 1_001), (2, 1_500), (9, 1_400), (30, 1_401)]);
        round_trip(&[(3, 70_000), (9_000, 70_001), (9_001, 100_000)]);
        // A hundred in a row take one chunk and a byte each.
        let steady: Vec<_> = (0..100).map(|i| (i, 500 + i64::from(i) * 4)).collect();
        assert_eq!(round_trip(&steady), 20 + 2 + 100 + 2);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut writer = TransportFeedbackWriter::default();
        writer.begin(0, 1_000);
        assert!(writer.arrived(5, 1_000, 1_200));
        assert!(!writer.arrived(5, 1_001, 1_200), "not behind");
        assert!(!writer.arrived(6, 1_000 + 0x8000, 1_200), "8.2 s later");
        let mut offset = 6;
        while writer.arrived(offset, 1_000, 200) {
            offset += 1;
        }
        let mut out = Vec::new();
        writer.write(&mut out, 0, 0, 0).unwrap();
        assert!((150..=200).contains(&out.len()), "{}", out.len());
    }

    #[test]
    fn the_reserved_symbol_and_endless_runs_are_refused() {
        for chunk in [0x6001u16, 0x0000, 0xf000] {
            let mut out = Vec::from([0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0]);
            out.put_u16(chunk);
            out.put_u16(0);
            let raw = Compound::parse(&out).unwrap().packets().next().unwrap();
            assert!(Packet::parse(raw).is_err(), "{chunk:#x}");
        }
    }
}
