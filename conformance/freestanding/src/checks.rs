//! What the program does: something real with each crate.

use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};
use siskin_base::{Rng, checksum};

/// Whether all was as it should be.
type Check = fn() -> bool;

/// Every check, by the crate it is about.
pub(crate) const ALL: &[(&str, Check)] = &[("base", base), ("crypto", crypto)];

fn base() -> bool {
    let mut out = Vec::new();
    out.put_u24(0x01_0203);
    let fits = out.put_prefixed(2, |out| out.put(&Rng::for_tests(1).bytes::<100>())).is_some();
    let mut reader = Reader::new(&out);
    fits && reader.u24() == Ok(0x01_0203)
        && reader.vec16().is_ok_and(|bytes| bytes.len() == 100)
        && checksum::crc32c(b"123456789") == 0xe306_9283
}

/// HMAC-SHA-256 of RFC 4231, test case 2, from the provider that needs no operating system.
fn crypto() -> bool {
    let expected = [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e];
    let key = siskin_crypto::rustcrypto().sha256.hmac(b"Jefe");
    key.sign(&[b"what do ya want ", b"for nothing?"]).as_ref().starts_with(&expected)
}
