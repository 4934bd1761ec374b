//! `getStats`: the dictionaries of webrtc-stats, as far as a stack that neither encodes nor decodes can fill them.
//!
//! With the feature `serde` they serialize under exactly the standard's names, leaving out what is not known.

mod media;

pub use media::{
    CodecStats, InboundRtpStats, MediaSourceStats, OutboundRtpStats, RemoteInboundRtpStats,
    RemoteOutboundRtpStats,
};

use crate::{DtlsTransportState, IceConnectionState};
use alloc::string::String;
use alloc::vec::Vec;

/// One stats object.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stats {
    /// Unique in the report, the same for the same object in every report.
    pub id: String,
    /// Milliseconds since 1970 if a wall clock was given, else since the caller's start.
    pub timestamp: f64,
    /// What it is about.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub kind: StatsKind,
}

/// The dictionaries.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "type", rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum StatsKind {
    /// `RTCPeerConnectionStats`.
    PeerConnection(PeerConnectionStats),
    /// `RTCTransportStats`.
    Transport(TransportStats),
    /// `RTCIceCandidatePairStats`.
    CandidatePair(CandidatePairStats),
    /// `RTCIceCandidateStats` of one of ours.
    LocalCandidate(CandidateStats),
    /// `RTCIceCandidateStats` of one of the peer's.
    RemoteCandidate(CandidateStats),
    /// `RTCCertificateStats`.
    Certificate(CertificateStats),
    /// `RTCDataChannelStats`.
    DataChannel(DataChannelStats),
    /// `RTCCodecStats`.
    Codec(CodecStats),
    /// `RTCInboundRtpStreamStats`.
    InboundRtp(InboundRtpStats),
    /// `RTCOutboundRtpStreamStats`.
    OutboundRtp(OutboundRtpStats),
    /// `RTCRemoteInboundRtpStreamStats`.
    RemoteInboundRtp(RemoteInboundRtpStats),
    /// `RTCRemoteOutboundRtpStreamStats`.
    RemoteOutboundRtp(RemoteOutboundRtpStats),
    /// `RTCMediaSourceStats`.
    MediaSource(MediaSourceStats),
}

/// Channels opened and closed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct PeerConnectionStats {
    /// Channels that became open.
    pub data_channels_opened: u32,
    /// Channels that were open and closed.
    pub data_channels_closed: u32,
}

/// A transport: ICE, DTLS and what flows over them.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct TransportStats {
    /// Datagrams sent on this transport, STUN left out.
    pub packets_sent: u64,
    /// Datagrams received on this transport, STUN left out.
    pub packets_received: u64,
    /// Bytes of those sent, without IP and UDP headers.
    pub bytes_sent: u64,
    /// Bytes of those received.
    pub bytes_received: u64,
    /// `controlling` or `controlled`.
    pub ice_role: &'static str,
    /// Our username fragment.
    pub ice_local_username_fragment: String,
    /// How ICE stands.
    pub ice_state: IceConnectionState,
    /// How DTLS stands.
    pub dtls_state: DtlsTransportState,
    /// `client`, `server` or `unknown`.
    pub dtls_role: &'static str,
    /// The id of the pair in use.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub selected_candidate_pair_id: Option<String>,
    /// The id of our certificate.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub local_certificate_id: Option<String>,
    /// The id of the peer's certificate.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote_certificate_id: Option<String>,
    /// The version as on the wire, `FEFC` for DTLS 1.3, `FEFD` for 1.2.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub tls_version: Option<String>,
    /// The cipher suite by its IANA name.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub dtls_cipher: Option<String>,
    /// The group of the key exchange by its IANA name (not in the standard yet).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub tls_group: Option<String>,
    /// The SRTP profile, once media needs one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub srtp_cipher: Option<String>,
    /// How often the pair in use changed.
    pub selected_candidate_pair_changes: u32,
}

/// A candidate pair.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct CandidatePairStats {
    /// The id of the transport.
    pub transport_id: String,
    /// The id of our candidate.
    pub local_candidate_id: String,
    /// The id of the peer's candidate.
    pub remote_candidate_id: String,
    /// `frozen`, `waiting`, `in-progress`, `failed` or `succeeded`.
    pub state: &'static str,
    /// Whether it was nominated.
    pub nominated: bool,
    /// Datagrams sent on it, STUN left out.
    pub packets_sent: u64,
    /// Datagrams received on it, STUN left out.
    pub packets_received: u64,
    /// Bytes of those sent.
    pub bytes_sent: u64,
    /// Bytes of those received.
    pub bytes_received: u64,
    /// Seconds, all round trips of checks added up.
    pub total_round_trip_time: f64,
    /// Seconds of the last round trip.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub current_round_trip_time: Option<f64>,
    /// Bits per second that congestion control allows; only of the pair in use, while the peer reports on media.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub available_outgoing_bitrate: Option<f64>,
    /// Checks received.
    pub requests_received: u64,
    /// Checks sent, retransmissions left out, consent requests left out.
    pub requests_sent: u64,
    /// Responses received.
    pub responses_received: u64,
    /// Responses sent.
    pub responses_sent: u64,
    /// Consent requests sent.
    pub consent_requests_sent: u64,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct CandidateStats {
    /// The id of the transport.
    pub transport_id: String,
    /// Its address, or its name.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// `udp` or `tcp`.
    pub protocol: String,
    /// `host`, `srflx`, `prflx` or `relay`.
    pub candidate_type: String,
    /// Its priority.
    pub priority: u32,
    /// Its foundation.
    pub foundation: String,
    /// The generation that it belongs to.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub username_fragment: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct CertificateStats {
    /// The fingerprint, without the name of its hash.
    pub fingerprint: String,
    /// The name of that hash.
    pub fingerprint_algorithm: String,
    /// The DER, in base 64.
    pub base64_certificate: String,
}

/// A data channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct DataChannelStats {
    /// The label.
    pub label: String,
    /// The subprotocol.
    pub protocol: String,
    /// The stream id, once it is known.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub data_channel_identifier: Option<u16>,
    /// `connecting`, `open`, `closing` or `closed`.
    pub state: &'static str,
    /// Messages sent.
    pub messages_sent: u64,
    /// Bytes of those, payload only.
    pub bytes_sent: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Bytes of those, payload only.
    pub bytes_received: u64,
}

/// A report: all objects of a connection.
pub type StatsReport = Vec<Stats>;
