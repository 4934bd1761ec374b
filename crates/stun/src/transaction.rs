//! When a request goes out again over datagrams, and when it is given up (RFC 8489 §6.2.1).

use crate::wire::TransactionId;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;
use siskin_base::wire::Writer as _;

/// The constants of a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The time until the first retransmission; it doubles from then on. Default: 500 ms.
    pub rto: Duration,
    /// How often the request is sent in all. Default: 7.
    pub rc: u32,
    /// What follows the last sending, in units of `rto`. Default: 16.
    pub rm: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { rto: Duration::from_millis(500), rc: 7, rm: 16 }
    }
}

impl Timing {
    /// From the first sending to the end without an answer: 39.5 s by default.
    pub fn total(&self) -> Duration {
        let doublings = 1_u32.checked_shl(self.rc.saturating_sub(1)).unwrap_or(u32::MAX) - 1;
        self.rto.saturating_mul(doublings.saturating_add(self.rm))
    }
}

/// The clockwork of a transaction whose bytes are made elsewhere.
///
/// ```text
/// Awaiting --response--> Closed;  Awaiting --Rc sends, then Rm*RTO--> Closed          (RFC 8489 §6.2.1)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    timing: Timing,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Awaiting { sent: u32, due: Instant, to_send: bool },
    Closed,
}

impl Timeline {
    /// Due to be sent at `now`.
    pub const fn new(timing: Timing, now: Instant) -> Self {
        Self { timing, state: State::Awaiting { sent: 0, due: now, to_send: false } }
    }

    /// Moves on; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let State::Awaiting { sent, due, .. } = self.state else { return };
        if now < due {
            return;
        }
        self.state = if sent >= self.timing.rc {
            State::Closed
        } else {
            let sent = sent + 1;
            let factor = if sent == self.timing.rc { self.timing.rm } else { 1 << (sent - 1).min(30) };
            State::Awaiting { sent, due: now + self.timing.rto.saturating_mul(factor), to_send: true }
        };
    }

    /// Whether the request is to be sent now; asking takes it as sent.
    pub fn take_send(&mut self) -> bool {
        match &mut self.state {
            State::Awaiting { to_send, .. } => core::mem::take(to_send),
            State::Closed => false,
        }
    }

    /// Whether [`take_send`](Self::take_send) would say yes.
    pub fn wants_to_send(&self) -> bool {
        matches!(self.state, State::Awaiting { to_send: true, .. })
    }

    /// How often it was sent, or is about to be.
    pub fn sent(&self) -> u32 {
        match self.state {
            State::Awaiting { sent, .. } => sent,
            State::Closed => self.timing.rc,
        }
    }

    /// Ends it: a response came, or nobody waits any more.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Whether it has ended.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next due; `None` once closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Awaiting { due, .. } => Some(due),
            State::Closed => None,
        }
    }
}

/// A finished request that is sent until it is answered or given up.
#[derive(Clone, Debug)]
pub struct Transaction {
    request: Vec<u8>,
    timeline: Timeline,
}

impl Transaction {
    /// Sends `request` from `now` on, with the default [`Timing`].
    pub fn new(request: Vec<u8>, now: Instant) -> Self {
        Self::with_timing(request, Timing::default(), now)
    }

    /// Sends `request` from `now` on.
    pub const fn with_timing(request: Vec<u8>, timing: Timing, now: Instant) -> Self {
        Self { request, timeline: Timeline::new(timing, now) }
    }

    /// The transaction id in the request.
    pub fn id(&self) -> TransactionId {
        let id = self.request.get(8..20).and_then(|id| id.try_into().ok());
        TransactionId(id.unwrap_or_default())
    }

    /// Ends it: the response came.
    pub fn close(&mut self) {
        self.timeline.close();
    }

    /// Whether it has ended, by a response or without.
    pub fn is_closed(&self) -> bool {
        self.timeline.is_closed()
    }

    /// How often it was sent, or is about to be.
    pub fn sent(&self) -> u32 {
        self.timeline.sent()
    }

    /// Moves on; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.timeline.handle_timeout(now);
    }

    /// Appends the request to `out` if it is due; whether it was.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        if self.timeline.sent() == 0 {
            self.timeline.handle_timeout(now);
        }
        let due = self.timeline.take_send();
        if due {
            out.put(&self.request);
        }
        due
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next due; `None` once closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timeline.poll_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8489_6_2_1_timeline() {
        let start = Instant::from_millis(0);
        let mut t = Transaction::new(b"req".to_vec(), start);
        let mut sends = Vec::new();
        let mut last = start;
        while let Some(now) = t.poll_timeout() {
            t.handle_timeout(now);
            t.handle_timeout(now);
            last = now;
            if t.poll_transmit(now, &mut Vec::new()) {
                sends.push(now.since(start).as_millis());
            }
            assert!(!t.poll_transmit(now, &mut Vec::new()));
        }
        assert_eq!(sends, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
        assert_eq!(last.since(start).as_millis(), 39_500);
        assert_eq!(Timing::default().total().as_millis(), 39_500);
    }

    #[test]
    fn a_response_ends_it() {
        let mut t = Transaction::new(b"req".to_vec(), Instant::ZERO);
        let mut out = Vec::new();
        assert!(t.poll_transmit(Instant::ZERO, &mut out));
        assert_eq!(out, b"req");
        t.close();
        assert!(t.is_closed());
        assert_eq!(t.poll_timeout(), None);
        t.handle_timeout(Instant::from_millis(10_000));
        assert!(!t.poll_transmit(Instant::from_millis(10_000), &mut out));
    }
}
