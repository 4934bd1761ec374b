//! Cipher suites.

use crate::ProtocolVersion;
use siskin_base::HashAlgorithm;
use siskin_crypto::{AeadAlgorithm, KeyKind};

macro_rules! suites {
    ($($name:ident = $number:literal: $version:ident $aead:ident $hash:ident $rsa:literal $text:literal;)*) => {
        siskin_base::code_points! {
            /// A cipher suite (RFC 8446 §B.4, RFC 5289, RFC 7905).
            pub struct CipherSuite(u16) {
                $($name = $number,)*
            }
        }

        impl CipherSuite {
            /// Those that we speak, in the order in which a default configuration prefers them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) const fn meaning(self) -> Option<Meaning> {
                Some(match self {
                    $(Self::$name => Meaning {
                        version: ProtocolVersion::$version,
                        aead: AeadAlgorithm::$aead,
                        hash: HashAlgorithm::$hash,
                        rsa: $rsa,
                    },)*
                    _ => return None,
                })
            }

            /// The registry's name with its `TLS_`, or `None` for one that we do not speak.
            pub const fn name(self) -> Option<&'static str> {
                Some(match self {
                    $(Self::$name => $text,)*
                    _ => return None,
                })
            }
        }
    };
}

// RFC 5246 §9: TLS_RSA_WITH_AES_128_CBC_SHA: not done, because key exchange by RSA has no forward secrecy, for which
// RFC 8827 §6.5 and RFC 9325 §4.1 ask.
suites! {
    AES_128_GCM_SHA256 = 0x1301: DTLS1_3 Aes128Gcm Sha256 false "TLS_AES_128_GCM_SHA256";
    AES_256_GCM_SHA384 = 0x1302: DTLS1_3 Aes256Gcm Sha384 false "TLS_AES_256_GCM_SHA384";
    CHACHA20_POLY1305_SHA256 = 0x1303: DTLS1_3 ChaCha20Poly1305 Sha256 false "TLS_CHACHA20_POLY1305_SHA256";
    ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b:
        DTLS1_2 Aes128Gcm Sha256 false "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9:
        DTLS1_2 ChaCha20Poly1305 Sha256 false "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c:
        DTLS1_2 Aes256Gcm Sha384 false "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f:
        DTLS1_2 Aes128Gcm Sha256 true "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8:
        DTLS1_2 ChaCha20Poly1305 Sha256 true "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
    ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030:
        DTLS1_2 Aes256Gcm Sha384 true "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
}

/// What a suite means.
#[derive(Clone, Copy)]
pub(crate) struct Meaning {
    /// The one version that has it.
    pub(crate) version: ProtocolVersion,
    pub(crate) aead: AeadAlgorithm,
    /// Of the key schedule and the transcript.
    pub(crate) hash: HashAlgorithm,
    /// In DTLS 1.2, whether the server's key is RSA; ECDSA otherwise.
    pub(crate) rsa: bool,
}

impl Meaning {
    /// Whether a server with such a key may use it in DTLS 1.2.
    pub(crate) fn fits(&self, kind: KeyKind) -> bool {
        self.rsa == (kind == KeyKind::Rsa)
    }
}
