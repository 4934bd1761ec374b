//! Which identifier was negotiated for which extension, and a header's values in one pass.

use super::{
    AbsCaptureTime, AbsSendTime, AudioLevel, ColorSpace, ContentType, Elements, Extension, FrameMarking, Mid,
    MixerLevels, PlayoutDelay, RepairedRid, Rid, TransmissionOffset, TransportSequence, TransportSequenceV2,
    Value, VideoLayersAllocation, VideoOrientation, VideoTiming,
};
use core::fmt;
use siskin_base::RtpHeader;

const NONE: u8 = u8::MAX;

/// The identifiers of one transport's or media section's extensions: `a=extmap`, both directions of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtensionMap {
    /// By extension: its identifier, or 0.
    ids: [u8; Extension::ALL.len()],
    /// By identifier: its extension, or `NONE`.
    kinds: [u8; 256],
}

/// Why an identifier cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// 0 is padding (RFC 8285 §4.2).
    Zero,
    /// The identifier means another extension already.
    Taken,
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "0 is no identifier of a header extension",
            Self::Taken => "the identifier means another header extension",
        })
    }
}

impl core::error::Error for MapError {}

impl Default for ExtensionMap {
    fn default() -> Self {
        Self::new()
    }
}

impl ExtensionMap {
    /// Nothing negotiated.
    pub const fn new() -> Self {
        Self { ids: [0; Extension::ALL.len()], kinds: [NONE; 256] }
    }

    /// Says that `id` means `extension`; an identifier that it had before is free again.
    ///
    /// Identifiers above 14, and 15 in particular, make the writer use the two-byte form.
    pub fn insert(&mut self, extension: Extension, id: u8) -> Result<(), MapError> {
        if id == 0 {
            return Err(MapError::Zero);
        }
        if self.kind(id).is_some_and(|other| other != extension) {
            return Err(MapError::Taken);
        }
        self.remove(extension);
        if let Some(slot) = self.ids.get_mut(extension as usize) {
            *slot = id;
        }
        if let Some(slot) = self.kinds.get_mut(usize::from(id)) {
            *slot = extension as u8;
        }
        Ok(())
    }

    /// Forgets an extension.
    pub fn remove(&mut self, extension: Extension) {
        let Some(slot) = self.ids.get_mut(extension as usize) else { return };
        let id = core::mem::take(slot);
        if let Some(slot) = self.kinds.get_mut(usize::from(id)) {
            *slot = NONE;
        }
    }

    /// The identifier of an extension.
    pub fn id(&self, extension: Extension) -> Option<u8> {
        self.ids.get(extension as usize).copied().filter(|id| *id != 0)
    }

    /// What an identifier means.
    pub fn kind(&self, id: u8) -> Option<Extension> {
        Extension::ALL.get(usize::from(*self.kinds.get(usize::from(id))?)).copied()
    }

    /// One value of a header; `None` if it is not negotiated, not there, or not as specified.
    pub fn get<'a, T: Value<'a>>(&self, header: &RtpHeader<'a>) -> Option<T> {
        T::parse(Elements::new(header.extension).get(self.id(T::KIND)?)?)
    }

    /// All values of a header. Where an extension comes twice, the first one counts.
    pub fn values<'a>(&self, header: &RtpHeader<'a>) -> Values<'a> {
        let mut values = Values::default();
        for element in Elements::new(header.extension) {
            if let Some(kind) = self.kind(element.id) {
                values.set(kind, element.data);
            }
        }
        values
    }
}

/// The extensions, each with its identifier.
impl fmt::Debug for ExtensionMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Extension::ALL.into_iter().filter_map(|kind| self.id(kind).map(|id| (kind, id)));
        f.debug_map().entries(known).finish()
    }
}

