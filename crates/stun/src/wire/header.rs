//! The 20-byte header: class, method, length, magic cookie, transaction id (RFC 8489 §5).

use core::fmt;
use siskin_base::Rng;

/// Bytes of a message before its attributes.
pub const HEADER_LEN: usize = 20;

/// The value in bytes 4 to 7 of every message.
pub const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Whether `datagram` is a STUN message rather than DTLS, RTP or ChannelData, by its first 20 bytes: the first byte is 0 to
/// 3 (RFC 7983 §7) and the magic cookie is in its place. The rest is not looked at.
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER_LEN
        && datagram.first().is_some_and(|first| *first < 4)
        && datagram.get(4..8).is_some_and(|cookie| cookie == MAGIC_COOKIE.to_be_bytes())
}

/// What a message is for (RFC 8489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Wants a response.
    Request,
    /// Wants none.
    Indication,
    /// The request was carried out.
    Success,
    /// The request was refused.
    Error,
}

siskin_base::code_points! {
    /// What is asked for: 0 to 0xff, because of the other protocols on the same port (RFC 8489 §18.2; RFC 8656 §17,
    /// RFC 6062 §6.1).
    pub struct Method(u16) {
        BINDING = 0x001,
        ALLOCATE = 0x003,
        REFRESH = 0x004,
        SEND = 0x006,
        DATA = 0x007,
        CREATE_PERMISSION = 0x008,
        CHANNEL_BIND = 0x009,
        CONNECT = 0x00a,
        CONNECTION_BIND = 0x00b,
        CONNECTION_ATTEMPT = 0x00c,
    }
}

/// What ties a response to its request, 96 bits that nobody else can guess (RFC 8489 §5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl TransactionId {
    /// A new one.
    pub fn random(rng: &mut Rng) -> Self {
        Self(rng.bytes())
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The 14 bits of the message type: M11..M7 C1 M6..M4 C0 M3..M0 (RFC 8489 §5, figure 3).
pub(super) fn message_type(class: Class, method: Method) -> u16 {
    let class = match class {
        Class::Request => 0,
        Class::Indication => 0x0010,
        Class::Success => 0x0100,
        Class::Error => 0x0110,
    };
    let m = method.0;
    (m & 0x0f80) << 2 | (m & 0x0070) << 1 | m & 0x000f | class
}

pub(super) fn class_of(message_type: u16) -> Class {
    match message_type & 0x0110 {
        0 => Class::Request,
        0x0010 => Class::Indication,
        0x0100 => Class::Success,
        _ => Class::Error,
    }
}

pub(super) fn method_of(message_type: u16) -> Method {
    Method((message_type & 0x3e00) >> 2 | (message_type & 0x00e0) >> 1 | message_type & 0x000f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8489_5_message_types() {
        assert_eq!(message_type(Class::Request, Method::BINDING), 0x0001);
        assert_eq!(message_type(Class::Success, Method::BINDING), 0x0101);
        assert_eq!(message_type(Class::Error, Method::BINDING), 0x0111);
        assert_eq!(message_type(Class::Indication, Method::DATA), 0x0017);
        for method in 0..0x1000 {
            for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
                let both = message_type(class, Method(method));
                assert!(both < 0x4000);
                assert_eq!((class_of(both), method_of(both)), (class, Method(method)));
            }
        }
    }

    #[test]
    fn other_protocols_are_not_stun() {
        let mut bytes = [0; HEADER_LEN];
        bytes[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        assert!(is_stun(&bytes));
        assert!(!is_stun(&bytes[..19]));
        for first in [4, 20, 63, 64, 79, 128, 191, 255] {
            bytes[0] = first;
            assert!(!is_stun(&bytes));
        }
        bytes[..8].copy_from_slice(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43]);
        assert!(!is_stun(&bytes));
    }
}
