//! `create_offer` and `create_answer` (webrtc-pc §4.4.2): what both share. They change nothing but what they promise.

use super::PeerConnection;
use crate::error::{Error, Operation};
use crate::jsep::{self, Candidates, Carrier, Place, Plan, PlannedRtp, PlannedSection, RtcpLines};
use crate::recording::Input;
use crate::sections::TransportId;
use crate::transceiver::{Transceiver, TransceiverId};
use crate::{SdpType, SessionDescription};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use siskin_base::{Fingerprint, HashAlgorithm, Instant, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::Msid;

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
    /// `InvalidStateError` if the connection is closed; `OperationError` if a transceiver is to go a way that none of its codecs goes.
    pub fn create_offer(&mut self, now: Instant, options: OfferOptions) -> Result<SessionDescription, Error> {
        self.note(now, || Input::CreateOffer(options));
        self.make_offer(options)
    }

    pub(super) fn make_offer(&mut self, options: OfferOptions) -> Result<SessionDescription, Error> {
        self.check_open()?;
        let plan = self.plan_offer(options);
        // A section without formats is none (RFC 8866 §5.14).
        let mut offered = plan.sections.iter().filter_map(PlannedSection::rtp);
        if offered.any(|(_, rtp)| rtp.codecs.iter().all(|known| known.codec.is_resiliency())) {
            return Err(Error::Operation(Operation::NoCodec));
        }
        let sdp = jsep::build(&plan, self.origin, |_| Candidates::default());
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
        let plan = self.plan_answer()?;
        let sdp = jsep::build(&plan, self.origin, |_| Candidates::default());
        self.created.answer = Some((sdp.clone(), plan));
        Ok(SessionDescription { kind: SdpType::Answer, sdp })
    }

    pub(super) fn carrier(
        &self,
        known: Option<TransportId>,
        credentials: Credentials,
        setup: SetupRole,
    ) -> Carrier {
        let fingerprint =
            siskin_crypto::fingerprint(&self.config.provider, HashAlgorithm::Sha256, self.certificate.der());
        let fingerprints: Vec<Fingerprint> = vec![fingerprint];
        Carrier { known, credentials, fingerprints, setup, place: Place::Here, said: None, rtcp: None }
    }

    pub(super) fn transceiver(&self, id: TransceiverId) -> Option<&Transceiver> {
        self.transceivers.iter().find(|transceiver| transceiver.id == id)
    }

    /// The streams of the track that is sent, and its sources.
    pub(super) fn describe_sending(&self, transceiver: &Transceiver, rtp: &mut PlannedRtp) {
        // RFC 9429 §5.2.2: once said, the streams stay said, whatever becomes of the direction.
        if rtp.direction.sends() || transceiver.sender.has_sent {
            let streams = transceiver.sender.streams.iter();
            rtp.msids = streams.map(|stream| Msid { stream: stream.clone(), track: None }).collect();
            if rtp.msids.is_empty() {
                // RFC 8830 §2: without it, the peer would make a stream of its own for the track.
                rtp.msids.push(Msid { stream: Msid::NO_STREAM.into(), track: None });
            }
        }
        // Where RIDs name the streams, SSRCs do not.
        if rtp.direction.sends() && !transceiver.sender.has_rids() {
            let repairs = rtp.codecs.iter().any(|codec| codec.codec.is_rtx());
            let rtx = Some(transceiver.sender.rtx_ssrc).filter(|_| repairs);
            rtp.sources = vec![(transceiver.sender.ssrc, rtx)];
        }
        rtp.cname.clone_from(&self.cname);
    }

    /// Sections that share a transport describe it once, and there say what holds for RTCP.
    pub(super) fn place_transports(&self, plan: &mut Plan, first_offer: bool, elsewhere: Place) {
        let mut described: Vec<(Option<TransportId>, Credentials)> = Vec::new();
        let mut rtp = Vec::new();
        for section in &mut plan.sections {
            let carries_rtp = section.rtp().is_some();
            let Some(carrier) = section.carrier_mut() else { continue };
            let transport = (carrier.known, carrier.credentials.clone());
            if carries_rtp && !rtp.contains(&transport) {
                rtp.push(transport.clone());
            }
            if described.contains(&transport) {
                carrier.place = elsewhere;
            } else {
                described.push(transport);
            }
        }
        for carrier in plan.sections.iter_mut().filter_map(PlannedSection::carrier_mut) {
            let carries_rtp = rtp.contains(&(carrier.known, carrier.credentials.clone()));
            carrier.rtcp = carries_rtp.then_some(RtcpLines { first_offer, reduced_size: true });
        }
        self.keep_said(plan);
    }

    /// Until ICE is restarted, a section that was bundled keeps the credentials that its first offer gave it: they are used no
    /// more, but Firefox takes others for a restart.
    fn keep_said(&self, plan: &mut Plan) {
        let Some(before) = self.signaling.local.current.as_ref().map(|local| &local.plan) else { return };
        for (section, before_it) in plan.sections.iter_mut().zip(&before.sections) {
            let (Some(carrier), Some(last)) = (section.carrier_mut(), before_it.carrier()) else { continue };
            let known = |other: &PlannedSection| {
                other.carrier().is_some_and(|other| other.credentials == carrier.credentials)
            };
            let restarted = !before.sections.iter().any(known);
            let said = last.said.as_ref().unwrap_or(&last.credentials);
            carrier.said = (!restarted && *said != carrier.credentials).then(|| said.clone());
        }
    }

    /// Groups of sections whose tracks are in one stream (RFC 9429 §5.2.1).
    pub(super) fn lip_sync_groups(&self, plan: &Plan) -> Vec<Vec<String>> {
        let mut groups: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for section in &plan.sections {
            let (Some((id, _)), Some(mid)) = (section.rtp(), &section.mid) else { continue };
            let streams = self.transceiver(id).map(|transceiver| transceiver.sender.streams.as_slice());
            for stream in streams.unwrap_or_default().iter() {
                groups.entry(stream).or_default().push(mid.clone());
            }
        }
        let mut groups: Vec<Vec<String>> = groups.into_values().filter(|mids| mids.len() > 1).collect();
        // RFC 9429 §5.2.2: what the last answer grouped stays together, as long as it is there.
        let there = |mid: &&String| {
            let section = plan.sections.iter().find(|section| section.mid.as_ref() == Some(mid));
            section.is_some_and(|section| section.rtp().is_some())
        };
        for group in self.answered_lip_sync() {
            let group: Vec<String> = group.iter().filter(there).cloned().collect();
            let within = |one: &Vec<String>, other: &Vec<String>| one.iter().all(|mid| other.contains(mid));
            if group.len() > 1 && !groups.iter().any(|known| within(&group, known)) {
                groups.retain(|known| !within(known, &group));
                groups.push(group);
            }
        }
        groups.sort();
        groups.dedup();
        groups
    }

    fn answered_lip_sync(&self) -> &[Vec<String>] {
        let ours = self.signaling.local.current.as_ref().filter(|local| local.kind == SdpType::Answer);
        let theirs = self.signaling.remote.current.as_ref();
        let theirs = theirs.filter(|remote| remote.description.kind == SdpType::Answer);
        ours.map(|local| local.plan.lip_sync.as_slice())
            .or_else(|| theirs.map(|remote| remote.read.lip_sync.as_slice()))
            .unwrap_or_default()
    }
}