/// What a header says in its extensions, as far as they are negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "each is documented at its type")]
#[non_exhaustive]
pub struct Values<'a> {
    pub mid: Option<Mid<'a>>,
    pub rid: Option<Rid<'a>>,
    pub repaired_rid: Option<RepairedRid<'a>>,
    pub abs_send_time: Option<AbsSendTime>,
    pub abs_capture_time: Option<AbsCaptureTime>,
    pub transport_sequence: Option<TransportSequence>,
    pub transport_sequence_v2: Option<TransportSequenceV2>,
    pub audio_level: Option<AudioLevel>,
    pub mixer_levels: Option<MixerLevels<'a>>,
    pub transmission_offset: Option<TransmissionOffset>,
    pub video_orientation: Option<VideoOrientation>,
    pub playout_delay: Option<PlayoutDelay>,
    pub content_type: Option<ContentType>,
    pub video_timing: Option<VideoTiming>,
    pub color_space: Option<ColorSpace>,
    /// Not read: that takes the structure of the stream
    /// ([`DependencyDescriptor::parse`](super::DependencyDescriptor::parse)).
    pub dependency_descriptor: Option<&'a [u8]>,
    pub video_layers_allocation: Option<VideoLayersAllocation<'a>>,
    pub frame_marking: Option<FrameMarking>,
}

impl<'a> Values<'a> {
    fn set(&mut self, kind: Extension, data: &'a [u8]) {
        fn first<'a, T: Value<'a>>(slot: &mut Option<T>, data: &'a [u8]) {
            if slot.is_none() {
                *slot = T::parse(data);
            }
        }
        match kind {
            Extension::Mid => first(&mut self.mid, data),
            Extension::Rid => first(&mut self.rid, data),
            Extension::RepairedRid => first(&mut self.repaired_rid, data),
            Extension::AbsSendTime => first(&mut self.abs_send_time, data),
            Extension::AbsCaptureTime => first(&mut self.abs_capture_time, data),
            Extension::TransportSequence => first(&mut self.transport_sequence, data),
            Extension::TransportSequenceV2 => first(&mut self.transport_sequence_v2, data),
            Extension::AudioLevel => first(&mut self.audio_level, data),
            Extension::MixerLevels => first(&mut self.mixer_levels, data),
            Extension::TransmissionOffset => first(&mut self.transmission_offset, data),
            Extension::VideoOrientation => first(&mut self.video_orientation, data),
            Extension::PlayoutDelay => first(&mut self.playout_delay, data),
            Extension::ContentType => first(&mut self.content_type, data),
            Extension::VideoTiming => first(&mut self.video_timing, data),
            Extension::ColorSpace => first(&mut self.color_space, data),
            Extension::DependencyDescriptor => _ = self.dependency_descriptor.get_or_insert(data),
            Extension::VideoLayersAllocation => first(&mut self.video_layers_allocation, data),
            Extension::FrameMarking => first(&mut self.frame_marking, data),
        }
    }

    /// The number over all streams of the transport, in whichever form it came.
    pub fn transport_number(&self) -> Option<u16> {
        let second = || self.transport_sequence_v2.map(|sequence| sequence.number);
        self.transport_sequence.map(|sequence| sequence.0).or_else(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_and_freed() {
        let mut map = ExtensionMap::new();
        assert_eq!(map.insert(Extension::Mid, 0), Err(MapError::Zero));
        assert_eq!(map.insert(Extension::Mid, 4), Ok(()));
        assert_eq!(map.insert(Extension::Rid, 4), Err(MapError::Taken));
        assert_eq!(map.insert(Extension::Mid, 5), Ok(()));
        assert_eq!(map.insert(Extension::Rid, 4), Ok(()));
        assert_eq!((map.id(Extension::Mid), map.kind(4)), (Some(5), Some(Extension::Rid)));
        map.remove(Extension::Rid);
        assert_eq!((map.id(Extension::Rid), map.kind(4), map.kind(0)), (None, None, None));
    }

    #[test]
    fn every_extension_is_found_by_its_uri() {
        for (index, kind) in Extension::ALL.into_iter().enumerate() {
            assert_eq!((Extension::from_uri(kind.uri()), kind as usize), (Some(kind), index));
        }
        assert_eq!(Extension::from_uri("urn:ietf:params:rtp-hdrext:encrypt"), None);
    }
}
