//! The queue that packets wait in: how much longer the last ones took than the fastest of the last seconds.

use core::time::Duration;
use siskin_base::Instant;

/// The fastest is remembered for one to two of these.
const MEMORY: Duration = Duration::from_secs(8);
/// No queue is longer; another clock is.
const ABSURD: i64 = 30_000_000_000;
/// So much is jitter, not a queue: 40 ms.
const JITTER: i64 = 40_000_000;
/// A queue of so much more halves what is sent: 600 ms.
const FULL: i64 = 600_000_000;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queue {
    /// Least transit times, in ns, in the present span and in the one before.
    least: [Option<i64>; 2],
    from: Instant,
    current: i64,
}

impl Queue {
    /// Takes the least transit time of a report; only differences between them mean something.
    pub(super) fn update(&mut self, now: Instant, transit: i64) {
        if now.since(self.from) > MEMORY {
            let [current, _] = self.least;
            self.least = [None, current];
            self.from = now;
        }
        let base = self.least.into_iter().flatten().min();
        let queue = transit.saturating_sub(base.unwrap_or(transit));
        if queue.saturating_abs() > ABSURD {
            *self = Self { least: [Some(transit), None], from: now, current: 0 };
            return;
        }
        let [current, before] = self.least;
        self.least = [Some(current.map_or(transit, |current| current.min(transit))), before];
        self.current = queue.max(0);
    }

    pub(super) fn length(&self) -> Duration {
        Duration::from_nanos(self.current.max(0) as u64)
    }

    /// What share of the rate may be sent while it drains: 1 if there is none, 0.5 if it is long.
    pub(super) fn share(&self) -> f64 {
        let excess = (self.current - JITTER).clamp(0, FULL);
        1.0 - 0.5 * excess as f64 / FULL as f64
    }
}
