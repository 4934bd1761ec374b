//! Congestion control feedback (RFC 8888 §3).

use super::compound::write_packet;
use super::packet::RTPFB_CCFB;
use super::{Item, List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::Ecn;
use siskin_base::wire::{Reader, Writer as _};

/// Most packets that one report covers (RFC 8888 §3.1).
const MOST_REPORTS: u16 = 16_384;

/// What arrived of each stream, when, and with which mark.
#[derive(Clone, Copy, Debug)]
pub struct CongestionFeedback<'a> {
    /// Who says it.
    pub sender: u32,
    /// When: the middle of the NTP time, in 1/65,536 s.
    pub report_timestamp: u32,
    body: &'a [u8],
}

/// What arrived of one stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricReport<'a> {
    /// The stream.
    pub ssrc: u32,
    /// The first packet that it covers.
    pub begin: u16,
    /// One block for each packet, at most 16,384.
    pub blocks: List<'a, MetricBlock>,
}

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MetricBlock {
    /// How it arrived; `None` if it did not.
    pub arrival: Option<(Ecn, u16)>,
}

impl MetricBlock {
    /// An offset that says: earlier than can be told.
    pub const TOO_EARLY: u16 = 0x1ffe;
    /// An offset that says: at an unknown time.
    pub const UNKNOWN: u16 = 0x1fff;

    /// A packet that arrived `offset` before the report, in 1/1024 s.
    pub const fn arrived(ecn: Ecn, offset: u16) -> Self {
        Self { arrival: Some((ecn, offset)) }
    }
}

impl Item for MetricBlock {
    const LEN: usize = 2;

    fn read(bytes: &[u8]) -> Option<Self> {
        let word = Reader::new(bytes).u16().ok()?;
        let ecn = match word >> 13 & 3 {
            0 => Ecn::NotEct,
            1 => Ecn::Ect1,
            2 => Ecn::Ect0,
            _ => Ecn::Ce,
        };
        // RFC 8888 §3.1: the other bits mean nothing for a packet that did not arrive.
        Some(Self { arrival: (word >> 15 == 1).then_some((ecn, word & 0x1fff)) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(match self.arrival {
            None => 0,
            Some((ecn, offset)) => 0x8000 | (ecn as u16) << 13 | offset & 0x1fff,
        });
    }
}

/// By what they say: padding does not count.
impl PartialEq for CongestionFeedback<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.sender, self.report_timestamp) == (other.sender, other.report_timestamp)
            && self.reports().eq(other.reports())
    }
}

impl<'a> CongestionFeedback<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut r = Reader::new(body);
        let sender = r.u32()?;
        let len = r.len().checked_sub(4).ok_or(ParseError::Truncated)?;
        let body = r.take(len)?;
        let report_timestamp = r.u32()?;
        let mut reports = Reader::new(body);
        while !reports.is_empty() {
            report(&mut reports)?;
        }
        Ok(Self { sender, report_timestamp, body })
    }

    /// The streams.
    pub const fn reports(&self) -> MetricReports<'a> {
        MetricReports { rest: Reader::new(self.body) }
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_congestion_feedback(out, self.sender, self.report_timestamp, self.reports())
    }
}

/// The streams of a [`CongestionFeedback`].
#[derive(Clone, Debug)]
pub struct MetricReports<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for MetricReports<'a> {
    type Item = MetricReport<'a>;

    fn next(&mut self) -> Option<MetricReport<'a>> {
        report(&mut self.rest).ok()
    }
}

fn report<'a>(r: &mut Reader<'a>) -> Result<MetricReport<'a>, ParseError> {
    let (ssrc, begin, count) = (r.u32()?, r.u16()?, r.u16()?);
    if count > MOST_REPORTS {
        return Err(ParseError::Malformed);
    }
    let blocks = List::read(r.take(usize::from(count) * 2)?).ok_or(ParseError::Malformed)?;
    r.take(usize::from(count % 2) * 2)?;
    Ok(MetricReport { ssrc, begin, blocks })
}

/// Appends a packet. `None`, and nothing is written, if it is too long or a stream has more than 16,384 blocks.
pub fn write_congestion_feedback<'r>(
    out: &mut Vec<u8>,
    sender: u32,
    report_timestamp: u32,
    reports: impl IntoIterator<Item = MetricReport<'r>>,
) -> Option<()> {
    let start = out.len();
    let mut fits = true;
    let written = write_packet(out, PacketType::RTPFB, RTPFB_CCFB, |out| {
        out.put_u32(sender);
        for report in reports {
            let Some(count) = u16::try_from(report.blocks.len()).ok().filter(|count| *count <= MOST_REPORTS)
            else {
                fits = false;
                return;
            };
            out.put_u32(report.ssrc);
            out.put_u16(report.begin);
            out.put_u16(count);
            report.blocks.write(out);
            if count % 2 == 1 {
                out.put_u16(0);
            }
        }
        out.put_u32(report_timestamp);
    });
    if !fits {
        out.truncate(start);
    }
    written.filter(|_| fits)
}
