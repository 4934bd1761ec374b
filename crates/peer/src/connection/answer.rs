//! What an answer holds: for each section of the offer, what both sides can do (RFC 9429 §5.3).

use super::PeerConnection;
use crate::SignalingState;
use crate::config::{BundlePolicy, HeaderEncryption};
use crate::error::{Error, InvalidAccess, InvalidState};
use crate::jsep::{
    Content, Place, Plan, PlannedRtp, PlannedSection, RemoteContent, RemoteDescription, RemoteRtp,
    RemoteSection,
};
use crate::media::{answer_codecs, answer_extensions, intersect};
use crate::sections::{TransportId, UsedFor};
use crate::transceiver::Transceiver;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use siskin_base::SetupRole;
use siskin_sdp::{Direction, Simulcast, SimulcastStream};

impl PeerConnection {
    pub(super) fn plan_answer(&self) -> Result<Plan, Error> {
        let answering = [SignalingState::HaveRemoteOffer, SignalingState::HaveLocalPrAnswer];
        let remote =
            self.signaling.remote.pending.as_ref().filter(|_| answering.contains(&self.signaling.state));
        let remote = &remote.ok_or(Error::InvalidState(InvalidState::NoRemoteOffer))?.read;
        let mut sections = Vec::with_capacity(remote.sections.len());
        for (index, offered) in remote.sections.iter().enumerate() {
            let transport = self.sections.transport_of(index).filter(|_| self.keeps_bundle(remote, index));
            let content = transport.map(|id| self.answer_section(index, offered, id)).transpose()?.flatten();
            sections.push(PlannedSection {
                mid: offered.mid.clone(),
                kind: offered.kind.clone(),
                protocol: offered.protocol.clone(),
                content: content.unwrap_or_else(|| Content::Rejected { formats: offered.formats.clone() }),
            });
        }
        let accepted = |mid: &&String| {
            let section = sections.iter().find(|section| section.mid.as_ref() == Some(mid));
            section.is_some_and(|section| section.carrier().is_some())
        };
        // RFC 9429 §5.3.1: what is rejected leaves its group.
        let bundles = remote.bundles.iter().map(|mids| mids.iter().filter(accepted).cloned().collect());
        let bundles = bundles.filter(|mids: &Vec<String>| !mids.is_empty()).collect();
        let mut plan = Plan { lite: self.config.ice.lite, bundles, lip_sync: Vec::new(), sections };
        self.place_transports(&mut plan, false, Place::AtTheTag);
        plan.lip_sync = self.answer_lip_sync(&plan, remote);
        Ok(plan)
    }

    /// RFC 9143 §7.3.3: a bundle whose tagged section is rejected is rejected with it, if its transport was to be that
    /// section's. It is another one's if the tagged section could not be accepted at all: then the first that can be is
    /// the tag of our answer.
    fn keeps_bundle(&self, remote: &RemoteDescription, index: usize) -> bool {
        let tag = remote.bundled_with(index).into_iter().find(|index| self.accepts(remote, *index));
        tag.is_none_or(|tag| match self.sections.0.get(tag).map(|section| section.used_for) {
            Some(UsedFor::Rtp(id)) => self.transceiver(id).is_some_and(|known| !known.stopped),
            _ => true,
        })
    }

    /// Whether we take part in that section of an offer, before any transceiver is asked.
    pub(super) fn accepts(&self, remote: &RemoteDescription, index: usize) -> bool {
        let Some(section) = remote.sections.get(index) else { return false };
        if !self.bundle_policy_accepts(remote, index) {
            return false;
        }
        match &section.content {
            RemoteContent::Other => false,
            RemoteContent::Data(_) => true,
            // webrtc-pc §4.2.5: RTCP is multiplexed, or the section is rejected.
            RemoteContent::Rtp(rtp) => rtp.rtcp_mux && self.has_common_codec(index, rtp),
        }
    }

    /// RFC 9429 §5.3.1: what a stricter policy than the offer's leaves out.
    fn bundle_policy_accepts(&self, remote: &RemoteDescription, index: usize) -> bool {
        let kind = remote.sections.get(index).map(|section| &section.kind);
        // A section that the offer itself rejects leads nobody.
        let first = |of: &dyn Fn(&RemoteSection) -> bool| {
            remote
                .sections
                .iter()
                .position(|section| section.transport.is_some() && of(section))
                .unwrap_or(index)
        };
        let leader = match self.config.bundle_policy {
            BundlePolicy::MaxCompat => return true,
            BundlePolicy::MaxBundle => first(&|_| true),
            BundlePolicy::Balanced => first(&|section| Some(&section.kind) == kind),
        };
        leader == index || remote.bundled_with(index).contains(&leader)
    }

    fn has_common_codec(&self, index: usize, rtp: &RemoteRtp) -> bool {
        let Some(media) = &self.config.media else { return false };
        let transceiver = match self.sections.0.get(index).map(|section| section.used_for) {
            Some(UsedFor::Rtp(id)) => self.transceiver(id),
            _ => None,
        };
        let preferences = transceiver.map_or(&[][..], |transceiver| &transceiver.preferences);
        // Which way it goes is known when it is answered.
        !answer_codecs(media, rtp.kind, preferences, Direction::Inactive, &rtp.codecs).is_empty()
    }

