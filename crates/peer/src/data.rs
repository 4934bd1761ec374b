//! SCTP and the data channels over it: what the connection wants of them, and what it tells of them.

use crate::config::Config;
use crate::error::{Error, InvalidState, Operation, Type};
use crate::event::TransportError;
use crate::jsep::RemoteData;
use crate::stats::DataChannelStats;
use crate::{ChannelConfig, ChannelId, DataChannelState, Event, MessageKind, SctpTransportState as State};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use bytes::Bytes;
use siskin_base::{Instant, Observation, Packet, Received, Rng, SetupRole, Transmit};
use siskin_datachannel::{Channels, Event as ChannelsEvent, OpenError, Reliability, SendError};
use siskin_sctp::Association;

/// The association of a connection and its channels.
pub(crate) struct Data {
    channels: Channels,
    state: Option<State>,
    started: bool,
    counts: BTreeMap<ChannelId, Counts>,
    opened: u32,
    closed: u32,
    events: VecDeque<Event>,
}

/// What went over a channel.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    messages_sent: u64,
    bytes_sent: u64,
    messages_received: u64,
    bytes_received: u64,
}

impl Data {
    pub(crate) fn new(config: &Config, rng: Rng, now: Instant) -> Result<Self, Error> {
        let association = Association::new(config.sctp(), rng, now);
        let association = association.map_err(|_| Error::Operation(Operation::Configuration))?;
        Ok(Self {
            channels: Channels::new(config.channels, association),
            state: None,
            started: false,
            counts: BTreeMap::new(),
            opened: 0,
            closed: 0,
            events: VecDeque::new(),
        })
    }

    /// Goes on counting where `before`, which is over, has stopped: no channel's name is used twice.
    pub(crate) fn follow(&mut self, before: &Self) {
        self.channels.name_after(&before.channels);
        (self.opened, self.closed) = (before.opened, before.closed);
    }

    /// `None` until an answer has made an SCTP transport.
    pub(crate) fn state(&self) -> Option<State> {
        self.state
    }

    /// What the peer's description says of its end.
    pub(crate) fn configure(&mut self, remote: &RemoteData) {
        let most =
            remote.max_message_size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let association = self.channels.association_mut();
        association.set_max_send_message(most);
        // RFC 8841 §9.3, RFC 9429 §5.11: not done, because nobody asks for a second association: another port than before starts none.
        association.set_remote_port(remote.sctp_port);
        self.state.get_or_insert(State::Connecting);
    }

    /// DTLS is up: both sides open the association (RFC 8841 §9.3), and ids can be given out.
    pub(crate) fn start(&mut self, now: Instant, as_client: bool, max_packet: usize) {
        if core::mem::replace(&mut self.started, true) {
            return;
        }
        self.channels.set_role(now, if as_client { SetupRole::Active } else { SetupRole::Passive });
        let association = self.channels.association_mut();
        association.set_max_datagram(max_packet);
        // It may be under way already: the peer's INIT can be faster than our hearing of DTLS.
        let _under_way = association.connect(now);
    }

    /// Packets take another way from now on.
    pub(crate) fn on_path_change(&mut self, now: Instant) {
        self.channels.association_mut().on_path_change(now);
    }

    /// Ends the association with an ABORT, and so all channels.
    pub(crate) fn abort(&mut self, now: Instant) {
        let _over = self.channels.association_mut().abort(now);
    }

    pub(crate) fn open(&mut self, now: Instant, config: ChannelConfig) -> Result<ChannelId, Error> {
        let opened = self.channels.open(now, config).map_err(|error| match error {
            OpenError::TooLong => Error::Type(Type::LabelOrProtocolTooLong),
            OpenError::StreamInUse => Error::Operation(Operation::ChannelIdTaken),
            OpenError::TooMany => Error::Operation(Operation::TooManyChannels),
            _ => Error::InvalidState(InvalidState::Closed),
        })?;
        self.counts.insert(opened, Counts::default());
        Ok(opened)
    }

