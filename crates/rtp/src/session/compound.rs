//! The RTCP datagrams that we send: reports, descriptions, feedback, goodbyes, in that order.
// RFC 8108 §5.1: a report by each of our streams: not done, because one that reports for all says the same in a fraction of the
// bytes (§5.4.2), and browsers do so.
// RFC 5506 §4.2.1: watching whether reduced-size RTCP arrives: not done, because the path is one that ICE has checked, and what
// is between its ends sees SRTCP only.

use super::engine::Session;
use super::receiver::middle_ticks;
use crate::rtcp::{
    Bye, Dlrr, Fir, FirEntry, List, Nack, NackEntry, Pli, ReceiverReport, Remb, ReportBlock, XrBlock,
    pack_nacks, write_cname, write_extended_report,
};
use alloc::vec::Vec;
use siskin_base::{Instant, Packet};

/// Most blocks in one report (RFC 3550 §6.4.1), and most goodbyes in one packet.
const MOST_BLOCKS: usize = 31;
/// Most answers to receivers' clocks in one datagram.
const MOST_ANSWERS: usize = 8;
/// Clocks of ours to which answers are taken: one is told in a report, about once a second.
const MOST_CLOCKS: usize = 8;
/// Bytes of a sender report without blocks, and of a block.
const SENDER_REPORT: usize = 28;
const BLOCK: usize = 24;
/// Room that reports leave for feedback.
const LEAST_ROOM: usize = 120;

