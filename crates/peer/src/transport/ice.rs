//! The ICE side of a transport: the agent, which bases it knows, and which paths the endpoint may take for ours.

use super::TransportEvent;
use crate::config::Config;
use crate::connection::RouteChange;
use crate::event::TransportError;
use crate::jsep::{Candidates, RemoteTransport};
use crate::{IceConnectionState, IceGatheringState};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use siskin_base::{
    BaseId, Candidate, CandidateKind, Instant, Observation, Packet, Path, Received, Rng, Transmit, push_tight,
};
use siskin_ice::{Agent, Credentials, Event, GatheringState, RemoteKind, Role, State};

/// ICE of one transport.
pub(crate) struct Ice {
    agent: Agent,
    /// In the order of their names.
    bases: Vec<(BaseId, SocketAddr)>,
    started: bool,
    /// Our username fragments that the endpoint knows: two during a restart.
    ufrags: Vec<String>,
    /// Paths that data may come from, as the endpoint knows them.
    paths: Vec<Path>,
    new_path: Option<Path>,
    selected: Option<Path>,
    selected_changes: u32,
    /// The peer's credentials, those of the session before a restart too.
    remote: Option<Credentials>,
    /// Candidates of a restart that the peer asked for, before our answer (webrtc-pc §4.4.1.1, `[[EarlyCandidates]]`).
    early: VecDeque<TransportEvent>,
    answered: bool,
}

