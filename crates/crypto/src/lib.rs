#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod hash;
mod provider;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;

pub use hash::{Digest, Hash, HashContext, MacKey};
pub use provider::Provider;
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::provider as rustcrypto;

/// Whether two byte strings are equal, in time that depends on their lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    a.ct_eq(b).into()
}
