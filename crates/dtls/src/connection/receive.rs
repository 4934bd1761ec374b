//! What becomes of a record, from its keys to the state that it is for.

use super::{Connection, State};
use crate::flight::COPY_GAP;
use crate::handshake::{Fragment, HandshakeType, Inserted, Message};
use crate::record::{ContentType, Frame, Header, Opened, ProtocolVersion, Usual};
use crate::session::{Secrets, Session};
use crate::{
    Ack, Alert, AlertDescription, AlertLevel, Error, Event, PeerMisbehaved, RecordNumber, Role, v13,
};
use core::hint::cold_path;
use core::ops::Range;
use siskin_base::wire::Reader;
use siskin_base::{Direction, Instant};

impl Connection {
    /// Takes all records of a datagram, the caller's or one that was kept.
    pub(super) fn handle_records(&mut self, datagram: &mut [u8], kept: bool) {
        let mut at = 0;
        while at < datagram.len() && (!self.is_closed() || self.refusal.is_some()) {
            let rest = datagram.get_mut(at..).unwrap_or_default();
            let Some(frame) = self.engine.records.frame(rest) else {
                self.engine.stats.dropped_malformed += 1;
                self.engine.observe_drop("not a record");
                break;
            };
            let record = rest.get_mut(..frame.len()).unwrap_or_default();
            if self.is_closed() {
                self.handle_late_record(&frame, record);
            } else {
                self.start_clock(self.engine.now);
                self.handle_record(&frame, record, if kept { None } else { Some(at) });
                self.handle_early();
            }
            at += frame.len();
        }
    }

    /// Takes a datagram that is one usual record on an established connection, which most are. `false`: it is anything else,
    /// and nothing has changed.
    #[inline(always)]
    pub(super) fn handle_usual(&mut self, datagram: &mut [u8]) -> bool {
        if !self.connected {
            cold_path();
            return false;
        }
        match self.engine.records.open_usual(datagram) {
            Some(Ok(Usual::Data(data))) => {
                self.engine.stats.records_received += 1;
                self.hand_out(data);
                if self.untidy.is_some_and(|since| since <= self.engine.now) {
                    self.tidy();
                }
            }
            Some(Ok(Usual::Other(opened))) => self.handle_unusual(Ok(opened), datagram),
            Some(Err(error)) => self.handle_unusual(Err(error), datagram),
            None => return false,
        }
        true
    }

    /// A datagram that was one record, and looked usual.
    #[cold]
    fn handle_unusual(&mut self, opened: Result<Opened, Error>, datagram: &[u8]) {
        self.handle_opened(opened, datagram, Some(0));
        self.handle_early();
        self.plan_ack(self.engine.now);
        self.expire();
    }

    /// `start` is where the record begins in the caller's datagram; `None` for one that was kept.
    fn handle_record(&mut self, frame: &Frame, record: &mut [u8], start: Option<usize>) {
        let opened = match self.engine.records.open(frame, record) {
            Ok(Opened::Asleep) => self.open_asleep(frame, record),
            Ok(Opened::Early) => return self.keep_early(frame, record),
            opened => opened,
        };
        self.handle_opened(opened, record, start);
    }

    fn handle_opened(&mut self, opened: Result<Opened, Error>, record: &[u8], start: Option<usize>) {
        let (content_type, number, content) = match opened {
            Ok(Opened::Plain { content_type, number, content }) => (content_type, number, content),
            Ok(dropped) => return self.count_drop(&dropped),
            Err(error) => return self.fail(error),
        };
        self.engine.stats.records_received += 1;
        // Apart from the others, because most are.
        if content_type == ContentType::APPLICATION_DATA && self.is_data_epoch(number) {
            return self.handle_data(record, content, start);
        }
        cold_path();
        let bytes = record.get(content).unwrap_or_default();
        match content_type {
            ContentType::HANDSHAKE => self.handle_handshake(number, bytes),
            // Anyone can write in clear; who has keys does not.
            ContentType::ALERT if number.epoch > 0 || !self.engine.records.is_authenticated() => {
                self.handle_alert(bytes);
            }
            ContentType::ACK if self.engine.is_v13() => self.handle_ack(number, bytes),
            // RFC 5246 §7.4.9: a fault if Finished comes without it: not done, because it may be lost or late, and the epoch
            // in each record says all that it does (RFC 6347 §4.1); Finished in clear is a fault.
            ContentType::CHANGE_CIPHER_SPEC if number.epoch == 0 => {}
            _ => {
                self.engine.stats.dropped_malformed += 1;
                self.engine.observe_drop("content that has no place here");
            }
        }
    }

