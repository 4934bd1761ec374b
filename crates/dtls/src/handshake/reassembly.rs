//! Fragments become messages again, in whatever order and shape they come (RFC 6347 §4.2.3).

use super::gaps::Gaps;
use super::{HandshakeHeader, HandshakeType, Malformed};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use siskin_base::wire::Reader;

/// A piece of a message, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Which message, and which piece of it.
    pub header: HandshakeHeader,
    /// The piece.
    pub body: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Reads one of the fragments in a record; it lies within its message.
    pub fn parse(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let header = HandshakeHeader::parse(r)?;
        let body = r.take(header.fragment_length as usize)?;
        let end = header.fragment_offset + header.fragment_length;
        if end <= header.length { Ok(Self { header, body }) } else { Err(Malformed) }
    }

    /// The message that it is the whole of.
    pub fn to_message(&self, epoch: u16) -> Message {
        let HandshakeHeader { kind, sequence, .. } = self.header;
        Message { kind, sequence, epoch, bytes: [&self.header.to_bytes()[..], self.body].concat() }
    }

    /// Whether it is the last piece of its message.
    pub fn is_last(&self) -> bool {
        self.header.fragment_offset + self.header.fragment_length == self.header.length
    }
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What kind.
    pub kind: HandshakeType,
    /// Its number.
    pub sequence: u16,
    /// The epoch that it came in.
    pub epoch: u16,
    /// Header, as if it had come in one piece, and body.
    pub bytes: Vec<u8>,
}

impl Message {
    /// What follows the header.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(HandshakeHeader::LEN..).unwrap_or_default()
    }
}

/// Messages being put together.
///
/// Nothing here is authentic yet, so nothing is believed for good: where two fragments disagree on what the message
/// is, the newer one wins, and a forged fragment costs a retransmission instead of the handshake.
// 9147bis §5.5: an end with `illegal_parameter` when a byte comes changed: not done, because in clear anyone could end a handshake
// so; with keys, who lies to us could as well say so at once.
#[derive(Debug)]
pub struct Reassembly {
    next: u16,
    /// Fragments of earlier epochs are not believed any more.
    first_epoch: u16,
    partial: BTreeMap<u16, Partial>,
    /// Bytes allocated in `partial`.
    held: usize,
    max_message: usize,
    max_held: usize,
}

#[derive(Debug)]
struct Partial {
    kind: HandshakeType,
    epoch: u16,
    bytes: Vec<u8>,
    missing: Gaps,
}

/// What became of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Kept, or already there.
    Kept,
    /// Of a message that was taken already.
    Old,
    /// The next message is larger than the limit: it can never be whole, and nothing of it was kept.
    Oversized,
    /// Too far ahead, or beyond a limit; it will come again.
    Dropped,
}

impl Reassembly {
    /// Waits for message 0. Limits are in bytes: of one message, and of all that are incomplete.
    pub const fn new(max_message: usize, max_held: usize) -> Self {
        Self { next: 0, first_epoch: 0, partial: BTreeMap::new(), held: 0, max_message, max_held }
    }

    /// The number of the message that [`next`](Self::next) will give.
    pub const fn next_sequence(&self) -> u16 {
        self.next
    }

    /// Adds a fragment.
    pub fn insert(&mut self, epoch: u16, fragment: &Fragment<'_>) -> Inserted {
        let HandshakeHeader { kind, length, sequence, fragment_offset, .. } = fragment.header;
        let length = length as usize;
        let Some(ahead) = sequence.checked_sub(self.next) else { return Inserted::Old };
        if ahead >= MESSAGES_AHEAD || epoch < self.first_epoch {
            return Inserted::Dropped;
        }
        if length > self.max_message {
            return if ahead == 0 { Inserted::Oversized } else { Inserted::Dropped };
        }
        let known = self.partial.get(&sequence);
        // What is encrypted is believed over what is in clear.
        if known.is_some_and(|known| known.epoch > epoch) {
            return Inserted::Dropped;
        }
        if known.is_none_or(|known| !known.is_of(epoch, kind, length)) {
            self.forget(sequence);
            if self.held + length > self.max_held {
                // The message that everything waits for must find room: those ahead of it will come again.
                while ahead == 0 && self.held + length > self.max_held {
                    let Some(last) = self.partial.keys().next_back().copied() else { break };
                    self.forget(last);
                }
                if self.held + length > self.max_held {
                    return if ahead == 0 { Inserted::Oversized } else { Inserted::Dropped };
                }
            }
            self.held += length;
            self.partial.insert(sequence, Partial::new(epoch, kind, sequence, length));
        }
        match self.partial.get_mut(&sequence) {
            Some(partial) => partial.fill(fragment_offset as usize, fragment.body),
            None => Inserted::Dropped,
        }
    }

