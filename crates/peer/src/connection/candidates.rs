//! Trickled candidates (webrtc-pc §4.4.2, RFC 8838), and asking for new ones.

use super::PeerConnection;
use crate::IceCandidateInit;
use crate::error::{Error, InvalidState, Operation, Type};
use crate::jsep::PlannedSection;
use crate::recording::Input;
use crate::sections::TransportId;
use siskin_base::Instant;

impl PeerConnection {
    /// Takes a candidate that the peer trickled. An empty `candidate` ends the candidates of its section, `None` those
    /// of all. A candidate that we cannot use — TCP, a name that nobody resolves, the second component — is no error.
    ///
    /// # Errors
    /// `InvalidStateError` before there is a remote description; `OperationError` if the text is no candidate, or its
    /// section or generation is unknown, or it has more than 4,096 bytes; `TypeError` if it names no section.
    pub fn add_ice_candidate(
        &mut self,
        now: Instant,
        candidate: Option<IceCandidateInit>,
    ) -> Result<(), Error> {
        self.note(now, || Input::AddIceCandidate(candidate.clone()));
        self.check_open()?;
        let remote =
            self.signaling.remote.in_force().ok_or(Error::InvalidState(InvalidState::NoRemoteDescription))?;
        let Some(init) = candidate else {
            self.transports.values_mut().for_each(|transport| transport.end_of_candidates(now));
            self.settle(now);
            return Ok(());
        };
        let sections = &remote.read.sections;
        let index = match (&init.sdp_mid, init.sdp_m_line_index) {
            (Some(mid), _) => sections.iter().position(|section| section.mid.as_ref() == Some(mid)),
            (None, Some(index)) => Some(usize::from(index)).filter(|index| *index < sections.len()),
            (None, None) => return Err(Error::Type(Type::NeitherMidNorIndex)),
        };
        let index = index.ok_or(Error::Operation(Operation::NoSuchSection))?;
        let id = self.transport_for_candidates(index);
        if init.candidate.len() > MAX_CANDIDATE {
            return Err(Error::Operation(Operation::CandidateSyntax));
        }
        let parsed = match init.candidate.is_empty() {
            true => None,
            false => Some(
                siskin_sdp::parse_candidate(&init.candidate)
                    .map_err(|_| Error::Operation(Operation::CandidateSyntax))?,
            ),
        };
        let named = parsed.as_ref().and_then(|candidate| candidate.extension("ufrag"));
        let ufrag = init.username_fragment.as_deref().or(named);
        let Some(transport) = id.and_then(|id| self.transports.get_mut(&id)) else { return Ok(()) };
        if ufrag.is_some_and(|ufrag| !transport.knows_remote_ufrag(ufrag)) {
            return Err(Error::Operation(Operation::UnknownUsernameFragment));
        }
        match parsed {
            Some(candidate) => transport.add_remote_candidate(now, &candidate),
            None => transport.end_of_candidates(now),
        }
        self.settle(now);
        Ok(())
    }

    /// The transport of that remote section; for a section that we rejected, the one of the section that it is
    /// bundled with (RFC 9143 §7: the candidates of a bundle stand under its first section).
    fn transport_for_candidates(&self, index: usize) -> Option<TransportId> {
        self.sections.transport_of(index).or_else(|| {
            let bundle = self.signaling.remote.in_force()?.read.bundled_with(index);
            bundle.into_iter().find_map(|member| self.sections.transport_of(member))
        })
    }

    /// The next offer asks for new ICE credentials; `negotiationneeded` follows (webrtc-pc §4.4.2).
    pub fn restart_ice(&mut self, now: Instant) {
        self.note(now, || Input::RestartIce);
        // webrtc-pc §4.4.2: those that a description of ours has; what was made for an offer of the peer's is new anyway.
        let local = [&self.signaling.local.current, &self.signaling.local.pending];
        let sections = local.into_iter().flatten().flat_map(|local| &local.plan.sections);
        let carriers = sections.filter_map(PlannedSection::carrier);
        self.ufrags_to_replace = carriers.map(|carrier| carrier.credentials.ufrag.clone()).collect();
        self.update_negotiation_needed();
        self.settle(now);
    }

    /// Whether `restart_ice` was called and its credentials are not replaced yet.
    pub(super) fn wants_restart(&self) -> bool {
        let mut current = self.transports.values().map(|transport| transport.local_credentials());
        current.any(|credentials| self.ufrags_to_replace.contains(&credentials.ufrag))
    }
}

/// Longest text of a candidate, in bytes: real ones have some 200, and as many as ICE takes are kept.
const MAX_CANDIDATE: usize = 4096;
