//! A remote description, reduced to what a connection acts on. What it does not know is left out here, and so never
//! finds its way into an answer.

use super::rtp_lines::RemoteRtp;
use crate::error::{Error, InvalidAccess};
use crate::media::TrackKind;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::{Candidate, Fingerprint, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::{Attribute, Attributes, Format, GroupSemantics, Media, MediaKind, MediaProtocol, Session};

/// A remote description.
#[derive(Clone, Debug)]
pub(crate) struct RemoteDescription {
    pub(crate) sections: Vec<RemoteSection>,
    /// The mids of each BUNDLE group (RFC 9143 §7).
    pub(crate) bundles: Vec<Vec<String>>,
    /// The mids of each group that is to be played in step (RFC 5888 §7).
    pub(crate) lip_sync: Vec<Vec<String>>,
}

/// One media section.
#[derive(Clone, Debug)]
pub(crate) struct RemoteSection {
    pub(crate) mid: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) protocol: MediaProtocol,
    pub(crate) formats: Vec<Format>,
    pub(crate) content: RemoteContent,
    /// What it is carried on; present unless the content is `Other`.
    pub(crate) transport: Option<RemoteTransport>,
}

/// What a section is for, as far as we can take part.
#[derive(Clone, Debug)]
pub(crate) enum RemoteContent {
    /// Rejected, or nothing that we know.
    Other,
    Data(RemoteData),
    Rtp(Box<RemoteRtp>),
}

/// What a data section says about its association.
#[derive(Clone, Debug)]
pub(crate) struct RemoteData {
    pub(crate) sctp_port: u16,
    /// Bytes; `None` is any size.
    pub(crate) max_message_size: Option<u64>,
}

/// What a section says about its transport.
#[derive(Clone, Debug)]
pub(crate) struct RemoteTransport {
    pub(crate) credentials: Credentials,
    pub(crate) lite: bool,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) setup: Option<SetupRole>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) end_of_candidates: bool,
}

/// What a peer takes that does not say (RFC 8841 §6.1).
const DEFAULT_MAX_MESSAGE_SIZE: u64 = 65_536;
// RFC 8841 §5.1: not done, because a peer that leaves the attribute out uses what all of WebRTC uses: the section is not
// invalid without it.
const DEFAULT_SCTP_PORT: u16 = 5000;

impl RemoteDescription {
    /// Reads what concerns us, and checks it. Audio and video concern us if `media` is set.
    pub(crate) fn read(session: &Session, media: bool) -> Result<Self, Error> {
        let groups =
            |wanted: GroupSemantics| session.groups(&wanted).map(|group| group.mids.clone()).collect();
        let (bundles, lip_sync) =
            (groups(GroupSemantics::Bundle), groups(GroupSemantics::LipSynchronization));
        let mut read = Self { sections: Vec::with_capacity(session.media.len()), bundles, lip_sync };
        let mut data = false;
        for described in &session.media {
            let mut section = read.section(session, described, media)?;
            // Of several data sections we take part in the first: JSEP knows but one (RFC 9429 §5.2.1).
            if matches!(section.content, RemoteContent::Data(_)) && core::mem::replace(&mut data, true) {
                (section.content, section.transport) = (RemoteContent::Other, None);
            }
            if section.mid.is_some() && read.sections.iter().any(|earlier| earlier.mid == section.mid) {
                return Err(Error::InvalidAccess(InvalidAccess::Mid));
            }
            read.sections.push(section);
        }
        read.level_cryptex();
        Ok(read)
    }

    /// RFC 9335 §4: all sections of a bundle say it, or none can be sent it: which section a packet is for may stand in what
    /// is encrypted.
    fn level_cryptex(&mut self) {
        let lacking: Vec<usize> = (0..self.sections.len())
            .filter(|index| {
                self.sections.get(*index).and_then(RemoteSection::rtp).is_some_and(|rtp| !rtp.cryptex)
            })
            .flat_map(|index| self.bundled_with(index))
            .collect();
        for index in lacking {
            if let Some(RemoteContent::Rtp(rtp)) =
                self.sections.get_mut(index).map(|section| &mut section.content)
            {
                rtp.cryptex = false;
            }
        }
    }

    /// For a description that was applied: the candidates are ICE's now.
    pub(crate) fn forget_candidates(&mut self) {
        let transports = self.sections.iter_mut().filter_map(|section| section.transport.as_mut());
        transports.for_each(|transport| transport.candidates = Vec::new());
    }

