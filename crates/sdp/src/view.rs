//! Looking attributes up: in one place, and in a media section with the session behind it.

use crate::address::Connection;
use crate::attribute::Attribute;
use crate::attribute::extmap::ExtMap;
use crate::attribute::general::Direction;
use crate::attribute::group::{Group, GroupSemantics};
use crate::attributes::Attributes;
use crate::media::Media;
use crate::session::Session;
use alloc::string::String;
use siskin_base::{Candidate, Fingerprint, SetupRole};

/// Getters of the first attribute of a kind, for [`Attributes`] and [`Media`] and, with `fallback`, [`Effective`].
macro_rules! getters {
    ($(
        $(#[$doc:meta])*
        $scope:ident $name:ident -> $type:ty { $pattern:pat => $value:expr }
    )*) => {
        impl Attributes {
            $($(#[$doc])*
            pub fn $name(&self) -> Option<$type> {
                self.iter().find_map(|attribute| match attribute { $pattern => Some($value), _ => None })
            })*
        }

        impl Media {
            $($(#[$doc])*
            pub fn $name(&self) -> Option<$type> {
                self.attributes.$name()
            })*
        }

        impl<'a> Effective<'a> {
            $(getters!(@$scope $(#[$doc])* $name $type, $pattern => $value);)*
        }
    };
    (@both $(#[$doc:meta])* $name:ident $type:ty, $pattern:pat => $value:expr) => {
        $(#[$doc])*
        pub fn $name(&self) -> Option<$type> {
            self.find_map(|attribute| match attribute { $pattern => Some($value), _ => None })
        }
    };
    (@media $(#[$doc:meta])* $name:ident $type:ty, $pattern:pat => $value:expr) => {};
}

getters! {
    /// The section's name.
    media mid -> &str { Attribute::Mid(mid) => mid.as_str() }
    /// The ICE user fragment.
    both ice_ufrag -> &str { Attribute::IceUfrag(ufrag) => ufrag.as_str() }
    /// The ICE password.
    both ice_pwd -> &str { Attribute::IcePwd(pwd) => pwd.as_str() }
    /// What the ICE agent supports.
    both ice_options -> &[String] { Attribute::IceOptions(options) => options.as_slice() }
    /// The time between two checks, in milliseconds.
    both ice_pacing -> u32 { Attribute::IcePacing(milliseconds) => *milliseconds }
    /// Who starts DTLS.
    both setup -> SetupRole { Attribute::Setup(role) => *role }
    /// The name of the DTLS association.
    both tls_id -> &str { Attribute::TlsId(id) => id.as_str() }
    /// Which way media flows; both ways if nothing is said.
    both direction -> Direction { Attribute::Direction(direction) => *direction }
    /// The SCTP port.
    media sctp_port -> u16 { Attribute::SctpPort(port) => *port }
    /// The largest message that may be sent to the describer, in bytes; 0: any; 65,536 if nothing is said.
    media max_message_size -> u64 { Attribute::MaxMessageSize(bytes) => *bytes }
    /// The SCTP INIT chunk.
    media sctp_init -> &[u8] { Attribute::SctpInit(chunk) => chunk.as_slice() }
}

impl Attributes {
    /// Whether `attribute` is among them.
    pub fn contains(&self, attribute: &Attribute) -> bool {
        self.iter().any(|other| other == attribute)
    }

    /// All ICE candidates, in order.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.iter().filter_map(|attribute| match attribute {
            Attribute::Candidate(candidate) => Some(&**candidate),
            _ => None,
        })
    }

    /// All certificate fingerprints, in order.
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.iter().filter_map(|attribute| match attribute {
            Attribute::Fingerprint(fingerprint) => Some(fingerprint),
            _ => None,
        })
    }

    /// All header extensions, in order.
    pub fn extmaps(&self) -> impl Iterator<Item = &ExtMap> {
        self.iter().filter_map(|attribute| match attribute {
            Attribute::ExtMap(extmap) => Some(extmap),
            _ => None,
        })
    }
}

impl Media {
    /// Where to send, if the section says so.
    pub fn connection(&self) -> Option<&Connection> {
        self.connections.first()
    }

    /// All ICE candidates of the section, in order.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.attributes.candidates()
    }

    /// Whether no more candidates will come.
    pub fn end_of_candidates(&self) -> bool {
        self.attributes.contains(&Attribute::EndOfCandidates)
    }
}

impl Session {
    /// The groups of one kind, in order.
    pub fn groups<'a>(&'a self, semantics: &GroupSemantics) -> impl Iterator<Item = &'a Group> {
        self.attributes.iter().filter_map(move |attribute| match attribute {
            Attribute::Group(group) if group.semantics == *semantics => Some(group),
            _ => None,
        })
    }

    /// Whether the describer is a lite ICE agent.
    pub fn ice_lite(&self) -> bool {
        self.attributes.contains(&Attribute::IceLite)
    }

    /// The section named `mid` and its index.
    pub fn media_by_mid(&self, mid: &str) -> Option<(usize, &Media)> {
        self.media.iter().enumerate().find(|(_, media)| media.mid() == Some(mid))
    }

    /// What holds for `media`, a section of this session.
    pub const fn effective<'a>(&'a self, media: &'a Media) -> Effective<'a> {
        Effective { session: self, media }
    }
}

/// What holds for a media section: what it says itself, else what the session says.
#[derive(Clone, Copy, Debug)]
pub struct Effective<'a> {
    session: &'a Session,
    media: &'a Media,
}

impl<'a> Effective<'a> {
    fn find_map<T>(&self, find: impl Fn(&'a Attribute) -> Option<T>) -> Option<T> {
        let attributes = [&self.media.attributes, &self.session.attributes];
        attributes.into_iter().find_map(|attributes| attributes.iter().find_map(&find))
    }

    /// The certificate fingerprints: the section's, or the session's if it has none.
    pub fn fingerprints(&self) -> impl Iterator<Item = &'a Fingerprint> {
        let own = self.media.attributes.fingerprints().next().is_some();
        let attributes = if own { &self.media.attributes } else { &self.session.attributes };
        attributes.fingerprints()
    }

    /// Where to send.
    pub fn connection(&self) -> Option<&'a Connection> {
        self.media.connection().or(self.session.connection.as_ref())
    }

    /// Whether the ICE option `name` is set, by the section or by the session.
    pub fn has_ice_option(&self, name: &str) -> bool {
        let attributes = [&self.media.attributes, &self.session.attributes];
        let options = attributes.into_iter().filter_map(|attributes| attributes.ice_options()).flatten();
        options.into_iter().any(|option| option == name)
    }

    /// Whether header extensions of both sizes may be mixed.
    pub fn extmap_allow_mixed(&self) -> bool {
        self.find_map(|attribute| (*attribute == Attribute::ExtMapAllowMixed).then_some(())).is_some()
    }

    /// Whether header extensions and CSRCs are encrypted.
    pub fn cryptex(&self) -> bool {
        self.find_map(|attribute| (*attribute == Attribute::Cryptex).then_some(())).is_some()
    }
}
