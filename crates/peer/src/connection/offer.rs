//! What an offer holds: the sections there are, those that were added, and what each is carried on (RFC 9429 §5.2).

use super::{OfferOptions, PeerConnection};
use crate::config::{BundlePolicy, HeaderEncryption};
use crate::jsep::{Content, Place, Plan, PlannedRtp, PlannedSection};
use crate::media::{Numbers, TrackKind, offer_codecs, offer_extensions};
use crate::sections::{Section, TransportId, UsedFor, unused_mid};
use crate::transceiver::Transceiver;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use siskin_base::SetupRole;
use siskin_ice::Credentials;
use siskin_sdp::{MediaKind, MediaProtocol, Simulcast, SimulcastStream};

/// What the sections of one offer share.
struct Draft {
    restart: bool,
    numbers: Numbers,
    mids: Vec<String>,
    /// The transport of the bundle that was agreed on: what is added joins it.
    bundle: Option<TransportId>,
    restarted: BTreeMap<TransportId, Credentials>,
    fresh: BTreeMap<Share, Credentials>,
}

/// New sections with the same share have the same transport, as the bundle policy wants it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    All,
    OfKind(Option<TrackKind>),
    OfSection(usize),
}

impl PeerConnection {
    pub(super) fn plan_offer(&mut self, options: OfferOptions) -> Plan {
        let mut draft = self.draft(options);
        let mut added: VecDeque<Transceiver> = self.transceivers_without_section();
        let mut sections: Vec<PlannedSection> = Vec::new();
        for (index, section) in self.sections.0.clone().into_iter().enumerate() {
            let planned = match section.used_for {
                UsedFor::Data if section.transport.is_some() => {
                    Some(self.data_section(&mut draft, index, &section))
                }
                UsedFor::Rtp(id) if section.transport.is_some() => {
                    let transceiver =
                        self.transceiver(id).filter(|transceiver| transceiver.is_alive()).cloned();
                    let mid = section.mid.clone().unwrap_or_default();
                    transceiver.map(|t| self.rtp_section(&mut draft, index, mid, section.transport, &t))
                }
                // RFC 9429 §5.2.2: what is added takes the place of what was rejected.
                _ if section.transport.is_none() => {
                    added.pop_front().map(|t| self.added_section(&mut draft, index, &t))
                }
                _ => None,
            };
            sections.push(planned.unwrap_or_else(|| rejected(section)));
        }
        for transceiver in added {
            sections.push(self.added_section(&mut draft, sections.len(), &transceiver));
        }
        if self.wants_data() && self.sections.data().is_none() {
            let section = new_data_section(draft.next_mid());
            sections.push(self.data_section(&mut draft, sections.len(), &section));
        }
        let accepted = sections.iter().filter(|section| section.carrier().is_some());
        // RFC 9143 §7.2.1: the tag comes first, and is a section that describes the transport.
        let mids: Vec<String> = accepted.filter_map(|section| section.mid.clone()).collect();
        let bundles = if mids.is_empty() { Vec::new() } else { vec![mids] };
        let mut plan = Plan { lite: self.config.ice.lite, bundles, lip_sync: Vec::new(), sections };
        let first = self.signaling.remote.current.is_none();
        let elsewhere = if draft.bundle.is_none() { Place::BundleOnly } else { Place::AtTheTag };
        self.place_transports(&mut plan, first, elsewhere);
        plan.lip_sync = self.lip_sync_groups(&plan);
        plan
    }

    fn draft(&self, options: OfferOptions) -> Draft {
        let mut numbers = Numbers::default();
        for transceiver in &self.transceivers {
            numbers.note(&transceiver.local.codecs, &transceiver.local.extensions);
            numbers.note(&transceiver.send_codecs, &[]);
        }
        self.transceivers.iter().for_each(|known| numbers.note_extensions(&known.extensions));
        let bundled = self.signaling.remote.current.as_ref().and_then(|remote| remote.read.bundles.first());
        let bundle = bundled.and_then(|mids| {
            mids.iter().find_map(|mid| self.sections.transport_of(self.sections.index_of(mid)?))
        });
        Draft {
            restart: options.ice_restart || self.wants_restart(),
            numbers,
            mids: self.sections.0.iter().filter_map(|section| section.mid.clone()).collect(),
            bundle,
            restarted: BTreeMap::new(),
            fresh: BTreeMap::new(),
        }
    }

    fn transceivers_without_section(&self) -> VecDeque<Transceiver> {
        let added = self.transceivers.iter().filter(|t| t.is_alive() && self.sections.of(t.id).is_none());
        added.cloned().collect()
    }

