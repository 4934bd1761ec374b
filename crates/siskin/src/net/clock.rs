//! The one place that reads clocks: tokio's for timers, the calendar for what the kernel stamps.
#![expect(clippy::disallowed_types, reason = "the driver is where time enters")]

use siskin_base::{Instant, WallClock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Turns tokio's time into engine time, whose start is the moment of [`Clock::start`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: tokio::time::Instant,
}

impl Clock {
    /// A clock that starts one second before now, so that a kernel stamp slightly in the past still has a place.
    pub(crate) fn start() -> Self {
        let now = tokio::time::Instant::now();
        Self { start: now.checked_sub(Duration::from_secs(1)).unwrap_or(now) }
    }

    /// Engine time.
    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// When tokio should wake for an engine's deadline.
    pub(crate) fn deadline(&self, at: Instant) -> tokio::time::Instant {
        let offset = at.since(Instant::ZERO);
        // A deadline beyond what tokio can express is as good as never.
        self.start.checked_add(offset).unwrap_or(self.start + Duration::from_secs(86_400 * 365))
    }

    /// The calendar at `now`.
    pub(crate) fn wall(&self, now: Instant) -> WallClock {
        WallClock { at: now, unix: unix_now() }
    }

    /// When a datagram arrived: what the kernel stamped, if it did so in the last second, else `now`.
    pub(crate) fn arrival(wall: &WallClock, stamped: Option<Duration>) -> Instant {
        let age = stamped.and_then(|stamped| wall.unix.checked_sub(stamped));
        match age {
            Some(age) if age < Duration::from_secs(1) => wall.at.saturating_sub(age),
            _ => wall.at,
        }
    }
}

fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_from_another_clock_is_not_believed() {
        let wall = WallClock { at: Instant::from_millis(5_000), unix: Duration::from_secs(1_000) };
        let stamp = |millis| Clock::arrival(&wall, Some(Duration::from_millis(millis)));
        assert_eq!(stamp(999_998), Instant::from_millis(4_998));
        assert_eq!(stamp(1_000_500), Instant::from_millis(5_000), "from the future");
        assert_eq!(stamp(900_000), Instant::from_millis(5_000), "from long ago");
        assert_eq!(Clock::arrival(&wall, None), Instant::from_millis(5_000));
    }
}
