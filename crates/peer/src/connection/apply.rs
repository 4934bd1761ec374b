//! Carrying out descriptions (RFC 9429 §5.9 to §5.11): sections get transports, transceivers get sections, an answer
//! decides what stays.

use super::PeerConnection;
use crate::SdpType;
use crate::jsep::{
    Content, Plan, PlannedSection, RemoteContent, RemoteDescription, RemoteSection, RemoteTransport,
};
use crate::sections::{Section, TransportId, UsedFor, unused_mid};
use crate::transport::Transport;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::{Instant, SetupRole};
use siskin_ice::Credentials;

impl PeerConnection {
    pub(super) fn apply_local_offer(&mut self, now: Instant, plan: &Plan) {
        self.remember_stable();
        let mut fresh: Vec<(Credentials, TransportId)> = Vec::new();
        for (index, planned) in plan.sections.iter().enumerate() {
            self.take_planned_section(index, planned);
            let Some(carrier) = planned.carrier() else { continue };
            let known = carrier.known.filter(|id| self.transports.contains_key(id));
            let id = match known {
                Some(id) => id,
                None => match fresh.iter().find(|(credentials, _)| *credentials == carrier.credentials) {
                    Some((_, id)) => *id,
                    None => {
                        let id = self.make_transport(now, carrier.credentials.clone());
                        fresh.push((carrier.credentials.clone(), id));
                        id
                    }
                },
            };
            if let Some(transport) = self.transports.get_mut(&id)
                && *transport.local_credentials() != carrier.credentials
            {
                transport.restart(now, carrier.credentials.clone());
            }
            if let Some(section) = self.sections.0.get_mut(index) {
                section.transport = Some(id);
            }
        }
        // RFC 8445 §6.1.1: who makes the first offer controls.
        let controlling = *self.controlling.get_or_insert(true);
        self.transports.values_mut().for_each(|transport| transport.set_controlling(now, controlling));
    }

    /// Makes or changes the section at `index`, and gives it to its transceiver.
    fn take_planned_section(&mut self, index: usize, planned: &PlannedSection) {
        let used_for = match &planned.content {
            Content::Rejected { .. } => return,
            Content::Data { .. } => UsedFor::Data,
            Content::Rtp { transceiver, .. } => UsedFor::Rtp(*transceiver),
        };
        let section = Section {
            mid: planned.mid.clone(),
            kind: planned.kind.clone(),
            protocol: planned.protocol.clone(),
            formats: planned.formats(),
            used_for,
            transport: self.sections.transport_of(index),
        };
        match self.sections.0.get_mut(index) {
            Some(known) => *known = section,
            None => self.sections.0.push(section),
        }
        if let Content::Rtp { transceiver, rtp, .. } = &planned.content {
            // Media may come before the answer does, by the numbers of the offer (RFC 9429 §4.1.8).
            self.associate(*transceiver, planned.mid.clone(), Some(rtp));
        }
    }

    pub(super) fn apply_local_answer(&mut self, now: Instant, plan: &Plan, kind: SdpType) {
        let remote = self.signaling.remote.pending.as_ref().map(|remote| remote.read.clone());
        let Some(remote) = remote else { return };
        let starts = |index: usize| {
            let carrier = plan.sections.get(index).and_then(PlannedSection::carrier);
            carrier.is_some_and(|carrier| carrier.setup == SetupRole::Active)
        };
        self.commit(now, plan, &remote, starts, kind);
    }

    pub(super) fn apply_remote_offer(&mut self, now: Instant, remote: &RemoteDescription) {
        self.remember_stable();
        for (index, theirs) in remote.sections.iter().enumerate() {
            self.take_remote_section(remote, index, theirs);
        }
        let accepted: Vec<usize> = (0..remote.sections.len()).filter(|i| self.accepts(remote, *i)).collect();
        let mut given = BTreeSet::new();
        for &index in &accepted {
            let bundle = remote.bundled_with(index);
            let members = bundle.iter().copied().filter(|member| accepted.contains(member));
            let members: Vec<usize> = if bundle.is_empty() { [index].to_vec() } else { members.collect() };
            // The first that we accept describes the transport for all; a transport that any of them has is taken over.
            let leader = members.first().copied().unwrap_or(index);
            let known = members.iter().find_map(|member| self.sections.transport_of(*member));
            let Some(described) = remote.sections.get(leader).and_then(|section| section.transport.as_ref())
            else {
                continue;
            };
            let known = known.or_else(|| self.transport_left(remote, described));
            let controlling = *self.controlling.get_or_insert(described.lite);
            let credentials = Credentials::random(&mut self.rng);
            let id = match known {
                Some(id) => id,
                None => self.make_transport(now, credentials.clone()),
            };
            if let Some(section) = self.sections.0.get_mut(index) {
                section.transport = Some(id);
            }
            if given.insert(id)
                && let Some(transport) = self.transports.get_mut(&id)
            {
                if known.is_some() && transport.is_restarted_by(described) {
                    transport.restart(now, credentials);
                }
                transport.set_controlling(now, controlling);
                transport.set_remote(now, described);
            }
        }
        for (index, section) in self.sections.0.iter_mut().enumerate() {
            if !accepted.contains(&index) {
                section.transport = None;
            }
        }
    }

