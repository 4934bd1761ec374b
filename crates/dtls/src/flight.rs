//! Flights: messages that are sent, and sent again, as one (RFC 6347 §4.2.4, RFC 9147 §5.8).

use crate::handshake::gaps::Gaps;
use crate::handshake::{HandshakeHeader, HandshakeType};
use crate::record::{ContentType, ProtocolVersion, RecordHeader, Records};
use crate::{Config, Error, RecordNumber};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::Writer;
use siskin_base::{Instant, Packet};

/// The flight that was sent last, or is being sent.
pub(crate) struct Flight {
    parts: Vec<Part>,
    /// Which record carried which piece, the newest last.
    sent: VecDeque<Sent>,
    state: State,
    ends_with: EndsWith,
    interval: Duration,
    /// How often this flight was sent again because its timer ran out.
    timeouts: u32,
    /// Whether it was sent again before its timer ran out, since the last time that it did.
    hurried: bool,
    /// Whether the peer has acknowledged any of it.
    acknowledged: bool,
    sent_at: Instant,
    number: u32,
}

enum Part {
    /// Header and body of a whole message.
    Message {
        epoch: u16,
        bytes: Vec<u8>,
        /// What the peer has not acknowledged.
        missing: Gaps,
    },
    ChangeCipherSpec,
}

struct Sent {
    number: RecordNumber,
    part: usize,
    start: usize,
    end: usize,
}

/// How we learn that the peer has a flight.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndsWith {
    /// A flight of the peer's.
    Answer,
    /// An ACK, in DTLS 1.3.
    Ack,
    /// Not at all: it is sent again only when the peer shows that it missed it.
    Nothing,
}

/// ```text
/// Idle --begin--> Sending --all out--> Waiting --timer, the peer repeats itself, or an ACK of parts--> Sending
///                         --all out, nothing follows--> Sent --the peer repeats itself--> Sending
/// Waiting --an ACK of everything, but the answer is still to come--> Sent
/// any --the answer, or the awaited ACK, is whole--> Idle
/// ```
enum State {
    Idle,
    Sending { part: usize, offset: usize },
    Waiting { due: Instant },
    Sent,
}

