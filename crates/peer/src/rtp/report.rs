//! `get_stats` of the streams.

use super::Rtp;
use super::incoming::{Incoming, Media};
use super::outgoing::Outgoing;
use super::parameters::Parameters;
use crate::media::{CodecParameters, TrackKind};
use crate::stats::{
    CodecStats, InboundRtpStats, OutboundRtpStats, RemoteInboundRtpStats, RemoteOutboundRtpStats, StatsKind,
};
use alloc::format;
use alloc::string::String;
use siskin_base::Instant;
use siskin_rtp::rtcp::NtpTime;
use siskin_rtp::session::{Receiver, SenderStats};

/// Where statistics go: an id and a dictionary. An id that was there before is left out.
pub(crate) type Sink<'a> = dyn FnMut(String, StatsKind) + 'a;

impl Rtp {
    /// Everything about the streams of this transport, whose id is `transport`; `millis` gives a time its number.
    pub(crate) fn report(&self, transport: &str, millis: &dyn Fn(Instant) -> f64, add: &mut Sink<'_>) {
        for (ssrc, stream) in &self.incoming {
            let receiver = self.session.receivers().find(|receiver| receiver.ssrc() == *ssrc);
            if let (Incoming::Media(media), Some(receiver)) = (stream, receiver) {
                self.report_incoming(transport, media, receiver, millis, add);
            }
        }
        for (ssrc, stream) in &self.outgoing {
            if let (Some(section), Some(sender)) =
                (self.section(stream.transceiver), self.session.sender_stats(*ssrc))
            {
                self.report_outgoing(transport, *ssrc, stream, section, &sender, add);
            }
        }
    }

    fn report_incoming(
        &self,
        transport: &str,
        media: &Media,
        receiver: &Receiver,
        millis: &dyn Fn(Instant) -> f64,
        add: &mut Sink<'_>,
    ) {
        let Some(section) = self.section(media.transceiver) else { return };
        let (ssrc, stats) = (receiver.ssrc(), receiver.stats());
        let (id, remote_id) = (format!("{transport}-I{ssrc}"), format!("{transport}-RO{ssrc}"));
        let kind = section.kind.name();
        let video = |value: u64| (section.kind == TrackKind::Video).then_some(value);
        let jitter = media.jitter_stats();
        let codec = section.receive_codec(media.payload_type);
        // webrtc-stats: packets and bytes include retransmissions.
        let repairs = media.repairs;
        let inbound = InboundRtpStats {
            ssrc,
            kind,
            transport_id: transport.into(),
            codec_id: codec.map(|codec| report_codec(transport, 'I', codec, add)),
            track_identifier: format!("{}", section.transceiver.0),
            mid: section.mid.clone(),
            remote_id: (stats.reports > 0).then(|| remote_id.clone()),
            packets_received: stats.packets_received + repairs.packets,
            packets_lost: stats.packets_lost,
            jitter: stats.jitter,
            bytes_received: stats.bytes_received + repairs.bytes,
            header_bytes_received: stats.header_bytes_received + repairs.header_bytes,
            packets_discarded: jitter.packets_discarded,
            retransmitted_packets_received: media.repaired,
            retransmitted_bytes_received: media.repaired_bytes,
            last_packet_received_timestamp: stats.last_packet.map(millis),
            jitter_buffer_delay: jitter.delay.as_secs_f64(),
            jitter_buffer_target_delay: jitter.target_delay.as_secs_f64(),
            jitter_buffer_minimum_delay: jitter.minimum_delay.as_secs_f64(),
            jitter_buffer_emitted_count: jitter.frames_emitted,
            nack_count: media.nacks,
            pli_count: video(media.plis),
            fir_count: video(media.firs),
            frames_received: video(jitter.frames_emitted + jitter.frames_dropped),
            frames_dropped: video(jitter.frames_dropped),
            frames_assembled_from_multiple_packets: video(jitter.frames_assembled),
            total_assembly_time: video(1).map(|_| jitter.assembly_time.as_secs_f64()),
        };
        add(id.clone(), StatsKind::InboundRtp(inbound));
        if stats.reports > 0 {
            let remote = RemoteOutboundRtpStats {
                ssrc,
                kind,
                transport_id: transport.into(),
                local_id: id,
                packets_sent: stats.remote_packets.into(),
                bytes_sent: stats.remote_bytes.into(),
                remote_timestamp: stats.remote_ntp.map(NtpTime::unix_millis),
                reports_sent: stats.reports,
                round_trip_time: stats.round_trip.map(|rtt| rtt.as_secs_f64()),
                total_round_trip_time: stats.total_round_trip.as_secs_f64(),
                round_trip_time_measurements: stats.round_trips,
            };
            add(remote_id, StatsKind::RemoteOutboundRtp(remote));
        }
    }

