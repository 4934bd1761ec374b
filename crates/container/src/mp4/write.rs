//! Writing, in fragments: a file that never gets to its end can be read all the same, and nothing has to be kept but the
//! last seconds.

use super::fragment::NOT_A_KEY_FRAME;
use crate::parameters::Described;
use crate::{Codec, Error, Frame};
use core::time::Duration;
use mp4_atom::{
    Atom, Audio, Av01, Av1c, Avc1, Avcc, Codec as Entry, Dinf, Dops, Dref, Encode, FourCC, Ftyp, Hdlr, Mdhd,
    Mdia, Mfhd, Minf, Moof, Moov, Mvex, Mvhd, Opus, Smhd, Stbl, Stco, Stsd, Tfdt, Tfhd, Tkhd, Traf, Trak,
    Trex, Trun, TrunEntry, TrunSamples, Url, Visual, Vmhd,
};
use siskin_rtp::payload::NalUnits;
use std::io::Write;

/// A fragment goes on for this long, and to the next key frame if that comes within as long again.
const FRAGMENT: Duration = Duration::from_secs(1);
/// And for no more bytes than this.
const MOST_BYTES: usize = 4 << 20;
/// §8.8.3.1: a key frame depends on no other, which others do.
const KEY_FRAME: u32 = 0x0200_0000;
const OTHER_FRAME: u32 = 0x0100_0000 | NOT_A_KEY_FRAME;

#[derive(Debug)]
pub(crate) struct Writer<W> {
    file: W,
    lanes: Vec<Lane>,
    /// When the fragment began.
    began: Option<Duration>,
    bytes: usize,
    fragments: u32,
}

/// A track's part of the fragment.
#[derive(Debug)]
struct Lane {
    codec: Codec,
    samples: Vec<Sample>,
    data: Vec<u8>,
    /// The time of the last sample of the fragment before: when that one ends is known only now.
    last: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    time: u64,
    offset: i64,
    size: u32,
    duration: Option<u32>,
    key_frame: bool,
}

impl<W: Write> Writer<W> {
    pub(crate) fn create(mut file: W, tracks: &[Described]) -> Result<Self, Error> {
        let mut out = Vec::new();
        let brand = |name: &[u8; 4]| FourCC::from(*name);
        let ftyp = Ftyp {
            major_brand: brand(b"iso6"),
            minor_version: 0,
            compatible_brands: [b"iso6", b"isom", b"mp41"].map(brand).to_vec(),
        };
        encode(&ftyp, &mut out)?;
        let mut moov = Moov {
            mvhd: Mvhd {
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: tracks.len() as u32 + 1,
                ..Mvhd::default()
            },
            mvex: Some(Mvex::default()),
            ..Moov::default()
        };
        for (id, described) in (1..).zip(tracks) {
            moov.trak.push(trak(id, described)?);
            let trex = Trex { track_id: id, default_sample_description_index: 1, ..Trex::default() };
            moov.mvex.get_or_insert_default().trex.push(trex);
        }
        encode(&moov, &mut out)?;
        file.write_all(&out)?;
        let lane = |described: &Described| Lane {
            codec: described.track.codec,
            samples: Vec::new(),
            data: Vec::new(),
            last: None,
        };
        Ok(Self { file, lanes: tracks.iter().map(lane).collect(), began: None, bytes: 0, fragments: 0 })
    }

    pub(crate) fn write(&mut self, track: usize, frame: &Frame) -> Result<(), Error> {
        let began = *self.began.get_or_insert(frame.time);
        let age = frame.time.saturating_sub(began);
        let begins = frame.key_frame && self.lanes.get(track).is_some_and(|lane| lane.codec.is_video());
        if age >= 2 * FRAGMENT || begins && age >= FRAGMENT || self.bytes > MOST_BYTES {
            self.flush()?;
            self.began = Some(frame.time);
        }
        let lane = self.lanes.get_mut(track).ok_or(Error::Malformed("a frame of no track"))?;
        self.bytes += lane.push(frame)?;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, Error> {
        self.flush()?;
        self.file.flush()?;
        Ok(self.file)
    }

    /// Writes the fragment.
    fn flush(&mut self) -> Result<(), Error> {
        let lanes: Vec<_> =
            self.lanes.iter().enumerate().filter(|(_, lane)| !lane.samples.is_empty()).collect();
        if lanes.is_empty() {
            return Ok(());
        }
        self.fragments = self.fragments.wrapping_add(1);
        let mut moof = Moof { mfhd: Mfhd { sequence_number: self.fragments }, traf: Vec::new() };
        moof.traf.extend(lanes.iter().map(|(index, lane)| lane.traf(*index as u32 + 1)));
        let mut out = Vec::new();
        encode(&moof, &mut out)?;
        // Places count from the fragment's beginning, so its length had to be known.
        let mut at = out.len() + 8;
        for (traf, (_, lane)) in moof.traf.iter_mut().zip(&lanes) {
            for run in &mut traf.trun {
                run.data_offset = Some(i32::try_from(at).map_err(|_| Error::TooLarge("a fragment"))?);
            }
            at += lane.data.len();
        }
        let len = out.len();
        out.clear();
        encode(&moof, &mut out)?;
        let data = u32::try_from(at - len).map_err(|_| Error::TooLarge("a fragment"))?;
        out.extend_from_slice(&data.to_be_bytes());
        out.extend_from_slice(b"mdat");
        self.file.write_all(&out)?;
        for lane in &mut self.lanes {
            self.file.write_all(&lane.data)?;
            lane.last = lane.samples.last().map(|sample| sample.time).or(lane.last);
            lane.samples.clear();
            lane.data.clear();
        }
        self.bytes = 0;
        Ok(())
    }
}

impl Lane {
    /// Takes a frame; how many bytes more there are.
    fn push(&mut self, frame: &Frame) -> Result<usize, Error> {
        let rate = u128::from(self.codec.clock_rate());
        let ticks =
            |time: Duration| u64::try_from(time.as_nanos() * rate / 1_000_000_000).unwrap_or(u64::MAX);
        let shown = ticks(frame.time).min(i64::MAX as u64);
        // Decoding times grow; what is shown before what was decoded before it, is so by a negative offset.
        let before = self.samples.last().map(|sample| sample.time).or(self.last);
        let time = before.map_or(shown, |before| shown.max(before.saturating_add(1)));
        let start = self.data.len();
        if self.codec == Codec::H264 {
            for unit in NalUnits::new(&frame.data) {
                let len = u32::try_from(unit.len()).map_err(|_| Error::TooLarge("a NAL unit"))?;
                self.data.extend_from_slice(&len.to_be_bytes());
                self.data.extend_from_slice(unit);
            }
        } else {
            let delimiter = &crate::ivf::TEMPORAL_DELIMITER;
            let bare = frame.data.strip_prefix(delimiter).filter(|_| self.codec == Codec::Av1);
            self.data.extend_from_slice(bare.unwrap_or(&frame.data));
        }
        let len = self.data.len() - start;
        self.samples.push(Sample {
            time,
            offset: (shown as i64).saturating_sub(time as i64).max(i32::MIN.into()),
            size: u32::try_from(len).map_err(|_| Error::TooLarge("a frame"))?,
            duration: frame.duration.and_then(|duration| u32::try_from(ticks(duration)).ok()),
            key_frame: frame.key_frame,
        });
        Ok(len)
    }

