//! Crypto suites: which transform, with keys and tags of which length.

use crate::Misuse;
use siskin_base::SrtpProfile;

// RFC 3711 §5.1: the NULL cipher: not done, because RFC 8827 §6.5 forbids it.
/// A crypto suite, by the names of RFC 4568 §6.2, RFC 6188 §4 and RFC 7714 §14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Suite {
    /// AES-128 in counter mode, tags of ten bytes.
    AesCm128HmacSha1_80,
    /// The same with tags of four bytes on RTP; those on RTCP have ten all the same (RFC 5764 §4.1.2).
    AesCm128HmacSha1_32,
    /// AES-256 in counter mode, tags of ten bytes. Has no number in DTLS.
    AesCm256HmacSha1_80,
    /// The same with tags of four bytes on RTP.
    AesCm256HmacSha1_32,
    /// AES-128-GCM.
    AeadAes128Gcm,
    /// AES-256-GCM.
    AeadAes256Gcm,
}

impl Suite {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
        Self::AesCm256HmacSha1_80,
        Self::AesCm256HmacSha1_32,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
    ];

    /// Bytes of master key, and of session key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256HmacSha1_80 | Self::AesCm256HmacSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Bytes of master salt, and of session salt.
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Bytes of session authentication key.
    pub const fn auth_key_len(self) -> usize {
        if self.is_aead() { 0 } else { 20 }
    }

    /// Bytes of tag on an RTP packet.
    pub const fn rtp_tag_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_32 | Self::AesCm256HmacSha1_32 => 4,
            _ => self.rtcp_tag_len(),
        }
    }

    /// Bytes of tag on an RTCP packet.
    pub const fn rtcp_tag_len(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    pub(crate) const fn is_aead(self) -> bool {
        matches!(self, Self::AeadAes128Gcm | Self::AeadAes256Gcm)
    }
}

impl TryFrom<SrtpProfile> for Suite {
    type Error = Misuse;

    fn try_from(profile: SrtpProfile) -> Result<Self, Misuse> {
        match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Ok(Self::AesCm128HmacSha1_80),
            SrtpProfile::AES128_CM_SHA1_32 => Ok(Self::AesCm128HmacSha1_32),
            SrtpProfile::AEAD_AES_128_GCM => Ok(Self::AeadAes128Gcm),
            SrtpProfile::AEAD_AES_256_GCM => Ok(Self::AeadAes256Gcm),
            _ => Err(Misuse::UnknownProfile),
        }
    }
}
