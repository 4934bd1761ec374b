//! What was done to a track's frames before they were stored (RFC 9559 §5.1.4.1.31).

use super::element::{child, children, unsigned};
use super::id;

/// Header stripping (RFC 9559 §6.6): the bytes that each frame begins with, and that were left out.
const HEADER_STRIPPING: u64 = 3;

/// The bytes that were left out of each frame; `None` if frames were encoded in a way that we do not undo.
pub(super) fn stripped(entry: &[u8]) -> Option<Vec<u8>> {
    let mut stripped = Vec::new();
    let Some(encodings) = child(entry, id::CONTENT_ENCODINGS) else { return Some(stripped) };
    for (_, encoding) in children(encodings).filter(|(found, _)| *found == id::CONTENT_ENCODING) {
        // Bit 0: it is about frames.
        if child(encoding, id::CONTENT_ENCODING_SCOPE).and_then(unsigned).unwrap_or(1) & 1 == 0 {
            continue;
        }
        let compression = child(encoding, id::CONTENT_COMPRESSION)?;
        if child(compression, id::CONTENT_COMP_ALGO).and_then(unsigned) != Some(HEADER_STRIPPING) {
            return None;
        }
        let header = child(compression, id::CONTENT_COMP_SETTINGS).unwrap_or_default();
        stripped.splice(0..0, header.iter().copied());
    }
    Some(stripped)
}
