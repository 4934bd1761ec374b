//! The implementations.

pub mod boringssl;
pub mod dimpl;
mod program;

use crate::peer::{Peer, Setup};
use siskin_crypto::NamedGroup;
use siskin_dtls::ProtocolVersion;

/// An implementation at a version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// BoringSSL at DTLS 1.3.
    Boring13,
    /// BoringSSL at DTLS 1.2.
    Boring12,
    /// dimpl at DTLS 1.3.
    Dimpl13,
    /// dimpl at DTLS 1.2.
    Dimpl12,
    /// Firefox's NSS at DTLS 1.3.
    Nss13,
    /// Firefox's NSS at DTLS 1.2.
    Nss12,
    /// OpenSSL, which has DTLS 1.2 only.
    OpenSsl,
    /// GnuTLS, which has DTLS 1.2 only.
    GnuTls,
}

/// All of them.
pub const ALL: [Kind; 8] = [
    Kind::Boring13,
    Kind::Boring12,
    Kind::Dimpl13,
    Kind::Dimpl12,
    Kind::Nss13,
    Kind::Nss12,
    Kind::OpenSsl,
    Kind::GnuTls,
];

impl Kind {
    /// As the table of results has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boring13 => "boringssl 1.3,",
            Self::Boring12 => "boringssl 1.2,",
            Self::Dimpl13 => "dimpl 1.3,",
            Self::Dimpl12 => "dimpl 1.2,",
            Self::Nss13 => "nss 1.3,",
            Self::Nss12 => "nss 1.2,",
            Self::OpenSsl => "openssl 1.2,",
            Self::GnuTls => "gnutls 1.2,",
        }
    }

    /// Whether it is linked into this program; then it tells its keys, too.
    pub const fn is_in_process(self) -> bool {
        matches!(self, Self::Boring13 | Self::Boring12 | Self::Dimpl13 | Self::Dimpl12)
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
            Self::Boring13 | Self::Nss13 => (ProtocolVersion::DTLS1_3, NamedGroup::X25519MLKEM768),
            Self::Dimpl13 => (ProtocolVersion::DTLS1_3, NamedGroup::X25519),
            _ => (ProtocolVersion::DTLS1_2, NamedGroup::X25519),
        }
    }

    /// A peer of the kind; `Err` says why there is none.
    pub fn start(self, setup: &Setup<'_>) -> Result<Box<dyn Peer>, String> {
        Ok(match self {
            Self::Boring13 => Box::new(boringssl::Boring::new(setup, true)?),
            Self::Boring12 => Box::new(boringssl::Boring::new(setup, false)?),
            Self::Dimpl13 => Box::new(dimpl::Dimpl::new(setup, true)?),
            Self::Dimpl12 => Box::new(dimpl::Dimpl::new(setup, false)?),
            Self::Nss13 | Self::Nss12 => Box::new(program::nss(setup)?),
            Self::OpenSsl => Box::new(program::openssl(setup)?),
            Self::GnuTls => Box::new(program::gnutls(setup)?),
        })
    }
}
