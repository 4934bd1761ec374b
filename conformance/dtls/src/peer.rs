//! What every foreign implementation is driven through.

use siskin_crypto::Certificate;
use siskin_dtls::Role;

/// The other end.
pub trait Peer {
    /// A datagram from us arrives.
    fn take(&mut self, datagram: &[u8]);
    /// Does what is due, and gives what is to be sent. `Err` says why it gave up.
    fn drive(&mut self) -> Result<Vec<Vec<u8>>, String>;
    /// Whether its handshake is complete, as far as it tells.
    fn is_connected(&self) -> bool;
    /// Sends data to us.
    fn send(&mut self, data: &str);
    /// Whether that has arrived from us.
    fn has(&self, data: &str) -> bool;
    /// Whether it sends back what it gets, and nothing else.
    fn echoes(&self) -> bool {
        false
    }
    /// What it exports under the label of RFC 5764 §4.2, if it tells; 56 bytes.
    fn exported(&self) -> Option<Vec<u8>> {
        None
    }
}

/// How one is made.
pub struct Setup<'a> {
    /// Its own part.
    pub role: Role,
    /// Who it is.
    pub certificate: &'a Certificate,
    /// Its largest datagram in the handshake, bytes of UDP payload; `None` leaves it at its default.
    pub mtu: Option<usize>,
}