    /// With keys that have to be derived again.
    #[cold]
    fn open_asleep(&mut self, frame: &Frame, record: &mut [u8]) -> Result<Opened, Error> {
        if let State::Established(Session { secrets: Secrets::V13(secrets), .. }) = &self.state {
            secrets.wake(&mut self.engine)?;
        }
        let opened = self.engine.records.open(frame, record);
        self.engine.records.sleep(v13::HANDSHAKE_EPOCH);
        opened
    }

    fn is_data_epoch(&self, number: RecordNumber) -> bool {
        number.epoch >= if self.engine.is_v13() { v13::DATA_EPOCH.into() } else { 1 }
    }

    fn count_drop(&mut self, dropped: &Opened) {
        let stats = &mut self.engine.stats;
        let (counter, reason) = match dropped {
            Opened::Replayed => (&mut stats.dropped_replayed, "replayed"),
            Opened::Forged => (&mut stats.dropped_forged, "cannot be opened"),
            Opened::Malformed => (&mut stats.dropped_malformed, "without content or with too much"),
            _ => (&mut stats.dropped_epoch, "of another epoch"),
        };
        *counter += 1;
        self.engine.observe_drop(reason);
    }

    fn handle_handshake(&mut self, number: RecordNumber, content: &[u8]) {
        let mut r = Reader::new(content);
        let epoch = number.epoch as u16;
        let (mut kept, mut dropped) = (false, false);
        while !r.is_empty() && !self.is_closed() {
            let Ok(fragment) = Fragment::parse(&mut r) else {
                self.engine.stats.dropped_malformed += 1;
                self.engine.observe_drop("malformed fragment");
                return;
            };
            if matches!(self.state, State::Established(_)) && !self.engine.is_v13() {
                self.handle_late_fragment(&fragment);
                continue;
            }
            match self.engine.reassembly.insert(epoch, &fragment) {
                Inserted::Kept => kept = true,
                Inserted::Old if self.is_asked_again(&fragment) => {
                    self.handle_message(&fragment.to_message(epoch))
                }
                Inserted::Old => self.handle_repeated(number, &fragment),
                // In clear anyone may claim so: what is honest may still come, and if it does not, this was why.
                Inserted::Oversized if epoch == 0 => {
                    (self.engine.oversized, dropped) = (true, true);
                    self.engine.observe_drop("handshake message larger than the limit");
                }
                Inserted::Oversized => return self.fail(PeerMisbehaved::OversizedMessage.into()),
                Inserted::Dropped => {
                    dropped = true;
                    self.engine.observe_drop("fragment beyond a limit");
                }
            }
        }
        // RFC 9147 §7.2: what a client says with the keys of the handshake answers our whole flight.
        if kept && number.epoch > 0 && matches!(self.state, State::V13Server(_)) {
            self.engine.flight.end();
        }
        // RFC 9147 §7: never for what was thrown away.
        if kept && !dropped {
            self.engine.acks.note(number);
        }
        self.handle_messages();
    }

    /// RFC 9147 §5.10, RFC 6347 §4.2.7: what has ended the connection may come again because our alert was lost.
    #[cold]
    fn handle_late_record(&mut self, frame: &Frame, record: &mut [u8]) {
        let opened = self.engine.records.open(frame, record);
        if matches!(opened, Ok(Opened::Plain { content_type: ContentType::HANDSHAKE, .. }))
            && self.engine.alerts.is_empty()
        {
            self.engine.alerts.extend(self.refusal);
        }
    }

    fn is_asked_again(&self, fragment: &Fragment<'_>) -> bool {
        matches!(&self.state, State::Offered(offer) if offer.is_asked_again(fragment))
    }

    fn handle_messages(&mut self) {
        while !self.is_closed() {
            let Some(message) = self.engine.reassembly.next() else { return };
            self.handle_message(&message);
        }
    }

