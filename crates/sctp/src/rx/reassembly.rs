//! Fragments become messages, and messages come in their stream's order (RFC 9260 §6.6, §6.9).
//!
//! DATA chunks of one message have consecutive TSNs, so what has arrived of a message is a set of *runs*: stretches of
//! consecutive fragments. A fragment that continues a run is appended to it, so a message that arrives in order is
//! copied once, into the memory that the user gets.
//!
//! RFC 9260 §6.9: delivering parts of a message when the buffer is full: not done, because a message that is longer than the
//! buffer ends the association, and one that is not fits.

use crate::Message;
use crate::wire::{Data, SkippedStream};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use siskin_base::serial::widen;

/// Messages in the making.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    /// By the TSN of their first fragment.
    runs: BTreeMap<u64, Run>,
    /// Sequence number of the message to deliver next, widened, of the streams on which an ordered message has arrived since
    /// they were last reset.
    streams: BTreeMap<u16, u64>,
    /// Messages that wait for an earlier one, by stream and widened sequence number. One map for all streams: a map for each
    /// would cost a peer that uses them all far less than us.
    waiting: BTreeMap<(u16, u64), Message>,
    /// Bytes in `runs` and in waiting messages, with [`OVERHEAD`] for each.
    held: usize,
    /// Length of the last message that was fragmented: the next one is likely to be as long.
    hint: usize,
}

#[derive(Debug)]
struct Run {
    /// The TSN that would continue it.
    next: u64,
    begun: bool,
    ended: bool,
    stream: u16,
    ssn: u16,
    ppid: u32,
    unordered: bool,
    data: Vec<u8>,
}

/// What a message or run costs beside its bytes.
pub(crate) const OVERHEAD: usize = 64;

impl Reassembly {
    /// Bytes held back, overhead included.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Takes a fragment that has not been here before; gives the length of its message so far.
    pub(crate) fn insert(
        &mut self,
        tsn: u64,
        data: &Data<'_>,
        in_order: bool,
        out: &mut VecDeque<Message>,
    ) -> usize {
        let flags = data.flags;
        if flags.begin && flags.end {
            let payload = Bytes::copy_from_slice(data.payload);
            self.deliver(data.stream, data.ssn, data.ppid, flags.unordered, payload, out);
            return data.payload.len();
        }
        let continued = self
            .runs
            .range_mut(..tsn)
            .next_back()
            .filter(|(_, run)| run.next == tsn && !run.ended && !flags.begin && run.is_of(data));
        let first = if let Some((&first, run)) = continued {
            run.data.extend_from_slice(data.payload);
            run.next = tsn + 1;
            run.ended = flags.end;
            self.held += data.payload.len();
            first
        } else {
            // Room for one message at a time: a peer that begins many and ends none would get it for each.
            let expected = in_order && flags.begin && self.runs.is_empty();
            let room = if expected { self.hint } else { 0 };
            let mut bytes = Vec::with_capacity(room.max(data.payload.len()));
            bytes.extend_from_slice(data.payload);
            self.held += data.payload.len() + OVERHEAD;
            let run = Run {
                next: tsn + 1,
                begun: flags.begin,
                ended: flags.end,
                stream: data.stream,
                ssn: data.ssn,
                ppid: data.ppid,
                unordered: flags.unordered,
                data: bytes,
            };
            self.runs.insert(tsn, run);
            tsn
        };
        if !flags.end {
            self.join(first, tsn + 1, data);
        }
        self.finish(first, out)
    }

    /// Appends the run that starts at `second` to the one that starts at `first`, if it continues the message.
    fn join(&mut self, first: u64, second: u64, data: &Data<'_>) {
        if !self.runs.get(&second).is_some_and(|run| !run.begun && run.is_of(data)) {
            return;
        }
        let Some(tail) = self.runs.remove(&second) else { return };
        self.held = self.held.saturating_sub(OVERHEAD);
        if let Some(run) = self.runs.get_mut(&first) {
            run.data.extend_from_slice(&tail.data);
            run.next = tail.next;
            run.ended = tail.ended;
        }
    }

