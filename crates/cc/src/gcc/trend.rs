//! How fast the delay grows: the slope of the line that fits the last groups best.

use super::groups::Delta;
use alloc::collections::VecDeque;

/// Groups that the line goes through.
const WINDOW: usize = 20;
/// How much of the last value stays in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// The growth is told as what it makes in this time, in ms: what §5.4's threshold is about.
const HORIZON: f64 = 240.0;
/// Before so many groups the growth counts for less.
const SURE: u32 = 60;

#[derive(Clone, Debug, Default)]
pub(super) struct Trend {
    /// Time and smoothed delay, in ms.
    points: VecDeque<(f64, f64)>,
    count: u32,
    time: f64,
    delay: f64,
    smoothed: f64,
}

impl Trend {
    /// Takes a delta; how much the delay grows, in ms, as soon as that can be told.
    pub(super) fn push(&mut self, delta: Delta) -> Option<f64> {
        self.count = self.count.saturating_add(1).min(SURE);
        self.time += delta.arrived;
        self.delay += delta.arrived - delta.sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        if self.points.len() >= WINDOW {
            self.points.pop_front();
        }
        self.points.push_back((self.time, self.smoothed));
        if self.points.len() < WINDOW {
            return None;
        }
        Some(self.slope()? * HORIZON * f64::from(self.count) / f64::from(SURE))
    }

    fn slope(&self) -> Option<f64> {
        let n = self.points.len() as f64;
        let (x, y) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x, y) = (x / n, y / n);
        let (up, down) = self.points.iter().fold((0.0, 0.0), |(up, down), point| {
            (up + (point.0 - x) * (point.1 - y), down + (point.0 - x) * (point.0 - x))
        });
        (down > 0.0).then(|| up / down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_found() {
        let mut trend = Trend::default();
        // Each 10 ms come 11 ms apart: an eleventh of the time is delay.
        let last = (0..200).filter_map(|_| trend.push(Delta { sent: 10.0, arrived: 11.0 })).last();
        assert!((last.unwrap() - HORIZON / 11.0).abs() < 0.01, "{last:?}");
        let last = (0..200).filter_map(|_| trend.push(Delta { sent: 10.0, arrived: 10.0 })).last();
        assert!(last.unwrap().abs() < 0.1, "{last:?}");
        // All at once.
        let last = (0..200).filter_map(|_| trend.push(Delta { sent: 10.0, arrived: 0.0 })).last();
        assert!(last.is_none_or(|growth| growth.is_finite()));
    }
}
