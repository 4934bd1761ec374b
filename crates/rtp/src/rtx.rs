//! Retransmission in a stream of its own (RFC 4588): the original sequence number, then the original payload.
#![deny(clippy::indexing_slicing)]

use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// Bytes in front of the original payload.
pub const HEADER_LEN: usize = 2;

/// The original sequence number (OSN) and payload of a retransmission (RFC 4588 §4). `None` for one without a payload: such
/// packets only fill the path, to probe it.
pub fn parse(payload: &[u8]) -> Option<(u16, &[u8])> {
    let mut r = Reader::new(payload);
    let original = r.u16().ok()?;
    Some((original, r.rest())).filter(|(_, payload)| !payload.is_empty())
}

/// Appends the payload of a retransmission.
pub fn write(original: u16, payload: &[u8], out: &mut Vec<u8>) {
    out.put_u16(original);
    out.put(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4588_4_the_original_comes_back() {
        let mut out = Vec::new();
        write(0xfffe, b"payload", &mut out);
        assert_eq!(out.len(), HEADER_LEN + 7);
        assert_eq!(parse(&out), Some((0xfffe, &b"payload"[..])));
        assert_eq!((parse(&out[..2]), parse(&out[..1]), parse(&[])), (None, None, None));
    }
}
