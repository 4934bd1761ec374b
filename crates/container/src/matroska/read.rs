//! Reading: a walk over the file, flat, from one block to the next.
//!
//! Elements that hold others are entered and their ends ignored, so that files whose sizes are not known, as live
//! recordings have them, and files that were cut off are read like all others.

use super::block::Block;
use super::element::{child, children, header, unsigned};
use super::{CODECS, encoding, id};
use crate::source::read_into;
use crate::unpack::Unpack;
use crate::{Codec, Error, Frame, Limits, Track};
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};

#[derive(Debug)]
pub(crate) struct Reader<R> {
    file: R,
    limits: Limits,
    /// Nanoseconds of the segment's unit of time.
    scale: u64,
    tracks: Vec<Track>,
    /// For each track.
    entries: Vec<Entry>,
    /// The time of the cluster, in units.
    cluster: u64,
    /// Frames of a block that was read.
    ready: VecDeque<Frame>,
    buffer: Vec<u8>,
}

/// What is needed to read a track's blocks.
#[derive(Debug)]
struct Entry {
    number: u64,
    unpack: Unpack,
    /// What each frame begins with, and what was left out.
    stripped: Vec<u8>,
    default_duration: Option<Duration>,
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn open(file: R, limits: Limits) -> Result<Self, Error> {
        let mut reader = Self {
            file,
            limits,
            scale: 1_000_000,
            tracks: Vec::new(),
            entries: Vec::new(),
            cluster: 0,
            ready: VecDeque::new(),
            buffer: Vec::new(),
        };
        while !matches!(reader.step()?, None | Some(id::CLUSTER)) {}
        Ok(reader)
    }

    pub(crate) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    pub(crate) fn next_frame(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                *frame = ready;
                return Ok(true);
            }
            if self.step()?.is_none() {
                return Ok(false);
            }
        }
    }

    /// Takes the next element, and gives its ID; `None` at the end of the file.
    fn step(&mut self) -> Result<Option<u32>, Error> {
        let Some((id, size)) = header(&mut self.file)? else { return Ok(None) };
        if matches!(id, id::SEGMENT | id::CLUSTER) {
            if id == id::CLUSTER {
                self.cluster = 0;
            }
            return Ok(Some(id));
        }
        let size = size.ok_or(Error::Unsupported("Matroska: an element of unknown size"))?;
        match id {
            id::INFO => {
                self.read(size, self.limits.max_index, "Matroska: the segment's information")?;
                let scale = child(&self.buffer, id::TIMESTAMP_SCALE).and_then(unsigned);
                self.scale = scale.filter(|scale| *scale > 0).unwrap_or(1_000_000);
            }
            id::TRACKS if self.tracks.is_empty() => {
                self.read(size, self.limits.max_index, "Matroska: the tracks")?;
                self.read_tracks()?;
            }
            id::TIMESTAMP => {
                self.read(size, 8, "Matroska: a cluster's time")?;
                self.cluster = unsigned(&self.buffer).unwrap_or_default();
            }
            id::SIMPLE_BLOCK => {
                self.read(size, self.limits.max_frame, "a frame")?;
                let block = core::mem::take(&mut self.buffer);
                self.block(&block, None)?;
                self.buffer = block;
            }
            id::BLOCK_GROUP => {
                self.read(size, self.limits.max_frame, "a frame")?;
                let group = core::mem::take(&mut self.buffer);
                self.block(child(&group, id::BLOCK).unwrap_or_default(), Some(&group))?;
                self.buffer = group;
            }
            _ => self.skip(size)?,
        }
        Ok(Some(id))
    }

    fn read(&mut self, size: u64, most: usize, what: &'static str) -> Result<(), Error> {
        read_into(&mut self.file, size, most, what, &mut self.buffer)
    }

    fn skip(&mut self, size: u64) -> Result<(), Error> {
        let size = i64::try_from(size).map_err(|_| Error::Truncated)?;
        if size < 4_096 {
            return self.read(size as u64, 4_096, "");
        }
        self.file.seek(SeekFrom::Current(size)).map_err(|_| Error::Truncated)?;
        Ok(())
    }

    fn read_tracks(&mut self) -> Result<(), Error> {
        for (_, entry) in children(&self.buffer).filter(|(found, _)| *found == id::TRACK_ENTRY) {
            let name = child(entry, id::CODEC_ID).unwrap_or_default();
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let codec = CODECS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, codec)| *codec);
            let number = child(entry, id::TRACK_NUMBER).and_then(unsigned);
            let (Some(codec), Some(number), Some(stripped)) = (codec, number, encoding::stripped(entry))
            else {
                continue;
            };
            if self.tracks.len() >= self.limits.max_tracks {
                return Err(Error::TooLarge("the number of tracks"));
            }
            let within = |parent, id| child(child(entry, parent)?, id).and_then(unsigned);
            let side = |id| within(id::VIDEO, id).and_then(|side| u32::try_from(side).ok());
            let size = side(id::PIXEL_WIDTH).zip(side(id::PIXEL_HEIGHT));
            let channels = within(id::AUDIO, id::CHANNELS).unwrap_or(1).min(255) as u8;
            let unpack = Unpack::new(codec, child(entry, id::CODEC_PRIVATE).unwrap_or_default())?;
            let default = child(entry, id::DEFAULT_DURATION).and_then(unsigned);
            self.tracks.push(Track { codec, size, channels: if codec.is_video() { 0 } else { channels } });
            self.entries.push(Entry {
                number,
                unpack,
                stripped,
                default_duration: default.map(Duration::from_nanos),
            });
        }
        Ok(())
    }

    /// Takes the frames of a block; `group` is what a block that is no SimpleBlock stands in.
    fn block(&mut self, bytes: &[u8], group: Option<&[u8]>) -> Result<(), Error> {
        let block = Block::parse(bytes)?;
        let index = self.entries.iter().position(|entry| entry.number == block.track);
        let Some((track, entry)) = index.and_then(|index| Some((index, self.entries.get(index)?))) else {
            return Ok(());
        };
        let codec = self.tracks.get(track).map_or(Codec::Opus, |track| track.codec);
        // §5.1.3.5.5: a group that refers to no other frame is a key frame.
        let key_frame = match group {
            Some(group) => child(group, id::REFERENCE_BLOCK).is_none(),
            None => block.key_frame,
        };
        let told = group.and_then(|group| child(group, id::BLOCK_DURATION)).and_then(unsigned);
        let told = told.map(|units| Duration::from_nanos(units.saturating_mul(self.scale)));
        let units = self.cluster.saturating_add_signed(block.time.into());
        let mut time = Duration::from_nanos(units.saturating_mul(self.scale));
        let laced = block.frames.len() > 1;
        for bytes in block.frames {
            let mut data = [&entry.stripped, bytes].concat();
            entry.unpack.frame(key_frame, &mut data)?;
            let duration =
                codec.duration(&data).or_else(|| told.filter(|_| !laced)).or(entry.default_duration);
            let key_frame = key_frame || !codec.is_video();
            self.ready.push_back(Frame { track, time, duration, key_frame, data });
            time = time.saturating_add(duration.unwrap_or_default());
        }
        Ok(())
    }
}