    /// The transport of a section that the peer rejects now, if by its credentials the peer means to go on with it: what else was
    /// bundled there may be new.
    fn transport_left(&self, remote: &RemoteDescription, described: &RemoteTransport) -> Option<TransportId> {
        let rejected = remote.sections.iter().enumerate().filter(|(_, section)| section.transport.is_none());
        let mut left = rejected.filter_map(|(index, _)| self.sections.transport_of(index));
        left.find(|id| self.transports.get(id).is_some_and(|transport| transport.is_of(described)))
    }

    /// RFC 9429 §5.10: the section as the peer offers it, and the transceiver that it is for.
    fn take_remote_section(&mut self, remote: &RemoteDescription, index: usize, theirs: &RemoteSection) {
        let before = self.sections.0.get(index);
        // A section without a name is the one at its place.
        let before = before.filter(|known| theirs.mid.is_none() || known.mid == theirs.mid);
        let transport = before.and_then(|known| known.transport);
        let used_for = match (&theirs.content, before.map(|known| known.used_for)) {
            (RemoteContent::Data(_), _) => UsedFor::Data,
            (RemoteContent::Rtp(_), Some(UsedFor::Rtp(id))) => UsedFor::Rtp(id),
            (RemoteContent::Rtp(rtp), _) => match self.transceiver_for_offer(rtp) {
                Some(id) => UsedFor::Rtp(id),
                None => UsedFor::Nothing,
            },
            // webrtc-pc §4.4.1.5: what the peer stops is stopped, and no rollback brings it back; the answer lets it go.
            (RemoteContent::Other, Some(UsedFor::Rtp(id))) => {
                self.stop_for_good(id);
                UsedFor::Rtp(id)
            }
            (RemoteContent::Other, Some(known)) => known,
            (RemoteContent::Other, None) => UsedFor::Nothing,
        };
        // webrtc-pc §4.4.1.5: a section of RTP without a name gets one.
        let known = self.sections.0.get(index).and_then(|known| known.mid.clone());
        let named = || known.unwrap_or_else(|| unused_mid(&self.mids(remote)));
        let rtp = matches!(theirs.content, RemoteContent::Rtp(_));
        let mid = theirs.mid.clone().or_else(|| rtp.then(named));
        let section = Section {
            mid: mid.clone(),
            kind: theirs.kind.clone(),
            protocol: theirs.protocol.clone(),
            formats: theirs.formats.clone(),
            used_for,
            transport,
        };
        match self.sections.0.get_mut(index) {
            Some(known) => *known = section,
            None => self.sections.0.push(section),
        }
        if let UsedFor::Rtp(id) = used_for {
            self.associate(id, mid, None);
        }
    }

    /// The names of all sections, theirs and ours.
    fn mids(&self, remote: &RemoteDescription) -> Vec<String> {
        let theirs = remote.sections.iter().filter_map(|section| section.mid.clone());
        theirs.chain(self.sections.0.iter().filter_map(|section| section.mid.clone())).collect()
    }

    pub(super) fn apply_remote_answer(&mut self, now: Instant, remote: &RemoteDescription, kind: SdpType) {
        let Some(plan) = self.signaling.local.pending.as_ref().map(|local| local.plan.clone()) else {
            return;
        };
        let mut given: BTreeMap<TransportId, RemoteTransport> = BTreeMap::new();
        for (index, section) in remote.sections.iter().enumerate() {
            if section.transport.is_none() {
                continue;
            }
            // RFC 9143 §7.4: everything in the group goes over the transport of its tag.
            let bundle = remote.bundled_with(index);
            let carried = |member: &usize| remote.sections.get(*member).and_then(|s| s.transport.as_ref());
            let leader = bundle.into_iter().find(|member| carried(member).is_some()).unwrap_or(index);
            let (Some(id), Some(described)) = (self.sections.transport_of(leader), carried(&leader)) else {
                continue;
            };
            if let Some(section) = self.sections.0.get_mut(index) {
                section.transport = Some(id);
            }
            given.entry(id).or_insert_with(|| described.clone());
        }
        for (id, described) in &given {
            // RFC 8445 §6.1.1: a full agent controls a lite one.
            let controlling = described.lite || self.controlling.unwrap_or(true);
            if let Some(transport) = self.transports.get_mut(id) {
                transport.set_controlling(now, controlling);
                transport.set_remote(now, described);
            }
        }
        let starts = |index: usize| {
            let section = remote.sections.get(index).and_then(|section| section.transport.as_ref());
            // RFC 4145 §4: an answer that does not say is passive.
            section.is_some_and(|transport| transport.setup != Some(SetupRole::Active))
        };
        self.commit(now, &plan, remote, starts, kind);
    }

