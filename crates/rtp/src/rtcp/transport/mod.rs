//! Transport-wide feedback: what arrived of a transport's packets, and when
//! (draft-holmer-rmcat-transport-wide-cc-extensions §3.1).

mod chunk;
mod write;

pub use write::TransportFeedbackWriter;

use super::compound::write_padded;
use super::packet::{Feedback, RTPFB_TRANSPORT};
use super::{PacketType, ParseError};
use alloc::vec::Vec;
use chunk::Chunk;
use siskin_base::wire::{Reader, Writer as _};

/// Ticks in one unit of the reference time, which is 64 ms.
pub(crate) const REFERENCE_TICKS: i64 = 256;

/// What became of one packet, in two bits of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Lost,
    /// One byte of time since the packet before.
    Small,
    /// Two bytes with a sign.
    Large,
}

/// What arrived, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportFeedback<'a> {
    /// Who says it.
    pub sender: u32,
    /// A stream of the transport.
    pub media: u32,
    /// The first packet that it covers.
    pub base: u16,
    /// How many it covers.
    pub count: u16,
    /// What the times count from: the receiver's clock in units of 64 ms, modulo 2^24.
    pub reference: u32,
    /// Counts feedback packets.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(feedback.fci);
        let (base, count) = (r.u16()?, r.u16()?);
        let (reference, feedback_count) = (r.u24()?, r.u8()?);
        let start = r.clone();
        let (mut left, mut deltas) = (count, 0);
        while left > 0 {
            let chunk = Chunk::new(r.u16()?);
            let (covered, bytes) = chunk.measure(left).ok_or(ParseError::Malformed)?;
            left -= covered;
            deltas += bytes;
        }
        let chunks = start.clone().take(start.len() - r.len())?;
        // What follows is padding.
        let deltas = r.take(deltas)?;
        let (sender, media) = (feedback.sender, feedback.media);
        Ok(Self { sender, media, base, count, reference, feedback_count, chunks, deltas })
    }

    /// Each packet that is covered, in order, with the time of its arrival if it arrived: ticks of 250 µs since the zero
    /// of the receiver's clock, modulo the reference's 2^24 times 64 ms.
    pub fn packets(&self) -> impl Iterator<Item = (u16, Option<i64>)> + use<'a> {
        let mut chunks = Reader::new(self.chunks);
        let mut deltas = Reader::new(self.deltas);
        let mut time = i64::from(self.reference) * REFERENCE_TICKS;
        let mut statuses = None;
        let base = self.base;
        (0..self.count).map_while(move |index| {
            let status = loop {
                if let Some(status) = statuses.as_mut().and_then(chunk::Statuses::next) {
                    break status;
                }
                statuses = Some(Chunk::new(chunks.u16().ok()?).statuses());
            };
            let arrival = match status {
                Status::Lost => None,
                Status::Small => Some(i64::from(deltas.u8().ok()?)),
                Status::Large => Some(i64::from(deltas.u16().ok()? as i16)),
            };
            if let Some(delta) = arrival {
                time += delta;
            }
            Some((base.wrapping_add(index), arrival.map(|_| time)))
        })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_padded(out, PacketType::RTPFB, RTPFB_TRANSPORT, |out| {
            out.put_u32(self.sender);
            out.put_u32(self.media);
            out.put_u16(self.base);
            out.put_u16(self.count);
            out.put_u24(self.reference);
            out.put_u8(self.feedback_count);
            out.put(self.chunks);
            out.put(self.deltas);
        })
    }
}
