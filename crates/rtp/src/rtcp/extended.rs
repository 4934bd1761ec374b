//! Extended reports (RFC 3611), of which WebRTC uses the receiver's reference time and its echo.

use super::compound::write_packet;
use super::{Item, List, NtpTime, PacketType, ParseError, Raw};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

const RRTR: u8 = 4;
const DLRR: u8 = 5;

/// XR: blocks of which each says something else.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedReport<'a> {
    /// Who says it.
    pub ssrc: u32,
    body: &'a [u8],
}

/// One block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum XrBlock<'a> {
    /// The receiver's clock, so that somebody who sends nothing can measure the round trip (§4.4).
    ReceiverReferenceTime(NtpTime),
    /// The answers to such blocks (§4.5).
    DelaySinceLastRr(List<'a, Dlrr>),
    /// A block that has no name here.
    Unknown {
        /// What it is.
        block_type: u8,
        /// The byte that belongs to the type.
        specific: u8,
        /// Its content, a multiple of four bytes.
        body: &'a [u8],
    },
}

/// The answer to one receiver's reference time (§4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dlrr {
    /// The receiver.
    pub ssrc: u32,
    /// The middle of the time in its last report; 0 if there was none.
    pub last_rr: u32,
    /// Time since then, in 1/65,536 s.
    pub delay: u32,
}

impl Item for Dlrr {
    const LEN: usize = 12;

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        Some(Self { ssrc: r.u32().ok()?, last_rr: r.u32().ok()?, delay: r.u32().ok()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u32(self.ssrc);
        out.put_u32(self.last_rr);
        out.put_u32(self.delay);
    }
}

/// By what they say: reserved bits do not count.
impl PartialEq for ExtendedReport<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.ssrc == other.ssrc && self.blocks().eq(other.blocks())
    }
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        let ssrc = r.u32()?;
        let body = r.rest();
        let mut blocks = Reader::new(body);
        while !blocks.is_empty() {
            block(&mut blocks)?;
        }
        Ok(Self { ssrc, body })
    }

    /// Its blocks.
    pub const fn blocks(&self) -> XrBlocks<'a> {
        XrBlocks { rest: Reader::new(self.body) }
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_extended_report(out, self.ssrc, self.blocks())
    }
}

/// The blocks of an [`ExtendedReport`].
#[derive(Clone, Debug)]
pub struct XrBlocks<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for XrBlocks<'a> {
    type Item = XrBlock<'a>;

    fn next(&mut self) -> Option<XrBlock<'a>> {
        block(&mut self.rest).ok()
    }
}

fn block<'a>(r: &mut Reader<'a>) -> Result<XrBlock<'a>, ParseError> {
    let [block_type, specific] = r.array()?;
    let words = r.u16()?;
    let body = r.take(usize::from(words) * 4)?;
    match block_type {
        RRTR => {
            let mut r = Reader::new(body);
            let time = NtpTime(r.u64()?);
            if r.is_empty() { Ok(XrBlock::ReceiverReferenceTime(time)) } else { Err(ParseError::Malformed) }
        }
        DLRR => List::read(body).map(XrBlock::DelaySinceLastRr).ok_or(ParseError::Malformed),
        _ => Ok(XrBlock::Unknown { block_type, specific, body }),
    }
}

/// Appends a packet with those blocks. `None`, and nothing is written, if it or a block is too long.
pub fn write_extended_report<'b>(
    out: &mut Vec<u8>,
    ssrc: u32,
    blocks: impl IntoIterator<Item = XrBlock<'b>>,
) -> Option<()> {
    let start = out.len();
    let mut fits = true;
    let written = write_packet(out, PacketType::XR, 0, |out| {
        out.put_u32(ssrc);
        fits = blocks.into_iter().all(|block| write_block(out, block).is_some());
    });
    if !fits {
        out.truncate(start);
    }
    written.filter(|_| fits)
}

fn write_block(out: &mut Vec<u8>, block: XrBlock<'_>) -> Option<()> {
    let (block_type, specific) = match block {
        XrBlock::ReceiverReferenceTime(_) => (RRTR, 0),
        XrBlock::DelaySinceLastRr(_) => (DLRR, 0),
        XrBlock::Unknown { block_type, specific, .. } => (block_type, specific),
    };
    let start = out.len();
    out.put(&[block_type, specific, 0, 0]);
    match block {
        XrBlock::ReceiverReferenceTime(time) => out.put_u64(time.0),
        XrBlock::DelaySinceLastRr(list) => list.write(out),
        XrBlock::Unknown { body, .. } => out.put(body),
    }
    let len = (out.len() - start - 4).div_ceil(4);
    out.resize(start + 4 + len * 4, 0);
    let words = u16::try_from(len).ok()?;
    out.get_mut(start + 2..start + 4)?.copy_from_slice(&words.to_be_bytes());
    Some(())
}
