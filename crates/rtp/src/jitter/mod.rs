//! The jitter buffer: packets in any order in, frames in order and in time out.

#![deny(clippy::indexing_slicing)]

mod buffer;
mod config;
mod delay;
mod window;

pub use buffer::{Frame, JitterBuffer, JitterEvent};
pub use config::{Inserted, JitterConfig, JitterStats};

#[cfg(test)]
mod tests;
