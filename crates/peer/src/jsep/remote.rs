//! A remote description, reduced to what a connection acts on. What it does not know is left out here, and so never
//! finds its way into an answer.

use crate::error::{Error, InvalidAccess};
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
}

/// One media section.
#[derive(Clone, Debug)]
pub(crate) struct RemoteSection {
    pub(crate) mid: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) protocol: MediaProtocol,
    pub(crate) formats: Vec<Format>,
    /// Present if this is a data section that was not rejected.
    pub(crate) data: Option<RemoteData>,
}

/// What a data section says about its transport and association.
#[derive(Clone, Debug)]
pub(crate) struct RemoteData {
    pub(crate) credentials: Credentials,
    pub(crate) lite: bool,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) setup: Option<SetupRole>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) end_of_candidates: bool,
    pub(crate) sctp_port: u16,
    /// Bytes; `None` is any size.
    pub(crate) max_message_size: Option<u64>,
}

/// What a peer takes that does not say (RFC 8841 §6.1).
const DEFAULT_MAX_MESSAGE_SIZE: u64 = 65_536;
/// RFC 8841 §5.1 wants the attribute; a peer that leaves it out uses what all of WebRTC uses.
const DEFAULT_SCTP_PORT: u16 = 5000;

impl RemoteDescription {
    /// Reads what concerns us, and checks it.
    pub(crate) fn read(session: &Session) -> Result<Self, Error> {
        let bundles = session.attributes.iter().filter_map(|attribute| match attribute {
            Attribute::Group(group) if group.semantics == GroupSemantics::Bundle => Some(group.mids.clone()),
            _ => None,
        });
        let bundles: Vec<Vec<String>> = bundles.collect();
        let mut sections: Vec<RemoteSection> = Vec::with_capacity(session.media.len());
        for media in &session.media {
            let section = RemoteSection::read(session, media, &bundles)?;
            if section.mid.is_some() && sections.iter().any(|earlier| earlier.mid == section.mid) {
                return Err(Error::InvalidAccess(InvalidAccess::Mid));
            }
            sections.push(section);
        }
        Ok(Self { sections, bundles })
    }

    /// The data section that we take part in: the first one that is not rejected.
    pub(crate) fn data(&self) -> Option<(usize, &RemoteSection, &RemoteData)> {
        let data = |(index, section)| RemoteSection::data_of(section).map(|data| (index, section, data));
        self.sections.iter().enumerate().find_map(data)
    }

    /// Whether both are part of one BUNDLE group.
    pub(crate) fn are_bundled(&self, a: &str, b: &str) -> bool {
        self.bundles.iter().any(|mids| [a, b].iter().all(|mid| mids.iter().any(|bundled| bundled == mid)))
    }

    /// Whether `mid` is part of a BUNDLE group.
    pub(crate) fn is_bundled(&self, mid: &str) -> bool {
        self.bundles.iter().flatten().any(|bundled| bundled == mid)
    }
}

impl RemoteSection {
    fn data_of(&self) -> Option<&RemoteData> {
        self.data.as_ref()
    }

    fn read(session: &Session, media: &Media, bundles: &[Vec<String>]) -> Result<Self, Error> {
        let mid = mid_of(media);
        let bundled = mid.as_ref().is_some_and(|mid| bundles.iter().flatten().any(|bundled| bundled == mid));
        // RFC 9143 §6: port zero with bundle-only is no rejection.
        let bundle_only = bundled && media.attributes.iter().any(|a| matches!(a, Attribute::BundleOnly));
        let rejected = media.port == 0 && !bundle_only;
        let bundle = bundles.iter().find(|mids| mid.as_ref().is_some_and(|mid| mids.contains(mid)));
        let tag = bundle.and_then(|mids| mids.first());
        let tagged = session.media.iter().find(|media| tag.is_some() && mid_of(media).as_ref() == tag);
        let data = (media.is_data_channel() && !rejected)
            .then(|| RemoteData::read(session, media, tagged))
            .transpose()?;
        Ok(Self {
            mid,
            kind: media.kind.clone(),
            protocol: media.protocol.clone(),
            formats: media.formats.clone(),
            data,
        })
    }
}

