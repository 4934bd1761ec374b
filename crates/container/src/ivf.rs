//! IVF: a header of 32 bytes, and frames behind 12 bytes of size and time each, all little-endian.

use crate::source::{read_into, read_or_end};
use crate::{Codec, Error, Frame, Limits, Track};
use core::time::Duration;
use std::io::{Read, Seek, SeekFrom, Write};

pub(crate) const SIGNATURE: [u8; 4] = *b"DKIF";
const HEADER: u16 = 32;
/// An OBU of type 2 with a size of 0: libaom's files begin each temporal unit with it.
pub(crate) const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0x00];

#[derive(Debug)]
pub(crate) struct Reader<R> {
    file: R,
    pub(crate) tracks: [Track; 1],
    /// Units of time in a second, as a fraction.
    rate: u32,
    scale: u32,
    limits: Limits,
}

impl<R: Read> Reader<R> {
    pub(crate) fn open(mut file: R, limits: Limits) -> Result<Self, Error> {
        let header: [u8; 32] = read_or_end(&mut file)?.ok_or(Error::Truncated)?;
        let [_, _, _, _, _, _, len0, len1, fourcc @ ..] = header;
        let [c0, c1, c2, c3, w0, w1, h0, h1, r0, r1, r2, r3, s0, s1, s2, s3, ..] = fourcc;
        let codec = match [c0, c1, c2, c3] {
            [b'V', b'P', b'8', b'0'] => Codec::Vp8,
            [b'V', b'P', b'9', b'0'] => Codec::Vp9,
            [b'A', b'V', b'0', b'1'] => Codec::Av1,
            [b'H', b'2', b'6', b'4'] => Codec::H264,
            _ => return Err(Error::Unsupported("the codec of this IVF file")),
        };
        let (rate, scale) = (u32::from_le_bytes([r0, r1, r2, r3]), u32::from_le_bytes([s0, s1, s2, s3]));
        if rate == 0 || scale == 0 {
            return Err(Error::Malformed("IVF: no unit of time"));
        }
        let more = u16::from_le_bytes([len0, len1])
            .checked_sub(HEADER)
            .ok_or(Error::Malformed("IVF: a short header"))?;
        read_into(&mut file, more.into(), usize::from(more), "IVF header", &mut Vec::new())?;
        let size = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
        let size = Some((size.0.into(), size.1.into())).filter(|size| *size != (0, 0));
        Ok(Self { file, tracks: [Track { size, ..Track::new(codec) }], rate, scale, limits })
    }

    pub(crate) fn next_frame(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        let Some([l0, l1, l2, l3, time @ ..]) = read_or_end::<12>(&mut self.file)? else { return Ok(false) };
        let len = u32::from_le_bytes([l0, l1, l2, l3]);
        read_into(&mut self.file, len.into(), self.limits.max_frame, "a frame", &mut frame.data)?;
        let [track] = self.tracks;
        frame.track = 0;
        frame.time = self.time(u64::from_le_bytes(time));
        frame.duration = None;
        frame.key_frame = track.codec.format().is_key_frame(&frame.data);
        Ok(true)
    }

    fn time(&self, units: u64) -> Duration {
        let nanos = u128::from(units) * u128::from(self.scale) * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Writes times in RTP's own unit.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    file: W,
    codec: Codec,
    frames: u32,
}

impl<W: Write + Seek> Writer<W> {
    pub(crate) fn create(mut file: W, codec: Codec, size: (u32, u32)) -> Result<Self, Error> {
        let fourcc = match codec {
            Codec::Vp8 => b"VP80",
            Codec::Vp9 => b"VP90",
            Codec::Av1 => b"AV01",
            _ => return Err(Error::Unsupported("this codec in an IVF file")),
        };
        let [width, height] = [size.0, size.1].map(|side| u16::try_from(side).unwrap_or(u16::MAX));
        file.write_all(&SIGNATURE)?;
        file.write_all(&[0, 0])?;
        file.write_all(&HEADER.to_le_bytes())?;
        file.write_all(fourcc)?;
        file.write_all(&width.to_le_bytes())?;
        file.write_all(&height.to_le_bytes())?;
        file.write_all(&codec.clock_rate().to_le_bytes())?;
        file.write_all(&1u32.to_le_bytes())?;
        file.write_all(&[0; 8])?;
        Ok(Self { file, codec, frames: 0 })
    }

    pub(crate) fn write(&mut self, frame: &Frame) -> Result<(), Error> {
        let bare = self.codec == Codec::Av1 && !frame.data.starts_with(&TEMPORAL_DELIMITER);
        let delimiter = if bare { &TEMPORAL_DELIMITER[..] } else { &[] };
        let len =
            u32::try_from(frame.data.len() + delimiter.len()).map_err(|_| Error::TooLarge("a frame"))?;
        let units = frame.time.as_nanos() * u128::from(self.codec.clock_rate()) / 1_000_000_000;
        self.file.write_all(&len.to_le_bytes())?;
        self.file.write_all(&u64::try_from(units).unwrap_or(u64::MAX).to_le_bytes())?;
        self.file.write_all(delimiter)?;
        self.file.write_all(&frame.data)?;
        self.frames = self.frames.saturating_add(1);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, Error> {
        self.file.seek(SeekFrom::Start(24))?;
        self.file.write_all(&self.frames.to_le_bytes())?;
        self.file.seek(SeekFrom::End(0))?;
        self.file.flush()?;
        Ok(self.file)
    }
}
