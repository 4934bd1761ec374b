//! Session keys, and how they come from a master key (RFC 3711 §4.3).

use crate::{Misuse, Suite};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use siskin_crypto::{CounterKey, Provider};
use zeroize::Zeroize as _;

/// Session keys and the identifier of the master key that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The master key identifier, at most 16 bytes; empty if packets carry none, as always after DTLS.
    pub mki: Vec<u8>,
    /// The session keys.
    pub session: SessionKeys,
}

/// What a session encrypts and authenticates with. Wiped on drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKeys {
    /// For RTP packets.
    pub rtp: SessionKey,
    /// For RTCP packets.
    pub rtcp: SessionKey,
    /// For header extensions that are encrypted one by one (RFC 6904 §3.2); its `auth` is not used.
    pub header: SessionKey,
}

/// One of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey {
    /// [`Suite::key_len`] bytes.
    pub cipher: Vec<u8>,
    /// [`Suite::auth_key_len`] bytes.
    pub auth: Vec<u8>,
    /// [`Suite::salt_len`] bytes.
    pub salt: Vec<u8>,
}

impl Key {
    /// The only key of a session, from its master key and salt.
    pub fn derive(
        provider: &Provider,
        suite: Suite,
        master_key: &[u8],
        master_salt: &[u8],
    ) -> Result<Self, Misuse> {
        Self::derive_with_mki(provider, suite, master_key, master_salt, &[])
    }

    /// One of several keys, told apart by `mki`.
    pub fn derive_with_mki(
        provider: &Provider,
        suite: Suite,
        master_key: &[u8],
        master_salt: &[u8],
        mki: &[u8],
    ) -> Result<Self, Misuse> {
        let session = SessionKeys::derive(provider, suite, master_key, master_salt)?;
        Ok(Self { mki: mki.to_vec(), session })
    }
}

impl SessionKeys {
    // RFC 3711 §4.3.1: other key derivation rates: not done, because nothing that WebRTC negotiates can have one.
    /// RFC 3711 §4.3.1 with a key derivation rate of 0; RFC 6188 §3, RFC 7714 §11.
    pub fn derive(
        provider: &Provider,
        suite: Suite,
        master_key: &[u8],
        master_salt: &[u8],
    ) -> Result<Self, Misuse> {
        if master_key.len() != suite.key_len() || master_salt.len() != suite.salt_len() {
            return Err(Misuse::WrongKeyLength);
        }
        let prf = provider.aes_ctr.key(master_key).map_err(|_| Misuse::Unsupported)?;
        // RFC 7714 §11: a salt of 96 bits is followed by zeros.
        let mut salt = [0; 16];
        salt.iter_mut().zip(master_salt).for_each(|(to, from)| *to = *from);
        let (key, auth) = (suite.key_len(), suite.auth_key_len());
        let session = |first_label, auth, salt_len| SessionKey {
            cipher: expand(&*prf, &salt, first_label, key),
            auth: expand(&*prf, &salt, first_label + 1, auth),
            salt: expand(&*prf, &salt, first_label + 2, salt_len),
        };
        let (rtp, rtcp) = (session(0, auth, suite.salt_len()), session(3, auth, suite.salt_len()));
        // RFC 6904 §3: labels 6 and 7, both keys as long as those for payloads; there is no authentication.
        let cipher = expand(&*prf, &salt, 6, key);
        let header = SessionKey { cipher, auth: Vec::new(), salt: expand(&*prf, &salt, 7, suite.salt_len()) };
        salt.zeroize();
        Ok(Self { rtp, rtcp, header })
    }
}

/// AES-CM as a pseudo-random function: RFC 3711 §4.3.3.
fn expand(prf: &dyn CounterKey, salt: &[u8; 16], label: u8, len: usize) -> Vec<u8> {
    let mut counter = *salt;
    // The label stands above the 48 bits of the index, and both above the 16 bits of the counter.
    if let Some(byte) = counter.get_mut(7) {
        *byte ^= label;
    }
    let mut out = vec![0; len];
    prf.apply(&counter, &mut out);
    counter.zeroize();
    out
}

impl Drop for SessionKey {
    fn drop(&mut self) {
        self.cipher.zeroize();
        self.auth.zeroize();
        self.salt.zeroize();
    }
}

/// Shows lengths only: keys are secret.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({} + {} + {} bytes)", self.cipher.len(), self.auth.len(), self.salt.len())
    }
}
