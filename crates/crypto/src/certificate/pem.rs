//! PEM, the text form of certificates and keys (RFC 7468).

use crate::Error;
use alloc::string::String;
use alloc::vec::Vec;
use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

/// The first block with this label in `text`.
pub(super) fn find(text: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let begin = alloc::format!("-----BEGIN {label}-----");
    let end = alloc::format!("-----END {label}-----");
    let block = text.find(&begin).and_then(|start| text.get(start..)).ok_or(Error::InvalidEncoding)?;
    let len = block.find(&end).ok_or(Error::InvalidEncoding)? + end.len();
    let block = block.get(..len).ok_or(Error::InvalidEncoding)?;
    let (_, der) = pem_rfc7468::decode_vec(block.as_bytes()).map_err(|_| Error::InvalidEncoding)?;
    Ok(Zeroizing::new(der))
}

pub(super) fn encode(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}
