//! Reading the few things that matter of a certificate (RFC 5280 §4.1).

use super::der;
use super::x509::{EC_PUBLIC_KEY, PRIME256V1, RSA_ENCRYPTION, SECP384R1, days_from_civil};
use crate::{Error, KeyKind, PublicKey};
use core::time::Duration;
use siskin_base::wire::Reader;

/// What matters of a certificate. Its signature is not verified: whoever trusts it does so by its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateView {
    /// The key in it.
    pub public_key: PublicKey,
    /// The start of its validity, as time since 1970-01-01T00:00:00Z.
    pub not_before: Duration,
    /// The end of its validity, likewise.
    pub not_after: Duration,
}

impl CertificateView {
    /// Reads a certificate in DER.
    ///
    /// [`Error::InvalidEncoding`] if it is none; [`Error::Unsupported`] for a key of a kind that is not in [`KeyKind`].
    pub fn parse(certificate: &[u8]) -> Result<Self, Error> {
        let mut r = Reader::new(certificate);
        let mut outer = Reader::new(der::expect(&mut r, der::SEQUENCE)?);
        let mut tbs = Reader::new(der::expect(&mut outer, der::SEQUENCE)?);
        der::expect(&mut outer, der::SEQUENCE)?; // signatureAlgorithm
        der::expect(&mut outer, der::BIT_STRING)?;
        if !outer.is_empty() || !r.is_empty() {
            return Err(Error::InvalidEncoding);
        }
        if der::next_is(&tbs, der::context(0)) {
            der::element(&mut tbs)?; // version
        }
        der::expect(&mut tbs, der::INTEGER)?; // serialNumber
        der::expect(&mut tbs, der::SEQUENCE)?; // signature
        der::expect(&mut tbs, der::SEQUENCE)?; // issuer
        let mut validity = Reader::new(der::expect(&mut tbs, der::SEQUENCE)?);
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        der::expect(&mut tbs, der::SEQUENCE)?; // subject
        let public_key = subject_public_key_info(&mut tbs)?;
        Ok(Self { public_key, not_before, not_after })
    }

    /// Whether it is valid at `unix`, the time since 1970-01-01T00:00:00Z, ends included (RFC 5280 §4.1.2.5).
    pub fn valid_at(&self, unix: Duration) -> bool {
        (self.not_before..=self.not_after).contains(&unix)
    }
}

fn subject_public_key_info(r: &mut Reader<'_>) -> Result<PublicKey, Error> {
    let mut r = Reader::new(der::expect(r, der::SEQUENCE)?);
    let mut algorithm = Reader::new(der::expect(&mut r, der::SEQUENCE)?);
    let bytes = der::bit_string(&mut r)?;
    let kind = match der::expect(&mut algorithm, der::OBJECT_IDENTIFIER)? {
        RSA_ENCRYPTION => KeyKind::Rsa,
        EC_PUBLIC_KEY => match der::expect(&mut algorithm, der::OBJECT_IDENTIFIER)? {
            PRIME256V1 => KeyKind::EcdsaP256,
            SECP384R1 => KeyKind::EcdsaP384,
            _ => return Err(Error::Unsupported),
        },
        _ => return Err(Error::Unsupported),
    };
    Ok(PublicKey { kind, bytes: bytes.into() })
}

fn time(r: &mut Reader<'_>) -> Result<Duration, Error> {
    let (tag, text) = der::element(r)?;
    let (century, rest) = match tag {
        der::UTC_TIME => (None, text),
        der::GENERALIZED_TIME => {
            let (century, rest) = text.split_at_checked(2).ok_or(Error::InvalidEncoding)?;
            (Some(digits(century)?), rest)
        }
        _ => return Err(Error::InvalidEncoding),
    };
    let rest = rest.strip_suffix(b"Z").filter(|rest| rest.len() == 12).ok_or(Error::InvalidEncoding)?;
    let mut pairs = rest.chunks(2).map(digits);
    let mut next = || pairs.next().unwrap_or(Err(Error::InvalidEncoding));
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the last century.
    let century = century.unwrap_or(if year >= 50 { 19 } else { 20 });
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return Err(Error::InvalidEncoding);
    }
    // What lies before 1970 is as long ago as 1970 for our purposes.
    let days = days_from_civil(century * 100 + year, month, day).unwrap_or(0);
    Ok(Duration::from_secs(days * 86_400 + hour * 3_600 + minute * 60 + second))
}

fn digits(text: &[u8]) -> Result<u64, Error> {
    text.iter().try_fold(0, |value, byte| match byte {
        b'0'..=b'9' => Ok(value * 10 + u64::from(byte - b'0')),
        _ => Err(Error::InvalidEncoding),
    })
}
