//! DER (ITU-T X.690 §8, §10): written as needed for a certificate, read forward only.

use crate::Error;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

pub(crate) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BOOLEAN: u8 = 0x01;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// A context-specific, constructed tag.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Appends tag, length and what `body` writes.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let mut value = Vec::new();
    body(&mut value);
    out.put_u8(tag);
    match value.len() {
        len @ 0..0x80 => out.put_u8(len as u8),
        len @ 0x80..0x100 => out.put(&[0x81, len as u8]),
        len @ 0x100..0x1_0000 => {
            out.put_u8(0x82);
            out.put_u16(len as u16);
        }
        len => {
            out.put_u8(0x83);
            out.put_u24(len as u32);
        }
    }
    out.put(&value);
}

/// Reads one element with this tag: its value.
pub(crate) fn expect<'a>(r: &mut Reader<'a>, tag: u8) -> Result<&'a [u8], Error> {
    let (found, value) = element(r)?;
    if found == tag { Ok(value) } else { Err(Error::InvalidEncoding) }
}

/// Reads one element: tag and value. Only low tag numbers and definite lengths in their shortest form.
pub(super) fn element<'a>(r: &mut Reader<'a>) -> Result<(u8, &'a [u8]), Error> {
    let tag = r.u8().map_err(invalid)?;
    if tag & 0x1f == 0x1f {
        return Err(Error::InvalidEncoding);
    }
    let len = match r.u8().map_err(invalid)? {
        short @ 0..=0x7f => usize::from(short),
        0x81 => at_least(0x80, r.u8().map_err(invalid)?.into())?,
        0x82 => at_least(0x100, r.u16().map_err(invalid)?.into())?,
        0x83 => at_least(0x1_0000, r.u24().map_err(invalid)? as usize)?,
        _ => return Err(Error::InvalidEncoding),
    };
    Ok((tag, r.take(len).map_err(invalid)?))
}

/// Whether the next element has this tag.
pub(super) fn next_is(r: &Reader<'_>, tag: u8) -> bool {
    r.clone().u8() == Ok(tag)
}

/// A bit string of whole bytes.
pub(super) fn bit_string<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    match expect(r, BIT_STRING)?.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(Error::InvalidEncoding),
    }
}

fn at_least(least: usize, len: usize) -> Result<usize, Error> {
    if len >= least { Ok(len) } else { Err(Error::InvalidEncoding) }
}

fn invalid(_: siskin_base::wire::Truncated) -> Error {
    Error::InvalidEncoding
}
