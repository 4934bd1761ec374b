//! Writing: what is not known at the start is filled in at the end, and a file that never gets there can be read all the same.

use super::element::{known_size, put, put_float, put_head, put_master, put_open, put_unsigned, put_void};
use super::{CODECS, id};
use crate::ivf::TEMPORAL_DELIMITER;
use crate::parameters::Described;
use crate::{Codec, Error, Frame};
use core::time::Duration;
use siskin_rtp::payload::NalUnits;
use std::io::{Seek, SeekFrom, Write};

/// Room that is kept for the table of what stands where.
const SEEK_HEAD_LEN: usize = 80;
/// Bytes of the segment's duration.
const DURATION_LEN: usize = 11;
/// A cluster goes on for this long at most, and from key frame to key frame if those are a second apart.
const CLUSTER: u64 = 5_000;
/// RFC 7845's advice for Opus, which WebM repeats: what is decoded before the place that is sought.
const SEEK_PRE_ROLL: u64 = 80_000_000;

#[derive(Debug)]
pub(crate) struct Writer<W> {
    file: W,
    codecs: Vec<Codec>,
    /// Where the segment's content begins.
    segment: u64,
    duration_at: u64,
    info_at: u64,
    tracks_at: u64,
    /// Where the next byte goes.
    end: u64,
    cluster: Option<Cluster>,
    /// Time and place of clusters that begin with a key frame, and its track.
    cues: Vec<(u64, usize, u64)>,
    /// The end of the last frame, in milliseconds.
    last: u64,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Cluster {
    time: u64,
    /// Where it begins.
    at: u64,
}

impl<W: Write + Seek> Writer<W> {
    pub(crate) fn create(mut file: W, tracks: &[Described]) -> Result<Self, Error> {
        let start = file.stream_position()?;
        let codecs: Vec<Codec> = tracks.iter().map(|described| described.track.codec).collect();
        let mut out = Vec::new();
        // WebM knows fewer codecs.
        let webm = codecs.iter().all(|codec| !matches!(codec, Codec::H264 | Codec::H265));
        put_master(&mut out, id::EBML, |out| {
            put_unsigned(out, id::EBML_VERSION, 1);
            put_unsigned(out, id::EBML_READ_VERSION, 1);
            put_unsigned(out, id::EBML_MAX_ID_LENGTH, 4);
            put_unsigned(out, id::EBML_MAX_SIZE_LENGTH, 8);
            put(out, id::DOC_TYPE, if webm { b"webm" } else { b"matroska" });
            put_unsigned(out, id::DOC_TYPE_VERSION, 4);
            put_unsigned(out, id::DOC_TYPE_READ_VERSION, 2);
        });
        put_open(&mut out, id::SEGMENT);
        let segment = start + out.len() as u64;
        put_void(&mut out, SEEK_HEAD_LEN);
        let info_at = start + out.len() as u64;
        let mut info = Vec::new();
        put_unsigned(&mut info, id::TIMESTAMP_SCALE, 1_000_000);
        put(&mut info, id::MUXING_APP, b"Siskin");
        put(&mut info, id::WRITING_APP, b"Siskin");
        put_void(&mut info, DURATION_LEN);
        put(&mut out, id::INFO, &info);
        let duration_at = start + (out.len() - DURATION_LEN) as u64;
        let tracks_at = start + out.len() as u64;
        put_master(&mut out, id::TRACKS, |out| {
            for (number, described) in (1..).zip(tracks) {
                put_master(out, id::TRACK_ENTRY, |out| put_track(out, number, described));
            }
        });
        file.write_all(&out)?;
        Ok(Self {
            file,
            codecs,
            segment,
            duration_at,
            info_at,
            tracks_at,
            end: start + out.len() as u64,
            cluster: None,
            cues: Vec::new(),
            last: 0,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn write(&mut self, track: usize, frame: &Frame) -> Result<(), Error> {
        let codec = self.codecs.get(track).copied().ok_or(Error::Malformed("a frame of no track"))?;
        let time = millis(frame.time);
        let begins = codec.is_video() && frame.key_frame;
        let cluster = match self.cluster {
            Some(cluster) if goes_on(time, cluster.time, begins) => cluster,
            _ => self.open_cluster(time)?,
        };
        let first_of_video = !self.cues.iter().rev().take(1).any(|(_, _, at)| *at == cluster.at);
        if begins && first_of_video {
            self.cues.push((time, track, cluster.at));
        }
        let offset = time as i64 - cluster.time as i64;
        let offset = i16::try_from(offset).map_err(|_| Error::Malformed("the time of a frame"))?;
        self.buffer.clear();
        convert(codec, &frame.data, &mut self.buffer)?;
        let mut out = Vec::with_capacity(16);
        put_head(&mut out, id::SIMPLE_BLOCK, 4 + self.buffer.len());
        // The track's number is below 127: so many tracks are not allowed.
        out.push(0x80 | (track as u8 + 1));
        out.extend_from_slice(&offset.to_be_bytes());
        out.push(if frame.key_frame { 0x80 } else { 0 });
        self.append(&out)?;
        self.file.write_all(&self.buffer)?;
        self.end += self.buffer.len() as u64;
        self.last = self.last.max(millis(frame.time.saturating_add(frame.duration.unwrap_or_default())));
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, Error> {
        self.close_cluster()?;
        let cues_at = (!self.cues.is_empty()).then_some(self.end);
        let mut out = Vec::new();
        if cues_at.is_some() {
            put_master(&mut out, id::CUES, |out| {
                for (time, track, at) in &self.cues {
                    put_master(out, id::CUE_POINT, |out| {
                        put_unsigned(out, id::CUE_TIME, *time);
                        put_master(out, id::CUE_TRACK_POSITIONS, |out| {
                            put_unsigned(out, id::CUE_TRACK, *track as u64 + 1);
                            put_unsigned(out, id::CUE_CLUSTER_POSITION, at - self.segment);
                        });
                    });
                }
            });
            self.append(&out)?;
        }
        self.patch(self.segment - 8, &known_size(self.end - self.segment))?;
        let mut out = Vec::new();
        put_float(&mut out, id::DURATION, self.last as f64);
        self.patch(self.duration_at, &out)?;
        let mut out = Vec::new();
        let places =
            [(id::INFO, Some(self.info_at)), (id::TRACKS, Some(self.tracks_at)), (id::CUES, cues_at)];
        put_master(&mut out, id::SEEK_HEAD, |out| {
            for (what, at) in places.into_iter().filter_map(|(what, at)| Some((what, at?))) {
                put_master(out, id::SEEK, |out| {
                    put(out, id::SEEK_ID, &what.to_be_bytes());
                    put_unsigned(out, id::SEEK_POSITION, at - self.segment);
                });
            }
        });
        let left = SEEK_HEAD_LEN - out.len();
        put_void(&mut out, left);
        self.patch(self.segment, &out)?;
        self.file.flush()?;
        Ok(self.file)
    }

    fn open_cluster(&mut self, time: u64) -> Result<Cluster, Error> {
        self.close_cluster()?;
        let cluster = Cluster { time, at: self.end };
        let mut out = Vec::new();
        put_open(&mut out, id::CLUSTER);
        put_unsigned(&mut out, id::TIMESTAMP, time);
        self.append(&out)?;
        self.cluster = Some(cluster);
        Ok(cluster)
    }

    fn close_cluster(&mut self) -> Result<(), Error> {
        let Some(cluster) = self.cluster.take() else { return Ok(()) };
        // An ID of four bytes, and a size of eight.
        self.patch(cluster.at + 4, &known_size(self.end - cluster.at - 12))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Replaces bytes, and goes back to the end.
    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<(), Error> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX)
}

/// Whether a frame goes into the cluster that began at `start`.
const fn goes_on(time: u64, start: u64, begins: bool) -> bool {
    let most = if begins { 1_000 } else { CLUSTER };
    // What comes a little before the cluster's time still goes into it.
    if time >= start { time - start < most } else { start - time <= CLUSTER }
}

fn put_track(out: &mut Vec<u8>, number: u64, described: &Described) {
    let track = described.track;
    let name = CODECS.iter().find(|(_, codec)| *codec == track.codec).map_or("", |(name, _)| name);
    put_unsigned(out, id::TRACK_NUMBER, number);
    put_unsigned(out, id::TRACK_UID, number);
    put_unsigned(out, id::TRACK_TYPE, if track.codec.is_video() { 1 } else { 2 });
    put_unsigned(out, id::FLAG_LACING, 0);
    put(out, id::CODEC_ID, name.as_bytes());
    if !described.record.is_empty() {
        put(out, id::CODEC_PRIVATE, &described.record);
    }
    if let Some((width, height)) = track.size.filter(|_| track.codec.is_video()) {
        put_master(out, id::VIDEO, |out| {
            put_unsigned(out, id::PIXEL_WIDTH, width.into());
            put_unsigned(out, id::PIXEL_HEIGHT, height.into());
        });
    }
    if !track.codec.is_video() {
        put_unsigned(out, id::SEEK_PRE_ROLL, SEEK_PRE_ROLL);
        put_master(out, id::AUDIO, |out| {
            put_float(out, id::SAMPLING_FREQUENCY, f64::from(track.codec.clock_rate()));
            put_unsigned(out, id::CHANNELS, track.channels.max(1).into());
        });
    }
}

/// Appends a frame as Matroska keeps it: NAL units behind lengths, AV1 without delimiters.
fn convert(codec: Codec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    match codec {
        Codec::H264 => {
            for unit in NalUnits::new(frame) {
                let len = u32::try_from(unit.len()).map_err(|_| Error::TooLarge("a NAL unit"))?;
                out.extend_from_slice(&len.to_be_bytes());
                out.extend_from_slice(unit);
            }
        }
        Codec::Av1 => out.extend_from_slice(frame.strip_prefix(&TEMPORAL_DELIMITER).unwrap_or(frame)),
        _ => out.extend_from_slice(frame),
    }
    Ok(())
}
