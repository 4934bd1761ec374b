//! The pseudorandom function and what is derived with it (RFC 5246 §5, §6.3, §8.1; RFC 7627 §4).

use crate::record::Protection;
use siskin_crypto::{AeadAlgorithm, Digest, Error, Hash, Provider};
use zeroize::Zeroizing;

/// Fills `out` with P_hash(`secret`, `label` + `seed`).
pub(crate) fn prf(hash: &dyn Hash, secret: &[u8], label: &str, seed: &[&[u8]], out: &mut [u8]) {
    let key = hash.hmac(secret);
    // At most six parts: label, two random values, a length, a context, and A(i) in front.
    let mut parts: [&[u8]; 8] = [&[]; 8];
    let with_label = core::iter::once(label.as_bytes()).chain(seed.iter().copied());
    parts.iter_mut().skip(1).zip(with_label).for_each(|(to, from)| *to = from);
    let mut a = key.sign(&parts);
    for chunk in out.chunks_mut(hash.algorithm().output_len()) {
        let mut input = parts;
        if let Some(first) = input.first_mut() {
            *first = a.as_ref();
        }
        let block = key.sign(&input);
        chunk.iter_mut().zip(block.as_ref()).for_each(|(to, from)| *to = *from);
        a = key.sign(&[a.as_ref()]);
    }
}

/// The secret that all keys come from; wiped on drop.
pub(crate) struct MasterSecret(Zeroizing<[u8; 48]>);

impl MasterSecret {
    /// RFC 7627 §4 with the hash of the transcript up to ClientKeyExchange; RFC 5246 §8.1 without.
    pub(crate) fn new(
        hash: &dyn Hash,
        premaster: &[u8],
        transcript: Option<&Digest>,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Self {
        let mut secret = Zeroizing::new([0; 48]);
        match transcript {
            Some(digest) => {
                prf(hash, premaster, "extended master secret", &[digest.as_ref()], &mut *secret);
            }
            None => prf(hash, premaster, "master secret", &[client_random, server_random], &mut *secret),
        }
        Self(secret)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// The client's and the server's writing keys (RFC 5246 §6.3).
    pub(crate) fn protections(
        &self,
        provider: &Provider,
        hash: &dyn Hash,
        aead: AeadAlgorithm,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Result<(Protection, Protection), Error> {
        let (key_len, iv_len) = (aead.key_len(), Protection::iv_len_v12(aead));
        let mut block = Zeroizing::new([0; 2 * (32 + 12)]);
        let block = block.get_mut(..2 * (key_len + iv_len)).ok_or(Error::InvalidKey)?;
        prf(hash, self.as_bytes(), "key expansion", &[server_random, client_random], block);
        let (keys, ivs) = block.split_at_checked(2 * key_len).ok_or(Error::InvalidKey)?;
        let (client_key, server_key) = keys.split_at_checked(key_len).ok_or(Error::InvalidKey)?;
        let (client_iv, server_iv) = ivs.split_at_checked(iv_len).ok_or(Error::InvalidKey)?;
        let client = Protection::v12(provider, aead, client_key, client_iv)?;
        let server = Protection::v12(provider, aead, server_key, server_iv)?;
        Ok((client, server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// The TLS 1.2 PRF vectors that were sent to the TLS working group's list on 2008-09-23 for P_SHA256.
    #[test]
    fn prf_sha256() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let mut out = [0; 100];
        prf(siskin_crypto::rustcrypto().sha256, &secret, "test label", &[&seed], &mut out);
        let expected = hex(
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0f
             a022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
        );
        assert_eq!(out[..], expected[..]);
    }
}
