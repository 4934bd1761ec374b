//! The messages that `dial` sends: each tells its number, and every byte of it can be foretold.

use siskin::Message;

/// Bytes, or characters, that tell the number.
const NUMBER: usize = 8;

/// Message `number` of the channel `seed`, of `size` bytes. Even ones are binary, odd ones text.
pub(super) fn message(seed: u64, number: u64, size: usize) -> Message {
    let mut bytes = Vec::with_capacity(size);
    let binary = number.is_multiple_of(2);
    if binary {
        bytes.extend_from_slice(&number.to_be_bytes());
    } else {
        // Eight digits tell numbers below 2^32 apart; beyond that, messages repeat.
        bytes.extend_from_slice(format!("{:08x}", number as u32).as_bytes());
    }
    bytes.truncate(size);
    let mut state = (seed << 32 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < size {
        // xorshift64: fast, and any slip of a byte shows.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let left = size - bytes.len();
        bytes.extend_from_slice(state.to_le_bytes().get(..left.min(8)).unwrap_or_default());
    }
    if binary {
        return Message::from(bytes);
    }
    for byte in bytes.iter_mut().skip(NUMBER) {
        *byte = b'a' + *byte % 26;
    }
    Message::Text(String::from_utf8(bytes).unwrap_or_default())
}

/// The number that a message tells; `None` if it is too short for that.
pub(super) fn number(message: &Message) -> Option<u64> {
    let head: [u8; NUMBER] = message.as_bytes().get(..NUMBER)?.try_into().ok()?;
    match message {
        Message::Binary(_) => Some(u64::from_be_bytes(head)),
        Message::Text(_) => u64::from_str_radix(std::str::from_utf8(&head).ok()?, 16).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_size_and_tell_their_number() {
        for size in [0, 1, 7, 8, 9, 100, 65_536] {
            for count in [0, 1, 2, 1_000_001] {
                let sent = message(3, count, size);
                assert_eq!(sent.len(), size);
                assert_eq!(number(&sent), (size >= NUMBER).then_some(count));
                assert_eq!(sent, message(3, count, size));
            }
        }
        assert_ne!(message(0, 2, 100), message(1, 2, 100));
        assert!(matches!(message(0, 1, 5), Message::Text(_)));
    }
}
