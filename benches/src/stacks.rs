//! Whole stacks, each with two peers in this process that talk over loopback: what is asked of all of them.

#[cfg(feature = "stacks")]
mod sans_io;
mod siskin;
#[cfg(feature = "stacks")]
mod webrtc_rs;

#[cfg(feature = "stacks")]
pub use self::sans_io::Str0m;
pub use self::siskin::Siskin;
#[cfg(feature = "stacks")]
pub use self::webrtc_rs::WebrtcRs;

use bytes::Bytes;
use std::future::Future;
use std::time::Duration;

/// Two peers with an open, reliable and ordered data channel between them.
pub trait Pair: Sized {
    /// What the stack is called in a table.
    const NAME: &'static str;

    /// Makes both peers, exchanges their descriptions, and returns once the channel is open on both sides; with the time
    /// since both descriptions were set.
    fn open() -> impl Future<Output = (Self, Duration)>;

    /// Sends `count` times `message` from one to the other as fast as it goes; returns once all have arrived.
    fn transfer(&mut self, message: Bytes, count: usize) -> impl Future<Output = ()>;
}
