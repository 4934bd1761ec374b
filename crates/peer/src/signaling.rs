//! The signalling state machine of JSEP: which description may be set when, and what becomes of those before.
//!
//! ```text
//!                        local offer                            remote answer
//!            +----------> have-local-offer ---------------------------+------> stable
//!   stable --+               | remote pranswer -> have-remote-pranswer +
//!            |
//!            +----------> have-remote-offer --------------------------+------> stable
//!             remote offer   | local pranswer -> have-local-pranswer --+ local answer
//!
//!   rollback, by who has set the offer, leads from every other state back to stable.  (RFC 9429 §3.2, §4.1.8)
//! ```

use crate::SdpType;

/// Where a negotiation stands (webrtc-pc §4.3.1, `RTCSignalingState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SignalingState {
    /// No negotiation is under way.
    #[default]
    Stable,
    /// A local offer waits for an answer.
    HaveLocalOffer,
    /// A remote offer waits for our answer.
    HaveRemoteOffer,
    /// We answered provisionally.
    HaveLocalPrAnswer,
    /// The peer answered provisionally.
    HaveRemotePrAnswer,
    /// The connection is closed.
    Closed,
}

impl SignalingState {
    /// The W3C's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::HaveLocalOffer => "have-local-offer",
            Self::HaveRemoteOffer => "have-remote-offer",
            Self::HaveLocalPrAnswer => "have-local-pranswer",
            Self::HaveRemotePrAnswer => "have-remote-pranswer",
            Self::Closed => "closed",
        }
    }
}

/// Whose description is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Local,
    Remote,
}

/// A description last agreed on, and one under negotiation.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    pub(crate) current: Option<T>,
    pub(crate) pending: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { current: None, pending: None }
    }
}

impl<T> Slots<T> {
    /// The one in force: a pending one first.
    pub(crate) fn in_force(&self) -> Option<&T> {
        self.pending.as_ref().or(self.current.as_ref())
    }
}

/// The state and the four descriptions (webrtc-pc §4.4.1.1), whatever is kept of each.
#[derive(Debug)]
pub(crate) struct Signaling<L, R> {
    pub(crate) state: SignalingState,
    pub(crate) local: Slots<L>,
    pub(crate) remote: Slots<R>,
}

impl<L, R> Default for Signaling<L, R> {
    fn default() -> Self {
        Self { state: SignalingState::Stable, local: Slots::default(), remote: Slots::default() }
    }
}

impl<L, R> Signaling<L, R> {
    /// The state that setting such a description leads to; `None` where it is not allowed.
    ///
    /// A remote offer in `have-local-offer` is refused here: the caller rolls back first (webrtc-pc §4.4.1.5 step 2).
    pub(crate) fn next(&self, side: Side, kind: SdpType) -> Option<SignalingState> {
        use SignalingState as S;
        match (self.state, side, kind) {
            (S::Stable | S::HaveLocalOffer, Side::Local, SdpType::Offer) => Some(S::HaveLocalOffer),
            (S::Stable | S::HaveRemoteOffer, Side::Remote, SdpType::Offer) => Some(S::HaveRemoteOffer),
            (S::HaveRemoteOffer | S::HaveLocalPrAnswer, Side::Local, SdpType::Answer)
            | (S::HaveLocalOffer | S::HaveRemotePrAnswer, Side::Remote, SdpType::Answer) => Some(S::Stable),
            (S::HaveRemoteOffer | S::HaveLocalPrAnswer, Side::Local, SdpType::PrAnswer) => {
                Some(S::HaveLocalPrAnswer)
            }
            (S::HaveLocalOffer | S::HaveRemotePrAnswer, Side::Remote, SdpType::PrAnswer) => {
                Some(S::HaveRemotePrAnswer)
            }
            // webrtc-pc §4.4.1.5: who has set the offer takes it back; after a provisional answer either call does.
            (S::HaveLocalOffer, Side::Local, SdpType::Rollback)
            | (S::HaveRemoteOffer, Side::Remote, SdpType::Rollback)
            | (S::HaveLocalPrAnswer | S::HaveRemotePrAnswer, _, SdpType::Rollback) => Some(S::Stable),
            _ => None,
        }
    }