impl Ice {
    pub(super) fn new(
        config: &Config,
        rng: Rng,
        now: Instant,
        credentials: Credentials,
        bases: Vec<(BaseId, SocketAddr)>,
    ) -> Self {
        let mut agent = Agent::with_credentials(config.ice(), credentials, rng, now);
        for server in &config.stun_servers {
            let _one_too_many = agent.add_stun_server(now, *server);
        }
        Self {
            agent,
            bases,
            started: false,
            ufrags: Vec::new(),
            paths: Vec::new(),
            new_path: None,
            selected: None,
            selected_changes: 0,
            remote: None,
            early: VecDeque::new(),
            answered: true,
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(super) fn add_base(&mut self, now: Instant, base: BaseId, local: SocketAddr) {
        insert_base(&mut self.bases, base, local);
        if self.started {
            self.give_base(now, base);
        }
    }

    pub(super) fn remove_base(&mut self, now: Instant, base: BaseId) {
        self.bases.retain(|(known, _)| *known != base);
        let _unknown = self.agent.remove_local_base(now, base);
    }

    fn give_base(&mut self, now: Instant, base: BaseId) {
        let addresses: Vec<SocketAddr> = self.bases.iter().map(|(_, local)| *local).collect();
        let preferences = siskin_ice::local_preferences(&addresses);
        for ((id, local), preference) in self.bases.iter().zip(preferences) {
            if *id == base {
                let _refused = self.agent.add_local_base(now, *id, *local, preference);
            }
        }
    }

    pub(super) fn gather(&mut self, now: Instant) {
        self.answered = true;
        if core::mem::replace(&mut self.started, true) {
            return;
        }
        let bases: Vec<BaseId> = self.bases.iter().map(|(base, _)| *base).collect();
        bases.into_iter().for_each(|base| self.give_base(now, base));
        self.agent.finish_gathering(now);
    }

    pub(super) fn gathered(&self) -> Candidates {
        let complete = self.gathering_state() == IceGatheringState::Complete;
        // What only the peer saw was never signalled (RFC 8445 §7.2.5.3.1), and need not be.
        let signalled =
            self.agent.local_candidates().filter(|local| local.kind != CandidateKind::PeerReflexive);
        Candidates { candidates: signalled.cloned().collect(), complete }
    }

    pub(super) fn gathering_state(&self) -> IceGatheringState {
        match self.agent.gathering_state() {
            _ if !self.started => IceGatheringState::New,
            GatheringState::Complete => IceGatheringState::Complete,
            _ => IceGatheringState::Gathering,
        }
    }

    /// RFC 9429 §5.9: nothing is told of the new candidates until [`gather`](Self::gather).
    pub(super) fn restart(&mut self, now: Instant, credentials: Credentials) {
        let _closed = self.agent.restart_with(now, credentials);
        self.answered = false;
        self.early.clear();
    }

    pub(super) fn accept_restart(&mut self) {
        self.agent.accept_restart();
    }

    pub(super) fn roll_back_restart(&mut self, now: Instant) {
        self.agent.roll_back_restart(now);
        self.answered = true;
        self.early.clear();
    }

    /// RFC 8839 §4.4.1.1.1: other credentials are a restart.
    pub(super) fn is_restarted_by(&self, remote: &Credentials) -> bool {
        self.agent.remote_credentials().is_some_and(|known| known != remote)
    }

    pub(super) fn is_of(&self, remote: &Credentials) -> bool {
        self.agent.remote_credentials() == Some(remote)
    }

    // RFC 9429 §5.10: not done, because a second peer would need a second association: other credentials after a
    // provisional answer are refused, not checked anew.
    pub(super) fn accepts_answer(&self, remote: &Credentials) -> bool {
        match self.agent.remote_credentials() {
            Some(known) => known == remote,
            None => self.remote.as_ref() != Some(remote),
        }
    }

    pub(super) fn knows_remote_ufrag(&self, ufrag: &str) -> bool {
        self.agent.has_remote_ufrag(ufrag)
    }

    pub(super) fn set_controlling(&mut self, now: Instant, controlling: bool) {
        self.agent.set_role(now, if controlling { Role::Controlling } else { Role::Controlled });
    }

    pub(super) fn set_remote(&mut self, now: Instant, remote: &RemoteTransport) {
        let kind = RemoteKind { lite: remote.lite };
        let _checked = self.agent.set_remote_credentials(now, remote.credentials.clone(), kind);
        self.remote = self.agent.remote_credentials().cloned();
        remote.candidates.iter().for_each(|candidate| self.add_remote_candidate(now, candidate));
        if remote.end_of_candidates {
            self.end_of_candidates(now);
        }
    }

    pub(super) fn add_remote_candidate(&mut self, now: Instant, candidate: &Candidate) {
        let _closed = self.agent.add_remote_candidate(now, candidate);
    }

    pub(super) fn end_of_candidates(&mut self, now: Instant) {
        self.agent.set_remote_end_of_candidates(now);
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        let path = received.path;
        self.agent.handle_datagram(now, received);
        if self.agent.accepts_data_from(&path) && !self.paths.contains(&path) {
            self.new_path = Some(path);
        }
    }

    pub(super) fn expects(&self, stun: &[u8]) -> bool {
        let named = siskin_ice::local_ufrag_of(stun).is_some_and(|ufrag| self.agent.has_local_ufrag(ufrag));
        let id = stun.get(8..20).and_then(|id| <&[u8; 12]>::try_from(id).ok());
        named || id.is_some_and(|id| self.agent.handles_transaction(id))
    }

    pub(super) fn accepts_data_from(&self, path: &Path) -> bool {
        self.agent.accepts_data_from(path)
    }

    /// Where data goes; none without consent (RFC 7675 §5.1).
    pub(super) fn path_for_data(&self, now: Instant) -> Option<Path> {
        self.agent.selected_path().filter(|_| self.agent.can_send(now))
    }

    /// The last round trip on the pair in use.
    pub(super) fn rtt(&self) -> Option<Duration> {
        self.agent.pairs().find(|pair| pair.selected)?.current_rtt
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.agent.handle_timeout(now);
    }

    pub(super) fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.agent.poll_transmit(now, out)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.agent.poll_timeout()
    }

    pub(super) fn poll_observation(&mut self) -> Option<Observation> {
        self.agent.poll_observation()
    }

    pub(super) fn state(&self) -> IceConnectionState {
        match self.agent.state() {
            State::New => IceConnectionState::New,
            State::Checking => IceConnectionState::Checking,
            State::Connected => IceConnectionState::Connected,
            State::Completed => IceConnectionState::Completed,
            State::Disconnected => IceConnectionState::Disconnected,
            State::Failed => IceConnectionState::Failed,
            State::Closed => IceConnectionState::Closed,
        }
    }

    pub(super) fn revoke_consent(&mut self, now: Instant) {
        self.agent.revoke_consent(now);
    }

    /// Closes, and takes every route back.
    pub(super) fn close(&mut self, now: Instant, routes: &mut VecDeque<RouteChange>) {
        self.agent.close(now);
        routes.extend(core::mem::take(&mut self.ufrags).into_iter().map(RouteChange::RemoveUfrag));
        routes.extend(core::mem::take(&mut self.paths).into_iter().map(RouteChange::RemovePath));
    }

    pub(super) fn settle(
        &mut self,
        events: &mut VecDeque<TransportEvent>,
        routes: &mut VecDeque<RouteChange>,
    ) {
        let ufrag = &self.agent.local_credentials().ufrag;
        if !self.ufrags.contains(ufrag) && self.agent.state() != State::Closed {
            routes.push_back(RouteChange::AddUfrag(ufrag.clone()));
            push_tight(&mut self.ufrags, ufrag.clone());
            let agent = &self.agent;
            let gone = self.ufrags.extract_if(.., |known| !agent.has_local_ufrag(known));
            routes.extend(gone.map(RouteChange::RemoveUfrag));
        }
        if let Some(path) = self.new_path.take() {
            self.forget_dead_paths(routes);
            push_tight(&mut self.paths, path);
            routes.push_back(RouteChange::AddPath(path));
        }
        while let Some(event) = self.agent.poll_event() {
            let ufrag = || self.agent.local_credentials().ufrag.clone();
            match event {
                Event::LocalCandidate(candidate) => {
                    self.early.push_back(TransportEvent::Candidate { candidate, ufrag: ufrag() })
                }
                Event::GatheringComplete if self.started => {
                    self.early.push_back(TransportEvent::EndOfCandidates { ufrag: ufrag() })
                }
                Event::SelectedPair { path, .. } if self.selected.replace(path) != Some(path) => {
                    self.selected_changes += 1;
                    events.push_back(TransportEvent::SelectedPath(path));
                }
                Event::StateChange(State::Failed) => {
                    events.push_back(TransportEvent::Failed(TransportError::Ice))
                }
                _ => {}
            }
        }
        if self.answered {
            events.append(&mut self.early);
        }
    }

    /// The agent bounds its paths; so what it forgot is forgotten here.
    fn forget_dead_paths(&mut self, routes: &mut VecDeque<RouteChange>) {
        let agent = &self.agent;
        routes.extend(
            self.paths.extract_if(.., |path| !agent.accepts_data_from(path)).map(RouteChange::RemovePath),
        );
    }

    pub(crate) fn selected_changes(&self) -> u32 {
        self.selected_changes
    }
}

/// Puts a socket where its name belongs, in place of one of the same name.
pub(crate) fn insert_base(bases: &mut Vec<(BaseId, SocketAddr)>, base: BaseId, local: SocketAddr) {
    match bases.binary_search_by_key(&base, |(known, _)| *known) {
        Ok(index) => bases.get_mut(index).into_iter().for_each(|known| known.1 = local),
        Err(index) => {
            bases.reserve_exact(1);
            bases.insert(index, (base, local));
        }
    }
}
