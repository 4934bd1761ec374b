//! Parameters in type-length-value form (RFC 9260 §3.2.1).

use super::padded::next_padded;
use super::{ParseError, UnknownAction};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

siskin_base::code_points! {
    /// Parameter types of INIT, INIT ACK, HEARTBEAT and RE-CONFIG, by their registry.
    pub struct ParamType(u16) {
        HEARTBEAT_INFO = 1, IPV4_ADDRESS = 5, IPV6_ADDRESS = 6, STATE_COOKIE = 7, UNRECOGNIZED_PARAMETER = 8,
        COOKIE_PRESERVATIVE = 9, HOST_NAME_ADDRESS = 11, SUPPORTED_ADDRESS_TYPES = 12,
        OUTGOING_SSN_RESET = 13, INCOMING_SSN_RESET = 14, SSN_TSN_RESET = 15, RE_CONFIG_RESPONSE = 16,
        ADD_OUTGOING_STREAMS = 17, ADD_INCOMING_STREAMS = 18,
        ZERO_CHECKSUM_ACCEPTABLE = 0x8001, SUPPORTED_EXTENSIONS = 0x8008, FORWARD_TSN_SUPPORTED = 0xc000,
    }
}

impl ParamType {
    /// What to do with a parameter of this type by one who does not know it.
    pub const fn unknown_action(self) -> UnknownAction {
        UnknownAction { stop: self.0 & 0x8000 == 0, report: self.0 & 0x4000 != 0 }
    }
}

/// A parameter as it is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// What it is.
    pub kind: ParamType,
    /// What follows the header, without padding.
    pub value: &'a [u8],
}

impl Param<'_> {
    /// Appends the parameter with its padding; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        put_param(out, self.kind, |out| out.put(self.value))
    }
}

/// Walks over parameters; after an error it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Params<'a> {
    /// Over parameters that follow each other, each padded to four bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not walked over yet.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Result<Param<'a>, ParseError>;
    fn next(&mut self) -> Option<Self::Item> {
        let unit = next_padded(&mut self.rest, |r| Ok((ParamType(r.u16()?), r.u16()?)))?;
        Some(unit.map(|(kind, value)| Param { kind, value }))
    }
}

/// Appends a parameter whose value `body` writes; `None` if it is too long, and then nothing is written.
pub(crate) fn put_param(out: &mut Vec<u8>, kind: ParamType, body: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
    let start = out.len();
    out.put_u16(kind.0);
    out.put_u16(0);
    body(out);
    super::end_chunk(out, start) // the same place for the length, the same padding
}
