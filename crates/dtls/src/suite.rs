//! Cipher suites.

use siskin_base::HashAlgorithm;
use siskin_crypto::{AeadAlgorithm, KeyKind};

siskin_base::code_points! {
    /// A cipher suite (RFC 5289, RFC 7905).
    pub struct CipherSuite(u16) {
        ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b,
        ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c,
        ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f,
        ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030,
        ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8,
        ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9,
    }
}

/// What a suite of DTLS 1.2 means.
#[derive(Clone, Copy)]
pub(crate) struct Meaning {
    pub(crate) aead: AeadAlgorithm,
    /// Of the PRF and the transcript.
    pub(crate) hash: HashAlgorithm,
    /// Whether the server's key is RSA; ECDSA otherwise.
    pub(crate) rsa: bool,
}

impl CipherSuite {
    pub(crate) const fn meaning(self) -> Option<Meaning> {
        use AeadAlgorithm::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};
        use HashAlgorithm::{Sha256, Sha384};
        let (aead, hash, rsa) = match self {
            Self::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => (Aes128Gcm, Sha256, false),
            Self::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => (Aes256Gcm, Sha384, false),
            Self::ECDHE_RSA_WITH_AES_128_GCM_SHA256 => (Aes128Gcm, Sha256, true),
            Self::ECDHE_RSA_WITH_AES_256_GCM_SHA384 => (Aes256Gcm, Sha384, true),
            Self::ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => (ChaCha20Poly1305, Sha256, true),
            Self::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => (ChaCha20Poly1305, Sha256, false),
            _ => return None,
        };
        Some(Meaning { aead, hash, rsa })
    }

    /// The registry's name with its `TLS_`, or `None` for one that we do not speak.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Self::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            Self::ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            Self::ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            Self::ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            Self::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            }
            _ => return None,
        })
    }
}

impl Meaning {
    pub(crate) fn fits(&self, kind: KeyKind) -> bool {
        self.rsa == (kind == KeyKind::Rsa)
    }
}
