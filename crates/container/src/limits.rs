//! What a file may make us hold.

/// Limits on what is held in memory, whatever a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame: 16 MiB.
    pub max_frame: usize,
    /// Bytes of a table of contents (MP4's `moov`, Matroska's tracks) or of one of its parts: 32 MiB. MP4's is held as long as
    /// the file is open; in memory it takes up to ten times as much.
    pub max_index: usize,
    /// Tracks: 32. A file with more is refused.
    pub max_tracks: usize,
    /// Bytes of frames that wait, while a file is begun, for the first key frame of each track: 16 MiB.
    pub max_waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 16 << 20, max_index: 32 << 20, max_tracks: 32, max_waiting: 16 << 20 }
    }
}
