//! What happens to a datagram on its way: one direction of a link.

use core::time::Duration;
use siskin_base::{Instant, Rng};

/// One direction of a link. Probabilities are in `0.0..=1.0`.
#[derive(Clone, Debug)]
pub struct Link {
    /// Time on the way.
    pub delay: Duration,
    /// Added to the delay, evenly from nothing to this; alone it reorders.
    pub jitter: Duration,
    /// Probability that a datagram is lost.
    pub loss: f64,
    /// Probability that a datagram is held back by four further delays, so that later ones overtake it.
    pub reorder: f64,
    /// Probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Probability that one to eight bits of a datagram are flipped.
    pub corrupt: f64,
    /// The largest datagram that passes, in bytes.
    pub mtu: usize,
    /// Bytes a second, and how long a queue may get before datagrams are dropped; `None` is as fast as you like.
    pub rate: Option<(u64, Duration)>,
    /// Datagrams to lose whatever the dice say, counted from 0.
    pub drop: Vec<u64>,
    carried: u64,
    busy_until: Instant,
}

impl Link {
    /// A perfect link with that much delay.
    pub fn new(delay: Duration) -> Self {
        Self {
            delay,
            jitter: Duration::ZERO,
            loss: 0.0,
            reorder: 0.0,
            duplicate: 0.0,
            corrupt: 0.0,
            mtu: usize::MAX,
            rate: None,
            drop: Vec::new(),
            carried: 0,
            busy_until: Instant::ZERO,
        }
    }

    /// Loses that share of all datagrams.
    pub fn loss(self, loss: f64) -> Self {
        Self { loss, ..self }
    }

    /// Adds up to `jitter` of delay.
    pub fn jitter(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// Holds back that share of all datagrams.
    pub fn reorder(self, reorder: f64) -> Self {
        Self { reorder, ..self }
    }

    /// Doubles that share of all datagrams.
    pub fn duplicate(self, duplicate: f64) -> Self {
        Self { duplicate, ..self }
    }

    /// Flips one to eight bits in that share of all datagrams.
    pub fn corrupt(self, corrupt: f64) -> Self {
        Self { corrupt, ..self }
    }

    /// Loses datagrams of more than `mtu` bytes.
    pub fn mtu(self, mtu: usize) -> Self {
        Self { mtu, ..self }
    }

    /// Carries that many bytes a second and queues for at most `queue`.
    pub fn rate(self, bytes_per_second: u64, queue: Duration) -> Self {
        Self { rate: Some((bytes_per_second.max(1), queue)), ..self }
    }

    /// Loses the `nth` datagram, counted from 0.
    pub fn drop_nth(mut self, nth: u64) -> Self {
        self.drop.push(nth);
        self
    }

    /// When the copies of a datagram of `len` bytes that is sent now arrive (none, one or two), and whether bits of it
    /// are to be flipped. For whoever carries datagrams by other means than [`Network`](crate::Network).
    pub fn carry(&mut self, now: Instant, len: usize, rng: &mut Rng) -> (Vec<Instant>, bool) {
        let nth = self.carried;
        self.carried += 1;
        // Every die is thrown for every datagram, so that one setting does not shift another's dice.
        let [lost, held, doubled, flipped] =
            [self.loss, self.reorder, self.duplicate, self.corrupt].map(|p| chance(rng, p));
        let jitters = [0, 1].map(|_| Duration::from_nanos(rng.below(self.jitter.as_nanos() as u64 + 1)));
        if lost || len > self.mtu || self.drop.contains(&nth) {
            return (Vec::new(), false);
        }
        let mut sent = now;
        if let Some((rate, queue)) = self.rate {
            let start = self.busy_until.max(now);
            if start.since(now) > queue {
                return (Vec::new(), false);
            }
            sent = start + Duration::from_nanos((len as u64).saturating_mul(1_000_000_000) / rate);
            self.busy_until = sent;
        }
        let held = if held { self.delay * 4 } else { Duration::ZERO };
        let copies = if doubled { 2 } else { 1 };
        (jitters.iter().take(copies).map(|jitter| sent + self.delay + held + *jitter).collect(), flipped)
    }
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    (rng.u32() as f64) < probability * (u32::MAX as f64 + 1.0)
}
