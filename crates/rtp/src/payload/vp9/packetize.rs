//! Cutting the frames of a picture's layers.

use super::super::PayloadError;
use super::super::split::Split;
use super::{Layer, Payload, is_key_frame};
use alloc::vec::Vec;
use siskin_base::Rng;
use siskin_base::wire::Writer as _;

/// What a frame of a layer is, beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// In a stream with layers: the frame's. `tl0_picture` is filled in by the packetizer.
    pub layer: Option<Layer>,
    /// The picture's last layer: its last packet gets the marker, and the next frame belongs to the next picture.
    pub end_of_picture: bool,
    /// The pictures that it refers to, how many back; none for a key frame, and for the layers above it. At most three count;
    /// in flexible mode they are told.
    pub references: [u8; 3],
    /// How many of them count.
    pub reference_count: u8,
    /// No frame of a higher spatial layer depends on it.
    pub not_a_reference_for_upper: bool,
}

/// One layer; each picture refers to the one before.
impl Default for Options {
    fn default() -> Self {
        Self {
            layer: None,
            end_of_picture: true,
            references: [1, 0, 0],
            reference_count: 1,
            not_a_reference_for_upper: false,
        }
    }
}

/// Cuts frames, and numbers pictures.
#[derive(Clone, Debug)]
pub struct Packetizer {
    flexible: bool,
    picture_id: u16,
    tl0_picture: u8,
    /// Whether the next frame begins a picture.
    new_picture: bool,
}

impl Packetizer {
    /// The numbers begin anywhere. In flexible mode references are told picture by picture.
    pub fn new(flexible: bool, rng: &mut Rng) -> Self {
        let [low, high, tl0_picture] = rng.bytes();
        let picture_id = u16::from_be_bytes([high, low]) & 0x7fff;
        Self { flexible, picture_id, tl0_picture, new_picture: true }
    }

    /// Cuts a frame of one layer into payloads of at most `most` bytes.
    pub fn packetize<'f>(
        &mut self,
        frame: &'f [u8],
        options: Options,
        most: usize,
    ) -> Result<Fragments<'f>, PayloadError> {
        let mut references = [0; 3];
        let told = options.references.into_iter().take(options.reference_count.into());
        // RFC 9628 §4.2: a picture does not refer to itself.
        let told = told.map(|reference| reference & 0x7f).filter(|reference| *reference > 0);
        let reference_count = references.iter_mut().zip(told).map(|(to, from)| *to = from).count() as u8;
        // RFC 9628 §4.2: P is about other pictures, which the upper layers of a key picture do not need.
        let inter_predicted = !is_key_frame(frame) && reference_count > 0;
        let base = options.layer.is_none_or(|layer| layer.temporal == 0);
        let tl0_picture = self.tl0_picture.wrapping_add((self.new_picture && base).into());
        let mut descriptor = Payload {
            picture_id: Some(self.picture_id),
            inter_predicted,
            flexible: self.flexible,
            not_a_reference_for_upper: options.not_a_reference_for_upper,
            layer: options.layer.map(|layer| Layer { tl0_picture, ..layer }),
            ..Payload::default()
        };
        if self.flexible && inter_predicted {
            (descriptor.references, descriptor.reference_count) = (references, reference_count);
        }
        let mut header = Vec::with_capacity(16);
        descriptor.write_descriptor(&mut header);
        let parts = Split::new(frame, most.saturating_sub(header.len()))?;
        self.tl0_picture = tl0_picture;
        self.new_picture = options.end_of_picture;
        if options.end_of_picture {
            self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        }
        Ok(Fragments { descriptor, parts, end_of_picture: options.end_of_picture })
    }
}

/// The payloads of one frame.
#[derive(Clone, Debug)]
pub struct Fragments<'f> {
    descriptor: Payload<'f>,
    parts: Split<'f>,
    end_of_picture: bool,
}

impl Fragments<'_> {
    /// Appends the next payload; whether it is the picture's last one, which gets the marker (RFC 9628 §4.1). `None` at
    /// the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        let part = self.parts.next()?;
        Payload { start: part.first, end: part.last, ..self.descriptor }.write_descriptor(out);
        out.put(part.bytes);
        Some(part.last && self.end_of_picture)
    }
}
