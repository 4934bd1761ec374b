//! Handshake messages: what their bytes mean, and how fragments become messages again.

mod certificate;
mod certificate_request;
mod certificate_verify;
mod client_hello;
mod client_key_exchange;
mod extensions;
pub(crate) mod gaps;
mod header;
mod hello_verify_request;
mod key_share;
mod key_update;
mod new_connection_id;
mod reassembly;
mod server_hello;
mod server_key_exchange;
mod use_srtp;

pub use certificate::CertificateMessage;
pub use certificate_request::{CertificateRequest, CertificateRequestV13, ClientCertificateType};
pub use certificate_verify::CertificateVerify;
pub use client_hello::ClientHello;
pub use client_key_exchange::ClientKeyExchange;
pub use extensions::{ExtensionType, Extensions};
pub use header::{HandshakeHeader, HandshakeType, Malformed};
pub use hello_verify_request::HelloVerifyRequest;
pub use key_share::{KeyShareEntry, KeyShares};
pub use key_update::KeyUpdate;
pub use new_connection_id::NewConnectionId;
pub use reassembly::{Fragment, Inserted, Message, Reassembly};
pub use server_hello::ServerHello;
pub use server_key_exchange::ServerKeyExchange;
pub use use_srtp::UseSrtp;

use siskin_base::wire::{Reader, Writer};

/// Numbers of 16 bits, one behind the other, as lists in hello messages are.
pub(crate) fn numbers(list: &[u8]) -> impl Iterator<Item = u16> + '_ {
    list.chunks_exact(2).map(|pair| pair.iter().fold(0, |number, &byte| number << 8 | u16::from(byte)))
}

/// A list of 16-bit numbers behind its 16-bit length in bytes; nothing may follow, and it may not be empty.
pub(crate) fn number_list(input: &[u8]) -> Result<&[u8], Malformed> {
    let mut r = Reader::new(input);
    let list = r.vec16()?;
    if r.is_empty() && !list.is_empty() && list.len().is_multiple_of(2) { Ok(list) } else { Err(Malformed) }
}

/// Bytes behind their 16-bit length, at least one; nothing may follow.
pub(crate) fn only_vec16(input: &[u8]) -> Result<&[u8], Malformed> {
    let mut r = Reader::new(input);
    let bytes = r.vec16()?;
    if r.is_empty() && !bytes.is_empty() { Ok(bytes) } else { Err(Malformed) }
}

/// Writes such a list.
pub(crate) fn put_numbers(out: &mut alloc::vec::Vec<u8>, numbers: impl Iterator<Item = u16>) {
    let _ = out.put_prefixed(2, |out| numbers.for_each(|number| out.put_u16(number)));
}
