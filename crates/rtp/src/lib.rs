#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod bits;
pub mod extension;
pub mod payload;
pub mod rtcp;
pub mod wire;
