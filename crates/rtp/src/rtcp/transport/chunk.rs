//! Packet status chunks: runs and vectors (draft-holmer §3.1.2 to §3.1.4).

use super::Status;

/// A 16-bit chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// One symbol, many times.
    Run { symbol: u8, len: u16 },
    /// 14 symbols of one bit.
    OneBit(u16),
    /// 7 symbols of two bits.
    TwoBit(u16),
}

impl Chunk {
    pub(super) const fn new(word: u16) -> Self {
        match word >> 14 {
            0 | 1 => Self::Run { symbol: (word >> 13 & 3) as u8, len: word & 0x1fff },
            2 => Self::OneBit(word & 0x3fff),
            _ => Self::TwoBit(word & 0x3fff),
        }
    }

    pub(super) const fn encode(self) -> u16 {
        match self {
            Self::Run { symbol, len } => (symbol as u16) << 13 | len & 0x1fff,
            Self::OneBit(bits) => 0x8000 | bits,
            Self::TwoBit(bits) => 0xc000 | bits,
        }
    }

    /// Of at most `left` packets: how many it covers, and the bytes of their times. `None` for the reserved symbol, or a
    /// run of none, which would never end.
    pub(super) fn measure(self, left: u16) -> Option<(u16, usize)> {
        match self {
            Self::Run { len: 0, .. } => None,
            Self::Run { symbol, len } => {
                let covered = len.min(left);
                let each = match status(symbol)? {
                    Status::Lost => 0,
                    Status::Small => 1,
                    Status::Large => 2,
                };
                Some((covered, usize::from(covered) * each))
            }
            Self::OneBit(bits) => {
                let covered = left.min(14);
                Some((covered, (bits >> (14 - covered)).count_ones() as usize))
            }
            Self::TwoBit(bits) => {
                let covered = left.min(7);
                let mut bytes = 0;
                for index in 0..covered {
                    bytes += match status((bits >> (12 - 2 * index) & 3) as u8)? {
                        Status::Lost => 0,
                        Status::Small => 1,
                        Status::Large => 2,
                    };
                }
                Some((covered, bytes))
            }
        }
    }

    pub(super) const fn statuses(self) -> Statuses {
        Statuses { chunk: self, index: 0 }
    }
}

const fn status(symbol: u8) -> Option<Status> {
    match symbol {
        0 => Some(Status::Lost),
        1 => Some(Status::Small),
        2 => Some(Status::Large),
        _ => None,
    }
}

/// The symbols of a chunk, those beyond the last packet included.
#[derive(Clone, Debug)]
pub(super) struct Statuses {
    chunk: Chunk,
    index: u16,
}

impl Statuses {
    pub(super) fn next(&mut self) -> Option<Status> {
        let index = self.index;
        self.index += 1;
        match self.chunk {
            Chunk::Run { symbol, len } if index < len => status(symbol),
            Chunk::OneBit(bits) if index < 14 => status((bits >> (13 - index) & 1) as u8),
            Chunk::TwoBit(bits) if index < 7 => status((bits >> (12 - 2 * index) & 3) as u8),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drafts_examples() {
        // §3.1.3 example 1: a run of 221 packets that were not received.
        let run = Chunk::new(0b0000_0000_1101_1101);
        assert_eq!((run, run.encode()), (Chunk::Run { symbol: 0, len: 221 }, 0x00dd));
        // §3.1.4 example 1: one lost, five received, three lost, three received, two lost.
        let vector = Chunk::new(0b1001_1111_0001_1100);
        let mut statuses = vector.statuses();
        let read: [bool; 14] = core::array::from_fn(|_| statuses.next() == Some(Status::Small));
        assert_eq!(read.map(u8::from), [0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0]);
        assert_eq!(
            (statuses.next(), vector.measure(14), vector.measure(4)),
            (None, Some((14, 8)), Some((4, 3)))
        );
        // §3.1.4 example 2 has the symbol that §3.1.1 reserves.
        assert_eq!(Chunk::new(0b1100_1101_0101_0000).measure(7), None);
    }
}
