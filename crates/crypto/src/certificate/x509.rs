//! Writing a self-signed certificate (RFC 5280 §4.1).

use super::der::{self, put};
use crate::{Error, KeyKind, SigningKey};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Rng;
use siskin_base::wire::Writer;

pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]; // 1.2.840.10045.2.1
pub(super) const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]; // 1.2.840.10045.3.1.7
pub(super) const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22]; // 1.3.132.0.34
pub(super) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]; // 1.2.840.113549.1.1.1
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]; // 1.2.840.10045.4.3.2
const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]; // 1.2.840.10045.4.3.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03]; // 2.5.4.3
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f]; // 2.5.29.15

/// The certificate for `key`, signed with it.
pub(super) fn self_signed(
    key: &dyn SigningKey,
    rng: &mut Rng,
    not_before: Duration,
    not_after: Duration,
) -> Result<Vec<u8>, Error> {
    let public_key = key.public_key();
    let (curve, signature_algorithm) = match public_key.kind {
        KeyKind::EcdsaP256 => (PRIME256V1, ECDSA_WITH_SHA256),
        KeyKind::EcdsaP384 => (SECP384R1, ECDSA_WITH_SHA384),
        KeyKind::Rsa => return Err(Error::Unsupported),
    };
    let algorithm = |out: &mut Vec<u8>| {
        put(out, der::SEQUENCE, |out| put(out, der::OBJECT_IDENTIFIER, |out| out.put(signature_algorithm)));
    };
    let mut serial = rng.bytes::<16>();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40; // positive, and in its shortest form (RFC 5280 §4.1.2.2)
    }
    let common_name = alloc::format!("{:016x}", rng.u64());

    let mut tbs = Vec::new();
    put(&mut tbs, der::SEQUENCE, |out| {
        put(out, der::context(0), |out| put(out, der::INTEGER, |out| out.put_u8(2))); // v3
        put(out, der::INTEGER, |out| out.put(&serial));
        algorithm(out);
        name(out, &common_name);
        put(out, der::SEQUENCE, |out| {
            time(out, not_before);
            time(out, not_after);
        });
        name(out, &common_name);
        put(out, der::SEQUENCE, |out| {
            put(out, der::SEQUENCE, |out| {
                put(out, der::OBJECT_IDENTIFIER, |out| out.put(EC_PUBLIC_KEY));
                put(out, der::OBJECT_IDENTIFIER, |out| out.put(curve));
            });
            bit_string(out, &public_key.bytes);
        });
        put(out, der::context(3), |out| put(out, der::SEQUENCE, key_usage));
    });
    let signature = key.sign(rng, &tbs)?;

    let mut certificate = Vec::new();
    put(&mut certificate, der::SEQUENCE, |out| {
        out.put(&tbs);
        algorithm(out);
        bit_string(out, &signature);
    });
    Ok(certificate)
}

fn name(out: &mut Vec<u8>, common_name: &str) {
    put(out, der::SEQUENCE, |out| {
        put(out, der::SET, |out| {
            put(out, der::SEQUENCE, |out| {
                put(out, der::OBJECT_IDENTIFIER, |out| out.put(COMMON_NAME));
                put(out, der::UTF8_STRING, |out| out.put(common_name.as_bytes()));
            });
        });
    });
}

/// RFC 5280 §4.2.1.3: critical, and nothing but digitalSignature (bit 0, seven bits unused).
fn key_usage(out: &mut Vec<u8>) {
    put(out, der::SEQUENCE, |out| {
        put(out, der::OBJECT_IDENTIFIER, |out| out.put(KEY_USAGE));
        put(out, der::BOOLEAN, |out| out.put_u8(0xff));
        put(out, der::OCTET_STRING, |out| put(out, der::BIT_STRING, |out| out.put(&[7, 0x80])));
    });
}

fn bit_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, der::BIT_STRING, |out| {
        out.put_u8(0);
        out.put(bytes);
    });
}

/// RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on.
fn time(out: &mut Vec<u8>, unix: Duration) {
    let seconds = unix.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let rest = alloc::format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if year < 2050 {
        let text = alloc::format!("{:02}{rest}", year % 100);
        put(out, der::UTC_TIME, |out| out.put(text.as_bytes()));
    } else {
        let text = alloc::format!("{:04}{rest}", year.min(9999));
        put(out, der::GENERALIZED_TIME, |out| out.put(text.as_bytes()));
    }
}

/// Year, month and day of the given day after 1970-01-01, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    // A cycle of 400 years has 146 097 days; 2000-01-01 is day 10 957.
    let (mut year, mut day) = (1970, days);
    if day >= 10_957 {
        year = 2000 + (day - 10_957) / 146_097 * 400;
        day = (day - 10_957) % 146_097;
    }
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

/// Seconds since 1970 of a date at midnight; the inverse of [`civil`] for 1970 and later.
pub(super) fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    // Howard Hinnant's way: count years from March, so that the leap day comes last.
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day.checked_sub(1)?;
    let (era, of_era) = (year / 400, year % 400);
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_runs_both_ways() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(10_956), (1999, 12, 31));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
        for days in (0..200_000).step_by(17) {
            let (year, month, day) = civil(days);
            assert_eq!(days_from_civil(year, month, day), Some(days));
        }
    }

    #[test]
    fn rfc5280_4_1_2_5_time_forms() {
        let mut out = Vec::new();
        time(&mut out, Duration::from_secs(1_795_305_600));
        assert_eq!(out, b"\x17\x0d261122000000Z");
        out.clear();
        time(&mut out, Duration::from_secs(days_from_civil(2050, 1, 1).unwrap() * 86_400 + 3_661));
        assert_eq!(out, b"\x18\x0f20500101010101Z");
    }
}
