//! The one task that owns an endpoint's engine: carries datagrams, time and commands in, datagrams and events out.
//! Nothing else of this crate touches `siskin_peer::Endpoint`.

mod connections;

use crate::command::{Command, WeakCommands};
use crate::net::clock::Clock;
use crate::net::ports::Ports;
use crate::net::socket::{RecvBuffers, from_codepoint};
use crate::net::watch::AddressWatch;
use connections::Connections;
use siskin_base::{Instant, Observation, Packet, Path, Received, Rng, Transmit};
use siskin_peer::Endpoint;
use std::future::Future;
use std::io;
use std::num::NonZeroU16;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::time::Sleep;

/// What is done before other tasks get their turn.
const COMMANDS_PER_TURN: usize = 256;
const READS_PER_TURN: usize = 8;
const TRAINS_PER_TURN: usize = 64;

pub(crate) struct Driver {
    clock: Clock,
    ports: Ports,
    endpoint: Endpoint,
    connections: Connections,
    commands: mpsc::UnboundedReceiver<Command>,
    /// No handle is left that could give commands.
    orphaned: bool,
    observations: Option<mpsc::Sender<Observation>>,
    buffers: RecvBuffers,
    /// What leaves next; not empty while a socket is full.
    packet: Packet,
    unsent: Option<Unsent>,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Instant>,
    watch: Pin<Box<dyn Future<Output = AddressWatch> + Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// There is nothing more to send.
    Done,
    /// A socket is full.
    Blocked,
    /// There is more, but it is others' turn.
    More,
}

/// A train that a full socket did not take, or not wholly.
struct Unsent {
    transmit: Transmit,
    done: usize,
}

impl Driver {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(
        ports: Ports,
        rng: Rng,
        limits: siskin_peer::EndpointConfig,
        observations: Option<mpsc::Sender<Observation>>,
        commands: mpsc::UnboundedReceiver<Command>,
        handles: WeakCommands,
    ) -> Self {
        let clock = Clock::start();
        let now = clock.now();
        let mut endpoint = Endpoint::new(limits, rng, now);
        for (base, socket) in ports.iter() {
            endpoint.add_base(now, base, socket.local());
        }
        Self {
            clock,
            ports,
            endpoint,
            connections: Connections::new(handles),
            commands,
            orphaned: false,
            observations,
            buffers: RecvBuffers::new(),
            packet: Packet::new(),
            unsent: None,
            timer: Box::pin(tokio::time::sleep_until(clock.deadline(now))),
            timer_at: None,
            watch: next_change(AddressWatch::new()),
        }
    }

    fn take_commands(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        for taken in 0..COMMANDS_PER_TURN {
            match self.commands.poll_recv(cx) {
                Poll::Ready(Some(Command::Sockets(reply))) => {
                    let _ = reply.send(self.ports.info());
                }
                Poll::Ready(Some(command)) => {
                    let observe = self.observations.is_some();
                    self.connections.command(&mut self.endpoint, now, self.clock.wall(now), observe, command);
                }
                Poll::Ready(None) => {
                    let news = !self.orphaned;
                    self.orphaned = true;
                    return news || taken > 0;
                }
                Poll::Pending => return taken > 0,
            }
        }
        true
    }

    fn look_at_addresses(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let Poll::Ready(watch) = self.watch.as_mut().poll(cx) else { return false };
        self.watch = next_change(watch);
        let changes = self.ports.refresh();
        for base in changes.removed {
            tracing::info!(?base, "an address is gone");
            self.endpoint.remove_base(now, base);
        }
        for (base, local) in changes.added {
            tracing::info!(%local, "a new address");
            self.endpoint.add_base(now, base, local);
        }
        true
    }

