//! The association: its public face, its timers, and what holds the parts together.

mod cookie;
mod heartbeat;
mod input;
mod link;
mod out_of_the_blue;
mod output;
mod reset;
mod setup;
mod shutdown;
mod state;

use crate::config::{ConfigError, MIN_DATAGRAM};
use crate::tx::{self, SendQueue};
use crate::{Config, Error, Event, Misuse, SendError, SendOptions, Stats};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use cookie::{CookieKey, Local};
use heartbeat::Beat;
use link::Link;
use siskin_base::{Instant, Layer, Observation, Rng, earliest};
use state::{Expiry, State};

/// One end of an SCTP association (RFC 9260) over DTLS (RFC 8261).
///
/// After any call that takes `now`, and after taking events, poll in this order until each gives `None`:
/// [`poll_event`](Self::poll_event), [`poll_transmit`](Self::poll_transmit), then ask
/// [`poll_timeout`](Self::poll_timeout) once.
#[derive(Debug)]
pub struct Association {
    config: Config,
    rng: Rng,
    cookie_key: CookieKey,
    state: State,
    local: Local,
    link: Option<Link>,
    queue: SendQueue,
    /// Chunks that answer something, to be sent before anything else.
    control: VecDeque<Control>,
    events: VecDeque<Event>,
    /// How many of them are [`Event::IncomingReset`].
    unread_resets: usize,
    /// It ended with a shutdown.
    ended_well: bool,
    observing: bool,
    observations: VecDeque<Observation>,
    stats: Stats,
}

/// A finished chunk and how it travels.
#[derive(Debug)]
struct Control {
    tag: u32,
    /// INIT, INIT ACK and SHUTDOWN COMPLETE share a packet with nothing (RFC 9260 §6.10).
    alone: bool,
    chunk: Vec<u8>,
}

impl Association {
    /// An association that has not been opened. Its tag, first TSN and cookie key are drawn here.
    pub fn new(config: Config, rng: Rng, _now: Instant) -> Result<Self, ConfigError> {
        config.check()?;
        let mut rng = rng;
        Ok(Self {
            cookie_key: CookieKey::new(&config.provider, &mut rng),
            local: Local::new(&mut rng),
            stats: Stats { max_datagram: config.max_datagram, ..Stats::default() },
            config,
            rng,
            state: State::Closed { over: false },
            link: None,
            queue: SendQueue::default(),
            control: VecDeque::new(),
            events: VecDeque::new(),
            unread_resets: 0,
            ended_well: false,
            observing: false,
            observations: VecDeque::new(),
        })
    }

    /// Queues a message. Before the association is connected messages wait; during a shutdown none are taken.
    pub fn send(
        &mut self,
        now: Instant,
        stream: u16,
        ppid: u32,
        data: Bytes,
        options: SendOptions,
    ) -> Result<(), SendError> {
        match self.state {
            State::Closed { over: false }
            | State::CookieWait(_)
            | State::CookieEchoed { .. }
            | State::Established => {}
            _ => return Err(SendError::Closed),
        }
        let streams = self.link.as_ref().map_or(self.config.max_streams, |link| link.streams);
        tx::check(&self.config, streams, stream, &data)?;
        tx::push(&mut self.queue, &self.config, now, stream, ppid, data, options)?;
        self.stats.messages_sent += 1;
        if let Some(link) = &mut self.link {
            link.tx.on_new_messages();
        }
        Ok(())
    }

    /// Starts streams that we send on again at sequence number 0, once all that is queued on them has been acknowledged
    /// (RFC 6525). New messages on them are refused until [`Event::OutgoingReset`].
    pub fn reset_streams(&mut self, _now: Instant, streams: &[u16]) -> Result<(), Misuse> {
        if matches!(self.state, State::Closed { over: true }) {
            return Err(Misuse::Closed);
        }
        self.queue.begin_reset(streams);
        Ok(())
    }

    /// User bytes on a stream that were not sent yet.
    pub fn buffered_amount(&self, stream: u16) -> usize {
        self.queue.buffered_amount(stream)
    }

    /// Sets the amount at which [`Event::BufferedAmountLow`] is told when a stream falls to it; 0 at first.
    pub fn set_buffered_amount_low_threshold(&mut self, stream: u16, bytes: usize) {
        self.queue.set_low_threshold(stream, bytes);
    }

    /// Sets a stream's share among streams that have something to send; 256 at first (RFC 8831 §6.4).
    pub fn set_priority(&mut self, stream: u16, weight: u16) {
        self.queue.set_weight(stream, weight);
    }

    /// Sets the largest SCTP packet, in bytes, at least 508. Chunks that were sent before keep their size.
    pub fn set_max_datagram(&mut self, bytes: usize) {
        let bytes = bytes.clamp(MIN_DATAGRAM, usize::from(u16::MAX));
        self.config.max_datagram = bytes;
        self.stats.max_datagram = bytes;
        if let Some(link) = &mut self.link {
            link.tx.set_max_datagram(bytes);
        }
    }

    /// Packets take another way from now on: what is known of the old one's capacity is forgotten (RFC 9260 §7.2.5.2, RFC 8261
    /// §6.1).
    pub fn on_path_change(&mut self, _now: Instant) {
        if let Some(link) = &mut self.link {
            link.tx.on_path_change(&self.config);
        }
    }

    /// Sets the peer's port, before the association is opened.
    pub fn set_remote_port(&mut self, port: u16) {
        self.config.remote_port = port;
    }

