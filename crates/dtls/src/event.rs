//! What a connection tells.

use crate::{CipherSuite, Error, ProtocolVersion};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;
use siskin_base::{KeyingMaterial, SrtpProfile};
use siskin_crypto::NamedGroup;

/// What a connection tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The keys for SRTP, if a profile was agreed on. Comes before [`Connected`](Self::Connected).
    KeyingMaterial(Box<KeyingMaterial>),
    /// The handshake is complete and the peer is who the fingerprints say.
    #[non_exhaustive]
    Connected {
        /// The version agreed on.
        version: ProtocolVersion,
        /// The cipher suite.
        cipher_suite: CipherSuite,
        /// The group of the key exchange.
        group: NamedGroup,
        /// The SRTP profile, if any.
        srtp: Option<SrtpProfile>,
    },
    /// Data from the peer, in clear in these bytes of the datagram that
    /// [`handle_datagram`](crate::Connection::handle_datagram) was last called with. Take all events before the next call.
    ApplicationData(Range<usize>),
    /// Data from the peer that came before [`Connected`](Self::Connected).
    EarlyApplicationData(Vec<u8>),
    /// The peer closed the connection in good order; nothing can be sent any more. The last event.
    PeerClosed,
    /// The connection ended otherwise. The last event.
    Closed(Error),
}

/// What is still to be told, in order.
///
/// The first has a place of its own, since most datagrams bring one: to go through the queue takes as long as to read a
/// record's header.
#[derive(Default)]
pub(crate) struct Events {
    /// `None`: nothing is in `rest` either.
    first: Option<Event>,
    rest: VecDeque<Event>,
}

impl Events {
    #[inline(always)]
    pub(crate) fn push(&mut self, event: Event) {
        if self.first.is_none() {
            self.first = Some(event);
        } else {
            self.rest.push_back(event);
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.first.take();
        if !self.rest.is_empty() {
            self.advance();
        }
        event
    }

    #[cold]
    fn advance(&mut self) {
        self.first = self.rest.pop_front();
    }
}

/// What has been counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Records that were understood.
    pub records_received: u64,
    /// Records sent.
    pub records_sent: u64,
    /// Bytes of application data received.
    pub bytes_received: u64,
    /// Bytes of application data sent.
    pub bytes_sent: u64,
    /// Records dropped because they are none, or come where none can.
    pub dropped_malformed: u64,
    /// Records dropped because they came before.
    pub dropped_replayed: u64,
    /// Records dropped because they could not be opened.
    pub dropped_forged: u64,
    /// Records of an epoch that is over, or too early and beyond the limit.
    pub dropped_epoch: u64,
    /// Flights sent again.
    pub retransmissions: u64,
}
