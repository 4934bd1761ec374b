//! The sending half: messages come in, DATA chunks go out, SACKs say what became of them.

mod abandon;
mod congestion;
mod fast_retransmit;
mod outstanding;
mod rto;
mod scheduler;
mod send_queue;
mod t3_rtx;

use crate::wire::{Data, Sack};
use crate::{Config, Event, SendError, SendOptions};
use abandon::Abandon;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use congestion::{AckedBytes, Congestion, pmdcs};
use fast_retransmit::FastRetransmit;
use outstanding::{NewlyAcked, Outstanding, chunk_len};
pub(crate) use rto::Rto;
use send_queue::Next;
pub(crate) use send_queue::SendQueue;
use siskin_base::Instant;
use t3_rtx::T3Rtx;

/// What is on its way to one peer, and how fast it may go.
#[derive(Debug)]
pub(crate) struct Sender {
    outstanding: Outstanding,
    congestion: Congestion,
    fast_retransmit: FastRetransmit,
    t3_rtx: T3Rtx,
    pub(crate) rto: Rto,
    abandon: Abandon,
    /// The peer's window less what is in flight.
    peer_window: usize,
    /// The window in the last SACK was too small for a packet: timeouts are the peer's doing, not the network's.
    window_closed: bool,
    /// Whether the peer understands FORWARD TSN (RFC 3758 §3.3).
    partial_reliability: bool,
    /// The chunk whose round trip is being measured, and when it was sent.
    measuring: Option<(u64, Instant)>,
    last_sent: Instant,
    /// RFC 9260 §7.2.4, 3: the next packet of retransmissions does not ask the congestion window.
    urgent: bool,
    /// What T3-rtx allows before it is answered.
    one_packet: OnePacket,
    /// Flight beyond which the last SACK releases nothing (Max.Burst). RFC 9260 §6.1 D: counting from what is in flight after
    /// the SACK, and for new messages too: not done, because one SACK may stand for many packets, and because what the window
    /// holds may go when the user speaks.
    burst_limit: Option<usize>,
    max_burst: usize,
    max_datagram: usize,
    retransmitted: Retransmitted,
}

/// Off --T3-rtx--> Due --one packet with DATA--> Sent --anything acknowledged--> Off (RFC 9260 §7.2.3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnePacket {
    Off,
    Due,
    Sent,
}

/// The packet that DATA goes into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Length of the buffer beyond which nothing may be written.
    pub(crate) end: usize,
    /// Whether that is less than what the path carries: chunks go whole or not at all.
    pub(crate) limited: bool,
    /// Whether the packet holds no chunk yet.
    pub(crate) empty: bool,
    /// Whether the last chunk is to ask for a SACK at once in any case.
    pub(crate) ask: bool,
}

/// Chunks and bytes that were sent more than once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retransmitted {
    pub(crate) chunks: u64,
    pub(crate) bytes: u64,
}

impl Sender {
    pub(crate) fn new(
        config: &Config,
        now: Instant,
        initial_tsn: u32,
        peer_window: u32,
        partial_reliability: bool,
    ) -> Self {
        let outstanding = Outstanding::new(initial_tsn);
        Self {
            abandon: Abandon::new(&outstanding),
            outstanding,
            congestion: Congestion::new(config, peer_window),
            fast_retransmit: FastRetransmit::default(),
            t3_rtx: T3Rtx::default(),
            rto: Rto::new(config),
            peer_window: peer_window as usize,
            window_closed: false,
            partial_reliability,
            measuring: None,
            last_sent: now,
            urgent: false,
            one_packet: OnePacket::Off,
            burst_limit: None,
            max_burst: config.max_burst.max(1),
            max_datagram: config.max_datagram,
            retransmitted: Retransmitted::default(),
        }
    }

    pub(crate) fn set_max_datagram(&mut self, max_datagram: usize) {
        self.max_datagram = max_datagram;
        self.congestion.set_max_datagram(max_datagram);
    }

    /// RFC 9260 §7.2.5.2: another way is another network.
    pub(crate) fn on_path_change(&mut self, config: &Config) {
        self.congestion = Congestion::new(config, u32::try_from(self.peer_window).unwrap_or(u32::MAX));
        self.measuring = None;
        self.burst_limit = None;
    }

    pub(crate) fn cwnd(&self) -> usize {
        self.congestion.cwnd()
    }

    pub(crate) fn peer_window(&self) -> usize {
        self.peer_window
    }

    pub(crate) fn flight(&self) -> usize {
        self.outstanding.flight()
    }

