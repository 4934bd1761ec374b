#![doc = include_str!("../README.md")]

mod campaign;
mod conditions;
mod link;
mod nat;
mod network;

pub use campaign::{Report, campaign};
pub use conditions::Conditions;
pub use link::Link;
pub use nat::{Behaviour, Nat};
pub use network::{HostId, Network, Node};
