//! A provider that notes what is asked of it, so that the same primitives can be raced without a protocol around them.

use siskin_base::{HashAlgorithm, Rng};
use siskin_crypto::{
    ActiveKeyExchange, Aead, AeadAlgorithm, AeadKey, Certificate, Digest, Error, Hash, HashContext,
    KeyExchange, KeyKind, MacKey, MaskKey, NamedGroup, Nonce, Provider, PublicKey, SharedSecret,
    SignatureScheme, Signer, SigningKey, Tag, Verifier,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// One call of a primitive; numbers are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Start(NamedGroup),
    Respond(NamedGroup),
    Finish(NamedGroup),
    Sign(usize),
    Verify(usize),
    Digest(usize),
    HashStart,
    HashUpdate(usize),
    HashCurrent,
    HmacKey(usize),
    Hmac(usize),
    AeadKey(AeadAlgorithm),
    MaskKey(AeadAlgorithm),
    Seal(usize, usize),
    Mask,
}

thread_local! {
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
}

fn note(call: Call) {
    CALLS.with_borrow_mut(|calls| calls.push(call));
}

/// The same provider, with SHA-256, AEADs, key exchanges and signatures noted in this thread.
pub fn noted(provider: Provider) -> Provider {
    fn leak<T>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }
    let all_aead = |aead| -> &'static dyn Aead { leak(Noted(aead)) };
    let exchanges = provider.key_exchanges.iter().map(|inner| leak(Noted(*inner)) as &dyn KeyExchange);
    let signers = provider.signers.iter().map(|inner| leak(Noted(*inner)) as &dyn Signer);
    let verifiers = provider.verifiers.iter().map(|inner| leak(Noted(*inner)) as &dyn Verifier);
    Provider {
        sha256: leak(Noted(provider.sha256)),
        aes128gcm: all_aead(provider.aes128gcm),
        aes256gcm: all_aead(provider.aes256gcm),
        chacha20poly1305: all_aead(provider.chacha20poly1305),
        key_exchanges: exchanges.collect::<Vec<_>>().leak(),
        signers: signers.collect::<Vec<_>>().leak(),
        verifiers: verifiers.collect::<Vec<_>>().leak(),
        ..provider
    }
}

struct Noted<T>(T);

impl Hash for Noted<&'static dyn Hash> {
    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    fn digest(&self, parts: &[&[u8]]) -> Digest {
        note(Call::Digest(parts.concat().len()));
        self.0.digest(parts)
    }

    fn start(&self) -> Box<dyn HashContext> {
        note(Call::HashStart);
        Box::new(Noted(self.0.start()))
    }

    fn hmac(&self, key: &[u8]) -> Box<dyn MacKey> {
        note(Call::HmacKey(key.len()));
        Box::new(Noted(self.0.hmac(key)))
    }
}

impl HashContext for Noted<Box<dyn HashContext>> {
    fn update(&mut self, bytes: &[u8]) {
        note(Call::HashUpdate(bytes.len()));
        self.0.update(bytes);
    }

    fn current(&self) -> Digest {
        note(Call::HashCurrent);
        self.0.current()
    }

    fn fork(&self) -> Box<dyn HashContext> {
        Box::new(Self(self.0.fork()))
    }
}

impl MacKey for Noted<Box<dyn MacKey>> {
    fn sign(&self, parts: &[&[u8]]) -> Digest {
        note(Call::Hmac(parts.concat().len()));
        self.0.sign(parts)
    }
}

impl Aead for Noted<&'static dyn Aead> {
    fn algorithm(&self) -> AeadAlgorithm {
        self.0.algorithm()
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error> {
        note(Call::AeadKey(self.algorithm()));
        Ok(Box::new(Noted(self.0.key(key)?)))
    }

    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
        note(Call::MaskKey(self.algorithm()));
        Ok(Box::new(Noted(self.0.mask_key(key)?)))
    }
}

impl AeadKey for Noted<Box<dyn AeadKey>> {
    fn seal_into(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) -> Result<(), Error> {
        note(Call::Seal(aad.len(), in_out.len()));
        self.0.seal_into(nonce, aad, in_out, tag)
    }

    fn seal_with_tag(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<(), Error> {
        note(Call::Seal(aad.len(), in_out.len().saturating_sub(16)));
        self.0.seal_with_tag(nonce, aad, in_out)
    }

    /// Counts as sealing, which costs the same.
    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        note(Call::Seal(aad.len(), in_out.len()));
        self.0.open(nonce, aad, in_out, tag)
    }
}

impl MaskKey for Noted<Box<dyn MaskKey>> {
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2] {
        note(Call::Mask);
        self.0.mask(sample)
    }
}

impl KeyExchange for Noted<&'static dyn KeyExchange> {
    fn group(&self) -> NamedGroup {
        self.0.group()
    }

    fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        note(Call::Start(self.group()));
        Ok(Box::new(NotedExchange(self.group(), self.0.start(rng)?)))
    }

    fn respond(&self, rng: &mut Rng, peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
        note(Call::Respond(self.group()));
        self.0.respond(rng, peer_share)
    }
}

struct NotedExchange(NamedGroup, Box<dyn ActiveKeyExchange>);

impl ActiveKeyExchange for NotedExchange {
    fn share(&self) -> &[u8] {
        self.1.share()
    }

    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        note(Call::Finish(self.0));
        self.1.finish(peer_share)
    }

    fn component(&self) -> Option<(NamedGroup, &[u8])> {
        self.1.component()
    }
}

impl Signer for Noted<&'static dyn Signer> {
    fn kind(&self) -> KeyKind {
        self.0.kind()
    }

    fn generate(&self, rng: &mut Rng) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        self.0.generate(rng)
    }

    fn load(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKey>, Error> {
        Ok(Box::new(Noted(self.0.load(pkcs8)?)))
    }
}

