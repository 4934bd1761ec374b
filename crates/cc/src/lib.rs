#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod estimator;
pub mod gcc;
mod pacer;
mod rate;

pub use estimator::{Estimator, Probe, Rates, Sent};
pub use gcc::Gcc;
pub use pacer::{Kind, Pacer, PacerConfig, PacerStats, Ready};
pub use rate::Rate;
