//! Streams start again at sequence number 0 (RFC 6525): the bookkeeping of requests and responses, both ways.

use crate::wire::{ChunkType, OutgoingReset, ReConfigResponse, ReConfigResult, begin_chunk, end_chunk};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;

/// One request of ours and one of the peer's can be under way at a time (RFC 6525 §5.1.1).
#[derive(Debug)]
pub(super) struct Resets {
    outgoing: Outgoing,
    next_request: u32,
    /// Number of the peer's next request.
    expected: u32,
    /// What the peer's last two requests, as many as a chunk holds, were answered with; the last one first.
    results: [ReConfigResult; 2],
    /// A request of the peer's that waits for data in front of it.
    deferred: Option<Deferred>,
}

/// Idle --streams drained--> Waiting --their data acknowledged--> Requested --response--> Idle
#[derive(Debug)]
enum Outgoing {
    Idle,
    Waiting { streams: Vec<u16>, barrier: u32 },
    Requested(Request),
}

#[derive(Debug)]
struct Request {
    number: u32,
    streams: Vec<u16>,
    last_tsn: u32,
    /// Sent at once if `None`.
    due: Option<Instant>,
    wait: Duration,
    /// The peer said "in progress": that it says no more before the timer expires is no fault.
    in_progress: bool,
}

#[derive(Debug)]
struct Deferred {
    number: u32,
    last_tsn: u64,
    streams: Vec<u16>,
}

/// What to do about a request of the peer's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer with this.
    Answer(ReConfigResult),
    /// Reset these (none means all) and say so.
    Perform(Vec<u16>),
    /// Say nothing yet.
    Wait,
}

impl Resets {
    pub(super) fn new(local_initial_tsn: u32, peer_initial_tsn: u32) -> Self {
        Self {
            outgoing: Outgoing::Idle,
            next_request: local_initial_tsn,
            expected: peer_initial_tsn,
            results: [ReConfigResult::BAD_SEQUENCE_NUMBER; 2],
            deferred: None,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.outgoing, Outgoing::Idle)
    }

    /// Takes streams on which the last TSN is `barrier` or earlier.
    pub(super) fn start(&mut self, streams: Vec<u16>, barrier: u32) {
        self.outgoing = Outgoing::Waiting { streams, barrier };
    }

    /// `acked` tells whether a TSN was acknowledged.
    pub(super) fn advance(&mut self, acked: impl FnOnce(u32) -> bool, rto: Duration) {
        if let Outgoing::Waiting { streams, barrier } = &mut self.outgoing
            && acked(*barrier)
        {
            let request = Request {
                number: self.next_request,
                streams: core::mem::take(streams),
                last_tsn: *barrier,
                due: None,
                wait: rto,
                in_progress: false,
            };
            self.next_request = self.next_request.wrapping_add(1);
            self.outgoing = Outgoing::Requested(request);
        }
    }

    /// Whether a request is to be sent now.
    pub(super) fn is_due(&self) -> bool {
        matches!(&self.outgoing, Outgoing::Requested(request) if request.due.is_none())
    }

    /// Bytes of the request that is due.
    pub(super) fn request_len(&self) -> usize {
        match &self.outgoing {
            Outgoing::Requested(request) => {
                4 + OutgoingReset::MIN_LEN + (2 * request.streams.len()).next_multiple_of(4)
            }
            _ => 0,
        }
    }