    fn handle_message(&mut self, message: &Message) {
        self.engine.observe_packet(Direction::In, &message.bytes);
        // RFC 5246 §7.4.1.1: ignored during a handshake, and no part of it.
        if message.kind == HandshakeType::HELLO_REQUEST && !self.engine.is_v13() {
            return;
        }
        let engine = &mut self.engine;
        let next = match core::mem::replace(&mut self.state, State::Closed) {
            state if !state.expects(message) => Err(PeerMisbehaved::WrongEpoch.into()),
            State::Offered(offer) => offer.handle(engine, message),
            State::Accepting(accept) => accept.handle(engine, message),
            State::V12Client(client) => client.handle(engine, message),
            State::V12Server(server) => server.handle(engine, message),
            State::V13Client(client) => client.handle(engine, message),
            State::V13Server(server) => server.handle(engine, message),
            State::Established(mut session) => {
                let handled = match &mut session.secrets {
                    Secrets::V12(_) => Ok(()),
                    Secrets::V13(secrets) => secrets.handle(engine, message),
                };
                // RFC 9147 §7.1: nothing else tells the peer that it is here.
                engine.acks.want();
                self.state = State::Established(session);
                return handled.unwrap_or_else(|error| self.fail(error));
            }
            State::Closed => return,
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

    /// DTLS 1.3, behind each datagram: whether the rest of the peer's flight, or message, seems to be missing (RFC 9147 §7.1).
    #[inline]
    pub(super) fn plan_ack(&mut self, now: Instant) {
        let missing = match self.state {
            State::V13Client(_) | State::V13Server(_) => !self.engine.acks.is_empty(),
            State::Established(_) => self.engine.is_v13() && !self.engine.acks.is_empty(),
            // What follows a ServerHello that is not whole cannot be read, and so not be acknowledged: behind a HelloRetryRequest an ACK
            // that does not name it says so, and before it a second hello. Only DTLS 1.3 has such records.
            State::Offered(_) => self.early.iter().any(|record| Frame::is_unified(record)),
            _ => false,
        };
        if !missing {
            return;
        }
        let wait = self.engine.flight.interval() / 4;
        if !self.engine.is_v13() {
            // A hello that comes sooner is taken for a copy.
            self.engine.acks.want_at(now + wait.max(COPY_GAP));
        } else if self.engine.reassembly.is_out_of_order() {
            self.engine.acks.want();
        } else {
            self.engine.acks.want_at(now + wait);
        }
    }

    /// RFC 9147 §7.2.
    fn handle_ack(&mut self, number: RecordNumber, content: &[u8]) {
        let Ok(ack) = Ack::parse(content) else {
            self.engine.stats.dropped_malformed += 1;
            return;
        };
        // RFC 9147 §7.2: the same rule behind the handshake: not done, because each side changes its keys on its own, and who
        // has not must acknowledge the other's later epoch in its own earlier one (§8).
        let handshake = number.epoch <= v13::HANDSHAKE_EPOCH.into();
        if handshake && ack.numbers.iter().any(|acknowledged| acknowledged.epoch > number.epoch) {
            return self.fail(PeerMisbehaved::AcknowledgedFuture.into());
        }
        let engine = &mut self.engine;
        if engine.flight.acknowledge(engine.now, &ack.numbers) {
            engine.stats.retransmissions += 1;
        }
        if let State::Established(session) = &mut self.state
            && engine.flight.is_idle()
        {
            let Secrets::V13(secrets) = &mut session.secrets else { return };
            let updated = secrets.finish_update(engine);
            self.settle();
            if let Err(error) = updated {
                self.fail(error);
            }
        }
    }

    /// A fragment of a message that was taken already.
    fn handle_repeated(&mut self, number: RecordNumber, fragment: &Fragment<'_>) {
        // RFC 9147 §5.8.1: what only an ACK answers, an ACK answers again. Of the handshake that is the client's last flight.
        let flight =
            if self.engine.config.role == Role::Server { v13::HANDSHAKE_EPOCH } else { v13::DATA_EPOCH };
        if self.engine.is_v13()
            && matches!(self.state, State::Established(_))
            && number.epoch >= flight.into()
        {
            self.engine.acks.note(number);
            self.engine.acks.want();
        } else if fragment.is_last()
            && self.engine.is_answered(fragment.header.sequence)
            && self.engine.flight.peer_repeated(self.engine.now)
        {
            self.engine.stats.retransmissions += 1;
        }
    }

    /// A handshake message after the handshake: the last one again, or a wish to start over.
    fn handle_late_fragment(&mut self, fragment: &Fragment<'_>) {
        match fragment.header.kind {
            HandshakeType::FINISHED => self.handle_repeated(RecordNumber { epoch: 1, sequence: 0 }, fragment),
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
        // RFC 8446 §5.1: one in each record.
        let parsed = Alert::parse(content).ok().filter(|_| content.len() == 2 || !self.engine.is_v13());
        let Some(alert) = parsed else {
            self.engine.stats.dropped_malformed += 1;
            return;
        };
        if alert.description == AlertDescription::CLOSE_NOTIFY {
            // RFC 5246 §7.2.1: answered with one of our own, and what is still to be sent is thrown away.
            self.engine.alerts.push_back(Alert::warning(AlertDescription::CLOSE_NOTIFY));
            self.end("closed");
            self.engine.events.push(Event::PeerClosed);
        } else if alert.level == AlertLevel::FATAL
            // RFC 8446 §6: the level means nothing any more.
            || self.engine.is_v13() && alert.description != AlertDescription::USER_CANCELED
        {
            self.fail(Error::PeerAborted(alert.description));
        }
    }

    fn handle_data(&mut self, record: &[u8], content: Range<usize>, start: Option<usize>) {
        let data = record.get(content.clone()).unwrap_or_default();
        if !self.connected {
            return self.hold(data);
        }
        self.end_last_flight();
        match start {
            Some(start) => self.hand_out(start + content.start..start + content.end),
            None => {
                self.engine.stats.bytes_received += data.len() as u64;
                self.engine.events.push(Event::EarlyApplicationData(data.into()));
            }
        }
    }

    /// Data is in these bytes of the caller's datagram.
    #[inline(always)]
    fn hand_out(&mut self, data: Range<usize>) {
        self.engine.stats.bytes_received += (data.end - data.start) as u64;
        self.engine.events.push(Event::ApplicationData(data));
    }

    /// Behind usual data: what is not worth looking at each time.
    #[cold]
    fn tidy(&mut self) {
        self.end_last_flight();
        self.expire();
    }

    /// Who sends data has our last flight. In DTLS 1.3 a server may send before.
    fn end_last_flight(&mut self) {
        // RFC 6347 §4.2.4: the last flight again for twice the MSL: not done, because a client that sends data has it;
        // a false start (RFC 7918) is nothing that a browser makes in DTLS.
        if !self.engine.is_v13() && !self.engine.flight.is_idle() {
            self.engine.flight.end();
        }
    }

    /// Until [`Event::Connected`](crate::Event::Connected).
    #[cold]
    fn hold(&mut self, data: &[u8]) {
        if self.has_room(self.held.len(), data.len()) {
            self.engine.stats.bytes_received += data.len() as u64;
            self.kept += data.len();
            self.held.push(data.into());
        } else {
            self.engine.observe_drop("early data beyond the limit");
        }
    }

    fn keep_early(&mut self, frame: &Frame, record: &[u8]) {
        let expected = match frame.header {
            Header::Plain(header) => header.epoch == 1 && !self.engine.is_v13(),
            // Until the hellos are exchanged, a server has nothing that its client could have a key for.
            Header::Unified { epoch_bits, .. } => match self.state {
                State::Offered(_) => self.engine.speaks(ProtocolVersion::DTLS1_3) && epoch_bits >= 2,
                State::V13Client(_) | State::V13Server(_) => epoch_bits == 3,
                _ => false,
            },
        };
        let handshaking = !matches!(self.state, State::Established(_));
        if expected && handshaking && self.has_room(self.early.len(), record.len()) {
            self.kept += record.len();
            self.early.push(record.into());
        } else {
            self.count_drop(&Opened::Early);
        }
    }

    fn has_room(&self, records: usize, bytes: usize) -> bool {
        let limits = &self.engine.config.limits;
        records < limits.early_records && self.kept + bytes <= limits.early_bytes
    }

    /// Opens the records that were kept, once new keys are there.
    #[inline]
    fn handle_early(&mut self) {
        if !self.early.is_empty() {
            self.open_early();
        }
    }

    #[cold]
    fn open_early(&mut self) {
        let epoch = self.engine.records.read_epoch();
        if core::mem::replace(&mut self.read_epoch, epoch) == epoch {
            return;
        }
        for mut record in core::mem::take(&mut self.early) {
            self.kept = self.kept.saturating_sub(record.len());
            if !self.is_closed() {
                self.handle_records(&mut record, true);
            }
        }
    }
}

impl State {
    /// Whether such a message may come in its epoch.
    fn expects(&self, message: &Message) -> bool {
        let epoch = message.epoch;
        match self {
            Self::V12Client(_) | Self::V12Server(_) => {
                (epoch > 0) == (message.kind == HandshakeType::FINISHED)
            }
            Self::V13Client(_) | Self::V13Server(_) => epoch == v13::HANDSHAKE_EPOCH,
            Self::Established(_) => epoch >= v13::DATA_EPOCH,
            Self::Offered(_) | Self::Accepting(_) | Self::Closed => epoch == 0,
        }
    }
}

#[cfg(test)]
mod tests;
