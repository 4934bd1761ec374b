//! From frames as files keep them to frames as RTP's packetizers take them: what a file says once for a whole track comes
//! back into the key frames.

use crate::{Codec, Error};
use siskin_base::wire::Reader;
use siskin_rtp::payload::{av1, h264, h265};

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// How the frames of one track become whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unpack {
    /// They are.
    AsIs,
    /// NAL units stand behind their lengths, of 1 to 4 bytes; the parameter sets, with start codes, stand apart.
    Nal { h265: bool, length: usize, sets: Vec<u8> },
    /// The sequence header, as an OBU with its size, may stand apart.
    Av1 { header: Vec<u8> },
}

impl Unpack {
    /// From the configuration record of a track: `avcC`, `hvcC` or `av1C`.
    pub(crate) fn new(codec: Codec, record: &[u8]) -> Result<Self, Error> {
        let read = match codec {
            Codec::H264 => avc(record),
            Codec::H265 => hevc(record),
            // AV1-ISOBMFF §2.3.3: four bytes, and OBUs behind them.
            Codec::Av1 => Some(Self::Av1 { header: record.get(4..).unwrap_or_default().to_vec() }),
            _ => Some(Self::AsIs),
        };
        read.ok_or(Error::Malformed("a codec's configuration record"))
    }

    /// Turns a frame into what goes out.
    pub(crate) fn frame(&self, key_frame: bool, frame: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::AsIs => Ok(()),
            Self::Nal { h265, length, sets } => {
                let mut whole = Vec::with_capacity(frame.len() + 16);
                let mut r = Reader::new(frame);
                while !r.is_empty() {
                    let unit = nal_unit(&mut r, *length).ok_or(Error::Malformed("a NAL unit's length"))?;
                    if !unit.is_empty() {
                        whole.extend_from_slice(&START_CODE);
                        whole.extend_from_slice(unit);
                    }
                }
                if key_frame && !has_parameters(&whole, *h265) {
                    whole.splice(0..0, sets.iter().copied());
                }
                *frame = whole;
                Ok(())
            }
            Self::Av1 { header } => {
                if key_frame && !av1::is_key_frame(frame) {
                    frame.splice(0..0, header.iter().copied());
                }
                Ok(())
            }
        }
    }
}

fn nal_unit<'a>(r: &mut Reader<'a>, length: usize) -> Option<&'a [u8]> {
    let bytes = r.take(length).ok()?;
    let len = bytes.iter().fold(0usize, |len, byte| len << 8 | usize::from(*byte));
    r.take(len).ok()
}

fn has_parameters(stream: &[u8], h265: bool) -> bool {
    siskin_rtp::payload::NalUnits::new(stream).any(|unit| match unit {
        [first, ..] if !h265 => h264::NalType::of(*first) == h264::NalType::SPS,
        [first, second, ..] => h265::NalType::of(u16::from_be_bytes([*first, *second])) == h265::NalType::SPS,
        _ => false,
    })
}

fn put(sets: &mut Vec<u8>, set: &[u8]) {
    sets.extend_from_slice(&START_CODE);
    sets.extend_from_slice(set);
}

/// ISO/IEC 14496-15 §5.3.3.1.
fn avc(record: &[u8]) -> Option<Unpack> {
    let mut r = Reader::new(record);
    let [_version, _profile, _compatibility, _level, length] = r.array().ok()?;
    let mut sets = Vec::new();
    for mask in [0x1f, 0xff] {
        for _ in 0..r.u8().ok()? & mask {
            put(&mut sets, r.vec16().ok()?);
        }
    }
    Some(Unpack::Nal { h265: false, length: usize::from(length & 3) + 1, sets })
}

/// ISO/IEC 14496-15 §8.3.3.1.
fn hevc(record: &[u8]) -> Option<Unpack> {
    let mut r = Reader::new(record);
    let [_before @ .., length]: [u8; 22] = r.array().ok()?;
    let mut sets = Vec::new();
    for _ in 0..r.u8().ok()? {
        // VPS, SPS and PPS; what an encoder says about itself need not be repeated.
        let wanted = matches!(r.u8().ok()? & 0x3f, 32..=34);
        for _ in 0..r.u16().ok()? {
            let set = r.vec16().ok()?;
            if wanted {
                put(&mut sets, set);
            }
        }
    }
    Some(Unpack::Nal { h265: true, length: usize::from(length & 3) + 1, sets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_sets_come_into_key_frames_that_have_none() {
        let record = [1, 66, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 2, 0x68, 8];
        let unpack = Unpack::new(Codec::H264, &record).unwrap();
        let convert = |key, bytes: &[u8]| {
            let mut frame = bytes.to_vec();
            unpack.frame(key, &mut frame).map(|()| frame).ok()
        };
        let idr = [0, 0, 0, 2, 0x65, 7];
        assert_eq!(
            convert(true, &idr).unwrap(),
            [0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65, 7]
        );
        assert_eq!(convert(false, &idr).unwrap(), [0, 0, 0, 1, 0x65, 7]);
        let with = [0, 0, 0, 2, 0x67, 9, 0, 0, 0, 2, 0x65, 7];
        assert_eq!(convert(true, &with).unwrap().len(), 12);
        assert_eq!(convert(true, &[0, 0, 0, 9, 1]), None);
        assert!(Unpack::new(Codec::H264, &record[..9]).is_err());
    }
}
