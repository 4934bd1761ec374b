//! The agent's state, and how long it is patient (RFC 8445 §8.1.2, RFC 8863 §4).

use crate::agent::Agent;
use crate::{Event, State};
use siskin_base::{Instant, Layer, Observation};

impl Agent {
    pub(crate) fn update_state(&mut self, now: Instant) {
        if self.state != State::Closed {
            let state = self.derive_state(now);
            self.set_state(now, state);
        }
    }

    pub(crate) fn set_state(&mut self, now: Instant, state: State) {
        if self.state != state {
            self.state = state;
            self.push_event(Event::StateChange(state));
            self.observe(Observation::State { at: now, layer: Layer::Ice, state: state.name() });
        }
    }

    fn derive_state(&self, now: Instant) -> State {
        let session = &self.session;
        if self.selected_session().is_some_and(|session| session.selected.is_some()) {
            let complete = session.is_concluded()
                && self.gathering.is_complete()
                && (session.end_of_candidates || self.config.lite);
            return match (self.selected_is_responsive(now), complete) {
                (false, _) => State::Disconnected,
                (true, true) => State::Completed,
                (true, false) => State::Connected,
            };
        }
        let Some(remote) = &session.remote else {
            return if self.state == State::New { State::New } else { self.lost() };
        };
        if remote.lite && self.config.lite {
            // RFC 8445 §8.2: not done, because two lite agents cannot obtain the consent that WebRTC demands.
            return State::Failed;
        }
        if session.checklist.iter().any(|pair| pair.is_active()) {
            return self.waiting();
        }
        // RFC 8863 §4: until then a check of the peer may still bring a pair. Once a pair was valid, that is over.
        let patient = !session.was_valid && session.patient_until.is_some_and(|until| now < until);
        if patient { self.waiting() } else { State::Failed }
    }

    /// Without a pair, but with something to hope for.
    fn waiting(&self) -> State {
        match self.state {
            State::Connected | State::Completed | State::Disconnected => State::Disconnected,
            _ => State::Checking,
        }
    }

    /// Without a pair and, after a restart, without the peer's new credentials.
    fn lost(&self) -> State {
        match self.state {
            State::Connected | State::Completed | State::Disconnected => State::Disconnected,
            State::Failed => State::Failed,
            _ => State::New,
        }
    }
}