    fn answer_section(
        &self,
        index: usize,
        offered: &RemoteSection,
        id: TransportId,
    ) -> Result<Option<Content>, Error> {
        let (Some(transport), Some(described)) = (self.transports.get(&id), &offered.transport) else {
            return Ok(None);
        };
        // RFC 8842 §5.3: an association that lives keeps its roles; else we choose to start, and save a round trip.
        // RFC 9429 §5.8.3: not done, because old peers leave `a=setup` out: RFC 4145 §4 says what that means then.
        let setup = match (transport.is_dtls_client(), described.setup) {
            (Some(true), _) => SetupRole::Active,
            (Some(false), _) => SetupRole::Passive,
            (None, Some(SetupRole::Active) | None) => SetupRole::Passive,
            (None, Some(SetupRole::Passive | SetupRole::ActPass)) => SetupRole::Active,
            (None, Some(SetupRole::HoldConn)) => {
                return Err(Error::InvalidAccess(InvalidAccess::SetupRole));
            }
        };
        let carrier = self.carrier(Some(id), transport.local_credentials().clone(), setup);
        Ok(match &offered.content {
            RemoteContent::Other => None,
            RemoteContent::Data(_) => {
                Some(Content::Data { carrier, max_message_size: self.config.max_message_size })
            }
            // RFC 9429 §5.3.1: what is stopped is rejected: not done, because webrtc-pc §5.4 lets answers have it as inactive until
            // an offer of ours has said so.
            RemoteContent::Rtp(rtp) => {
                let section = self.sections.0.get(index).map(|section| section.used_for);
                let transceiver = match section {
                    Some(UsedFor::Rtp(id)) => self.transceiver(id).filter(|known| !known.stopped),
                    _ => None,
                };
                transceiver.and_then(|transceiver| {
                    let rtp = Box::new(self.answer_rtp(transceiver, rtp)?);
                    Some(Content::Rtp { carrier, transceiver: transceiver.id, rtp })
                })
            }
        })
    }

    fn answer_rtp(&self, transceiver: &Transceiver, offered: &RemoteRtp) -> Option<PlannedRtp> {
        let media = self.config.media.as_ref()?;
        let direction = intersect(transceiver.direction, offered.direction.reversed());
        let codecs = answer_codecs(media, offered.kind, &transceiver.preferences, direction, &offered.codecs);
        if codecs.is_empty() {
            return None;
        }
        let mut rtp = PlannedRtp {
            direction,
            codecs,
            extensions: answer_extensions(&transceiver.extensions, &offered.extensions),
            cryptex: offered.cryptex && self.config.header_encryption != HeaderEncryption::Disable,
            answers_clocks: offered.answers_clocks,
            msids: Vec::new(),
            cname: String::new(),
            sources: Vec::new(),
            lone_rid: None,
            simulcast: answer_simulcast(transceiver, offered),
        };
        if !direction.receives() {
            rtp.simulcast.recv.clear();
        }
        if !direction.sends() {
            rtp.simulcast.send.clear();
        }
        self.describe_sending(transceiver, &mut rtp);
        Some(rtp)
    }

    /// RFC 9429 §5.3.1: of a group of the offer, what is in one stream here too, and what is in none.
    fn answer_lip_sync(&self, plan: &Plan, remote: &RemoteDescription) -> Vec<Vec<String>> {
        let streams = |mid: &String| {
            let section = plan.sections.iter().find(|section| section.mid.as_ref() == Some(mid));
            let (id, _) = section?.rtp()?;
            self.transceiver(id).map(|transceiver| transceiver.sender.streams.as_slice())
        };
        let mut groups: Vec<Vec<String>> = Vec::new();
        for offered in &remote.lip_sync {
            let named: BTreeSet<&String> = offered.iter().filter_map(streams).flatten().collect();
            let in_one = |stream: Option<&String>| {
                let belongs = |mid: &&String| {
                    streams(mid).is_some_and(|own| {
                        own.is_empty() || stream.is_some_and(|stream| own.contains(stream))
                    })
                };
                offered.iter().filter(belongs).cloned().collect::<Vec<String>>()
            };
            let candidates = if named.is_empty() {
                vec![in_one(None)]
            } else {
                named.into_iter().map(|stream| in_one(Some(stream))).collect()
            };
            for group in candidates {
                if group.len() > 1 && !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        groups
    }
}

/// RFC 8853 §5.3.2: what is offered to be sent is received, the first of each list of alternatives; what is asked for is
/// sent as far as the sender has it, in the sender's order.
fn answer_simulcast(transceiver: &Transceiver, offered: &RemoteRtp) -> Simulcast {
    let stream = |rid: String| [SimulcastStream { rid, paused: false }].to_vec();
    let known = |alternatives: &Vec<SimulcastStream>| {
        let known =
            alternatives.iter().find(|stream| transceiver.sender.rids().any(|rid| *rid == stream.rid))?;
        Some(known.rid.clone())
    };
    let asked: Vec<String> = offered.simulcast.recv.iter().filter_map(known).collect();
    let sent = transceiver.sender.rids().filter(|rid| asked.contains(rid));
    Simulcast {
        send: sent.cloned().map(stream).collect(),
        recv: offered.sent_rids().into_iter().map(stream).collect(),
    }
}
