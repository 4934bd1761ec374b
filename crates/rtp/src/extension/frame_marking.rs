//! Frame marking: what a forwarder needs to know of a frame without looking at its payload (RFC 9626).

use super::{Extension, Value};
use alloc::vec::Vec;

/// The marks of one packet (RFC 9626 §3.1, §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FrameMarking {
    /// S: first packet of the frame.
    pub start: bool,
    /// E: last packet of the frame.
    pub end: bool,
    /// I: the frame can be decoded without any other.
    pub independent: bool,
    /// D: nothing depends on the frame.
    pub discardable: bool,
    /// The long form, for scalable streams.
    pub layer: Option<FrameMarkingLayer>,
}

/// What a scalable stream adds (RFC 9626 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FrameMarkingLayer {
    /// B: depends on nothing above the base layer.
    pub base_sync: bool,
    /// TID: temporal layer, 0 to 7.
    pub temporal: u8,
    /// LID: layer, by the codec's own numbering.
    pub layer: u8,
    /// TL0PICIDX: the base layer's frame that this one belongs to.
    pub tl0_picture: Option<u8>,
}

impl<'a> Value<'a> for FrameMarking {
    const KIND: Extension = Extension::FrameMarking;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let (first, rest) = data.split_first()?;
        let layer = match rest {
            [] => None,
            [layer, rest @ ..] => Some(FrameMarkingLayer {
                base_sync: first & 8 != 0,
                temporal: first & 7,
                layer: *layer,
                tl0_picture: rest.first().copied(),
            }),
        };
        Some(Self {
            start: first & 0x80 != 0,
            end: first & 0x40 != 0,
            independent: first & 0x20 != 0,
            discardable: first & 0x10 != 0,
            layer,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let flags = u8::from(self.start) << 7
            | u8::from(self.end) << 6
            | u8::from(self.independent) << 5
            | u8::from(self.discardable) << 4;
        match self.layer {
            None => out.push(flags),
            Some(layer) => {
                out.push(flags | u8::from(layer.base_sync) << 3 | layer.temporal & 7);
                out.push(layer.layer);
                out.extend(layer.tl0_picture);
            }
        }
    }
}
