#![doc = include_str!("../README.md")]

mod error;
mod net;

pub use error::BindError;
pub use net::interfaces::{InterfaceAddress, MAX_ADDRESSES, interfaces};
pub use net::ports::{PortConfig, SocketInfo};
pub use net::socket::BufferSizes;
