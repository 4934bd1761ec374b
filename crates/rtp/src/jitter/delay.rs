//! How long frames must wait: the playout clock, and the delay that most of them keep to.

use core::time::Duration;
use siskin_base::Instant;

/// Width of one bin.
const BIN: Duration = Duration::from_millis(5);
/// Bins: up to 1 s.
const BINS: usize = 200;
/// The share of frames that must be in time, in 1/1,024: 97 %.
const IN_TIME: u64 = 993;
/// What a new frame weighs.
const WEIGHT: u32 = 1 << 24;
/// What remains of the older ones with each new frame, in 1/1,024: half of a frame's weight is gone after 40 frames.
const FORGET: u64 = 1_006;
/// The earliest arrival is remembered for between one and two of these spans, so that clocks may drift.
const SPAN: Duration = Duration::from_secs(5);
/// A frame this far off the clock begins a new one.
const OUT_OF_PROPORTION: Duration = Duration::from_secs(10);

/// The delay estimator of one stream.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    clock_rate: u32,
    /// The least transit (arrival less timestamp, in nanoseconds) of this span and of the last.
    least: Option<[i64; 2]>,
    span_began: Instant,
    bins: [u32; BINS],
    /// What the network asks for.
    needed: Duration,
}

impl Delay {
    pub(super) const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, least: None, span_began: Instant::ZERO, bins: [0; BINS], needed: Duration::ZERO }
    }

    /// Takes note of a frame that was complete at `arrived`; whether the clock had to begin anew.
    pub(super) fn observe(&mut self, arrived: Instant, timestamp: u64) -> bool {
        let transit = self.transit(arrived, timestamp);
        let base = self.base();
        let reset = base.is_some_and(|base| transit.abs_diff(base) > OUT_OF_PROPORTION.as_nanos() as u64);
        match &mut self.least {
            Some([this, last]) if !reset => {
                if arrived.since(self.span_began) > SPAN {
                    (*last, *this) = (*this, transit);
                    self.span_began = arrived;
                }
                *this = transit.min(*this);
            }
            _ => {
                self.least = Some([transit; 2]);
                self.span_began = arrived;
                self.bins = [0; BINS];
            }
        }
        let late = transit.saturating_sub(self.base().unwrap_or(transit)).max(0) as u64;
        self.weigh((late / BIN.as_nanos() as u64) as usize);
        reset
    }

    fn weigh(&mut self, bin: usize) {
        let mut total = 0u64;
        for weight in &mut self.bins {
            *weight = ((u64::from(*weight) * FORGET) >> 10) as u32;
            total += u64::from(*weight);
        }
        if let Some(weight) = self.bins.get_mut(bin.min(BINS - 1)) {
            *weight = weight.saturating_add(WEIGHT);
            total += u64::from(WEIGHT);
        }
        let enough = (total * IN_TIME) >> 10;
        let mut sum = 0;
        let reached = self.bins.iter().position(|weight| {
            sum += u64::from(*weight);
            sum >= enough
        });
        // The first bin is what measuring and scheduling cost, and not the network.
        self.needed = BIN * reached.unwrap_or(BINS - 1) as u32;
    }

    /// The delay that the network asks for.
    pub(super) const fn needed(&self) -> Duration {
        self.needed
    }

    /// When the frame with that timestamp would arrive over the fastest path seen; `None` before the first frame.
    pub(super) fn earliest(&self, timestamp: u64) -> Option<Instant> {
        let at = self.base()?.saturating_add(self.nanos(timestamp));
        Some(Instant::from_nanos(u64::try_from(at).unwrap_or(0)))
    }

    fn base(&self) -> Option<i64> {
        self.least.map(|[this, last]| this.min(last))
    }

    fn transit(&self, arrived: Instant, timestamp: u64) -> i64 {
        (arrived.as_nanos() as i64).saturating_sub(self.nanos(timestamp))
    }

    fn nanos(&self, timestamp: u64) -> i64 {
        let nanos = u128::from(timestamp) * 1_000_000_000 / u128::from(self.clock_rate.max(1));
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: u64 = 1 << 32;

    /// Frames of 20 ms, each late by what `late` says (in milliseconds).
    fn needed(delay: &mut Delay, from: u64, count: u64, late: impl Fn(u64) -> u64) -> u64 {
        for index in from..from + count {
            delay.observe(Instant::from_millis(1_000 + index * 20 + late(index)), BEGIN + index * 960);
        }
        delay.needed().as_millis() as u64
    }

    #[test]
    fn follows_the_network_up_at_once_and_down_in_time() {
        let mut delay = Delay::new(48_000);
        assert_eq!(needed(&mut delay, 0, 100, |_| 0), 0);
        assert!((55..=60).contains(&needed(&mut delay, 100, 50, |index| index % 4 * 20)));
        assert!(needed(&mut delay, 150, 500, |_| 0) <= 5);
    }

    #[test]
    fn one_late_frame_in_a_hundred_does_not_count() {
        let mut delay = Delay::new(48_000);
        assert!(needed(&mut delay, 0, 1_000, |index| if index % 100 == 7 { 300 } else { index % 2 }) <= 5);
    }

    #[test]
    fn clocks_may_drift() {
        // The sender's clock is slow by 200 parts in a million: after ten minutes 120 ms.
        let mut delay = Delay::new(48_000);
        assert!(needed(&mut delay, 0, 30_000, |index| index * 20 / 5_000) <= 5);
        let earliest = delay.earliest(BEGIN + 30_000 * 960).unwrap();
        assert!(earliest.as_millis().abs_diff(1_000 + 600_000 + 120) <= 3, "{earliest:?}");
    }

    #[test]
    fn a_jump_begins_anew() {
        let mut delay = Delay::new(48_000);
        needed(&mut delay, 0, 10, |_| 0);
        assert!(delay.observe(Instant::from_millis(2_000), BEGIN + (1 << 31)));
        assert_eq!(delay.earliest(BEGIN + (1 << 31)), Some(Instant::from_millis(2_000)));
        assert!(!delay.observe(Instant::from_millis(2_020), BEGIN + (1 << 31) + 960));
    }
}