    fn section(&self, session: &Session, described: &Media, media: bool) -> Result<RemoteSection, Error> {
        let mid = described.mid().map(String::from);
        let bundle = mid.as_deref().and_then(|mid| self.bundle_of(mid));
        // RFC 9143 §6: port zero with bundle-only is no rejection.
        let bundle_only = bundle.is_some() && described.attributes.contains(&Attribute::BundleOnly);
        // RFC 8841 §10.3, §10.4: an SCTP port of zero closes the association, or refuses it.
        let rejected = (described.port == 0 && !bundle_only) || described.sctp_port() == Some(0);
        // What the transport is, the first section of a bundle may say for all (RFC 9143 §7.1.3).
        let tagged = bundle.and_then(|mids| session.media_by_mid(mids.first()?)).map(|(_, tagged)| tagged);
        let tagged = tagged.map_or(&described.attributes, |tagged| &tagged.attributes);
        let kind = TrackKind::of(&described.kind).filter(|_| media && carries_srtp(&described.protocol));
        let content = match kind {
            _ if rejected => RemoteContent::Other,
            _ if described.is_data_channel() => RemoteContent::Data(RemoteData::read(described)),
            Some(kind) => {
                let rtp = RemoteRtp::read(session, described, kind, tagged);
                let mut numbers = described.formats.iter().filter_map(Format::payload_type);
                if rtp.rtcp_mux && numbers.any(|number| (64..96).contains(&number)) {
                    return Err(Error::InvalidAccess(InvalidAccess::PayloadType));
                }
                RemoteContent::Rtp(Box::new(rtp))
            }
            None => RemoteContent::Other,
        };
        let transport = match content {
            RemoteContent::Other => None,
            _ => Some(RemoteTransport::read(session, described, tagged)?),
        };
        Ok(RemoteSection {
            mid,
            kind: described.kind.clone(),
            protocol: described.protocol.clone(),
            formats: described.formats.clone(),
            content,
            transport,
        })
    }

    /// The BUNDLE group that `mid` is part of.
    pub(crate) fn bundle_of(&self, mid: &str) -> Option<&Vec<String>> {
        self.bundles.iter().find(|mids| mids.iter().any(|bundled| bundled == mid))
    }

    /// The group of the section at `index`, as the indexes of its sections in the group's order.
    pub(crate) fn bundled_with(&self, index: usize) -> Vec<usize> {
        let mid = self.sections.get(index).and_then(|section| section.mid.as_deref());
        let group = mid.and_then(|mid| self.bundle_of(mid));
        let place = |mid: &String| self.sections.iter().position(|section| section.mid.as_ref() == Some(mid));
        group.map(|mids| mids.iter().filter_map(place).collect()).unwrap_or_default()
    }
}

impl RemoteSection {
    pub(crate) fn rtp(&self) -> Option<&RemoteRtp> {
        match &self.content {
            RemoteContent::Rtp(rtp) => Some(rtp),
            _ => None,
        }
    }
}

/// Whether such a section can be carried by DTLS-SRTP (RFC 9429 §5.1.2).
fn carries_srtp(protocol: &MediaProtocol) -> bool {
    matches!(
        protocol,
        MediaProtocol::UdpTlsRtpSavpf
            | MediaProtocol::TcpDtlsRtpSavpf
            | MediaProtocol::UdpTlsRtpSavp
            | MediaProtocol::TcpDtlsRtpSavp
            | MediaProtocol::RtpSavpf
            | MediaProtocol::RtpSavp
    )
}

impl RemoteData {
    fn read(media: &Media) -> Self {
        let max_message_size = match media.max_message_size().unwrap_or(DEFAULT_MAX_MESSAGE_SIZE) {
            0 => None, // RFC 8841 §6.1: any size
            size => Some(size),
        };
        Self { sctp_port: media.sctp_port().unwrap_or(DEFAULT_SCTP_PORT), max_message_size }
    }
}

impl RemoteTransport {
    fn read(session: &Session, media: &Media, tagged: &Attributes) -> Result<Self, Error> {
        let own_ufrag = media.ice_ufrag();
        // Who says its own is bundled only if the answer says so.
        let shared = own_ufrag.is_none() || own_ufrag == tagged.ice_ufrag();
        let tagged = if shared { tagged } else { &media.attributes };
        let at_any_level = [&media.attributes, tagged, &session.attributes];
        let ufrag = at_any_level.iter().find_map(|attributes| attributes.ice_ufrag());
        let pwd = at_any_level.iter().find_map(|attributes| attributes.ice_pwd());
        let credentials = ufrag.zip(pwd).and_then(|(ufrag, pwd)| Credentials::new(ufrag, pwd).ok());
        let credentials = credentials.ok_or(Error::InvalidAccess(InvalidAccess::NoIceCredentials))?;
        // RFC 8122 §5: what the section says replaces what the session says.
        let fingerprints = at_any_level.iter().map(|attributes| attributes.fingerprints().cloned());
        let fingerprints = fingerprints.map(Iterator::collect::<Vec<_>>).find(|found| !found.is_empty());
        let fingerprints = fingerprints.ok_or(Error::InvalidAccess(InvalidAccess::NoFingerprint))?;
        let own = media.candidates().next().is_some();
        let candidates = if own { &media.attributes } else { tagged };
        let ended = |attributes: &&Attributes| attributes.contains(&Attribute::EndOfCandidates);
        Ok(Self {
            credentials,
            lite: session.ice_lite(),
            fingerprints,
            setup: at_any_level.iter().find_map(|attributes| attributes.setup()),
            candidates: candidates.candidates().cloned().collect(),
            end_of_candidates: at_any_level.iter().any(ended),
        })
    }
}
