//! What becomes of a record, from its keys to the state that it is for.

use super::{Connection, MAX_PLAINTEXT, State};
use crate::handshake::{Fragment, HandshakeType, Inserted};
use crate::record::{ContentType, Opened, RecordHeader};
use crate::{Alert, AlertDescription, AlertLevel, Error, Event, PeerMisbehaved};
use core::ops::Range;
use siskin_base::Direction;
use siskin_base::wire::Reader;

impl Connection {
    /// `start` is where the body begins in the caller's datagram; `None` for a record that was kept.
    pub(super) fn handle_record(&mut self, header: &RecordHeader, body: &mut [u8], start: Option<usize>) {
        let plain = match self.engine.records.open(header, body) {
            Ok(Opened::Plain(plain)) => plain,
            Ok(Opened::Early) => return self.keep_early(header, body),
            Ok(dropped) => return self.count_drop(&dropped),
            Err(error) => return self.fail(error),
        };
        self.engine.stats.records_received += 1;
        let content = body.get(plain.clone()).unwrap_or_default();
        match header.content_type {
            ContentType::HANDSHAKE => self.handle_handshake(header.epoch, content),
            ContentType::ALERT => self.handle_alert(content),
            ContentType::APPLICATION_DATA if header.epoch > 0 => self.handle_data(content, plain, start),
            // The epoch in each record says all that ChangeCipherSpec does (RFC 6347 §4.1).
            ContentType::CHANGE_CIPHER_SPEC => {}
            _ => {
                self.engine.stats.dropped_malformed += 1;
                self.engine.observe_drop("data in clear");
            }
        }
    }

    fn count_drop(&mut self, dropped: &Opened) {
        let stats = &mut self.engine.stats;
        let (counter, reason) = match dropped {
            Opened::Replayed => (&mut stats.dropped_replayed, "replayed"),
            Opened::Forged => (&mut stats.dropped_forged, "cannot be opened"),
            _ => (&mut stats.dropped_epoch, "of another epoch"),
        };
        *counter += 1;
        self.engine.observe_drop(reason);
    }

    fn handle_handshake(&mut self, epoch: u16, content: &[u8]) {
        let mut r = Reader::new(content);
        while !r.is_empty() && !self.is_closed() {
            let Ok(fragment) = Fragment::parse(&mut r) else {
                self.engine.stats.dropped_malformed += 1;
                self.engine.observe_drop("malformed fragment");
                return;
            };
            if matches!(self.state, State::Established(_)) {
                self.handle_late_fragment(&fragment);
                continue;
            }
            match self.engine.reassembly.insert(epoch, &fragment) {
                Inserted::Kept => {}
                Inserted::Old => self.handle_repeated(&fragment),
                Inserted::Oversized => return self.fail(PeerMisbehaved::OversizedMessage.into()),
                Inserted::Dropped => self.engine.observe_drop("fragment beyond a limit"),
            }
            self.handle_messages();
        }
    }

    fn handle_messages(&mut self) {
        while !matches!(self.state, State::Established(_) | State::Closed) {
            let Some(message) = self.engine.reassembly.next() else { return };
            self.engine.observe_packet(Direction::In, &message.bytes);
            // RFC 5246 §7.4.1.1: ignored during a handshake, and no part of it.
            if message.kind == HandshakeType::HELLO_REQUEST {
                continue;
            }
            let encrypted = message.epoch > 0;
            let engine = &mut self.engine;
            let next = match core::mem::replace(&mut self.state, State::Closed) {
                _ if encrypted != (message.kind == HandshakeType::FINISHED) => {
                    Err(PeerMisbehaved::WrongEpoch.into())
                }
                State::Offered(offer) => offer.handle(engine, &message),
                State::Accepting(accept) => accept.handle(engine, &message),
                State::V12Client(client) => client.handle(engine, &message),
                State::V12Server(server) => server.handle(engine, &message),
                State::Established(_) | State::Closed => return,
            };
            match next {
                Ok(State::Established(session)) => {
                    self.state = State::Established(session);
                    self.finish_handshake();
                }
                Ok(state) => self.state = state,
                Err(error) => self.fail(error),
            }
        }
    }

