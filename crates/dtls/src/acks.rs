//! What we acknowledge, and when (RFC 9147 §7.1).

use crate::ack::{LENGTH_LEN, NUMBER_LEN};
use crate::{Ack, RecordNumber};
use alloc::collections::BTreeSet;
use siskin_base::{Instant, earliest};

/// The records of the peer's current flight that arrived.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    numbers: BTreeSet<RecordNumber>,
    /// An ACK is to be sent now.
    wanted: bool,
    /// An ACK is to be sent then, if the flight is not whole.
    due: Option<Instant>,
}

impl Acks {
    /// A record with handshake messages was processed or kept.
    pub(crate) fn note(&mut self, number: RecordNumber) {
        self.numbers.insert(number);
        if self.numbers.len() > MAX_NUMBERS {
            self.numbers.pop_first();
        }
    }

    /// Whether there is nothing to acknowledge.
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// An ACK goes out with the next datagrams.
    pub(crate) const fn want(&mut self) {
        self.wanted = true;
    }

    /// An ACK goes out at `due`, or before, unless the flight is whole by then.
    pub(crate) fn want_at(&mut self, due: Instant) {
        if !self.wanted {
            self.due = earliest(self.due, Some(due));
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.due.is_some_and(|due| due <= now) {
            (self.due, self.wanted) = (None, true);
        }
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The flight is whole and answered, or over.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The ACK to send, if it is time. What it acknowledged may be acknowledged again, until the flight is whole.
    /// Of more than fits into so many bytes as `room` says the newest: what is not named comes again, and is named then.
    pub(crate) fn take(&mut self, room: impl FnOnce() -> usize) -> Option<Ack> {
        if !core::mem::take(&mut self.wanted) {
            return None;
        }
        self.due = None;
        let most = room().saturating_sub(LENGTH_LEN) / NUMBER_LEN;
        let oldest = self.numbers.len().saturating_sub(most.max(1));
        Some(Ack { numbers: self.numbers.iter().skip(oldest).copied().collect() })
    }
}

/// So that an ACK fits into a usual datagram: the oldest go first, they were acknowledged before.
const MAX_NUMBERS: usize = 32;