    /// Appends the request that is due.
    pub(super) fn write(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<()> {
        let response = self.expected.wrapping_sub(1);
        let Outgoing::Requested(request) = &mut self.outgoing else { return None };
        request.due = Some(now + request.wait);
        let start = begin_chunk(out, ChunkType::RE_CONFIG, 0);
        // RFC 6525 §5.1.2 A3: the last TSN assigned at all: not done, because it is enough to name the last one that these
        // streams used: a peer need not wait for what other streams have in flight, and nothing later belongs to the old
        // sequence numbers.
        let streams = request.streams.iter().copied();
        OutgoingReset::write_from(out, request.number, response, request.last_tsn, streams)?;
        end_chunk(out, start)
    }

    /// The timer, after which the request is sent again; true if it went unanswered, which is an error of the peer.
    pub(super) fn handle_timeout(&mut self, now: Instant, max: Duration) -> bool {
        let Outgoing::Requested(request) = &mut self.outgoing else { return false };
        if request.due.is_none_or(|due| now < due) {
            return false;
        }
        request.due = None;
        request.wait = (request.wait * 2).min(max);
        // RFC 6525 §5.2.7 H2.
        !core::mem::take(&mut request.in_progress)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.outgoing {
            Outgoing::Requested(request) => request.due,
            _ => None,
        }
    }

    /// The streams whose request this answers for good, and whether the peer did it.
    pub(super) fn on_response(
        &mut self,
        now: Instant,
        response: ReConfigResponse,
        rto: Duration,
    ) -> Option<(Vec<u16>, bool)> {
        let Outgoing::Requested(request) = &mut self.outgoing else { return None };
        if request.number != response.response {
            return None;
        }
        if response.result == ReConfigResult::IN_PROGRESS {
            // RFC 6525 §5.2.7 H2: the same request again, after the timer.
            request.in_progress = true;
            request.wait = rto;
            request.due = Some(now + rto);
            return None;
        }
        let performed = matches!(response.result, ReConfigResult::PERFORMED | ReConfigResult::NOTHING_TO_DO);
        let streams = core::mem::take(&mut request.streams);
        self.outgoing = Outgoing::Idle;
        Some((streams, performed))
    }

    /// A request of the peer's to reset what it sends on; `cumulative` is what has arrived of it.
    pub(super) fn on_outgoing_reset(
        &mut self,
        request: &OutgoingReset<'_>,
        last_tsn: u64,
        cumulative: u64,
    ) -> Verdict {
        if let Some(verdict) = self.known(request.request) {
            return verdict;
        }
        // RFC 6525 §5.2.2 E1: the request of ours that this one has seen is answered by it: not done, because seen is not
        // performed; the response, which our timer asks for, says which.
        let streams: Vec<u16> = request.streams().collect();
        if last_tsn <= cumulative {
            self.remember(ReConfigResult::PERFORMED);
            return Verdict::Perform(streams);
        }
        // RFC 6525 §5.2.2 E2: "in progress" at once: not done, because a peer takes it as a reason to wait for an RTO, while
        // what is missing is usually one packet behind; it comes if the peer asks again. Nor is later data of these streams
        // held back: a peer may send none before it has our answer (§5.1.2 A1).
        self.remember(ReConfigResult::IN_PROGRESS);
        self.deferred = Some(Deferred { number: request.request, last_tsn, streams });
        Verdict::Wait
    }

    /// A request that we do not grant.
    pub(super) fn on_other_request(&mut self, number: u32) -> Verdict {
        if let Some(verdict) = self.known(number) {
            return verdict;
        }
        self.remember(ReConfigResult::DENIED);
        Verdict::Answer(ReConfigResult::DENIED)
    }

    /// The request that was expected has this result.
    fn remember(&mut self, result: ReConfigResult) {
        self.expected = self.expected.wrapping_add(1);
        self.results = [result, self.results[0]];
    }

    /// What to say to a request that is not the next one: the same as before to one that is repeated (RFC 6525 §5.2.1).
    fn known(&self, number: u32) -> Option<Verdict> {
        let [last, before] = self.results;
        let result = match self.expected.wrapping_sub(number) {
            0 => return None,
            1 => last,
            2 => before,
            _ => ReConfigResult::BAD_SEQUENCE_NUMBER,
        };
        Some(Verdict::Answer(result))
    }

    /// The deferred request whose turn has come: its number and streams.
    pub(super) fn take_deferred(&mut self, cumulative: u64) -> Option<(u32, Vec<u16>)> {
        let ready = self.deferred.take_if(|deferred| deferred.last_tsn <= cumulative)?;
        match self.expected.wrapping_sub(ready.number) {
            1 => self.results[0] = ReConfigResult::PERFORMED,
            2 => self.results[1] = ReConfigResult::PERFORMED,
            _ => {}
        }
        Some((ready.number, ready.streams))
    }
}
