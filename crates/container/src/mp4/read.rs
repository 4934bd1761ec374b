//! Reading: the table of contents first, wherever it stands, then samples of all tracks in the order of their times.

use super::table::Table;
use super::{Sample, fragment};
use crate::source::{read_into, read_or_end};
use crate::unpack::Unpack;
use crate::{Codec, Error, Frame, Limits, Track};
use core::time::Duration;
use mp4_atom::{Atom, Decode, Encode, Moof, Moov, Trak, Trex};
use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};

#[derive(Debug)]
pub(crate) struct Reader<R> {
    file: R,
    limits: Limits,
    tracks: Vec<Track>,
    lanes: Vec<Lane>,
    /// Where the box behind the last one stands, as long as fragments may come.
    next_box: Option<u64>,
}

/// Where we are in one track.
#[derive(Debug)]
struct Lane {
    id: u32,
    codec: Codec,
    unpack: Unpack,
    /// Units of time in a second.
    rate: u32,
    /// How much is subtracted from each time.
    shift: i64,
    table: Table,
    trex: Option<Trex>,
    /// Samples of fragments.
    fragments: VecDeque<Sample>,
    /// Where the next fragment begins if it does not tell.
    time: u64,
    next: Option<Sample>,
}

/// A box's type, where its content begins, and where it ends; `None` if that is where the file ends.
struct Found {
    kind: [u8; 4],
    content: u64,
    end: Option<u64>,
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn open(file: R, limits: Limits) -> Result<Self, Error> {
        let mut reader = Self { file, limits, tracks: Vec::new(), lanes: Vec::new(), next_box: None };
        let mut at = 0;
        loop {
            let found = reader.find(at)?.ok_or(Error::Truncated)?;
            if found.kind == *b"moov" {
                let moov: Moov = reader.read(&found, limits.max_index)?;
                let fragmented = moov.mvex.is_some();
                reader.read_tracks(moov)?;
                reader.next_box = found.end.filter(|_| fragmented);
                break;
            }
            at = found.end.ok_or(Error::Truncated)?;
        }
        for lane in &mut reader.lanes {
            lane.next = lane.table.next();
        }
        Ok(reader)
    }

    pub(crate) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    pub(crate) fn next_frame(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        loop {
            let lanes = self.lanes.iter().enumerate();
            let due = lanes.filter_map(|(track, lane)| Some((lane.nanos(lane.next?.time), track))).min();
            if let Some((_, track)) = due {
                self.sample(track, frame)?;
                return Ok(true);
            }
            if !self.next_fragment()? {
                return Ok(false);
            }
        }
    }

    fn sample(&mut self, track: usize, frame: &mut Frame) -> Result<(), Error> {
        let Some(lane) = self.lanes.get_mut(track) else { return Ok(()) };
        let next = lane.table.next();
        let next = next.or_else(|| lane.fragments.pop_front());
        let Some(sample) = core::mem::replace(&mut lane.next, next) else { return Ok(()) };
        self.file.seek(SeekFrom::Start(sample.at))?;
        read_into(&mut self.file, sample.size.into(), self.limits.max_frame, "a frame", &mut frame.data)?;
        let units = sample.time.saturating_add_signed(sample.offset.saturating_sub(lane.shift));
        frame.track = track;
        frame.time = Duration::from_nanos(lane.nanos(units));
        let told = Duration::from_nanos(lane.nanos(sample.duration.into()));
        frame.duration = lane.codec.duration(&frame.data).or(Some(told));
        frame.key_frame = sample.key_frame || !lane.codec.is_video();
        lane.unpack.frame(frame.key_frame, &mut frame.data)
    }

