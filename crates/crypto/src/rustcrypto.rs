//! The all-RustCrypto provider: `no_std`, and everything it draws comes from the caller's `Rng`.

mod hash;

use crate::Provider;

/// The provider.
pub fn provider() -> Provider {
    Provider {
        name: "RustCrypto",
        reproducible: true,
        md5: &hash::MD5,
        sha1: &hash::SHA1,
        sha256: &hash::SHA256,
        sha384: &hash::SHA384,
        sha512: &hash::SHA512,
    }
}
