//! Frames in, whichever format the file has.

use crate::start::Start;
use crate::{Error, FileType, Frame, Limits, Track, ivf, matroska, mp4, ogg};
use std::io::{Seek, Write};

/// Writes a media file from what is received.
///
/// The file begins as soon as there was a key frame of each track, because its header says what they are; what came before
/// a track's first key frame is left out, and so is a track of which there was none within 5 s. Times may start anywhere and
/// have gaps; the frames of each track come in order. Writes are small: hand in a `BufWriter` rather than a `File`.
#[derive(Debug)]
pub struct Muxer<W: Write + Seek> {
    file_type: FileType,
    stage: Stage<W>,
    dropped: u64,
}

#[derive(Debug)]
enum Stage<W: Write + Seek> {
    Starting {
        file: W,
        start: Box<Start>,
    },
    Running {
        writer: Writer<W>,
        map: Vec<Option<usize>>,
    },
    /// Writing failed while the file began.
    Broken,
}

#[derive(Debug)]
enum Writer<W: Write + Seek> {
    Ivf(ivf::Writer<W>),
    Ogg(Box<ogg::Writer<W>>),
    Matroska(Box<matroska::Writer<W>>),
    Mp4(Box<mp4::Writer<W>>),
}

impl<W: Write + Seek> Muxer<W> {
    /// A file of that format with those tracks, to which frames refer by their place in the list.
    ///
    /// # Errors
    /// If such a file cannot hold them: see [`FileType::holds`]; IVF and Ogg hold one track.
    pub fn new(file: W, file_type: FileType, tracks: &[Track], limits: Limits) -> Result<Self, Error> {
        if tracks.iter().any(|track| !file_type.holds(track.codec)) {
            return Err(Error::Unsupported("this codec in such a file"));
        }
        let several = matches!(file_type, FileType::Matroska | FileType::Mp4);
        let most = if several { limits.max_tracks.min(100) } else { 1 };
        if tracks.is_empty() || tracks.len() > most {
            return Err(Error::Unsupported("so many tracks in such a file"));
        }
        let start = Box::new(Start::new(tracks, limits));
        Ok(Self { file_type, stage: Stage::Starting { file, start }, dropped: 0 })
    }

    /// Appends a frame, in the form that [`Frame`] says.
    ///
    /// # Errors
    /// The file system's. A frame that cannot be written is dropped and counted.
    pub fn write(&mut self, frame: &Frame) -> Result<(), Error> {
        match &mut self.stage {
            Stage::Starting { start, .. } => {
                self.dropped += u64::from(!start.push(frame));
                if start.is_over() { self.begin() } else { Ok(()) }
            }
            Stage::Running { .. } => self.append(frame),
            Stage::Broken => Err(Error::Unsupported("writing on after an error")),
        }
    }

    /// Frames that were left out: before the first key frame, or of a track that is not in the file.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Ends the file, and gives it back. A file without any frame stays empty.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(mut self) -> Result<W, Error> {
        if let Stage::Starting { .. } = self.stage {
            self.begin()?;
        }
        match self.stage {
            Stage::Running { writer, .. } => match writer {
                Writer::Ivf(writer) => writer.finish(),
                Writer::Ogg(writer) => writer.finish(),
                Writer::Matroska(writer) => writer.finish(),
                Writer::Mp4(writer) => writer.finish(),
            },
            Stage::Starting { file, .. } => Ok(file),
            Stage::Broken => Err(Error::Unsupported("writing on after an error")),
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        let Stage::Starting { file, start } = core::mem::replace(&mut self.stage, Stage::Broken) else {
            return Ok(());
        };
        let (tracks, map, waiting) = start.finish();
        let Some(first) = tracks.first() else {
            self.stage = Stage::Starting { file, start: Box::new(Start::new(&[], Limits::default())) };
            return Ok(());
        };
        let writer = match self.file_type {
            FileType::Ivf => Writer::Ivf(ivf::Writer::create(
                file,
                first.track.codec,
                first.track.size.unwrap_or_default(),
            )?),
            FileType::Ogg => Writer::Ogg(Box::new(ogg::Writer::create(file, first)?)),
            FileType::Matroska => Writer::Matroska(Box::new(matroska::Writer::create(file, &tracks)?)),
            FileType::Mp4 => Writer::Mp4(Box::new(mp4::Writer::create(file, &tracks)?)),
        };
        self.stage = Stage::Running { writer, map };
        waiting.iter().try_for_each(|frame| self.append(frame))
    }

    fn append(&mut self, frame: &Frame) -> Result<(), Error> {
        let Stage::Running { writer, map } = &mut self.stage else { return Ok(()) };
        let Some(track) = map.get(frame.track).copied().flatten() else {
            self.dropped += 1;
            return Ok(());
        };
        match writer {
            Writer::Ivf(writer) => writer.write(frame),
            Writer::Ogg(writer) => writer.write(frame),
            Writer::Matroska(writer) => writer.write(track, frame),
            Writer::Mp4(writer) => writer.write(track, frame),
        }
    }
}
