//! What travels over a data channel.

use bytes::Bytes;
use siskin_peer::MessageKind;

/// A message of a data channel: text and binary stay apart (RFC 8831 §8), and either may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// Bytes of payload.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    pub(crate) fn into_parts(self) -> (MessageKind, Bytes) {
        match self {
            Self::Text(text) => (MessageKind::Text, Bytes::from(text)),
            Self::Binary(bytes) => (MessageKind::Binary, bytes),
        }
    }

    /// Text that is not UTF-8 gets replacement characters, as in browsers.
    pub(crate) fn from_parts(kind: MessageKind, data: Bytes) -> Self {
        match kind {
            MessageKind::Binary => Self::Binary(data),
            MessageKind::Text => Self::Text(match String::from_utf8(data.into()) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_back() {
        for message in
            [Message::from("ä"), Message::from(""), Message::from(&b"\xff"[..]), Message::from(vec![])]
        {
            let (kind, data) = message.clone().into_parts();
            assert_eq!(Message::from_parts(kind, data), message);
        }
        let lossy = Message::from_parts(MessageKind::Text, Bytes::from_static(b"a\xff"));
        assert_eq!(lossy, Message::from("a\u{fffd}"));
    }
}
