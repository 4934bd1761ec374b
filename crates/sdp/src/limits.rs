//! How much text is taken from a stranger.

/// Upper bounds on one session description. What exceeds them is an error, before it costs memory.
///
/// The largest costs are one attribute on each short line, about 160 bytes of memory for five of text, and one alternative of
/// simulcast after the other, 150 for two. The defaults bound a hostile description to 5.2 MB, the small ones to 250 kB:
/// `cargo xtask memory` measures both.
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
    /// Items of lists: spaces, commas and semicolons, wherever they stand. Default 16,384: of a browser's text every twentieth
    /// byte is one.
    pub items: usize,
}

impl Limits {
    /// For devices: 16 KiB, 512 lines, 16 media sections, 448 attributes, 1,024 items: any browser's offer of audio, video and
    /// data.
    pub const fn small() -> Self {
        Self { bytes: 16 * 1024, lines: 512, media: 16, attributes: 448, items: 1024 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 512 * 1024, lines: 16_384, media: 512, attributes: 16_384, items: 16_384 }
    }
}
