//! Key exchange: (elliptic-curve) Diffie-Hellman, and key encapsulation in the same shape.

use crate::Error;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use siskin_base::Rng;
use zeroize::Zeroizing;

siskin_base::code_points! {
    /// A group or KEM, by its TLS number (RFC 8422 §5.1.1, RFC 8446 §4.2.7, RFC 10024 §7).
    pub struct NamedGroup(u16) {
        SECP256R1 = 23,
        SECP384R1 = 24,
        X25519 = 29,
        MLKEM768 = 0x0201,
        X25519MLKEM768 = 0x11ec,
    }
}

/// A way to agree on a secret.
///
/// The initiator calls [`start`](Self::start) and sends the share. The responder calls [`respond`](Self::respond) with it
/// and sends back its own. Where both shares are alike (Diffie-Hellman), the responder may as well start before
/// the initiator's share is known, as a TLS 1.2 server must; a KEM's responder cannot.
pub trait KeyExchange: Send + Sync {
    /// Which one.
    fn group(&self) -> NamedGroup;

    /// Draws a fresh secret.
    fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error>;

    /// Answers the initiator's share: the share to send back, and the secret.
    fn respond(&self, rng: &mut Rng, peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
        let active = self.start(rng)?;
        let share = active.share().into();
        Ok((share, active.finish(peer_share)?))
    }
}

/// A key exchange whose share is out.
pub trait ActiveKeyExchange: Send + Sync {
    /// What to send: an uncompressed point for P-256 and P-384 (RFC 8422 §5.4.1), 32 bytes for X25519, an
    /// encapsulation key of 1184 bytes for ML-KEM-768, that and an X25519 share for X25519MLKEM768.
    fn share(&self) -> &[u8];

    /// The secret, from what the other side sent. [`Error::InvalidShare`] if that is not a valid share.
    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error>;

    /// The traditional group inside a hybrid and its share, which may be offered beside the hybrid without drawing a
    /// second secret (RFC 9954 §3.2). `None` for what is no hybrid.
    fn component(&self) -> Option<(NamedGroup, &[u8])> {
        None
    }

    /// [`finish`](Self::finish) with the [`component`](Self::component) alone; [`Error::Unsupported`] if there is none.
    fn finish_component(self: Box<Self>, _peer_share: &[u8]) -> Result<SharedSecret, Error> {
        Err(Error::Unsupported)
    }
}

/// What a key exchange yields; wiped on drop.
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// Copies `secret`.
    pub fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.into()))
    }
}

impl AsRef<[u8]> for SharedSecret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Shows nothing.
impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}