    fn report_outgoing(
        &self,
        transport: &str,
        ssrc: u32,
        stream: &Outgoing,
        section: &Parameters,
        sender: &SenderStats,
        add: &mut Sink<'_>,
    ) {
        let (id, remote_id) = (format!("{transport}-O{ssrc}"), format!("{transport}-RI{ssrc}"));
        let kind = section.kind.name();
        let video = |value: u64| (section.kind == TrackKind::Video).then_some(value);
        let codec = stream.payload_type.and_then(|payload_type| section.send_codec(payload_type));
        let clock_rate = codec.map_or(1, |codec| codec.codec.clock_rate.max(1));
        let counts = stream.counts;
        let outbound = OutboundRtpStats {
            ssrc,
            kind,
            transport_id: transport.into(),
            codec_id: codec.map(|codec| report_codec(transport, 'O', codec, add)),
            mid: stream.mid.clone(),
            rid: stream.rid.clone(),
            media_source_id: stream.is_negotiated().then(|| format!("S{}", section.transceiver.0)),
            remote_id: (sender.reports > 0).then(|| remote_id.clone()),
            rtx_ssrc: stream.rtx,
            active: stream.is_active(),
            packets_sent: sender.packets_sent + counts.packets_retransmitted,
            bytes_sent: sender.bytes_sent + counts.bytes_retransmitted,
            header_bytes_sent: counts.header_bytes,
            retransmitted_packets_sent: counts.packets_retransmitted,
            retransmitted_bytes_sent: counts.bytes_retransmitted,
            nack_count: sender.nacks,
            pli_count: video(sender.plis),
            fir_count: video(sender.firs),
            frames_sent: video(counts.frames),
        };
        add(id.clone(), StatsKind::OutboundRtp(outbound));
        if sender.reports > 0 {
            let remote = RemoteInboundRtpStats {
                ssrc,
                kind,
                transport_id: transport.into(),
                local_id: id,
                packets_lost: sender.remote_lost,
                fraction_lost: f64::from(sender.remote_fraction_lost) / 256.0,
                jitter: f64::from(sender.remote_jitter) / f64::from(clock_rate),
                round_trip_time: sender.round_trip.map(|rtt| rtt.as_secs_f64()),
                total_round_trip_time: sender.total_round_trip.as_secs_f64(),
                round_trip_time_measurements: sender.round_trips,
            };
            add(remote_id, StatsKind::RemoteInboundRtp(remote));
        }
    }
}

/// Adds a codec, and gives its id. The same codec may go by another number each way, and is another object then.
fn report_codec(transport: &str, side: char, codec: &CodecParameters, add: &mut Sink<'_>) -> String {
    let id = format!("{transport}-C{side}{}", codec.payload_type);
    let stats = CodecStats {
        payload_type: codec.payload_type,
        transport_id: transport.into(),
        mime_type: codec.codec.mime_type.clone(),
        clock_rate: codec.codec.clock_rate,
        channels: codec.codec.channels,
        sdp_fmtp_line: codec.codec.sdp_fmtp_line.clone(),
    };
    add(id.clone(), StatsKind::Codec(stats));
    id
}