    /// Delivers the run if it is a whole message.
    fn finish(&mut self, first: u64, out: &mut VecDeque<Message>) -> usize {
        let Some(run) = self.runs.get(&first) else { return 0 };
        let len = run.data.len();
        if run.begun
            && run.ended
            && let Some(mut run) = self.runs.remove(&first)
        {
            self.held = self.held.saturating_sub(len + OVERHEAD);
            self.hint = len;
            if run.data.capacity() > 2 * len {
                run.data.shrink_to_fit();
            }
            self.deliver(run.stream, run.ssn, run.ppid, run.unordered, run.data.into(), out);
        }
        len
    }

    fn deliver(
        &mut self,
        stream: u16,
        ssn: u16,
        ppid: u32,
        unordered: bool,
        data: Bytes,
        out: &mut VecDeque<Message>,
    ) {
        let message = Message { stream, ppid, unordered, data };
        if unordered {
            out.push_back(message);
            return;
        }
        let next = self.streams.entry(stream).or_default();
        let ssn = widen(ssn.into(), 16, *next);
        if ssn == *next {
            *next += 1;
            out.push_back(message);
            self.drain(stream, out);
        } else if ssn > *next {
            let cost = message.data.len() + OVERHEAD;
            if self.waiting.insert((stream, ssn), message).is_none() {
                self.held += cost;
            }
        }
        // An earlier number than the next one: the peer used it twice or gave it up. There is no place for it.
    }

    /// Gives up everything up to `cumulative` (RFC 3758 §3.6).
    pub(crate) fn skip(
        &mut self,
        cumulative: u64,
        skipped: impl Iterator<Item = SkippedStream>,
        out: &mut VecDeque<Message>,
    ) {
        while let Some(run) = self.runs.first_entry().filter(|run| *run.key() <= cumulative) {
            self.held = self.held.saturating_sub(run.remove().data.len() + OVERHEAD);
        }
        // The end of a message whose beginning was given up: nothing can complete it.
        if let Some(run) =
            self.runs.first_entry().filter(|run| *run.key() == cumulative + 1 && !run.get().begun)
        {
            self.held = self.held.saturating_sub(run.remove().data.len() + OVERHEAD);
        }
        for SkippedStream { stream, ssn } in skipped {
            let next = self.streams.entry(stream).or_default();
            let past = widen(ssn.into(), 16, *next) + 1;
            *next = past.max(*next);
            while let Some((&place, _)) = self.waiting.range((stream, 0)..(stream, past)).next() {
                out.extend(self.take_waiting(place));
            }
            self.drain(stream, out);
        }
    }

    /// Delivers what waits no longer on a stream.
    fn drain(&mut self, stream: u16, out: &mut VecDeque<Message>) {
        let Some(mut next) = self.streams.get(&stream).copied() else { return };
        while let Some(message) = self.take_waiting((stream, next)) {
            next += 1;
            out.push_back(message);
        }
        self.streams.insert(stream, next);
    }

    fn take_waiting(&mut self, place: (u16, u64)) -> Option<Message> {
        let message = self.waiting.remove(&place)?;
        self.held = self.held.saturating_sub(message.data.len() + OVERHEAD);
        Some(message)
    }

    /// Starts again at sequence number 0 on one stream, or on all (RFC 6525 §5.2.2).
    pub(crate) fn reset(&mut self, stream: Option<u16>) {
        let streams = match stream {
            Some(stream) => stream..=stream,
            None => 0..=u16::MAX,
        };
        let (first, last) = ((*streams.start(), 0), (*streams.end(), u64::MAX));
        while let Some((&place, _)) = self.waiting.range(first..=last).next() {
            let _forgotten = self.take_waiting(place);
        }
        match stream {
            Some(stream) => _ = self.streams.remove(&stream),
            None => self.streams.clear(),
        }
    }
}

impl Run {
    fn is_of(&self, data: &Data<'_>) -> bool {
        self.stream == data.stream
            && self.unordered == data.flags.unordered
            && (self.unordered || self.ssn == data.ssn)
    }
}

#[cfg(test)]
mod tests;
