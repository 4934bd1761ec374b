//! Everything that comes out, through one call.

use crate::{ConnectionId, Endpoint, Event, PeerConnection};
use siskin_base::{Instant, Packet, Transmit};

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E = Event> {
    /// Send the datagram, or train of datagrams, that was written to the packet.
    Transmit(Transmit),
    /// Something happened.
    Event(E),
    /// Nothing more now: wait for input, or until then; `None` is never.
    Timeout(Option<Instant>),
}

impl PeerConnection {
    /// The next event, or else the next datagram, written to `out`, which is cleared first, or else the deadline: call it
    /// after every input until it gives [`Output::Timeout`].
    pub fn poll_output(&mut self, now: Instant, out: &mut Packet) -> Output {
        out.clear();
        if let Some(event) = self.poll_event() {
            return Output::Event(event);
        }
        if let Some(transmit) = self.poll_transmit(now, out) {
            return Output::Transmit(transmit);
        }
        // Having nothing to send can still have made an event.
        self.poll_event().map_or_else(|| Output::Timeout(self.poll_timeout()), Output::Event)
    }
}

impl Endpoint {
    /// As [`PeerConnection::poll_output`], for all connections.
    pub fn poll_output(&mut self, now: Instant, out: &mut Packet) -> Output<(ConnectionId, Event)> {
        out.clear();
        if let Some(event) = self.poll_event() {
            return Output::Event(event);
        }
        if let Some(transmit) = self.poll_transmit(now, out) {
            return Output::Transmit(transmit);
        }
        self.poll_event().map_or_else(|| Output::Timeout(self.poll_timeout()), Output::Event)
    }
}
