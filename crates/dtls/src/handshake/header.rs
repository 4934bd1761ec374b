//! The handshake header (RFC 6347 §4.2.2).

use core::fmt;
use siskin_base::wire::{Reader, Truncated};

siskin_base::code_points! {
    /// What kind of handshake message (RFC 5246 §7.4, RFC 6347 §4.3.2, RFC 9147 §5.2).
    pub struct HandshakeType(u8) {
        HELLO_REQUEST = 0,
        CLIENT_HELLO = 1,
        SERVER_HELLO = 2,
        HELLO_VERIFY_REQUEST = 3,
        NEW_SESSION_TICKET = 4,
        ENCRYPTED_EXTENSIONS = 8,
        REQUEST_CONNECTION_ID = 9,
        NEW_CONNECTION_ID = 10,
        CERTIFICATE = 11,
        SERVER_KEY_EXCHANGE = 12,
        CERTIFICATE_REQUEST = 13,
        SERVER_HELLO_DONE = 14,
        CERTIFICATE_VERIFY = 15,
        CLIENT_KEY_EXCHANGE = 16,
        FINISHED = 20,
        KEY_UPDATE = 24,
        MESSAGE_HASH = 254,
    }
}

/// What stands before each fragment of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeHeader {
    /// What kind.
    pub kind: HandshakeType,
    /// Bytes of the whole message, 24 bits.
    pub length: u32,
    /// The message's number in this direction.
    pub sequence: u16,
    /// Where the fragment starts, 24 bits.
    pub fragment_offset: u32,
    /// Bytes of the fragment, 24 bits.
    pub fragment_length: u32,
}

impl HandshakeHeader {
    /// Bytes of a header.
    pub const LEN: usize = 12;

    /// Reads one.
    pub fn parse(r: &mut Reader<'_>) -> Result<Self, Truncated> {
        Ok(Self {
            kind: HandshakeType(r.u8()?),
            length: r.u24()?,
            sequence: r.u16()?,
            fragment_offset: r.u24()?,
            fragment_length: r.u24()?,
        })
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [_, l0, l1, l2] = self.length.to_be_bytes();
        let [s0, s1] = self.sequence.to_be_bytes();
        let [_, o0, o1, o2] = self.fragment_offset.to_be_bytes();
        let [_, f0, f1, f2] = self.fragment_length.to_be_bytes();
        [self.kind.0, l0, l1, l2, s0, s1, o0, o1, o2, f0, f1, f2]
    }
}

/// A handshake message that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl From<Truncated> for Malformed {
    fn from(_: Truncated) -> Self {
        Self
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed handshake message")
    }
}

impl core::error::Error for Malformed {}
