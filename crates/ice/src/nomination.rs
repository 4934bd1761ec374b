//! Which pair is nominated, and which is used (RFC 8445 §8.1).

use crate::agent::Agent;
use crate::pair::Pair;
use crate::{Event, PairId, Role};
use siskin_base::Instant;

impl Agent {
    /// As the controlling agent: nominates the best valid pair as soon as no better one may still succeed, or
    /// [`nomination_wait`](crate::Config::nomination_wait) after the first one succeeded.
    pub(crate) fn consider_nomination(&mut self, now: Instant) {
        if self.role != Role::Controlling || self.config.lite {
            return;
        }
        if self.session.checklist.iter().any(|pair| pair.nominated || pair.nominate) {
            // RFC 8445 §8.1.1: one nomination per session. None after the nominated pair was lost: not done, because a restart
            // needs signalling, and both sides have valid pairs left.
            return;
        }
        let valid = self.session.checklist.iter().filter(|pair| pair.is_valid(now));
        let Some(best) = valid.max_by_key(|pair| pair.priority) else {
            self.session.valid_since = None;
            return;
        };
        if now < self.nomination_deadline().unwrap_or(now) {
            return;
        }
        let id = best.id;
        if let Some(pair) = self.session.checklist.get_mut(id) {
            pair.nominate = true;
        }
        self.trigger(id, true);
        self.touch();
    }

    /// Until when a better pair is waited for; `None` if nothing is waited for.
    pub(crate) fn nomination_deadline(&self) -> Option<Instant> {
        let since = self.session.valid_since?;
        if self.role != Role::Controlling || self.config.lite {
            return None;
        }
        let mut best = None;
        for pair in self.session.checklist.iter() {
            if pair.nominated || pair.nominate {
                return None;
            }
            if pair.state == crate::PairState::Succeeded && !pair.dead {
                best = best.max(Some(pair.priority));
            }
        }
        let best = best?;
        let better = |pair: &Pair| pair.is_active() && pair.priority > best;
        self.session.checklist.iter().any(better).then_some(since + self.config.nomination_wait)
    }

    /// Picks the pair to use: a nominated one, before the first nomination any valid one. Among them: one that answers,
    /// the latest nomination where the peer counts them (draft-thatcher-ice-renomination) or comes back to it late, the
    /// highest priority (RFC 8445 §8.1.1, for peers that nominate aggressively).
    pub(crate) fn reselect(&mut self, now: Instant) {
        let (lite, after) = (self.config.lite, self.config.disconnected_after);
        let any_nominated = self.session.checklist.iter().any(|pair| pair.nominated);
        let usable = |pair: &&Pair| {
            let valid = if lite { !pair.dead && pair.nominated } else { pair.is_valid(now) };
            valid && (pair.nominated || !any_nominated)
        };
        let rank = |pair: &&Pair| {
            let renewed = pair.consent.map(|consent| consent.renewed);
            let answers = renewed.is_none_or(|renewed| now < renewed + after);
            let counter = pair.peer_nomination.filter(|_| pair.nominated);
            (answers, counter, pair.late_nomination, renewed.filter(|_| !answers), pair.priority)
        };
        let best = self.session.checklist.iter().filter(usable).max_by_key(rank);
        let best = best.map(|pair| (pair.id, pair.path, pair.nominated));
        if let Some((id, path, nominated)) = best {
            let changes = self.session.selected != Some(id) || self.session.nominated_at.is_none();
            if nominated && changes {
                self.session.nominated_at = Some(now);
            }
            self.session.selected = Some(id);
            if nominated {
                self.session.checklist.conclude(Some(id));
            }
            self.previous = None;
            self.replaced = None;
            self.announce_pair(id, path);
        }
        self.update_state(now);
    }

    pub(crate) fn selected_is_responsive(&self, now: Instant) -> bool {
        let pair = self.selected_session().and_then(|session| session.selected_pair());
        pair.is_some_and(|pair| match &pair.consent {
            Some(consent) => now < consent.renewed + self.config.disconnected_after,
            None => self.config.lite,
        })
    }

    /// Takes the other role: priorities change, and who nominates.
    pub(crate) fn change_role(&mut self, role: Role) {
        self.role = role;
        self.session.checklist.set_role(role);
        self.session.checklist.iter_mut().for_each(|pair| pair.nominate = false);
    }

    fn announce_pair(&mut self, pair: PairId, path: siskin_base::Path) {
        let selected = Some((self.session.generation, pair));
        if self.announced != selected {
            self.announced = selected;
            self.push_event(Event::SelectedPair { pair, path });
        }
    }
}
