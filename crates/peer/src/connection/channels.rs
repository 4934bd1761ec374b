//! Data channels (webrtc-pc §6).

use super::PeerConnection;
use crate::data::{self, Data};
use crate::error::{Error, InvalidState};
use crate::recording::Input;
use crate::{ChannelConfig, ChannelId, DataChannelState, MessageKind};
use alloc::format;
use bytes::Bytes;
use siskin_base::Instant;

impl PeerConnection {
    /// A new channel. It may be made at any time; it opens, and `ChannelOpen` tells, once the connection is up.
    ///
    /// # Errors
    /// `TypeError` if an argument is out of range; `OperationError` if the id is taken or there are too many;
    /// `InvalidStateError` if the connection is closed.
    pub fn create_data_channel(&mut self, now: Instant, config: ChannelConfig) -> Result<ChannelId, Error> {
        self.note(now, || Input::CreateDataChannel(config.clone()));
        self.check_open()?;
        data::check(&config)?;
        let id = self.data_mut(now)?.open(now, config)?;
        self.update_negotiation_needed();
        self.settle(now);
        Ok(id)
    }

    /// Sends a message, an empty one too. It is queued, not copied.
    ///
    /// # Errors
    /// `InvalidStateError` unless the channel is open; `TypeError` if the message is larger than the peer takes;
    /// `OperationError` if the buffer is full: [`Event::Sendable`](crate::Event::Sendable) tells when it is not.
    pub fn send(
        &mut self,
        now: Instant,
        channel: ChannelId,
        kind: MessageKind,
        data: Bytes,
    ) -> Result<(), Error> {
        self.note(now, || Input::Send(channel, kind, data.clone()));
        let channels = self.data.as_mut().ok_or(Error::InvalidState(InvalidState::ChannelNotOpen))?;
        channels.send(now, channel, kind, data)
    }

    /// Closes a channel once what was sent on it is delivered; `ChannelClosed` tells when.
    pub fn close_channel(&mut self, now: Instant, channel: ChannelId) {
        self.note(now, || Input::CloseChannel(channel));
        if let Some(data) = &mut self.data {
            data.close(now, channel);
        }
        self.settle(now);
    }

    /// Bytes that were sent on the channel and have not left yet (`bufferedAmount`).
    pub fn buffered_amount(&self, channel: ChannelId) -> usize {
        self.data.as_ref().map_or(0, |data| data.channels().buffered_amount(channel))
    }

    /// Sets the amount, in bytes, at which `ChannelBufferedAmountLow` tells (`bufferedAmountLowThreshold`); 0 at first.
    pub fn set_buffered_amount_low_threshold(&mut self, now: Instant, channel: ChannelId, bytes: usize) {
        self.note(now, || Input::SetBufferedAmountLowThreshold(channel, bytes));
        if let Some(data) = &mut self.data {
            data.channels_mut().set_buffered_amount_low_threshold(channel, bytes);
        }
    }

    /// Where a channel stands (`readyState`).
    pub fn channel_state(&self, channel: ChannelId) -> DataChannelState {
        self.data.as_ref().map_or(DataChannelState::Closed, |data| data.channels().state(channel))
    }

    /// What a channel was asked to be, by either side; `None` once it is closed.
    pub fn channel_config(&self, channel: ChannelId) -> Option<&ChannelConfig> {
        self.data.as_ref()?.channels().channel_config(channel)
    }

    /// A channel's stream, which the W3C calls its `id`; `None` until the DTLS role decides it.
    pub fn channel_stream(&self, channel: ChannelId) -> Option<u16> {
        self.data.as_ref()?.channels().stream(channel)
    }

    /// Largest message that the peer takes, in bytes, `usize::MAX` for any (`RTCSctpTransport.maxMessageSize`); `None`
    /// until that is negotiated.
    pub fn max_message_size(&self) -> Option<usize> {
        let data = self.data.as_ref().filter(|data| data.state().is_some())?;
        Some(data.channels().association().max_send_message())
    }

    /// Counters and estimates of the SCTP association; `None` until there is one.
    pub fn sctp_stats(&self) -> Option<siskin_sctp::Stats> {
        self.data.as_ref().map(|data| data.channels().association().stats())
    }

    /// The association, made when it is first needed, and anew once the one before is over: a data section that was
    /// refused may come back (RFC 8841 §10.4).
    pub(super) fn data_mut(&mut self, now: Instant) -> Result<&mut Data, Error> {
        if !self.wants_data() {
            let rng = self.rng.fork(&format!("sctp {}", self.associations));
            let mut next = Data::new(&self.config, rng, now)?;
            if let Some(mut over) = self.data.take() {
                while let Some(event) = over.poll_event(now) {
                    self.events.push_back(event);
                }
                next.follow(&over);
            }
            self.associations += 1;
            self.data = Some(next);
        }
        self.data.as_mut().ok_or(Error::InvalidState(InvalidState::Closed))
    }
}
