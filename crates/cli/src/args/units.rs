//! Values with units, and what to say when one is wrong.

use std::net::SocketAddr;
use std::time::Duration;

/// A number of bytes: `1200`, `64KiB`, `20MB`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        _ => return Err("not a number of bytes, as in 1200, 64KiB or 20MB".into()),
    };
    let number: usize = number.parse().map_err(|_| "not a number of bytes, as in 1200, 64KiB or 20MB")?;
    number.checked_mul(factor).filter(|size| *size <= MAX_SIZE).ok_or_else(|| "at most 1024MiB".into())
}

const MAX_SIZE: usize = 1 << 30;

/// A time: `30`, `30s`, `500ms`, `2min`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "min" | "m" => 60.0,
        _ => return Err("not a time, as in 30, 500ms or 2min".into()),
    };
    let number: f64 = number.parse().map_err(|_| "not a time, as in 30, 500ms or 2min")?;
    let time =
        Duration::try_from_secs_f64(number * seconds).map_err(|_| "not a time, as in 30, 500ms or 2min")?;
    if time > Duration::from_secs(86_400) { Err("at most a day".into()) } else { Ok(time) }
}

/// An address and port.
pub(super) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address and port, as in 192.0.2.1:5000 or [2001:db8::1]:5000".into())
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let good = [("0", 0), ("1200", 1_200), ("64KiB", 65_536), ("20MB", 20_000_000), ("1k", 1_000)];
        for (text, expected) in good {
            assert_eq!(size(text), Ok(expected));
        }
        for text in ["", "1.5MB", "-1", "10GB", "9999999999999MiB", "2000MiB", "abc"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, millis) in [("30", 30_000), ("1.5", 1_500), ("500ms", 500), ("2min", 120_000), ("0", 0)] {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)));
        }
        for text in ["", "-1", "1h", "1e9", "99999999", "1.2.3", "s"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
