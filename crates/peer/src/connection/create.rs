//! `create_offer` and `create_answer` (webrtc-pc §4.4.1.6, RFC 9429 §5.2, §5.3).

use super::PeerConnection;
use crate::error::{Error, InvalidAccess, InvalidState};
use crate::jsep::{self, Candidates, Plan, PlannedSection};
use crate::recording::Input;
use crate::{SdpType, SessionDescription, SignalingState};
use alloc::vec;
use siskin_base::{Fingerprint, HashAlgorithm, Instant, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::MediaProtocol;

/// `RTCOfferOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfferOptions {
    /// Ask for new ICE credentials, and so for new paths.
    pub ice_restart: bool,
}

impl PeerConnection {
    /// An offer of everything that is wanted now. It changes nothing: set it as the local description.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed.
    pub fn create_offer(&mut self, now: Instant, options: OfferOptions) -> Result<SessionDescription, Error> {
        self.note(now, || Input::CreateOffer(options));
        self.make_offer(options)
    }

    pub(super) fn make_offer(&mut self, options: OfferOptions) -> Result<SessionDescription, Error> {
        self.check_open()?;
        let restart = options.ice_restart || self.wants_restart();
        let mut sections = self.sections.0.clone();
        if self.wants_data() && !sections.iter().any(|section| section.transport.is_some()) {
            sections.push(super::describe::new_data_section(self.sections.unused_mid()));
        }
        let known = self.sections.0.len();
        let planned = sections.into_iter().enumerate().map(|(index, section)| {
            let transport = section.transport.and_then(|id| self.transports.get(&id));
            if transport.is_none() && index < known {
                let (mid, kind) = (section.mid, section.kind);
                return PlannedSection::Rejected {
                    mid,
                    kind,
                    protocol: section.protocol,
                    formats: section.formats,
                };
            }
            let credentials = match transport {
                Some(transport) if !restart => transport.local_credentials().clone(),
                _ => Credentials::random(&mut self.rng),
            };
            // RFC 8842 §5.2: an offer leaves the choice to the answerer, a later one too.
            data_section(
                &self.config,
                &self.certificate,
                section.mid,
                section.protocol,
                true,
                credentials,
                SetupRole::ActPass,
            )
        });
        let plan = Plan { lite: self.config.ice.lite, sections: planned.collect() };
        let sdp = jsep::build(&plan, self.origin, &Candidates::default());
        self.created.offer = Some((sdp.clone(), plan));
        Ok(SessionDescription { kind: SdpType::Offer, sdp })
    }

    /// The answer to the remote offer. It changes nothing: set it as the local description.
    ///
    /// # Errors
    /// `InvalidStateError` if there is no remote offer to answer, or the connection is closed.
    pub fn create_answer(&mut self, now: Instant) -> Result<SessionDescription, Error> {
        self.note(now, || Input::CreateAnswer);
        self.make_answer()
    }

    pub(super) fn make_answer(&mut self) -> Result<SessionDescription, Error> {
        self.check_open()?;
        let answering = [SignalingState::HaveRemoteOffer, SignalingState::HaveLocalPrAnswer];
        let remote =
            self.signaling.remote.pending.as_ref().filter(|_| answering.contains(&self.signaling.state));
        let remote = &remote.ok_or(Error::InvalidState(InvalidState::NoRemoteOffer))?.read;
        let chosen = remote.data();
        let mut planned = vec![];
        for (index, section) in remote.sections.iter().enumerate() {
            let data = chosen.filter(|(chosen, ..)| *chosen == index).map(|(.., data)| data);
            let transport =
                self.sections.0.get(index).and_then(|s| s.transport).and_then(|id| self.transports.get(&id));
            let (Some(data), Some(transport)) = (data, transport) else {
                planned.push(PlannedSection::Rejected {
                    mid: section.mid.clone(),
                    kind: section.kind.clone(),
                    protocol: section.protocol.clone(),
                    formats: section.formats.clone(),
                });
                continue;
            };
            // RFC 8842 §5.3: an association that lives keeps its roles; else we choose to start, and save a round trip.
            let setup = match (transport.is_dtls_client(), data.setup) {
                (Some(true), _) => SetupRole::Active,
                (Some(false), _) => SetupRole::Passive,
                (None, Some(SetupRole::Active)) => SetupRole::Passive,
                (None, Some(SetupRole::Passive | SetupRole::ActPass) | None) => SetupRole::Active,
                (None, Some(SetupRole::HoldConn)) => {
                    return Err(Error::InvalidAccess(InvalidAccess::SetupRole));
                }
            };
            let bundled = section.mid.as_ref().is_some_and(|mid| remote.is_bundled(mid));
            let (mid, protocol) = (section.mid.clone(), section.protocol.clone());
            let credentials = transport.local_credentials().clone();
            planned.push(data_section(
                &self.config,
                &self.certificate,
                mid,
                protocol,
                bundled,
                credentials,
                setup,
            ));
        }
        let plan = Plan { lite: self.config.ice.lite, sections: planned };
        let sdp = jsep::build(&plan, self.origin, &Candidates::default());
        self.created.answer = Some((sdp.clone(), plan));
        Ok(SessionDescription { kind: SdpType::Answer, sdp })
    }
}

fn data_section(
    config: &crate::Config,
    certificate: &siskin_crypto::Certificate,
    mid: Option<alloc::string::String>,
    protocol: MediaProtocol,
    bundled: bool,
    credentials: Credentials,
    setup: SetupRole,
) -> PlannedSection {
    let fingerprint: Fingerprint = certificate.fingerprint(&config.provider, HashAlgorithm::Sha256);
    PlannedSection::Data {
        mid,
        protocol,
        bundled,
        credentials,
        fingerprints: vec![fingerprint],
        setup,
        max_message_size: config.max_message_size,
    }
}
