//! Files in: whichever format it is, frames come out.

use crate::{Error, FileType, Frame, Limits, Track, ivf, matroska, mp4, ogg};
use std::io::{Read, Seek, SeekFrom};

/// Reads a media file, frame by frame, in the file's order: that in which a decoder wants them.
///
/// Tracks of codecs that WebRTC does not know (and those that are encrypted) are passed over. Reads are small: hand in a
/// `BufReader` rather than a `File`.
#[derive(Debug)]
pub struct Demuxer<R: Read + Seek>(Inner<R>);

#[derive(Debug)]
enum Inner<R: Read + Seek> {
    Ivf(ivf::Reader<R>),
    Ogg(ogg::Reader<R>),
    Matroska(matroska::Reader<R>),
    Mp4(Box<mp4::Reader<R>>),
}

impl<R: Read + Seek> Demuxer<R> {
    /// Tells the format by the first bytes, and reads on to where the tracks are known.
    ///
    /// # Errors
    /// If it is no such file, or there is no track in it that we know.
    pub fn open(mut file: R, limits: Limits) -> Result<Self, Error> {
        let mut first = [0; 8];
        file.read_exact(&mut first)?;
        file.seek(SeekFrom::Start(0))?;
        let [a, b, c, d, box_type @ ..] = first;
        let inner = match [a, b, c, d] {
            ivf::SIGNATURE => Inner::Ivf(ivf::Reader::open(file, limits)?),
            ogg::SIGNATURE => Inner::Ogg(ogg::Reader::open(file, limits)?),
            matroska::SIGNATURE => Inner::Matroska(matroska::Reader::open(file, limits)?),
            _ if mp4::BEGINNINGS.contains(&box_type) => {
                Inner::Mp4(Box::new(mp4::Reader::open(file, limits)?))
            }
            _ => return Err(Error::UnknownFormat),
        };
        let demuxer = Self(inner);
        if demuxer.tracks().is_empty() {
            Err(Error::Unsupported("all tracks of this file"))
        } else {
            Ok(demuxer)
        }
    }

    /// The format that it turned out to be.
    pub const fn file_type(&self) -> FileType {
        match self.0 {
            Inner::Ivf(_) => FileType::Ivf,
            Inner::Ogg(_) => FileType::Ogg,
            Inner::Matroska(_) => FileType::Matroska,
            Inner::Mp4(_) => FileType::Mp4,
        }
    }

    /// The tracks that frames belong to.
    pub fn tracks(&self) -> &[Track] {
        match &self.0 {
            Inner::Ivf(reader) => &reader.tracks,
            Inner::Ogg(reader) => &reader.tracks,
            Inner::Matroska(reader) => reader.tracks(),
            Inner::Mp4(reader) => reader.tracks(),
        }
    }

    /// Puts the next frame into `frame`, whose memory it uses again; `false` at the end of the file.
    ///
    /// # Errors
    /// As [`Error`] says; nothing can be read behind one.
    pub fn next_frame(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        match &mut self.0 {
            Inner::Ivf(reader) => reader.next_frame(frame),
            Inner::Ogg(reader) => reader.next_frame(frame),
            Inner::Matroska(reader) => reader.next_frame(frame),
            Inner::Mp4(reader) => reader.next_frame(frame),
        }
    }
}