impl Session {
    /// Appends an RTCP datagram to the one that `out`'s user has begun, if one is due: it is neither begun nor finished
    /// here, because SRTCP adds to it. Call it until it gives `false`.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> bool {
        let out = out.buffer();
        let start = out.len();
        let goodbye = !self.pending.byes.is_empty();
        if self.is_closed() && !goodbye {
            return false;
        }
        let report = self.schedule.next_report().is_some_and(|next| next <= now) && self.members() > 0;
        let arrivals =
            self.arrivals.as_ref().and_then(|arrivals| arrivals.poll_timeout()).is_some_and(|due| due <= now);
        let feedback =
            (!self.pending.is_empty() || arrivals) && self.schedule.not_before() <= now && !self.is_closed();
        if !report && !feedback && !goodbye {
            return false;
        }
        // RFC 5506 §3.4.2: without reduced size, each datagram begins with a report and has the name.
        // §4: nor is it used before one that does.
        let whole = report || goodbye || !self.config.reduced_size || !self.begun;
        let byes = self.pending.byes.len().min(MOST_BLOCKS);
        let limit = start + self.config.max_datagram - if goodbye { 4 + 4 * byes } else { 0 };
        if whole {
            self.reports(now, limit, out);
        }
        if feedback || report && !self.is_closed() {
            self.requests(limit, out);
            self.transport_feedback(now, limit, out);
        }
        if goodbye {
            self.goodbyes(out);
        }
        let len = out.len() - start;
        if len == 0 {
            return false;
        }
        self.begun = true;
        let reporter = self.reporter();
        match self.senders.get_mut(&reporter) {
            Some(sender) => sender.spoken = true,
            None => self.own_spoken |= !self.is_closed(),
        }
        let members = self.members().max(1);
        self.schedule.sent(now, len, report, members, &mut self.rng);
        self.stats.rtcp_sent += 1;
        true
    }

    /// Sender reports of all streams that sent something, the first with what we received; or a receiver report.
    fn reports(&mut self, now: Instant, limit: usize, out: &mut Vec<u8>) {
        let ntp = self.ntp(now);
        let reporter = self.reporter();
        let chunk = 4 + (3 + self.config.cname.len()).next_multiple_of(4);
        // The name of the first, and half of the rest for other streams of ours.
        let room = limit.saturating_sub(out.len() + SENDER_REPORT + 8 + chunk);
        let most = (room / 2 / BLOCK).min(MOST_BLOCKS);
        let mut blocks = [ReportBlock::default(); MOST_BLOCKS];
        let mut count = 0;
        // In turn, where there are more than one report holds (RFC 3550 §6.1).
        let from = self.last_reported;
        let after = self.receivers.iter_mut().filter(|(ssrc, _)| **ssrc > from);
        for (ssrc, receiver) in after {
            if count < most
                && receiver.fresh
                && let Some(slot) = blocks.get_mut(count)
            {
                *slot = receiver.block(now);
                count += 1;
                self.last_reported = *ssrc;
            }
        }
        if count < most {
            self.last_reported = if count > 0 { self.last_reported } else { 0 };
            for (ssrc, receiver) in self.receivers.iter_mut().filter(|(ssrc, _)| **ssrc <= from) {
                if count < most
                    && receiver.fresh
                    && let Some(slot) = blocks.get_mut(count)
                {
                    *slot = receiver.block(now);
                    count += 1;
                    self.last_reported = *ssrc;
                }
            }
        }
        let mut blocks = blocks.get(..count).unwrap_or_default();
        let mut named = [0; MOST_BLOCKS];
        let mut names = 0;
        let turn = self.last_sender;
        let order = [false, true];
        for wrapped in order {
            for (ssrc, sender) in self.senders.iter_mut().filter(|(ssrc, _)| (**ssrc <= turn) == wrapped) {
                let cost = SENDER_REPORT + blocks.len() * BLOCK + chunk;
                let fits = out.len() + cost + names * chunk + 4 + LEAST_ROOM <= limit || names == 0;
                if sender.is_active()
                    && fits
                    && let Some(slot) = named.get_mut(names)
                {
                    let _ = sender.report(now, ntp, blocks, out);
                    blocks = &[];
                    *slot = *ssrc;
                    names += 1;
                    self.last_sender = *ssrc;
                }
            }
        }
        let listens = names == 0 && !self.receivers.is_empty();
        if names == 0 {
            let report = ReceiverReport { ssrc: reporter, blocks: List::new(blocks), extension: &[] };
            let _ = report.write(out);
            named = [reporter; MOST_BLOCKS];
            names = 1;
        }
        let named = named.get(..names).unwrap_or_default();
        let _ = write_cname(out, named, &self.config.cname);
        self.clocks(now, listens, named, limit, out);
    }

    // RFC 3611 §5.1: the largest size of answers: not done, because they have 100 bytes at most.
    /// Our clock, if we have no sender report whose answer would tell the round trip, and the answers to others' (RFC 3611 §4.4,
    /// §4.5). Each of our streams that reports answers, since each one's round trip is asked for.
    fn clocks(&mut self, now: Instant, listens: bool, named: &[u32], limit: usize, out: &mut Vec<u8>) {
        let mut answers = [Dlrr { ssrc: 0, last_rr: 0, delay: 0 }; MOST_ANSWERS];
        let mut count = 0;
        while let Some(slot) = answers.get_mut(count)
            && let Some((ssrc, (last_rr, at))) = self.references.pop_first()
        {
            *slot = Dlrr { ssrc, last_rr, delay: middle_ticks(now.since(at)) };
            count += 1;
        }
        let mut clock = (listens && self.config.receiver_reference_time).then(|| self.ntp(now));
        let answers = answers.get(..count).filter(|answers| !answers.is_empty());
        let answers = answers.map(|answers| XrBlock::DelaySinceLastRr(List::new(answers)));
        for ssrc in named {
            let told = clock.take();
            if told.is_none() && answers.is_none() || out.len() + 24 + count * 12 > limit {
                return;
            }
            if let Some(told) = told {
                self.clocks.truncate(MOST_CLOCKS - 1);
                self.clocks.push_front(told.middle());
            }
            let told = told.map(XrBlock::ReceiverReferenceTime);
            let _ = write_extended_report(out, *ssrc, told.into_iter().chain(answers));
        }
    }

    /// What waits to be asked, as far as there is room.
    fn requests(&mut self, limit: usize, out: &mut Vec<u8>) {
        let sender = self.reporter();
        while let Some(media) = self.pending.plis.last().copied()
            && out.len() + 12 <= limit
        {
            self.pending.plis.pop();
            let _ = Pli { sender, media }.write(out);
        }
        while let Some((ssrc, sequence_number)) = self.pending.firs.last().copied()
            && out.len() + 20 <= limit
        {
            self.pending.firs.pop();
            let entries = [FirEntry { ssrc, sequence_number }];
            let _ = Fir { sender, entries: List::new(&entries) }.write(out);
        }
        if let Some(bit_rate) = self.pending.remb {
            let mut streams = [0; MOST_BLOCKS];
            let count =
                streams.iter_mut().zip(self.receivers.keys()).map(|(slot, ssrc)| *slot = *ssrc).count();
            if out.len() + 20 + count * 4 <= limit {
                self.pending.remb = None;
                let streams = List::new(streams.get(..count).unwrap_or_default());
                let _ = Remb { sender, bit_rate, streams }.write(out);
            }
        }
        self.nacks(sender, limit, out);
    }

    /// Missing packets, stream by stream.
    fn nacks(&mut self, sender: u32, limit: usize, out: &mut Vec<u8>) {
        let mut entries: Vec<NackEntry> = Vec::new();
        while let Some((media, _)) = self.pending.nacks.first().copied() {
            let room = limit.saturating_sub(out.len() + 12) / 4;
            let same = self.pending.nacks.iter().take_while(|(of, _)| *of == media).count();
            // Each takes an entry at most.
            let count = same.min(room);
            if count == 0 {
                return;
            }
            entries.clear();
            pack_nacks(self.pending.nacks.drain(..count).map(|(_, number)| number), &mut entries);
            let _ = Nack { sender, media, entries: List::new(&entries) }.write(out);
        }
    }

    /// What arrived of a transport's packets.
    fn transport_feedback(&mut self, now: Instant, limit: usize, out: &mut Vec<u8>) {
        let sender = self.reporter();
        let media = self.receivers.keys().next().copied().unwrap_or_default();
        let Some(arrivals) = &mut self.arrivals else { return };
        let room = limit.saturating_sub(out.len());
        // What does not fit goes with the next datagram.
        if room >= LEAST_ROOM {
            arrivals.poll(now, sender, media, room, out);
        }
    }

    fn goodbyes(&mut self, out: &mut Vec<u8>) {
        let count = self.pending.byes.len().min(MOST_BLOCKS);
        let _ = Bye { sources: List::new(self.pending.byes.get(..count).unwrap_or_default()), reason: None }
            .write(out);
        self.pending.byes.drain(..count);
    }
}