    /// Sets the longest message that may be sent, in bytes: what the peer's `a=max-message-size` says (RFC 8841 §6).
    pub fn set_max_send_message(&mut self, bytes: usize) {
        self.config.max_send_message = bytes;
    }

    /// The longest message that may be sent, in bytes.
    pub fn max_send_message(&self) -> usize {
        self.config.max_send_message
    }

    /// What happened. Messages count against the receive window until they are taken here.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        match &event {
            Event::Message(message) => {
                self.stats.messages_received += 1;
                if let Some(link) = &mut self.link {
                    link.rx.on_taken(message.data.len());
                }
            }
            Event::IncomingReset { .. } => self.unread_resets = self.unread_resets.saturating_sub(1),
            _ => {}
        }
        Some(event)
    }

    /// Observations, if [`set_observing`](Self::set_observing) asked for them.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        self.observations.pop_front()
    }

    /// Makes observations, or stops. At most 4096 wait to be taken; more push out the oldest.
    pub fn set_observing(&mut self, on: bool) {
        self.observing = on;
    }

    /// Whether messages flow: from [`Event::Connected`] until a shutdown begins.
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Established)
    }

    /// Whether the association is over.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { over: true })
    }

    /// Streams that may be used, from 0 to one less than this; what we asked for until the peer is known.
    pub fn streams(&self) -> u16 {
        self.link.as_ref().map_or(self.config.max_streams, |link| link.streams)
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats { buffered: self.queue.bytes(), ..self.stats };
        if let Some(link) = &self.link {
            let again = link.tx.retransmitted();
            stats.chunks_retransmitted = again.chunks;
            stats.bytes_retransmitted = again.bytes;
            stats.srtt = link.tx.rto.srtt();
            stats.rto = link.tx.rto.current();
            stats.cwnd = link.tx.cwnd();
            stats.peer_window = link.tx.peer_window();
            stats.flight = link.tx.flight();
        }
        stats
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None` is never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let retry = self.state.retry().map(state::Retry::due);
        let Some(link) = &self.link else { return retry };
        if !(self.state.sends_data() || self.state.reads_data()) {
            return retry;
        }
        [
            link.tx.poll_timeout(),
            link.rx.poll_timeout(),
            link.resets.poll_timeout(),
            // RFC 9260 §8.3: none after a SHUTDOWN.
            link.heartbeats.poll_timeout().filter(|_| self.state.sends_data()),
        ]
        .into_iter()
        .fold(retry, earliest)
    }

    /// Lets timers that are due take effect; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let retry = self.state.retry_mut().map(|retry| retry.handle_timeout(now, self.config.rto_max));
        match retry {
            Some(Expiry::GiveUp) => return self.time_out(now),
            Some(Expiry::Again) => self.repeat(now),
            Some(Expiry::NotYet) | None => {}
        }
        if !(self.state.sends_data() || self.state.reads_data()) {
            return;
        }
        let Some(link) = &mut self.link else { return };
        link.rx.handle_timeout(now);
        let mut errors = 0;
        if link.tx.handle_timeout(now, &mut self.queue, &mut self.events) {
            errors += 1;
        }
        if link.resets.handle_timeout(now, self.config.rto_max) {
            errors += 1;
        }
        let beat = self
            .state
            .sends_data()
            .then(|| link.heartbeats.handle_timeout(now, link.tx.rto.current(), &mut self.rng));
        match beat {
            Some(Beat::Nothing) | None => {}
            Some(Beat::Missed) => errors += 1,
            Some(Beat::Send(chunk)) => {
                let tag = link.peer.tag;
                self.control.push_back(Control { tag, alone: false, chunk });
            }
        }
        link.errors += errors;
        // RFC 9260 §8.1.
        if link.errors > self.config.max_retransmits {
            self.time_out(now);
        }
    }

    fn time_out(&mut self, now: Instant) {
        // RFC 9260 §8.1 says nothing to the peer; it could hear us while we do not hear it.
        self.abort_with(None);
        self.end(now, Some(Error::TimedOut));
    }

    /// Enters a state and makes it known.
    fn enter(&mut self, now: Instant, state: State) {
        if self.observing && self.state.name() != state.name() {
            self.observe(Observation::State { at: now, layer: Layer::Sctp, state: state.name() });
        }
        self.state = state;
    }

    /// The association is over.
    fn end(&mut self, now: Instant, error: Option<Error>) {
        if matches!(self.state, State::Closed { over: true }) {
            return;
        }
        let shutting_down = matches!(self.state, State::ShutdownSent(..) | State::ShutdownAckSent(_));
        self.ended_well = error.is_none() && shutting_down;
        self.queue.clear();
        self.enter(now, State::Closed { over: true });
        self.events.push_back(Event::Closed(error));
    }

    fn observe(&mut self, observation: Observation) {
        if self.observations.len() >= MAX_OBSERVATIONS {
            self.observations.pop_front();
        }
        self.observations.push_back(observation);
    }

    fn drop_junk(&mut self, now: Instant, reason: &'static str) {
        self.stats.dropped += 1;
        if self.observing {
            self.observe(Observation::Dropped { at: now, layer: Layer::Sctp, reason });
        }
    }

    /// Queues an answer, unless a peer that floods us has filled the queue.
    fn answer(&mut self, tag: u32, alone: bool, chunk: Vec<u8>) {
        if self.control.len() < MAX_CONTROL {
            self.control.push_back(Control { tag, alone, chunk });
        }
    }
}

/// Answers beyond this many that were not sent yet are dropped: the peer will ask again.
const MAX_CONTROL: usize = 32;

const MAX_OBSERVATIONS: usize = 4096;
