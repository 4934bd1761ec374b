//! The retransmission timeout from measured round-trip times (RFC 9260 §6.3.1).

use crate::Config;
use core::time::Duration;

/// Smoothed round-trip time, its variation, and the timeout that follows from them.
#[derive(Debug)]
pub(crate) struct Rto {
    srtt: Option<Duration>,
    rttvar: Duration,
    base: Duration,
    /// Doublings since something was acknowledged.
    doublings: u32,
    min: Duration,
    max: Duration,
}

impl Rto {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            srtt: None,
            rttvar: Duration::ZERO,
            base: config.rto_initial,
            doublings: 0,
            min: config.rto_min,
            max: config.rto_max,
        }
    }

    /// Takes a round trip of a chunk that was sent once (Karn's rule: C5).
    pub(crate) fn on_sample(&mut self, rtt: Duration) {
        let srtt = match self.srtt {
            None => {
                self.rttvar = rtt / 2;
                rtt
            }
            Some(srtt) => {
                // RTO.Beta is 1/4, RTO.Alpha is 1/8.
                self.rttvar = (self.rttvar * 3 + srtt.abs_diff(rtt)) / 4;
                (srtt * 7 + rtt) / 8
            }
        };
        self.srtt = Some(srtt);
        self.base = (srtt + self.rttvar.max(GRANULARITY) * 4).clamp(self.min, self.max);
    }

    /// The peer acknowledged something new.
    ///
    /// RFC 9260 §6.3.3: keeping the doubled timeout until the next measurement: not done, because under heavy loss nearly
    /// every chunk is sent twice and measures nothing.
    pub(crate) fn on_progress(&mut self) {
        self.doublings = 0;
    }

    /// Doubles the timeout (RFC 9260 §6.3.3 E2).
    pub(crate) fn back_off(&mut self) {
        self.doublings = (self.doublings + 1).min(16);
    }

    pub(crate) fn current(&self) -> Duration {
        (self.base * (1 << self.doublings)).min(self.max)
    }

    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.srtt
    }
}

/// RFC 9260 §6.3.1 G: the variation is never taken to be zero.
const GRANULARITY: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn rfc9260_6_3_1_computation() {
        let config =
            Config { rto_initial: MS(1000), rto_min: MS(100), rto_max: MS(4000), ..Config::default() };
        let mut rto = Rto::new(&config);
        assert_eq!(rto.current(), MS(1000));
        rto.on_sample(MS(200));
        assert_eq!(rto.current(), MS(200 + 4 * 100));
        rto.on_sample(MS(280));
        assert_eq!(rto.srtt(), Some(MS(210)));
        assert_eq!(rto.current(), MS(210) + 4 * MS(95));
        rto.back_off();
        rto.back_off();
        assert_eq!(rto.current(), 4 * (MS(210) + 4 * MS(95)));
        rto.back_off();
        assert_eq!(rto.current(), MS(4000), "RTO.Max");
        rto.on_progress();
        assert_eq!(rto.current(), MS(210) + 4 * MS(95));
    }
}
