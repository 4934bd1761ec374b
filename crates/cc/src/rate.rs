//! Bits per second.

use core::fmt;
use core::time::Duration;

/// A rate in bits per second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate(u64);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// No limit.
    pub const MAX: Self = Self(u64::MAX);

    /// So many bits per second.
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// So many thousand bits per second.
    pub const fn from_kbps(kbps: u64) -> Self {
        Self(kbps.saturating_mul(1_000))
    }

    /// Bits per second.
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// Whole bytes that it carries in that time.
    pub const fn bytes_in(self, time: Duration) -> u64 {
        let bytes = time.as_nanos().saturating_mul(self.0 as u128) / 8_000_000_000;
        if bytes > u64::MAX as u128 { u64::MAX } else { bytes as u64 }
    }

    /// How long it takes for so many bytes; `None` if there is no end to it (584 years).
    pub const fn time_for(self, bytes: u64) -> Option<Duration> {
        if self.0 == 0 {
            return None;
        }
        let nanos = (bytes as u128 * 8_000_000_000).div_ceil(self.0 as u128);
        if nanos > u64::MAX as u128 { None } else { Some(Duration::from_nanos(nanos as u64)) }
    }

    /// `percent` hundredths of it.
    pub const fn percent(self, percent: u32) -> Self {
        let bps = self.0 as u128 * percent as u128 / 100;
        Self(if bps > u64::MAX as u128 { u64::MAX } else { bps as u64 })
    }

    pub(crate) fn from_f64(bps: f64) -> Self {
        // The cast saturates; what is no number becomes 0.
        Self(bps as u64)
    }

    pub(crate) const fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

/// As in `1500 kbit/s`.
impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kbit/s", self.0 / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_times_are_each_others() {
        let rate = Rate::from_kbps(800);
        assert_eq!(rate.bytes_in(Duration::from_millis(10)), 1_000);
        assert_eq!(rate.time_for(1_000), Some(Duration::from_millis(10)));
        assert_eq!(Rate::ZERO.time_for(1), None);
        assert_eq!(Rate::MAX.bytes_in(Duration::MAX), u64::MAX);
        assert_eq!(Rate::from_bps(1).time_for(u64::MAX), None);
        assert_eq!(Rate::MAX.percent(150), Rate::MAX);
        assert_eq!(Rate::from_f64(f64::NAN), Rate::ZERO);
    }
}
