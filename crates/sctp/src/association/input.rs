//! A packet comes in: checks, then each chunk to the part that it concerns.

use super::Association;
use super::reset::Verdict;
use super::state::State;
use crate::rx::Taken;
use crate::wire::{
    COMMON_HEADER_LEN, Cause, CauseCode, Causes, Chunk, ChunkType, Data, ErrorChunk, ForwardTsn,
    HeartbeatAck, IncomingReset, Packet, ParseError, RawChunk, ReConfig, ReConfigParam, ReConfigResponse,
    ReConfigResult, Sack, begin_chunk, end_chunk,
};
use crate::{Error, Event, PeerMisbehaved};
use alloc::vec::Vec;
use siskin_base::wire::Writer;
use siskin_base::{Direction, Instant, Layer, Observation, Received};

impl Association {
    /// Takes in what DTLS decrypted: one SCTP packet. Anything else is dropped and counted.
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        let bytes: &[u8] = received.datagram;
        if self.observing {
            let bytes = bytes.to_vec();
            self.observe(Observation::Packet {
                at: now,
                layer: Layer::Sctp,
                direction: Direction::In,
                bytes,
            });
        }
        let packet = match Packet::parse(bytes, self.config.zero_checksum) {
            Ok(packet) => packet,
            Err(ParseError::BadChecksum) => return self.drop_junk(now, "bad checksum"),
            Err(_) => return self.drop_junk(now, "not an SCTP packet"),
        };
        if (packet.source_port, packet.destination_port) != (self.config.remote_port, self.config.local_port)
        {
            return self.drop_junk(now, "wrong port");
        }
        self.stats.packets_received += 1;
        self.stats.bytes_received += bytes.len() as u64;
        self.read(now, &packet);
    }

    fn read(&mut self, now: Instant, packet: &Packet<'_>) {
        if self.is_closed() {
            return self.on_out_of_the_blue(now, packet);
        }
        let mut with_data = false;
        for (i, raw) in packet.chunks.enumerate() {
            let Ok(raw) = raw else {
                self.drop_junk(now, "malformed chunk header");
                break;
            };
            if i == 0 && !self.is_ours(packet.verification_tag, raw) {
                return self.drop_junk(now, "wrong verification tag");
            }
            // RFC 9260 §8.5.1 A.
            if raw.kind == ChunkType::INIT && { packet.chunks }.nth(1).is_some() {
                return self.drop_junk(now, "INIT in company");
            }
            with_data |= raw.kind == ChunkType::DATA;
            match Chunk::parse(raw) {
                Ok(chunk) => {
                    if !self.on_chunk(now, packet.verification_tag, i, chunk) {
                        break;
                    }
                }
                Err(ParseError::NoUserData) => {
                    // RFC 9260 §6.2.
                    let tsn = raw.value.get(..4).unwrap_or_default();
                    self.abort_with(Some(Cause { code: CauseCode::NO_USER_DATA, info: tsn }));
                    return self.end(now, Some(Error::PeerMisbehaved(PeerMisbehaved::EmptyData)));
                }
                Err(_) => self.drop_junk(now, "malformed chunk"),
            }
        }
        if let Some(link) = &mut self.link {
            link.rx.end_of_packet(now);
        }
        self.on_packet_while_shutting_down(now, with_data);
        self.perform_deferred();
    }

    /// RFC 9260 §8.5: the tag must be ours, with the exceptions of §8.5.1.
    fn is_ours(&self, tag: u32, first: RawChunk<'_>) -> bool {
        let reflected = first.flags & 1 != 0;
        match first.kind {
            ChunkType::INIT => tag == 0,
            // The cookie decides.
            ChunkType::COOKIE_ECHO => true,
            ChunkType::SHUTDOWN_ACK
                if matches!(self.state, State::CookieWait(_) | State::CookieEchoed { .. }) =>
            {
                true
            }
            ChunkType::ABORT | ChunkType::SHUTDOWN_COMPLETE if reflected => {
                self.link.as_ref().is_some_and(|link| link.peer.tag == tag)
            }
            _ => tag == self.local.tag && tag != 0,
        }
    }

    /// Gives whether to go on with the packet.
    fn on_chunk(&mut self, now: Instant, tag: u32, index: usize, chunk: Chunk<'_>) -> bool {
        match chunk {
            Chunk::Data(data) => return self.on_data(now, &data),
            Chunk::Sack(sack) => self.on_sack(now, &sack),
            Chunk::Init(init) if index == 0 && tag == 0 => {
                self.on_init(now, &init);
                return false;
            }
            Chunk::InitAck(ack) if index == 0 => {
                self.on_init_ack(now, &ack);
                return false;
            }
            Chunk::CookieEcho(echo) if index == 0 => return self.on_cookie_echo(now, tag, echo.cookie),
            Chunk::Init(_) | Chunk::InitAck(_) | Chunk::CookieEcho(_) => {
                self.drop_junk(now, "chunk out of place")
            }
            Chunk::CookieAck(_) => self.on_cookie_ack(now),
            Chunk::Heartbeat(beat) => {
                if let Some(link) = &self.link {
                    let tag = link.peer.tag;
                    let mut out = Vec::new();
                    let _ = HeartbeatAck { info: beat.info }.write(&mut out);
                    // One too long for a packet of ours cannot be answered, and need not be kept.
                    if out.len() + COMMON_HEADER_LEN <= self.config.max_datagram {
                        self.answer(tag, false, out);
                    }
                }
            }
            Chunk::HeartbeatAck(ack) => self.on_heartbeat_ack(now, ack),
            Chunk::Abort(abort) => {
                let causes: Causes<'_> = abort.causes;
                let cause = causes.map_while(Result::ok).next().map(|cause| cause.code);
                self.on_abort(now, cause);
                return false;
            }
            Chunk::Error(error) => self.on_error(now, &error),
            Chunk::Shutdown(shutdown) => self.on_shutdown(now, shutdown),
            Chunk::ShutdownAck(_) => {
                self.on_shutdown_ack(now, tag);
                return false;
            }
            Chunk::ShutdownComplete(_) => {
                self.on_shutdown_complete(now);
                return false;
            }
            Chunk::ReConfig(re_config) => self.on_re_config(now, &re_config),
            Chunk::ForwardTsn(forward) => self.on_forward_tsn(now, &forward),
            Chunk::Unknown(raw) => return self.on_unknown(now, raw),
        }
        true
    }

    fn on_data(&mut self, now: Instant, data: &Data<'_>) -> bool {
        // RFC 9260 §6: discarding DATA before the COOKIE ACK: not done, because who sends it has taken our cookie, so that the
        // COOKIE ACK was lost or overtaken; discarding costs the peer a timeout and its window.
        if matches!(self.state, State::CookieEchoed { .. }) {
            self.connected(now);
        }
        if !self.state.reads_data() {
            self.drop_junk(now, "DATA out of place");
            return true;
        }
        let Some(link) = &mut self.link else { return true };
        let exists = data.stream < self.config.max_streams;
        let taken = link.rx.on_data(data, exists);
        let tag = link.peer.tag;
        while let Some(message) = link.rx.pop() {
            self.events.push_back(Event::Message(message));
        }
        match taken {
            Taken::Yes if exists => {}
            // RFC 9260 §6.5: acknowledged, reported, not delivered.
            Taken::Yes => {
                let [a, b] = data.stream.to_be_bytes();
                self.report(tag, Cause { code: CauseCode::INVALID_STREAM, info: &[a, b, 0, 0] });
            }
            Taken::Duplicate => {}
            Taken::Refused => self.drop_junk(now, "no room for DATA"),
            Taken::TooLong => {
                let info = b"message too long";
                self.abort_with(Some(Cause { code: CauseCode::PROTOCOL_VIOLATION, info }));
                self.end(now, Some(Error::PeerMisbehaved(PeerMisbehaved::MessageTooLong)));
                return false;
            }
        }
        true
    }

    fn on_forward_tsn(&mut self, now: Instant, forward: &ForwardTsn<'_>) {
        if !self.state.reads_data() {
            return self.drop_junk(now, "FORWARD TSN out of place");
        }
        let Some(link) = &mut self.link else { return };
        link.rx.on_forward_tsn(forward);
        while let Some(message) = link.rx.pop() {
            self.events.push_back(Event::Message(message));
        }
    }

    fn on_sack(&mut self, now: Instant, sack: &Sack<'_>) {
        if !self.state.sends_data() {
            return;
        }
        let Some(link) = &mut self.link else { return };
        if link.tx.on_sack(now, sack, &mut self.queue, &mut self.events) {
            link.errors = 0;
            link.heartbeats.on_alive(now, link.tx.rto.current());
        }
    }

    fn on_heartbeat_ack(&mut self, now: Instant, ack: HeartbeatAck<'_>) {
        let Some(link) = &mut self.link else { return };
        if let Some(rtt) = ack.content().and_then(|content| link.heartbeats.on_ack(now, content)) {
            link.errors = 0;
            link.tx.rto.on_sample(rtt);
        }
    }

    fn on_abort(&mut self, now: Instant, cause: Option<CauseCode>) {
        if matches!(self.state, State::Closed { .. }) {
            return;
        }
        self.control.clear();
        self.end(now, Some(Error::PeerAborted(cause)));
    }

    /// RFC 6525 §5.2.
    fn on_re_config(&mut self, now: Instant, re_config: &ReConfig<'_>) {
        if !self.state.reads_data() && !self.state.sends_data() {
            return self.drop_junk(now, "RE-CONFIG out of place");
        }
        let mut answers = Vec::new();
        let no_room = self.unread_resets >= MAX_UNREAD_RESETS;
        for param in re_config.params.map_while(Result::ok).take(2) {
            let Some(link) = &mut self.link else { return };
            match ReConfigParam::parse(param) {
                // RFC 6525 §5.2.7: the peer asks again after its timer. A user who reads nothing must not make us keep more.
                Ok(ReConfigParam::OutgoingReset(request)) if no_room => {
                    let result = ReConfigResult::IN_PROGRESS;
                    answers.push(ReConfigResponse { response: request.request, result });
                }
                Ok(ReConfigParam::OutgoingReset(request)) => {
                    let last_tsn = link.rx.widen(request.last_tsn);
                    let verdict = link.resets.on_outgoing_reset(&request, last_tsn, link.rx.cumulative());
                    link.rx.ack_at_once();
                    answers.extend(self.give_verdict(request.request, verdict));
                }
                // RFC 6525 §5.2.3 to §5.2.6: all other requests: not done, because RFC 8831 §6.7 closes channels without
                // them and both sides have all streams from the start; so the TSNs of §5.1.7 D3 and D4 are not given either.
                Ok(
                    ReConfigParam::IncomingReset(IncomingReset { request, .. })
                    | ReConfigParam::OtherRequest { request },
                ) => {
                    let verdict = link.resets.on_other_request(request);
                    link.rx.ack_at_once();
                    answers.extend(self.give_verdict(request, verdict));
                }
                Ok(ReConfigParam::Response(response)) => {
                    let rto = link.tx.rto.current();
                    if let Some((streams, performed)) = link.resets.on_response(now, response, rto) {
                        link.errors = 0;
                        self.queue.end_reset(&streams, performed);
                        self.events.push_back(Event::OutgoingReset { streams, performed });
                    }
                }
                // RFC 9260 §3.2.2: reporting unrecognized parameters of a RE-CONFIG: not done, because there are none.
                Err(_) => self.drop_junk(now, "malformed RE-CONFIG parameter"),
            }
        }
        self.respond(&answers);
    }

    fn give_verdict(&mut self, request: u32, verdict: Verdict) -> Option<ReConfigResponse> {
        match verdict {
            Verdict::Wait => None,
            Verdict::Answer(result) => Some(ReConfigResponse { response: request, result }),
            Verdict::Perform(streams) => Some(self.perform_reset(request, streams)),
        }
    }

    /// A reset that waited for data may be due now.
    fn perform_deferred(&mut self) {
        let Some(link) = &mut self.link else { return };
        if let Some((request, streams)) = link.resets.take_deferred(link.rx.cumulative()) {
            let answer = self.perform_reset(request, streams);
            self.respond(&[answer]);
        }
    }

    fn perform_reset(&mut self, request: u32, streams: Vec<u16>) -> ReConfigResponse {
        if let Some(link) = &mut self.link {
            if streams.is_empty() {
                link.rx.reset(None);
            }
            streams.iter().for_each(|stream| link.rx.reset(Some(*stream)));
        }
        self.unread_resets += 1;
        self.events.push_back(Event::IncomingReset { streams });
        ReConfigResponse { response: request, result: ReConfigResult::PERFORMED }
    }

    /// RFC 6525 §5.2.1: what a chunk asked for is answered in one chunk.
    fn respond(&mut self, answers: &[ReConfigResponse]) {
        let Some(link) = self.link.as_ref().filter(|_| !answers.is_empty()) else { return };
        let tag = link.peer.tag;
        let mut chunk = Vec::new();
        let start = begin_chunk(&mut chunk, ChunkType::RE_CONFIG, 0);
        answers.iter().for_each(|answer| _ = answer.write(&mut chunk));
        let _ = end_chunk(&mut chunk, start);
        self.answer(tag, false, chunk);
    }

    /// RFC 9260 §3.2: the type's two highest bits say what to do.
    fn on_unknown(&mut self, now: Instant, raw: RawChunk<'_>) -> bool {
        self.drop_junk(now, "unknown chunk");
        let action = raw.kind.unknown_action();
        if action.report
            && let Some(link) = &self.link
        {
            let tag = link.peer.tag;
            let mut info = Vec::new();
            // RFC 9260 §3.3.10.6: the whole chunk: not done, because its head says what it was, and a packet has an end.
            let short = raw.value.get(..MAX_REPORTED.min(raw.value.len())).unwrap_or_default();
            info.put(&[raw.kind.0, raw.flags]);
            info.put_u16((raw.value.len() + 4) as u16);
            info.put(short);
            self.report(tag, Cause { code: CauseCode::UNRECOGNIZED_CHUNK, info: &info });
        }
        !action.stop
    }

    fn report(&mut self, tag: u32, cause: Cause<'_>) {
        let mut causes = Vec::new();
        let _ = cause.write(&mut causes);
        let mut chunk = Vec::new();
        let _ = ErrorChunk { causes: Causes::new(&causes) }.write(&mut chunk);
        self.answer(tag, false, chunk);
    }
}

/// Of an unknown chunk no more than this is sent back.
const MAX_REPORTED: usize = 128;

/// Resets of the peer's that the user has not heard of yet; further ones wait.
const MAX_UNREAD_RESETS: usize = 64;
