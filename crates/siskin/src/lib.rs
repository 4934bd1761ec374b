#![doc = include_str!("../README.md")]

mod description;
mod error;
mod net;

pub use description::{IceCandidateInit, SdpType, SessionDescription, UnknownSdpType};
pub use error::BindError;
pub use net::interfaces::{InterfaceAddress, MAX_ADDRESSES, interfaces};
pub use net::ports::{PortConfig, SocketInfo};
pub use net::socket::BufferSizes;
