#![doc = include_str!("../README.md")]
#![allow(clippy::disallowed_types, reason = "a benchmark has a clock and sockets")]

mod contest;
pub mod cost;
pub mod counted;
pub mod cpu;
#[cfg(any(feature = "dtls-stacks", feature = "dtls-openssl"))]
pub mod dtls_peers;
pub mod heap;
pub mod libraries;
pub mod limit;
pub mod stacks;

pub use contest::{Bench, Contest, Prepared};

/// The `main` of a file of contests: runs the functions given, each of which takes a `&mut Bench`.
#[macro_export]
macro_rules! main {
    ($($function:path),+ $(,)?) => {
        fn main() {
            let mut bench = $crate::Bench::from_args();
            $($function(&mut bench);)+
            bench.finish();
        }
    };
}
