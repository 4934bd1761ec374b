//! Setting descriptions: `set_local_description`, `set_remote_description`, and rollback (webrtc-pc §4.4.1.5,
//! RFC 9429 §5.5 to §5.11).

use super::{Local, OfferOptions, PeerConnection, Remote};
use crate::error::{Error, InvalidAccess, InvalidState};
use crate::jsep::{Candidates, Plan, PlannedSection, RemoteData, RemoteDescription, build};
use crate::recording::Input;
use crate::sections::{Section, TransportId};
use crate::signaling::Side;
use crate::transport::Transport;
use crate::{SdpType, SessionDescription, SignalingState};
use alloc::string::String;
use alloc::{format, vec};
use siskin_base::{Instant, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::{Format, MediaKind, MediaProtocol, Session};

impl PeerConnection {
    /// Sets the description that [`create_offer`](Self::create_offer) or [`create_answer`](Self::create_answer) made;
    /// `None` makes the one that fits the state first. Candidates are gathered from here on.
    ///
    /// # Errors
    /// `InvalidStateError`, `InvalidModificationError` if the text is another than was made, and what
    /// `create_offer` and `create_answer` fail with.
    pub fn set_local_description(
        &mut self,
        now: Instant,
        description: Option<SessionDescription>,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetLocalDescription(description.clone()));
        self.check_open()?;
        let description = match description {
            Some(description) => description,
            None => self.implicit_description()?,
        };
        let kind = description.kind;
        let next = self
            .signaling
            .next(Side::Local, kind)
            .ok_or(Error::InvalidState(InvalidState::SignalingState))?;
        if kind == SdpType::Rollback {
            self.roll_back(now);
            return Ok(());
        }
        // webrtc-pc §4.4.1.5 step 4.2: an empty text stands for the one made last, or for a new one; another is not ours.
        if description.sdp.is_empty() {
            match kind {
                SdpType::Offer if self.created.offer.is_none() => {
                    self.make_offer(OfferOptions::default())?;
                }
                SdpType::Answer | SdpType::PrAnswer if self.created.answer.is_none() => {
                    self.make_answer()?;
                }
                _ => {}
            }
        }
        let created = if kind == SdpType::Offer { &self.created.offer } else { &self.created.answer };
        let Some((sdp, plan)) = created.clone() else { return Err(Error::InvalidModification) };
        if !description.sdp.is_empty() && description.sdp != sdp {
            return Err(Error::InvalidModification);
        }
        match kind {
            SdpType::Offer => self.apply_local_offer(now, &plan),
            _ => self.apply_local_answer(now, &plan, kind),
        }
        let local = Local { kind, plan, origin: self.origin };
        self.origin.version += 1;
        self.signaling.set_local(kind, local, next);
        self.transports.values_mut().for_each(|transport| transport.gather(now));
        self.negotiated(now, kind);
        Ok(())
    }

    /// Sets what the peer sent. A remote offer while a local one waits rolls the local one back first.
    ///
    /// # Errors
    /// `InvalidStateError`; `RTCError` with line and column if the text is no description; `InvalidAccessError` if it
    /// breaks a rule of JSEP.
    pub fn set_remote_description(
        &mut self,
        now: Instant,
        description: SessionDescription,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetRemoteDescription(description.clone()));
        self.check_open()?;
        let kind = description.kind;
        let glare = kind == SdpType::Offer && self.signaling.state == SignalingState::HaveLocalOffer;
        let next = match glare {
            true => SignalingState::HaveRemoteOffer,
            false => self
                .signaling
                .next(Side::Remote, kind)
                .ok_or(Error::InvalidState(InvalidState::SignalingState))?,
        };
        if kind == SdpType::Rollback {
            self.roll_back(now);
            return Ok(());
        }
        let session = Session::parse(&description.sdp, &self.config.sdp).map_err(Error::SdpSyntax)?;
        let read = RemoteDescription::read(&session)?;
        self.check_remote(&read, kind)?;
        if glare {
            self.roll_back(now);
        }
        match kind {
            SdpType::Offer => {
                // An answer to an earlier offer answers this one no more.
                self.created.answer = None;
                self.apply_remote_offer(now, &read);
            }
            _ => self.apply_remote_answer(now, &read, kind),
        }
        self.signaling.set_remote(kind, Remote { description, read }, next);
        self.negotiated(now, kind);
        Ok(())
    }

    fn implicit_description(&mut self) -> Result<SessionDescription, Error> {
        match self.signaling.state {
            SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPrAnswer => self.make_answer(),
            _ => self.make_offer(OfferOptions::default()),
        }
    }

    /// Everything that can be wrong with a remote description is found here, before anything changes.
    fn check_remote(&self, remote: &RemoteDescription, kind: SdpType) -> Result<(), Error> {
        // A local offer that glare rolls back does not count.
        let before = match (kind, &self.stable_sections) {
            (SdpType::Offer, Some(stable)) => stable,
            _ => &self.sections,
        };
        let count = (before.0.len(), remote.sections.len());
        let (refusal, fits) = match kind {
            SdpType::Offer => (InvalidAccess::SectionsChanged, count.1 >= count.0),
            _ => (InvalidAccess::SectionsDoNotMatch, count.1 == count.0),
        };
        let same_kinds = before.0.iter().zip(&remote.sections).all(|(ours, theirs)| {
            // RFC 9429 §5.2.2: a rejected section may be recycled for something else.
            ours.kind == theirs.kind || (kind == SdpType::Offer && ours.transport.is_none())
        });
        if !fits || !same_kinds {
            return Err(Error::InvalidAccess(refusal));
        }
        let Some((index, _, data)) = remote.data() else { return Ok(()) };
        let transport = before.0.get(index).and_then(|s| s.transport).and_then(|id| self.transports.get(&id));
        if kind != SdpType::Offer {
            if transport.is_none() {
                return Err(Error::InvalidAccess(InvalidAccess::SectionsDoNotMatch));
            }
            // RFC 8842 §5.3: we offered the choice, and the answerer has to choose.
            if matches!(data.setup, Some(SetupRole::ActPass | SetupRole::HoldConn)) {
                return Err(Error::InvalidAccess(InvalidAccess::SetupRole));
            }
        }
        match transport {
            Some(transport) if !transport.accepts_fingerprints(&data.fingerprints) => {
                Err(Error::InvalidAccess(InvalidAccess::FingerprintChanged))
            }
            _ => Ok(()),
        }
    }

    fn apply_local_offer(&mut self, now: Instant, plan: &Plan) {
        self.remember_stable();
        for (index, planned) in plan.sections.iter().enumerate() {
            if index >= self.sections.0.len() {
                self.sections.0.push(new_data_section(planned.mid().cloned().unwrap_or_default()));
            }
            let PlannedSection::Data { credentials, .. } = planned else { continue };
            let known = self.sections.0.get(index).and_then(|section| section.transport);
            match known.and_then(|id| self.transports.get_mut(&id)) {
                Some(transport) if transport.local_credentials() != credentials => {
                    transport.restart(now, credentials.clone());
                }
                Some(_) => {}
                None => self.use_new_transport(now, index, credentials.clone()),
            }
        }
        // RFC 8445 §6.1.1: who makes the first offer controls.
        let controlling = *self.controlling.get_or_insert(true);
        self.transports.values_mut().for_each(|transport| transport.set_controlling(now, controlling));
    }

    fn apply_local_answer(&mut self, now: Instant, plan: &Plan, kind: SdpType) {
        let setup = plan.sections.iter().find_map(|section| match section {
            PlannedSection::Data { setup, .. } => Some(*setup),
            PlannedSection::Rejected { .. } => None,
        });
        let remote = self.signaling.remote.pending.as_ref().and_then(|remote| remote.read.data());
        let accepted = remote.map(|(.., data)| data.clone());
        self.commit(now, accepted.as_ref(), setup == Some(SetupRole::Active), kind);
    }

    fn apply_remote_offer(&mut self, now: Instant, remote: &RemoteDescription) {
        self.remember_stable();
        let chosen = remote.data().map(|(index, ..)| index);
        for (index, theirs) in remote.sections.iter().enumerate() {
            let transport = self.sections.0.get(index).and_then(|section| section.transport);
            let section = Section {
                mid: theirs.mid.clone(),
                kind: theirs.kind.clone(),
                protocol: theirs.protocol.clone(),
                formats: theirs.formats.clone(),
                transport: transport.filter(|_| chosen == Some(index)),
            };
            match self.sections.0.get_mut(index) {
                Some(known) => *known = section,
                None => self.sections.0.push(section),
            }
        }
        let Some((index, _, data)) = remote.data() else { return };
        let controlling = *self.controlling.get_or_insert(data.lite);
        match self.sections.0.get(index).and_then(|section| section.transport) {
            None => {
                let credentials = Credentials::random(&mut self.rng);
                self.use_new_transport(now, index, credentials);
            }
            Some(id) => {
                let credentials = Credentials::random(&mut self.rng);
                if let Some(transport) = self.transports.get_mut(&id)
                    && transport.is_restarted_by(data)
                {
                    transport.restart(now, credentials);
                }
            }
        }
        self.give_remote(now, index, data, controlling);
    }

    fn apply_remote_answer(&mut self, now: Instant, remote: &RemoteDescription, kind: SdpType) {
        let chosen = remote.data();
        let accepted = chosen.as_ref().map(|(index, ..)| *index);
        // What a provisional answer does not take, the final one may (RFC 9429 §4.1.10.1).
        let refused = |index: usize| kind == SdpType::Answer && accepted != Some(index);
        for (index, section) in self.sections.0.iter_mut().enumerate() {
            if refused(index) {
                section.transport = None;
            }
        }
        if let Some((index, _, data)) = chosen {
            // RFC 8445 §6.1.1: a full agent controls a lite one.
            let controlling = data.lite || self.controlling.unwrap_or(true);
            self.give_remote(now, index, data, controlling);
        }
        let data = chosen.map(|(.., data)| data);
        self.commit(now, data, data.is_some_and(|data| data.setup == Some(SetupRole::Passive)), kind);
    }

    fn give_remote(&mut self, now: Instant, index: usize, data: &RemoteData, controlling: bool) {
        let id = self.sections.0.get(index).and_then(|section| section.transport);
        if let Some(transport) = id.and_then(|id| self.transports.get_mut(&id)) {
            transport.set_controlling(now, controlling);
            transport.set_remote(now, data);
        }
    }

    /// An answer was set: what is not used any more goes, what is used starts.
    fn commit(&mut self, now: Instant, accepted: Option<&RemoteData>, we_start_dtls: bool, kind: SdpType) {
        if kind == SdpType::Answer {
            self.drop_unused_transports(now);
            self.transports.values_mut().for_each(Transport::accept_restart);
            self.stable_sections = None;
        }
        let transport = self.sections.data().and_then(|(_, id)| self.transports.get_mut(&id));
        match (transport, accepted) {
            (Some(transport), Some(remote)) => {
                transport.start_dtls(now, we_start_dtls);
                if let Ok(data) = self.data_mut(now) {
                    data.configure(remote);
                }
            }
            // The peer does not want data channels, or no longer.
            _ if kind == SdpType::Answer => self.data.iter_mut().for_each(|data| data.abort(now)),
            _ => {}
        }
    }

    fn negotiated(&mut self, now: Instant, kind: SdpType) {
        if kind == SdpType::Answer {
            self.created = super::Created::default();
            self.negotiation_needed = false;
        }
        self.show_signaling_state();
        self.update_negotiation_needed();
        self.settle(now);
    }

    fn roll_back(&mut self, now: Instant) {
        if let Some(stable) = self.stable_sections.take() {
            self.sections = stable;
        }
        self.drop_unused_transports(now);
        self.transports.values_mut().for_each(|transport| transport.roll_back_restart(now));
        if self.signaling.local.current.is_none() {
            self.controlling = None;
        }
        self.signaling.roll_back();
        self.created = super::Created::default();
        self.negotiation_needed = false;
        self.show_signaling_state();
        self.update_negotiation_needed();
        self.settle(now);
    }

    fn drop_unused_transports(&mut self, now: Instant) {
        for id in self.transport_ids() {
            let used = self.sections.0.iter().any(|section| section.transport == Some(id));
            if !used && let Some(mut transport) = self.transports.remove(&id) {
                transport.discard(now, &mut self.route_changes);
            }
        }
    }

    fn use_new_transport(&mut self, now: Instant, index: usize, credentials: Credentials) {
        let id = TransportId(self.transports_made);
        let rng = self.rng.fork(&format!("transport {}", id.0));
        let certificate = alloc::sync::Arc::clone(&self.certificate);
        let transport = Transport::new(&self.config, certificate, rng, now, credentials, &self.bases);
        self.transports_made += 1;
        self.transports.insert(id, transport);
        if let Some(section) = self.sections.0.get_mut(index) {
            section.transport = Some(id);
        }
    }

    fn remember_stable(&mut self) {
        if self.signaling.state == SignalingState::Stable {
            self.stable_sections = Some(self.sections.clone());
        }
    }

    /// The local description in force with the candidates found so far (`localDescription`).
    pub fn local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.in_force().map(|local| self.write(local))
    }

    /// The local description last agreed on (`currentLocalDescription`).
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.current.as_ref().map(|local| self.write(local))
    }

    /// The local description under negotiation (`pendingLocalDescription`).
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.pending.as_ref().map(|local| self.write(local))
    }

    /// The remote description in force (`remoteDescription`).
    pub fn remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.in_force().map(|remote| &remote.description)
    }

    /// The remote description last agreed on (`currentRemoteDescription`).
    pub fn current_remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.current.as_ref().map(|remote| &remote.description)
    }

    /// The remote description under negotiation (`pendingRemoteDescription`).
    pub fn pending_remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.pending.as_ref().map(|remote| &remote.description)
    }

    fn write(&self, local: &Local) -> SessionDescription {
        SessionDescription { kind: local.kind, sdp: build(&local.plan, local.origin, &self.gathered()) }
    }

    fn gathered(&self) -> Candidates {
        let transport = self.sections.data().and_then(|(_, id)| self.transports.get(&id));
        transport.map(Transport::gathered).unwrap_or_default()
    }
}

/// A data section that is not negotiated yet.
pub(super) fn new_data_section(mid: String) -> Section {
    Section {
        mid: Some(mid),
        kind: MediaKind::Application,
        protocol: MediaProtocol::UdpDtlsSctp,
        formats: vec![Format::from("webrtc-datachannel")],
        transport: None,
    }
}
