//! Ends of an association for `netsim`: ours, and `dcsctp`, with one face.

use bytes::Bytes;
use core::time::Duration;
use dcsctp::api::{DcSctpSocket, SocketEvent, SocketTime, StreamId};
use siskin_base::{Instant, Packet, Path, Received, Rng, Transmit};
use siskin_netsim::Node;
use siskin_sctp::{Association, Config, Event, Reliability, SendOptions};
use std::collections::VecDeque;

/// What an end has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Connected,
    Message {
        stream: u16,
        data: Bytes,
    },
    IncomingReset(Vec<u16>),
    OutgoingReset(Vec<u16>),
    /// Whether by a shutdown.
    Closed(bool),
}

/// An end that takes part in a network.
pub(crate) struct End {
    engine: Engine,
    path: Path,
    pub(crate) seen: Vec<Seen>,
    /// Whether messages are taken.
    pub(crate) reading: bool,
    /// What is still to be sent, as room permits.
    pub(crate) backlog: VecDeque<(u16, Bytes, SendOptions)>,
    /// Shut down once the backlog is empty.
    pub(crate) then_shutdown: bool,
}

enum Engine {
    Ours(Box<Association>),
    Theirs { socket: Box<dyn DcSctpSocket>, outgoing: VecDeque<Vec<u8>> },
}

impl End {
    pub(crate) fn ours(path: Path, config: Config, rng: Rng) -> Self {
        Self::new(path, Engine::Ours(Box::new(Association::new(config, rng, Instant::ZERO).unwrap())))
    }

    /// `dcsctp` draws from the thread's generator: seed it in the test.
    pub(crate) fn theirs(path: Path) -> Self {
        Self::theirs_with(path, dcsctp::api::Options::default())
    }

    /// As [`theirs`](Self::theirs), for a path with that MTU on which it must not give up.
    pub(crate) fn patient(path: Path, mtu: usize) -> Self {
        let defaults = dcsctp::api::Options::default();
        let (max_retransmissions, max_init_retransmits) = (Some(40), Some(40));
        Self::theirs_with(
            path,
            dcsctp::api::Options { mtu, max_retransmissions, max_init_retransmits, ..defaults },
        )
    }

    fn theirs_with(path: Path, options: dcsctp::api::Options) -> Self {
        let socket = dcsctp::new_socket("theirs", &options);
        Self::new(path, Engine::Theirs { socket, outgoing: VecDeque::new() })
    }

    fn new(path: Path, engine: Engine) -> Self {
        let seen = Vec::new();
        Self { engine, path, seen, reading: true, backlog: VecDeque::new(), then_shutdown: false }
    }

    pub(crate) fn connect(&mut self, now: Instant) {
        match &mut self.engine {
            Engine::Ours(association) => association.connect(now).unwrap(),
            Engine::Theirs { socket, .. } => socket.connect(),
        }
    }

    pub(crate) fn shutdown(&mut self, now: Instant) {
        match &mut self.engine {
            Engine::Ours(association) => association.shutdown(now).unwrap(),
            Engine::Theirs { socket, .. } => socket.shutdown(),
        }
    }

    pub(crate) fn abort(&mut self, now: Instant) {
        match &mut self.engine {
            Engine::Ours(association) => association.abort(now).unwrap(),
            Engine::Theirs { socket, .. } => socket.close(),
        }
    }

    pub(crate) fn reset(&mut self, now: Instant, streams: &[u16]) {
        match &mut self.engine {
            Engine::Ours(association) => association.reset_streams(now, streams).unwrap(),
            Engine::Theirs { socket, .. } => {
                let streams: Vec<_> = streams.iter().map(|id| StreamId(*id)).collect();
                socket.reset_streams(&streams).unwrap();
            }
        }
    }

    pub(crate) fn queue(&mut self, stream: u16, data: impl Into<Bytes>, options: SendOptions) {
        self.backlog.push_back((stream, data.into(), options));
    }

    pub(crate) fn messages(&self) -> Vec<(u16, &[u8])> {
        let seen = self.seen.iter();
        seen.filter_map(|s| {
            if let Seen::Message { stream, data } = s { Some((*stream, &data[..])) } else { None }
        })
        .collect()
    }

