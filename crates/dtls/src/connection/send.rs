//! What goes out: data, flights, ACKs, alerts, and new keys.

use super::{Connection, MAX_PLAINTEXT, State};
use crate::record::{ContentType, EXPLICIT_LEN, ProtocolVersion, RecordHeader, TAG_LEN};
use crate::session::{Secrets, Session};
use crate::{Error, Misuse};
use alloc::vec::Vec;
use core::hint::cold_path;
use siskin_base::{Instant, Packet, Transmit};

impl Connection {
    /// Appends the next datagram to `out`, if there is one to send.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.engine.now = now;
        loop {
            out.begin(0);
            match self.write_datagram(now, out) {
                Ok(true) => {
                    out.finish();
                    return Some(Transmit::single(self.engine.config.path));
                }
                Ok(false) => {
                    out.cancel();
                    return None;
                }
                Err(error) => {
                    out.cancel();
                    self.fail(error);
                }
            }
        }
    }

    /// Encrypts the datagram that is being written to `packet` as one record, in place and without allocation.
    ///
    /// The packet needs [`head_room`](Self::head_room) bytes in front and grows by at most
    /// [`tail_room`](Self::tail_room) bytes behind. On `Err` it is as before.
    pub fn seal(&mut self, packet: &mut Packet) -> Result<(), Misuse> {
        if !self.connected {
            cold_path();
            return Err(if self.is_closed() { Misuse::Closed } else { Misuse::NotConnected });
        }
        let length = packet.current_len();
        if length > MAX_PLAINTEXT {
            cold_path();
            return Err(Misuse::TooLong);
        }
        let engine = &mut self.engine;
        match engine.records.seal(engine.write_epoch, ContentType::APPLICATION_DATA, packet) {
            Ok(Some(_)) => {
                engine.stats.bytes_sent += length as u64;
                Ok(())
            }
            Ok(None) => Err(Misuse::NoHeadRoom),
            Err(error) => {
                self.fail(error);
                Err(Misuse::Closed)
            }
        }
    }

    /// Bytes that [`seal`](Self::seal) puts in front: at most, until the connection is established, then exactly.
    pub fn head_room(&self) -> usize {
        self.overhead().0
    }

    /// Bytes that [`seal`](Self::seal) puts behind, as [`head_room`](Self::head_room).
    pub fn tail_room(&self) -> usize {
        self.overhead().1
    }

    fn overhead(&self) -> (usize, usize) {
        if self.connected {
            self.engine.records.overhead(self.engine.write_epoch)
        } else {
            (RecordHeader::LEN + EXPLICIT_LEN, TAG_LEN + 1)
        }
    }

    /// Changes the keys that we write with (RFC 9147 §8), and asks the peer to do so, too, if `request_peer`. They are in
    /// use once the peer has acknowledged it; before a key has been used as often as it may be, this happens on its own.
    ///
    /// [`Misuse::NotConnected`] before [`Event::Connected`](crate::Event::Connected), [`Misuse::NotInThisVersion`] in DTLS 1.2.
    pub fn update_keys(&mut self, now: Instant, request_peer: bool) -> Result<(), Misuse> {
        self.engine.now = now;
        match self.session() {
            None => Err(Misuse::NotConnected),
            Some(session) if session.version != ProtocolVersion::DTLS1_3 => Err(Misuse::NotInThisVersion),
            Some(_) => {
                self.engine.update.want(request_peer);
                Ok(())
            }
        }
    }

    fn write_datagram(&mut self, now: Instant, out: &mut Packet) -> Result<bool, Error> {
        let closed = self.is_closed();
        let (kind, version) = (ContentType::ALERT, ProtocolVersion::DTLS1_2);
        let engine = &mut self.engine;
        if let Some(alert) = engine.alerts.pop_front() {
            let written = engine.records.append(engine.write_epoch, kind, version, &[&alert.to_bytes()], out);
            // A key that is used up cannot even say so.
            return if closed { Ok(written.is_ok()) } else { written.map(|_| true) };
        }
        if closed {
            return Ok(false);
        }
        self.send_after_handshake()?;
        let engine = &mut self.engine;
        let max = engine.config.max_datagram.clamp(SMALLEST_DATAGRAM, MAX_PLAINTEXT);
        let room = || {
            let (front, behind) = engine.records.overhead(engine.write_epoch);
            max.saturating_sub(front + behind)
        };
        let acknowledged = match engine.acks.take(room) {
            Some(ack) if engine.is_v13() => {
                let mut content = Vec::new();
                ack.write(&mut content).ok_or(Error::ProviderFailed)?;
                engine.records.append(engine.write_epoch, ContentType::ACK, version, &[&content], out)?;
                if matches!(self.state, State::Established(_)) {
                    engine.acks.clear();
                }
                true
            }
            // 9147bis §7: no ACK, not even an empty one, before DTLS 1.3 is selected, which the ServerHello that is missing would
            // say. The hello itself goes again instead, and brings the server's flight.
            Some(_) if matches!(self.state, State::Offered(_)) => {
                engine.stats.retransmissions += u64::from(engine.flight.hurry());
                false
            }
            _ => false,
        };
        let written = engine.flight.write_datagram(now, max, &mut engine.records, out)?;
        if written {
            self.start_clock(now);
        }
        Ok(written || acknowledged)
    }

    /// In DTLS 1.3, sends our KeyUpdate when somebody wants it or a key comes near its limit, and what the peer has asked for.
    fn send_after_handshake(&mut self) -> Result<(), Error> {
        let State::Established(Session { secrets: Secrets::V13(secrets), .. }) = &self.state else {
            return Ok(());
        };
        let (own, peers) = self.engine.records.worn();
        if own || peers {
            self.engine.update.want(peers);
        }
        secrets.send_update(&mut self.engine)?;
        secrets.send_connection_ids(&mut self.engine)
    }
}

/// Room for a record header, a handshake header, a nonce, a tag and a piece that is worth it.
const SMALLEST_DATAGRAM: usize = 128;
