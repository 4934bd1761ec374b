//! Error causes of ABORT and ERROR (RFC 9260 §3.3.10).

use super::padded::next_padded;
use super::{ParseError, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

siskin_base::code_points! {
    /// Cause codes, RFC 9260 §3.3.10.
    pub struct CauseCode(u16) {
        INVALID_STREAM = 1, MISSING_MANDATORY_PARAMETER = 2, STALE_COOKIE = 3, OUT_OF_RESOURCE = 4,
        UNRESOLVABLE_ADDRESS = 5, UNRECOGNIZED_CHUNK = 6, INVALID_MANDATORY_PARAMETER = 7,
        UNRECOGNIZED_PARAMETERS = 8, NO_USER_DATA = 9, COOKIE_WHILE_SHUTTING_DOWN = 10,
        RESTART_WITH_NEW_ADDRESSES = 11, USER_INITIATED_ABORT = 12, PROTOCOL_VIOLATION = 13,
    }
}

/// One cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause<'a> {
    /// What went wrong.
    pub code: CauseCode,
    /// Details, by the code.
    pub info: &'a [u8],
}

impl Cause<'_> {
    /// Appends the cause with its padding; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        out.put_u16(self.code.0);
        out.put_u16(0);
        out.put(self.info);
        end_chunk(out, start)
    }
}

/// Walks over causes; after an error it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Causes<'a> {
    rest: &'a [u8],
}

impl<'a> Causes<'a> {
    /// Over causes that follow each other, each padded to four bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not walked over yet.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Causes<'a> {
    type Item = Result<Cause<'a>, ParseError>;
    fn next(&mut self) -> Option<Self::Item> {
        let unit = next_padded(&mut self.rest, |r| Ok((CauseCode(r.u16()?), r.u16()?)))?;
        Some(unit.map(|(code, info)| Cause { code, info }))
    }
}
