//! The common header and its checksum (RFC 9260 §3.1, §6.8).

use super::{Chunks, ParseError};
use alloc::vec::Vec;
use siskin_base::checksum::{crc32c, crc32c_append};
use siskin_base::wire::{Reader, Writer};

/// Bytes in front of the first chunk.
pub const COMMON_HEADER_LEN: usize = 12;

/// An SCTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Port of the sender; no transport below looks at it.
    pub source_port: u16,
    /// Port of the receiver.
    pub destination_port: u16,
    /// The tag that the receiver chose (RFC 9260 §8.5).
    pub verification_tag: u32,
    /// The chunks, in order.
    pub chunks: Chunks<'a>,
}

impl<'a> Packet<'a> {
    /// Reads a packet; its checksum must fit, or be zero if `zero_checksum` allows that (RFC 9653 §5.3).
    pub fn parse(input: &'a [u8], zero_checksum: bool) -> Result<Self, ParseError> {
        let mut r = Reader::new(input);
        let (source_port, destination_port, verification_tag) = (r.u16()?, r.u16()?, r.u32()?);
        let checksum = u32::from_le_bytes(r.array()?);
        let fits = zero_checksum && checksum == 0 || checksum == checksum_of(input);
        if !fits {
            return Err(ParseError::BadChecksum);
        }
        Ok(Self { source_port, destination_port, verification_tag, chunks: Chunks::new(r.rest()) })
    }
}

/// Appends a common header whose checksum [`seal`] fills in.
pub fn write_header(out: &mut Vec<u8>, source_port: u16, destination_port: u16, verification_tag: u32) {
    out.put_u16(source_port);
    out.put_u16(destination_port);
    out.put_u32(verification_tag);
    out.put_u32(0);
}

/// Fills the checksum into a finished packet; does nothing to bytes that are too short to be one.
pub fn seal(packet: &mut [u8]) {
    if let Some(field) = packet.get_mut(8..COMMON_HEADER_LEN) {
        field.fill(0);
        let checksum = crc32c(packet).to_le_bytes();
        if let Some(field) = packet.get_mut(8..COMMON_HEADER_LEN) {
            field.copy_from_slice(&checksum);
        }
    }
}

/// CRC-32c over the packet with zeros in place of the checksum, which is sent least significant byte first.
fn checksum_of(packet: &[u8]) -> u32 {
    let mut header = [0; COMMON_HEADER_LEN];
    if let (Some(zeroed), Some(head)) = (header.get_mut(..8), packet.get(..8)) {
        zeroed.copy_from_slice(head);
    }
    crc32c_append(crc32c(&header), packet.get(COMMON_HEADER_LEN..).unwrap_or_default())
}
