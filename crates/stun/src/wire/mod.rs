//! What the bytes of a STUN message mean: one file per family of attributes, no clock and no state.
#![deny(clippy::indexing_slicing)]

mod address;
mod attribute;
mod auth;
mod builder;
mod error_code;
mod header;
mod ice;
mod message;

pub use attribute::{Attribute, AttributeType, Attributes};
pub use auth::{NonceCookie, PasswordAlgorithm, PasswordAlgorithms, SecurityFeatures};
pub use builder::Builder;
pub use error_code::{ErrorCode, ErrorResponse, UnknownAttributes};
pub use header::{Class, HEADER_LEN, MAGIC_COOKIE, Method, TransactionId, is_stun};
pub use message::{Message, ParseError};
