//! What an association knows once it knows its peer (RFC 9260 §14.2).

use super::heartbeat::Heartbeats;
use super::reset::Resets;
use crate::Config;
use crate::rx::Receiver;
use crate::tx::Sender;
use crate::wire::{ChunkType, Init, ParamType, Params, UnknownAction};
use alloc::vec::Vec;
use siskin_base::Instant;

use super::cookie::Local;

/// What the peer's INIT or INIT ACK says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerParams {
    /// What packets to the peer must carry.
    pub(super) tag: u32,
    pub(super) initial_tsn: u32,
    /// Its receive window in bytes.
    pub(super) window: u32,
    pub(super) outbound_streams: u16,
    pub(super) inbound_streams: u16,
    /// RFC 3758 §3.3.
    pub(super) forward_tsn: bool,
    /// RFC 6525 §5.1.1.
    pub(super) re_config: bool,
    /// RFC 9653 §5.2: it accepts checksums of zero because of DTLS.
    pub(super) zero_checksum: bool,
}

/// What the optional parameters of an INIT or INIT ACK held besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    /// The state cookie of an INIT ACK.
    pub(super) cookie: Option<Vec<u8>>,
    /// Parameters that are to be reported as unrecognized, in wire form.
    pub(super) unrecognized: Vec<u8>,
    /// Whether there is a host name, which ends the opening (RFC 9260 §5.1.2 B).
    pub(super) host_name: bool,
}

impl PeerParams {
    pub(super) fn read(init: &Init<'_>) -> (Self, Extras) {
        let mut peer = Self {
            tag: init.initiate_tag,
            initial_tsn: init.initial_tsn,
            window: init.a_rwnd,
            outbound_streams: init.outbound_streams,
            inbound_streams: init.inbound_streams,
            forward_tsn: false,
            re_config: false,
            zero_checksum: false,
        };
        let mut extras = Extras::default();
        let params: Params<'_> = init.params;
        for param in params.map_while(Result::ok) {
            match param.kind {
                ParamType::STATE_COOKIE => extras.cookie = Some(param.value.to_vec()),
                ParamType::FORWARD_TSN_SUPPORTED => peer.forward_tsn = true,
                ParamType::SUPPORTED_EXTENSIONS => {
                    let has = |kind: ChunkType| param.value.contains(&kind.0);
                    peer.forward_tsn |= has(ChunkType::FORWARD_TSN);
                    peer.re_config |= has(ChunkType::RE_CONFIG);
                }
                ParamType::ZERO_CHECKSUM_ACCEPTABLE => {
                    peer.zero_checksum = param.value == OVER_DTLS.to_be_bytes();
                }
                ParamType::HOST_NAME_ADDRESS => extras.host_name = true,
                // RFC 9260 §5.1.2 C: addresses as further destinations: not done, because there is one path and it is not
                // ours to choose (RFC 8261 §6.1).
                ParamType::IPV4_ADDRESS
                | ParamType::IPV6_ADDRESS
                | ParamType::SUPPORTED_ADDRESS_TYPES
                | ParamType::COOKIE_PRESERVATIVE
                | ParamType::UNRECOGNIZED_PARAMETER => {}
                other => {
                    let UnknownAction { stop, report } = other.unknown_action();
                    if report && extras.unrecognized.len() < MAX_REPORTED {
                        let _ = param.write(&mut extras.unrecognized);
                    }
                    if stop {
                        break;
                    }
                }
            }
        }
        (peer, extras)
    }
}

/// RFC 9653 §6: the method of error detection that packets with a checksum of zero rely on.
pub(super) const OVER_DTLS: u32 = 1;

/// RFC 9260 §3.2.2: reporting all unrecognized parameters: not done beyond this many bytes, because an answer should fit a
/// packet.
const MAX_REPORTED: usize = 256;

/// The transmission control block.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) peer: PeerParams,
    pub(super) rx: Receiver,
    pub(super) tx: Sender,
    pub(super) resets: Resets,
    pub(super) heartbeats: Heartbeats,
    /// Streams that we may send on.
    pub(super) streams: u16,
    /// Retransmissions since the peer was last heard of (RFC 9260 §8.1).
    pub(super) errors: u32,
}

impl Link {
    pub(super) fn new(config: &Config, now: Instant, local: Local, peer: PeerParams) -> Self {
        Self {
            rx: Receiver::new(config, peer.initial_tsn),
            tx: Sender::new(config, now, local.initial_tsn, peer.window, peer.forward_tsn),
            resets: Resets::new(local.initial_tsn, peer.initial_tsn),
            heartbeats: Heartbeats::new(config, now),
            streams: config.max_streams.min(peer.inbound_streams),
            errors: 0,
            peer,
        }
    }
}
