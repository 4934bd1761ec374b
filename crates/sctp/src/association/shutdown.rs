//! Closing: the graceful way and the quick one (RFC 9260 §9).

use super::Association;
use super::state::{Retry, State};
use crate::Misuse;
use crate::wire::{Abort, Cause, CauseCode, Causes, Shutdown, ShutdownAck, ShutdownComplete};
use alloc::vec::Vec;
use siskin_base::Instant;

impl Association {
    /// Closes once everything queued has been delivered; then [`Event::Closed`](crate::Event) with no error. An
    /// association that is not connected yet closes at once.
    pub fn shutdown(&mut self, now: Instant) -> Result<(), Misuse> {
        match self.state {
            State::Closed { over: true } => return Err(Misuse::Closed),
            State::Closed { .. } | State::CookieWait(_) | State::CookieEchoed { .. } => {
                self.abort_with(Some(USER_ABORT));
                self.end(now, None);
            }
            State::Established => self.enter(now, State::ShutdownPending),
            _ => {}
        }
        Ok(())
    }

    /// Closes at once: what was not delivered is lost, and the peer gets an ABORT.
    pub fn abort(&mut self, now: Instant) -> Result<(), Misuse> {
        if matches!(self.state, State::Closed { over: true }) {
            return Err(Misuse::Closed);
        }
        self.abort_with(Some(USER_ABORT));
        self.end(now, None);
        Ok(())
    }

    /// Queues an ABORT in place of everything else, if the peer's tag is known.
    pub(super) fn abort_with(&mut self, cause: Option<Cause<'_>>) {
        self.control.clear();
        if let Some(link) = &self.link {
            let tag = link.peer.tag;
            self.answer_abort(tag, false, cause);
        }
    }

    /// Queues an ABORT; `reflected` if its tag is that of the packet it answers.
    pub(super) fn answer_abort(&mut self, tag: u32, reflected: bool, cause: Option<Cause<'_>>) {
        let mut causes = Vec::new();
        let _ = cause.map(|cause| cause.write(&mut causes));
        let mut chunk = Vec::new();
        let _ = Abort { reflected_tag: reflected, causes: Causes::new(&causes) }.write(&mut chunk);
        self.answer(tag, true, chunk);
    }

    /// Goes on with a shutdown once everything has been acknowledged (RFC 9260 §9.2).
    pub(super) fn advance_shutdown(&mut self, now: Instant) {
        let Some(link) = &self.link else { return };
        if !(self.queue.is_empty() && link.tx.all_acked()) {
            return;
        }
        let retry = Retry::closing(&self.config, now, link.tx.rto.current());
        match self.state {
            State::ShutdownPending => self.enter(now, State::ShutdownSent(retry)),
            State::ShutdownReceived => self.enter(now, State::ShutdownAckSent(retry)),
            _ => return,
        }
        self.repeat_shutdown(now);
    }

    /// Says SHUTDOWN or SHUTDOWN ACK, whichever the state calls for.
    pub(super) fn repeat_shutdown(&mut self, _now: Instant) {
        let Some(link) = &self.link else { return };
        let mut chunk = Vec::new();
        let _ = match self.state {
            State::ShutdownSent(_) => {
                Shutdown { cumulative_tsn: link.rx.cumulative() as u32 }.write(&mut chunk)
            }
            State::ShutdownAckSent(_) => ShutdownAck.write(&mut chunk),
            _ => return,
        };
        let tag = link.peer.tag;
        self.answer(tag, false, chunk);
    }

    /// A packet after our SHUTDOWN: the peer may not have seen it, and has time as long as it sends (RFC 9260 §9.2). One
    /// with DATA is answered with SHUTDOWN and SACK.
    pub(super) fn on_packet_while_shutting_down(&mut self, now: Instant, with_data: bool) {
        let (State::ShutdownSent(_), Some(link)) = (&self.state, &mut self.link) else { return };
        self.state = State::ShutdownSent(Retry::closing(&self.config, now, link.tx.rto.current()));
        if with_data {
            link.rx.ack_at_once();
            self.repeat_shutdown(now);
        }
    }

    /// RFC 9260 §9.2.
    pub(super) fn on_shutdown(&mut self, now: Instant, shutdown: Shutdown) {
        let Some(link) = &mut self.link else { return };
        link.tx.on_cumulative(now, shutdown.cumulative_tsn);
        match self.state {
            State::Established | State::ShutdownPending => self.enter(now, State::ShutdownReceived),
            State::ShutdownSent(_) => {
                let retry = Retry::closing(&self.config, now, link.tx.rto.current());
                self.enter(now, State::ShutdownAckSent(retry));
                self.repeat_shutdown(now);
            }
            State::ShutdownAckSent(_) => self.repeat_shutdown(now),
            _ => {}
        }
    }

    /// RFC 9260 §9.2; `tag` is what its packet carried.
    pub(super) fn on_shutdown_ack(&mut self, now: Instant, tag: u32) {
        match (&self.state, &self.link) {
            (State::ShutdownSent(_) | State::ShutdownAckSent(_), Some(link)) => {
                let tag = link.peer.tag;
                self.control.clear();
                self.end(now, None);
                self.complete_shutdown(tag, false);
            }
            // RFC 9260 §8.5.1 E: it is about an association before this one.
            (State::CookieWait(_) | State::CookieEchoed { .. }, _) => self.complete_shutdown(tag, true),
            _ => self.drop_junk(now, "SHUTDOWN ACK unasked for"),
        }
    }

    /// Queues a SHUTDOWN COMPLETE; `reflected` if its tag is that of the packet it answers.
    pub(super) fn complete_shutdown(&mut self, tag: u32, reflected: bool) {
        let mut chunk = Vec::new();
        let _ = ShutdownComplete { reflected_tag: reflected }.write(&mut chunk);
        self.answer(tag, true, chunk);
    }

    pub(super) fn on_shutdown_complete(&mut self, now: Instant) {
        if matches!(self.state, State::ShutdownAckSent(_)) {
            self.control.clear();
            self.end(now, None);
        }
    }
}

const USER_ABORT: Cause<'static> = Cause { code: CauseCode::USER_INITIATED_ABORT, info: &[] };
