//! Opening: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, from one side, from both at once, or by signalling
//! (RFC 9260 §5).

use super::cookie::{Cookie, Local};
use super::link::{Extras, Link, OVER_DTLS, PeerParams};
use super::state::{Retry, State};
use super::{Association, Control, MAX_CONTROL};
use crate::config::MIN_WINDOW;
use crate::tx::SendQueue;
use crate::wire::{
    COMMON_HEADER_LEN, Cause, CauseCode, Causes, Chunk, ChunkType, Chunks, CookieAck, CookieEcho, ErrorChunk,
    Init, InitAck, ParamType, Params, ShutdownAck, put_param,
};
use crate::{Error, Event, Misuse, PeerIncompatible, PeerMisbehaved};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;
use siskin_base::wire::Writer;

impl Association {
    /// Opens the association: sends INIT. Both sides may do so at once. A peer's INIT is answered with or without this.
    pub fn connect(&mut self, now: Instant) -> Result<(), Misuse> {
        match self.state {
            State::Closed { over: false } => {}
            State::Closed { over: true } => return Err(Misuse::Closed),
            // The peer was faster.
            _ => return Ok(()),
        }
        self.enter(now, State::CookieWait(Retry::opening(&self.config, now)));
        self.send_init();
        Ok(())
    }

    /// Our INIT chunk, header included, for the peer to get by signalling (SNAP, `a=sctp-init`). Always the same bytes.
    pub fn local_init(&self) -> Vec<u8> {
        let mut chunk = Vec::new();
        let mut params = Vec::new();
        self.write_params(&mut params);
        let _ = self.init(self.local, self.config.max_streams, &params).write(&mut chunk);
        chunk
    }

    /// Opens the association with the peer's INIT chunk from signalling, our own having gone the same way: messages
    /// flow from the first packet on. An INIT that cannot be read ends the association.
    pub fn start(&mut self, now: Instant, remote_init: &[u8]) -> Result<(), Misuse> {
        match self.state {
            State::Closed { over: false } => {}
            State::Closed { over: true } => return Err(Misuse::Closed),
            _ => return Err(Misuse::AlreadyStarted),
        }
        let mut chunks = Chunks::new(remote_init);
        let first = chunks.next().and_then(Result::ok).map(Chunk::parse);
        let (Some(Ok(Chunk::Init(init))), None) = (first, chunks.next()) else {
            self.end(now, Some(Error::PeerIncompatible(PeerIncompatible::BadInit)));
            return Ok(());
        };
        let (peer, extras) = PeerParams::read(&init);
        if let Some(rule) = broken_rule(&init, &extras) {
            self.end(now, Some(Error::PeerMisbehaved(rule)));
            return Ok(());
        }
        self.establish(now, peer);
        Ok(())
    }

