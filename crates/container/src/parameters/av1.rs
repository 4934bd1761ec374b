//! AV1's sequence header (AV1 specification §5.5), and `av1C` (AV1-ISOBMFF §2.3.3).

use siskin_rtp::bits::{BitReader, put_leb128};
use siskin_rtp::payload::av1::{ObuType, Obus};

/// A sequence header, as far as files repeat it.
#[derive(Debug, Default)]
pub(super) struct SequenceHeader<'f> {
    body: &'f [u8],
    pub(super) size: (u32, u32),
    profile: u32,
    level: u32,
    tier: u32,
    /// `high_bitdepth`, `twelve_bit`, `mono_chrome`, `subsampling_x`, `subsampling_y`, and two bits of the samples' place.
    colour: u32,
}

impl<'f> SequenceHeader<'f> {
    /// The first one in a temporal unit.
    pub(super) fn find(unit: &'f [u8]) -> Option<Self> {
        let mut obus = Obus::new(unit).filter_map(Result::ok);
        Self::read(obus.find(|obu| obu.kind == ObuType::SEQUENCE_HEADER)?.body)
    }

    pub(super) fn record(&self) -> Vec<u8> {
        let mut out = vec![
            0x81,
            (self.profile << 5 | self.level) as u8,
            (self.tier << 7 | self.colour) as u8,
            0,
            // The header as an OBU with its size.
            ObuType::SEQUENCE_HEADER.0 << 3 | 0x02,
        ];
        put_leb128(&mut out, self.body.len() as u32);
        out.extend_from_slice(self.body);
        out
    }

    fn read(body: &'f [u8]) -> Option<Self> {
        let mut r = BitReader::new(body);
        let mut header = Self { body, profile: r.bits(3)?, ..Self::default() };
        let (_still, reduced) = (r.flag()?, r.flag()?);
        if reduced {
            header.level = r.bits(5)?;
        } else {
            header.operating_points(&mut r)?;
        }
        let [width, height] = [r.bits(4)? + 1, r.bits(4)? + 1];
        header.size = (r.bits(width)? + 1, r.bits(height)? + 1);
        if !reduced && r.flag()? {
            r.bits(7)?;
        }
        r.bits(3)?;
        if !reduced {
            tools(&mut r)?;
        }
        r.bits(3)?;
        header.colour = colour(&mut r, header.profile)?;
        Some(header)
    }

    /// From `timing_info_present_flag` on; level and tier of the first point are the record's.
    fn operating_points(&mut self, r: &mut BitReader<'_>) -> Option<()> {
        let mut delay = None;
        if r.flag()? {
            r.bits(32)?;
            r.bits(32)?;
            if r.flag()? {
                r.exp_golomb()?;
            }
            if r.flag()? {
                delay = Some(r.bits(5)? + 1);
                r.bits(32)?;
                r.bits(10)?;
            }
        }
        let initial_delay = r.flag()?;
        for point in 0..=r.bits(5)? {
            r.bits(12)?;
            let level = r.bits(5)?;
            let tier = if level > 7 { r.bits(1)? } else { 0 };
            if point == 0 {
                (self.level, self.tier) = (level, tier);
            }
            if let Some(delay) = delay
                && r.flag()?
            {
                r.bits(delay)?;
                r.bits(delay)?;
                r.bits(1)?;
            }
            if initial_delay && r.flag()? {
                r.bits(4)?;
            }
        }
        Some(())
    }
}

/// From `enable_interintra_compound` to `order_hint_bits_minus_1`.
fn tools(r: &mut BitReader<'_>) -> Option<()> {
    r.bits(4)?;
    let order_hint = r.flag()?;
    if order_hint {
        r.bits(2)?;
    }
    // What is not chosen frame by frame is told here.
    let screen_content = if r.flag()? { true } else { r.flag()? };
    if screen_content && !r.flag()? {
        r.flag()?;
    }
    if order_hint {
        r.bits(3)?;
    }
    Some(())
}

/// §5.5.2, as the seven bits of the record.
fn colour(r: &mut BitReader<'_>, profile: u32) -> Option<u32> {
    let high = r.bits(1)?;
    let twelve = if profile == 2 && high == 1 { r.bits(1)? } else { 0 };
    let mono = if profile == 1 { 0 } else { r.bits(1)? };
    let described = if r.flag()? { r.bits(24)? } else { 0x02_0202 };
    let (x, y, place);
    if mono == 1 {
        r.flag()?;
        (x, y, place) = (1, 1, 0);
    } else if described == 0x01_0d00 {
        // sRGB
        (x, y, place) = (0, 0, 0);
    } else {
        r.flag()?;
        (x, y) = match profile {
            0 => (1, 1),
            1 => (0, 0),
            _ if twelve == 0 => (1, 0),
            _ => {
                let x = r.bits(1)?;
                (x, if x == 1 { r.bits(1)? } else { 0 })
            }
        };
        place = if x == 1 && y == 1 { r.bits(2)? } else { 0 };
    }
    Some(high << 6 | twelve << 5 | mono << 4 | x << 3 | y << 2 | place)
}