impl RemoteData {
    /// `tagged` is the first section of the bundle: what the transport is, it may say for all (RFC 9143 §7.1.3).
    fn read(session: &Session, media: &Media, tagged: Option<&Media>) -> Result<Self, Error> {
        let ufrag_of = |media: &Media| {
            find(&media.attributes, |a| {
                if let Attribute::IceUfrag(value) = a { Some(value.clone()) } else { None }
            })
        };
        let own_ufrag = ufrag_of(media);
        let shared = tagged.filter(|tagged| own_ufrag.is_none() || own_ufrag == ufrag_of(tagged));
        let tagged = shared.map_or(&media.attributes, |tagged| &tagged.attributes);
        let at_any_level = [&media.attributes, tagged, &session.attributes];
        let text = |pick: fn(&Attribute) -> Option<&String>| {
            at_any_level.iter().find_map(|attributes| attributes.iter().find_map(pick)).cloned()
        };
        let ufrag = text(|a| if let Attribute::IceUfrag(value) = a { Some(value) } else { None });
        let pwd = text(|a| if let Attribute::IcePwd(value) = a { Some(value) } else { None });
        let (Some(ufrag), Some(pwd)) = (ufrag, pwd) else {
            return Err(Error::InvalidAccess(InvalidAccess::NoIceCredentials));
        };
        // RFC 8122 §5: what the section says replaces what the session says.
        let fingerprints = at_any_level.iter().map(|attributes| fingerprints(attributes));
        let fingerprints = fingerprints.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        if fingerprints.is_empty() {
            return Err(Error::InvalidAccess(InvalidAccess::NoFingerprint));
        }
        let setup = at_any_level.iter().find_map(|attributes| {
            find(attributes, |a| if let Attribute::Setup(role) = a { Some(*role) } else { None })
        });
        let own = candidates(&media.attributes);
        let candidates = if own.is_empty() { candidates(tagged) } else { own };
        let ended =
            |attributes: &Attributes| attributes.iter().any(|a| matches!(a, Attribute::EndOfCandidates));
        let sctp_port =
            find(&media.attributes, |a| if let Attribute::SctpPort(port) = a { Some(*port) } else { None });
        let size =
            find(
                &media.attributes,
                |a| if let Attribute::MaxMessageSize(size) = a { Some(*size) } else { None },
            );
        let max_message_size = match size.unwrap_or(DEFAULT_MAX_MESSAGE_SIZE) {
            0 => None, // RFC 8841 §6.1: any size
            size => Some(size),
        };
        Ok(Self {
            credentials: Credentials::new(&ufrag, &pwd)
                .map_err(|_| Error::InvalidAccess(InvalidAccess::NoIceCredentials))?,
            lite: session.attributes.iter().any(|attribute| matches!(attribute, Attribute::IceLite)),
            fingerprints,
            setup,
            candidates,
            end_of_candidates: at_any_level.iter().any(|attributes| ended(attributes)),
            sctp_port: sctp_port.unwrap_or(DEFAULT_SCTP_PORT),
            max_message_size,
        })
    }
}

fn find<T>(attributes: &Attributes, pick: impl Fn(&Attribute) -> Option<T>) -> Option<T> {
    attributes.iter().find_map(pick)
}

fn mid_of(media: &Media) -> Option<String> {
    find(
        &media.attributes,
        |attribute| if let Attribute::Mid(mid) = attribute { Some(mid.clone()) } else { None },
    )
}

fn candidates(attributes: &Attributes) -> Vec<Candidate> {
    let pick = |attribute: &Attribute| match attribute {
        Attribute::Candidate(candidate) => Some((**candidate).clone()),
        _ => None,
    };
    attributes.iter().filter_map(pick).collect()
}

fn fingerprints(attributes: &Attributes) -> Vec<Fingerprint> {
    let pick = |attribute: &Attribute| match attribute {
        Attribute::Fingerprint(fingerprint) => Some(fingerprint.clone()),
        _ => None,
    };
    attributes.iter().filter_map(pick).collect()
}