    pub(crate) fn retransmitted(&self) -> Retransmitted {
        self.retransmitted
    }

    /// Whether everything that was sent has been acknowledged or given up.
    pub(crate) fn all_acked(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// Whether everything up to `tsn` has been acknowledged.
    pub(crate) fn has_acked(&self, tsn: u32) -> bool {
        self.outstanding.widen(tsn) <= self.outstanding.cumulative()
    }

    /// The last TSN that was used (RFC 6525 §4.1).
    pub(crate) fn last_tsn(&self) -> u32 {
        (self.outstanding.next_tsn() - 1) as u32
    }

    /// Takes in a SACK; true if it acknowledged something new, or excuses why not.
    pub(crate) fn on_sack(
        &mut self,
        now: Instant,
        sack: &Sack<'_>,
        queue: &mut SendQueue,
        ev: &mut VecDeque<Event>,
    ) -> bool {
        let flight_before = self.outstanding.flight();
        let Some(newly) = self.outstanding.on_sack(sack) else { return false };
        self.measure(now, newly);
        let in_recovery = self.fast_retransmit.in_recovery();
        if newly.cumulative_advanced {
            self.congestion.on_acked(AckedBytes { bytes: newly.bytes, flight_before, in_recovery });
        }
        self.progress(now, newly.cumulative_advanced);
        let losses = self.fast_retransmit.on_sack(&mut self.outstanding, newly, pmdcs(self.max_datagram));
        if losses.is_new_event {
            self.congestion.on_loss();
            self.urgent = true;
        }
        if losses.bytes > 0 {
            self.give_up_spent(now, queue, ev);
        }
        // RFC 9260 §6.2.1 D ii: the window as told, less what is still on the way.
        let window = sack.a_rwnd as usize;
        let was_closed = self.window_closed;
        self.peer_window = window.saturating_sub(self.outstanding.flight());
        self.window_closed = window < self.max_payload();
        self.burst_limit = Some(flight_before + self.max_burst * pmdcs(self.max_datagram));
        let unheard = self.abandon.is_overdue(now, self.rto.srtt());
        self.abandon.advance(&self.outstanding, newly.cumulative_advanced || unheard);
        let acked = newly.chunks > 0 || newly.cumulative_advanced;
        if newly.chunks > 0 || was_closed && !self.window_closed {
            self.one_packet = OnePacket::Off;
        }
        acked || self.window_closed
    }

    /// Takes in the cumulative TSN of a SHUTDOWN (RFC 9260 §9.2).
    pub(crate) fn on_cumulative(&mut self, now: Instant, tsn: u32) {
        let tsn = self.outstanding.widen(tsn);
        if tsn > self.outstanding.cumulative() && tsn < self.outstanding.next_tsn() {
            self.outstanding.advance(tsn);
            self.progress(now, true);
            self.abandon.advance(&self.outstanding, false);
        }
    }

    fn progress(&mut self, now: Instant, cumulative_advanced: bool) {
        if cumulative_advanced {
            self.one_packet = OnePacket::Off;
            self.rto.on_progress();
            self.fast_retransmit.on_cumulative(self.outstanding.cumulative());
            self.t3_rtx.restart(now, self.rto.current());
        }
        if self.outstanding.is_empty() {
            self.t3_rtx.stop();
            self.congestion.on_all_acked();
            self.measuring = None;
        }
    }

    /// RFC 9260 §6.3.1 C4: one measurement for each round trip. C5: none while an earlier chunk is sent again: not done, because
    /// gap blocks acknowledge the chunk that is measured without waiting for earlier ones.
    fn measure(&mut self, now: Instant, newly: NewlyAcked) {
        if newly.chunks == 0 {
            return;
        }
        let Some((tsn, sent)) = self.measuring else { return };
        let acked = match self.outstanding.get(tsn) {
            None => tsn <= self.outstanding.cumulative(),
            Some(chunk) => chunk.state == outstanding::State::Acked,
        };
        if acked {
            self.rto.on_sample(now.since(sent));
            self.measuring = None;
        }
    }

    /// Gives up messages among the lost that may not be sent again.
    fn give_up_spent(&mut self, now: Instant, queue: &mut SendQueue, ev: &mut VecDeque<Event>) {
        if !self.partial_reliability {
            return;
        }
        let mut from = 0;
        while let Some(&tsn) = self.outstanding.lost.range(from..).next() {
            from = tsn + 1;
            if Abandon::is_spent(&self.outstanding, tsn, now) && Abandon::message(&mut self.outstanding, tsn)
            {
                self.give_up_rest(queue, ev);
            }
        }
    }

    /// Handles the expiry of T3-rtx; true if it counts as an error of the peer.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        queue: &mut SendQueue,
        ev: &mut VecDeque<Event>,
    ) -> bool {
        if !self.t3_rtx.expired(now) {
            return false;
        }
        // RFC 9260 §6.3.3 E1 to E3.
        if !self.window_closed {
            self.congestion.on_timeout();
            self.one_packet = OnePacket::Due;
        }
        self.rto.back_off();
        self.fast_retransmit.stop();
        self.measuring = None;
        self.burst_limit = None;
        let flight = self.outstanding.flight();
        self.outstanding.lose_all(self.outstanding.peer_reneged());
        self.peer_window += flight;
        self.give_up_spent(now, queue, ev);
        self.abandon.advance(&self.outstanding, true);
        self.t3_rtx.restart(now, self.rto.current());
        true
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.t3_rtx.poll_timeout()
    }

