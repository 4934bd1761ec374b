//! What can be chosen, and the limits.

use alloc::vec::Vec;

/// Options and limits of a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Cryptex (RFC 9335), once both sides have said `a=cryptex`. Default: off.
    pub cryptex: Cryptex,
    /// The ids of header extensions that are encrypted one by one (RFC 6904), except in packets that cryptex protects.
    /// Default: none.
    pub encrypted_extensions: Vec<u8>,
    /// Whether the sender encrypts RTCP, as it must in WebRTC (RFC 8827 §6.5); without, it is only authenticated. What
    /// is received may be either: each packet says so itself. Default: true.
    pub encrypt_rtcp: bool,
    /// Streams that one context knows at most: each costs about 350 bytes with the default windows. What comes from
    /// others is dropped, what goes to others is refused. Default: 4096; small: 16.
    pub max_streams: usize,
    /// How far an RTP packet may be behind the newest of its stream, in packets. At least 64 (RFC 3711 §3.3.2), at most
    /// 32,768; rounded up to a multiple of 64. Default: 1024; small: 128.
    pub rtp_window: usize,
    /// The same for RTCP. Default and small: 64.
    pub rtcp_window: usize,
    /// RTP packets that one key may protect. Default, and the most that counts: 2^48 (RFC 3711 §9.2).
    pub max_rtp_packets: u64,
    /// RTCP packets that one key may protect; a key that has reached either limit protects nothing more. Default, and the most
    /// that counts: 2^31.
    pub max_rtcp_packets: u64,
}

/// Whether header extensions and contributing sources are encrypted (RFC 9335).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cryptex {
    /// Never sent; what is received with its marks is an extension like any other.
    #[default]
    Off,
    /// Sent; received, as is what was sent without it.
    On,
    /// Sent; what is received without it, though it has extensions or contributing sources, is dropped.
    Required,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cryptex: Cryptex::Off,
            encrypted_extensions: Vec::new(),
            encrypt_rtcp: true,
            max_streams: 4096,
            rtp_window: 1024,
            rtcp_window: 64,
            max_rtp_packets: 1 << 48,
            max_rtcp_packets: 1 << 31,
        }
    }
}

impl Config {
    /// For devices with little memory.
    pub fn small() -> Self {
        Self { max_streams: 16, rtp_window: 128, ..Self::default() }
    }

    pub(crate) fn cryptex_on(&self) -> bool {
        self.cryptex != Cryptex::Off
    }
}
