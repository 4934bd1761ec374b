//! Associations against published bytes, against each other, and against another implementation.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod basics;
mod pair;
