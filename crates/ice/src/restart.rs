//! ICE restart (RFC 8445 §9).

use crate::agent::Agent;
use crate::candidate::host_candidate;
use crate::session::Session;
use crate::{Credentials, Misuse, State};
use alloc::boxed::Box;
use siskin_base::Instant;

impl Agent {
    /// Starts a new session: new credentials, no remote candidates, candidates gathered again, role kept. The pair in use
    /// goes on carrying data, consent included, until the new session has one.
    ///
    /// # Errors
    ///
    /// [`Misuse::Closed`].
    pub fn restart(&mut self, now: Instant) -> Result<&Credentials, Misuse> {
        let credentials = Credentials::random(&mut self.rng);
        self.restart_with(now, credentials)?;
        Ok(&self.session.local)
    }

    /// As [`restart`](Self::restart), with credentials that were signalled already.
    ///
    /// # Errors
    ///
    /// [`Misuse::Closed`].
    pub fn restart_with(&mut self, now: Instant, credentials: Credentials) -> Result<(), Misuse> {
        if self.state == State::Closed {
            return Err(Misuse::Closed);
        }
        let generation = self.session.generation.wrapping_add(1);
        let next = Session::new(generation, &self.config.provider, credentials);
        let mut old = Box::new(core::mem::replace(&mut self.session, next));
        if old.selected.is_some() {
            // RFC 8445 §9: the old session is flushed but for the pair in use.
            old.checklist.conclude(old.selected);
            old.early.clear();
            self.previous = Some(old);
            self.replaced = None;
        } else if !self.revocable {
            // A second restart before the first was accepted still goes back to what was before both.
            self.replaced = Some(old);
        }
        self.revocable = true;
        self.local_candidates.clear();
        self.gathering.restart();
        let hosts: alloc::vec::Vec<_> =
            self.bases.iter().map(|base| host_candidate(base, &mut self.foundations)).collect();
        for host in hosts {
            self.add_local_candidate(host);
        }
        self.announce_gathering();
        self.update_state(now);
        self.touch();
        Ok(())
    }

    /// The restart was accepted: [`roll_back_restart`](Self::roll_back_restart) does not take it back any more.
    pub fn accept_restart(&mut self) {
        self.revocable = false;
        self.replaced = None;
    }

    /// Takes back the restart that was not [accepted](Self::accept_restart) yet (RFC 9429 §4.1.8.2), unless its session has
    /// a pair already: the session before it goes on.
    pub fn roll_back_restart(&mut self, now: Instant) {
        if !core::mem::replace(&mut self.revocable, false) {
            return;
        }
        let before = self.replaced.take().or_else(|| self.previous.take());
        if let Some(before) = before {
            self.session = *before;
            self.update_state(now);
            self.touch();
        }
    }
}
