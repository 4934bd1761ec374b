//! VP8 (RFC 7741).

use super::split::Split;
use super::{FrameInfo, PacketInfo, PayloadError};
use alloc::vec::Vec;
use siskin_base::Rng;
use siskin_base::wire::{Reader, Writer as _};

/// A payload: its descriptor, and the part of the frame behind it (RFC 7741 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Payload<'a> {
    /// N: no other frame depends on this one.
    pub non_reference: bool,
    /// S: a partition begins here.
    pub partition_start: bool,
    /// PID: the partition, 0 to 7.
    pub partition: u8,
    /// Counts frames, in 7 or 15 bits.
    pub picture_id: Option<u16>,
    /// Counts frames of the base layer.
    pub tl0_picture: Option<u8>,
    /// The temporal layer, and whether it can be switched to here.
    pub layer: Option<Layer>,
    /// Counts key frames, in 5 bits.
    pub key_index: Option<u8>,
    /// The part of the frame.
    pub data: &'a [u8],
}

/// TID and Y.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// 0 to 3.
    pub temporal: u8,
    /// Y: depends on the base layer only.
    pub sync: bool,
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut r = Reader::new(payload);
        let first = r.u8()?;
        let mut read = Self {
            non_reference: first & 0x20 != 0,
            partition_start: first & 0x10 != 0,
            partition: first & 0x07,
            ..Self::default()
        };
        if first & 0x80 != 0 {
            let extension = r.u8()?;
            if extension & 0x80 != 0 {
                read.picture_id = Some(picture_id(&mut r)?);
            }
            if extension & 0x40 != 0 {
                read.tl0_picture = Some(r.u8()?);
            }
            if extension & 0x30 != 0 {
                let byte = r.u8()?;
                let layer = Layer { temporal: byte >> 6, sync: byte & 0x20 != 0 };
                read.layer = (extension & 0x20 != 0).then_some(layer);
                read.key_index = (extension & 0x10 != 0).then_some(byte & 0x1f);
            }
        }
        read.data = r.rest();
        // RFC 7741 §4.3: the descriptor is always followed by something.
        if read.data.is_empty() { Err(PayloadError::Truncated) } else { Ok(read) }
    }

    /// Whether the frame begins here.
    pub const fn is_frame_start(&self) -> bool {
        self.partition_start && self.partition == 0
    }

    /// Whether a key frame begins here (RFC 7741 §4.3: the inverse of P in the frame's first byte).
    pub fn is_key_frame(&self) -> bool {
        self.is_frame_start() && is_key_frame(self.data)
    }

    /// Appends the descriptor alone.
    pub fn write_descriptor(&self, out: &mut Vec<u8>) {
        let extension = u8::from(self.picture_id.is_some()) << 7
            | u8::from(self.tl0_picture.is_some()) << 6
            | u8::from(self.layer.is_some()) << 5
            | u8::from(self.key_index.is_some()) << 4;
        out.put_u8(
            u8::from(extension != 0) << 7
                | u8::from(self.non_reference) << 5
                | u8::from(self.partition_start) << 4
                | self.partition & 7,
        );
        if extension == 0 {
            return;
        }
        out.put_u8(extension);
        if let Some(id) = self.picture_id {
            out.put_u16(0x8000 | id);
        }
        out.extend(self.tl0_picture);
        if self.layer.is_some() || self.key_index.is_some() {
            let layer = self.layer.unwrap_or_default();
            let key = self.key_index.unwrap_or_default() & 0x1f;
            out.put_u8(layer.temporal << 6 | u8::from(layer.sync) << 5 | key);
        }
    }
}

/// A picture number: 15 bits if the first of them is set, else 7.
pub(super) fn picture_id(r: &mut Reader<'_>) -> Result<u16, PayloadError> {
    let first = r.u8()?;
    if first & 0x80 == 0 {
        return Ok(first.into());
    }
    Ok(u16::from(first & 0x7f) << 8 | u16::from(r.u8()?))
}

/// Whether a VP8 frame is a key frame (RFC 6386 §9.1).
pub fn is_key_frame(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 1 == 0)
}

/// Width and height of a key frame (RFC 6386 §9.1).
pub fn resolution(frame: &[u8]) -> Option<(u16, u16)> {
    let mut r = Reader::new(frame);
    let (_tag, start) = (r.u24().ok()?, r.u24().ok()?);
    let [a, b, c, d] = r.array().ok()?;
    let size = (u16::from_le_bytes([a, b]) & 0x3fff, u16::from_le_bytes([c, d]) & 0x3fff);
    (is_key_frame(frame) && start == 0x9d_012a).then_some(size)
}

