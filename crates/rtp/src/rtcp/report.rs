//! Sender and receiver reports (RFC 3550 §6.4).

use super::compound::write_padded;
use super::{Item, List, PacketType, ParseError, Raw};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::{Reader, Writer as _};

/// Seconds from 1900 to 1970 (RFC 5905 §6).
const UNIX_EPOCH: u64 = 2_208_988_800;

/// Civil time as 32.32 fixed-point seconds since 1900, which wrap in 2036 (RFC 3550 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From time since 1970-01-01T00:00:00Z.
    pub const fn from_unix(unix: Duration) -> Self {
        let seconds = unix.as_secs().wrapping_add(UNIX_EPOCH) << 32;
        let fraction = ((unix.subsec_nanos() as u64) << 32) / 1_000_000_000;
        Self(seconds | fraction)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, as the W3C counts time.
    pub fn unix_millis(self) -> f64 {
        let seconds = (self.0 >> 32) as f64 - UNIX_EPOCH as f64;
        let fraction = (self.0 & 0xffff_ffff) as f64 / 4_294_967_296.0;
        (seconds + fraction) * 1_000.0
    }

    /// The middle 32 bits: 16.16 fixed-point seconds, as reports refer to one another.
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What the sender of the report has received from one source (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative where more came than were expected. 24 bits with sign.
    pub cumulative_lost: i32,
    /// The highest sequence number, with the count of wraps above it.
    pub highest_sequence: u32,
    /// Interarrival jitter, in units of the timestamp's clock.
    pub jitter: u32,
    /// The middle of the NTP time in the source's last sender report; 0 if there was none.
    pub last_sr: u32,
    /// Time since then, in 1/65,536 s.
    pub delay_since_last_sr: u32,
}

impl Item for ReportBlock {
    const LEN: usize = 24;

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        Some(Self {
            ssrc: r.u32().ok()?,
            fraction_lost: r.u8().ok()?,
            cumulative_lost: (r.u24().ok()? << 8) as i32 >> 8,
            highest_sequence: r.u32().ok()?,
            jitter: r.u32().ok()?,
            last_sr: r.u32().ok()?,
            delay_since_last_sr: r.u32().ok()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u32(self.ssrc);
        out.put_u8(self.fraction_lost);
        // RFC 3550 §A.3: clamped, not wrapped.
        out.put_u24(self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff);
        out.put_u32(self.highest_sequence);
        out.put_u32(self.jitter);
        out.put_u32(self.last_sr);
        out.put_u32(self.delay_since_last_sr);
    }
}

/// SR: what a sender has sent, and received (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SenderReport<'a> {
    /// The sender.
    pub ssrc: u32,
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same moment in the stream's clock.
    pub rtp_timestamp: u32,
    /// Packets sent; wraps.
    pub packet_count: u32,
    /// Bytes of payload sent, without headers and padding; wraps.
    pub octet_count: u32,
    /// What it has received: at most 31.
    pub blocks: List<'a, ReportBlock>,
    /// What a profile adds (RFC 3550 §6.4.3): a multiple of four bytes.
    pub extension: &'a [u8],
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        let (ssrc, ntp) = (r.u32()?, NtpTime(r.u64()?));
        let (rtp_timestamp, packet_count, octet_count) = (r.u32()?, r.u32()?, r.u32()?);
        let blocks = blocks(&mut r, raw.count)?;
        Ok(Self { ssrc, ntp, rtp_timestamp, packet_count, octet_count, blocks, extension: r.rest() })
    }

    /// Appends the packet. `None`, and nothing is written, with more than 31 blocks.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let count = count(self.blocks)?;
        write_padded(out, PacketType::SR, count, |out| {
            out.put_u32(self.ssrc);
            out.put_u64(self.ntp.0);
            out.put_u32(self.rtp_timestamp);
            out.put_u32(self.packet_count);
            out.put_u32(self.octet_count);
            self.blocks.write(out);
            out.put(self.extension);
        })
    }
}

/// RR: what somebody who does not send has received (RFC 3550 §6.4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceiverReport<'a> {
    /// The receiver.
    pub ssrc: u32,
    /// What it has received: at most 31.
    pub blocks: List<'a, ReportBlock>,
    /// What a profile adds: a multiple of four bytes.
    pub extension: &'a [u8],
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        let ssrc = r.u32()?;
        let blocks = blocks(&mut r, raw.count)?;
        Ok(Self { ssrc, blocks, extension: r.rest() })
    }

    /// Appends the packet. `None`, and nothing is written, with more than 31 blocks.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let count = count(self.blocks)?;
        write_padded(out, PacketType::RR, count, |out| {
            out.put_u32(self.ssrc);
            self.blocks.write(out);
            out.put(self.extension);
        })
    }
}

fn blocks<'a>(r: &mut Reader<'a>, count: u8) -> Result<List<'a, ReportBlock>, ParseError> {
    let bytes = r.take(usize::from(count) * ReportBlock::LEN)?;
    List::read(bytes).ok_or(ParseError::Malformed)
}

fn count(blocks: List<'_, ReportBlock>) -> Option<u8> {
    u8::try_from(blocks.len()).ok().filter(|count| *count < 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntp_counts_from_1900() {
        // The example of RFC 3550 figure 2: 5 November 1995, 10:20:36.2 UTC is 0xb44d_b705.2000_0000.
        let unix = Duration::from_millis(0xb44d_b705 * 1_000 - UNIX_EPOCH * 1_000 + 125);
        assert_eq!(NtpTime::from_unix(unix), NtpTime(0xb44d_b705_2000_0000));
        assert_eq!(NtpTime(0xb44d_b705_2000_0000).middle(), 0xb705_2000);
    }

    #[test]
    fn losses_have_a_sign_and_do_not_wrap() {
        for (lost, read) in [(-1, -1), (0x7f_ffff, 0x7f_ffff), (i32::MAX, 0x7f_ffff), (i32::MIN, -0x80_0000)]
        {
            let mut out = Vec::new();
            ReportBlock { cumulative_lost: lost, ..ReportBlock::default() }.write(&mut out);
            assert_eq!(ReportBlock::read(&out).unwrap().cumulative_lost, read);
        }
    }
}
