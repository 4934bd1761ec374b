//! All messages of the handshake so far, as they are hashed and signed.

use crate::handshake::{HandshakeHeader, HandshakeType};
use alloc::boxed::Box;
use alloc::vec::Vec;
use siskin_crypto::{Digest, Hash, HashContext};

/// The messages of the handshake, in order.
pub(crate) enum Transcript {
    /// Whole messages, each as if sent in one piece: DTLS 1.2 (RFC 6347 §4.2.6), and 1.3 until the hash is known.
    Messages(Vec<u8>),
    /// DTLS 1.3: hashed, without the fields that DTLS adds (RFC 9147 §5.2).
    Hash(&'static dyn Hash, Box<dyn HashContext>),
}

impl Transcript {
    pub(crate) const fn new() -> Self {
        Self::Messages(Vec::new())
    }

    /// Adds a message, header and body.
    pub(crate) fn add(&mut self, message: &[u8]) {
        match self {
            Self::Messages(messages) => messages.extend(message),
            Self::Hash(_, context) => {
                let (header, body) = message.split_at_checked(HandshakeHeader::LEN).unwrap_or((message, &[]));
                context.update(header.get(..TLS_HEADER_LEN).unwrap_or_default());
                context.update(body);
            }
        }
    }

    /// The messages as DTLS 1.2 needs them; empty in DTLS 1.3.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Messages(messages) => messages,
            Self::Hash(..) => &[],
        }
    }

    /// Counts as in DTLS 1.3 from now on, what is there already included.
    pub(crate) fn hash_with(&mut self, hash: &'static dyn Hash) {
        let Self::Messages(messages) = self else { return };
        let messages = core::mem::take(messages);
        *self = Self::Hash(hash, hash.start());
        let mut rest = &messages[..];
        while let Some(length) = whole_length(rest) {
            let Some((message, behind)) = rest.split_at_checked(length) else { return };
            self.add(message);
            rest = behind;
        }
    }

    /// RFC 8446 §4.4.1: in front of a HelloRetryRequest, the first ClientHello counts as its hash.
    pub(crate) fn fold(&mut self) {
        let digest = self.current();
        if let Self::Hash(hash, context) = self {
            *context = hash.start();
            let length = digest.as_ref().len() as u8;
            context.update(&[HandshakeType::MESSAGE_HASH.0, 0, 0, length]);
            context.update(digest.as_ref());
        }
    }

    /// The hash of everything so far, in DTLS 1.3.
    pub(crate) fn current(&self) -> Digest {
        match self {
            Self::Messages(_) => Digest::new(&[]),
            Self::Hash(_, context) => context.current(),
        }
    }
}

/// Bytes of the message that comes first, by its header.
fn whole_length(messages: &[u8]) -> Option<usize> {
    let &[_, a, b, c] = messages.first_chunk()?;
    Some(HandshakeHeader::LEN + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// What TLS has in front of a message: type and length.
const TLS_HEADER_LEN: usize = 4;
