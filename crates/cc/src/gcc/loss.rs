//! What losses allow (draft-ietf-rmcat-gcc §6).

use super::groups::seconds;
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback};

/// §6: above this share it decreases.
const MUCH: f64 = 0.10;
/// §6: above this share it does not increase.
const LITTLE: f64 = 0.02;
/// What is known about losses that have nothing to do with us is forgotten after this.
const MEMORY: Duration = Duration::from_secs(10);
/// A window has at least this many packets, and lasts this long.
const PACKETS: u32 = 20;
const LEAST: Duration = Duration::from_millis(500);
/// Growth in a second.
const INCREASE: f64 = 0.10;

#[derive(Clone, Debug)]
pub(super) struct Loss {
    /// The bound; `None` while there is none.
    bound: Option<f64>,
    highest: Option<u64>,
    began: Instant,
    packets: u32,
    lost: u32,
    /// The least share in the present span of memory, and in the one before.
    floors: [f64; 2],
    floors_from: Instant,
    share: f64,
    pub(super) decreases: u64,
}

impl Loss {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            bound: None,
            highest: None,
            began: now,
            packets: 0,
            lost: 0,
            floors: [1.0; 2],
            floors_from: now,
            share: 0.0,
            decreases: 0,
        }
    }

    pub(super) fn bound(&self) -> f64 {
        self.bound.unwrap_or(f64::MAX)
    }

    /// The share of the last window.
    pub(super) const fn share(&self) -> f64 {
        self.share
    }

    /// A probe showed that so much arrives.
    pub(super) fn raise(&mut self, rate: f64) {
        self.bound = self.bound.map(|bound| bound.max(rate));
    }

    pub(super) fn push(&mut self, one: &PacketFeedback) {
        let new = self.highest.is_none_or(|highest| one.sequence > highest);
        if new {
            self.highest = Some(one.sequence);
            self.packets = self.packets.saturating_add(1);
            self.lost += u32::from(one.arrived.is_none() && self.lost < u32::MAX);
        } else if one.arrived.is_some() {
            // It was only late.
            self.lost = self.lost.saturating_sub(1);
        }
    }

    /// Looks at the window, if it is full. `target` is what may be sent now.
    pub(super) fn update(&mut self, now: Instant, target: f64, round_trip: Duration) {
        let elapsed = now.since(self.began);
        let (packets, lost) = (f64::from(self.packets), f64::from(self.lost));
        // Chance alone makes a tenth deviate by two standard deviations in one window of forty.
        let above = lost - MUCH * packets;
        let certain = above > 0.0 && above * above > 4.0 * MUCH * (1.0 - MUCH) * packets;
        let enough = self.packets >= PACKETS && elapsed >= round_trip.min(LEAST);
        if !enough || !(certain || elapsed >= LEAST && (self.packets >= 100 || elapsed >= 4 * LEAST)) {
            return;
        }
        self.share = lost / packets;
        let floor = self.floor(now);
        if certain {
            self.bound = Some(self.bound().min(target) * (1.0 - 0.5 * self.share));
            self.decreases += 1;
        } else if self.share < LITTLE + floor {
            // §6: not done as written, because where a share of 2 to 10 % is always lost, whatever is sent, the rate
            // would never leave the place where it began.
            let grown =
                self.bound.map(|bound| bound * (1.0 + INCREASE * seconds(elapsed).min(2.0)) + 1_000.0);
            self.bound = grown.filter(|bound| *bound < 2.0 * target);
        }
        (self.began, self.packets, self.lost) = (now, 0, 0);
    }

    /// The share that is lost all along.
    fn floor(&mut self, now: Instant) -> f64 {
        if now.since(self.floors_from) > MEMORY {
            let [current, _] = self.floors;
            self.floors = [1.0, current];
            self.floors_from = now;
        }
        let [current, before] = self.floors;
        self.floors = [current.min(self.share), before];
        let [current, before] = self.floors;
        current.min(before).min(MUCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siskin_base::Ecn;

    fn run(loss: &mut Loss, from: u64, packets: u64, lose: impl Fn(u64) -> bool) {
        for number in from..from + packets {
            let now = Instant::from_millis(number * 10);
            let arrived = (!lose(number)).then_some(now);
            loss.push(&PacketFeedback {
                sequence: number,
                sent: now,
                arrived,
                size: 1_000,
                ecn: Ecn::NotEct,
            });
            loss.update(now, 1e6, Duration::from_millis(50));
        }
    }

    #[test]
    fn much_loss_bounds_and_no_loss_frees() {
        let mut loss = Loss::new(Instant::ZERO);
        run(&mut loss, 0, 200, |_| false);
        assert_eq!(loss.bound(), f64::MAX);
        run(&mut loss, 200, 400, |number| number % 4 == 0);
        assert!(loss.bound() < 0.9e6 && loss.decreases >= 2, "{loss:?}");
        run(&mut loss, 600, 4_000, |_| false);
        assert_eq!(loss.bound(), f64::MAX);
    }

    #[test]
    fn loss_that_was_always_there_does_not_hold() {
        let mut loss = Loss::new(Instant::ZERO);
        run(&mut loss, 0, 1_000, |number| number % 20 == 0);
        assert_eq!((loss.bound(), loss.decreases), (f64::MAX, 0));
    }

    #[test]
    fn what_was_late_is_not_lost() {
        let mut loss = Loss::new(Instant::ZERO);
        let one = |sequence, arrived| PacketFeedback {
            sequence,
            sent: Instant::ZERO,
            arrived,
            size: 1,
            ecn: Ecn::NotEct,
        };
        loss.push(&one(1, None));
        loss.push(&one(2, None));
        loss.push(&one(1, Some(Instant::ZERO)));
        // Told again that it is missing: no news.
        loss.push(&one(2, None));
        assert_eq!((loss.packets, loss.lost), (2, 1));
    }
}
