//! Loudness: of the sender (RFC 6464) and of each contributing source (RFC 6465).

use super::{Extension, Value};
use alloc::vec::Vec;

/// Loudness of the audio in the packet (RFC 6464 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the sender believes that someone speaks.
    pub voice: bool,
    /// 0 is the loudest that can be, 127 silence: decibels below overload.
    pub level: u8,
}

impl<'a> Value<'a> for AudioLevel {
    const KIND: Extension = Extension::AudioLevel;

    /// RFC 6464 §3: the two-byte form may have padding, so that anything behind the first byte is ignored.
    fn parse(data: &'a [u8]) -> Option<Self> {
        data.first().map(|byte| Self { voice: byte & 0x80 != 0, level: byte & 0x7f })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.voice) << 7 | self.level & 0x7f);
    }
}

/// Loudness of each contributing source, in the order of the header's list (RFC 6465 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixerLevels<'a>(&'a [u8]);

impl<'a> MixerLevels<'a> {
    /// One byte for each source.
    pub const fn new(levels: &'a [u8]) -> Self {
        Self(levels)
    }

    /// Decibels below overload, 0 to 127, one for each source.
    pub fn levels(&self) -> impl ExactSizeIterator<Item = u8> + use<'a> {
        self.0.iter().map(|byte| byte & 0x7f)
    }
}

impl<'a> Value<'a> for MixerLevels<'a> {
    const KIND: Extension = Extension::MixerLevels;

    fn parse(data: &'a [u8]) -> Option<Self> {
        (!data.is_empty()).then_some(Self(data))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.levels());
    }
}
