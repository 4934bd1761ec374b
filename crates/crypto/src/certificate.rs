//! Certificates: our own, self-signed, and what is read from the peer's.

pub(crate) mod der;
mod pem;
mod view;
mod x509;

pub use view::CertificateView;

use crate::{Error, KeyKind, Provider, PublicKey, SigningKey};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use siskin_base::{Fingerprint, HashAlgorithm, Rng};
use zeroize::Zeroizing;

/// A certificate with its private key: how a DTLS endpoint shows who it is.
///
/// The other side knows it by its [`fingerprint`](Self::fingerprint) only (RFC 8122): nobody else need vouch for it.
pub struct Certificate {
    der: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    key: Box<dyn SigningKey>,
    not_after: Duration,
}

impl Certificate {
    /// A self-signed certificate for a fresh ECDSA P-256 key, valid from one day before `unix`, which is the time
    /// since 1970-01-01T00:00:00Z, to 30 days after it. Its name and serial number are random.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use siskin_base::{HashAlgorithm, Rng};
    /// let provider = siskin_crypto::default_provider();
    /// let now = Duration::from_secs(1_795_000_000);
    /// let certificate = siskin_crypto::Certificate::generate(&provider, &mut Rng::for_tests(1), now)?;
    /// println!("a=fingerprint:{}", certificate.fingerprint(&provider, HashAlgorithm::Sha256));
    /// # Ok::<(), siskin_crypto::Error>(())
    /// ```
    pub fn generate(provider: &Provider, rng: &mut Rng, unix: Duration) -> Result<Self, Error> {
        Self::generate_kind(provider, KeyKind::EcdsaP256, rng, unix)
    }

    /// As [`generate`](Self::generate), with a key of `kind`.
    pub fn generate_kind(
        provider: &Provider,
        kind: KeyKind,
        rng: &mut Rng,
        unix: Duration,
    ) -> Result<Self, Error> {
        let signer = provider.signer(kind).ok_or(Error::Unsupported)?;
        let pkcs8 = signer.generate(rng)?;
        let key = signer.load(&pkcs8)?;
        let not_after = unix.saturating_add(LIFETIME);
        let der = x509::self_signed(key.as_ref(), rng, unix.saturating_sub(BACKDATED), not_after)?;
        Ok(Self { der, pkcs8, key, not_after })
    }

    /// From a certificate and its private key (PKCS #8), both in DER.
    ///
    /// [`Error::InvalidKey`] if the key is of a kind that the provider cannot sign with, or not the certificate's.
    pub fn from_der(provider: &Provider, certificate: &[u8], pkcs8: &[u8]) -> Result<Self, Error> {
        let view = CertificateView::parse(certificate)?;
        let key = provider.signers.iter().find_map(|signer| signer.load(pkcs8).ok());
        let key = key.ok_or(Error::InvalidKey)?;
        if *key.public_key() != view.public_key {
            return Err(Error::InvalidKey);
        }
        let pkcs8 = Zeroizing::new(pkcs8.into());
        Ok(Self { der: certificate.into(), pkcs8, key, not_after: view.not_after })
    }

    /// From text that holds a `CERTIFICATE` and a `PRIVATE KEY` (RFC 7468), in any order.
    pub fn from_pem(provider: &Provider, text: &str) -> Result<Self, Error> {
        let certificate = pem::find(text, "CERTIFICATE")?;
        let pkcs8 = pem::find(text, "PRIVATE KEY")?;
        Self::from_der(provider, &certificate, &pkcs8)
    }

    /// Certificate and private key as text. A secret; what it was copied to is the caller's to wipe.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(self.certificate_pem());
        text.push_str(&pem::encode("PRIVATE KEY", &self.pkcs8));
        text
    }

    /// The certificate alone as text.
    pub fn certificate_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// The certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The private key, PKCS #8 in DER. A secret.
    pub fn private_key_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key, ready to sign.
    pub fn key(&self) -> &dyn SigningKey {
        self.key.as_ref()
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The end of its validity, as time since 1970-01-01T00:00:00Z.
    pub fn not_after(&self) -> Duration {
        self.not_after
    }

    /// The hash that goes into `a=fingerprint`.
    pub fn fingerprint(&self, provider: &Provider, algorithm: HashAlgorithm) -> Fingerprint {
        fingerprint(provider, algorithm, &self.der)
    }
}

/// Shows the public part only.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, {} bytes)", self.public_key(), self.der.len())
    }
}

/// The fingerprint of any certificate, given in DER (RFC 8122 §5).
pub fn fingerprint(provider: &Provider, algorithm: HashAlgorithm, der: &[u8]) -> Fingerprint {
    Fingerprint { algorithm, value: provider.hash(algorithm).digest(&[der]).as_ref().into() }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For peers whose clock is slow.
const BACKDATED: Duration = DAY;
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
