//! The channels of one association, and the engine that drives both.

use crate::channel::{Channel, State};
use crate::event::ChannelId;
use crate::ids::Ids;
use crate::wire::{Dcep, Open, Ppid};
use crate::{ChannelConfig, ChannelState, Config, Event, Kind, OpenError, SendError};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use siskin_base::{Instant, Observation, Packet, Received, SetupRole, Transmit};
use siskin_sctp::{Association, Reliability, SendOptions};

/// Data channels (RFC 8831) over one association, which it owns.
///
/// After any call that takes `now`, poll until each gives `None`: [`poll_event`](Self::poll_event), then
/// [`poll_transmit`](Self::poll_transmit); then ask [`poll_timeout`](Self::poll_timeout) once.
#[derive(Debug)]
pub struct Channels {
    pub(crate) config: Config,
    pub(crate) association: Association,
    /// Boxed: a node of the map has room for eleven.
    pub(crate) channels: BTreeMap<ChannelId, Box<Channel>>,
    pub(crate) by_stream: BTreeMap<u16, ChannelId>,
    /// Channels that wait for a stream, in the order in which they were made.
    unassigned: VecDeque<ChannelId>,
    next: u64,
    pub(crate) ids: Option<Ids>,
    /// DCEP messages that found the send buffer full, by stream.
    unsent: VecDeque<(u16, Bytes)>,
    pub(crate) connected: bool,
    pub(crate) events: VecDeque<Event>,
    /// Bytes of names of the peer's channels, and of partial messages.
    pub(crate) names: usize,
    pub(crate) partial: usize,
    /// Messages that had no channel to go to.
    pub(crate) dropped: u64,
}

impl Channels {
    /// Channels over an association that has not been opened yet.
    pub fn new(config: Config, association: Association) -> Self {
        Self {
            config,
            association,
            channels: BTreeMap::new(),
            by_stream: BTreeMap::new(),
            unassigned: VecDeque::new(),
            next: 0,
            ids: None,
            unsent: VecDeque::new(),
            connected: false,
            events: VecDeque::new(),
            names: 0,
            partial: 0,
            dropped: 0,
        }
    }

    /// Gives new channels names that `before` has not given, for one that takes its place.
    pub fn name_after(&mut self, before: &Self) {
        self.next = self.next.max(before.next);
    }

    /// The association, for its stats and its state.
    pub fn association(&self) -> &Association {
        &self.association
    }

    /// The association, to open it, to close it and to set its sizes. Its events belong to the channels.
    pub fn association_mut(&mut self) -> &mut Association {
        &mut self.association
    }

    /// Says who is the DTLS client ([`SetupRole::Active`]) as soon as that is known: now channels get their streams.
    pub fn set_role(&mut self, now: Instant, role: SetupRole) {
        if self.ids.is_none() && matches!(role, SetupRole::Active | SetupRole::Passive) {
            self.ids = Some(Ids::new(role == SetupRole::Active));
            self.assign(now);
        }
    }

    /// Makes a channel. It may be made at any time: it opens when the association is up and the DTLS role known.
    pub fn open(&mut self, now: Instant, config: ChannelConfig) -> Result<ChannelId, OpenError> {
        let most = usize::from(u16::MAX);
        if config.label.len() > most || config.protocol.len() > most {
            return Err(OpenError::TooLong);
        }
        if self.channels.len() >= self.config.max_channels {
            return Err(OpenError::TooMany);
        }
        if self.association.is_closed() {
            return Err(OpenError::Disconnected);
        }
        if let Some(stream) = config.negotiated
            && (stream == u16::MAX || self.by_stream.contains_key(&stream))
        {
            return Err(OpenError::StreamInUse);
        }
        let negotiated = config.negotiated;
        let id = self.add(config, negotiated);
        if negotiated.is_none() {
            self.unassigned.push_back(id);
            self.assign(now);
        } else if self.connected {
            self.start(now, id);
        }
        Ok(id)
    }