    /// A fragment of a message that was taken already.
    fn handle_repeated(&mut self, fragment: &Fragment<'_>) {
        if fragment.is_last()
            && self.engine.is_answered(fragment.header.sequence)
            && self.engine.flight.peer_repeated(self.engine.now)
        {
            self.engine.stats.retransmissions += 1;
        }
    }

    /// A handshake message after the handshake: the last one again, or a wish to start over.
    fn handle_late_fragment(&mut self, fragment: &Fragment<'_>) {
        match fragment.header.kind {
            HandshakeType::FINISHED => self.handle_repeated(fragment),
            // RFC 5746 §4: refused, not ignored, so that the peer need not wait for a timeout.
            HandshakeType::HELLO_REQUEST | HandshakeType::CLIENT_HELLO => {
                if self.engine.alerts.is_empty() {
                    self.engine.alerts.push_back(Alert::warning(AlertDescription::NO_RENEGOTIATION));
                }
            }
            _ => self.engine.observe_drop("handshake message after the handshake"),
        }
    }

    fn handle_alert(&mut self, content: &[u8]) {
        let Ok(alert) = Alert::parse(content) else {
            self.engine.stats.dropped_malformed += 1;
            return;
        };
        if alert.description == AlertDescription::CLOSE_NOTIFY {
            // RFC 5246 §7.2.1: answered with one of our own, and what is still to be sent is thrown away.
            self.engine.alerts.push_back(Alert::warning(AlertDescription::CLOSE_NOTIFY));
            self.end("closed");
            self.engine.events.push_back(Event::PeerClosed);
        } else if alert.level == AlertLevel::FATAL {
            self.fail(Error::PeerAborted(alert.description));
        }
    }

    fn handle_data(&mut self, content: &[u8], plain: Range<usize>, start: Option<usize>) {
        if self.connected {
            // Who sends data has our last flight (RFC 6347 §4.2.4).
            self.engine.flight.end();
            self.engine.stats.bytes_received += content.len() as u64;
            self.engine.events.push_back(match start {
                Some(start) => Event::ApplicationData(start + plain.start..start + plain.end),
                None => Event::EarlyApplicationData(content.into()),
            });
        } else if self.has_room(self.held.len(), content.len()) {
            self.engine.stats.bytes_received += content.len() as u64;
            self.kept += content.len();
            self.held.push(content.into());
        } else {
            self.engine.observe_drop("early data beyond the limit");
        }
    }

    fn keep_early(&mut self, header: &RecordHeader, body: &[u8]) {
        let handshaking = !matches!(self.state, State::Established(_));
        if header.epoch == 1 && handshaking && self.has_room(self.early.len(), body.len()) {
            self.kept += body.len();
            self.early.push((*header, body.into()));
        } else {
            self.count_drop(&Opened::Early);
        }
    }

    fn has_room(&self, records: usize, bytes: usize) -> bool {
        let limits = &self.engine.config.limits;
        records < limits.early_records && self.kept + bytes <= limits.early_bytes
    }

    /// Opens the records that were kept, once the keys are there.
    pub(super) fn handle_early(&mut self) {
        if self.early.is_empty() || !self.engine.records.reads(1) {
            return;
        }
        for (header, mut body) in core::mem::take(&mut self.early) {
            self.kept = self.kept.saturating_sub(body.len());
            if !self.is_closed() {
                self.handle_record(&header, &mut body, None);
            }
        }
    }
}

/// RFC 6347 §4.1: anything else is no record of DTLS 1.2, and is dropped with the rest of its datagram.
pub(super) fn is_plausible(header: &RecordHeader) -> bool {
    (ContentType::CHANGE_CIPHER_SPEC..=ContentType::APPLICATION_DATA).contains(&header.content_type)
        && header.version.0 >> 8 == 0xfe
        && usize::from(header.length) <= MAX_PLAINTEXT + MAX_EXPANSION
}

/// RFC 5246 §6.2.3.
const MAX_EXPANSION: usize = 2048;

#[cfg(test)]
mod tests;
