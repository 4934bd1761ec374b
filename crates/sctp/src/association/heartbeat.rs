//! Whether the peer is still there when nothing flows (RFC 9260 §8.3).

use crate::Config;
use crate::wire::{Heartbeat, ParamType, put_param};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::{Reader, Writer};
use siskin_base::{Instant, Rng, earliest};

/// Idle --interval over, nothing acknowledged meanwhile--> Waiting --HEARTBEAT ACK--> Idle; Waiting --RTO--> Idle, one error
#[derive(Debug)]
pub(super) struct Heartbeats {
    interval: Option<Duration>,
    due: Option<Instant>,
    waiting: Option<Waiting>,
    /// Heartbeats in a row that were not answered.
    missed: u32,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    nonce: u64,
    sent: Instant,
    until: Instant,
}

/// What the timer asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    /// The last one was not answered.
    Missed,
    /// A chunk to send.
    Send(Vec<u8>),
}

impl Heartbeats {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let interval = config.heartbeat_interval.filter(|interval| !interval.is_zero());
        Self { interval, due: interval.map(|interval| now + interval), waiting: None, missed: 0 }
    }

    /// The peer acknowledged data: it is there.
    pub(super) fn on_alive(&mut self, now: Instant, rto: Duration) {
        self.due = self.interval.map(|interval| now + interval + rto);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, rto: Duration, rng: &mut Rng) -> Beat {
        if self.waiting.is_some_and(|waiting| waiting.until <= now) {
            self.waiting = None;
            self.missed = self.missed.saturating_add(1);
            return Beat::Missed;
        }
        if self.waiting.is_some() || self.due.is_none_or(|due| now < due) {
            return Beat::Nothing;
        }
        // RFC 9260 §8.3: the RTO doubles with each that is not answered, and is spread by half of it either way.
        let rto_ms =
            u64::try_from(rto.as_millis()).unwrap_or(u64::MAX).saturating_mul(1 << self.missed.min(6));
        self.on_alive(now, Duration::from_millis(rto_ms / 2 + rng.below(rto_ms.max(1))));
        let nonce = rng.u64();
        self.waiting = Some(Waiting { nonce, sent: now, until: now + rto });
        let mut info = Vec::new();
        let _ = put_param(&mut info, ParamType::HEARTBEAT_INFO, |out| out.put_u64(nonce));
        let mut chunk = Vec::new();
        let _ = Heartbeat { info: &info }.write(&mut chunk);
        Beat::Send(chunk)
    }

    /// The round trip, if this answers the heartbeat that we wait for.
    pub(super) fn on_ack(&mut self, now: Instant, content: &[u8]) -> Option<Duration> {
        let nonce = Reader::new(content).u64().ok()?;
        let waiting = self.waiting.filter(|waiting| waiting.nonce == nonce)?;
        self.waiting = None;
        self.missed = 0;
        Some(now.since(waiting.sent))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.waiting {
            Some(waiting) => Some(waiting.until),
            None => earliest(self.due, None),
        }
    }
}
