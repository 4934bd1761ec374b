//! One channel and its states.

use crate::{ChannelConfig, ChannelId};
use alloc::vec::Vec;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// Where a channel stands, in W3C's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// Waits for the association or for its stream.
    Connecting,
    /// Messages flow.
    Open,
    /// One side closes it: what was sent before is still delivered.
    Closing,
    /// Over.
    Closed,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) config: ChannelConfig,
    /// Known once the DTLS role is.
    pub(crate) stream: Option<u16>,
    pub(crate) state: State,
    /// Something came from the peer on it: from now on messages may overtake (RFC 8832 §6).
    pub(crate) heard: bool,
    pub(crate) low_threshold: usize,
    /// Bytes of its names that count against [`Config::max_names`](crate::Config::max_names).
    pub(crate) counted_names: usize,
    /// Pieces of a message in the deprecated partial form (RFC 8831 §6.6).
    pub(crate) partial: Vec<u8>,
}

/// Connecting --connected, stream known--> Open --close or the peer's reset--> Closing --both sides reset--> gone
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Connecting,
    Open,
    /// Which of the two resets has been done.
    Closing {
        ours: bool,
        theirs: bool,
    },
}

impl Channel {
    pub(crate) fn new(id: ChannelId, config: ChannelConfig, stream: Option<u16>) -> Self {
        let heard = config.negotiated.is_some();
        Self {
            id,
            config,
            stream,
            state: State::Connecting,
            heard,
            low_threshold: 0,
            counted_names: 0,
            partial: Vec::new(),
        }
    }

    pub(crate) fn public_state(&self) -> ChannelState {
        match self.state {
            State::Connecting => ChannelState::Connecting,
            State::Open => ChannelState::Open,
            State::Closing { .. } => ChannelState::Closing,
        }
    }
}