impl Flight {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            parts: Vec::new(),
            sent: VecDeque::new(),
            state: State::Idle,
            ends_with: EndsWith::Answer,
            interval: config.retransmit_initial,
            timeouts: 0,
            hurried: false,
            acknowledged: false,
            sent_at: Instant::ZERO,
            number: 0,
        }
    }

    /// Forgets the last flight; what is added now makes up the next one.
    pub(crate) fn begin(&mut self, config: &Config, ends_with: EndsWith) {
        self.parts.clear();
        self.sent.clear();
        self.state = State::Sending { part: 0, offset: 0 };
        self.ends_with = ends_with;
        // RFC 6347 §4.2.4.1, RFC 9147 §5.8.2: a longer timer until a flight is through without loss, and one from the time that
        // it took behind that: not done, because on paths that lose at
        // random, as radio does, one loss would slow down all that follows; within a flight the timer doubles.
        self.interval = config.retransmit_initial;
        self.timeouts = 0;
        self.hurried = false;
        self.acknowledged = false;
        self.number += 1;
    }

    /// Adds a message, header and body.
    pub(crate) fn add(&mut self, epoch: u16, bytes: Vec<u8>) {
        let missing = Gaps::all(bytes.len().saturating_sub(HandshakeHeader::LEN));
        self.parts.push(Part::Message { epoch, bytes, missing });
    }

    pub(crate) fn add_change_cipher_spec(&mut self) {
        self.parts.push(Part::ChangeCipherSpec);
    }

    /// The answer is whole, or nobody needs the flight any more.
    pub(crate) fn end(&mut self) {
        self.parts = Vec::new();
        self.sent = VecDeque::new();
        self.state = State::Idle;
    }

    /// Whether nothing is out that the peer may still have to get.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether the peer must acknowledge it, and has not.
    pub(crate) fn awaits_ack(&self) -> bool {
        self.ends_with == EndsWith::Ack && !self.is_idle()
    }

    /// Counts flights: a change means that the new one replaces the old one.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// How long it waits for its answer.
    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        if let State::Waiting { due } = self.state { Some(due) } else { None }
    }

    /// Whether the timer ran out: then the flight is to be sent again, and waits twice as long (RFC 6347 §4.2.4.1).
    pub(crate) fn handle_timeout(&mut self, now: Instant, max: Duration) -> bool {
        let expired = self.due().is_some_and(|due| due <= now);
        if expired {
            self.interval = self.interval.saturating_mul(2).min(max);
            self.timeouts += 1;
            self.hurried = false;
            self.state = State::Sending { part: 0, offset: 0 };
        }
        expired
    }

    /// Sends it again before its timer runs out, because what comes back shows that it arrived and that the beginning of the answer
    /// did not. Anyone can feign that, so once for each time that the timer was set. `true` if it is sent again.
    pub(crate) fn hurry(&mut self) -> bool {
        let again = matches!(self.state, State::Waiting { .. }) && !self.hurried;
        if again {
            (self.state, self.hurried) = (State::Sending { part: 0, offset: 0 }, true);
        }
        again
    }

    /// The peer repeated the flight that this one answers, so it may have missed this one. `true` if it is sent again.
    ///
    /// What comes right behind our own sending was on its way already, or is a copy that the network made. Once the peer has
    /// acknowledged some of it, its ACKs and our timer say what it misses (RFC 9147 §5.8.1).
    pub(crate) fn peer_repeated(&mut self, now: Instant) -> bool {
        let sent = matches!(self.state, State::Waiting { .. } | State::Sent);
        let again = sent && now.since(self.sent_at) >= COPY_GAP && !self.acknowledged;
        if again {
            self.state = State::Sending { part: 0, offset: 0 };
        }
        again
    }

    /// Takes an ACK (RFC 9147 §7.2): what it names is never sent again. `true` if the rest is now.
    ///
    /// One that names nothing asks for the flight again (§7.1); anyone can send that, so not more often than a repetition counts.
    pub(crate) fn acknowledge(&mut self, now: Instant, numbers: &[RecordNumber]) -> bool {
        let mut news = numbers.is_empty() && now.since(self.sent_at) >= COPY_GAP;
        for sent in self.sent.iter().filter(|sent| numbers.contains(&sent.number)) {
            if let Some(Part::Message { missing, .. }) = self.parts.get_mut(sent.part) {
                news = true;
                self.acknowledged = true;
                missing.fill(sent.start, sent.end);
            }
        }
        self.sent.retain(|sent| !numbers.contains(&sent.number));
        if self.is_idle() || !news {
            return false;
        }
        if self.is_acknowledged() {
            match self.ends_with {
                EndsWith::Ack => self.end(),
                _ => self.state = State::Sent,
            }
            return false;
        }
        let waiting = matches!(self.state, State::Waiting { .. });
        if waiting {
            self.state = State::Sending { part: 0, offset: 0 };
        }
        waiting
    }

    fn is_acknowledged(&self) -> bool {
        let whole = |part: &Part| match part {
            Part::Message { missing, .. } => missing.is_empty(),
            Part::ChangeCipherSpec => false,
        };
        self.parts.iter().all(whole)
    }

    /// Writes the next datagram of the flight, if one is to be sent, behind what `out` holds of it already.
    pub(crate) fn write_datagram(
        &mut self,
        now: Instant,
        max: usize,
        records: &mut Records,
        out: &mut Packet,
    ) -> Result<bool, Error> {
        let State::Sending { mut part, mut offset } = self.state else { return Ok(false) };
        // RFC 9147 §5.8.3: no more than ten records at once: not done, because the next ten would wait for an ACK that not every
        // peer sends of a flight which is not whole; in datagrams of 1,200 bytes our longest flight, with a certificate that we
        // made, has seven.
        // RFC 6347 §4.1.1.1: when nothing gets through, the datagrams may be too large.
        let max = if self.timeouts < TIMEOUTS_BEFORE_SHRINKING { max } else { max.min(SMALL_DATAGRAM) };
        let before = out.current().len();
        while let Some(next) = self.parts.get(part) {
            let used = out.current().len();
            let room = max.saturating_sub(used);
            match next {
                Part::ChangeCipherSpec => {
                    if used > 0 && room < CHANGE_CIPHER_SPEC_RECORD {
                        break;
                    }
                    let kind = ContentType::CHANGE_CIPHER_SPEC;
                    records.append(0, kind, ProtocolVersion::DTLS1_2, &[&[1]], out)?;
                }
                Part::Message { epoch, bytes, missing } => {
                    if let Some((start, end)) = missing.next_from(offset) {
                        let (front, behind) = records.overhead(*epoch);
                        // A message without a body takes room as well.
                        let room = room.checked_sub(front + HandshakeHeader::LEN + behind);
                        let least = (end - start).min(SMALLEST_FRAGMENT);
                        if used > 0 && room.is_none_or(|room| room < least) {
                            offset = start;
                            break;
                        }
                        let end = end.min(start + room.unwrap_or(0).max(SMALLEST_FRAGMENT));
                        let number = write_fragment(records, *epoch, bytes, start, end, out)?;
                        if self.sent.len() >= MAX_SENT {
                            self.sent.pop_front();
                        }
                        self.sent.push_back(Sent { number, part, start, end });
                        // A body without bytes is sent once as well.
                        offset = end.max(start + 1);
                        continue;
                    }
                }
            }
            (part, offset) = (part + 1, 0);
        }
        self.state = if part < self.parts.len() {
            State::Sending { part, offset }
        } else if self.ends_with == EndsWith::Nothing {
            State::Sent
        } else {
            State::Waiting { due: now + self.interval }
        };
        self.sent_at = now;
        Ok(out.current().len() > before)
    }
}

