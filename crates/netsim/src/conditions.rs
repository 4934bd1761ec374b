//! What one seed of a campaign makes of the network between two hosts.

use crate::{HostId, Link, Network};
use core::time::Duration;
use siskin_base::{Instant, Rng};

/// A network between two hosts, drawn from a seed, as bad as networks with a connection on them get: up to 300 ms of
/// delay each way and 50 ms of jitter, up to a quarter lost, up to a fifth overtaken or doubled, up to a twentieth
/// damaged, datagrams of 600 to 1500 bytes, 20 kB/s and up, and one host that stops for a while.
///
/// Each of these is off in many seeds, so that it meets every other alone too.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// From host 0 to host 1, and back; without the damage, see [`corrupt`](Self::corrupt).
    pub links: [Link; 2],
    /// The largest datagram that passes, in bytes; the same both ways.
    pub mtu: usize,
    /// Probability that a datagram is damaged.
    pub corrupt: f64,
    /// Whether it is so from the start; otherwise from when the test calls [`start_damage`](Self::start_damage).
    pub corrupt_at_once: bool,
    /// A host that stops, when, and for how long.
    pub stall: Option<(HostId, Instant, Duration)>,
    /// When both ends, or one of them, do what a restart is to them.
    pub restart: Option<Instant>,
}

impl Conditions {
    /// The same seed gives the same conditions.
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Rng::for_tests(seed).fork("conditions");
        // Every die is thrown for every seed, so that a new setting at the end shifts none before it.
        let mtu = 600 + dice.below(901) as usize;
        let links = [0, 1].map(|_| link(&mut dice).mtu(mtu));
        let corrupt = share(&mut dice, 3, 0.05);
        let corrupt_at_once = dice.below(3) == 0;
        let stalled = dice.below(3) == 0;
        let (host, at) = (dice.below(2) as HostId, Instant::from_millis(dice.below(8_000)));
        let length = Duration::from_millis(100 + dice.below(6_000));
        let restarts = dice.below(3) == 0;
        let restart = Instant::from_millis(dice.below(10_000));
        Self {
            links,
            mtu,
            corrupt,
            corrupt_at_once,
            stall: stalled.then_some((host, at, length)),
            restart: restarts.then_some(restart),
        }
    }

    /// Two hosts, as [`Network::pair`] makes them, under these conditions.
    pub fn network(&self, rng: Rng) -> Network {
        let mut network = Network::pair(rng, Link::new(Duration::ZERO));
        for (from, link) in self.links.iter().enumerate() {
            let corrupt = if self.corrupt_at_once { self.corrupt } else { 0.0 };
            network.set_link(from, 1 - from, link.clone().corrupt(corrupt));
        }
        if let Some((host, at, length)) = self.stall {
            network.stall_between(host, at, at + length);
        }
        network
    }

    /// From now on datagrams are damaged, if the seed has it so.
    pub fn start_damage(&self, network: &mut Network) {
        network.set_corruption(0, 1, self.corrupt);
        network.set_corruption(1, 0, self.corrupt);
    }
}

fn link(dice: &mut Rng) -> Link {
    let far = dice.below(3) > 0;
    let delay = dice.below(if far { 301 } else { 21 });
    let jitter = if dice.below(2) == 0 { dice.below(51) } else { 0 };
    let link = Link::new(Duration::from_millis(delay))
        .jitter(Duration::from_millis(jitter))
        .loss(share(dice, 4, 0.25))
        .reorder(share(dice, 2, 0.2))
        .duplicate(share(dice, 2, 0.2));
    let slow = dice.below(3) == 0;
    let rate = 20_000 << dice.below(7);
    let queue = Duration::from_millis(100 + dice.below(500));
    if slow { link.rate(rate, queue) } else { link }
}

/// Evenly up to `most`; nothing in one seed of `off`.
fn share(dice: &mut Rng, off: u64, most: f64) -> f64 {
    let none = dice.below(off) == 0;
    let share = dice.below(1001) as f64 / 1000.0 * most;
    if none { 0.0 } else { share }
}