    /// Records a local description that was applied (webrtc-pc §4.4.1.5, steps 4.5 to 4.8).
    pub(crate) fn set_local(&mut self, kind: SdpType, description: L, next: SignalingState) {
        self.state = next;
        store(&mut self.local, &mut self.remote, kind, description);
    }

    /// Records a remote description that was applied.
    pub(crate) fn set_remote(&mut self, kind: SdpType, description: R, next: SignalingState) {
        self.state = next;
        store(&mut self.remote, &mut self.local, kind, description);
    }

    /// Forgets what is pending.
    pub(crate) fn roll_back(&mut self) {
        self.state = SignalingState::Stable;
        self.local.pending = None;
        self.remote.pending = None;
    }
}

fn store<A, B>(own: &mut Slots<A>, other: &mut Slots<B>, kind: SdpType, description: A) {
    if kind == SdpType::Answer {
        own.current = Some(description);
        own.pending = None;
        other.current = other.pending.take();
    } else {
        own.pending = Some(description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SdpType::{Answer, Offer, PrAnswer, Rollback};
    use Side::{Local, Remote};
    use SignalingState as S;

    fn run(steps: &[(Side, SdpType)]) -> Option<S> {
        let mut signaling = Signaling::<(), ()>::default();
        for &(side, kind) in steps {
            let next = signaling.next(side, kind)?;
            match (side, kind) {
                (_, Rollback) => signaling.roll_back(),
                (Local, _) => signaling.set_local(kind, (), next),
                (Remote, _) => signaling.set_remote(kind, (), next),
            }
        }
        Some(signaling.state)
    }

    #[test]
    fn rfc9429_3_2_transitions() {
        type Case<'a> = (&'a [(Side, SdpType)], Option<S>);
        let table: &[Case<'_>] = &[
            (&[(Local, Offer)], Some(S::HaveLocalOffer)),
            (&[(Local, Offer), (Local, Offer)], Some(S::HaveLocalOffer)),
            (&[(Local, Offer), (Remote, Answer)], Some(S::Stable)),
            (&[(Local, Offer), (Remote, PrAnswer)], Some(S::HaveRemotePrAnswer)),
            (&[(Local, Offer), (Remote, PrAnswer), (Remote, PrAnswer), (Remote, Answer)], Some(S::Stable)),
            (&[(Local, Offer), (Remote, Offer)], None),
            (&[(Local, Offer), (Local, Answer)], None),
            (&[(Local, Offer), (Local, Rollback)], Some(S::Stable)),
            (&[(Remote, Offer), (Local, PrAnswer), (Local, Answer)], Some(S::Stable)),
            (&[(Remote, Offer), (Remote, Rollback)], Some(S::Stable)),
            (&[(Local, Offer), (Remote, Rollback)], None),
            (&[(Remote, Offer), (Local, Rollback)], None),
            (&[(Remote, Offer), (Local, PrAnswer), (Local, Rollback)], Some(S::Stable)),
            (&[(Remote, Offer), (Remote, Answer)], None),
            (&[(Remote, Answer)], None),
            (&[(Local, Rollback)], None),
        ];
        for (steps, expected) in table {
            assert_eq!(run(steps), *expected, "{steps:?}");
        }
    }

    #[test]
    fn an_answer_makes_both_descriptions_current() {
        let mut signaling = Signaling::default();
        signaling.set_local(Offer, "offer", S::HaveLocalOffer);
        assert_eq!(signaling.local.in_force(), Some(&"offer"));
        assert!(signaling.local.current.is_none());
        signaling.set_remote(Answer, "answer", S::Stable);
        assert_eq!((signaling.local.current, signaling.remote.current), (Some("offer"), Some("answer")));
        assert!(signaling.local.pending.is_none() && signaling.remote.pending.is_none());
    }
}
