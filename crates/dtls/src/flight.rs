//! Flights: messages that are sent, and sent again, as one (RFC 6347 §4.2.4).

use crate::handshake::{HandshakeHeader, HandshakeType};
use crate::record::{ContentType, ProtocolVersion, RecordHeader, Records};
use crate::{Config, Error};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::Writer;
use siskin_base::{Instant, Packet};

/// The flight that was sent last, or is being sent.
pub(crate) struct Flight {
    parts: Vec<Part>,
    state: State,
    /// No answer follows: sent again only when the peer shows that it missed it.
    is_final: bool,
    interval: Duration,
    /// How often this flight was sent again because its timer ran out.
    timeouts: u32,
    sent_at: Instant,
    number: u32,
}

enum Part {
    /// Header and body of a whole message.
    Message {
        epoch: u16,
        bytes: Vec<u8>,
    },
    ChangeCipherSpec,
}

/// ```text
/// Idle --begin--> Sending --all out--> Waiting --timer, or the peer repeats itself--> Sending
///                         --all out, no answer follows--> Sent --the peer repeats itself--> Sending
/// any --the answer is whole--> Idle
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
            state: State::Idle,
            is_final: false,
            interval: config.retransmit_initial,
            timeouts: 0,
            sent_at: Instant::ZERO,
            number: 0,
        }
    }

    /// Forgets the last flight; what is added now makes up the next one.
    pub(crate) fn begin(&mut self, config: &Config, is_final: bool) {
        self.parts.clear();
        self.state = State::Sending { part: 0, offset: 0 };
        self.is_final = is_final;
        self.interval = config.retransmit_initial;
        self.timeouts = 0;
        self.number += 1;
    }

    /// Adds a message, header and body.
    pub(crate) fn add(&mut self, epoch: u16, bytes: Vec<u8>) {
        self.parts.push(Part::Message { epoch, bytes });
    }

    pub(crate) fn add_change_cipher_spec(&mut self) {
        self.parts.push(Part::ChangeCipherSpec);
    }

    /// The answer is whole, or nobody needs the flight any more.
    pub(crate) fn end(&mut self) {
        self.parts.clear();
        self.state = State::Idle;
    }

    /// Counts flights: a change means that the new one replaces the old one.
    pub(crate) const fn number(&self) -> u32 {
        self.number
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
            self.state = State::Sending { part: 0, offset: 0 };
        }
        expired
    }

    /// The peer repeated the flight that this one answers, so it may have missed this one. `true` if it is sent again.
    ///
    /// What comes right behind our own sending was on its way already, or is a copy that the network made.
    pub(crate) fn peer_repeated(&mut self, now: Instant) -> bool {
        let sent = matches!(self.state, State::Waiting { .. } | State::Sent);
        let again = sent && now.since(self.sent_at) >= COPY_GAP;
        if again {
            self.state = State::Sending { part: 0, offset: 0 };
        }
        again
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
        // RFC 6347 §4.1.1.1: when nothing gets through, the datagrams may be too large.
        let max = if self.timeouts < TIMEOUTS_BEFORE_SHRINKING { max } else { max.min(SMALL_DATAGRAM) };
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
                Part::Message { epoch, bytes } => {
                    let (front, behind) = records.overhead(*epoch);
                    let overhead = front + HandshakeHeader::LEN + behind;
                    let body = bytes.get(HandshakeHeader::LEN..).unwrap_or_default();
                    let rest = body.get(offset..).unwrap_or_default();
                    let room = room.saturating_sub(overhead);
                    if used > 0 && room < rest.len().min(SMALLEST_FRAGMENT) {
                        break;
                    }
                    let len = rest.len().min(room.max(SMALLEST_FRAGMENT));
                    let (piece, _) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                    let mut header = Vec::with_capacity(HandshakeHeader::LEN);
                    header.put(bytes.get(..6).unwrap_or_default());
                    header.put_u24(offset as u32);
                    header.put_u24(len as u32);
                    // A hello goes out as DTLS 1.0, as RFC 6347 §4.2.1 allows and old servers need.
                    let hello = bytes.first() == Some(&HandshakeType::CLIENT_HELLO.0);
                    let version = if hello { ProtocolVersion::DTLS1_0 } else { ProtocolVersion::DTLS1_2 };
                    records.append(*epoch, ContentType::HANDSHAKE, version, &[&header, piece], out)?;
                    offset += len;
                    if offset < body.len() {
                        continue;
                    }
                }
            }
            (part, offset) = (part + 1, 0);
        }
        self.state = if part < self.parts.len() {
            State::Sending { part, offset }
        } else if self.is_final {
            State::Sent
        } else {
            State::Waiting { due: now + self.interval }
        };
        self.sent_at = now;
        Ok(true)
    }
}

/// Bytes of a record with a ChangeCipherSpec.
const CHANGE_CIPHER_SPEC_RECORD: usize = RecordHeader::LEN + 1;
/// No smaller piece of a message is sent, unless it is the last one.
const SMALLEST_FRAGMENT: usize = 32;
const TIMEOUTS_BEFORE_SHRINKING: u32 = 3;
/// What every IPv4 path carries: 576 bytes less the IP and UDP headers.
const SMALL_DATAGRAM: usize = 548;
/// Shorter than any retransmission timer in use; longer than the network keeps copies apart.
const COPY_GAP: Duration = Duration::from_millis(25);