    fn traf(&self, track_id: u32) -> Traf {
        let ends = self.samples.iter().skip(1).map(|sample| Some(sample.time)).chain([None]);
        let mut last = 1;
        let entries = self.samples.iter().zip(ends).map(|(sample, end)| {
            let duration = end.and_then(|end| u32::try_from(end.saturating_sub(sample.time)).ok());
            last = duration.or(sample.duration).unwrap_or(last);
            TrunEntry {
                duration: Some(last),
                size: Some(sample.size),
                flags: Some(if sample.key_frame { KEY_FRAME } else { OTHER_FRAME }),
                cts: Some(sample.offset),
            }
        });
        let samples = TrunSamples::Explicit(entries.collect());
        let begins = self.samples.first().map_or(0, |sample| sample.time);
        Traf {
            tfhd: Tfhd { track_id, default_base_is_moof: true, ..Tfhd::default() },
            tfdt: Some(Tfdt { base_media_decode_time: begins }),
            trun: vec![Trun { data_offset: Some(0), samples }],
            ..Traf::default()
        }
    }
}

fn encode(atom: &impl Encode, out: &mut Vec<u8>) -> Result<(), Error> {
    atom.encode(out).map_err(|_| Error::TooLarge("an MP4 box"))
}

fn trak(track_id: u32, described: &Described) -> Result<Trak, Error> {
    let track = described.track;
    let video = track.codec.is_video();
    let [width, height] =
        track.size.map_or([0; 2], |size| [size.0, size.1].map(|side| side.min(65_535) as u16));
    let visual = Visual { data_reference_index: 1, width, height, ..Visual::default() };
    let record = &mut described.record.as_slice();
    let malformed = |_| Error::Malformed("a codec's configuration record");
    let entry: Entry = match track.codec {
        Codec::H264 => {
            let avcc = Avcc::decode_body(record).map_err(malformed)?;
            Avc1 { visual, avcc, btrt: None, colr: None, pasp: None, taic: None, fiel: None, spatial: None }
                .into()
        }
        Codec::Av1 => {
            let av1c = Av1c::decode_body(record).map_err(malformed)?;
            Av01 { visual, av1c, btrt: None, ccst: None, colr: None, pasp: None, taic: None, spatial: None }
                .into()
        }
        Codec::Opus => {
            let channels = track.channels.clamp(1, 2);
            let audio = Audio {
                data_reference_index: 1,
                channel_count: channels.into(),
                sample_size: 16,
                sample_rate: 48_000.into(),
            };
            let dops = Dops {
                output_channel_count: channels,
                pre_skip: 0,
                input_sample_rate: 48_000,
                output_gain: 0,
                channel_mapping: None,
            };
            Opus { audio, dops, btrt: None }.into()
        }
        _ => return Err(Error::Unsupported("this codec in an MP4 file")),
    };
    let (handler, name) = if video { (b"vide", "pictures") } else { (b"soun", "sound") };
    Ok(Trak {
        tkhd: Tkhd {
            track_id,
            enabled: true,
            in_movie: true,
            volume: if video { 0.into() } else { 1.into() },
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd { timescale: track.codec.clock_rate(), language: "und".into(), ..Mdhd::default() },
            hdlr: Hdlr { handler: FourCC::from(*handler), name: name.into() },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf { dref: Dref { entries: vec![Url::default().into()] } },
                stbl: Stbl {
                    stsd: Stsd { codecs: vec![entry] },
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    })
}
