//! What a picture is: orientation, playout delay, content type, timing, colour space.

use super::{Extension, Value};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::{Reader, Writer as _};

/// How far a picture must be turned clockwise to be shown upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rotation {
    /// Not at all.
    #[default]
    Upright,
    /// A quarter.
    Quarter,
    /// Upside down.
    Half,
    /// Three quarters.
    ThreeQuarters,
}

impl Rotation {
    /// 0, 90, 180 or 270.
    pub const fn degrees(self) -> u16 {
        self as u16 * 90
    }
}

/// Coordination of video orientation (3GPP TS 26.114 §7.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct VideoOrientation {
    /// The camera looks away from the user.
    pub back_camera: bool,
    /// Mirrored left to right.
    pub flipped: bool,
    /// Turned.
    pub rotation: Rotation,
}

impl<'a> Value<'a> for VideoOrientation {
    const KIND: Extension = Extension::VideoOrientation;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let byte = *data.first()?;
        let rotation = match byte & 3 {
            0 => Rotation::Upright,
            1 => Rotation::Quarter,
            2 => Rotation::Half,
            _ => Rotation::ThreeQuarters,
        };
        Some(Self { back_camera: byte & 8 != 0, flipped: byte & 4 != 0, rotation })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let flags = u8::from(self.back_camera) << 3 | u8::from(self.flipped) << 2;
        out.push(flags | self.rotation as u8);
    }
}

/// Bounds that the sender sets to the receiver's delay from capture to display: each 12 bits in units of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutDelay {
    /// At least; 10 ms units.
    pub min_10ms: u16,
    /// At most, and not less than the minimum; 10 ms units.
    pub max_10ms: u16,
}

impl PlayoutDelay {
    /// At least this long.
    pub const fn min(self) -> Duration {
        Duration::from_millis(self.min_10ms as u64 * 10)
    }

    /// At most this long.
    pub const fn max(self) -> Duration {
        Duration::from_millis(self.max_10ms as u64 * 10)
    }
}

impl<'a> Value<'a> for PlayoutDelay {
    const KIND: Extension = Extension::PlayoutDelay;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let both = r.u24().ok().filter(|_| r.is_empty())?;
        let delay = Self { min_10ms: (both >> 12) as u16, max_10ms: (both & 0xfff) as u16 };
        (delay.min_10ms <= delay.max_10ms).then_some(delay)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u24(u32::from(self.min_10ms & 0xfff) << 12 | u32::from(self.max_10ms & 0xfff));
    }
}

/// What is filmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ContentType {
    /// A screen rather than the world.
    pub screenshare: bool,
}

impl<'a> Value<'a> for ContentType {
    const KIND: Extension = Extension::ContentType;

    /// The other bits carried the sender's experiments, and are ignored.
    fn parse(data: &'a [u8]) -> Option<Self> {
        data.first().map(|byte| Self { screenshare: byte & 1 != 0 })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.screenshare.into());
    }
}

/// When a frame passed each stage of its sender, in milliseconds after its capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct VideoTiming {
    /// Why it is sent: bit 0, a timer; bit 1, a frame of unusual size. `None` in the older form of 12 bytes.
    pub flags: Option<u8>,
    /// Encoding began.
    pub encode_start_ms: u16,
    /// Encoding was done.
    pub encode_finish_ms: u16,
    /// All packets were made.
    pub packetized_ms: u16,
    /// The last packet left the pacer.
    pub pacer_exit_ms: u16,
    /// For a forwarder, when it received it.
    pub network_ms: u16,
    /// For a second forwarder.
    pub network2_ms: u16,
}

impl<'a> Value<'a> for VideoTiming {
    const KIND: Extension = Extension::VideoTiming;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let flags = match data.len() {
            12 => None,
            13 => Some(r.u8().ok()?),
            _ => return None,
        };
        Some(Self {
            flags,
            encode_start_ms: r.u16().ok()?,
            encode_finish_ms: r.u16().ok()?,
            packetized_ms: r.u16().ok()?,
            pacer_exit_ms: r.u16().ok()?,
            network_ms: r.u16().ok()?,
            network2_ms: r.u16().ok()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.flags);
        out.put_u16(self.encode_start_ms);
        out.put_u16(self.encode_finish_ms);
        out.put_u16(self.packetized_ms);
        out.put_u16(self.pacer_exit_ms);
        out.put_u16(self.network_ms);
        out.put_u16(self.network2_ms);
    }
}

/// How a picture's colours are to be understood; the numbers are those of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColorSpace {
    /// ColourPrimaries.
    pub primaries: u8,
    /// TransferCharacteristics.
    pub transfer: u8,
    /// MatrixCoefficients.
    pub matrix: u8,
    /// 0 unknown, 1 limited, 2 full, 3 derived.
    pub range: u8,
    /// 0 unknown, 1 collocated, 2 half.
    pub chroma_horizontal: u8,
    /// 0 unknown, 1 collocated, 2 half.
    pub chroma_vertical: u8,
    /// For a high dynamic range.
    pub hdr: Option<HdrMetadata>,
}

/// The mastering display and the light of the content (SMPTE ST 2086, CTA-861.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HdrMetadata {
    /// Candela per square metre.
    pub luminance_max: u16,
    /// Ten-thousandths of a candela per square metre.
    pub luminance_min: u16,
    /// Red, green, blue and white, x and y, in units of 1/50,000.
    pub chromaticities: [[u16; 2]; 4],
    /// MaxCLL, candela per square metre.
    pub max_content_light_level: u16,
    /// MaxFALL, candela per square metre.
    pub max_frame_average_light_level: u16,
}

impl<'a> Value<'a> for ColorSpace {
    const KIND: Extension = Extension::ColorSpace;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let [primaries, transfer, matrix, siting] = r.array().ok()?;
        let hdr = match r.len() {
            0 => None,
            24 => {
                let (luminance_max, luminance_min) = (r.u16().ok()?, r.u16().ok()?);
                let mut chromaticities = [[0; 2]; 4];
                for coordinate in chromaticities.iter_mut().flatten() {
                    *coordinate = r.u16().ok()?;
                }
                Some(HdrMetadata {
                    luminance_max,
                    luminance_min,
                    chromaticities,
                    max_content_light_level: r.u16().ok()?,
                    max_frame_average_light_level: r.u16().ok()?,
                })
            }
            _ => return None,
        };
        Some(Self {
            primaries,
            transfer,
            matrix,
            range: siting >> 4 & 3,
            chroma_horizontal: siting >> 2 & 3,
            chroma_vertical: siting & 3,
            hdr,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let siting = (self.range & 3) << 4 | (self.chroma_horizontal & 3) << 2 | self.chroma_vertical & 3;
        out.put(&[self.primaries, self.transfer, self.matrix, siting]);
        if let Some(hdr) = &self.hdr {
            out.put_u16(hdr.luminance_max);
            out.put_u16(hdr.luminance_min);
            hdr.chromaticities.iter().flatten().for_each(|coordinate| out.put_u16(*coordinate));
            out.put_u16(hdr.max_content_light_level);
            out.put_u16(hdr.max_frame_average_light_level);
        }
    }
}
