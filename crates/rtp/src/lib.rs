#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod bits;
pub mod extension;
pub mod feedback;
pub mod jitter;
pub mod nack;
pub mod payload;
pub mod rtcp;
pub mod rtx;
pub mod session;
pub mod wire;
