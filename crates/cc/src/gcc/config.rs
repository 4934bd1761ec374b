//! Limits, each with its default; what is counted.

use super::Usage;
use crate::Rate;
use core::time::Duration;

/// How [`Gcc`](super::Gcc) behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where it begins: 300 kbit/s.
    pub start: Rate,
    /// Never less than this: 30 kbit/s, which is one voice.
    pub min: Rate,
    /// Never more than this: 100 Mbit/s.
    pub max: Rate,
    /// Packets leave so many hundredths as fast as the target says: 150.
    pub pacing_percent: u32,
    /// Whether there are probes: true. Without padding they only show what media fills.
    pub probing: bool,
    /// While less is sent than the target, a probe leaves every so often: 5 s.
    pub idle_probe_interval: Duration,
    /// Without any feedback for so long, though packets leave, the rate falls: 1 s. And again after each half of it.
    pub feedback_timeout: Duration,
    /// Packets in a window that are remembered, to measure rates: 2,048.
    pub max_packets: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            start: Rate::from_kbps(300),
            min: Rate::from_kbps(30),
            max: Rate::from_kbps(100_000),
            pacing_percent: 150,
            probing: true,
            idle_probe_interval: Duration::from_secs(5),
            feedback_timeout: Duration::from_secs(1),
            max_packets: 2_048,
        }
    }
}

impl Config {
    /// For devices: up to 4 Mbit/s, 256 packets remembered.
    pub fn small() -> Self {
        Self { max: Rate::from_kbps(4_000), max_packets: 256, ..Self::default() }
    }
}

/// What it thinks, and what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// What the delay allows.
    pub delay_based: Rate,
    /// What the losses allow.
    pub loss_based: Rate,
    /// What arrived in the last half second.
    pub arrived: Rate,
    /// What the delay says about the path.
    pub usage: Usage,
    /// How much longer packets take than the fastest of the last seconds.
    pub queue: Duration,
    /// Losses in the last window, in thousandths.
    pub loss: u32,
    /// Times that the delay made it decrease.
    pub decreases: u64,
    /// Times that losses made it decrease.
    pub loss_decreases: u64,
    /// Times that feedback stayed away.
    pub feedback_timeouts: u64,
    /// Probes that were sent.
    pub probes: u64,
    /// Probes that showed something.
    pub probe_results: u64,
}
