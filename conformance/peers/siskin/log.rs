//! Messages that went or came, and what they should be.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use siskin::Message;

/// Browsers hash nothing piece by piece, so what is hashed in the end are the hashes of blocks of this size.
const BLOCK: usize = 16 << 20;

/// Larger messages are not compared as they come: their hash says enough.
const COMPARED: usize = 16_384;

/// Messages in order; kind and length are hashed with the bytes.
#[derive(Default)]
pub(crate) struct Log {
    hash: Sha256,
    held: usize,
    blocks: Vec<u8>,
    pub(crate) messages: u64,
    bytes: u64,
    texts: u64,
    /// Of numbered messages, in order of arrival.
    numbers: Vec<u32>,
    /// How many were not what was sent under their number.
    wrong: u64,
}

impl Log {
    pub(crate) fn add(&mut self, message: &Message) {
        let text = matches!(message, Message::Text(_));
        let bytes = message.as_bytes();
        self.hash.update([u8::from(text)]);
        self.hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.hash.update(bytes);
        self.held += bytes.len() + 5;
        if self.held >= BLOCK {
            self.blocks.extend(self.hash.finalize_reset());
            self.held = 0;
        }
        self.messages += 1;
        self.bytes += bytes.len() as u64;
        self.texts += u64::from(text);
        if !text
            && bytes.len() <= COMPARED
            && let [a, b, c, d, _, _, _, _, ..] = *bytes
        {
            let number = u32::from_be_bytes([a, b, c, d]);
            self.numbers.push(number);
            self.wrong += u64::from(payload("binary", bytes.len(), number) != *message);
        }
    }

    pub(crate) fn digest(&self) -> Value {
        let mut whole = Sha256::new();
        whole.update(&self.blocks);
        whole.update(self.hash.clone().finalize());
        let sha256: String = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"messages": self.messages, "bytes": self.bytes, "texts": self.texts, "sha256": sha256})
    }

    pub(crate) fn sifted(&self) -> Value {
        let mut distinct = self.numbers.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let late = self.numbers.windows(2).filter(|pair| matches!(pair, [before, after] if after < before));
        json!({"messages": self.messages, "distinct": distinct.len(), "late": late.count(), "wrong": self.wrong})
    }
}

/// The same bytes for the same number, on every peer.
pub(crate) fn payload(kind: &str, size: usize, number: u32) -> Message {
    match kind {
        "planes" => Message::Text(planes(size, number)),
        "text" => Message::Text(text(size, number)),
        _ => Message::from(binary(size, number)),
    }
}

fn text(size: usize, number: u32) -> String {
    let mut text = format!("{number} Grüße 漢字 🐦 ");
    if text.len() > size {
        text.clear();
    }
    pad(text, size)
}

fn pad(mut text: String, size: usize) -> String {
    text.extend(std::iter::repeat_n('x', size - text.len()));
    text
}

/// A prime period: no fragment can take another's place.
fn binary(size: usize, number: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..251).cycle().skip((number % 251) as usize).take(size).collect();
    if size >= 8
        && let Some(head) = bytes.first_chunk_mut()
    {
        *head = number.to_be_bytes();
    }
    bytes
}

/// Edges of each plane of Unicode, and characters of one to four bytes.
const LOW: [u32; 12] =
    [0xfeff, 0x0000, 0x0041, 0x00e9, 0x07ff, 0x0800, 0x20ac, 0xd7ff, 0xe000, 0xfffd, 0xfffe, 0xffff];

/// Characters of every plane in turn.
fn planes(size: usize, number: u32) -> String {
    let mut text = String::new();
    let lows = LOW.iter().cycle().skip(number as usize % LOW.len());
    let points = lows.flat_map(|low| (0..17).map(move |plane| (plane << 16) + low));
    for character in points.filter_map(char::from_u32) {
        if text.len() + character.len_utf8() > size {
            break;
        }
        text.push(character);
    }
    pad(text, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_their_size_and_their_number() {
        for kind in ["binary", "text", "planes"] {
            for size in [0, 1, 7, 8, 100, 5000] {
                assert_eq!(payload(kind, size, 7).len(), size, "{kind}");
            }
            assert_ne!(payload(kind, 5000, 7), payload(kind, 5000, 8), "{kind}");
        }
    }

    #[test]
    fn every_plane_is_there() {
        let Message::Text(text) = payload("planes", 1000, 0) else { panic!() };
        let mut planes: Vec<u32> = text.chars().map(|c| u32::from(c) >> 16).collect();
        planes.sort_unstable();
        planes.dedup();
        assert_eq!(planes, (0..17).collect::<Vec<u32>>());
    }

    #[test]
    fn a_changed_byte_and_a_late_message_show() {
        let mut log = Log::default();
        let mut bad = binary(100, 1);
        bad[99] ^= 1;
        [payload("binary", 100, 3), Message::from(bad), payload("binary", 100, 3)]
            .iter()
            .for_each(|m| log.add(m));
        assert_eq!(log.sifted(), json!({"messages": 3, "distinct": 2, "late": 1, "wrong": 1}));
    }
}
