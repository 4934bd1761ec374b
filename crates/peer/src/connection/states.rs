//! What the user sees of the states below, and when an offer is needed.

use super::PeerConnection;
use crate::SdpType;
use crate::jsep::{PlannedSection, RemoteSection};
use crate::media::intersect;
use crate::transceiver::Transceiver;
use crate::transport::TransportEvent;
use crate::{
    DtlsTransportState, Event, IceCandidateInit, IceConnectionState, IceGatheringState, PeerConnectionState,
    SctpTransportState, SignalingState,
};
use alloc::string::ToString as _;
use siskin_base::Instant;
use siskin_sdp::{DisplayCandidate, Msid};

impl PeerConnection {
    /// `signalingState`.
    pub fn signaling_state(&self) -> SignalingState {
        self.signaling.state
    }

    /// `iceGatheringState` (webrtc-pc §4.3.2).
    pub fn ice_gathering_state(&self) -> IceGatheringState {
        let mut states = self.transports.values().map(|transport| transport.gathering_state());
        if states.any(|state| state == IceGatheringState::Gathering) {
            return IceGatheringState::Gathering;
        }
        let all = |wanted| self.transports.values().all(|transport| transport.gathering_state() == wanted);
        match self.transports.is_empty() || !all(IceGatheringState::Complete) {
            true => IceGatheringState::New,
            false => IceGatheringState::Complete,
        }
    }

    /// `iceConnectionState` (webrtc-pc §4.3.4).
    pub fn ice_connection_state(&self) -> IceConnectionState {
        use IceConnectionState as S;
        if self.states.closed {
            return S::Closed;
        }
        let any = |wanted: S| self.transports.values().any(|transport| transport.ice_state() == wanted);
        let only = |allowed: &[S]| {
            self.transports.values().all(|transport| allowed.contains(&transport.ice_state()))
        };
        match () {
            () if any(S::Failed) => S::Failed,
            () if any(S::Disconnected) => S::Disconnected,
            () if only(&[S::New, S::Closed]) => S::New,
            () if any(S::New) || any(S::Checking) => S::Checking,
            () if only(&[S::Completed, S::Closed]) => S::Completed,
            () => S::Connected,
        }
    }

    /// `connectionState` (webrtc-pc §4.3.3).
    pub fn connection_state(&self) -> PeerConnectionState {
        use DtlsTransportState as D;
        use PeerConnectionState as S;
        if self.states.closed {
            return S::Closed;
        }
        let dtls = |wanted: D| self.transports.values().any(|transport| transport.dtls_state() == wanted);
        match self.ice_connection_state() {
            IceConnectionState::Failed => S::Failed,
            _ if dtls(D::Failed) => S::Failed,
            IceConnectionState::Disconnected => S::Disconnected,
            IceConnectionState::New if !dtls(D::Connecting) => S::New,
            IceConnectionState::Connected | IceConnectionState::Completed
                if !dtls(D::New) && !dtls(D::Connecting) =>
            {
                S::Connected
            }
            _ => S::Connecting,
        }
    }

    /// State of the DTLS transport that the data channels use; without them, of the first.
    pub fn dtls_state(&self) -> DtlsTransportState {
        let data = self.sections.data().and_then(|(_, id)| self.transports.get(&id));
        let transport = data.or_else(|| self.transports.values().next());
        transport.map(|transport| transport.dtls_state()).unwrap_or_default()
    }

    /// State of the SCTP transport; `None` until an answer has made one.
    pub fn sctp_state(&self) -> Option<SctpTransportState> {
        self.data.as_ref().and_then(crate::data::Data::state)
    }

    /// Whether the [negotiation-needed flag](https://www.w3.org/TR/webrtc/#dfn-negotiation-needed-flag) is set.
    pub fn is_negotiation_needed(&self) -> bool {
        self.negotiation_needed
    }

    /// webrtc-pc §4.7.3: "update the negotiation-needed flag".
    pub(super) fn update_negotiation_needed(&mut self) {
        if self.states.closed || self.signaling.state != SignalingState::Stable {
            return;
        }
        let channels_without_section = self.wants_data() && self.sections.data().is_none();
        let needed = channels_without_section
            || self.wants_restart()
            || self.transceivers.iter().any(|transceiver| self.needs_negotiation(transceiver));
        if needed && !self.negotiation_needed {
            self.events.push_back(Event::NegotiationNeeded);
        }
        self.negotiation_needed = needed;
    }