    /// For a test that failed.
    pub(crate) fn describe(&self) {
        let seen: Vec<_> = self.seen.iter().filter(|seen| !matches!(seen, Seen::Message { .. })).collect();
        println!("{} messages, {} to send, {seen:?}", self.messages().len(), self.backlog.len());
        if let Engine::Ours(association) = &self.engine {
            println!("{:?}", association.stats());
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.seen.contains(&Seen::Connected)
    }

    pub(crate) fn closed(&self) -> Option<bool> {
        self.seen.iter().find_map(|seen| if let Seen::Closed(clean) = seen { Some(*clean) } else { None })
    }

    /// Sends what there is room for, and looks what happened.
    pub(crate) fn step(&mut self, now: Instant) {
        while let Some((stream, data, options)) = self.backlog.pop_front() {
            if !self.try_send(now, stream, &data, options) {
                self.backlog.push_front((stream, data, options));
                break;
            }
        }
        if self.then_shutdown && self.backlog.is_empty() && self.seen.contains(&Seen::Connected) {
            self.then_shutdown = false;
            self.shutdown(now);
        }
        match &mut self.engine {
            Engine::Ours(association) => {
                while self.reading
                    && let Some(event) = association.poll_event()
                {
                    self.seen.extend(match event {
                        Event::Connected => Some(Seen::Connected),
                        Event::Message(m) => Some(Seen::Message { stream: m.stream, data: m.data }),
                        Event::IncomingReset { streams } => Some(Seen::IncomingReset(streams)),
                        Event::OutgoingReset { streams, performed: true } => {
                            Some(Seen::OutgoingReset(streams))
                        }
                        Event::Closed(error) => Some(Seen::Closed(error.is_none())),
                        _ => None,
                    });
                }
            }
            Engine::Theirs { socket, outgoing } => {
                while self.reading
                    && let Some(message) = socket.get_next_message()
                {
                    let data = message.payload.into();
                    self.seen.push(Seen::Message { stream: message.stream_id.0, data });
                }
                while let Some(event) = socket.poll_event() {
                    let ids = |streams: Vec<StreamId>| streams.into_iter().map(|id| id.0).collect();
                    self.seen.extend(match event {
                        SocketEvent::SendPacket(bytes) => {
                            outgoing.push_back(bytes);
                            None
                        }
                        SocketEvent::OnConnected() => Some(Seen::Connected),
                        SocketEvent::OnClosed() => Some(Seen::Closed(true)),
                        SocketEvent::OnAborted(..) => Some(Seen::Closed(false)),
                        SocketEvent::OnIncomingStreamReset(streams) => {
                            Some(Seen::IncomingReset(ids(streams)))
                        }
                        SocketEvent::OnStreamsResetPerformed(streams) => {
                            Some(Seen::OutgoingReset(ids(streams)))
                        }
                        // A refused message waits in the backlog.
                        SocketEvent::OnError(dcsctp::api::ErrorKind::ResourceExhaustion, _) => None,
                        // The network damages packets; some of them cannot be read at all.
                        SocketEvent::OnError(dcsctp::api::ErrorKind::ParseFailed, _) => None,
                        // Once it is closed it complains of what was still under way.
                        SocketEvent::OnError(kind, text)
                            if !self.seen.iter().any(|s| matches!(s, Seen::Closed(_))) =>
                        {
                            panic!("dcsctp complains: {kind:?} {text}")
                        }
                        _ => None,
                    });
                }
            }
        }
    }

    fn try_send(&mut self, now: Instant, stream: u16, data: &Bytes, options: SendOptions) -> bool {
        match &mut self.engine {
            Engine::Ours(association) => association.send(now, stream, 53, data.clone(), options).is_ok(),
            Engine::Theirs { socket, .. } => {
                let message =
                    dcsctp::api::Message::new(StreamId(stream), dcsctp::api::PpId(53), data.to_vec());
                let mut theirs =
                    dcsctp::api::SendOptions { unordered: options.unordered, ..Default::default() };
                match options.reliability {
                    Reliability::MaxRetransmits(max) => theirs.max_retransmissions = Some(max),
                    Reliability::Lifetime(lifetime) => theirs.lifetime = Some(lifetime),
                    _ => {}
                }
                socket.send(message, &theirs).is_ok()
            }
        }
    }
}

fn socket_time(now: Instant) -> SocketTime {
    SocketTime::zero() + now.since(Instant::ZERO)
}

impl Node for End {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        match &mut self.engine {
            Engine::Ours(association) => association.handle_datagram(now, received),
            Engine::Theirs { socket, .. } => {
                socket.advance_time(socket_time(now));
                socket.handle_input(received.datagram);
            }
        }
        self.step(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.engine {
            Engine::Ours(association) => association.handle_timeout(now),
            Engine::Theirs { socket, .. } => socket.advance_time(socket_time(now)),
        }
        self.step(now);
    }

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.step(now);
        out.begin(0);
        match &mut self.engine {
            Engine::Ours(association) => {
                if association.poll_transmit(now, out).is_none() {
                    out.cancel();
                    return None;
                }
            }
            Engine::Theirs { outgoing, .. } => {
                let Some(bytes) = outgoing.pop_front() else {
                    out.cancel();
                    return None;
                };
                out.append(&bytes);
            }
        }
        out.finish();
        Some(Transmit::single(self.path))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.engine {
            Engine::Ours(association) => association.poll_timeout(),
            Engine::Theirs { socket, .. } => {
                let at = socket.poll_timeout();
                (at != SocketTime::infinite_future()).then(|| Instant::ZERO + (at - SocketTime::zero()))
            }
        }
    }
}

/// Content by which a message is known again.
pub(crate) fn content(number: usize, len: usize) -> Bytes {
    let head = (number as u32).to_be_bytes();
    (0..len).map(|i| if i < 4 { head[i] } else { (i * 31 + number) as u8 }).collect::<Vec<u8>>().into()
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
