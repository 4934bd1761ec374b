//! Security values that cross layers: fingerprints, roles, SRTP profiles and keys.

use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroize as _;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// MD5, for STUN's long-term credentials only.
    Md5,
    /// SHA-1, for HMAC only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// Bytes of output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The name in `a=fingerprint` (RFC 8122 §5).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha-1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The algorithm of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];
        all.into_iter().find(|algorithm| name.eq_ignore_ascii_case(algorithm.name()))
    }
}

/// The hash of a certificate (RFC 8122 §5).
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// Its output over the certificate's DER.
    pub value: Vec<u8>,
}

/// As in SDP: `sha-256 AB:CD:…`.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())?;
        for (i, byte) in self.value.iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who starts the DTLS handshake, `a=setup` (RFC 4145 §4, RFC 8842 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupRole {
    /// The DTLS client.
    Active,
    /// The DTLS server.
    Passive,
    /// Either: the answerer chooses.
    ActPass,
    /// Neither, for now.
    HoldConn,
}

crate::code_points! {
    /// How SRTP protects packets, negotiated by `use_srtp` (RFC 5764 §4.1.2, RFC 7714 §14.2).
    pub struct SrtpProfile(u16) {
        AES128_CM_SHA1_80 = 0x0001,
        AES128_CM_SHA1_32 = 0x0002,
        AEAD_AES_128_GCM = 0x0007,
        AEAD_AES_256_GCM = 0x0008,
    }
}

impl SrtpProfile {
    /// Bytes of master key and of master salt; `None` for a profile we do not know.
    pub const fn key_and_salt_len(self) -> Option<(usize, usize)> {
        match self {
            Self::AES128_CM_SHA1_80 | Self::AES128_CM_SHA1_32 => Some((16, 14)),
            Self::AEAD_AES_128_GCM => Some((16, 12)),
            Self::AEAD_AES_256_GCM => Some((32, 12)),
            _ => None,
        }
    }
}

/// SRTP keys that a DTLS handshake exported (RFC 5764 §4.2), by who sends with them. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyingMaterial {
    /// How they are to be used.
    pub profile: SrtpProfile,
    /// Master key and salt for what we send.
    pub local: (Vec<u8>, Vec<u8>),
    /// Master key and salt for what the peer sends.
    pub remote: (Vec<u8>, Vec<u8>),
}

impl Drop for KeyingMaterial {
    // Apart: whoever drops one of many events does not look at each as if it had keys.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        for (key, salt) in [&mut self.local, &mut self.remote] {
            key.zeroize();
            salt.zeroize();
        }
    }
}

/// Shows the profile only: keys are secret.
impl fmt::Debug for KeyingMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyingMaterial({:?}, ..)", self.profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn fingerprints_print_as_in_sdp() {
        let fingerprint = Fingerprint { algorithm: HashAlgorithm::Sha256, value: vec![0xab, 0x01, 0xff] };
        assert_eq!(format!("{fingerprint}"), "sha-256 AB:01:FF");
        assert_eq!(HashAlgorithm::from_name("SHA-256"), Some(HashAlgorithm::Sha256));
        assert_eq!(HashAlgorithm::from_name("sha-3"), None);
    }
}
