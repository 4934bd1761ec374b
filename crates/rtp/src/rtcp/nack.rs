//! Generic NACK: packets that are missing (RFC 4585 §6.2.1).

use super::compound::write_packet;
use super::packet::{Feedback, RTPFB_NACK};
use super::{Item, List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// A missing packet, and which of the 16 after it are missing too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NackEntry {
    /// Its sequence number (PID).
    pub first: u16,
    /// Bit `i` says that packet `first + i + 1` is missing as well (BLP).
    pub following: u16,
}

impl NackEntry {
    /// The sequence numbers, 1 to 17, in order.
    pub fn sequence_numbers(self) -> impl Iterator<Item = u16> {
        // Bit `i` says that packet `first + i` is missing.
        let mut bits = u32::from(self.following) << 1 | 1;
        core::iter::from_fn(move || {
            let next = bits.trailing_zeros();
            bits &= bits.checked_sub(1)?;
            Some(self.first.wrapping_add(next as u16))
        })
    }
}

impl Item for NackEntry {
    const LEN: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        Some(Self { first: r.u16().ok()?, following: r.u16().ok()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.first);
        out.put_u16(self.following);
    }
}

/// Packs sequence numbers, which ascend, into as few entries as they take.
pub fn pack_nacks(numbers: impl IntoIterator<Item = u16>, entries: &mut Vec<NackEntry>) {
    for number in numbers {
        if let Some(last) = entries.last_mut() {
            let ahead = number.wrapping_sub(last.first);
            if ahead <= 16 {
                if ahead > 0 {
                    last.following |= 1 << (ahead - 1);
                }
                continue;
            }
        }
        entries.push(NackEntry { first: number, following: 0 });
    }
}

/// Packets of one source that are missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender: u32,
    /// The stream.
    pub media: u32,
    /// At least one.
    pub entries: List<'a, NackEntry>,
}

impl<'a> Nack<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let entries = List::read(feedback.fci).filter(|entries| !entries.is_empty());
        let entries = entries.ok_or(ParseError::Malformed)?;
        Ok(Self { sender: feedback.sender, media: feedback.media, entries })
    }

    /// The missing packets' sequence numbers, as they are listed.
    pub fn sequence_numbers(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.entries.iter().flat_map(NackEntry::sequence_numbers)
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_packet(out, PacketType::RTPFB, RTPFB_NACK, |out| {
            out.put_u32(self.sender);
            out.put_u32(self.media);
            self.entries.write(out);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_and_unpacked() {
        let numbers = [65_530, 65_531, 65_535, 0, 10, 11, 27, 28, 500];
        let mut entries = Vec::new();
        pack_nacks(numbers, &mut entries);
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0], NackEntry { first: 65_530, following: 0b1000_0000_0011_0001 });
        let back: Vec<u16> = entries.iter().flat_map(|entry| entry.sequence_numbers()).collect();
        assert_eq!(back, numbers);
    }
}
