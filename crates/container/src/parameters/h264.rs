//! H.264's parameter sets: the size of pictures (H.264 §7.3.2.1.1), and `avcC` (ISO/IEC 14496-15 §5.3.3.1).

use siskin_rtp::bits::BitReader;
use siskin_rtp::payload::NalUnits;
use siskin_rtp::payload::h264::NalType;

/// Profiles whose parameter sets tell how chroma is sampled.
const WITH_CHROMA: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// The first of each kind in an access unit.
#[derive(Debug)]
pub(super) struct ParameterSets<'f> {
    sps: &'f [u8],
    pps: &'f [u8],
    pub(super) size: (u32, u32),
    /// `chroma_format_idc` and the two bit depths less 8, where the profile tells them.
    chroma: Option<[u8; 3]>,
}

impl<'f> ParameterSets<'f> {
    pub(super) fn find(access_unit: &'f [u8]) -> Option<Self> {
        let first = |kind| {
            let is = |unit: &&[u8]| unit.first().is_some_and(|first| NalType::of(*first) == kind);
            NalUnits::new(access_unit).find(is)
        };
        let (sps, pps) = (first(NalType::SPS)?, first(NalType::PPS)?);
        let (size, chroma) = read(&without_emulation(sps.get(1..)?))?;
        Some(Self { sps, pps, size, chroma })
    }

    pub(super) fn record(&self) -> Vec<u8> {
        let mut out = vec![1];
        out.extend_from_slice(self.sps.get(1..4).unwrap_or_default());
        // Lengths of four bytes; one set of each kind.
        out.push(0xff);
        for (count, set) in [(0xe1, self.sps), (1, self.pps)] {
            out.push(count);
            out.extend_from_slice(&(set.len() as u16).to_be_bytes());
            out.extend_from_slice(set);
        }
        if let Some([format, luma, depth]) = self.chroma {
            out.extend_from_slice(&[0xfc | format, 0xf8 | luma, 0xf8 | depth, 0]);
        }
        out
    }
}

/// §7.4.1: the byte 3 behind two zeros is not part of the content.
fn without_emulation(unit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for byte in unit {
        if *byte == 3 && zeros >= 2 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

type Read = ((u32, u32), Option<[u8; 3]>);

fn read(sps: &[u8]) -> Option<Read> {
    let mut r = BitReader::new(sps);
    let profile = r.bits(8)?;
    r.bits(16)?;
    r.exp_golomb()?;
    let mut format = 1;
    let mut chroma = None;
    if WITH_CHROMA.contains(&profile) {
        format = r.exp_golomb().filter(|format| *format <= 3)?;
        if format == 3 {
            r.flag()?;
        }
        let [luma, depth] = [r.exp_golomb()?, r.exp_golomb()?];
        if profile != 44 {
            chroma = Some([format as u8, luma.min(7) as u8, depth.min(7) as u8]);
        }
        r.flag()?;
        if r.flag()? {
            scaling_matrix(&mut r, if format == 3 { 12 } else { 8 })?;
        }
    }
    r.exp_golomb()?;
    match r.exp_golomb()? {
        0 => drop(r.exp_golomb()?),
        1 => {
            r.flag()?;
            r.exp_golomb()?;
            r.exp_golomb()?;
            for _ in 0..r.exp_golomb()?.min(256) {
                r.exp_golomb()?;
            }
        }
        _ => {}
    }
    r.exp_golomb()?;
    r.flag()?;
    // Far above every level's limit.
    let side =
        |r: &mut BitReader<'_>| r.exp_golomb().filter(|blocks| *blocks < 4_096).map(|blocks| blocks + 1);
    let (width, height) = (side(&mut r)? * 16, side(&mut r)? * 16);
    let frames_only = r.flag()?;
    let fields = if frames_only { 1 } else { 2 };
    if !frames_only {
        r.flag()?;
    }
    r.flag()?;
    let mut size = (width, height * fields);
    if r.flag()? {
        let (x, y) = match format {
            1 => (2, 2 * fields),
            2 => (2, fields),
            _ => (1, fields),
        };
        let [left, right, top, bottom] =
            [r.exp_golomb()?, r.exp_golomb()?, r.exp_golomb()?, r.exp_golomb()?].map(|side| side.min(65_536));
        size = (size.0.checked_sub((left + right) * x)?, size.1.checked_sub((top + bottom) * y)?);
    }
    Some((size, chroma))
}

/// §7.3.2.1.1.1, read to get past it.
fn scaling_matrix(r: &mut BitReader<'_>, lists: usize) -> Option<()> {
    for list in 0..lists {
        if !r.flag()? {
            continue;
        }
        let mut next = 8u32;
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next == 0 {
                break;
            }
            // A signed number (§9.1.1): 1, -1, 2, -2 …; modulo 256 as the scale is.
            let code = r.exp_golomb()?;
            let step = if code % 2 == 1 { code / 2 + 1 } else { (code / 2).wrapping_neg() };
            next = next.wrapping_add(step) % 256;
        }
    }
    Some(())
}
