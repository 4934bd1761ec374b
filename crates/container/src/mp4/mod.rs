//! ISO base media files (ISO/IEC 14496-12); boxes are the `mp4-atom` crate's.

mod fragment;
mod read;
mod table;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;

/// The types of boxes that such a file may begin with.
pub(crate) const BEGINNINGS: [[u8; 4]; 8] =
    [*b"ftyp", *b"styp", *b"moov", *b"moof", *b"mdat", *b"free", *b"skip", *b"wide"];

/// One frame of a track. Times are in units of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Sample {
    at: u64,
    size: u32,
    /// When it is decoded.
    time: u64,
    /// How much later it is shown.
    offset: i64,
    duration: u32,
    key_frame: bool,
}