fn write_fragment(
    records: &mut Records,
    epoch: u16,
    bytes: &[u8],
    start: usize,
    end: usize,
    out: &mut Packet,
) -> Result<RecordNumber, Error> {
    let body = bytes.get(HandshakeHeader::LEN..).unwrap_or_default();
    let piece = body.get(start..end).unwrap_or_default();
    let mut header = Vec::with_capacity(HandshakeHeader::LEN);
    header.put(bytes.get(..6).unwrap_or_default());
    header.put_u24(start as u32);
    header.put_u24(piece.len() as u32);
    // The first hello goes out as DTLS 1.0, as RFC 6347 §4.2.1 and RFC 9147 §4 allow and old servers need.
    let hello = bytes.first() == Some(&HandshakeType::CLIENT_HELLO.0);
    let version = if hello && bytes.get(4..6) == Some(&[0, 0]) {
        ProtocolVersion::DTLS1_0
    } else {
        ProtocolVersion::DTLS1_2
    };
    records.append(epoch, ContentType::HANDSHAKE, version, &[&header, piece], out)
}

/// Bytes of a record with a ChangeCipherSpec.
const CHANGE_CIPHER_SPEC_RECORD: usize = RecordHeader::LEN + 1;
/// No smaller piece of a message is sent, unless it is the last one.
const SMALLEST_FRAGMENT: usize = 32;
const TIMEOUTS_BEFORE_SHRINKING: u32 = 3;
/// What every IPv4 path carries: 576 bytes less the IP and UDP headers.
const SMALL_DATAGRAM: usize = 548;
/// Shorter than any retransmission timer in use; longer than the network keeps copies apart.
pub(crate) const COPY_GAP: Duration = Duration::from_millis(25);
/// Records that an ACK may name; older ones count as lost.
const MAX_SENT: usize = 256;
