//! Whether the application sends less than it may: then nothing that arrives tells how much more would.

use super::meter::Meter;
use crate::Rate;

/// In hundredths of the target: idle below the first, busy again above the second.
const IDLE: u32 = 65;
const BUSY: u32 = 80;

#[derive(Clone, Debug)]
pub(super) struct Idle {
    sent: Meter,
    idle: bool,
}

impl Idle {
    pub(super) const fn new(max_packets: usize) -> Self {
        Self { sent: Meter::new(max_packets), idle: false }
    }

    pub(super) fn sent(&mut self, now: i64, bytes: usize) {
        self.sent.push(now, bytes);
    }

    /// Looks again; whether it is idle.
    pub(super) fn update(&mut self, now: i64, target: Rate) -> bool {
        self.sent.forget(now);
        let average = self.sent.average();
        self.idle = if self.idle { average < target.percent(BUSY) } else { average < target.percent(IDLE) };
        self.idle
    }
}
