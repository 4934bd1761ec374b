//! Whose message goes next: weighted fair queueing over streams (RFC 8260 §3.6, RFC 8831 §6.4).
//!
//! A message on a stream of weight 512 counts half as much as one on a stream of 256, so that the former gets twice the
//! bytes when both have something to send. Without interleaving (RFC 8260) a message is sent whole before the next.

use alloc::collections::BTreeSet;

/// Streams with messages, by the virtual time at which their next message would be through.
#[derive(Debug, Default)]
pub(super) struct Scheduler {
    virtual_time: u64,
    ready: BTreeSet<(u64, u16)>,
}

impl Scheduler {
    /// Enters a stream whose next message has `len` bytes; `served` is what this last gave for the stream.
    pub(super) fn enter(&mut self, stream: u16, weight: u16, len: usize, served: u64) -> u64 {
        let cost = (len as u64 + PER_MESSAGE).saturating_mul(SCALE) / u64::from(weight.max(1));
        let through = served.max(self.virtual_time).saturating_add(cost);
        self.ready.insert((through, stream));
        through
    }

    /// Takes the stream whose turn it is.
    pub(super) fn next(&mut self) -> Option<u16> {
        let (through, stream) = self.ready.pop_first()?;
        self.virtual_time = self.virtual_time.max(through);
        Some(stream)
    }
}

/// Small messages cost headers too.
const PER_MESSAGE: u64 = 16;
const SCALE: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shared_by_weight() {
        let mut scheduler = Scheduler::default();
        let weights = [128, 256, 512, 1024];
        let mut served = [0u64; 4];
        let mut sent = [0u32; 4];
        for stream in 0..4 {
            served[stream] = scheduler.enter(stream as u16, weights[stream], 1000, 0);
        }
        for _ in 0..1500 {
            let stream = usize::from(scheduler.next().unwrap());
            sent[stream] += 1;
            served[stream] = scheduler.enter(stream as u16, weights[stream], 1000, served[stream]);
        }
        for (stream, expected) in [100, 200, 400, 800].into_iter().enumerate() {
            assert!(sent[stream].abs_diff(expected) <= 2, "{sent:?}");
        }
    }

    #[test]
    fn one_that_was_idle_does_not_catch_up() {
        let mut scheduler = Scheduler::default();
        let mut busy = 0;
        for _ in 0..100 {
            busy = scheduler.enter(1, 256, 1000, busy);
            scheduler.next();
        }
        let mut idle = scheduler.enter(2, 256, 1000, 0);
        busy = scheduler.enter(1, 256, 1000, busy);
        let mut turns = [0; 3];
        for _ in 0..10 {
            let stream = scheduler.next().unwrap();
            turns[usize::from(stream)] += 1;
            match stream {
                1 => busy = scheduler.enter(1, 256, 1000, busy),
                _ => idle = scheduler.enter(2, 256, 1000, idle),
            }
        }
        assert_eq!(turns, [0, 5, 5]);
    }
}
