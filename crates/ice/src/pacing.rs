//! How fast new checks go out (RFC 8445 §14).

use core::time::Duration;
use siskin_base::Instant;

/// A bucket that holds a few checks and refills by one every Ta.
///
/// RFC 8445 §14.2: one transaction per Ta from the first on, no two within 5 ms: not done, because on most networks one of the
/// first few checks succeeds: `burst` of them go at once, and so many triggered ones, which have a bucket of their own. From
/// then on the rate is one per Ta.
#[derive(Debug)]
pub(crate) struct Pacer {
    ta: Duration,
    burst: u32,
    /// When the bucket was, or will be, full.
    full_at: Instant,
}

impl Pacer {
    pub(crate) fn new(ta: Duration, burst: u32, now: Instant) -> Self {
        Self { ta: ta.max(Duration::from_millis(1)), burst: burst.max(1), full_at: now }
    }

    /// When the next check may go: not after `now` if at once.
    pub(crate) fn next(&self) -> Instant {
        // Each check moves `full_at` by Ta; with `burst` of them owed, the bucket is empty.
        self.full_at.saturating_sub(self.ta.saturating_mul(self.burst - 1))
    }

    /// Takes one check out of the bucket, if one is in it.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let free = self.next() <= now;
        if free {
            self.full_at = self.full_at.max(now) + self.ta;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn rfc8445_14_2_one_per_ta_behind_a_burst() {
        let start = Instant::from_millis(1_000);
        let mut pacer = Pacer::new(Duration::from_millis(50), 3, start);
        let mut sent = Vec::new();
        for ms in 0..300 {
            let now = start + Duration::from_millis(ms);
            while pacer.take(now) {
                sent.push(ms);
            }
            assert!(pacer.next() > now);
        }
        assert_eq!(sent, [0, 0, 0, 50, 100, 150, 200, 250]);
    }
}
