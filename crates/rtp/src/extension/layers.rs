//! Video layers allocation: which simulcast streams and layers the sender has, at which rates.

use super::{Extension, Value};
use crate::bits::leb128;
use alloc::vec::Vec;

/// Most streams, and most spatial layers of each.
const MOST: usize = 4;

/// The layers of all simulcast streams of a video (video-layers-allocation00), validated, over its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoLayersAllocation<'a> {
    /// The number, among the active streams, of the one that carries this.
    pub stream: u8,
    /// For each stream a bit for each spatial layer that is sent.
    pub spatial_masks: [u8; MOST],
    /// Streams, 1 to 4; 0 says that nothing is sent at all.
    pub streams: u8,
    temporal: &'a [u8],
    rates: &'a [u8],
    resolutions: &'a [u8],
}

/// One spatial layer of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpatialLayer {
    /// The stream.
    pub stream: u8,
    /// The layer in it.
    pub spatial: u8,
    /// Temporal layers, 1 to 4.
    pub temporal_layers: u8,
    /// Target rate in kbit/s of the temporal layers up to each, as many as there are.
    pub target_kbps: [u32; MOST],
    /// Its size, where that is told.
    pub resolution: Option<LayerResolution>,
}

/// The size of a layer's pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerResolution {
    /// Pixels less one.
    pub width_minus_1: u16,
    /// Pixels less one.
    pub height_minus_1: u16,
    /// Frames per second, at most.
    pub max_frame_rate: u8,
}

impl<'a> VideoLayersAllocation<'a> {
    /// The layers, in the order of streams and, within each, of spatial layers: at most 16.
    pub fn layers(&self) -> impl Iterator<Item = SpatialLayer> + use<'a> {
        let Self { temporal, mut rates, mut resolutions, .. } = *self;
        self.positions().enumerate().map(move |(index, (stream, spatial))| {
            let temporal_layers = temporal_layers(temporal, index);
            let mut target_kbps = [0; MOST];
            for rate in target_kbps.iter_mut().take(temporal_layers.into()) {
                if let Some((value, len)) = leb128(rates) {
                    *rate = value;
                    rates = rates.get(len..).unwrap_or_default();
                }
            }
            let resolution = resolutions.split_first_chunk::<5>().map(|(bytes, rest)| {
                resolutions = rest;
                let [a, b, c, d, max_frame_rate] = *bytes;
                LayerResolution {
                    width_minus_1: u16::from_be_bytes([a, b]),
                    height_minus_1: u16::from_be_bytes([c, d]),
                    max_frame_rate,
                }
            });
            SpatialLayer { stream, spatial, temporal_layers, target_kbps, resolution }
        })
    }

    /// Stream and spatial layer of each that is sent.
    fn positions(&self) -> impl Iterator<Item = (u8, u8)> + use<'a> {
        let masks = self.spatial_masks;
        let all = (0..self.streams).zip(masks);
        all.flat_map(|(stream, mask)| {
            (0..4).filter(move |bit| mask >> bit & 1 == 1).map(move |bit| (stream, bit))
        })
    }
}

/// 1 to 4: two bits for each layer, four of them in a byte.
fn temporal_layers(bytes: &[u8], index: usize) -> u8 {
    let byte = bytes.get(index / 4).copied().unwrap_or_default();
    (byte >> (6 - index % 4 * 2) & 3) + 1
}

impl<'a> Value<'a> for VideoLayersAllocation<'a> {
    const KIND: Extension = Extension::VideoLayersAllocation;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let (first, mut rest) = data.split_first()?;
        let nothing = Self {
            stream: 0,
            spatial_masks: [0; MOST],
            streams: 0,
            temporal: &[],
            rates: &[],
            resolutions: &[],
        };
        if *first == 0 && rest.is_empty() {
            return Some(nothing);
        }
        let streams = (first >> 4 & 3) + 1;
        let mut spatial_masks = [0; MOST];
        if first & 0x0f != 0 {
            spatial_masks.iter_mut().take(streams.into()).for_each(|mask| *mask = first & 0x0f);
        } else {
            // Half a byte for each stream.
            let (bytes, behind) = rest.split_at_checked(usize::from(streams).div_ceil(2))?;
            let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
            spatial_masks.iter_mut().zip(halves).take(streams.into()).for_each(|(mask, half)| *mask = half);
            rest = behind;
        }
        let mut value = Self { stream: first >> 6, spatial_masks, streams, ..nothing };
        let layers = value.positions().count();
        (value.temporal, rest) = rest.split_at_checked(layers.div_ceil(4))?;
        value.rates = rest;
        for index in 0..layers {
            for _ in 0..temporal_layers(value.temporal, index) {
                let (_, len) = leb128(rest)?;
                rest = rest.get(len..)?;
            }
        }
        value.rates = value.rates.get(..value.rates.len() - rest.len())?;
        value.resolutions = rest;
        (rest.is_empty() || rest.len() == layers * 5).then_some(value)
    }

    fn write(&self, out: &mut Vec<u8>) {
        if self.streams == 0 {
            return out.push(0);
        }
        let masks = self.spatial_masks.get(..self.streams.into()).unwrap_or_default();
        let common =
            masks.first().copied().filter(|first| *first != 0 && masks.iter().all(|mask| mask == first));
        out.push(self.stream << 6 | (self.streams - 1) << 4 | common.unwrap_or_default());
        if common.is_none() {
            out.extend(masks.chunks(2).map(|pair| {
                pair.first().copied().unwrap_or_default() << 4 | pair.get(1).copied().unwrap_or_default()
            }));
        }
        out.extend_from_slice(self.temporal);
        out.extend_from_slice(self.rates);
        out.extend_from_slice(self.resolutions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_simulcast_streams() {
        // Stream 1 of 3, one spatial layer each, two temporal layers in each.
        let mut data = Vec::from([0b0110_0001, 0b0101_0100]);
        for kbps in [50u32, 100, 200, 300, 500, 1_000] {
            crate::bits::put_leb128(&mut data, kbps);
        }
        for (width, height) in [(320u16, 180u16), (640, 360), (1280, 720)] {
            data.extend_from_slice(&(width - 1).to_be_bytes());
            data.extend_from_slice(&(height - 1).to_be_bytes());
            data.push(30);
        }
        let value = VideoLayersAllocation::parse(&data).unwrap();
        assert_eq!((value.stream, value.streams), (1, 3));
        let layers: Vec<_> = value.layers().collect();
        assert_eq!(layers.len(), 3);
        assert_eq!((layers[2].stream, layers[2].temporal_layers), (2, 2));
        assert_eq!(layers[2].target_kbps, [500, 1_000, 0, 0]);
        assert_eq!(layers[2].resolution.unwrap().width_minus_1, 1279);
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(out, data);
    }

    #[test]
    fn nothing_is_sent() {
        let value = VideoLayersAllocation::parse(&[0]).unwrap();
        assert_eq!((value.streams, value.layers().count()), (0, 0));
    }

    #[test]
    fn what_is_cut_is_nothing() {
        // Different masks: stream 0 has layers 0 and 1, stream 1 none.
        let data = [0b0001_0000, 0b0011_0000, 0, 10, 20];
        assert_eq!(VideoLayersAllocation::parse(&data).unwrap().layers().count(), 2);
        for end in 0..data.len() {
            assert_eq!(VideoLayersAllocation::parse(&data[..end]), None, "{end}");
        }
    }
}
