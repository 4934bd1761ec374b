//! Interarrival jitter (RFC 3550 §6.4.1, A.8).

use siskin_base::Instant;

/// A difference of more than this many seconds is a jump of the timestamps, and no jitter.
// RFC 3550 A.8: jumps, too: not done, because one would be seen in the average for a hundred packets.
const MAX_SECONDS: u32 = 5;

/// The jitter of one source.
#[derive(Clone, Debug)]
pub(super) struct Jitter {
    clock_rate: u32,
    transit: Option<u32>,
    /// In 1/16 of a tick.
    scaled: u64,
    pub(super) jumps: u64,
}

impl Jitter {
    pub(super) const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, transit: None, scaled: 0, jumps: 0 }
    }

    /// Packets of another clock follow; 0 if nobody knows of which.
    ///
    /// RFC 7160 §4.3: between clocks nothing is measured. What was goes on in the new clock's ticks.
    pub(super) fn set_clock_rate(&mut self, clock_rate: u32) {
        if clock_rate != 0 && clock_rate != self.clock_rate {
            self.scaled = self.scaled * u64::from(clock_rate) / u64::from(self.clock_rate.max(1));
            self.clock_rate = clock_rate;
            self.transit = None;
        }
    }

    /// Takes a packet.
    pub(super) fn update(&mut self, arrived: Instant, timestamp: u32) {
        let ticks = u128::from(arrived.as_nanos()) * u128::from(self.clock_rate) / 1_000_000_000;
        let transit = (ticks as u32).wrapping_sub(timestamp);
        let Some(before) = self.transit.replace(transit) else { return };
        let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
        if difference > self.clock_rate.saturating_mul(MAX_SECONDS) {
            self.jumps += 1;
            return;
        }
        self.scaled += u64::from(difference);
        self.scaled -= (self.scaled - u64::from(difference) + 8) >> 4;
    }

    /// In ticks.
    pub(super) const fn value(&self) -> u32 {
        let value = self.scaled >> 4;
        if value > u32::MAX as u64 { u32::MAX } else { value as u32 }
    }

    /// In seconds.
    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.value()) / f64::from(self.clock_rate.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3550_a_8_a_sixteenth_of_each_difference() {
        let mut jitter = Jitter::new(8_000);
        for index in 0..1_000u64 {
            // Every other packet is 10 ms late: each differs from the one before by 80 ticks.
            jitter.update(Instant::from_millis(index * 20 + index % 2 * 10), (index * 160) as u32);
        }
        assert!((75..=80).contains(&jitter.value()), "{}", jitter.value());
        // By hand: the first difference of 80 gives 80 scaled, the second 80 + 80 - (80 + 8) / 16.
        let mut jitter = Jitter::new(8_000);
        for (millis, timestamp) in [(0, 0), (30, 160), (40, 320)] {
            jitter.update(Instant::from_millis(millis), timestamp);
        }
        assert_eq!(jitter.scaled, 155);
    }

    #[test]
    fn a_jump_is_no_jitter() {
        let mut jitter = Jitter::new(90_000);
        for (index, timestamp) in [0u32, 3_000, 0x8000_0000, 0x8000_0bb8].into_iter().enumerate() {
            jitter.update(Instant::from_millis(index as u64 * 33), timestamp);
        }
        assert_eq!((jitter.jumps, jitter.value() < 30), (1, true));
    }
}
