//! Paced packets over a path on which nothing waits: the estimate grows.

use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Ecn, Instant, PacketFeedback};
use siskin_cc::{Estimator, Gcc, Kind, Pacer, PacerConfig, Sent, gcc};

/// `None` if it does not.
pub(super) fn grows() -> Option<()> {
    let mut now = Instant::from_millis(1_000);
    let mut estimator = Gcc::new(gcc::Config::small(), now);
    let start = estimator.rates().target;
    let mut pacer = Pacer::new(PacerConfig::small(), estimator.rates(), now);
    let mut sequence = 0;
    for _ in 0..100 {
        for _ in 0..=estimator.rates().target.bytes_in(Duration::from_millis(30)) / 1_000 {
            pacer.push(now, Kind::Video, 1_000, ()).ok()?;
        }
        let end = now + Duration::from_millis(30);
        let mut feedback = Vec::new();
        while now < end {
            while let Some(ready) = pacer.poll_transmit(now) {
                let size = ready.size();
                estimator.handle_sent(now, Sent { sequence, size, probe: ready.probe() });
                let arrived = Some(now + Duration::from_millis(20));
                feedback.push(PacketFeedback { sequence, sent: now, arrived, size, ecn: Ecn::NotEct });
                sequence += 1;
            }
            now = pacer.poll_timeout().map_or(end, |due| due.min(end));
        }
        estimator.handle_feedback(now, &feedback);
        pacer.set_rates(now, estimator.rates());
    }
    (estimator.rates().target > start).then_some(())
}
