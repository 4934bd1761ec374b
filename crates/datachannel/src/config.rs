//! Limits, and what a channel is asked to be.

use crate::wire::ChannelType;
use alloc::string::String;
use core::time::Duration;
use siskin_sctp::Reliability;

// RFC 8831 §6.6: not done, because a message's length is the application's choice, as in browsers: at most 16 KB without
// interleaving.
/// How many channels there may be, and what they may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels at one time, the peer's included: 65535. Further ones of the peer are closed.
    pub max_channels: usize,
    /// Bytes of messages being pieced together from partial messages (RFC 8831 §6.6, deprecated), on all channels: 256 KiB.
    pub max_partial: usize,
    /// Bytes of labels and subprotocols of the channels that the peer opened: 4 MiB. A channel beyond them is closed.
    pub max_names: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_channels: 65535, max_partial: 256 << 10, max_names: 4 << 20 }
    }
}

impl Config {
    /// For devices: 16 channels, 16 KiB each of names and of partial messages.
    pub const fn small() -> Self {
        Self { max_channels: 16, max_partial: 16 << 10, max_names: 16 << 10 }
    }
}

/// What a channel is asked to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Name, at most 65535 bytes of UTF-8.
    pub label: String,
    /// Subprotocol, at most 65535 bytes of UTF-8.
    pub protocol: String,
    /// Whether messages keep their order.
    pub ordered: bool,
    /// When a message is given up.
    pub reliability: Reliability,
    /// Share among the channels that have something to send.
    pub priority: Priority,
    /// The stream that both sides agreed on by other means, 0 to 65534; then nothing is said on the wire.
    pub negotiated: Option<u16>,
}

impl ChannelConfig {
    /// A reliable and ordered channel.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            protocol: String::new(),
            ordered: true,
            reliability: Reliability::Reliable,
            priority: Priority::LOW,
            negotiated: None,
        }
    }

    /// The two fields of DATA_CHANNEL_OPEN that say how messages travel.
    pub(crate) fn channel_type(&self) -> (ChannelType, u32) {
        let (kind, parameter) = match self.reliability {
            Reliability::Reliable => (ChannelType::RELIABLE, 0),
            Reliability::MaxRetransmits(max) => (ChannelType::PARTIAL_RELIABLE_REXMIT, max.into()),
            Reliability::Lifetime(lifetime) => {
                let millis = u32::try_from(lifetime.as_millis()).unwrap_or(u32::MAX);
                (ChannelType::PARTIAL_RELIABLE_TIMED, millis)
            }
        };
        let unordered = if self.ordered { 0 } else { ChannelType::RELIABLE_UNORDERED.0 };
        (ChannelType(kind.0 | unordered), parameter)
    }

    pub(crate) fn reliability_of(kind: ChannelType, parameter: u32) -> Reliability {
        match kind.kind() {
            ChannelType::PARTIAL_RELIABLE_REXMIT => {
                Reliability::MaxRetransmits(u16::try_from(parameter).unwrap_or(u16::MAX))
            }
            ChannelType::PARTIAL_RELIABLE_TIMED => {
                Reliability::Lifetime(Duration::from_millis(parameter.into()))
            }
            _ => Reliability::Reliable,
        }
    }
}

siskin_base::code_points! {
    /// Priorities of channels as weights, RFC 8831 §6.4.
    pub struct Priority(u16) { VERY_LOW = 128, LOW = 256, MEDIUM = 512, HIGH = 1024, }
}