    fn data_section(&mut self, draft: &mut Draft, index: usize, section: &Section) -> PlannedSection {
        let (known, credentials) = self.share(draft, index, section.transport, None);
        // RFC 8842 §5.2: an offer leaves the choice to the answerer, a later one too.
        let carrier = self.carrier(known, credentials, SetupRole::ActPass);
        PlannedSection {
            mid: section.mid.clone(),
            kind: section.kind.clone(),
            protocol: section.protocol.clone(),
            content: Content::Data { carrier, max_message_size: self.config.max_message_size },
        }
    }

    fn added_section(
        &mut self,
        draft: &mut Draft,
        index: usize,
        transceiver: &Transceiver,
    ) -> PlannedSection {
        let mid = draft.next_mid();
        self.rtp_section(draft, index, mid, None, transceiver)
    }

    fn rtp_section(
        &mut self,
        draft: &mut Draft,
        index: usize,
        mid: String,
        transport: Option<TransportId>,
        transceiver: &Transceiver,
    ) -> PlannedSection {
        let (known, credentials) = self.share(draft, index, transport, Some(transceiver.kind));
        let carrier = self.carrier(known, credentials, SetupRole::ActPass);
        let (kind, numbers) = (transceiver.kind, &mut draft.numbers);
        let media = self.config.media.clone().unwrap_or_default();
        let agreed = &transceiver.local;
        let mut rtp = PlannedRtp {
            direction: transceiver.direction,
            codecs: offer_codecs(
                &media,
                kind,
                &transceiver.preferences,
                transceiver.direction,
                &agreed.codecs,
                numbers,
            ),
            extensions: offer_extensions(&transceiver.extensions, &agreed.extensions, numbers),
            cryptex: self.config.header_encryption != HeaderEncryption::Disable,
            answers_clocks: true,
            msids: Vec::new(),
            cname: String::new(),
            sources: Vec::new(),
            lone_rid: None,
            simulcast: Simulcast::default(),
        };
        let streams = |rids: &[String]| {
            rids.iter().map(|rid| vec![SimulcastStream { rid: rid.clone(), paused: false }]).collect()
        };
        // RFC 9429 §5.2.1: one RID is no simulcast.
        let rids: Vec<String> = transceiver.sender.rids().cloned().collect();
        match rids.as_slice() {
            _ if !transceiver.direction.sends() => {}
            [] => {}
            [rid] => rtp.lone_rid = Some(rid.clone()),
            rids => rtp.simulcast.send = streams(rids),
        }
        // RFC 9429 §5.2.1: offers ask for no simulcast: not done, because RFC 8853 §5.3.1 lets them, and a server wants to.
        // RFC 8853 §5.2: streams paused from the start, and alternatives: not done, because RTP would need RFC 7728.
        if transceiver.direction.receives() {
            rtp.simulcast.recv = streams(&transceiver.wanted_rids);
        }
        self.describe_sending(transceiver, &mut rtp);
        PlannedSection {
            mid: Some(mid),
            kind: kind.section(),
            protocol: MediaProtocol::UdpTlsRtpSavpf,
            content: Content::Rtp { carrier, transceiver: transceiver.id, rtp: Box::new(rtp) },
        }
    }

    /// The transport of a section, or the credentials of the one that it is to get.
    fn share(
        &mut self,
        draft: &mut Draft,
        index: usize,
        known: Option<TransportId>,
        kind: Option<TrackKind>,
    ) -> (Option<TransportId>, Credentials) {
        let known = known.or(draft.bundle);
        if let Some((id, transport)) = known.and_then(|id| Some((id, self.transports.get(&id)?))) {
            if !draft.restart {
                return (known, transport.local_credentials().clone());
            }
            let fresh = draft.restarted.entry(id).or_insert_with(|| Credentials::random(&mut self.rng));
            return (known, fresh.clone());
        }
        let share = match self.config.bundle_policy {
            BundlePolicy::MaxBundle => Share::All,
            BundlePolicy::Balanced => Share::OfKind(kind),
            BundlePolicy::MaxCompat => Share::OfSection(index),
        };
        let fresh = draft.fresh.entry(share).or_insert_with(|| Credentials::random(&mut self.rng));
        (None, fresh.clone())
    }
}

impl Draft {
    fn next_mid(&mut self) -> String {
        let mid = unused_mid(&self.mids);
        self.mids.push(mid.clone());
        mid
    }
}

fn rejected(section: Section) -> PlannedSection {
    let Section { mid, kind, protocol, formats, .. } = section;
    PlannedSection { mid, kind, protocol, content: Content::Rejected { formats } }
}

/// A data section that is not negotiated yet.
fn new_data_section(mid: String) -> Section {
    Section {
        mid: Some(mid),
        kind: MediaKind::Application,
        protocol: MediaProtocol::UdpDtlsSctp,
        formats: vec!["webrtc-datachannel".into()],
        used_for: UsedFor::Data,
        transport: None,
    }
}
