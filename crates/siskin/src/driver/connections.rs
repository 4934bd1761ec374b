//! The connections of an endpoint as the driver sees them: what their handles are told, and how they end.

use crate::channel::{ChannelShared, DataChannel};
use crate::command::{Command, WeakCommands};
use crate::connection::{
    Configuration, ConnectionShared, Event, Events, Handle, PeerConnection, States, WaitingEvents,
};
use crate::error::Error;
use crate::media::{RtpTransceiver, TrackEvent, TrackSource};
use crate::message::Message;
use bytes::Bytes;
use siskin_base::{Instant, WallClock};
use siskin_peer::error::Operation;
use siskin_peer::{
    ChannelConfig, ChannelId, ConnectionId, DataChannelState, Endpoint, MessageKind, Recording,
    SctpTransportState, TransceiverId,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

pub(super) struct Connections {
    entries: BTreeMap<ConnectionId, Entry>,
    /// Channels with something buffered, so that only these are asked how much.
    sending: BTreeSet<(ConnectionId, ChannelId)>,
    /// Connections with something waiting until SCTP's buffer has room.
    stalled: BTreeSet<ConnectionId>,
    finishing: BTreeSet<(Instant, ConnectionId)>,
    /// Closed, and to be forgotten once their last words are sent.
    closed: Vec<ConnectionId>,
    /// For the handles of channels that the peer opens.
    handles: WeakCommands,
}

struct Entry {
    shared: Arc<ConnectionShared>,
    states: watch::Sender<States>,
    events: mpsc::UnboundedSender<Event>,
    waiting_events: Arc<WaitingEvents>,
    channels: BTreeMap<ChannelId, Arc<ChannelShared>>,
    /// What the peer sends, or has sent.
    tracks: BTreeMap<TransceiverId, TrackSource>,
    /// Sends and closes that wait, in order, until SCTP's buffer has room again.
    waiting: VecDeque<Waiting>,
    finish: Option<Finish>,
    record: Option<mpsc::UnboundedSender<Recording>>,
}

enum Waiting {
    Message(Arc<ChannelShared>, MessageKind, Bytes),
    Close(Arc<ChannelShared>),
}

/// A connection that closes once its channels are, which are closed behind all that was sent on them.
#[derive(Default)]
struct Finish {
    at: Instant,
    replies: Vec<oneshot::Sender<()>>,
}

impl Connections {
    pub(super) fn new(handles: WeakCommands) -> Self {
        Self {
            entries: BTreeMap::new(),
            sending: BTreeSet::new(),
            stalled: BTreeSet::new(),
            finishing: BTreeSet::new(),
            closed: Vec::new(),
            handles,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn command(
        &mut self,
        endpoint: &mut Endpoint,
        now: Instant,
        wall: WallClock,
        observe: bool,
        command: Command,
    ) {
        match command {
            Command::Create(configuration, servers, reply) => {
                let made = self.create(endpoint, now, wall, observe, *configuration, servers);
                // If nobody waits for it any more, the handle closes the connection as it is dropped.
                let _ = reply.send(made);
            }
            Command::With(id, act) => {
                let answer = endpoint.with(now, id, |peer| {
                    peer.set_clock(wall);
                    act(peer, now)
                });
                self.show(endpoint, id);
                if let Some(answer) = answer {
                    answer();
                }
            }
            Command::Open(id, config, reply) => {
                let _ = reply.send(self.open(endpoint, now, id, config));
            }
            Command::Send(channel, kind, data) => {
                self.queue(endpoint, now, channel.connection.id, Waiting::Message(channel, kind, data));
            }
            Command::CloseChannel(channel) => {
                self.queue(endpoint, now, channel.connection.id, Waiting::Close(channel));
            }
            Command::Resume(id) => {
                endpoint.with(now, id, |_| ());
            }
            Command::Finish(id, limit, reply) => self.finish(endpoint, now, id, limit, reply),
            Command::Sockets(_) => {}
        }
    }

    fn create(
        &mut self,
        endpoint: &mut Endpoint,
        now: Instant,
        wall: WallClock,
        observe: bool,
        configuration: Configuration,
        servers: Vec<SocketAddr>,
    ) -> Result<(PeerConnection, Events), Error> {
        let commands = self.handles.upgrade().ok_or(Error::Gone)?;
        let max_unread = configuration.max_unread;
        let record = configuration.record.clone();
        let id = endpoint.create(now, configuration.into_peer(servers, wall, observe))?;
        let shared = ConnectionShared::new(id, max_unread);
        let (states, seen) = watch::channel(States::default());
        let (events, stream) = mpsc::unbounded_channel();
        let waiting_events = Arc::<WaitingEvents>::default();
        let entry = Entry {
            shared: Arc::clone(&shared),
            states,
            events,
            waiting_events: Arc::clone(&waiting_events),
            channels: BTreeMap::new(),
            tracks: BTreeMap::new(),
            waiting: VecDeque::new(),
            finish: None,
            record,
        };
        self.entries.insert(id, entry);
        Ok((PeerConnection::new(shared, seen, commands), Events::new(stream, waiting_events)))
    }

    fn open(
        &mut self,
        endpoint: &mut Endpoint,
        now: Instant,
        id: ConnectionId,
        config: ChannelConfig,
    ) -> Result<Arc<ChannelShared>, Error> {
        let entry = self.entries.get_mut(&id).ok_or_else(Error::closed)?;
        let made = endpoint.with(now, id, |peer| peer.create_data_channel(now, config.clone()));
        let channel = made.ok_or_else(Error::closed)??;
        let connection = Arc::clone(&entry.shared);
        let shared = ChannelShared::new(channel, connection, config, DataChannelState::Connecting, None);
        entry.channels.insert(channel, Arc::clone(&shared));
        Ok(shared)
    }

    fn queue(&mut self, endpoint: &mut Endpoint, now: Instant, id: ConnectionId, what: Waiting) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.waiting.push_back(what);
        // Behind others that wait, nothing has changed.
        if entry.waiting.len() == 1 {
            self.send_waiting(endpoint, now, id);
        }
    }

    /// Gives what waits to SCTP, until its buffer is full.
    fn send_waiting(&mut self, endpoint: &mut Endpoint, now: Instant, id: ConnectionId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        self.stalled.remove(&id);
        while let Some(next) = entry.waiting.pop_front() {
            match next {
                Waiting::Close(channel) => {
                    endpoint.with(now, id, |peer| peer.close_channel(now, channel.channel));
                }
                Waiting::Message(channel, kind, data) => {
                    let len = data.len();
                    let sent =
                        endpoint.with(now, id, |peer| peer.send(now, channel.channel, kind, data.clone()));
                    match sent {
                        Some(Err(siskin_peer::Error::Operation(Operation::BufferFull))) => {
                            entry.waiting.push_front(Waiting::Message(channel, kind, data));
                            self.stalled.insert(id);
                            return;
                        }
                        Some(Err(error)) => {
                            tracing::debug!(label = channel.label(), %error, "a message was not sent");
                        }
                        _ => {}
                    }
                    self.sending.insert((id, channel.channel));
                    // First the one count, then the other: a reader in between sees too much, never too little.
                    show_buffered(endpoint, id, &channel);
                    channel.dequeued(len);
                }
            }
        }
    }

    /// Closes the channels, each behind what was sent on it; the connection follows when all are closed, or time is up.
    fn finish(
        &mut self,
        endpoint: &mut Endpoint,
        now: Instant,
        id: ConnectionId,
        limit: Duration,
        reply: Option<oneshot::Sender<()>>,
    ) {
        // A connection that is gone answers by dropping the reply.
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let at = now + limit;
        let finish = entry.finish.get_or_insert_with(|| Finish { at, replies: Vec::new() });
        self.finishing.remove(&(finish.at, id));
        finish.at = finish.at.min(at);
        finish.replies.extend(reply);
        self.finishing.insert((finish.at, id));
        let connected = entry.states.borrow().sctp == Some(SctpTransportState::Connected);
        let channels: Vec<_> = entry.channels.values().cloned().collect();
        if limit.is_zero() || !connected || channels.is_empty() {
            self.close(endpoint, now, id);
            return;
        }
        for channel in channels {
            if channel.advance(DataChannelState::Closing) {
                self.queue(endpoint, now, id, Waiting::Close(channel));
            }
        }
    }

    fn close(&mut self, endpoint: &mut Endpoint, now: Instant, id: ConnectionId) {
        endpoint.with(now, id, |peer| peer.close(now));
        if let Some(finish) = self.entries.get_mut(&id).and_then(|entry| entry.finish.as_mut()) {
            self.finishing.remove(&(finish.at, id));
        }
        self.closed.push(id);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.finishing.first().map(|(at, _)| *at)
    }

    pub(super) fn handle_timeout(&mut self, endpoint: &mut Endpoint, now: Instant) -> bool {
        let mut any = false;
        while let Some((_, id)) = self.finishing.first().copied().filter(|(at, _)| *at <= now) {
            self.close(endpoint, now, id);
            any = true;
        }
        any
    }

    /// Tells the handles what happened. False if nothing did.
    pub(super) fn take_events(&mut self, endpoint: &mut Endpoint, now: Instant) -> bool {
        let mut any = false;
        while let Some((id, event)) = self.next_event(endpoint) {
            any = true;
            self.tell(endpoint, now, id, event);
        }
        any |= self.send_stalled(endpoint, now);
        let entries = &self.entries;
        self.sending.retain(|(id, channel)| {
            let shared = entries.get(id).and_then(|entry| entry.channels.get(channel));
            shared.is_some_and(|shared| show_buffered(endpoint, *id, shared) > 0)
        });
        any
    }

    /// A connection whose user does not read is not asked for events, and so does not tell that it is `Sendable`. But its
    /// user may not read because it waits for room to send: whether there is any is tried here.
    fn send_stalled(&mut self, endpoint: &mut Endpoint, now: Instant) -> bool {
        let is_held = |id: &ConnectionId| self.entries.get(id).is_some_and(|entry| entry.shared.is_full());
        let held: Vec<ConnectionId> = self.stalled.iter().copied().filter(is_held).collect();
        let mut any = false;
        for id in held {
            let waiting = |all: &Self| all.entries.get(&id).map_or(0, |entry| entry.waiting.len());
            let before = waiting(self);
            self.send_waiting(endpoint, now, id);
            any |= waiting(self) < before;
        }
        any
    }

    fn next_event(&self, endpoint: &mut Endpoint) -> Option<(ConnectionId, siskin_peer::Event)> {
        // A connection whose user does not read is not asked: its messages stay in SCTP, whose window closes.
        endpoint.poll_event_unless(|id| self.entries.get(&id).is_some_and(|entry| entry.shared.is_full()))
    }

    fn tell(&mut self, endpoint: &mut Endpoint, now: Instant, id: ConnectionId, event: siskin_peer::Event) {
        use siskin_peer::Event as Peer;
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let event = match event {
            Peer::ChannelMessage { channel, kind, data } => {
                if let Some(channel) = entry.channels.get(&channel) {
                    entry.shared.has_received(data.len());
                    channel.deliver(Message::from_parts(kind, data));
                }
                return;
            }
            Peer::Sendable => {
                self.send_waiting(endpoint, now, id);
                return;
            }
            Peer::ChannelOpen(channel) => {
                if let Some(shared) = entry.channels.get(&channel) {
                    shared.open(endpoint.connection(id).and_then(|peer| peer.channel_stream(channel)));
                }
                return;
            }
            Peer::ChannelClosing(channel) => {
                if let Some(channel) = entry.channels.get(&channel) {
                    channel.advance(DataChannelState::Closing);
                }
                return;
            }
            Peer::ChannelClosed(channel) => {
                if let Some(channel) = entry.channels.remove(&channel) {
                    channel.advance(DataChannelState::Closed);
                }
                if entry.channels.is_empty() && entry.finish.is_some() && !self.closed.contains(&id) {
                    self.close(endpoint, now, id);
                }
                return;
            }
            Peer::DataChannel { channel, label, .. } => {
                let peer = endpoint.connection(id);
                let config = peer.and_then(|peer| peer.channel_config(channel)).cloned();
                let config = config.unwrap_or_else(|| ChannelConfig::new(label));
                let stream = peer.and_then(|peer| peer.channel_stream(channel));
                let connection = Arc::clone(&entry.shared);
                let shared = ChannelShared::new(channel, connection, config, DataChannelState::Open, stream);
                entry.channels.insert(channel, Arc::clone(&shared));
                Event::DataChannel(DataChannel::incoming(shared, self.handles.clone()))
            }
            Peer::NegotiationNeeded => Event::NegotiationNeeded,
            Peer::SignalingStateChange(state) => Event::SignalingStateChange(state),
            Peer::IceCandidate(candidate) => Event::IceCandidate(candidate),
            Peer::IceGatheringStateChange(state) => Event::IceGatheringStateChange(state),
            Peer::IceConnectionStateChange(state) => Event::IceConnectionStateChange(state),
            Peer::ConnectionStateChange(state) => Event::ConnectionStateChange(state),
            Peer::DtlsStateChange(state) => Event::DtlsStateChange(state),
            Peer::SctpStateChange(state) => Event::SctpStateChange(state),
            Peer::Track { transceiver, kind, streams } => {
                let handle = || Handle::new(id, self.handles.clone());
                let track = entry.tracks.get(&transceiver).and_then(TrackSource::track);
                let track = track.unwrap_or_else(|| {
                    let (source, track) = TrackSource::new(handle(), transceiver, kind);
                    entry.tracks.insert(transceiver, source);
                    track
                });
                let transceiver = RtpTransceiver::new(handle(), transceiver, kind);
                Event::Track(TrackEvent { transceiver, track, streams })
            }
            Peer::Frame(frame) => {
                let transceiver = frame.transceiver;
                let delivered = entry.tracks.get(&transceiver).is_none_or(|track| track.deliver(frame));
                if !delivered {
                    endpoint.with(now, id, |peer| peer.request_key_frame(now, transceiver, None));
                }
                return;
            }
            Peer::TrackUnmuted(transceiver) => {
                entry.tracks.get(&transceiver).into_iter().for_each(|track| track.set_muted(false));
                return;
            }
            Peer::TrackMuted(transceiver) => {
                entry.tracks.get(&transceiver).into_iter().for_each(|track| track.set_muted(true));
                Event::TrackMuted(transceiver)
            }
            Peer::TrackEnded(transceiver) => {
                // Its frames end with it.
                entry.tracks.remove(&transceiver);
                return;
            }
            Peer::TargetBitrate(bits_per_second) => Event::TargetBitrate(bits_per_second),
            Peer::EncodingsChanged(transceiver) => Event::EncodingsChanged(transceiver),
            Peer::KeyFrameRequested { transceiver, rid } => Event::KeyFrameRequested { transceiver, rid },
            Peer::TransportFailed(error) => Event::TransportFailed(error),
            _ => return,
        };
        self.show(endpoint, id);
        // Nobody listening is fine: a channel's handle closes it as it is dropped.
        if let Some(entry) = self.entries.get(&id)
            && entry.waiting_events.admits(&event)
        {
            let _ = entry.events.send(event);
        }
    }

    /// Publishes the states as they are now.
    fn show(&self, endpoint: &Endpoint, id: ConnectionId) {
        let (Some(entry), Some(peer)) = (self.entries.get(&id), endpoint.connection(id)) else { return };
        let states = States {
            signaling: peer.signaling_state(),
            ice_gathering: peer.ice_gathering_state(),
            ice_connection: peer.ice_connection_state(),
            connection: peer.connection_state(),
            dtls: peer.dtls_state(),
            sctp: peer.sctp_state(),
        };
        if let Some(max) = peer.max_message_size() {
            entry.shared.set_max_message_size(max as u64);
        }
        entry.states.send_if_modified(|shown| std::mem::replace(shown, states) != states);
    }

    /// Forgets connections that are closed. To be called when nothing is left to send, their last words included.
    pub(super) fn forget_closed(&mut self, endpoint: &mut Endpoint) {
        for id in std::mem::take(&mut self.closed) {
            self.show(endpoint, id);
            let recording = endpoint.remove(id).and_then(|mut peer| peer.take_recording());
            self.stalled.remove(&id);
            let Some(entry) = self.entries.remove(&id) else { continue };
            if let (Some(recording), Some(record)) = (recording, entry.record) {
                // Nobody waiting for it is fine.
                let _ = record.send(recording);
            }
            for channel in entry.channels.values() {
                channel.advance(DataChannelState::Closed);
            }
            for reply in entry.finish.into_iter().flat_map(|finish| finish.replies) {
                let _ = reply.send(());
            }
        }
    }
}

/// Publishes how much a channel has buffered, and gives it.
fn show_buffered(endpoint: &Endpoint, id: ConnectionId, channel: &ChannelShared) -> u64 {
    let buffered = endpoint.connection(id).map_or(0, |peer| peer.buffered_amount(channel.channel)) as u64;
    channel.set_buffered(buffered);
    buffered
}
