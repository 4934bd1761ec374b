//! The checklist: which pairs there are, and which is checked next (RFC 8445 §6.1.2, §6.1.4).

use crate::pair::Pair;
use crate::{PairId, PairState, Role};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::{Path, push_tight};
use siskin_stun::wire::TransactionId;

/// Pairs in no order: there are at most a hundred, and the order is that of their priorities, which change.
#[derive(Debug, Default)]
pub(crate) struct Checklist {
    pairs: Vec<Pair>,
    triggered: VecDeque<PairId>,
}

/// Which check is next, and whether somebody triggered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextCheck {
    Triggered(PairId),
    Ordinary(PairId),
}

impl Checklist {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pairs.iter_mut()
    }

    pub(crate) fn ids(&self) -> Vec<PairId> {
        self.pairs.iter().map(|pair| pair.id).collect()
    }

    pub(crate) fn get(&self, id: PairId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: PairId) -> Option<&mut Pair> {
        self.pairs.iter_mut().find(|pair| pair.id == id)
    }

    pub(crate) fn find(&self, path: &Path) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.path == *path)
    }

    /// The pair that sent the request of that id.
    pub(crate) fn find_transaction(&self, id: TransactionId) -> Option<PairId> {
        let sent = |pair: &&Pair| pair.outstanding.iter().any(|request| request.id == id);
        self.pairs.iter().find(sent).map(|pair| pair.id)
    }

    /// Adds a pair, and gives whether it is on the list now: a full list gives up its worst unused pair for a better one,
    /// or for one on which the peer is known to be (`wanted`).
    pub(crate) fn insert(&mut self, mut pair: Pair, limit: usize, wanted: bool) -> bool {
        if self.pairs.len() >= limit {
            let unused = |pair: &&Pair| {
                !pair.dead && !pair.peer_checked && pair.state != PairState::Succeeded && !pair.nominate
            };
            // RFC 8838 §11, 5: one that has failed first.
            let has_failed = |pair: &Pair| pair.state == PairState::Failed;
            let worst =
                self.pairs.iter().filter(unused).min_by_key(|pair| (!has_failed(pair), pair.priority));
            let gives_way = |worst: &&Pair| wanted || has_failed(worst) || worst.priority < pair.priority;
            let Some(worst) = worst.filter(gives_way) else {
                return false;
            };
            let id = worst.id;
            self.remove(id);
        }
        pair.state = match self.may_wait(&pair) {
            true => PairState::Waiting,
            false => PairState::Frozen,
        };
        push_tight(&mut self.pairs, pair);
        true
    }

    pub(crate) fn remove(&mut self, id: PairId) {
        self.pairs.retain(|pair| pair.id != id);
        self.forget_triggered(id);
    }

    /// RFC 8445 §6.1.4.1: the triggered-check queue.
    pub(crate) fn trigger(&mut self, id: PairId, first: bool) {
        if self.triggered.contains(&id) {
            return;
        }
        match first {
            true => self.triggered.push_front(id),
            false => self.triggered.push_back(id),
        }
    }

    pub(crate) fn forget_triggered(&mut self, id: PairId) {
        self.triggered.retain(|other| *other != id);
    }

    /// RFC 8445 §6.1.4.2: a triggered check, else the best waiting pair, else the best frozen one whose foundation
    /// nobody checks at the moment.
    pub(crate) fn next_check(&self) -> Option<NextCheck> {
        if let Some(id) = self.triggered.front() {
            return Some(NextCheck::Triggered(*id));
        }
        let active = || self.pairs.iter().filter(|pair| pair.is_active());
        let waiting = active().filter(|pair| pair.state == PairState::Waiting);
        let frozen = || active().filter(|pair| pair.state == PairState::Frozen);
        let best = waiting.max_by_key(|pair| pair.priority);
        let best = best.or_else(|| {
            frozen().filter(|pair| !self.foundation_is_busy(pair)).max_by_key(|pair| pair.priority)
        });
        best.map(|pair| NextCheck::Ordinary(pair.id))
    }

    /// RFC 8445 §7.2.5.3.3: success thaws pairs of the same foundation.
    pub(crate) fn thaw(&mut self, foundation: &(u32, String)) {
        let frozen = |pair: &&mut Pair| pair.state == PairState::Frozen && pair.foundation == *foundation;
        self.pairs.iter_mut().filter(frozen).for_each(|pair| pair.state = PairState::Waiting);
    }

    /// RFC 8445 §8.1.2: once a pair is nominated, no other is checked; those that are cancel their retransmissions.
    pub(crate) fn conclude(&mut self, nominated: Option<PairId>) {
        self.triggered.retain(|id| Some(*id) == nominated);
        for pair in self.pairs.iter_mut().filter(|pair| Some(pair.id) != nominated) {
            pair.concluded = true;
            pair.nominate = false;
            pair.cancel_check();
        }
    }

    /// Takes back [`conclude`](Self::conclude), because the nominated pair is gone with its base.
    pub(crate) fn reopen(&mut self) {
        self.pairs.iter_mut().for_each(|pair| pair.concluded = false);
    }

    pub(crate) fn set_role(&mut self, role: Role) {
        self.pairs.iter_mut().for_each(|pair| pair.set_role(role));
    }

    /// RFC 8838 §12: the best pair of its foundation waits, and one whose foundation has succeeded; any other is frozen, unless
    /// it would be thawed at once.
    fn may_wait(&self, pair: &Pair) -> bool {
        let mut same = self.pairs.iter().filter(|other| other.foundation == pair.foundation && !other.dead);
        let best = same.clone().all(|other| other.priority < pair.priority);
        best || same.any(|other| other.state == PairState::Succeeded) || !self.foundation_is_busy(pair)
    }

    /// Whether another pair of that foundation is waiting or being checked.
    fn foundation_is_busy(&self, pair: &Pair) -> bool {
        self.pairs.iter().any(|other| {
            other.id != pair.id
                && other.is_active()
                && matches!(other.state, PairState::Waiting | PairState::InProgress)
                && other.foundation == pair.foundation
        })
    }
}
