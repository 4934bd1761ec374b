//! The processor time that this process has used.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// In all threads, in the kernel as well.
pub fn process() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("every system has it").into()
}