impl SigningKey for Noted<Box<dyn SigningKey>> {
    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }

    fn sign(&self, rng: &mut Rng, message: &[u8]) -> Result<Vec<u8>, Error> {
        note(Call::Sign(message.len()));
        self.0.sign(rng, message)
    }

    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }
}

impl Verifier for Noted<&'static dyn Verifier> {
    fn kind(&self) -> KeyKind {
        self.0.kind()
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
        note(Call::Verify(message.len()));
        self.0.verify(public_key, message, signature)
    }
}

/// The primitives of something that was noted, to be called again, with nothing in between.
pub struct Work {
    calls: Vec<Call>,
    provider: Provider,
    certificate: Arc<Certificate>,
    signatures: BTreeMap<usize, Vec<u8>>,
    rng: Rng,
    bytes: Vec<u8>,
    /// What is sealed over and over.
    scratch: Vec<u8>,
}

impl Work {
    /// What `operation` asks of a [`noted`] provider, to be asked of `provider`.
    pub fn of(provider: Provider, operation: impl FnOnce()) -> Self {
        CALLS.take();
        operation();
        let calls = CALLS.take();
        let mut rng = Rng::for_tests(3);
        let unix = Duration::from_secs(1_795_305_600);
        let certificate = Certificate::generate(&provider, &mut rng, unix).expect("the provider can");
        let bytes = vec![7; 1 << 14];
        let mut signatures = BTreeMap::new();
        for call in &calls {
            if let Call::Verify(length) = *call {
                let signature = certificate.key().sign(&mut rng, &bytes[..length]).expect("signs");
                signatures.insert(length, signature);
            }
        }
        Self {
            calls,
            provider,
            certificate: Arc::new(certificate),
            signatures,
            rng,
            scratch: bytes.clone(),
            bytes,
        }
    }

    /// Calls all of them once, in order.
    pub fn run(&mut self) {
        let Self { calls, provider, certificate, signatures, rng, bytes, scratch } = self;
        let hash = provider.sha256;
        let (mut begun, mut answers) = (Vec::new(), BTreeMap::new());
        let mut context = None;
        let mut mac = None;
        let mut key = None;
        let mut mask = None;
        for call in calls.iter() {
            match *call {
                Call::Start(group) => {
                    let exchange = provider.key_exchange(group).expect("there");
                    begun.push((group, exchange.start(rng).expect("random bytes")));
                }
                Call::Respond(group) => {
                    let exchange = provider.key_exchange(group).expect("there");
                    let share = begun.iter().find(|(begun, _)| *begun == group).expect("begun").1.share();
                    answers.insert(group.0, exchange.respond(rng, share).expect("a good share").0);
                }
                Call::Finish(group) => {
                    let at = begun.iter().position(|(begun, _)| *begun == group).expect("begun");
                    let active = begun.swap_remove(at).1;
                    let share = answers.get(&group.0).cloned().unwrap_or_else(|| active.share().to_vec());
                    black_box(active.finish(&share).expect("a good share"));
                }
                Call::Sign(length) => {
                    black_box(certificate.key().sign(rng, &bytes[..length]).expect("signs"));
                }
                Call::Verify(length) => {
                    let public_key = certificate.public_key();
                    let scheme = certificate.key().scheme();
                    let verified =
                        provider.verify(public_key, scheme, &bytes[..length], &signatures[&length]);
                    verified.expect("verifies");
                }
                Call::Digest(length) => drop(black_box(hash.digest(&[&bytes[..length]]))),
                Call::HashStart => context = Some(hash.start()),
                Call::HashUpdate(length) => context.as_mut().expect("begun").update(&bytes[..length]),
                Call::HashCurrent => drop(black_box(context.as_ref().expect("begun").current())),
                Call::HmacKey(length) => mac = Some(hash.hmac(&bytes[..length])),
                Call::Hmac(length) => {
                    black_box(mac.as_ref().expect("there").sign(&[&bytes[..length]]));
                }
                Call::AeadKey(algorithm) => {
                    key = Some(provider.aead(algorithm).key(&bytes[..algorithm.key_len()]).expect("a key"));
                }
                Call::MaskKey(algorithm) => {
                    let made = provider.aead(algorithm).mask_key(&bytes[..algorithm.key_len()]);
                    mask = Some(made.expect("a key"));
                }
                Call::Seal(aad, length) => {
                    let key = key.as_ref().expect("there");
                    let sealed = key.seal(&[1; 12], &bytes[..aad], &mut scratch[..length]);
                    black_box(sealed.expect("short"));
                }
                Call::Mask => {
                    let sample = bytes.first_chunk().expect("16 bytes");
                    black_box(mask.as_ref().expect("there").mask(sample));
                }
            }
        }
    }
}

/// How often each kind of call comes.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for call in &self.calls {
            let text = format!("{call:?}");
            let (name, bytes) = match *call {
                Call::Sign(n) => ("sign", n),
                Call::Verify(n) => ("verify", n),
                Call::Digest(n) => ("digest", n),
                Call::HashUpdate(n) => ("hash update", n),
                Call::HmacKey(n) => ("HMAC key", n),
                Call::Hmac(n) => ("HMAC", n),
                Call::Seal(_, n) => ("seal or open", n),
                _ => (&*text, 0),
            };
            let entry = counts.entry(name.into()).or_default();
            *entry = (entry.0 + 1, entry.1 + bytes);
        }
        for (index, (name, (count, bytes))) in counts.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{count} {name}")?;
            if *bytes > 0 {
                write!(f, " ({bytes} B)")?;
            }
        }
        Ok(())
    }
}
