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
        Self { interval, due: interval.map(|interval| now + interval), waiting: None }
    }

    /// The peer acknowledged data: it is there.
    pub(super) fn on_alive(&mut self, now: Instant, rto: Duration) {
        self.due = self.interval.map(|interval| now + interval + rto);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, rto: Duration, rng: &mut Rng) -> Beat {
        if self.waiting.is_some_and(|waiting| waiting.until <= now) {
            self.waiting = None;
            return Beat::Missed;
        }
        if self.waiting.is_some() || self.due.is_none_or(|due| now < due) {
            return Beat::Nothing;
        }
        self.on_alive(now, rto);
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
        Some(now.since(waiting.sent))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.waiting {
            Some(waiting) => Some(waiting.until),
            None => earliest(self.due, None),
        }
    }
}
