#![doc = include_str!("../README.md")]

mod link;
mod nat;
mod network;

pub use link::Link;
pub use nat::{Behaviour, Nat};
pub use network::{HostId, Network, Node};
