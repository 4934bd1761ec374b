//! Messages that wait for their turn, per stream; nothing is kept for a stream that was never used.

use super::scheduler::Scheduler;
use crate::{Event, Reliability, SendError, SendOptions};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use siskin_base::Instant;

/// Everything that has not been given a TSN yet.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    /// Boxed: a node of the map has room for eleven.
    streams: BTreeMap<u16, Box<Stream>>,
    /// Streams that are draining, so that nobody looks through all of them.
    draining: BTreeSet<u16>,
    scheduler: Scheduler,
    /// The stream whose first message is next, or partly sent.
    current: Option<u16>,
    /// User bytes in all messages.
    bytes: usize,
    messages: usize,
    /// Whether a message was refused for lack of room since [`Event::Sendable`] was last said.
    refused: bool,
}

#[derive(Debug, Default)]
struct Stream {
    messages: VecDeque<Queued>,
    /// Sequence number of the next ordered message.
    ssn: u16,
    buffered: usize,
    low_threshold: usize,
    weight: Option<u16>,
    served: u64,
    reset: ResetState,
}

/// Open --reset_streams--> Draining --request sent--> Requested --response--> Open
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum ResetState {
    #[default]
    Open,
    Draining,
    Requested,
}

#[derive(Debug)]
struct Queued {
    /// What has no TSN yet.
    rest: Bytes,
    begun: bool,
    ppid: u32,
    unordered: bool,
    reliability: Reliability,
    expires: Option<Instant>,
}

/// A piece of a message that becomes a DATA chunk.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) payload: Bytes,
    pub(super) begin: bool,
    pub(super) end: bool,
    pub(super) unordered: bool,
    pub(super) stream: u16,
    pub(super) ssn: u16,
    pub(super) ppid: u32,
    pub(super) max_retransmits: Option<u16>,
    pub(super) expires: Option<Instant>,
}

/// What is next in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A message with this many bytes to go.
    Ready(usize),
    /// The rest of a message whose lifetime is over and of which something was sent: its chunks are to be given up.
    ExpiredMidway,
}

