//! What happens when time passes.

use crate::State;
use crate::agent::Agent;
use crate::checklist::NextCheck;
use crate::pair::Pair;
use alloc::vec::Vec;
use siskin_base::{Instant, earliest};

impl Agent {
    /// Does all that is due at `now`, except sending.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        self.advance_checks(now);
        self.gathering.handle_timeout(now);
        self.announce_gathering();
        self.expire_consent(now);
        self.consider_nomination(now);
        self.reselect(now);
    }

    /// Retransmits, and gives up what nobody answered.
    fn advance_checks(&mut self, now: Instant) {
        let total = self.config.timing.total();
        let mut failed = Vec::new();
        for pair in self.session.checklist.iter_mut() {
            if let Some(check) = &mut pair.check {
                check.timeline.handle_timeout(now);
                if check.timeline.is_closed() {
                    let id = check.id;
                    pair.check = None;
                    failed.extend(pair.take_outstanding(id).map(|request| (pair.id, request)));
                }
            }
            // A cancelled check, or a request for consent, is waited for as long as a check would be.
            pair.outstanding.retain(|request| now.since(request.sent) < total * 2);
        }
        for (id, request) in failed {
            self.fail_check(now, false, id, request);
        }
    }

    /// The check that would be sent next, if the pace allows.
    pub(crate) fn next_check(&self) -> Option<NextCheck> {
        if self.session.remote.is_none() || self.config.lite || self.state == State::Closed {
            return None;
        }
        self.session.checklist.next_check()
    }

    pub(crate) fn compute_deadline(&self) -> Option<Instant> {
        if self.state == State::Closed {
            return None;
        }
        let mut deadline = match self.next_check() {
            Some(NextCheck::Triggered(_)) => Some(self.triggered.next()),
            Some(NextCheck::Ordinary(_)) => Some(self.ordinary.next()),
            None => None,
        };
        if self.gathering.has_pending() {
            deadline = earliest(deadline, Some(self.ordinary.next()));
        }
        deadline = earliest(deadline, self.gathering.poll_timeout(!self.session.is_concluded()));
        for pair in self.session.checklist.iter() {
            let check = pair.check.as_ref().and_then(|check| check.timeline.poll_timeout());
            deadline = earliest(deadline, check);
        }
        deadline = earliest(deadline, self.nomination_deadline());
        if !self.config.lite {
            for session in self.sessions() {
                let consent = session.selected_pair().and_then(|pair| pair.consent.as_ref());
                let Some(consent) = consent else { continue };
                deadline = earliest(deadline, Some(consent.next.min(consent.expires)));
                if self.state != State::Disconnected {
                    let silent = consent.renewed + self.config.disconnected_after;
                    deadline = earliest(deadline, Some(silent));
                }
            }
        }
        if self.state == State::Checking {
            let active = self.session.checklist.iter().any(Pair::is_active);
            let patience = self.session.patient_until.filter(|_| !active);
            deadline = earliest(deadline, patience);
        }
        deadline
    }
}
