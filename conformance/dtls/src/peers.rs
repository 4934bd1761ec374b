//! The implementations.

mod program;

use crate::peer::{Peer, Setup};
use siskin_crypto::NamedGroup;
use siskin_dtls::ProtocolVersion;

/// An implementation at a version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nss13,
    Nss12,
    OpenSsl,
    GnuTls,
}

pub const ALL: [Kind; 4] = [Kind::Nss13, Kind::Nss12, Kind::OpenSsl, Kind::GnuTls];

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nss13 => "nss 1.3,",
            Self::Nss12 => "nss 1.2,",
            Self::OpenSsl => "openssl 1.2,",
            Self::GnuTls => "gnutls 1.2,",
        }
    }

    /// Whether its datagrams can be limited.
    pub const fn has_mtu(self) -> bool {
        !matches!(self, Self::Nss13 | Self::Nss12)
    }

    /// What we speak: both versions, except to NSS at 1.2, which would choose 1.3.
    pub const fn ours(self) -> &'static [ProtocolVersion] {
        match self {
            Self::Nss12 => &[ProtocolVersion::DTLS1_2],
            _ => &[ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2],
        }
    }

    /// What must come of it.
    pub const fn wanted(self) -> (ProtocolVersion, NamedGroup) {
        match self {
            Self::Nss13 => (ProtocolVersion::DTLS1_3, NamedGroup::X25519MLKEM768),
            _ => (ProtocolVersion::DTLS1_2, NamedGroup::X25519),
        }
    }

    pub fn start(self, setup: &Setup<'_>) -> Result<Box<dyn Peer>, String> {
        Ok(match self {
            Self::Nss13 | Self::Nss12 => Box::new(program::nss(setup)?),
            Self::OpenSsl => Box::new(program::openssl(setup)?),
            Self::GnuTls => Box::new(program::gnutls(setup)?),
        })
    }
}