    /// Bytes of user data that fit into a packet of their own.
    fn max_payload(&self) -> usize {
        pmdcs(self.max_datagram) - Data::HEADER_LEN
    }

    /// Appends FORWARD TSN and DATA chunks until `room` is full or nothing more may go; true if it wrote any.
    pub(crate) fn write(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        room: Room,
        queue: &mut SendQueue,
        ev: &mut VecDeque<Event>,
    ) -> bool {
        let start = out.len();
        let Room { end, limited, empty, ask } = room;
        self.give_up_midway(now, queue, ev);
        if self.abandon.is_due()
            && self.abandon.write(now, &self.outstanding, out, end.saturating_sub(start)).is_some()
        {
            self.t3_rtx.on_sent(now, self.rto.current());
        }
        if self.one_packet == OnePacket::Sent {
            return out.len() > start;
        }
        let mut last = None;
        let blocked = self.write_lost(now, out, end, empty && !limited && out.len() == start, &mut last);
        // RFC 9260 §6.1 C: what is to be sent again goes before anything new.
        let full = blocked || self.write_new(now, out, room, queue, ev, &mut last);
        if last.is_some() && self.one_packet == OnePacket::Due {
            self.one_packet = OnePacket::Sent;
        }
        if let Some(flags) = last.and_then(|at: usize| out.get_mut(at + 1)) {
            // RFC 7053 §5.1: nothing can follow before a SACK comes, so that a delayed one would only cost time.
            if ask || full {
                *flags |= IMMEDIATE;
            }
        }
        out.len() > start
    }

    /// Gives up the message in front, of which something was sent.
    fn give_up_midway(&mut self, now: Instant, queue: &mut SendQueue, ev: &mut VecDeque<Event>) {
        if !self.partial_reliability {
            return;
        }
        while queue.peek(now, ev) == Some(Next::ExpiredMidway) {
            let last = self.outstanding.next_tsn() - 1;
            if self.outstanding.get(last).is_some_and(|chunk| !chunk.end) {
                Abandon::message(&mut self.outstanding, last);
            }
            self.give_up_rest(queue, ev);
            self.abandon.advance(&self.outstanding, true);
        }
    }

    /// Drops what of a message has no TSN yet. One TSN stands for all of it: what was sent may have been acknowledged,
    /// and only a FORWARD TSN beyond it tells the peer that the rest will not come.
    fn give_up_rest(&mut self, queue: &mut SendQueue, ev: &mut VecDeque<Event>) {
        if let Some(rest) = queue.drop_current(ev) {
            let tsn = self.outstanding.add(rest);
            self.outstanding.abandon(tsn);
        }
    }

    /// Writes chunks that were lost; true if some are left that may not go yet.
    fn write_lost(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        end: usize,
        alone: bool,
        last: &mut Option<usize>,
    ) -> bool {
        let start = out.len();
        while let Some(&tsn) = self.outstanding.lost.first() {
            let Some(chunk) = self.outstanding.chunk(tsn) else { break };
            let len = chunk.payload.len();
            let cost = chunk_len(len);
            let flight = self.outstanding.flight();
            let allowed = flight == 0
                || self.urgent
                || flight + cost <= self.congestion.cwnd() && len <= self.peer_window;
            if !allowed {
                return true;
            }
            let fits = out.len() + cost <= end;
            // A chunk from before the datagram size shrank cannot be cut any more: it goes alone.
            if !(fits || alone && out.len() == start) {
                break;
            }
            *last = Some(out.len());
            if chunk.write(out).is_none() {
                break;
            }
            if self.measuring.is_some_and(|(measured, _)| measured == tsn) {
                self.measuring = None;
            }
            if tsn == self.outstanding.cumulative() + 1 {
                self.t3_rtx.restart(now, self.rto.current());
            }
            self.outstanding.resend(tsn);
            self.peer_window = self.peer_window.saturating_sub(cost);
            self.retransmitted.chunks += 1;
            self.retransmitted.bytes += len as u64;
            self.t3_rtx.on_sent(now, self.rto.current());
            self.last_sent = now;
        }
        if out.len() > start {
            self.urgent = false;
        }
        !self.outstanding.lost.is_empty()
    }