    fn receive(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let wall = self.clock.wall(now);
        let mut any = false;
        for (base, socket) in self.ports.iter() {
            for _ in 0..READS_PER_TURN {
                let count = match socket.poll_recv(cx, &mut self.buffers) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(count)) => count,
                    Poll::Ready(Err(error)) => {
                        // An ICMP error, or an interface that went down: the socket lives on.
                        tracing::debug!(local = %socket.local(), %error, "receiving failed");
                        any = true;
                        break;
                    }
                };
                any = true;
                for (meta, datagram) in self.buffers.datagrams(count) {
                    let received = Received {
                        path: Path::udp(base, meta.addr),
                        arrived: Clock::arrival(&wall, meta.timestamp),
                        ecn: from_codepoint(meta.ecn),
                        datagram,
                    };
                    self.endpoint.handle_datagram(now, received);
                }
            }
        }
        any
    }

    /// Sends what is to be sent.
    fn transmit(&mut self, cx: &mut Context<'_>, now: Instant) -> Sending {
        for _ in 0..TRAINS_PER_TURN {
            let unsent = match self.unsent.take() {
                Some(unsent) => unsent,
                None => {
                    self.packet.clear();
                    match self.endpoint.poll_transmit(now, &mut self.packet) {
                        Some(transmit) => Unsent { transmit, done: 0 },
                        None => return Sending::Done,
                    }
                }
            };
            self.unsent = self.send(cx, unsent);
            if self.unsent.is_some() {
                return Sending::Blocked;
            }
        }
        Sending::More
    }

    /// Sends a train, in pieces that the socket can take; gives back what it did not take.
    fn send(&self, cx: &mut Context<'_>, mut unsent: Unsent) -> Option<Unsent> {
        let bytes = self.packet.as_bytes();
        // A socket that is gone loses what was on its way, as networks do.
        let socket = self.ports.get(unsent.transmit.path.base)?;
        let segment = unsent.transmit.segment_size.map_or(bytes.len(), |size| usize::from(size.get()));
        let most = segment.saturating_mul(socket.max_train().max(1)).max(1);
        while let Some(rest) = bytes.get(unsent.done..).filter(|rest| !rest.is_empty()) {
            let piece = rest.get(..most).unwrap_or(rest);
            let mut transmit = unsent.transmit;
            transmit.segment_size =
                u16::try_from(segment).ok().and_then(NonZeroU16::new).filter(|_| piece.len() > segment);
            match socket.try_send(&transmit, piece) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match socket.poll_writable(cx) {
                    Poll::Ready(Ok(())) => continue,
                    Poll::Ready(Err(error)) => tracing::debug!(%error, "the socket failed"),
                    Poll::Pending => return Some(unsent),
                },
                // No route, a datagram too large for the link, a firewall: the layers above take it for loss.
                Err(error) => {
                    tracing::debug!(path = ?transmit.path, len = piece.len(), %error, "sending failed")
                }
            }
            unsent.done += piece.len();
        }
        None
    }

    fn observe(&mut self) {
        let Some(sender) = &self.observations else { return };
        let ids: Vec<_> = self.endpoint.connections().collect();
        for id in ids {
            while let Some(observation) = self.endpoint.poll_observation(id) {
                if sender.try_send(observation).is_err() {
                    tracing::trace!("an observation found its queue full");
                }
            }
        }
    }

    /// False if no deadline passed.
    fn keep_time(&mut self, cx: &mut Context<'_>) -> bool {
        let due = siskin_base::earliest(self.endpoint.poll_timeout(), self.connections.poll_timeout());
        let Some(at) = due else {
            self.timer_at = None;
            return false;
        };
        if self.timer_at != Some(at) {
            self.timer_at = Some(at);
            self.timer.as_mut().reset(self.clock.deadline(at));
        }
        self.timer.as_mut().poll(cx).is_ready()
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        for _ in 0..TURNS_PER_POLL {
            let now = this.clock.now();
            let mut busy = this.take_commands(cx, now);
            busy |= this.look_at_addresses(cx, now);
            busy |= this.receive(cx, now);
            this.endpoint.handle_timeout(now);
            busy |= this.connections.handle_timeout(&mut this.endpoint, now);
            let sending = this.transmit(cx, now);
            busy |= sending == Sending::More;
            this.observe();
            if sending == Sending::Done {
                this.connections.forget_closed(&mut this.endpoint);
            }
            busy |= this.connections.take_events(&mut this.endpoint, now);
            if this.orphaned && this.connections.is_empty() && this.unsent.is_none() {
                return Poll::Ready(());
            }
            busy |= this.keep_time(cx);
            if !busy {
                return Poll::Pending;
            }
        }
        // Others first; then on.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

const TURNS_PER_POLL: usize = 4;

fn next_change(mut watch: AddressWatch) -> Pin<Box<dyn Future<Output = AddressWatch> + Send>> {
    Box::pin(async move {
        watch.changed().await;
        watch
    })
}
