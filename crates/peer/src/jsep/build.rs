//! Writing local descriptions (RFC 9429 §5.2, §5.3).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use siskin_base::{Candidate, CandidateAddress, CandidateKind, Fingerprint, SetupRole};
use siskin_ice::Credentials;
use siskin_sdp::{
    Attribute, Connection, Format, Group, GroupSemantics, Media, MediaKind, MediaProtocol, Origin, Session,
};

/// What a local description promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// We are a lite agent (RFC 8839 §5.3).
    pub(crate) lite: bool,
    pub(crate) sections: Vec<PlannedSection>,
}

/// A media section of a local description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlannedSection {
    /// Data channels.
    Data {
        mid: Option<String>,
        protocol: MediaProtocol,
        bundled: bool,
        credentials: Credentials,
        fingerprints: Vec<Fingerprint>,
        setup: SetupRole,
        max_message_size: u32,
    },
    /// A section that is not, or no longer, in use.
    Rejected { mid: Option<String>, kind: MediaKind, protocol: MediaProtocol, formats: Vec<Format> },
}

impl PlannedSection {
    pub(crate) fn mid(&self) -> Option<&String> {
        match self {
            Self::Data { mid, .. } | Self::Rejected { mid, .. } => mid.as_ref(),
        }
    }
}

/// The `o=` line's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionOrigin {
    pub(crate) session_id: u64,
    pub(crate) version: u64,
}

/// Candidates to be written into the data section.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) complete: bool,
}

/// The description that says what `plan` promises.
pub(crate) fn build(plan: &Plan, origin: SessionOrigin, candidates: &Candidates) -> String {
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    // RFC 9429 §5.2.1: the address of the `o=` line should not tell one.
    let mut session = Session::new(Origin {
        username: "-".into(),
        session_id: origin.session_id,
        session_version: origin.version,
        address: nowhere.into(),
    });
    let bundled = plan.sections.iter().filter_map(|section| match section {
        PlannedSection::Data { mid: Some(mid), bundled: true, .. } => Some(mid.clone()),
        _ => None,
    });
    let mids: Vec<String> = bundled.collect();
    if !mids.is_empty() {
        session.attributes.push(Attribute::Group(Group { semantics: GroupSemantics::Bundle, mids }));
    }
    if plan.lite {
        session.attributes.push(Attribute::IceLite);
    }
    session.media = plan.sections.iter().map(|section| media(section, candidates)).collect();
    alloc::format!("{session}")
}

fn media(section: &PlannedSection, gathered: &Candidates) -> Media {
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    match section {
        PlannedSection::Rejected { mid, kind, protocol, formats } => {
            let mut media = Media::new(kind.clone(), protocol.clone(), formats.iter().cloned());
            media.port = 0;
            media.connections.push(Connection::from(nowhere));
            media.attributes.extend(mid.iter().cloned().map(Attribute::Mid));
            media
        }
        PlannedSection::Data {
            mid, protocol, credentials, fingerprints, setup, max_message_size, ..
        } => {
            let format = Format::from("webrtc-datachannel");
            let mut media = Media::new(MediaKind::Application, protocol.clone(), [format]);
            // RFC 9429 §5.2.2: the default candidate, or port 9 and no address while there is none.
            let default = default_candidate(&gathered.candidates);
            media.port = default.map_or(9, |(_, port)| port);
            media.connections.push(Connection::from(default.map_or(nowhere, |(ip, _)| ip)));
            let attributes = &mut media.attributes;
            attributes.extend(mid.iter().cloned().map(Attribute::Mid));
            attributes.extend(gathered.candidates.iter().map(|c| Attribute::Candidate(Box::new(c.clone()))));
            if gathered.complete {
                attributes.push(Attribute::EndOfCandidates);
            }
            attributes.push(Attribute::IceUfrag(credentials.ufrag.clone()));
            attributes.push(Attribute::IcePwd(credentials.password.clone()));
            attributes.push(Attribute::IceOptions(["trickle", "ice2"].map(String::from).to_vec()));
            attributes.extend(fingerprints.iter().cloned().map(Attribute::Fingerprint));
            attributes.push(Attribute::Setup(*setup));
            attributes.push(Attribute::SctpPort(5000));
            attributes.push(Attribute::MaxMessageSize(u64::from(*max_message_size)));
            media
        }
    }
}

/// RFC 8445 §5.1.4: the one most likely to work for an agent without ICE.
fn default_candidate(candidates: &[Candidate]) -> Option<(IpAddr, u16)> {
    let rank = |candidate: &Candidate| match candidate.kind {
        CandidateKind::Relayed => 3,
        CandidateKind::ServerReflexive => 2,
        CandidateKind::Host => 1,
        _ => 0,
    };
    let addressed = candidates.iter().filter_map(|candidate| match candidate.address {
        CandidateAddress::Ip(ip) if candidate.tcp_type.is_none() => {
            Some((rank(candidate), ip.is_ipv4(), ip, candidate.port))
        }
        _ => None,
    });
    addressed.max_by_key(|(rank, v4, ..)| (*rank, *v4)).map(|(_, _, ip, port)| (ip, port))
}
