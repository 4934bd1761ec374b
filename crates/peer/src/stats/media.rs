//! The dictionaries about audio and video.

use alloc::string::String;

/// A codec in use (`RTCCodecStats`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct CodecStats {
    /// Its number on the wire.
    pub payload_type: u8,
    /// The id of the transport.
    pub transport_id: String,
    /// `audio/opus`.
    pub mime_type: String,
    /// Ticks of its timestamps in a second.
    pub clock_rate: u32,
    /// Audio channels, where there are several.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub channels: Option<u16>,
    /// The parameters of `a=fmtp`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub sdp_fmtp_line: Option<String>,
}

/// A stream that is received (`RTCInboundRtpStreamStats`). What only a decoder knows is left out: nothing is decoded here.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct InboundRtpStats {
    /// Its SSRC.
    pub ssrc: u32,
    /// `audio` or `video`.
    pub kind: &'static str,
    /// The id of the transport.
    pub transport_id: String,
    /// The id of the codec that came last.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub codec_id: Option<String>,
    /// The id of the received track, which is named by its transceiver.
    pub track_identifier: String,
    /// The media section.
    pub mid: String,
    /// The id of the remote end's statistics about it, once it has sent a report.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote_id: Option<String>,
    /// Packets that came, retransmissions included.
    pub packets_received: u64,
    /// Packets that are missing; negative where more came than were sent.
    pub packets_lost: i64,
    /// Seconds (RFC 3550 §6.4.1).
    pub jitter: f64,
    /// Bytes of payload, retransmissions included.
    pub bytes_received: u64,
    /// Bytes of headers and padding, likewise.
    pub header_bytes_received: u64,
    /// Packets that came too late, or had to make room.
    pub packets_discarded: u64,
    /// Packets that came as retransmissions.
    pub retransmitted_packets_received: u64,
    /// Their bytes of payload.
    pub retransmitted_bytes_received: u64,
    /// Milliseconds, as `timestamp`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub last_packet_received_timestamp: Option<f64>,
    /// Seconds that frames waited in the jitter buffer, summed over them.
    pub jitter_buffer_delay: f64,
    /// Seconds that they were to wait, summed over them.
    pub jitter_buffer_target_delay: f64,
    /// Seconds that the network alone would have had them wait, summed over them.
    pub jitter_buffer_minimum_delay: f64,
    /// Frames of video, packets of audio that left the jitter buffer. (The standard counts samples of audio.)
    pub jitter_buffer_emitted_count: u64,
    /// Requests for packets.
    pub nack_count: u64,
    /// Requests for key frames by PLI; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub pli_count: Option<u64>,
    /// The same by FIR.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub fir_count: Option<u64>,
    /// Frames that were whole; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub frames_received: Option<u64>,
    /// Frames that were thrown away; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub frames_dropped: Option<u64>,
    /// Frames that came in several packets; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub frames_assembled_from_multiple_packets: Option<u64>,
    /// Seconds from the first to the last packet of those, summed; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub total_assembly_time: Option<f64>,
}

/// A stream that is sent (`RTCOutboundRtpStreamStats`). What only an encoder knows is left out.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct OutboundRtpStats {
    /// Its SSRC.
    pub ssrc: u32,
    /// `audio` or `video`.
    pub kind: &'static str,
    /// The id of the transport.
    pub transport_id: String,
    /// The id of the codec that was sent last.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub codec_id: Option<String>,
    /// The media section.
    pub mid: String,
    /// The encoding, where several are sent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub rid: Option<String>,
    /// The id of the track's statistics.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub media_source_id: Option<String>,
    /// The id of what the peer reports of it, once it has.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote_id: Option<String>,
    /// The SSRC of its retransmissions.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub rtx_ssrc: Option<u32>,
    /// Whether it may send now.
    pub active: bool,
    /// Packets, retransmissions included.
    pub packets_sent: u64,
    /// Bytes of payload, retransmissions included.
    pub bytes_sent: u64,
    /// Bytes of headers and extensions.
    pub header_bytes_sent: u64,
    /// Packets that were sent again.
    pub retransmitted_packets_sent: u64,
    /// Their bytes of payload.
    pub retransmitted_bytes_sent: u64,
    /// NACK packets that came.
    pub nack_count: u64,
    /// Requests for key frames by PLI; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub pli_count: Option<u64>,
    /// The same by FIR.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub fir_count: Option<u64>,
    /// Frames; video only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub frames_sent: Option<u64>,
}

/// What the peer reports of a stream of ours (`RTCRemoteInboundRtpStreamStats`).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct RemoteInboundRtpStats {
    /// The SSRC.
    pub ssrc: u32,
    /// `audio` or `video`.
    pub kind: &'static str,
    /// The id of the transport.
    pub transport_id: String,
    /// The id of our statistics about it.
    pub local_id: String,
    /// Packets that are missing there.
    pub packets_lost: i32,
    /// Of 1, since the report before.
    pub fraction_lost: f64,
    /// Seconds.
    pub jitter: f64,
    /// Seconds of the last round trip.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub round_trip_time: Option<f64>,
    /// Seconds, all added up.
    pub total_round_trip_time: f64,
    /// How many.
    pub round_trip_time_measurements: u64,
}

/// What the peer says of a stream of its own (`RTCRemoteOutboundRtpStreamStats`).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct RemoteOutboundRtpStats {
    /// The SSRC.
    pub ssrc: u32,
    /// `audio` or `video`.
    pub kind: &'static str,
    /// The id of the transport.
    pub transport_id: String,
    /// The id of our statistics about it.
    pub local_id: String,
    /// Packets sent.
    pub packets_sent: u64,
    /// Bytes of their payload.
    pub bytes_sent: u64,
    /// Milliseconds since 1970 by the peer's clock, of the last report.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote_timestamp: Option<f64>,
    /// Reports that came.
    pub reports_sent: u64,
    /// Seconds of the last round trip (RFC 3611): measured while nothing is sent, with a peer that answers (`a=rtcp-xr:rcvr-rtt`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub round_trip_time: Option<f64>,
    /// Seconds, all added up.
    pub total_round_trip_time: f64,
    /// How many.
    pub round_trip_time_measurements: u64,
}

/// A track that is sent (`RTCMediaSourceStats`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct MediaSourceStats {
    /// The name that the track was given.
    pub track_identifier: String,
    /// `audio` or `video`.
    pub kind: &'static str,
}
