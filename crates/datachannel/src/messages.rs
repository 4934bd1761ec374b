//! What the association says becomes what the channels say: DCEP, messages, resets (RFC 8831 §6, RFC 8832 §6).

use crate::channel::State;
use crate::event::ChannelId;
use crate::wire::{Dcep, Open, Ppid};
use crate::{ChannelConfig, Channels, Event, Kind, Priority};
use alloc::vec::Vec;
use bytes::Bytes;
use siskin_base::Instant;
use siskin_sctp::Message;

impl Channels {
    pub(crate) fn on_event(&mut self, now: Instant, event: siskin_sctp::Event) {
        use siskin_sctp::Event as Sctp;
        match event {
            Sctp::Connected => self.on_connected(now),
            Sctp::Message(message) => self.on_message(now, message),
            Sctp::IncomingReset { streams } => self.on_incoming_reset(now, streams),
            Sctp::OutgoingReset { streams, performed } => self.on_outgoing_reset(&streams, performed),
            Sctp::BufferedAmountLow { stream } => {
                if let Some(id) = self.by_stream.get(&stream) {
                    self.events.push_back(Event::BufferedAmountLow(*id));
                }
            }
            Sctp::Sendable => {
                self.send_unsent(now);
                self.events.push_back(Event::Sendable);
            }
            // The peer knows nothing of these channels any more.
            Sctp::Restarted => self.close_all(),
            Sctp::Closed(error) => {
                self.close_all();
                self.connected = false;
                self.events.push_back(Event::Disconnected(error));
            }
            _ => {}
        }
    }

    fn close_all(&mut self) {
        let ids: Vec<ChannelId> = self.channels.keys().copied().collect();
        ids.into_iter().for_each(|id| self.remove(id));
    }

    fn on_message(&mut self, now: Instant, message: Message) {
        let Message { stream, ppid, data, .. } = message;
        if Ppid(ppid) == Ppid::DCEP {
            return self.on_dcep(now, stream, &data);
        }
        let id = self.by_stream.get(&stream).copied();
        let Some(channel) = id.and_then(|id| self.channels.get_mut(&id)) else {
            // RFC 8832 §6: closing the stream: not done, because a negotiated channel may exist only on the peer's side as yet.
            self.dropped += 1;
            return;
        };
        channel.heard = true;
        let (kind, data) = match Ppid(ppid) {
            Ppid::STRING => (Kind::Text, data),
            Ppid::BINARY => (Kind::Binary, data),
            Ppid::STRING_EMPTY => (Kind::Text, Bytes::new()),
            Ppid::BINARY_EMPTY => (Kind::Binary, Bytes::new()),
            // RFC 8831 §6.6: deprecated, but still to be understood on reliable and ordered channels.
            Ppid::STRING_PARTIAL | Ppid::BINARY_PARTIAL => {
                if self.partial + data.len() > self.config.max_partial {
                    self.dropped += 1;
                    return self.reject(now, stream);
                }
                self.partial += data.len();
                channel.partial.extend_from_slice(&data);
                return;
            }
            // RFC 8831 §6.6: a message that nobody here understands closes its channel.
            _ => {
                self.dropped += 1;
                return self.reject(now, stream);
            }
        };
        let data = if channel.partial.is_empty() {
            data
        } else {
            let mut whole = core::mem::take(&mut channel.partial);
            self.partial = self.partial.saturating_sub(whole.len());
            whole.extend_from_slice(&data);
            whole.into()
        };
        self.events.push_back(Event::Message { channel: channel.id, kind, data });
    }

    fn on_dcep(&mut self, now: Instant, stream: u16, data: &[u8]) {
        match Dcep::parse(data) {
            Ok(Dcep::Ack) => {
                let id = self.by_stream.get(&stream);
                match id.and_then(|id| self.channels.get_mut(id)) {
                    Some(channel) => channel.heard = true,
                    None => self.dropped += 1,
                }
            }
            Ok(Dcep::Open(open)) => self.on_open(now, stream, &open),
            Err(_) => {
                self.dropped += 1;
                self.reject(now, stream);
            }
        }
    }

    fn on_open(&mut self, now: Instant, stream: u16, open: &Open<'_>) {
        // RFC 8832 §6: a stream in use, one that is ours to give out, and names that are not UTF-8 are errors that close it.
        let in_use = self.by_stream.contains_key(&stream) || self.ids.is_some_and(|ids| ids.is_ours(stream));
        let names = open.label.len() + open.protocol.len();
        let full =
            self.channels.len() >= self.config.max_channels || self.names + names > self.config.max_names;
        let texts = (str::from_utf8(open.label), str::from_utf8(open.protocol));
        let (false, (Ok(label), Ok(protocol))) = (in_use || full, texts) else {
            self.dropped += 1;
            return self.reject(now, stream);
        };
        let config = ChannelConfig {
            label: label.into(),
            protocol: protocol.into(),
            ordered: open.channel_type.ordered(),
            reliability: ChannelConfig::reliability_of(open.channel_type, open.reliability),
            priority: Priority(open.priority),
            negotiated: None,
        };
        self.association.set_priority(stream, config.priority.0.max(1));
        let id = self.add(config, Some(stream));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.state = State::Open;
            channel.heard = true;
            channel.counted_names = names;
            self.names += names;
        }
        self.acknowledge(now, stream);
        self.events.push_back(Event::Incoming(id));
    }

    /// Closes a stream on which the peer broke a rule, with its channel if there is one (RFC 8832 §6).
    fn reject(&mut self, now: Instant, stream: u16) {
        let id = self.by_stream.get(&stream).copied();
        match id {
            Some(id) => {
                self.events.push_back(Event::Closing(id));
                self.close(now, id);
            }
            None => {
                let _ = self.association.reset_streams(now, &[stream]);
            }
        }
    }

    /// RFC 8831 §6.7: the peer closes; we follow.
    fn on_incoming_reset(&mut self, now: Instant, streams: Vec<u16>) {
        let streams = if streams.is_empty() { self.by_stream.keys().copied().collect() } else { streams };
        for stream in streams {
            let Some(id) = self.by_stream.get(&stream).copied() else { continue };
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            match &mut channel.state {
                State::Connecting => {}
                State::Open => {
                    channel.state = State::Closing { ours: false, theirs: true };
                    self.events.push_back(Event::Closing(id));
                    let _ = self.association.reset_streams(now, &[stream]);
                }
                State::Closing { ours: true, .. } => self.remove(id),
                State::Closing { theirs, .. } => *theirs = true,
            }
        }
    }

    /// A peer that does not reset streams will not answer in kind either.
    fn on_outgoing_reset(&mut self, streams: &[u16], performed: bool) {
        for stream in streams {
            let Some(id) = self.by_stream.get(stream).copied() else { continue };
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            match &mut channel.state {
                State::Closing { theirs, .. } if *theirs || !performed => self.remove(id),
                State::Closing { ours, .. } => *ours = true,
                State::Connecting | State::Open => {}
            }
        }
    }
}