    pub(crate) fn add(&mut self, config: ChannelConfig, stream: Option<u16>) -> ChannelId {
        let id = ChannelId(self.next);
        self.next += 1;
        if let Some(stream) = stream {
            self.by_stream.insert(stream, id);
        }
        self.channels.insert(id, Box::new(Channel::new(id, config, stream)));
        id
    }

    /// Gives streams to channels that wait for one.
    fn assign(&mut self, now: Instant) {
        let Some(ids) = &mut self.ids else { return };
        let limit = self.association.streams();
        let mut ready = Vec::new();
        while let Some(id) = self.unassigned.pop_front() {
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            channel.stream = ids.take(limit, |stream| self.by_stream.contains_key(&stream));
            if let Some(stream) = channel.stream {
                self.by_stream.insert(stream, id);
            }
            ready.push(id);
        }
        for id in ready {
            if self.channels.get(&id).is_some_and(|channel| channel.stream.is_none()) {
                self.remove(id); // RFC 8832 §6: none is left
            } else if self.connected {
                self.start(now, id);
            }
        }
    }

    /// The association is up.
    pub(crate) fn on_connected(&mut self, now: Instant) {
        self.connected = true;
        self.events.push_back(Event::Connected);
        let ids: Vec<ChannelId> = self.channels.keys().copied().collect();
        for id in ids {
            if self.channels.get(&id).is_some_and(|channel| channel.stream.is_some()) {
                self.start(now, id);
            }
        }
    }