    /// An answer was set: what is not used any more goes, what is used starts.
    fn commit(
        &mut self,
        now: Instant,
        local: &Plan,
        remote: &RemoteDescription,
        starts_dtls: impl Fn(usize) -> bool,
        kind: SdpType,
    ) {
        let mut data = None;
        // Channels that were made since the offer are for the next one.
        let spoke_of_data = self.sections.0.iter().any(|section| section.used_for == UsedFor::Data);
        let mut start = BTreeMap::new();
        for (index, (ours, theirs)) in local.sections.iter().zip(&remote.sections).enumerate() {
            let accepted = ours.carrier().is_some() && theirs.transport.is_some();
            if !accepted {
                // What a provisional answer does not take, the final one may (RFC 9429 §4.1.10.1).
                if kind == SdpType::Answer {
                    self.refuse_section(index);
                }
                continue;
            }
            match (&ours.content, &theirs.content) {
                (Content::Rtp { transceiver, rtp, .. }, RemoteContent::Rtp(described)) => {
                    self.agree(*transceiver, rtp, described, kind);
                }
                (Content::Data { .. }, RemoteContent::Data(described)) => data = Some(described.clone()),
                _ => {}
            }
            if let Some(id) = self.sections.transport_of(index) {
                start.entry(id).or_insert_with(|| starts_dtls(index));
            }
        }
        if kind == SdpType::Answer {
            self.drop_unused_transports(now);
            self.transports.values_mut().for_each(|transport| transport.accept_restart());
            self.stable_sections = None;
            self.stable_transceivers = None;
            self.transceivers.iter_mut().for_each(|transceiver| transceiver.made_by_offer = false);
            self.transceivers.retain(|transceiver| !transceiver.stopped);
        }
        for (id, we_start) in start {
            if let Some(transport) = self.transports.get_mut(&id) {
                transport.start_dtls(now, we_start);
            }
        }
        match data {
            Some(described) => {
                if let Ok(data) = self.data_mut(now) {
                    data.configure(&described);
                }
            }
            // The peer does not want data channels, or no longer.
            None if kind == SdpType::Answer && spoke_of_data => {
                self.data.iter_mut().for_each(|data| data.abort(now))
            }
            None => {}
        }
    }

    fn refuse_section(&mut self, index: usize) {
        let Some(section) = self.sections.0.get_mut(index) else { return };
        section.transport = None;
        let used_for = core::mem::replace(&mut section.used_for, UsedFor::Nothing);
        if let UsedFor::Rtp(id) = used_for {
            self.stop_for_good(id);
        }
    }

    /// RFC 9429 §5.7.
    ///
    /// In glare the peer's offer follows: whether another is needed is asked when that is answered.
    pub(super) fn roll_back(&mut self, now: Instant, glare: bool) {
        if let Some(stable) = self.stable_sections.take() {
            self.sections = stable;
        }
        self.roll_back_transceivers();
        self.drop_unused_transports(now);
        self.transports.values_mut().for_each(|transport| transport.roll_back_restart(now));
        if self.signaling.local.current.is_none() {
            self.controlling = None;
        }
        self.signaling.roll_back();
        self.created = super::Created::default();
        self.negotiation_needed = false;
        self.end_transactions();
        self.configure_media(now);
        self.show_signaling_state();
        if !glare {
            self.update_negotiation_needed();
        }
        self.settle(now);
    }

    fn remember_stable(&mut self) {
        if self.signaling.state == crate::SignalingState::Stable {
            self.stable_sections = Some(self.sections.clone());
            self.stable_transceivers = Some(self.transceivers.clone());
        }
    }

    fn drop_unused_transports(&mut self, now: Instant) {
        let ids: Vec<TransportId> = self.transports.keys().copied().collect();
        for id in ids {
            let used = self.sections.0.iter().any(|section| section.transport == Some(id));
            if !used && let Some(mut transport) = self.transports.remove(&id) {
                transport.discard(now, &mut self.route_changes);
            }
        }
    }

    fn make_transport(&mut self, now: Instant, credentials: Credentials) -> TransportId {
        let id = TransportId(self.transports_made);
        let rng = self.rng.fork(&format!("transport {}", id.0));
        let certificate = alloc::sync::Arc::clone(&self.certificate);
        let transport = Transport::new(&self.config, certificate, rng, now, credentials, &self.bases);
        self.transports_made += 1;
        self.transports.insert(id, Box::new(transport));
        id
    }
}
