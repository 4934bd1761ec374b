//! The extension `use_srtp` (RFC 5764 §4.1.1).

use super::{Malformed, numbers, put_numbers};
use alloc::vec::Vec;
use siskin_base::SrtpProfile;
use siskin_base::wire::{Reader, Writer};

/// Which SRTP profiles the client can do, or the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSrtp<'a> {
    /// The client's, by preference, or the server's one.
    pub profiles: Vec<SrtpProfile>,
    /// Master key identifier; empty with everyone.
    pub mki: &'a [u8],
}

impl<'a> UseSrtp<'a> {
    /// Reads the extension's body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let profiles = r.vec16()?;
        let mki = r.vec8()?;
        if !r.is_empty() || profiles.is_empty() || !profiles.len().is_multiple_of(2) {
            return Err(Malformed);
        }
        Ok(Self { profiles: numbers(profiles).map(SrtpProfile).collect(), mki })
    }

    /// Appends the extension's body.
    pub fn write(&self, out: &mut Vec<u8>) {
        put_numbers(out, self.profiles.iter().map(|profile| profile.0));
        let _ = out.put_prefixed(1, |out| out.put(self.mki));
    }
}
