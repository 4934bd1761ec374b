//! How much text is taken from a stranger.

/// Upper bounds on one session description. What exceeds them is an error, before it costs memory.
///
/// The largest cost is one attribute per short line: about 100 bytes of memory for 4 bytes of text, so the
/// defaults bound a hostile description to about 2 MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text. Default 512 KiB: a browser's offer of three sections has 6 kB, of a hundred about 200 kB.
    pub bytes: usize,
    /// Lines. Default 16,384.
    pub lines: usize,
    /// Media sections. Default 512.
    pub media: usize,
    /// Attributes of the session and of all its media sections together. Default 16,384.
    pub attributes: usize,
}

impl Limits {
    /// For devices: 16 KiB, 512 lines, 16 media sections, 448 attributes: any browser's offer of audio, video and
    /// data.
    pub const fn small() -> Self {
        Self { bytes: 16 * 1024, lines: 512, media: 16, attributes: 448 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 512 * 1024, lines: 16_384, media: 512, attributes: 16_384 }
    }
}