    /// The next message, if it is whole.
    #[expect(clippy::should_implement_trait, reason = "more may come after None")]
    pub fn next(&mut self) -> Option<Message> {
        if !self.partial.get(&self.next)?.missing.is_empty() {
            return None;
        }
        let sequence = self.next;
        let Partial { kind, epoch, bytes, .. } = self.partial.remove(&sequence)?;
        self.held -= bytes.len() - HandshakeHeader::LEN;
        self.next = sequence.wrapping_add(1);
        if self.partial.is_empty() {
            // An empty tree may keep a node.
            self.partial = BTreeMap::new();
        }
        Some(Message { kind, sequence, epoch, bytes })
    }

    /// What comes from now on must be of `epoch` or a later one; what came in earlier ones is forgotten.
    pub fn begin_epoch(&mut self, epoch: u16) {
        self.first_epoch = epoch;
        let old = self.partial.iter().filter(|(_, partial)| partial.epoch < epoch);
        for sequence in old.map(|(sequence, _)| *sequence).collect::<Vec<_>>() {
            self.forget(sequence);
        }
    }

    /// Whether something is here though what comes before it is not.
    pub fn is_out_of_order(&self) -> bool {
        self.partial.iter().any(|(sequence, partial)| {
            *sequence != self.next || partial.missing.is_out_of_order(partial.body_len())
        })
    }

    /// Forgets everything that is incomplete.
    pub fn clear(&mut self) {
        self.partial.clear();
        self.held = 0;
    }

    fn forget(&mut self, sequence: u16) {
        if let Some(partial) = self.partial.remove(&sequence) {
            self.held -= partial.body_len();
        }
    }
}

impl Partial {
    fn new(epoch: u16, kind: HandshakeType, sequence: u16, length: usize) -> Self {
        let mut bytes = vec![0; HandshakeHeader::LEN + length];
        let whole = length as u32;
        let header =
            HandshakeHeader { kind, length: whole, sequence, fragment_offset: 0, fragment_length: whole };
        bytes.iter_mut().zip(header.to_bytes()).for_each(|(to, from)| *to = from);
        let missing = if length == 0 { Gaps::none() } else { Gaps::all(length) };
        Self { kind, epoch, bytes, missing }
    }

    fn is_of(&self, epoch: u16, kind: HandshakeType, length: usize) -> bool {
        (self.epoch, self.kind, self.body_len()) == (epoch, kind, length)
    }

    fn body_len(&self) -> usize {
        self.bytes.len() - HandshakeHeader::LEN
    }

    fn fill(&mut self, start: usize, body: &[u8]) -> Inserted {
        let end = start + body.len();
        if self.missing.count_without(start, end) > MAX_GAPS {
            return Inserted::Dropped;
        }
        let at = HandshakeHeader::LEN + start;
        if let Some(to) = self.bytes.get_mut(at..at + body.len()) {
            to.iter_mut().zip(body).for_each(|(to, from)| *to = *from);
        }
        self.missing.fill(start, end);
        Inserted::Kept
    }
}

/// No flight of DTLS 1.2 or 1.3 has more messages.
const MESSAGES_AHEAD: u16 = 8;
/// Gaps in one message: 32 KiB in pieces of 512 bytes, every second one lost.
const MAX_GAPS: usize = 32;

#[cfg(test)]
mod tests;
