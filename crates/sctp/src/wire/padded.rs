//! Lists of units that are each padded to four bytes: chunks, parameters, error causes (RFC 9260 §3.2).

use super::ParseError;
use super::chunk::padding;
use siskin_base::wire::{Reader, Truncated};

/// Takes one step over a list of units that are each padded to four bytes: `head` reads the four bytes before the value
/// and gives the unit's length. The padding of the last unit may be missing, and what padding holds is ignored. After an
/// error the list ends.
pub(crate) fn next_padded<'a, H>(
    rest: &mut &'a [u8],
    head: impl FnOnce(&mut Reader<'a>) -> Result<(H, u16), Truncated>,
) -> Option<Result<(H, &'a [u8]), ParseError>> {
    if rest.is_empty() {
        return None;
    }
    let mut r = Reader::new(core::mem::take(rest));
    let read = || {
        let (head, len) = head(&mut r)?;
        let len = usize::from(len);
        let value = r.take(len.checked_sub(4).ok_or(ParseError::BadLength)?)?;
        let _missing = r.take(padding(len));
        Ok((head, value))
    };
    let unit = read();
    if unit.is_ok() && r.len() >= 4 {
        *rest = r.rest();
    }
    Some(unit)
}
