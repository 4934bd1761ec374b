//! The key schedule of TLS 1.3 (RFC 8446 §7), in which DTLS changes the prefix of the labels (RFC 9147 §5.9).

use crate::record::Protection;
use alloc::vec::Vec;
use siskin_base::wire::Writer;
use siskin_crypto::{AeadAlgorithm, Digest, Error, Hash, Hkdf, Provider};
use zeroize::Zeroizing;

/// What stands before every label in DTLS 1.3.
pub(crate) const DTLS13: &str = "dtls13";

/// A secret as long as the hash; wiped on drop.
pub(crate) type Secret = Zeroizing<Digest>;

/// Which hash function, and which prefix: what all derivations of a connection share.
#[derive(Clone, Copy)]
pub(crate) struct Labels {
    pub(crate) hash: &'static dyn Hash,
    pub(crate) prefix: &'static str,
}

impl Labels {
    /// HKDF-Expand-Label (RFC 8446 §7.1).
    pub(crate) fn expand(
        self,
        secret: &Hkdf,
        label: &str,
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let mut info = Vec::with_capacity(LABEL_ROOM);
        info.put_u16(out.len() as u16);
        let label = info.put_prefixed(1, |info| {
            info.put(self.prefix.as_bytes());
            info.put(label.as_bytes());
        });
        label.and_then(|()| info.put_prefixed(1, |info| info.put(context))).ok_or(Error::Failed)?;
        secret.expand(&info, out)
    }

    /// The same, as long as the hash.
    pub(crate) fn expand_secret(self, secret: &Hkdf, label: &str, context: &[u8]) -> Result<Secret, Error> {
        let mut out = Zeroizing::new([0; 64]);
        let out = out.get_mut(..self.hash.algorithm().output_len()).ok_or(Error::Failed)?;
        self.expand(secret, label, context, out)?;
        Ok(Secret::new(Digest::new(out)))
    }

    pub(crate) fn hkdf(self, secret: &[u8]) -> Hkdf {
        Hkdf::new(self.hash, secret)
    }

    /// The MAC of a Finished message (RFC 8446 §4.4.4).
    pub(crate) fn finished(self, traffic_secret: &Secret, transcript: &Digest) -> Result<Secret, Error> {
        let key = self.expand_secret(&self.hkdf(traffic_secret.as_ref()), "finished", &[])?;
        Ok(Secret::new(self.hash.hmac(key.as_ref()).sign(&[transcript.as_ref()])))
    }

    /// The traffic secret of the next epoch (RFC 8446 §7.2).
    pub(crate) fn next_traffic_secret(self, traffic_secret: &Secret) -> Result<Secret, Error> {
        self.expand_secret(&self.hkdf(traffic_secret.as_ref()), "traffic upd", &[])
    }

    /// One direction's keys (RFC 8446 §7.3, RFC 9147 §4.2.3).
    pub(crate) fn protection(
        self,
        provider: &Provider,
        aead: AeadAlgorithm,
        traffic_secret: &Secret,
    ) -> Result<Protection, Error> {
        let secret = self.hkdf(traffic_secret.as_ref());
        let (mut key, mut iv, mut number_key) =
            (Zeroizing::new([0; 32]), Zeroizing::new([0; 12]), Zeroizing::new([0; 32]));
        let key = key.get_mut(..aead.key_len()).ok_or(Error::InvalidKey)?;
        let number_key = number_key.get_mut(..aead.key_len()).ok_or(Error::InvalidKey)?;
        self.expand(&secret, "key", &[], key)?;
        self.expand(&secret, "iv", &[], &mut *iv)?;
        self.expand(&secret, "sn", &[], number_key)?;
        Protection::v13(provider, aead, key, &*iv, number_key)
    }

    /// RFC 8446 §7.5.
    pub(crate) fn export(
        self,
        exporter: &Secret,
        label: &str,
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let nothing = self.hash.digest(&[]);
        let secret = self.expand_secret(&self.hkdf(exporter.as_ref()), label, nothing.as_ref())?;
        let context = self.hash.digest(&[context]);
        self.expand(&self.hkdf(secret.as_ref()), "exporter", context.as_ref(), out)
    }
}

/// The chain of secrets, without pre-shared keys: early, handshake, main.
///
/// ```text
/// 0 --extract--> early --"derived", key exchange--> handshake --"derived", 0--> main
/// ```
pub(crate) struct KeySchedule {
    pub(crate) labels: Labels,
    secret: Hkdf,
}

impl KeySchedule {
    /// At the early secret.
    pub(crate) fn new(labels: Labels) -> Self {
        let zeros = Digest::new(&[0; 64]);
        let zeros = zeros.as_ref().get(..labels.hash.algorithm().output_len()).unwrap_or_default();
        let early = Hkdf::extract(labels.hash, &[], zeros);
        Self { labels, secret: labels.hkdf(early.as_ref()) }
    }

    /// At the handshake secret, with what the key exchange yields; or at the main secret.
    pub(crate) fn advance(&mut self, secret: Option<&[u8]>) -> Result<(), Error> {
        let hash = self.labels.hash;
        let derived = self.derive("derived", &hash.digest(&[]))?;
        let zeros = [0; 64];
        let zeros = zeros.get(..hash.algorithm().output_len()).unwrap_or_default();
        let next = Hkdf::extract(hash, derived.as_ref(), secret.unwrap_or(zeros));
        self.secret = self.labels.hkdf(next.as_ref());
        Ok(())
    }

    /// Derive-Secret (RFC 8446 §7.1), given the hash of the messages.
    pub(crate) fn derive(&self, label: &str, transcript: &Digest) -> Result<Secret, Error> {
        self.labels.expand_secret(&self.secret, label, transcript.as_ref())
    }
}

/// A length, a label with its prefix, and a hash.
const LABEL_ROOM: usize = 2 + 1 + 6 + 32 + 1 + 64;

#[cfg(test)]
mod tests;
