//! Work of seconds, measured a few times in turns: processor and wall time, and the table of them.

use crate::cpu;
use std::future::Future;
use std::time::{Duration, Instant};

/// What one operation took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Of the processor, in all threads of this process.
    pub cpu: Duration,
    /// On the wall.
    pub wall: Duration,
}

impl Cost {
    /// More than anything takes.
    pub const MOST: Self = Self { cpu: Duration::MAX, wall: Duration::MAX };

    /// Measures `work`.
    pub async fn of<T>(work: impl Future<Output = T>) -> (T, Self) {
        let (cpu, wall) = (cpu::process(), Instant::now());
        let done = work.await;
        (done, Self { cpu: cpu::process() - cpu, wall: wall.elapsed() })
    }

    /// The least of both, each for itself.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self { cpu: self.cpu.min(other.cpu), wall: self.wall.min(other.wall) }
    }
}

/// The number behind `--rounds`, or one: then each thing is only shown to work.
pub fn rounds() -> usize {
    let mut args = std::env::args().skip_while(|arg| arg != "--rounds").skip(1);
    args.next().and_then(|count| count.parse().ok()).unwrap_or(1)
}
