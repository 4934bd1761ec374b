//! When growth is over-use (draft-ietf-rmcat-gcc §5.4): a threshold that adapts, so that neither noise nor other traffic's
//! queues starve us.

use super::Usage;

/// `del_var_th(0)`, and between what it stays, in ms.
const START: f64 = 12.5;
const LEAST: f64 = 6.0;
const MOST: f64 = 600.0;
/// `K_u` and `K_d`, per ms.
const UP: f64 = 0.01;
const DOWN: f64 = 0.00018;
/// Growth so far above the threshold does not move it.
const OUTLIER: f64 = 15.0;
/// `overuse_time_th`, in ms.
const FOR: f64 = 10.0;
/// The threshold moves as if no more time than this had passed, in ms.
const LONGEST: f64 = 100.0;

#[derive(Clone, Debug)]
pub(super) struct Detector {
    threshold: f64,
    /// Since when the growth is above it, in ms.
    above: Option<f64>,
    last: f64,
    usage: Usage,
}

impl Default for Detector {
    fn default() -> Self {
        Self { threshold: START, above: None, last: 0.0, usage: Usage::Normal }
    }
}

impl Detector {
    pub(super) const fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes the growth after `elapsed` ms more.
    pub(super) fn push(&mut self, growth: f64, elapsed: f64) {
        if growth > self.threshold {
            let above = self.above.map_or(elapsed / 2.0, |above| above + elapsed);
            self.above = Some(above);
            if above > FOR && growth >= self.last {
                self.above = Some(0.0);
                self.usage = Usage::Over;
            }
        } else {
            self.above = None;
            self.usage = if growth < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.last = growth;
        let distance = growth.abs() - self.threshold;
        if distance <= OUTLIER {
            let speed = if distance < 0.0 { DOWN } else { UP };
            self.threshold += elapsed.min(LONGEST) * speed * distance;
            self.threshold = self.threshold.clamp(LEAST, MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_must_last() {
        let mut detector = Detector::default();
        detector.push(20.0, 5.0);
        assert_eq!(detector.usage(), Usage::Normal);
        detector.push(0.0, 5.0);
        detector.push(20.0, 5.0);
        detector.push(21.0, 5.0);
        assert_eq!(detector.usage(), Usage::Normal);
        detector.push(21.0, 5.0);
        assert_eq!(detector.usage(), Usage::Over);
        detector.push(-20.0, 5.0);
        assert_eq!(detector.usage(), Usage::Under);
    }

    #[test]
    fn the_threshold_adapts_within_bounds() {
        let mut detector = Detector::default();
        (0..10_000).for_each(|_| detector.push(0.0, 100.0));
        assert_eq!(detector.threshold, LEAST);
        // An outlier does not move it; what comes near does.
        detector.push(500.0, 100.0);
        assert_eq!(detector.threshold, LEAST);
        detector.push(20.0, 100.0);
        assert!(detector.threshold > LEAST);
    }
}
