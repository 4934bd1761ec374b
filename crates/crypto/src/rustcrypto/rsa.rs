//! RSA signatures, verified only (RFC 8017 §8.1.2, §8.2.2): nothing here is secret.
//!
//! Why not the `rsa` crate: its releases are of the generation before the other crates here and would bring a second copy
//! of half of them, its next one has been a candidate for a long time, and RUSTSEC-2023-0071, which is about private
//! keys, would be reported to everyone who depends on us. The arithmetic is `crypto-bigint`'s, which P-256 needs anyway.

use crate::certificate::der;
use crate::{Error, Hash, KeyKind, SignatureScheme, Verifier};
use alloc::vec::Vec;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use siskin_base::wire::Reader;

pub(crate) struct Rsa {
    scheme: SignatureScheme,
    hash: &'static dyn Hash,
    padding: Padding,
}

enum Padding {
    /// RSASSA-PSS, with a salt as long as the hash (RFC 8446 §4.2.3).
    Pss,
    /// RSASSA-PKCS1-v1_5, with what stands before the hash (RFC 8017 §9.2, note 1).
    Pkcs1(&'static [u8; 19]),
}

macro_rules! verifiers {
    ($($name:ident = $scheme:ident, $hash:ident, $padding:expr;)*) => {
        $(pub(crate) static $name: Rsa = Rsa {
            scheme: SignatureScheme::$scheme,
            hash: &super::hash::$hash,
            padding: $padding,
        };)*
    };
}

verifiers! {
    PSS_SHA256 = RSA_PSS_RSAE_SHA256, SHA256, Padding::Pss;
    PSS_SHA384 = RSA_PSS_RSAE_SHA384, SHA384, Padding::Pss;
    PSS_SHA512 = RSA_PSS_RSAE_SHA512, SHA512, Padding::Pss;
    PKCS1_SHA256 = RSA_PKCS1_SHA256, SHA256, Padding::Pkcs1(&digest_info(1, 32));
    PKCS1_SHA384 = RSA_PKCS1_SHA384, SHA384, Padding::Pkcs1(&digest_info(2, 48));
    PKCS1_SHA512 = RSA_PKCS1_SHA512, SHA512, Padding::Pkcs1(&digest_info(3, 64));
}

/// `DigestInfo` up to the hash; `number` is SHA-2's last one in its object identifier, `length` that of the hash.
const fn digest_info(number: u8, length: u8) -> [u8; 19] {
    let whole = length + 17;
    [
        0x30, whole, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number, 0x05,
        0x00, 0x04, length,
    ]
}

impl Verifier for Rsa {
    fn kind(&self) -> KeyKind {
        KeyKind::Rsa
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (encoded, bits) = recover(public_key, signature)?;
        let digest = self.hash.digest(&[message]);
        let valid = match self.padding {
            Padding::Pkcs1(info) => is_pkcs1(&encoded, info, digest.as_ref()),
            Padding::Pss => is_pss(self.hash, &encoded, bits, digest.as_ref()).unwrap_or(false),
        };
        if valid { Ok(()) } else { Err(Error::InvalidSignature) }
    }
}

/// RSAVP1 (RFC 8017 §5.2.2): the encoded message, as long as the modulus, and the bits of that.
fn recover(public_key: &[u8], signature: &[u8]) -> Result<(Vec<u8>, usize), Error> {
    let mut r = Reader::new(public_key);
    let mut key = Reader::new(der::expect(&mut r, der::SEQUENCE)?);
    let (modulus, exponent) = (positive(&mut key)?, positive(&mut key)?);
    let bits = modulus.len() * 8 - modulus.first().map_or(8, |first| first.leading_zeros() as usize);
    let e = exponent.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let sound = r.is_empty() && key.is_empty() && BITS.contains(&bits);
    if !sound || exponent.len() > 5 || !(3..=MAX_EXPONENT).contains(&e) || e.is_multiple_of(2) {
        return Err(Error::InvalidKey);
    }
    if signature.len() != modulus.len() || signature >= modulus {
        return Err(Error::InvalidSignature);
    }
    let precision = modulus.len() as u32 * 8;
    let number = |bytes| BoxedUint::from_be_slice(bytes, precision).map_err(|_| Error::InvalidKey);
    let odd: Option<Odd<BoxedUint>> = Odd::new(number(modulus)?).into();
    let params = BoxedMontyParams::new_vartime(odd.ok_or(Error::InvalidKey)?);
    let power =
        BoxedMontyForm::new(number(signature)?, &params).pow_bounded_exp(&BoxedUint::from(e), EXPONENT_BITS);
    let bytes = power.retrieve().to_be_bytes();
    let at = bytes.len().saturating_sub(modulus.len());
    Ok((bytes.get(at..).unwrap_or_default().into(), bits))
}

/// The bytes of an integer above zero, without those that only keep it so.
fn positive<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    match der::expect(r, der::INTEGER)? {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Ok(rest),
        number if number.first().is_some_and(|first| (1..0x80).contains(first)) => Ok(number),
        _ => Err(Error::InvalidKey),
    }
}

/// RFC 8017 §8.2.2: made anew and compared, not taken apart.
fn is_pkcs1(encoded: &[u8], info: &[u8], digest: &[u8]) -> bool {
    let mut expected = alloc::vec![0xff; encoded.len()];
    let tail = [&[0], info, digest].concat();
    let Some(at) = encoded.len().checked_sub(tail.len()).filter(|at| *at >= 2 + 8) else { return false };
    expected.iter_mut().zip([0, 1]).for_each(|(to, from)| *to = from);
    expected.iter_mut().skip(at).zip(&tail).for_each(|(to, from)| *to = *from);
    expected == encoded
}

/// EMSA-PSS-VERIFY (RFC 8017 §9.1.2); `None` if the parts do not fit.
fn is_pss(hash: &dyn Hash, encoded: &[u8], bits: usize, digest: &[u8]) -> Option<bool> {
    let bits = bits - 1;
    let (front, message) = encoded.split_at_checked(encoded.len().checked_sub(bits.div_ceil(8))?)?;
    let (masked, rest) = message.split_at_checked(message.len().checked_sub(digest.len() + 1)?)?;
    let (h, end) = rest.split_at_checked(digest.len())?;
    // The bits of the first byte that the encoded message has not.
    let unused = message.len() * 8 - bits;
    let used = 0xffu8 >> unused;
    let mut block = mgf1(hash, h, masked.len());
    block.iter_mut().zip(masked).for_each(|(byte, masked)| *byte ^= masked);
    *block.first_mut()? &= used;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(digest.len())?)?;
    let (one, zeros) = padding.split_last()?;
    let well_formed = front.iter().all(|byte| *byte == 0)
        && masked.first()? & !used == 0
        && end == [0xbc]
        && *one == 1
        && zeros.iter().all(|byte| *byte == 0);
    Some(well_formed && hash.digest(&[&[0; 8], digest, salt]).as_ref() == h)
}

/// RFC 8017 §B.2.1.
fn mgf1(hash: &dyn Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + 64);
    let mut counter = 0u32;
    while mask.len() < length {
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()]).as_ref());
        counter += 1;
    }
    mask.truncate(length);
    mask
}

/// Sizes of a modulus, in bits: as ring has them.
const BITS: core::ops::RangeInclusive<usize> = 2048..=8192;
const EXPONENT_BITS: u32 = 33;
const MAX_EXPONENT: u64 = (1 << EXPONENT_BITS) - 1;
