//! A packet goes out: answers, SACK, FORWARD TSN, RE-CONFIG, then DATA, as much as fits.

use super::Association;
use super::state::State;
use crate::tx::Room;
use crate::wire::{self, COMMON_HEADER_LEN, ChunkType, OutgoingReset};
use alloc::vec::Vec;
use siskin_base::wire::Reader;
use siskin_base::{Direction, Instant, Layer, Observation, Packet, Transmit};

impl Association {
    /// Appends one SCTP packet to the datagram that the caller has begun in `out` (with the head room that it needs),
    /// and leaves it open: DTLS seals it where it is and finishes it. `None` writes nothing: there is nothing to be sent,
    /// or nothing that fits [`Packet::room`].
    ///
    /// ```
    /// # use siskin_base::{Instant, Packet, Rng};
    /// # use siskin_sctp::{Association, Config};
    /// # let now = Instant::ZERO;
    /// # let mut association = Association::new(Config::default(), Rng::for_tests(1), now).unwrap();
    /// # association.connect(now).unwrap();
    /// let mut out = Packet::new();
    /// out.begin(13);                                   // room for a DTLS header
    /// while let Some(transmit) = association.poll_transmit(now, &mut out) {
    ///     assert_eq!(&out.current()[..4], [0x13, 0x88, 0x13, 0x88]); // port 5000 to port 5000
    ///     out.finish();                                // here DTLS would seal
    ///     out.begin(13);
    /// }
    /// out.cancel();
    /// ```
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.advance(now);
        let room = out.room();
        let buf = out.buffer();
        let start = buf.len();
        if !self.write_packet(now, buf, room) {
            buf.truncate(start);
            return None;
        }
        let packet = buf.get_mut(start..).unwrap_or_default();
        if !self.may_go_unchecked(packet) {
            wire::seal(packet);
        }
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += packet.len() as u64;
        if self.observing {
            let bytes = packet.to_vec();
            self.observe(Observation::Packet {
                at: now,
                layer: Layer::Sctp,
                direction: Direction::Out,
                bytes,
            });
        }
        Some(Transmit::single(self.config.path))
    }

    /// RFC 9653 §5.2: whether the packet's checksum may stay zero.
    fn may_go_unchecked(&self, packet: &[u8]) -> bool {
        let Some(link) = self.link.as_ref().filter(|_| self.config.zero_checksum && !self.is_closed()) else {
            return false;
        };
        let mut r = Reader::new(packet);
        let tag_and_first = r.take(4).and_then(|_ports| Ok((r.u32()?, r.u32()?, ChunkType(r.u8()?))));
        let to_peer = |(tag, _checksum, first)| {
            tag == link.peer.tag
                && !matches!(first, ChunkType::INIT | ChunkType::INIT_ACK | ChunkType::COOKIE_ECHO)
        };
        link.peer.zero_checksum && tag_and_first.is_ok_and(to_peer)
    }

    /// Takes the steps that what was acknowledged makes possible.
    fn advance(&mut self, now: Instant) {
        if !matches!(self.state, State::Closed { .. }) {
            self.advance_resets();
            self.advance_shutdown(now);
        }
    }

    fn advance_resets(&mut self) {
        let Some(link) = self.link.as_mut().filter(|_| self.state.sends_data()) else { return };
        if link.resets.is_idle() {
            let room = self.config.max_datagram - COMMON_HEADER_LEN - 4 - OutgoingReset::MIN_LEN;
            let streams = self.queue.take_drained(room / 2);
            if streams.is_empty() {
                return;
            }
            if !link.peer.re_config {
                self.queue.end_reset(&streams, false);
                self.events.push_back(crate::Event::OutgoingReset { streams, performed: false });
                return;
            }
            link.resets.start(streams, link.tx.last_tsn());
        }
        let tx = &link.tx;
        link.resets.advance(|tsn| tx.has_acked(tsn), tx.rto.current());
    }

    /// Writes a packet without its checksum; false if there is nothing to write, or if it does not fit into `room`.
    fn write_packet(&mut self, now: Instant, buf: &mut Vec<u8>, room: Option<usize>) -> bool {
        let start = buf.len();
        let full = self.config.max_datagram & !3;
        let size = room.map_or(full, |room| full.min(room & !3));
        let limited = size < full;
        if limited && (!self.control.is_empty() || self.link.as_ref().is_some_and(|l| l.resets.is_due())) {
            return false;
        }
        let end = start + size;
        let (local, remote) = (self.config.local_port, self.config.remote_port);
        if let Some(first) = self.control.pop_front() {
            wire::write_header(buf, local, remote, first.tag);
            buf.extend_from_slice(&first.chunk);
            while let Some(next) = self.control.pop_front_if(|next| {
                !first.alone && !next.alone && next.tag == first.tag && buf.len() + next.chunk.len() <= end
            }) {
                buf.extend_from_slice(&next.chunk);
            }
            if first.alone || self.link.as_ref().is_none_or(|link| link.peer.tag != first.tag) {
                return true;
            }
        }
        let Some(link) = &mut self.link else { return buf.len() > start };
        if buf.len() == start {
            wire::write_header(buf, local, remote, link.peer.tag);
        }
        let header_end = start + COMMON_HEADER_LEN;
        let mut wrote = buf.len() > header_end;
        if self.state.reads_data() && link.rx.sack_due() {
            // Without room for it, it goes into the next packet.
            if link.rx.write_sack(buf, end.saturating_sub(buf.len())).is_some() {
                link.rx.sack_sent();
                wrote = true;
            }
        }
        if !self.state.sends_data() {
            return wrote;
        }
        let request_fits = !wrote || buf.len() + link.resets.request_len() <= end;
        if link.resets.is_due() && request_fits {
            wrote |= link.resets.write(now, buf).is_some();
        }
        if !link.tx.has_work(&self.queue) {
            return wrote;
        }
        // A SACK that waits rides along in front of DATA (RFC 9260 §6.10); without DATA it goes on waiting.
        let before_sack = buf.len();
        let riding = self.state.reads_data()
            && link.rx.sack_pending()
            && link.rx.write_sack(buf, end.saturating_sub(before_sack)).is_some();
        let ask = matches!(self.state, State::ShutdownPending | State::ShutdownReceived);
        let room = Room { end, limited, empty: !wrote && buf.len() == header_end, ask };
        let wrote_data = link.tx.write(now, buf, room, &mut self.queue, &mut self.events);
        self.queue.say_sendable(self.config.send_buffer, &mut self.events);
        if riding && wrote_data {
            link.rx.sack_sent();
        } else if riding {
            buf.truncate(before_sack);
        }
        wrote | wrote_data
    }
}
