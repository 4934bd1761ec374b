#![doc = include_str!("../README.md")]

mod base;
mod cc;
mod datachannel;
mod dtls;
mod dtls_flights;
mod ice;
mod peer;
mod peer_media;
mod rtp;
mod sctp;
mod sdp;
mod srtp;
mod stun;

pub use base::base_wire;
pub use cc::cc_feedback;
pub use datachannel::datachannel_dcep;
pub use dtls::{dtls_handshake, dtls_reassembly, dtls_record};
pub use dtls_flights::{dtls_client_v12, dtls_client_v13, dtls_server_v12, dtls_server_v13};
pub use ice::{ice_messages, ice_ops};
pub use peer::peer_datagrams;
pub use peer_media::peer_media;
pub use rtp::{
    rtp_depacketize_audio, rtp_depacketize_av1, rtp_depacketize_h264, rtp_depacketize_h265,
    rtp_depacketize_vp8, rtp_depacketize_vp9, rtp_jitter_ops, rtp_packet, rtp_rtcp_compound,
};
pub use sctp::{sctp_ops, sctp_packet};
pub use sdp::sdp_session;
pub use srtp::srtp_unprotect;
pub use stun::stun_message;

/// A property of any input: panics if it does not hold.
pub type Property = fn(&[u8]);

/// Every property, by name; `tests/replay.rs` runs each over `corpus/NAME/`.
pub const TARGETS: &[(&str, Property)] = &[
    ("base_wire", base_wire),
    ("cc_feedback", cc_feedback),
    ("datachannel_dcep", datachannel_dcep),
    ("dtls_client_v12", dtls_client_v12),
    ("dtls_client_v13", dtls_client_v13),
    ("dtls_server_v12", dtls_server_v12),
    ("dtls_server_v13", dtls_server_v13),
    ("dtls_handshake", dtls_handshake),
    ("dtls_reassembly", dtls_reassembly),
    ("dtls_record", dtls_record),
    ("ice_messages", ice_messages),
    ("ice_ops", ice_ops),
    ("rtp_depacketize_audio", rtp_depacketize_audio),
    ("rtp_depacketize_av1", rtp_depacketize_av1),
    ("rtp_depacketize_h264", rtp_depacketize_h264),
    ("rtp_depacketize_h265", rtp_depacketize_h265),
    ("rtp_depacketize_vp8", rtp_depacketize_vp8),
    ("rtp_depacketize_vp9", rtp_depacketize_vp9),
    ("rtp_jitter_ops", rtp_jitter_ops),
    ("rtp_packet", rtp_packet),
    ("rtp_rtcp_compound", rtp_rtcp_compound),
    ("sctp_ops", sctp_ops),
    ("sctp_packet", sctp_packet),
    ("peer_datagrams", peer_datagrams),
    ("peer_media", peer_media),
    ("sdp_session", sdp_session),
    ("srtp_unprotect", srtp_unprotect),
    ("stun_message", stun_message),
];