/// What a frame is, beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// No other frame depends on it.
    pub non_reference: bool,
    /// In a stream with temporal layers: the frame's.
    pub layer: Option<Layer>,
}

/// Cuts frames, and numbers them.
#[derive(Clone, Debug)]
pub struct Packetizer {
    picture_id: u16,
    tl0_picture: u8,
}

impl Packetizer {
    /// The numbers begin anywhere.
    pub fn new(rng: &mut Rng) -> Self {
        let [low, high, tl0_picture] = rng.bytes();
        Self { picture_id: u16::from_be_bytes([high, low]) & 0x7fff, tl0_picture }
    }

    /// Cuts a frame into payloads of at most `most` bytes.
    pub fn packetize<'f>(
        &mut self,
        frame: &'f [u8],
        options: Options,
        most: usize,
    ) -> Result<Fragments<'f>, PayloadError> {
        let base = options.layer.is_some_and(|layer| layer.temporal == 0);
        let tl0_picture = self.tl0_picture.wrapping_add(base.into());
        let descriptor = Payload {
            non_reference: options.non_reference,
            picture_id: Some(self.picture_id),
            tl0_picture: options.layer.map(|_| tl0_picture),
            layer: options.layer,
            ..Payload::default()
        };
        let header = if options.layer.is_some() { 6 } else { 4 };
        let parts = Split::new(frame, most.saturating_sub(header))?;
        self.tl0_picture = tl0_picture;
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        Ok(Fragments { descriptor, parts })
    }
}

/// The payloads of one frame.
#[derive(Clone, Debug)]
pub struct Fragments<'f> {
    descriptor: Payload<'f>,
    parts: Split<'f>,
}

impl Fragments<'_> {
    /// Appends the next payload; whether it is the last one, which gets the marker (RFC 7741 §4.1). `None` at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        let part = self.parts.next()?;
        // RFC 7741 §4.4: partitions are not told apart, as allowed; all of the frame is partition 0.
        Payload { partition_start: part.first, ..self.descriptor }.write_descriptor(out);
        out.put(part.bytes);
        Some(part.last)
    }
}

/// What a payload says about where frames begin.
pub(super) fn inspect(payload: &[u8]) -> Result<PacketInfo, PayloadError> {
    let payload = Payload::parse(payload)?;
    Ok(PacketInfo { starts_frame: Some(payload.is_frame_start()), key_frame: payload.is_key_frame() })
}

/// Appends the frame that the payloads make up; nothing is appended if they do not.
pub(super) fn assemble<'p>(
    payloads: impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<FrameInfo, PayloadError> {
    let start = out.len();
    let mut info = FrameInfo::default();
    for (index, payload) in payloads.enumerate() {
        let payload = Payload::parse(payload)?;
        if payload.is_frame_start() != (index == 0) {
            return Err(PayloadError::Malformed);
        }
        if index == 0 {
            info.key_frame = payload.is_key_frame();
            info.temporal_layer = payload.layer.map(|layer| layer.temporal);
            info.picture_id = payload.picture_id;
        }
        out.put(payload.data);
    }
    info.resolution = resolution(out.get(start..).unwrap_or_default());
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layouts of RFC 7741 §4.6, its examples.
    #[test]
    fn rfc7741_4_6_examples() {
        // §4.6.1, a key frame in a single packet, 7-bit picture number 17.
        let key = [0x90, 0x80, 0x11, 0x00, 1];
        let read = Payload::parse(&key).unwrap();
        assert!(read.is_key_frame());
        assert_eq!((read.picture_id, read.data), (Some(17), &[0x00, 1][..]));
        // §4.6.2, a discardable frame in a single packet, no picture number.
        let read = Payload::parse(&[0x30, 0x01]).unwrap();
        assert!(read.non_reference && read.is_frame_start() && !read.is_key_frame());
        // §4.6.5, 15-bit picture number 4711.
        let read = Payload::parse(&[0x90, 0x80, 0x92, 0x67, 0x01]).unwrap();
        assert_eq!(read.picture_id, Some(4711));
    }

    #[test]
    fn what_is_cut_is_refused() {
        let whole = [0xf0, 0xf0, 0x80, 1, 9, 0x61, 0xaa];
        assert!(Payload::parse(&whole).is_ok());
        for end in 0..whole.len() {
            assert_eq!(Payload::parse(&whole[..end]), Err(PayloadError::Truncated), "{end}");
        }
    }
}
