//! Times: absolute send time, absolute capture time, transmission offset (RFC 5450).

use super::{Extension, Value};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;
use siskin_base::wire::{Reader, Writer as _};

/// When the packet left, as 6.18 fixed-point seconds of a clock of the sender's that wraps every 64 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsSendTime(pub u32);

impl AbsSendTime {
    /// The wrapping value at `now`.
    pub const fn at(now: Instant) -> Self {
        let fixed = ((now.as_nanos() as u128) << 18) / 1_000_000_000;
        Self((fixed & 0xff_ffff) as u32)
    }

    /// Time since the last wrap.
    pub const fn since_wrap(self) -> Duration {
        Duration::from_nanos(((self.0 as u64 & 0xff_ffff) * 1_000_000_000) >> 18)
    }
}

impl<'a> Value<'a> for AbsSendTime {
    const KIND: Extension = Extension::AbsSendTime;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        r.u24().ok().filter(|_| r.is_empty()).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u24(self.0);
    }
}

/// When the first audio sample or the video frame in a packet was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsCaptureTime {
    /// On the capturer's clock, as 32.32 fixed-point seconds since 1900.
    pub capture: u64,
    /// The estimated offset of the capturer's clock from the sender's, 32.32 fixed-point seconds.
    pub clock_offset: Option<i64>,
}

impl<'a> Value<'a> for AbsCaptureTime {
    const KIND: Extension = Extension::AbsCaptureTime;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let capture = r.u64().ok()?;
        let clock_offset = if r.is_empty() { None } else { Some(r.u64().ok()? as i64) };
        r.is_empty().then_some(Self { capture, clock_offset })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u64(self.capture);
        if let Some(offset) = self.clock_offset {
            out.put_u64(offset as u64);
        }
    }
}

/// Time from the packet's timestamp to its transmission, in units of the timestamp's clock: 24 bits, signed
/// (RFC 5450 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransmissionOffset(pub i32);

impl<'a> Value<'a> for TransmissionOffset {
    const KIND: Extension = Extension::TransmissionOffset;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let value = r.u24().ok().filter(|_| r.is_empty())?;
        Some(Self((value << 8) as i32 >> 8))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u24(self.0 as u32 & 0xff_ffff);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn send_time_wraps_after_64_seconds() {
        assert_eq!(AbsSendTime::at(Instant::from_millis(1_000)), AbsSendTime(1 << 18));
        assert_eq!(AbsSendTime::at(Instant::from_millis(64_500)), AbsSendTime(1 << 17));
        assert_eq!(AbsSendTime(3 << 17).since_wrap(), Duration::from_millis(1_500));
    }

    #[test]
    fn an_offset_has_a_sign() {
        let mut out = Vec::new();
        TransmissionOffset(-2).write(&mut out);
        assert_eq!(out, [0xff, 0xff, 0xfe]);
        assert_eq!(TransmissionOffset::parse(&out), Some(TransmissionOffset(-2)));
    }
}