    /// Opens a channel that has a stream, over an association that is up.
    fn start(&mut self, now: Instant, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.state == State::Connecting)
        else {
            return;
        };
        let Some(stream) = channel.stream else { return };
        if stream >= self.association.streams() {
            return self.remove(id);
        }
        let config = &channel.config;
        self.association.set_priority(stream, config.priority.0);
        self.association.set_buffered_amount_low_threshold(stream, channel.low_threshold);
        if config.negotiated.is_none() {
            let (channel_type, reliability) = config.channel_type();
            let mut message = Vec::new();
            let open = Open {
                channel_type,
                priority: config.priority.0,
                reliability,
                label: config.label.as_bytes(),
                protocol: config.protocol.as_bytes(),
            };
            let written = Dcep::Open(open).write(&mut message);
            if written.is_none() || !self.send_dcep(now, stream, message.into()) {
                return self.remove(id);
            }
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.state = State::Open;
        }
        self.events.push_back(Event::Opened(id));
    }

    /// Sends a message; an empty one too.
    pub fn send(&mut self, now: Instant, id: ChannelId, kind: Kind, data: Bytes) -> Result<(), SendError> {
        let channel = self.channels.get(&id).filter(|channel| channel.state == State::Open);
        let Some((channel, stream)) = channel.and_then(|channel| Some((channel, channel.stream?))) else {
            return Err(SendError::NotOpen);
        };
        if self.unsent.iter().any(|(waiting, _)| *waiting == stream) {
            return Err(SendError::BufferFull);
        }
        // RFC 8831 §6.6: SCTP has no empty messages, so one byte stands for none.
        let (ppid, data) = match (kind, data.is_empty()) {
            (Kind::Text, false) => (Ppid::STRING, data),
            (Kind::Text, true) => (Ppid::STRING_EMPTY, Bytes::from_static(&[0])),
            (Kind::Binary, false) => (Ppid::BINARY, data),
            (Kind::Binary, true) => (Ppid::BINARY_EMPTY, Bytes::from_static(&[0])),
        };
        let options = SendOptions {
            // RFC 8832 §6: nothing may overtake DATA_CHANNEL_OPEN.
            unordered: !channel.config.ordered && channel.heard,
            reliability: channel.config.reliability,
        };
        self.association.send(now, stream, ppid.0, data, options).map_err(|error| match error {
            siskin_sctp::SendError::TooLong => SendError::TooLong,
            siskin_sctp::SendError::BufferFull => SendError::BufferFull,
            _ => SendError::NotOpen,
        })
    }

    /// Closes a channel once everything queued on it is delivered (RFC 8831 §6.7); does nothing to one that is closing.
    pub fn close(&mut self, now: Instant, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        match (channel.state, channel.stream) {
            (State::Connecting, _) => self.remove(id),
            (State::Open, Some(stream)) => {
                channel.state = State::Closing { ours: false, theirs: false };
                let _ = self.association.reset_streams(now, &[stream]);
            }
            (State::Open, None) | (State::Closing { .. }, _) => {}
        }
    }

    /// Forgets a channel.
    pub(crate) fn remove(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.remove(&id) else { return };
        self.names = self.names.saturating_sub(channel.counted_names);
        self.partial = self.partial.saturating_sub(channel.partial.len());
        if let Some(stream) = channel.stream {
            self.by_stream.remove(&stream);
            self.unsent.retain(|(waiting, _)| *waiting != stream);
        }
        self.events.push_back(Event::Closed(id));
    }

    /// What a channel was asked to be, by whichever side.
    pub fn channel_config(&self, id: ChannelId) -> Option<&ChannelConfig> {
        self.channels.get(&id).map(|channel| &channel.config)
    }

    /// Where a channel stands.
    pub fn state(&self, id: ChannelId) -> ChannelState {
        self.channels.get(&id).map_or(ChannelState::Closed, |channel| channel.public_state())
    }

    /// The stream of a channel, which W3C calls its id; `None` while it is not known.
    pub fn stream(&self, id: ChannelId) -> Option<u16> {
        self.channels.get(&id).and_then(|channel| channel.stream)
    }

    /// The channels that are not closed, in the order in which they were made.
    pub fn ids(&self) -> impl Iterator<Item = ChannelId> + '_ {
        self.channels.keys().copied()
    }

    /// User bytes on a channel that were not sent yet.
    pub fn buffered_amount(&self, id: ChannelId) -> usize {
        self.stream(id).map_or(0, |stream| self.association.buffered_amount(stream))
    }

    /// Sets the amount at which [`Event::BufferedAmountLow`] is told when a channel falls to it; 0 at first.
    pub fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.low_threshold = bytes;
        if let Some(stream) = channel.stream {
            self.association.set_buffered_amount_low_threshold(stream, bytes);
        }
    }

    /// Messages of the peer that had no channel to go to, or made no sense.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes in one SCTP packet.
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.association.handle_datagram(now, received);
    }

    /// Lets timers that are due take effect; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.association.handle_timeout(now);
    }

    /// What happened. Messages count against SCTP's receive window until they are taken here.
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let event = self.association.poll_event()?;
            self.on_event(now, event);
        }
    }

    /// Appends one SCTP packet to the datagram that the caller has begun in `out` and leaves it open, like
    /// [`Association::poll_transmit`].
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.association.poll_transmit(now, out)
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None` is never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.association.poll_timeout()
    }

    /// Observations of the association below.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        self.association.poll_observation()
    }

    /// Acknowledges a channel of the peer's.
    pub(crate) fn acknowledge(&mut self, now: Instant, stream: u16) {
        let mut message = Vec::new();
        let _ = Dcep::Ack.write(&mut message);
        self.send_dcep(now, stream, message.into());
    }

    /// Sends a DCEP message reliably and in order (RFC 8832 §6), or keeps it until there is room; whether either will be.
    fn send_dcep(&mut self, now: Instant, stream: u16, message: Bytes) -> bool {
        let options = SendOptions { unordered: false, reliability: Reliability::Reliable };
        match self.association.send(now, stream, Ppid::DCEP.0, message.clone(), options) {
            Ok(()) => true,
            Err(siskin_sctp::SendError::BufferFull) => {
                self.unsent.push_back((stream, message));
                true
            }
            Err(_) => false,
        }
    }

    /// There is room again.
    pub(crate) fn send_unsent(&mut self, now: Instant) {
        for (stream, message) in core::mem::take(&mut self.unsent) {
            self.send_dcep(now, stream, message);
        }
    }
}