    /// Writes chunks that were never sent; true if some are left that may not go yet.
    fn write_new(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        Room { end, limited, .. }: Room,
        queue: &mut SendQueue,
        ev: &mut VecDeque<Event>,
        last: &mut Option<usize>,
    ) -> bool {
        let max_payload = self.max_payload();
        if self.outstanding.flight() == 0 && !queue.is_empty() {
            self.congestion.on_idle(now.since(self.last_sent), self.rto.current());
            self.last_sent = now;
        }
        while let Some(next) = queue.peek(now, ev) {
            let rest = match next {
                Next::Ready(rest) => rest,
                // The peer cannot be told to skip it, so it goes on as if it had no lifetime.
                Next::ExpiredMidway => queue.current_len(),
            };
            let room = end.saturating_sub(out.len() + Data::HEADER_LEN) & !3;
            let len = rest.min(room).min(max_payload);
            // A message that fits a packet whole waits for the next one; of a longer one, no crumbs are cut.
            if len < rest && (limited || rest <= max_payload || len < MIN_FRAGMENT.min(max_payload)) {
                return false;
            }
            let flight = self.outstanding.flight();
            if flight >= self.congestion.cwnd() || self.burst_limit.is_some_and(|limit| flight >= limit) {
                return true;
            }
            if self.outstanding.len() >= MAX_OUTSTANDING {
                return true;
            }
            // RFC 9260 §6.1 A: with a closed window one chunk may be on the way, as a probe. An RTO before the first probe: not
            // done, because it saves a packet and costs a timer. The chunk is not cut to fit a small window: that would be silly.
            if len > self.peer_window && flight > 0 {
                return true;
            }
            let Some(fragment) = queue.take(len, ev) else { break };
            let tsn = self.outstanding.add(fragment);
            *last = Some(out.len());
            if let Some(chunk) = self.outstanding.chunk(tsn) {
                let _ = chunk.write(out);
            }
            self.peer_window = self.peer_window.saturating_sub(chunk_len(len));
            self.measuring.get_or_insert((tsn, now));
            self.t3_rtx.on_sent(now, self.rto.current());
            self.last_sent = now;
        }
        false
    }

    /// The user has new messages: what the last SACK released is no limit for them.
    pub(crate) fn on_new_messages(&mut self) {
        self.burst_limit = None;
    }

    /// Whether [`write`](Self::write) has something that must not wait for a timer. May err on the side of yes.
    pub(crate) fn has_work(&self, queue: &SendQueue) -> bool {
        self.abandon.is_due() || !self.outstanding.lost.is_empty() || !queue.is_empty()
    }
}

/// Checks a message against what may be sent at all.
pub(crate) fn check(config: &Config, streams: u16, stream: u16, data: &Bytes) -> Result<(), SendError> {
    if data.is_empty() {
        Err(SendError::Empty)
    } else if data.len() > config.max_send_message {
        Err(SendError::TooLong)
    } else if stream >= streams {
        Err(SendError::NoSuchStream)
    } else {
        Ok(())
    }
}

/// Queues a message.
pub(crate) fn push(
    queue: &mut SendQueue,
    config: &Config,
    now: Instant,
    stream: u16,
    ppid: u32,
    data: Bytes,
    options: SendOptions,
) -> Result<(), SendError> {
    queue.push(now, stream, ppid, data, options, config.send_buffer)
}

/// Smaller pieces of a long message are not cut to fill up a packet.
const MIN_FRAGMENT: usize = 256;

/// RFC 9260 §6.1: no stream has more ordered messages on the way than its sequence numbers can tell apart. All of them
/// together have no more than half of that, which is 38 MB in full packets.
const MAX_OUTSTANDING: usize = 0x7fff;

/// The I bit of a DATA chunk's flags.
const IMMEDIATE: u8 = 8;