    pub(crate) fn send(
        &mut self,
        now: Instant,
        id: ChannelId,
        kind: MessageKind,
        data: Bytes,
    ) -> Result<(), Error> {
        let len = data.len() as u64;
        self.channels.send(now, id, kind, data).map_err(|error| match error {
            SendError::TooLong => Error::Type(Type::MessageTooLarge),
            SendError::BufferFull => Error::Operation(Operation::BufferFull),
            _ => Error::InvalidState(InvalidState::ChannelNotOpen),
        })?;
        if let Some(counts) = self.counts.get_mut(&id) {
            counts.messages_sent += 1;
            counts.bytes_sent += len;
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, now: Instant, id: ChannelId) {
        self.channels.close(now, id);
    }

    pub(crate) fn channels(&self) -> &Channels {
        &self.channels
    }

    pub(crate) fn channels_mut(&mut self) -> &mut Channels {
        &mut self.channels
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.channels.handle_datagram(now, received);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.channels.handle_timeout(now);
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.channels.poll_transmit(now, out)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.channels.poll_timeout()
    }

    pub(crate) fn poll_observation(&mut self) -> Option<Observation> {
        self.channels.poll_observation()
    }

    pub(crate) fn poll_event(&mut self, now: Instant) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            // Changes of state are seldom, and connections are many.
            self.events = VecDeque::new();
            let event = self.channels.poll_event(now)?;
            if let Some(event) = self.translate(event) {
                return Some(event);
            }
        }
    }

    /// What the user is told; what changes the state of the association waits in `events`.
    fn translate(&mut self, event: ChannelsEvent) -> Option<Event> {
        Some(match event {
            ChannelsEvent::Connected => {
                self.show(State::Connected);
                return None;
            }
            ChannelsEvent::Opened(id) => {
                self.opened += 1;
                Event::ChannelOpen(id)
            }
            ChannelsEvent::Incoming(id) => {
                self.opened += 1;
                self.counts.insert(id, Counts::default());
                let config = self.channels.channel_config(id);
                let (label, protocol) =
                    config.map(|config| (config.label.clone(), config.protocol.clone())).unwrap_or_default();
                Event::DataChannel { channel: id, label, protocol }
            }
            ChannelsEvent::Message { channel, kind, data } => {
                if let Some(counts) = self.counts.get_mut(&channel) {
                    counts.messages_received += 1;
                    counts.bytes_received += data.len() as u64;
                }
                let data = if kind == MessageKind::Text { valid_text(data) } else { data };
                Event::ChannelMessage { channel, kind, data }
            }
            ChannelsEvent::BufferedAmountLow(id) => Event::ChannelBufferedAmountLow(id),
            ChannelsEvent::Sendable => Event::Sendable,
            ChannelsEvent::Closing(id) => Event::ChannelClosing(id),
            ChannelsEvent::Closed(id) => {
                self.closed += 1;
                self.counts.remove(&id);
                Event::ChannelClosed(id)
            }
            ChannelsEvent::Disconnected(error) => {
                if let Some(error) = error.filter(|error| !is_close(error)) {
                    self.events.push_back(Event::TransportFailed(TransportError::Sctp(error)));
                }
                self.show(State::Closed);
                return None;
            }
            _ => return None,
        })
    }

    fn show(&mut self, state: State) {
        if self.state.replace(state) != Some(state) {
            self.events.push_back(Event::SctpStateChange(state));
        }
    }

    /// Channels that became open, and channels that closed.
    pub(crate) fn opened_and_closed(&self) -> (u32, u32) {
        (self.opened, self.closed)
    }

    pub(crate) fn channel_stats(&self) -> impl Iterator<Item = (ChannelId, DataChannelStats)> {
        self.counts.iter().filter_map(|(id, counts)| {
            let config = self.channels.channel_config(*id)?;
            let stats = DataChannelStats {
                label: config.label.clone(),
                protocol: config.protocol.clone(),
                data_channel_identifier: self.channels.stream(*id),
                state: match self.channels.state(*id) {
                    DataChannelState::Connecting => "connecting",
                    DataChannelState::Open => "open",
                    DataChannelState::Closing => "closing",
                    DataChannelState::Closed => "closed",
                },
                messages_sent: counts.messages_sent,
                bytes_sent: counts.bytes_sent,
                messages_received: counts.messages_received,
                bytes_received: counts.bytes_received,
            };
            Some((*id, stats))
        })
    }
}

/// An ABORT by the peer's user is how both browsers carry out `close()`.
fn is_close(error: &siskin_sctp::Error) -> bool {
    let by_user = Some(siskin_sctp::wire::CauseCode::USER_INITIATED_ABORT);
    matches!(error, siskin_sctp::Error::PeerAborted(cause) if cause.is_none() || *cause == by_user)
}

/// W3C decodes text with replacement characters, so that a peer's mistake is the peer's.
fn valid_text(data: Bytes) -> Bytes {
    match core::str::from_utf8(&data) {
        Ok(_) => data,
        Err(_) => String::from_utf8_lossy(&data).into_owned().into_bytes().into(),
    }
}

/// What webrtc-pc §6.2 checks before anything else.
pub(crate) fn check(config: &ChannelConfig) -> Result<(), Error> {
    let too_long = |text: &str| text.len() > usize::from(u16::MAX);
    if too_long(&config.label) || too_long(&config.protocol) {
        return Err(Error::Type(Type::LabelOrProtocolTooLong));
    }
    let lifetime_fits = match config.reliability {
        Reliability::Lifetime(lifetime) => lifetime.as_millis() <= u128::from(u16::MAX),
        _ => true,
    };
    if config.negotiated == Some(u16::MAX) {
        return Err(Error::Type(Type::ChannelId));
    }
    if lifetime_fits { Ok(()) } else { Err(Error::Type(Type::Lifetime)) }
}
