//! Other people's DTLS, two ends of each in this process, without a network.

#[cfg(feature = "dtls-stacks")]
mod linked;
#[cfg(feature = "dtls-openssl")]
mod openssl;
#[cfg(feature = "dtls-stacks")]
mod rtc;

#[cfg(feature = "dtls-stacks")]
pub use linked::{BoringSsl, DimplAwsLc};
#[cfg(feature = "dtls-openssl")]
pub use openssl::OpenSsl;
#[cfg(feature = "dtls-stacks")]
pub use rtc::{RtcDtls, RtcEnd};

/// One of the other stacks, set up for a version and group.
pub trait Stack {
    /// One end of a connection.
    type End;

    /// Two ends that have done their handshake, the client first.
    fn connect(&self) -> [Self::End; 2];
    /// The datagram with this data.
    fn seal(end: &mut Self::End, data: &[u8]) -> Vec<u8>;
    /// How much data is in a datagram.
    fn open(end: &mut Self::End, datagram: Vec<u8>, buffer: &mut [u8]) -> usize;
}
