//! Two ends with their channels, on virtual time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod channels;
mod memory;
