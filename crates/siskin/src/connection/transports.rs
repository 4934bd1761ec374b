//! `RTCSctpTransport`, `RTCDtlsTransport` and `RTCIceTransport`: views of one connection's transport.

use super::{ConnectionShared, States};
use siskin_peer::{DtlsTransportState, IceConnectionState, IceGatheringState, SctpTransportState};
use std::sync::Arc;
use tokio::sync::watch;

/// `RTCSctpTransport`.
#[derive(Clone, Debug)]
pub struct SctpTransport {
    shared: Arc<ConnectionShared>,
    states: watch::Receiver<States>,
}

/// `RTCDtlsTransport`.
#[derive(Clone, Debug)]
pub struct DtlsTransport {
    states: watch::Receiver<States>,
}

/// `RTCIceTransport`.
#[derive(Clone, Debug)]
pub struct IceTransport {
    states: watch::Receiver<States>,
}

impl SctpTransport {
    pub(super) fn new(shared: Arc<ConnectionShared>, states: watch::Receiver<States>) -> Self {
        Self { shared, states }
    }

    /// The state of the association.
    pub fn state(&self) -> SctpTransportState {
        self.states.borrow().sctp.unwrap_or_default()
    }

    /// Largest message that the peer takes, in bytes; `u64::MAX` if it takes any.
    pub fn max_message_size(&self) -> u64 {
        self.shared.max_message_size()
    }

    /// What it runs over.
    pub fn transport(&self) -> DtlsTransport {
        DtlsTransport { states: self.states.clone() }
    }
}

impl DtlsTransport {
    /// The state.
    pub fn state(&self) -> DtlsTransportState {
        self.states.borrow().dtls
    }

    /// What it runs over.
    pub fn ice_transport(&self) -> IceTransport {
        IceTransport { states: self.states.clone() }
    }
}

impl IceTransport {
    /// The state.
    pub fn state(&self) -> IceConnectionState {
        self.states.borrow().ice_connection
    }

    /// The gathering state.
    pub fn gathering_state(&self) -> IceGatheringState {
        self.states.borrow().ice_gathering
    }
}