impl SendQueue {
    /// Queues a message, if `limit` bytes (each message's [`COST`] included) are not exceeded by it.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        stream: u16,
        ppid: u32,
        data: Bytes,
        options: SendOptions,
        limit: usize,
    ) -> Result<(), SendError> {
        if self.cost() + data.len() + COST > limit && self.messages > 0 {
            self.refused = true;
            return Err(SendError::BufferFull);
        }
        let entry = self.streams.entry(stream).or_default();
        if entry.reset != ResetState::Open {
            return Err(SendError::StreamResetting);
        }
        let expires = match options.reliability {
            Reliability::Lifetime(lifetime) => Some(now + lifetime),
            _ => None,
        };
        self.bytes += data.len();
        self.messages += 1;
        entry.buffered += data.len();
        if entry.messages.is_empty() {
            entry.served = self.scheduler.enter(
                stream,
                entry.weight.unwrap_or(DEFAULT_WEIGHT),
                data.len(),
                entry.served,
            );
        }
        entry.messages.push_back(Queued {
            rest: data,
            begun: false,
            ppid,
            unordered: options.unordered,
            reliability: options.reliability,
            expires,
        });
        Ok(())
    }

    fn cost(&self) -> usize {
        self.bytes + self.messages * COST
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// User bytes of a stream that were not sent yet.
    pub(crate) fn buffered_amount(&self, stream: u16) -> usize {
        self.streams.get(&stream).map_or(0, |stream| stream.buffered)
    }

    pub(crate) fn set_low_threshold(&mut self, stream: u16, bytes: usize) {
        if bytes > 0 || self.streams.contains_key(&stream) {
            self.streams.entry(stream).or_default().low_threshold = bytes;
        }
    }

    pub(crate) fn set_weight(&mut self, stream: u16, weight: u16) {
        self.streams.entry(stream).or_default().weight = Some(weight);
    }

    /// What is next; messages that expired before anything of them was sent are dropped on the way.
    pub(super) fn peek(&mut self, now: Instant, events: &mut VecDeque<Event>) -> Option<Next> {
        loop {
            let id = match self.current {
                Some(id) => id,
                None => *self.current.insert(self.scheduler.next()?),
            };
            let first = self.streams.get(&id).and_then(|stream| stream.messages.front());
            let Some(first) = first else {
                self.current = None;
                continue;
            };
            if first.expires.is_none_or(|at| now < at) {
                return Some(Next::Ready(first.rest.len()));
            }
            if first.begun {
                return Some(Next::ExpiredMidway);
            }
            self.drop_current(events);
        }
    }

    /// Bytes of the message in front that were not sent yet.
    pub(super) fn current_len(&self) -> usize {
        let stream = self.current.and_then(|id| self.streams.get(&id));
        stream.and_then(|stream| stream.messages.front()).map_or(0, |message| message.rest.len())
    }

    /// Takes up to `max` bytes of what [`peek`](Self::peek) announced.
    pub(super) fn take(&mut self, max: usize, events: &mut VecDeque<Event>) -> Option<Fragment> {
        let id = self.current?;
        let stream = self.streams.get_mut(&id)?;
        let first = stream.messages.front_mut()?;
        let payload = first.rest.split_to(max.min(first.rest.len()));
        let begin = !core::mem::replace(&mut first.begun, true);
        let end = first.rest.is_empty();
        let fragment = Fragment {
            begin,
            end,
            unordered: first.unordered,
            stream: id,
            ssn: if first.unordered { 0 } else { stream.ssn },
            ppid: first.ppid,
            max_retransmits: match first.reliability {
                Reliability::MaxRetransmits(max) => Some(max),
                _ => None,
            },
            expires: first.expires,
            payload,
        };
        let len = fragment.payload.len();
        if end {
            self.finish_current();
        }
        self.count_off(id, len, events);
        Some(fragment)
    }

    /// Drops the rest of the message in front. If something of it was sent, gives an empty last fragment.
    pub(super) fn drop_current(&mut self, events: &mut VecDeque<Event>) -> Option<Fragment> {
        let id = self.current?;
        let stream = self.streams.get(&id)?;
        let first = stream.messages.front()?;
        let len = first.rest.len();
        let fragment = first.begun.then(|| Fragment {
            payload: Bytes::new(),
            begin: false,
            end: true,
            unordered: first.unordered,
            stream: id,
            ssn: if first.unordered { 0 } else { stream.ssn },
            ppid: first.ppid,
            max_retransmits: None,
            expires: None,
        });
        self.finish_current();
        self.count_off(id, len, events);
        fragment
    }

    /// The message in front is through: its stream goes to the end of the line.
    fn finish_current(&mut self) {
        let Some(id) = self.current.take() else { return };
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(done) = stream.messages.pop_front() else { return };
        self.messages -= 1;
        if done.begun && !done.unordered {
            stream.ssn = stream.ssn.wrapping_add(1);
        }
        if let Some(next) = stream.messages.front() {
            let weight = stream.weight.unwrap_or(DEFAULT_WEIGHT);
            stream.served = self.scheduler.enter(id, weight, next.rest.len(), stream.served);
        }
    }

    fn count_off(&mut self, id: u16, len: usize, events: &mut VecDeque<Event>) {
        self.bytes = self.bytes.saturating_sub(len);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let before = stream.buffered;
        stream.buffered = before.saturating_sub(len);
        if before > stream.low_threshold && stream.buffered <= stream.low_threshold {
            events.push_back(Event::BufferedAmountLow { stream: id });
        }
    }

    /// Says once that a refused message would fit now: when no more than half of `limit` is in use.
    pub(crate) fn say_sendable(&mut self, limit: usize, events: &mut VecDeque<Event>) {
        if self.refused && self.cost() <= limit / 2 {
            self.refused = false;
            events.push_back(Event::Sendable);
        }
    }

    /// Closes streams for new messages until they have been reset.
    pub(crate) fn begin_reset(&mut self, streams: &[u16]) {
        for id in streams {
            let stream = self.streams.entry(*id).or_default();
            if stream.reset == ResetState::Open {
                stream.reset = ResetState::Draining;
                self.draining.insert(*id);
            }
        }
    }

    /// Streams that are to be reset and have nothing queued any more, up to `max`; they count as requested from now on.
    pub(crate) fn take_drained(&mut self, max: usize) -> Vec<u16> {
        let streams = &mut self.streams;
        let is_drained = |id: &u16| streams.get(id).is_none_or(|stream| stream.messages.is_empty());
        let drained: Vec<u16> = self.draining.iter().copied().filter(is_drained).take(max).collect();
        for id in &drained {
            self.draining.remove(id);
            if let Some(stream) = streams.get_mut(id) {
                stream.reset = ResetState::Requested;
            }
        }
        drained
    }

    /// The request for these streams was answered: with `performed` they start again at sequence number 0.
    pub(crate) fn end_reset(&mut self, streams: &[u16], performed: bool) {
        for id in streams {
            if performed {
                self.streams.remove(id);
            } else if let Some(stream) = self.streams.get_mut(id) {
                stream.reset = ResetState::Open;
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// What a message costs beside its bytes, for the limit of the buffer.
const COST: usize = 64;

/// The weight of W3C's priority `low`, the default (RFC 8831 §6.4).
const DEFAULT_WEIGHT: u16 = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    const NOW: Instant = Instant::ZERO;

    fn push(queue: &mut SendQueue, stream: u16, len: usize, options: SendOptions) -> Result<(), SendError> {
        queue.push(NOW, stream, 51, Bytes::from(alloc::vec![0; len]), options, 10_000)
    }

    #[test]
    fn fragments_cover_the_message() {
        let (mut queue, mut events) = (SendQueue::default(), VecDeque::new());
        push(&mut queue, 1, 2500, SendOptions::default()).unwrap();
        let mut seen = Vec::new();
        while queue.peek(NOW, &mut events).is_some() {
            let fragment = queue.take(1000, &mut events).unwrap();
            seen.push((fragment.begin, fragment.end, fragment.payload.len(), queue.buffered_amount(1)));
        }
        assert_eq!(seen, [(true, false, 1000, 1500), (false, false, 1000, 500), (false, true, 500, 0)]);
        assert_eq!(events, [Event::BufferedAmountLow { stream: 1 }]);
    }

    #[test]
    fn what_expires_unsent_uses_no_sequence_number() {
        let (mut queue, mut events) = (SendQueue::default(), VecDeque::new());
        let short = SendOptions {
            reliability: Reliability::Lifetime(Duration::from_millis(5)),
            ..Default::default()
        };
        push(&mut queue, 1, 10, short).unwrap();
        push(&mut queue, 1, 20, SendOptions::default()).unwrap();
        let later = NOW + Duration::from_millis(5);
        assert_eq!(queue.peek(later, &mut events), Some(Next::Ready(20)));
        let fragment = queue.take(1000, &mut events).unwrap();
        assert_eq!((fragment.ssn, fragment.payload.len()), (0, 20));
    }

    #[test]
    fn a_full_buffer_refuses_and_says_when_there_is_room() {
        let (mut queue, mut events) = (SendQueue::default(), VecDeque::new());
        push(&mut queue, 1, 20_000, SendOptions::default()).expect("one message always fits");
        assert_eq!(push(&mut queue, 1, 1, SendOptions::default()), Err(SendError::BufferFull));
        queue.peek(NOW, &mut events);
        queue.take(16_000, &mut events);
        queue.say_sendable(10_000, &mut events);
        assert_eq!(events.pop_back(), Some(Event::Sendable));
        queue.say_sendable(10_000, &mut events);
        assert_eq!(events.pop_back(), None);
    }

    #[test]
    fn a_stream_is_reset_once_it_has_drained() {
        let (mut queue, mut events) = (SendQueue::default(), VecDeque::new());
        push(&mut queue, 1, 10, SendOptions::default()).unwrap();
        queue.begin_reset(&[1, 2]);
        assert_eq!(push(&mut queue, 1, 1, SendOptions::default()), Err(SendError::StreamResetting));
        assert_eq!(queue.take_drained(10), [2]);
        queue.peek(NOW, &mut events);
        queue.take(1000, &mut events);
        assert_eq!(queue.take_drained(10), [1]);
        queue.end_reset(&[1, 2], true);
        push(&mut queue, 1, 1, SendOptions::default()).unwrap();
        queue.peek(NOW, &mut events);
        assert_eq!(queue.take(1000, &mut events).unwrap().ssn, 0);
    }
}
