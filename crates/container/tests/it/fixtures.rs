//! The files that FFmpeg wrote, and what it reads from them.

use siskin_container::{Demuxer, Error, Frame, Limits, Track};
use std::io::Cursor;

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        /// Name, content, and FFmpeg's list of its frames.
        pub(crate) const ALL: &[(&str, &[u8], &str)] = &[$((
            $name,
            include_bytes!(concat!("../fixtures/", $name)),
            include_str!(concat!("../fixtures/", $name, ".packets")),
        )),*];
    };
}

fixtures! {
    "vp8.ivf", "vp9.ivf", "av1.ivf", "opus.ogg", "vp8-opus.webm", "vp9-opus.webm", "av1.webm", "h264-opus.mkv",
    "h264-opus.mp4", "h264-b.mp4", "h265.mp4", "av1.mp4", "vp9-opus.mp4", "fragmented.mp4", "aac.mp4",
}

pub(crate) fn content(name: &str) -> &'static [u8] {
    ALL.iter().find(|(known, _, _)| *known == name).unwrap().1
}

/// Tracks and frames of a file.
pub(crate) fn read(file: &[u8], limits: Limits) -> Result<(Vec<Track>, Vec<Frame>), Error> {
    let mut demuxer = Demuxer::open(Cursor::new(file), limits)?;
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while demuxer.next_frame(&mut frame)? {
        frames.push(frame.clone());
    }
    Ok((demuxer.tracks().to_vec(), frames))
}
