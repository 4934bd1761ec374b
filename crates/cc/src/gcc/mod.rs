//! The estimator of draft-ietf-rmcat-gcc-02: how the delay grows says when there is too much, how much is lost bounds it.
//!
//! What is done otherwise than the draft says: the growth of the delay is the slope of a line through the last groups
//! of packets, and not a Kalman filter's state (§5.3); losses of less than a tenth do not stop the increase if there are no
//! more of them than there were all along (§6); over-use without a queue of 10 ms is none, and while a long one is left, less is sent than it drains (not in the draft); probes
//! (not in the draft).
#![deny(clippy::indexing_slicing)]

mod aimd;
mod config;
mod delay;
mod detector;
mod engine;
mod groups;
mod idle;
mod loss;
mod meter;
mod probe;
mod trend;

pub use config::{Config, Stats};
pub use engine::Gcc;

/// What the delay says about the path (§5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Usage {
    /// The delay shrinks: queues drain.
    Under,
    /// The delay stays.
    #[default]
    Normal,
    /// The delay grows.
    Over,
}
