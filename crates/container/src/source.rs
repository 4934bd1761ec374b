//! Reading without trust: never more memory than there are bytes.

use crate::Error;
use std::io::{ErrorKind, Read};

/// Fills `buffer` with the next `len` bytes. It grows as bytes come, so that a length alone allocates nothing.
pub(crate) fn read_into(
    reader: &mut impl Read,
    len: u64,
    most: usize,
    what: &'static str,
    buffer: &mut Vec<u8>,
) -> Result<(), Error> {
    if len > most as u64 {
        return Err(Error::TooLarge(what));
    }
    buffer.clear();
    let read = reader.take(len).read_to_end(buffer)?;
    if (read as u64) < len { Err(Error::Truncated) } else { Ok(()) }
}

/// The next `N` bytes; `None` if the file is at its end.
pub(crate) fn read_or_end<const N: usize>(reader: &mut impl Read) -> Result<Option<[u8; N]>, Error> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(Error::Truncated),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(bytes))
}
