//! When a SACK is sent (RFC 9260 §6.2).

use core::time::Duration;
use siskin_base::Instant;

/// Nothing --data--> Delayed --second packet, gap, I bit or timeout--> Now --sent--> Nothing
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Delayed(Instant),
    Now,
}

/// Decides when to acknowledge.
#[derive(Debug)]
pub(crate) struct Acks {
    due: Due,
    delay: Duration,
    /// The first DATA chunk is acknowledged at once: it gives the peer its first round-trip time.
    started: bool,
}

impl Acks {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { due: Due::Nothing, delay, started: false }
    }

    /// A packet with DATA chunks has been read; `at_once` if something in it must not wait.
    pub(crate) fn on_packet(&mut self, now: Instant, at_once: bool) {
        let at_once = at_once || !core::mem::replace(&mut self.started, true);
        self.due = match self.due {
            Due::Nothing if !at_once => Due::Delayed(now + self.delay),
            // RFC 9260 §6.2: at least every second packet.
            _ => Due::Now,
        };
    }

    pub(crate) fn at_once(&mut self) {
        self.due = Due::Now;
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if matches!(self.due, Due::Delayed(at) if at <= now) {
            self.due = Due::Now;
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.due {
            Due::Delayed(at) => Some(at),
            Due::Nothing | Due::Now => None,
        }
    }

    /// Whether a SACK must go out now.
    pub(crate) fn is_due(&self) -> bool {
        self.due == Due::Now
    }

    /// Whether one may ride along with DATA (RFC 9260 §6.2, bundling).
    pub(crate) fn is_pending(&self) -> bool {
        self.due != Due::Nothing
    }

    pub(crate) fn sent(&mut self) {
        self.due = Due::Nothing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Instant = Instant::from_millis;

    #[test]
    fn rfc9260_6_2_every_second_packet_or_200_ms() {
        let mut acks = Acks::new(Duration::from_millis(200));
        acks.on_packet(MS(0), false);
        assert!(acks.is_due(), "the first one at once");
        acks.sent();
        acks.on_packet(MS(10), false);
        assert!(!acks.is_due() && acks.is_pending());
        assert_eq!(acks.poll_timeout(), Some(MS(210)));
        acks.on_packet(MS(20), false);
        assert!(acks.is_due());
        acks.sent();
        acks.on_packet(MS(30), false);
        acks.handle_timeout(MS(229));
        assert!(!acks.is_due());
        acks.handle_timeout(MS(230));
        assert!(acks.is_due());
        acks.sent();
        acks.on_packet(MS(300), true);
        assert!(acks.is_due(), "RFC 7053: the I bit");
    }
}
