//! The rate that the delay allows (draft-ietf-rmcat-gcc §5.5): increase, hold, decrease.

use super::Usage;
use super::groups::seconds;
use crate::Rate;
use core::time::Duration;
use siskin_base::Instant;

/// What is left of what arrived: beta.
const DECREASE: f64 = 0.85;
/// Growth in a second, far from where the last decreases were: eta.
const INCREASE: f64 = 0.08;
/// Weight of a new value in what is known about the path's capacity.
const WEIGHT: f64 = 0.05;
/// Bytes of a packet, for the additive increase.
const PACKET: f64 = 1_200.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Increase,
    Hold,
    Decrease,
}

#[derive(Clone, Debug)]
pub(super) struct Aimd {
    state: State,
    rate: f64,
    updated: Option<Instant>,
    decreased: Option<Instant>,
    /// Mean and relative variance of what arrived when it decreased.
    capacity: Option<(f64, f64)>,
    pub(super) decreases: u64,
}

impl Aimd {
    pub(super) const fn new(start: Rate) -> Self {
        let rate = start.as_f64();
        Self { state: State::Hold, rate, updated: None, decreased: None, capacity: None, decreases: 0 }
    }

    pub(super) const fn rate(&self) -> f64 {
        self.rate
    }

    /// Another finding, which counts for more: a probe's, or that feedback stays away.
    pub(super) fn set(&mut self, now: Instant, rate: f64) {
        self.rate = rate;
        self.updated = Some(now);
    }

    /// Takes what the delay says. `arrived` is what arrives, if that is known; `may_grow` says whether as much is sent as
    /// may be.
    pub(super) fn update(
        &mut self,
        now: Instant,
        usage: Usage,
        arrived: Option<f64>,
        round_trip: Duration,
        may_grow: bool,
    ) {
        // §5.5, the table of states.
        self.state = match (usage, self.state) {
            (Usage::Over, _) => State::Decrease,
            (Usage::Under, _) | (Usage::Normal, State::Decrease) => State::Hold,
            (Usage::Normal, _) => State::Increase,
        };
        let elapsed = seconds(self.updated.map_or(Duration::ZERO, |updated| now.since(updated))).min(1.0);
        self.updated = Some(now);
        match self.state {
            State::Hold => {}
            State::Increase if may_grow => self.increase(elapsed, arrived, round_trip),
            State::Increase => {}
            State::Decrease => self.decrease(now, arrived, round_trip),
        }
    }

    fn increase(&mut self, elapsed: f64, arrived: Option<f64>, round_trip: Duration) {
        if let (Some((mean, variance)), Some(arrived)) = (self.capacity, arrived) {
            let above = arrived - mean;
            if above > 0.0 && above * above > 9.0 * variance * mean {
                // More arrives than ever fitted: the path is another one.
                self.capacity = None;
            }
        }
        let grown = match self.capacity {
            Some((mean, variance)) if (self.rate - mean) * (self.rate - mean) <= 9.0 * variance * mean => {
                let frame = self.rate / 30.0;
                let packets = (frame / (PACKET * 8.0)) as u64 as f64 + 1.0;
                let response = 0.1 + seconds(round_trip);
                let share = 0.5 * elapsed / response;
                self.rate + (share * frame / packets).max(4_000.0 * elapsed)
            }
            _ => self.rate * (1.0 + INCREASE * elapsed) + 1_000.0 * elapsed,
        };
        // Nothing is known about rates far above what was sent.
        let most = arrived.map_or(grown, |arrived| 1.5 * arrived + 10_000.0);
        self.rate = grown.min(most.max(self.rate));
    }

    fn decrease(&mut self, now: Instant, arrived: Option<f64>, round_trip: Duration) {
        // What was done shows after a round trip.
        let pause = round_trip.clamp(Duration::from_millis(50), Duration::from_millis(300));
        let arrived = arrived.unwrap_or(self.rate);
        let wait = self.decreased.is_some_and(|decreased| now.since(decreased) < pause);
        if wait && self.rate < 2.0 * arrived {
            return;
        }
        self.decreased = Some(now);
        self.decreases += 1;
        self.rate = self.rate.min(DECREASE * arrived);
        let (mean, variance) = self.capacity.unwrap_or((arrived, 400.0));
        // Far below: what was known is about another path.
        let below = mean - arrived;
        if below > 0.0 && below * below > 9.0 * variance * mean {
            self.capacity = Some((arrived, variance));
            return;
        }
        let mean_now = mean + WEIGHT * (arrived - mean);
        let error = (arrived - mean) * (arrived - mean) / mean.max(1.0);
        // In bit/s: at 1 Mbit/s deviations of 20 to 50 kbit/s.
        let variance = ((1.0 - WEIGHT) * variance + WEIGHT * error).clamp(400.0, 2_500.0);
        self.capacity = Some((mean_now, variance));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_by_a_twelfth_a_second_and_falls_below_what_arrives() {
        let mut aimd = Aimd::new(Rate::from_kbps(1_000));
        let rtt = Duration::from_millis(50);
        let at = Instant::from_millis;
        for step in 0..=20 {
            aimd.update(at(step * 50), Usage::Normal, Some(1e6), rtt, true);
        }
        assert!((1_070_000.0..1_090_000.0).contains(&aimd.rate()), "{}", aimd.rate());
        // Never far above what arrives.
        for step in 21..400 {
            aimd.update(at(step * 50), Usage::Normal, Some(1e6), rtt, true);
        }
        assert!((1_500_000.0..1_511_000.0).contains(&aimd.rate()), "{}", aimd.rate());
        aimd.update(at(20_050), Usage::Over, Some(1e6), rtt, true);
        assert_eq!(aimd.rate(), 850_000.0);
        // A round trip later at the earliest.
        aimd.update(at(20_060), Usage::Over, Some(0.9e6), rtt, true);
        assert_eq!(aimd.rate(), 850_000.0);
        aimd.update(at(20_110), Usage::Over, Some(0.9e6), rtt, true);
        assert_eq!(aimd.rate(), 765_000.0);
        // Holds while queues drain, and once more after.
        for (step, usage) in [Usage::Under, Usage::Under].into_iter().enumerate() {
            aimd.update(at(20_200 + 50 * step as u64), usage, Some(0.8e6), rtt, true);
        }
        assert_eq!(aimd.rate(), 765_000.0);
    }
}
