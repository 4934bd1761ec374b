//! Consent to send (RFC 7675): only an authenticated response to a request of our own renews it.

use crate::agent::Agent;
use crate::{ConsentLoss, Event, PairId};
use core::time::Duration;
use siskin_base::{Instant, Rng};

/// Consent on one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent {
    /// When the last authenticated response came.
    pub(crate) renewed: Instant,
    pub(crate) expires: Instant,
    /// When the next request is due, if the path is in use.
    pub(crate) next: Instant,
}

impl Consent {
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        now < self.expires
    }
}

/// RFC 7675 §5.1: between 0.8 and 1.2 times the period, drawn anew each time, and never less than 4 s.
pub(crate) fn interval(period: Duration, rng: &mut Rng) -> Duration {
    let period = period.max(Duration::from_secs(5)).as_nanos() as u64;
    Duration::from_nanos(period / 5 * 4 + rng.below(period / 5 * 2))
}

impl Agent {
    /// An authenticated response came on that pair.
    pub(crate) fn renew_consent(&mut self, now: Instant, previous: bool, id: PairId) {
        let expiry = self.config.consent_expiry.min(Duration::from_secs(30));
        let period = self.config.consent_interval;
        let session = if previous { self.previous.as_deref_mut() } else { Some(&mut self.session) };
        let Some(pair) = session.and_then(|session| session.checklist.get_mut(id)) else { return };
        // A response renews; it does not move the requests, whose timer is independent.
        let next = match &pair.consent {
            Some(consent) if consent.next > now => consent.next,
            _ => now + interval(period, &mut self.rng),
        };
        pair.consent = Some(Consent { renewed: now, expires: now + expiry, next });
    }

    /// Buries pairs in use whose consent is over; the next best one takes over, if there is one.
    pub(crate) fn expire_consent(&mut self, now: Instant) {
        if self.config.lite {
            // RFC 7675 §1: a lite agent neither obtains nor loses consent.
            return;
        }
        for previous in [true, false] {
            let session = if previous { self.previous.as_deref() } else { Some(&self.session) };
            let Some(pair) = session.and_then(|session| session.selected_pair()) else { continue };
            let fresh = pair.consent.as_ref().is_some_and(|consent| consent.is_fresh(now));
            if !fresh {
                let id = pair.id;
                self.lose_consent(now, previous, id, ConsentLoss::Expired);
            }
        }
    }

    /// RFC 7675 §5: nothing more is sent on this path with these credentials.
    pub(crate) fn lose_consent(&mut self, now: Instant, previous: bool, id: PairId, reason: ConsentLoss) {
        let session = if previous { self.previous.as_deref_mut() } else { Some(&mut self.session) };
        let Some(session) = session else { return };
        let Some(pair) = session.checklist.get_mut(id).filter(|pair| !pair.dead) else { return };
        let path = pair.path;
        pair.bury();
        session.checklist.forget_triggered(id);
        let was_selected = session.selected == Some(id);
        if was_selected {
            session.selected = None;
        }
        let generation = session.generation;
        self.responses.retain(|response| response.path != path || response.generation != generation);
        if was_selected {
            self.push_event(Event::ConsentLost { path, reason });
        }
        if previous {
            self.previous = None;
        }
        self.reselect(now);
    }

    /// A message that closes the connection came, authenticated by another layer: a fatal DTLS alert, for one. Consent
    /// ends on every path at once (RFC 7675 §5.2).
    pub fn revoke_consent(&mut self, now: Instant) {
        for previous in [true, false] {
            let session = if previous { self.previous.as_deref() } else { Some(&self.session) };
            let Some(session) = session else { continue };
            // The selected one last: else each loss would select another pair for a moment.
            let selected = session.selected;
            let mut ids = session.checklist.ids();
            ids.sort_by_key(|id| Some(*id) == selected);
            let valid = |id: &PairId| {
                session.checklist.get(*id).is_some_and(|pair| pair.is_valid(now) || selected == Some(pair.id))
            };
            ids.retain(valid);
            for id in ids {
                self.lose_consent(now, previous, id, ConsentLoss::Revoked);
            }
        }
        self.session.checklist.conclude(None);
        self.update_state(now);
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7675_5_1_intervals() {
        let mut rng = Rng::for_tests(1);
        let all: alloc::vec::Vec<_> =
            (0..1000).map(|_| interval(Duration::from_secs(5), &mut rng).as_millis()).collect();
        assert!(all.iter().all(|ms| (4_000..6_000).contains(ms)));
        assert!(all.iter().any(|ms| *ms < 4_100) && all.iter().any(|ms| *ms > 5_900));
        assert!(interval(Duration::from_secs(1), &mut rng) >= Duration::from_secs(4));
    }
}
