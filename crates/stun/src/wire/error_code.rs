//! ERROR-CODE and UNKNOWN-ATTRIBUTES (RFC 8489 §14.8, §14.13).

use super::{AttributeType, Builder, Message};
use siskin_base::wire::{Reader, Writer as _};

siskin_base::code_points! {
    /// Why a request was refused, 300 to 699 (RFC 8489 §14.8, RFC 8445 §16.2, RFC 8656 §19, RFC 6062 §6.3).
    pub struct ErrorCode(u16) {
        TRY_ALTERNATE = 300,
        BAD_REQUEST = 400,
        UNAUTHENTICATED = 401,
        FORBIDDEN = 403,
        UNKNOWN_ATTRIBUTE = 420,
        ALLOCATION_MISMATCH = 437,
        STALE_NONCE = 438,
        ADDRESS_FAMILY_NOT_SUPPORTED = 440,
        WRONG_CREDENTIALS = 441,
        UNSUPPORTED_TRANSPORT_PROTOCOL = 442,
        PEER_ADDRESS_FAMILY_MISMATCH = 443,
        CONNECTION_ALREADY_EXISTS = 446,
        CONNECTION_TIMEOUT_OR_FAILURE = 447,
        ALLOCATION_QUOTA_REACHED = 486,
        ROLE_CONFLICT = 487,
        SERVER_ERROR = 500,
        INSUFFICIENT_CAPACITY = 508,
    }
}

impl ErrorCode {
    /// The phrase that the specifications recommend; empty for a code that we do not know.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TRY_ALTERNATE => "Try Alternate",
            Self::BAD_REQUEST => "Bad Request",
            Self::UNAUTHENTICATED => "Unauthenticated",
            Self::FORBIDDEN => "Forbidden",
            Self::UNKNOWN_ATTRIBUTE => "Unknown Attribute",
            Self::ALLOCATION_MISMATCH => "Allocation Mismatch",
            Self::STALE_NONCE => "Stale Nonce",
            Self::ADDRESS_FAMILY_NOT_SUPPORTED => "Address Family not Supported",
            Self::WRONG_CREDENTIALS => "Wrong Credentials",
            Self::UNSUPPORTED_TRANSPORT_PROTOCOL => "Unsupported Transport Protocol",
            Self::PEER_ADDRESS_FAMILY_MISMATCH => "Peer Address Family Mismatch",
            Self::CONNECTION_ALREADY_EXISTS => "Connection Already Exists",
            Self::CONNECTION_TIMEOUT_OR_FAILURE => "Connection Timeout or Failure",
            Self::ALLOCATION_QUOTA_REACHED => "Allocation Quota Reached",
            Self::ROLE_CONFLICT => "Role Conflict",
            Self::SERVER_ERROR => "Server Error",
            Self::INSUFFICIENT_CAPACITY => "Insufficient Capacity",
            _ => "",
        }
    }
}

/// What an ERROR-CODE attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorResponse<'a> {
    /// The number, 300 to 699.
    pub code: ErrorCode,
    /// A phrase for people, as it came; it should be UTF-8.
    pub reason: &'a [u8],
}

/// The attribute types in UNKNOWN-ATTRIBUTES.
#[derive(Clone, Debug)]
pub struct UnknownAttributes<'a> {
    reader: Reader<'a>,
}

impl Iterator for UnknownAttributes<'_> {
    type Item = AttributeType;

    fn next(&mut self) -> Option<AttributeType> {
        self.reader.u16().ok().map(AttributeType)
    }
}

impl<'a> Message<'a> {
    /// ERROR-CODE; `None` if it is missing, cut short, or no code from 300 to 699.
    pub fn error(&self) -> Option<ErrorResponse<'a>> {
        let mut r = Reader::new(self.get(AttributeType::ERROR_CODE)?);
        let [_, _, class, number] = r.array().ok()?;
        // RFC 8489 §14.8: the class is the low three bits of the third byte.
        let class = class & 7;
        if !(3..=6).contains(&class) || number > 99 {
            return None;
        }
        let code = ErrorCode(u16::from(class) * 100 + u16::from(number));
        Some(ErrorResponse { code, reason: r.rest() })
    }

    /// UNKNOWN-ATTRIBUTES.
    pub fn unknown_attributes(&self) -> Option<UnknownAttributes<'a>> {
        self.get(AttributeType::UNKNOWN_ATTRIBUTES)
            .map(|value| UnknownAttributes { reader: Reader::new(value) })
    }
}

impl Builder<'_> {
    /// Appends ERROR-CODE with the recommended phrase.
    pub fn error(self, code: ErrorCode) -> Self {
        self.error_with(code, code.reason())
    }

    /// Appends ERROR-CODE with a phrase of one's own.
    pub fn error_with(self, code: ErrorCode, reason: &str) -> Self {
        self.attribute_with(AttributeType::ERROR_CODE, |out| {
            out.put_u16(0);
            out.put_u8(((code.0 / 100) & 7) as u8);
            out.put_u8((code.0 % 100) as u8);
            out.put(reason.as_bytes());
        })
    }

    /// Appends UNKNOWN-ATTRIBUTES.
    pub fn unknown_attributes(self, kinds: &[AttributeType]) -> Self {
        self.attribute_with(AttributeType::UNKNOWN_ATTRIBUTES, |out| {
            kinds.iter().for_each(|kind| out.put_u16(kind.0));
        })
    }
}