    fn init<'a>(&self, local: Local, outbound_streams: u16, params: &'a [u8]) -> Init<'a> {
        Init {
            initiate_tag: local.tag,
            a_rwnd: self.config.receive_window,
            outbound_streams,
            inbound_streams: self.config.max_streams,
            initial_tsn: local.initial_tsn,
            params: Params::new(params),
        }
    }

    fn write_params(&self, out: &mut Vec<u8>) {
        let _ = put_param(out, ParamType::FORWARD_TSN_SUPPORTED, |_| {});
        let _ = put_param(out, ParamType::SUPPORTED_EXTENSIONS, |out| {
            out.put(&[ChunkType::RE_CONFIG.0, ChunkType::FORWARD_TSN.0]);
        });
        if self.config.zero_checksum {
            let _ = put_param(out, ParamType::ZERO_CHECKSUM_ACCEPTABLE, |out| out.put_u32(OVER_DTLS));
        }
    }

    fn send_init(&mut self) {
        let chunk = self.local_init();
        self.control.push_back(Control { tag: 0, alone: true, chunk });
    }

    /// T1 or T2 expired: says it again (RFC 9260 §5.1, §9.2).
    pub(super) fn repeat(&mut self, now: Instant) {
        match &self.state {
            State::CookieWait(_) => self.send_init(),
            State::CookieEchoed { cookie, .. } => {
                let mut chunk = Vec::new();
                let _ = CookieEcho { cookie }.write(&mut chunk);
                let tag = self.link.as_ref().map_or(0, |link| link.peer.tag);
                self.control.push_front(Control { tag, alone: false, chunk });
            }
            _ => self.repeat_shutdown(now),
        }
    }

    /// Answers an INIT, and remembers nothing of it (RFC 9260 §5.1 B, §5.2.1, §5.2.2).
    pub(super) fn on_init(&mut self, now: Instant, init: &Init<'_>) {
        let (peer, extras) = PeerParams::read(init);
        if let Some(rule) = broken_rule(init, &extras) {
            if rule != PeerMisbehaved::ZeroTag {
                self.refuse(peer.tag, rule);
            }
            return self.drop_junk(now, "INIT that breaks a rule");
        }
        let (local, tie_tags) = match (&self.state, &self.link) {
            // RFC 9260 §9.2: the peer's SHUTDOWN COMPLETE was lost, or it begins anew too early.
            (State::ShutdownAckSent(_), _) => return self.repeat_shutdown(now),
            // RFC 9260 §5.2.1: the same tag as in our own INIT.
            (State::Closed { .. } | State::CookieWait(_), _) | (_, None) => (self.local, (0, 0)),
            (State::CookieEchoed { .. }, Some(link)) => (self.local, (self.local.tag, link.peer.tag)),
            // RFC 9260 §5.2.2: a new tag, so that a restart can be told from a late duplicate.
            (_, Some(link)) => {
                let tie_tags = (self.local.tag, link.peer.tag);
                (Local::new(&mut self.rng), tie_tags)
            }
        };
        let cookie = self.cookie_key.seal(&Cookie { created: now, local, peer, tie_tags });
        let mut params = Vec::new();
        let _ = put_param(&mut params, ParamType::STATE_COOKIE, |out| out.put(&cookie));
        self.write_params(&mut params);
        for param in Params::new(&extras.unrecognized).map_while(Result::ok) {
            let _ = put_param(&mut params, ParamType::UNRECOGNIZED_PARAMETER, |out| {
                let _ = param.write(out);
            });
        }
        let mut chunk = Vec::new();
        // RFC 9260 §3.3.3: no more streams than the peer lets us have.
        let streams = self.config.max_streams.min(peer.inbound_streams);
        let _ = InitAck(self.init(local, streams, &params)).write(&mut chunk);
        self.answer(peer.tag, true, chunk);
    }

    /// RFC 9260 §5.1 C.
    pub(super) fn on_init_ack(&mut self, now: Instant, ack: &InitAck<'_>) {
        let State::CookieWait(retry) = self.state else {
            return self.drop_junk(now, "INIT ACK unasked for"); // RFC 9260 §5.2.3
        };
        let (peer, extras) = PeerParams::read(&ack.0);
        if let Some(rule) = broken_rule(&ack.0, &extras) {
            self.control.clear();
            match rule {
                // RFC 9260 §3.3.3: there is no tag to answer to but our own.
                PeerMisbehaved::ZeroTag => self.answer_abort(self.local.tag, true, None),
                _ => self.refuse(peer.tag, rule),
            }
            // RFC 9260 §3.3.3: this one changes no state.
            if rule == PeerMisbehaved::SmallWindow {
                return self.drop_junk(now, "INIT ACK with a small window");
            }
            return self.end(now, Some(Error::PeerMisbehaved(rule)));
        }
        self.link = Some(Link::new(&self.config, now, self.local, peer));
        let Some(cookie) = extras.cookie else {
            let mut info = Vec::new();
            info.put_u32(1);
            info.put_u16(ParamType::STATE_COOKIE.0);
            let cause = Cause { code: CauseCode::MISSING_MANDATORY_PARAMETER, info: &info };
            self.abort_with(Some(cause));
            return self.end(now, Some(Error::PeerMisbehaved(PeerMisbehaved::NoCookie)));
        };
        let retry = retry.next_step(&self.config, now);
        let cookie_len = cookie.len();
        self.enter(now, State::CookieEchoed { retry, cookie });
        self.repeat(now);
        // RFC 9260 §3.2.2: reported together with the COOKIE ECHO; alone it would have to wait for the COOKIE ACK.
        let both = COMMON_HEADER_LEN + 4 + cookie_len + 3 + 8 + extras.unrecognized.len();
        if !extras.unrecognized.is_empty() && both <= self.config.max_datagram & !3 {
            let mut causes = Vec::new();
            let _ = Cause { code: CauseCode::UNRECOGNIZED_PARAMETERS, info: &extras.unrecognized }
                .write(&mut causes);
            let mut chunk = Vec::new();
            let _ = ErrorChunk { causes: Causes::new(&causes) }.write(&mut chunk);
            self.answer(peer.tag, false, chunk);
        }
    }

    /// RFC 9260 §5.1 D and §5.2.4. Gives whether the rest of the packet belongs to this association.
    pub(super) fn on_cookie_echo(&mut self, now: Instant, tag: u32, bytes: &[u8]) -> bool {
        let Some(cookie) = self.cookie_key.open(bytes).filter(|cookie| cookie.local.tag == tag) else {
            self.drop_junk(now, "COOKIE ECHO that is not ours");
            return false;
        };
        let same_local = cookie.local.tag == self.local.tag;
        let same_peer = self.link.as_ref().is_some_and(|link| link.peer.tag == cookie.peer.tag);
        let stale = cookie.staleness(now, self.config.cookie_life);
        if let Some(over) = stale.filter(|_| !(same_local && same_peer)) {
            self.report_stale(&cookie, over);
            return false;
        }
        if same_local && same_peer {
            // Case D: both opened at once, or our COOKIE ACK was lost.
            if matches!(self.state, State::CookieEchoed { .. }) {
                self.connected(now);
            }
        } else if same_local && !self.is_open() {
            // Case B, or the first that we hear of this peer.
            self.establish(now, cookie.peer);
        } else if same_local && matches!(self.state, State::Established) {
            // Case B after we were connected: the peer began twice, and this is the beginning that it stands by. All that
            // goes with its new tag is new, not the tag alone.
            self.restart(now, &cookie);
        } else if !same_local && !same_peer && self.is_tied(&cookie) {
            // Case A.
            if matches!(self.state, State::ShutdownAckSent(_)) {
                self.refuse_while_shutting_down(&cookie);
                return false;
            }
            self.restart(now, &cookie);
        } else {
            // Case C: a late duplicate.
            self.drop_junk(now, "COOKIE ECHO that came too late");
            return false;
        }
        self.acknowledge_cookie(cookie.peer.tag);
        true
    }

    /// RFC 9260 §5.1 D: COOKIE ACK is the first chunk of its packet.
    fn acknowledge_cookie(&mut self, tag: u32) {
        let is_one = |control: &Control| control.chunk.first() == Some(&ChunkType::COOKIE_ACK.0);
        if self.control.len() < MAX_CONTROL && !self.control.front().is_some_and(is_one) {
            let mut chunk = Vec::new();
            let _ = CookieAck.write(&mut chunk);
            self.control.push_front(Control { tag, alone: false, chunk });
        }
    }

    /// The peer has forgotten the association and made a new one.
    fn restart(&mut self, now: Instant, cookie: &Cookie) {
        self.local = cookie.local;
        self.queue = SendQueue::default();
        self.link = Some(Link::new(&self.config, now, self.local, cookie.peer));
        self.enter(now, State::Established);
        // What the user has not taken of the association before goes on counting against the window.
        let unread = self.events.iter().filter_map(|event| match event {
            Event::Message(message) => Some(message.data.len()),
            _ => None,
        });
        if let Some(link) = &mut self.link {
            unread.for_each(|len| link.rx.inherit(len));
        }
        // A peer that begins anew again and again is news once.
        if self.events.back() != Some(&Event::Restarted) {
            self.events.push_back(Event::Restarted);
        }
    }

    /// Answers an INIT or INIT ACK from which no association can come (RFC 9260 §5.1); `tag` is the sender's own.
    fn refuse(&mut self, tag: u32, rule: PeerMisbehaved) {
        let cause = Cause { code: CauseCode::INVALID_MANDATORY_PARAMETER, info: &[] };
        self.answer_abort(tag, false, Some(cause).filter(|_| rule != PeerMisbehaved::HostName));
    }

    /// Whether messages have been flowing.
    fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. } | State::CookieWait(_) | State::CookieEchoed { .. })
    }

    fn is_tied(&self, cookie: &Cookie) -> bool {
        let tags = self.link.as_ref().map(|link| (self.local.tag, link.peer.tag));
        tags == Some(cookie.tie_tags)
    }

    fn report_stale(&mut self, cookie: &Cookie, over: Duration) {
        let mut info = Vec::new();
        // Rounded up: RFC 9260 §3.3.10.3.
        info.put_u32(u32::try_from(over.as_nanos().div_ceil(1000)).unwrap_or(u32::MAX));
        let mut causes = Vec::new();
        let _ = Cause { code: CauseCode::STALE_COOKIE, info: &info }.write(&mut causes);
        let mut chunk = Vec::new();
        let _ = ErrorChunk { causes: Causes::new(&causes) }.write(&mut chunk);
        self.answer(cookie.peer.tag, false, chunk);
    }

    fn refuse_while_shutting_down(&mut self, cookie: &Cookie) {
        let mut chunk = Vec::new();
        let _ = ShutdownAck.write(&mut chunk);
        let mut causes = Vec::new();
        let _ = Cause { code: CauseCode::COOKIE_WHILE_SHUTTING_DOWN, info: &[] }.write(&mut causes);
        let _ = ErrorChunk { causes: Causes::new(&causes) }.write(&mut chunk);
        self.answer(cookie.peer.tag, false, chunk);
    }

    /// RFC 9260 §5.1 E.
    pub(super) fn on_cookie_ack(&mut self, now: Instant) {
        if matches!(self.state, State::CookieEchoed { .. }) {
            self.connected(now);
        }
    }

    /// RFC 9260 §5.2.6: our cookie came too late; begin again with a new one.
    pub(super) fn on_error(&mut self, now: Instant, error: &ErrorChunk<'_>) {
        let causes: Causes<'_> = error.causes;
        let stale = causes.map_while(Result::ok).any(|cause| cause.code == CauseCode::STALE_COOKIE);
        if stale && let State::CookieEchoed { retry, .. } = &self.state {
            // A peer that calls every cookie stale uses up our attempts.
            let Some(retry) = retry.another_cookie(&self.config, now) else {
                return self.end(now, Some(Error::TimedOut));
            };
            self.link = None;
            self.enter(now, State::CookieWait(retry));
            self.send_init();
        }
    }

    fn establish(&mut self, now: Instant, peer: PeerParams) {
        self.link = Some(Link::new(&self.config, now, self.local, peer));
        self.connected(now);
    }

    pub(super) fn connected(&mut self, now: Instant) {
        // Repeated INITs that still wait would only confuse.
        self.control.retain(|control| control.tag != 0);
        self.enter(now, State::Established);
        if let Some(link) = &mut self.link {
            let rto = link.tx.rto.current();
            link.heartbeats.on_alive(now, rto);
        }
        self.events.push_back(Event::Connected);
    }
}

fn broken_rule(init: &Init<'_>, extras: &Extras) -> Option<PeerMisbehaved> {
    if init.initiate_tag == 0 {
        Some(PeerMisbehaved::ZeroTag)
    } else if init.outbound_streams == 0 || init.inbound_streams == 0 {
        Some(PeerMisbehaved::NoStreams)
    } else if init.a_rwnd < MIN_WINDOW {
        Some(PeerMisbehaved::SmallWindow)
    } else if extras.host_name {
        Some(PeerMisbehaved::HostName)
    } else {
        None
    }
}
