//! Values with units, and what to say when one is wrong.

use super::IceServer;
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

/// A STUN URL (RFC 7064).
pub(super) fn ice_server(url: &str) -> Result<IceServer, String> {
    const FORM: &str = "not a STUN server, as in stun:stun.example.org or stun:192.0.2.1:3478";
    if url.starts_with("turn:") || url.starts_with("turns:") {
        return Err("TURN is not supported yet: only stun:HOST[:PORT] is".into());
    }
    let rest = url.strip_prefix("stun:").filter(|rest| !rest.starts_with("//")).ok_or(FORM)?;
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or(FORM)?;
            (host, behind.strip_prefix(':').or(behind.is_empty().then_some("3478")).ok_or(FORM)?)
        }
        None => rest.split_once(':').unwrap_or((rest, "3478")),
    };
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    if host.is_empty() || !host.chars().all(known) {
        return Err(FORM.into());
    }
    Ok(IceServer { host: host.into(), port: port.parse().map_err(|_| FORM)? })
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

    #[test]
    fn rfc7064_stun_urls() {
        let server = |host: &str, port| Ok(IceServer { host: host.into(), port });
        assert_eq!(ice_server("stun:stun.example.org"), server("stun.example.org", 3478));
        assert_eq!(ice_server("stun:192.0.2.1:19302"), server("192.0.2.1", 19302));
        assert_eq!(ice_server("stun:[2001:db8::1]:5"), server("2001:db8::1", 5));
        assert_eq!(ice_server("stun:[2001:db8::1]"), server("2001:db8::1", 3478));
        for url in ["stun:", "stun://a", "http://a", "stun:a:b", "stun:[::1", "stun:[::1]5", "stun:a?b"] {
            assert!(ice_server(url).is_err(), "{url}");
        }
        assert!(ice_server("turn:a").unwrap_err().starts_with("TURN is not supported yet"));
    }
}
