//! Hashes and HMAC.

use super::hmac_sha1::HmacSha1;
use crate::{Digest, Hash, HashContext, MacKey};
use alloc::boxed::Box;
use core::marker::PhantomData;
use hmac::digest::KeyInit;
use hmac::{EagerHash, Hmac, Mac};
use siskin_base::HashAlgorithm;

pub(crate) static MD5: Function<md5::Md5> = Function::new(HashAlgorithm::Md5, hmac::<md5::Md5>);
pub(crate) static SHA1: Function<sha1::Sha1> = Function::new(HashAlgorithm::Sha1, HmacSha1::boxed);
pub(crate) static SHA256: Function<sha2::Sha256> = Function::new(HashAlgorithm::Sha256, hmac::<sha2::Sha256>);
pub(crate) static SHA384: Function<sha2::Sha384> = Function::new(HashAlgorithm::Sha384, hmac::<sha2::Sha384>);
pub(crate) static SHA512: Function<sha2::Sha512> = Function::new(HashAlgorithm::Sha512, hmac::<sha2::Sha512>);

pub(crate) struct Function<D> {
    algorithm: HashAlgorithm,
    hmac: fn(&[u8]) -> Box<dyn MacKey>,
    function: PhantomData<fn() -> D>,
}

impl<D> Function<D> {
    const fn new(algorithm: HashAlgorithm, hmac: fn(&[u8]) -> Box<dyn MacKey>) -> Self {
        Self { algorithm, hmac, function: PhantomData }
    }
}

/// An HMAC key for any of them.
fn hmac<D: EagerHash + 'static>(key: &[u8]) -> Box<dyn MacKey>
where
    Hmac<D>: Mac + KeyInit + Clone + Send + Sync,
{
    // HMAC takes a key of any length, so this cannot fail; an empty key would be the fallback.
    let key = <Hmac<D> as KeyInit>::new_from_slice(key);
    Box::new(Key(key.unwrap_or_else(|_| <Hmac<D> as KeyInit>::new(&Default::default()))))
}

struct Context<D>(D);
struct Key<D: EagerHash>(Hmac<D>);

impl<D> Hash for Function<D>
where
    D: hmac::digest::Digest + EagerHash + Clone + Send + Sync + 'static,
{
    fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut hash = D::new();
        parts.iter().for_each(|part| hmac::digest::Digest::update(&mut hash, part));
        Digest::new(&hash.finalize())
    }

    fn start(&self) -> Box<dyn HashContext> {
        Box::new(Context(D::new()))
    }

    fn hmac(&self, key: &[u8]) -> Box<dyn MacKey> {
        (self.hmac)(key)
    }
}

impl<D: hmac::digest::Digest + Clone + Send + Sync + 'static> HashContext for Context<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn current(&self) -> Digest {
        Digest::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn HashContext> {
        Box::new(Self(self.0.clone()))
    }
}

impl<D: EagerHash> MacKey for Key<D>
where
    Hmac<D>: Mac + Clone + Send + Sync,
{
    fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| Mac::update(&mut mac, part));
        Digest::new(&mac.finalize().into_bytes())
    }

    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| Mac::update(&mut mac, part));
        crate::hash::belongs(&mac.finalize().into_bytes(), tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// RFC 2202 §3 and RFC 4231 §4.3, test case 2 of each.
    #[test]
    fn hmac_vectors() {
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(
            format!("{:?}", SHA1.hmac(b"Jefe").sign(&parts)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        let tag = SHA256.hmac(b"Jefe").sign(&parts);
        assert_eq!(format!("{tag:?}"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let key = SHA256.hmac(b"Jefe");
        assert!(key.verify(&parts, tag.as_ref()));
        assert!(key.verify(&parts, &tag.as_ref()[..16]));
        assert!(!key.verify(&parts, &tag.as_ref()[..15]));
        assert!(!key.verify(&parts[..1], tag.as_ref()));
    }

    /// An HMAC that is keyed with a secret holds two states from which tags could be made: they are of these types.
    #[test]
    fn states_are_wiped_on_drop() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<md5::Md5>();
        is_wiped::<sha1::Sha1>();
        is_wiped::<sha2::Sha256>();
        is_wiped::<sha2::Sha384>();
        is_wiped::<sha2::Sha512>();
    }

    #[test]
    fn a_context_may_be_read_and_continued() {
        let mut context = SHA256.start();
        context.update(b"ab");
        let mut fork = context.fork();
        assert_eq!(context.current(), SHA256.digest(&[b"ab"]));
        fork.update(b"c");
        assert_eq!(fork.current(), SHA256.digest(&[b"abc"]));
        assert_eq!(context.current(), SHA256.digest(&[b"ab"]));
    }
}