    /// webrtc-pc §4.7.3, "check if negotiation is needed", steps 4.1 to 4.5: what is wanted is not what was agreed on.
    fn needs_negotiation(&self, transceiver: &Transceiver) -> bool {
        let Some((index, _)) = self.sections.of(transceiver.id) else { return transceiver.is_alive() };
        if !transceiver.is_alive() {
            return true;
        }
        let (Some(local), Some(remote)) = (&self.signaling.local.current, &self.signaling.remote.current)
        else {
            return true;
        };
        let planned = local.plan.sections.get(index).and_then(PlannedSection::rtp);
        let (Some((_, ours)), Some(theirs)) =
            (planned, remote.read.sections.get(index).and_then(RemoteSection::rtp))
        else {
            return true;
        };
        let wanted = transceiver.direction;
        let said = || ours.msids.iter().map(|msid| &msid.stream).filter(|stream| *stream != Msid::NO_STREAM);
        // Their order does not matter.
        let streams = &transceiver.sender.streams;
        let same = said().all(|stream| streams.contains(stream)) && said().count() == streams.len();
        if wanted.sends() && !same {
            return true;
        }
        let theirs = theirs.direction.reversed();
        match local.kind {
            SdpType::Offer => wanted != ours.direction && wanted != theirs,
            _ => ours.direction != intersect(wanted, theirs),
        }
    }

    /// Whether there is an association, or one to be made: not one whose section the peer has refused.
    pub(super) fn wants_data(&self) -> bool {
        self.data.as_ref().is_some_and(|data| !data.channels().association().is_closed())
    }

    /// Tells the signalling state, if it is another than was told last.
    pub(super) fn show_signaling_state(&mut self) {
        let state = self.signaling.state;
        if core::mem::replace(&mut self.states.signaling, state) != state {
            self.events.push_back(Event::SignalingStateChange(state));
        }
    }

    /// Passes on what the transports tell.
    pub(super) fn take_transport_events(&mut self) {
        for (id, transport) in &mut self.transports {
            let index = self.sections.0.iter().position(|section| section.transport == Some(*id));
            let mid =
                index.and_then(|index| self.sections.0.get(index)).and_then(|section| section.mid.clone());
            let init = |candidate, ufrag| IceCandidateInit {
                candidate,
                sdp_mid: mid.clone(),
                sdp_m_line_index: index.and_then(|index| u16::try_from(index).ok()),
                username_fragment: Some(ufrag),
            };
            while let Some(event) = transport.poll_event() {
                if let TransportEvent::SelectedPath(_) = event {
                    // Who does not read needs the last one only: the peer decides how often it changes.
                    self.events.retain(|earlier| !matches!(earlier, Event::SelectedPath(_)));
                }
                self.events.push_back(match event {
                    TransportEvent::Candidate { candidate, ufrag } => {
                        let text = DisplayCandidate(&candidate).to_string();
                        Event::IceCandidate(Some(init(text, ufrag)))
                    }
                    TransportEvent::EndOfCandidates { ufrag } => {
                        Event::IceCandidate(Some(init(alloc::string::String::new(), ufrag)))
                    }
                    TransportEvent::SelectedPath(path) => Event::SelectedPath(path),
                    TransportEvent::DtlsState(state) => Event::DtlsStateChange(state),
                    TransportEvent::Failed(error) => Event::TransportFailed(error),
                });
            }
        }
    }

    /// Tells the user of every state that is another than it was told last.
    pub(super) fn show_states(&mut self, _now: Instant) {
        let gathering = self.ice_gathering_state();
        if core::mem::replace(&mut self.states.gathering, gathering) != gathering && !self.states.closed {
            self.events.push_back(Event::IceGatheringStateChange(gathering));
            if gathering == IceGatheringState::Complete {
                self.events.push_back(Event::IceCandidate(None));
            }
        }
        let ice = self.ice_connection_state();
        if core::mem::replace(&mut self.states.ice, ice) != ice && !self.states.closed {
            self.events.push_back(Event::IceConnectionStateChange(ice));
        }
        let connection = self.connection_state();
        if core::mem::replace(&mut self.states.connection, connection) != connection && !self.states.closed {
            self.events.push_back(Event::ConnectionStateChange(connection));
        }
    }
}
