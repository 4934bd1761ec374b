//! Alerts (RFC 5246 §7.2).

use siskin_base::wire::{Reader, Truncated};

siskin_base::code_points! {
    /// How bad it is.
    pub struct AlertLevel(u8) {
        WARNING = 1,
        FATAL = 2,
    }
}

siskin_base::code_points! {
    /// What happened (RFC 5246 §7.2, RFC 8446 §6).
    pub struct AlertDescription(u8) {
        CLOSE_NOTIFY = 0,
        UNEXPECTED_MESSAGE = 10,
        BAD_RECORD_MAC = 20,
        RECORD_OVERFLOW = 22,
        HANDSHAKE_FAILURE = 40,
        BAD_CERTIFICATE = 42,
        UNSUPPORTED_CERTIFICATE = 43,
        CERTIFICATE_REVOKED = 44,
        CERTIFICATE_EXPIRED = 45,
        CERTIFICATE_UNKNOWN = 46,
        ILLEGAL_PARAMETER = 47,
        UNKNOWN_CA = 48,
        ACCESS_DENIED = 49,
        DECODE_ERROR = 50,
        DECRYPT_ERROR = 51,
        PROTOCOL_VERSION = 70,
        INSUFFICIENT_SECURITY = 71,
        INTERNAL_ERROR = 80,
        INAPPROPRIATE_FALLBACK = 86,
        USER_CANCELED = 90,
        NO_RENEGOTIATION = 100,
        MISSING_EXTENSION = 109,
        UNSUPPORTED_EXTENSION = 110,
        CERTIFICATE_REQUIRED = 116,
    }
}

/// An alert message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// How bad it is.
    pub level: AlertLevel,
    /// What happened.
    pub description: AlertDescription,
}

impl Alert {
    /// A fatal one.
    pub const fn fatal(description: AlertDescription) -> Self {
        Self { level: AlertLevel::FATAL, description }
    }

    /// A warning.
    pub const fn warning(description: AlertDescription) -> Self {
        Self { level: AlertLevel::WARNING, description }
    }

    /// Reads one.
    pub fn parse(input: &[u8]) -> Result<Self, Truncated> {
        let mut r = Reader::new(input);
        Ok(Self { level: AlertLevel(r.u8()?), description: AlertDescription(r.u8()?) })
    }

    /// Its two bytes.
    pub const fn to_bytes(self) -> [u8; 2] {
        [self.level.0, self.description.0]
    }
}
