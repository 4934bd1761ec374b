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
        let Some(link) = &self.link else { return };
        let mut causes = Vec::new();
        let _ = cause.map(|cause| cause.write(&mut causes));
        let mut chunk = Vec::new();
        let _ = Abort { reflected_tag: false, causes: Causes::new(&causes) }.write(&mut chunk);
        let tag = link.peer.tag;
        self.answer(tag, true, chunk);
    }

    /// Goes on with a shutdown once everything has been acknowledged (RFC 9260 §9.2).
    pub(super) fn advance_shutdown(&mut self, now: Instant) {
        let Some(link) = &self.link else { return };
        if !(self.queue.is_empty() && link.tx.all_acked()) {
            return;
        }
        let retry = Retry::new(&self.config, now, link.tx.rto.current());
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

    /// DATA after our SHUTDOWN: the peer may not have seen it (RFC 9260 §9.2).
    pub(super) fn on_data_while_shutting_down(&mut self, now: Instant) {
        if matches!(self.state, State::ShutdownSent(_)) {
            if let Some(link) = &mut self.link {
                link.rx.ack_at_once();
                self.state = State::ShutdownSent(Retry::new(&self.config, now, link.tx.rto.current()));
            }
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
                let retry = Retry::new(&self.config, now, link.tx.rto.current());
                self.enter(now, State::ShutdownAckSent(retry));
                self.repeat_shutdown(now);
            }
            State::ShutdownAckSent(_) => self.repeat_shutdown(now),
            _ => {}
        }
    }

    /// RFC 9260 §9.2; also when we are over already and our SHUTDOWN COMPLETE was lost (§8.4).
    pub(super) fn on_shutdown_ack(&mut self, now: Instant) {
        let over = match self.state {
            State::ShutdownSent(_) | State::ShutdownAckSent(_) => false,
            State::Closed { over: true } => true,
            _ => return self.drop_junk(now, "SHUTDOWN ACK unasked for"),
        };
        let Some(link) = &self.link else { return };
        let tag = link.peer.tag;
        let mut chunk = Vec::new();
        let _ = ShutdownComplete { reflected_tag: false }.write(&mut chunk);
        if !over {
            self.control.clear();
            self.end(now, None);
        }
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
