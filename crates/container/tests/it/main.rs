//! Files that FFmpeg wrote, files that others read, and files that are broken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod fixtures;
mod hostile;
mod read;
mod write;