    /// Reads on to the next fragment; `false` if there is none.
    fn next_fragment(&mut self) -> Result<bool, Error> {
        while let Some(at) = self.next_box {
            let Some(found) = self.find(at)? else { break };
            self.next_box = found.end;
            if found.kind != *b"moof" {
                continue;
            }
            let moof: Moof = self.read(&found, self.limits.max_index / 8)?;
            let mut end = at;
            for traf in &moof.traf {
                let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id == traf.tfhd.track_id) else {
                    continue;
                };
                let Lane { trex, time, fragments, .. } = lane;
                fragment::samples(traf, trex.as_ref(), at, time, &mut end, fragments)?;
            }
            for lane in self.lanes.iter_mut().filter(|lane| lane.next.is_none()) {
                lane.next = lane.fragments.pop_front();
            }
            return Ok(true);
        }
        self.next_box = None;
        Ok(false)
    }

    /// The box at `at`; `None` at the end of the file.
    fn find(&mut self, at: u64) -> Result<Option<Found>, Error> {
        self.file.seek(SeekFrom::Start(at))?;
        let Some([s0, s1, s2, s3, kind @ ..]) = read_or_end::<8>(&mut self.file)? else { return Ok(None) };
        let mut header = 8;
        let size = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => None,
            1 => {
                header = 16;
                Some(u64::from_be_bytes(read_or_end(&mut self.file)?.ok_or(Error::Truncated)?))
            }
            size => Some(size.into()),
        };
        let end = match size {
            Some(size) if size < header => return Err(Error::Malformed("MP4: the size of a box")),
            Some(size) => Some(at.checked_add(size).ok_or(Error::Truncated)?),
            None => None,
        };
        Ok(Some(Found { kind, content: at + header, end }))
    }

    /// A box as a whole.
    fn read<T: Atom>(&mut self, found: &Found, most: usize) -> Result<T, Error> {
        let Some(end) = found.end else {
            return Err(Error::Unsupported("MP4: a table that ends with the file"));
        };
        let mut body = Vec::new();
        read_into(&mut self.file, end - found.content, most, "MP4: a table of contents", &mut body)?;
        let mut bytes = (8 + body.len() as u32).to_be_bytes().to_vec();
        bytes.extend_from_slice(&found.kind);
        bytes.append(&mut body);
        T::decode(&mut bytes.as_slice()).map_err(|_| Error::Malformed("MP4: a table of contents"))
    }

    fn read_tracks(&mut self, moov: Moov) -> Result<(), Error> {
        let trex = moov.mvex.map(|mvex| mvex.trex).unwrap_or_default();
        let movie_rate = u64::from(moov.mvhd.timescale).max(1);
        for trak in moov.trak {
            let rate = trak.mdia.mdhd.timescale;
            let Some((track, unpack)) = described(&trak)?.filter(|_| rate > 0) else { continue };
            if self.tracks.len() >= self.limits.max_tracks {
                return Err(Error::TooLarge("the number of tracks"));
            }
            let id = trak.tkhd.track_id;
            // What is cut from the start of sound is what the decoder needs to find in; it is sent.
            let shift = if track.codec.is_video() { shift(&trak, movie_rate, rate.into()) } else { 0 };
            self.tracks.push(track);
            self.lanes.push(Lane {
                id,
                codec: track.codec,
                unpack,
                rate,
                shift,
                table: Table::new(trak.mdia.minf.stbl),
                trex: trex.iter().find(|trex| trex.track_id == id).cloned(),
                fragments: VecDeque::new(),
                time: 0,
                next: None,
            });
        }
        Ok(())
    }
}

impl Lane {
    fn nanos(&self, units: u64) -> u64 {
        let nanos = u128::from(units) * 1_000_000_000 / u128::from(self.rate.max(1));
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

/// What a track is, if we know its codec.
fn described(trak: &Trak) -> Result<Option<(Track, Unpack)>, Error> {
    use mp4_atom::Codec as Entry;
    let Some(entry) = trak.mdia.minf.stbl.stsd.codecs.first() else { return Ok(None) };
    let (codec, record) = match entry {
        Entry::Avc1(entry) => (Codec::H264, record(&entry.avcc)),
        Entry::Avc3(entry) => (Codec::H264, record(&entry.avcc)),
        Entry::Hvc1(entry) => (Codec::H265, record(&entry.hvcc)),
        Entry::Hev1(entry) => (Codec::H265, record(&entry.hvcc)),
        Entry::Av01(entry) => (Codec::Av1, record(&entry.av1c)),
        Entry::Vp08(_) => (Codec::Vp8, Vec::new()),
        Entry::Vp09(_) => (Codec::Vp9, Vec::new()),
        Entry::Opus(entry) if entry.dops.channel_mapping.is_none() => (Codec::Opus, Vec::new()),
        _ => return Ok(None),
    };
    let size = entry.visual().map(|visual| (visual.width.into(), visual.height.into()));
    let channels = entry.audio().map_or(0, |audio| audio.channel_count.min(255) as u8);
    Ok(Some((Track { codec, size, channels }, Unpack::new(codec, &record)?)))
}

/// A configuration record as it stands in the file.
fn record(atom: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    // It was read from a file, and can be written.
    let written = atom.encode(&mut bytes).is_ok();
    bytes.get(8..).filter(|_| written).unwrap_or_default().to_vec()
}

/// Where the edit list lets the track begin (§8.6.6), in units of the track: only its beginning is obeyed.
fn shift(trak: &Trak, movie_rate: u64, rate: u64) -> i64 {
    let mut shift = 0i64;
    let edits = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref());
    for edit in edits.iter().flat_map(|elst| &elst.entries) {
        if let Some(time) = edit.media_time {
            return shift.saturating_add(i64::try_from(time).unwrap_or_default());
        }
        // Nothing is shown for so long.
        let wait = u128::from(edit.segment_duration) * u128::from(rate) / u128::from(movie_rate);
        shift = shift.saturating_sub(i64::try_from(wait).unwrap_or_default());
    }
    shift
}
