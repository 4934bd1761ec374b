//! ICE servers by URL.

use crate::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A STUN server (`RTCIceServer`; TURN is not supported yet), its name not yet resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// A name or an address.
    pub host: String,
    /// Its UDP port, 3478 unless the URL says otherwise.
    pub port: u16,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadIceServer {
    /// Not of the form of RFC 7064 §3.1.
    Form,
    /// A TURN server: not supported yet.
    Turn,
}

impl fmt::Display for BadIceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a STUN server, as in stun:stun.example.org or stun:192.0.2.1:3478",
            Self::Turn => "TURN is not supported yet: only stun:HOST[:PORT] is",
        })
    }
}

impl std::error::Error for BadIceServer {}

/// Reads a STUN URL (RFC 7064 §3.1).
impl FromStr for IceServer {
    type Err = BadIceServer;

    fn from_str(url: &str) -> Result<Self, BadIceServer> {
        if url.starts_with("turn:") || url.starts_with("turns:") {
            return Err(BadIceServer::Turn);
        }
        let rest = url.strip_prefix("stun:").ok_or(BadIceServer::Form)?;
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']').ok_or(BadIceServer::Form)?;
                let port = behind.strip_prefix(':').or_else(|| behind.is_empty().then_some(DEFAULT_PORT));
                (host, port.ok_or(BadIceServer::Form)?)
            }
            None => rest.split_once(':').unwrap_or((rest, DEFAULT_PORT)),
        };
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        let port = port.parse().ok().filter(|_| !host.is_empty() && host.chars().all(known));
        Ok(Self { host: host.into(), port: port.ok_or(BadIceServer::Form)? })
    }
}

const DEFAULT_PORT: &str = "3478";

/// Looks the servers' names up. A name that cannot be resolved is no reason to fail: the connection may do without.
pub(crate) async fn resolve(servers: &[IceServer]) -> Result<Vec<SocketAddr>, Error> {
    let mut found = Vec::new();
    for IceServer { host, port } in servers {
        match tokio::net::lookup_host((host.as_str(), *port)).await {
            Ok(addresses) => {
                for address in addresses.take(MAX_ADDRESSES_EACH) {
                    if !found.contains(&address) {
                        found.push(address);
                    }
                }
            }
            Err(error) => tracing::warn!(host, %error, "STUN server not used: its name cannot be resolved"),
        }
    }
    Ok(found)
}

/// One of each family is what matters.
const MAX_ADDRESSES_EACH: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7064_3_1_urls() {
        let server = |host: &str, port| Ok(IceServer { host: host.into(), port });
        assert_eq!("stun:stun.example.org".parse(), server("stun.example.org", 3478));
        assert_eq!("stun:192.0.2.1:19302".parse(), server("192.0.2.1", 19302));
        assert_eq!("stun:[2001:db8::1]:5".parse(), server("2001:db8::1", 5));
        assert_eq!("stun:[2001:db8::1]".parse(), server("2001:db8::1", 3478));
        for url in ["stun:", "stun://a", "http://a", "stun:a:b", "stun:[::1", "stun:[::1]5", "stun:a?b"] {
            assert_eq!(url.parse::<IceServer>(), Err(BadIceServer::Form), "{url}");
        }
        assert_eq!("turn:a".parse::<IceServer>(), Err(BadIceServer::Turn));
    }
}
