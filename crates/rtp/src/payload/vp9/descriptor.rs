//! The payload descriptor (RFC 9628 §4.2).

use super::super::PayloadError;
use super::super::vp8::picture_id;
use super::ScalabilityStructure;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// A payload: its descriptor, and the part of the frame behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Payload<'a> {
    /// I: counts pictures, in 7 or 15 bits.
    pub picture_id: Option<u16>,
    /// P: depends on earlier pictures.
    pub inter_predicted: bool,
    /// L: layers.
    pub layer: Option<Layer>,
    /// F: references are told picture by picture.
    pub flexible: bool,
    /// B: a frame of a layer begins here.
    pub start: bool,
    /// E: it ends here.
    pub end: bool,
    /// Z: no frame of a higher spatial layer depends on it.
    pub not_a_reference_for_upper: bool,
    /// In flexible mode: how many pictures back each is that it refers to, 1 to 127.
    pub references: [u8; 3],
    /// How many of them count.
    pub reference_count: u8,
    /// V: the scalability structure.
    pub structure: Option<ScalabilityStructure<'a>>,
    /// The part of the frame.
    pub data: &'a [u8],
}

/// Where a frame stands among the layers (RFC 9628 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// TID, 0 to 7.
    pub temporal: u8,
    /// U: can be switched up to here.
    pub switching_up: bool,
    /// SID, 0 to 7.
    pub spatial: u8,
    /// D: depends on the spatial layer below.
    pub inter_layer: bool,
    /// Counts pictures of the base layer; not in flexible mode.
    pub tl0_picture: u8,
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut r = Reader::new(payload);
        let first = r.u8()?;
        let mut read = Self {
            inter_predicted: first & 0x40 != 0,
            // RFC 9628 §4.2: F means nothing without I.
            flexible: first & 0x90 == 0x90,
            start: first & 0x08 != 0,
            end: first & 0x04 != 0,
            not_a_reference_for_upper: first & 0x01 != 0,
            ..Self::default()
        };
        if first & 0x80 != 0 {
            read.picture_id = Some(picture_id(&mut r)?);
        }
        if first & 0x20 != 0 {
            let byte = r.u8()?;
            read.layer = Some(Layer {
                temporal: byte >> 5,
                switching_up: byte & 0x10 != 0,
                spatial: byte >> 1 & 7,
                inter_layer: byte & 1 != 0,
                tl0_picture: if read.flexible { 0 } else { r.u8()? },
            });
        }
        if read.flexible && read.inter_predicted {
            loop {
                let byte = r.u8()?;
                let slot = read.references.get_mut(usize::from(read.reference_count));
                // RFC 9628 §4.2: at most three, and each at least 1.
                *slot.filter(|_| byte >> 1 > 0).ok_or(PayloadError::Malformed)? = byte >> 1;
                read.reference_count += 1;
                if byte & 1 == 0 {
                    break;
                }
            }
        }
        if first & 0x02 != 0 {
            read.structure = Some(ScalabilityStructure::parse(&mut r)?);
        }
        read.data = r.rest();
        if read.data.is_empty() { Err(PayloadError::Truncated) } else { Ok(read) }
    }

    /// Appends the descriptor alone.
    pub fn write_descriptor(&self, out: &mut Vec<u8>) {
        out.put_u8(
            u8::from(self.picture_id.is_some()) << 7
                | u8::from(self.inter_predicted) << 6
                | u8::from(self.layer.is_some()) << 5
                | u8::from(self.flexible) << 4
                | u8::from(self.start) << 3
                | u8::from(self.end) << 2
                | u8::from(self.structure.is_some()) << 1
                | u8::from(self.not_a_reference_for_upper),
        );
        if let Some(id) = self.picture_id {
            out.put_u16(0x8000 | id);
        }
        if let Some(layer) = self.layer {
            out.put_u8(
                layer.temporal << 5
                    | u8::from(layer.switching_up) << 4
                    | (layer.spatial & 7) << 1
                    | u8::from(layer.inter_layer),
            );
            if !self.flexible {
                out.put_u8(layer.tl0_picture);
            }
        }
        if self.flexible && self.inter_predicted {
            let count = usize::from(self.reference_count);
            for (index, reference) in self.references.iter().enumerate().take(count) {
                out.put_u8(reference << 1 | u8::from(index + 1 < count));
            }
        }
        if let Some(structure) = &self.structure {
            structure.write(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9628_4_2_every_field() {
        // Flexible, predicted from 1 and 3 pictures back, layer T1 S2, and a structure of two sizes and two pictures.
        let payload = [
            0xfa, 0x81, 0x02, 0x35, 0x03, 0x06, 0x38, 1, 64, 0, 240, 2, 128, 1, 224, 2, 0x14, 1, 0x28, 1, 2,
            0xaa,
        ];
        let read = Payload::parse(&payload).unwrap();
        assert_eq!((read.picture_id, read.reference_count, read.references), (Some(0x102), 2, [1, 3, 0]));
        let layer = Layer { temporal: 1, switching_up: true, spatial: 2, inter_layer: true, tl0_picture: 0 };
        assert_eq!((read.layer, read.data), (Some(layer), &[0xaa][..]));
        let structure = read.structure.unwrap();
        assert_eq!(structure.layers(), 2);
        assert_eq!(structure.resolutions().collect::<Vec<_>>(), [(320, 240), (640, 480)]);
        let groups: Vec<_> = structure.groups().map(|group| (group.temporal, group.references)).collect();
        assert_eq!(groups, [(0, &[1][..]), (1, &[1, 2])]);
        let mut out = Vec::new();
        read.write_descriptor(&mut out);
        assert_eq!(out, payload[..payload.len() - 1]);
        for end in 0..payload.len() {
            assert!(Payload::parse(&payload[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn rfc9628_4_2_at_most_three_references() {
        assert!(Payload::parse(&[0xd0, 9, 0x03, 0x03, 0x02, 0]).is_ok());
        assert_eq!(Payload::parse(&[0xd0, 9, 0x03, 0x03, 0x03, 0x02, 0]), Err(PayloadError::Malformed));
        assert_eq!(Payload::parse(&[0xd0, 9, 0x00, 0]), Err(PayloadError::Malformed));
    }

    #[test]
    fn rfc9628_4_2_flexible_means_nothing_without_a_number() {
        let read = Payload::parse(&[0x58, 0x03, 0xaa]).unwrap();
        assert_eq!((read.flexible, read.reference_count, read.data), (false, 0, &[0x03, 0xaa][..]));
    }
}
