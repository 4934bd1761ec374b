//! `get_stats` (webrtc-pc §8).

use super::PeerConnection;
use crate::data::Data;
use crate::stats::{
    CandidatePairStats, CandidateStats, CertificateStats, MediaSourceStats, PeerConnectionStats, Stats,
    StatsKind, StatsReport, TransportStats,
};
use crate::transport::Transport;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use base64ct::{Base64, Encoding as _};
use siskin_base::{Candidate, CandidateKind, CandidateTransport, HashAlgorithm, Instant};
use siskin_ice::{PairState, Role};

impl PeerConnection {
    /// Everything that is known of the connection at `now`.
    pub fn get_stats(&self, now: Instant) -> StatsReport {
        let timestamp =
            self.config.clock.map_or_else(|| now.since(Instant::ZERO), |clock| clock.unix_at(now));
        let mut report = Report { timestamp: timestamp.as_secs_f64() * 1_000.0, stats: Vec::new() };
        let (opened, closed) = self.data.as_ref().map_or((0, 0), Data::opened_and_closed);
        let counts = PeerConnectionStats { data_channels_opened: opened, data_channels_closed: closed };
        report.add("P".into(), StatsKind::PeerConnection(counts));
        for (id, transport) in &self.transports {
            let id = format!("T{}", id.0);
            self.report_transport(&mut report, &id, transport);
            if let Some(rtp) = transport.rtp() {
                let millis = |at: Instant| timestamp.saturating_sub(now.since(at)).as_secs_f64() * 1_000.0;
                rtp.report(&id, &millis, &mut |id, kind| report.add_once(id, kind));
            }
        }
        for transceiver in self.transceivers() {
            if let Some(track) = transceiver.track() {
                let stats =
                    MediaSourceStats { track_identifier: track.into(), kind: transceiver.kind().name() };
                report.add(format!("S{}", transceiver.id().0), StatsKind::MediaSource(stats));
            }
        }
        for (channel, stats) in self.data.iter().flat_map(Data::channel_stats) {
            report.add(format!("D{}", channel.0), StatsKind::DataChannel(stats));
        }
        report.stats
    }

    fn report_transport(&self, report: &mut Report, id: &str, transport: &Transport) {
        let agent = transport.ice().agent();
        let mut selected = None;
        let mut candidates = BTreeMap::new();
        for pair in agent.pairs() {
            let pair_id = format!("{id}-CP{}", pair.id.0);
            let mut name = |side: char, candidate: Option<&Candidate>| {
                let name = candidate.map_or_else(|| format!("{id}-{side}?"), |c| candidate_id(id, side, c));
                candidates.extend(candidate.map(|candidate| (name.clone(), (side, candidate.clone()))));
                name
            };
            let local_candidate_id = name('L', pair.local);
            let remote_candidate_id = name('R', pair.remote);
            if pair.selected {
                selected = Some(pair_id.clone());
            }
            let volume = transport.traffic().on(&pair.path);
            let stats = CandidatePairStats {
                transport_id: id.into(),
                local_candidate_id,
                remote_candidate_id,
                state: pair_state(pair.state),
                nominated: pair.nominated,
                packets_sent: volume.packets_sent,
                packets_received: volume.packets_received,
                bytes_sent: volume.bytes_sent,
                bytes_received: volume.bytes_received,
                total_round_trip_time: pair.total_rtt.as_secs_f64(),
                current_round_trip_time: pair.current_rtt.map(|rtt| rtt.as_secs_f64()),
                available_outgoing_bitrate: transport
                    .rtp()
                    .filter(|_| pair.selected)
                    .and_then(|rtp| rtp.target_bitrate())
                    .map(|bits| bits as f64),
                requests_received: pair.requests_received,
                requests_sent: pair.requests_sent,
                responses_received: pair.responses_received,
                responses_sent: pair.responses_sent,
                consent_requests_sent: pair.consent_requests_sent,
            };
            report.add(pair_id, StatsKind::CandidatePair(stats));
        }
        let known = [('L', agent.local_candidates().cloned().collect::<Vec<_>>())];
        let known = known.into_iter().chain([('R', agent.remote_candidates().cloned().collect())]);
        for (side, candidate) in known.flat_map(|(side, all)| all.into_iter().map(move |one| (side, one))) {
            candidates.insert(candidate_id(id, side, &candidate), (side, candidate));
        }
        for (name, (side, candidate)) in candidates {
            let stats = candidate_stats(id, &candidate);
            let kind = if side == 'L' {
                StatsKind::LocalCandidate(stats)
            } else {
                StatsKind::RemoteCandidate(stats)
            };
            report.add(name, kind);
        }
        let local_certificate = self.report_certificate(report, self.certificate.der());
        let remote_certificate = transport
            .dtls()
            .connection()
            .and_then(|dtls| dtls.peer_certificate())
            .map(|der| self.report_certificate(report, der));
        let total = transport.traffic().total;
        let dtls = transport.dtls().connection().filter(|dtls| dtls.is_connected());
        let stats = TransportStats {
            packets_sent: total.packets_sent,
            packets_received: total.packets_received,
            bytes_sent: total.bytes_sent,
            bytes_received: total.bytes_received,
            ice_role: if agent.role() == Role::Controlling { "controlling" } else { "controlled" },
            ice_local_username_fragment: agent.local_credentials().ufrag.clone(),
            ice_state: transport.ice_state(),
            dtls_state: transport.dtls_state(),
            dtls_role: match transport.is_dtls_client() {
                Some(true) => "client",
                Some(false) => "server",
                None => "unknown",
            },
            selected_candidate_pair_id: selected,
            local_certificate_id: Some(local_certificate),
            remote_certificate_id: remote_certificate,
            tls_version: dtls.and_then(|dtls| dtls.version()).map(|version| format!("{:04X}", version.0)),
            dtls_cipher: dtls.and_then(|dtls| dtls.cipher_suite()?.name()).map(Into::into),
            tls_group: dtls.and_then(|dtls| dtls.group()).map(|group| format!("{group:?}").to_lowercase()),
            srtp_cipher: dtls
                .filter(|_| transport.rtp().is_some())
                .and_then(|dtls| dtls.srtp_profile())
                .map(|profile| format!("{profile:?}")),
            selected_candidate_pair_changes: transport.ice().selected_changes(),
        };
        report.add(id.into(), StatsKind::Transport(stats));
    }

    /// Adds a certificate once, and gives its id.
    fn report_certificate(&self, report: &mut Report, der: &[u8]) -> String {
        let fingerprint = siskin_crypto::fingerprint(&self.config.provider, HashAlgorithm::Sha256, der);
        let text = fingerprint.to_string();
        let (algorithm, value) = text.split_once(' ').unwrap_or_default();
        let id = format!("CF{}", value.replace(':', ""));
        if !report.stats.iter().any(|stats| stats.id == id) {
            let stats = CertificateStats {
                fingerprint: value.into(),
                fingerprint_algorithm: algorithm.into(),
                base64_certificate: Base64::encode_string(der),
            };
            report.add(id.clone(), StatsKind::Certificate(stats));
        }
        id
    }
}

struct Report {
    timestamp: f64,
    stats: StatsReport,
}

impl Report {
    fn add_once(&mut self, id: String, kind: StatsKind) {
        if !self.stats.iter().any(|stats| stats.id == id) {
            self.add(id, kind);
        }
    }

    fn add(&mut self, id: String, kind: StatsKind) {
        self.stats.push(Stats { id, timestamp: self.timestamp, kind });
    }
}

fn pair_state(state: PairState) -> &'static str {
    match state {
        PairState::Frozen => "frozen",
        PairState::Waiting => "waiting",
        PairState::InProgress => "in-progress",
        PairState::Failed => "failed",
        PairState::Succeeded => "succeeded",
    }
}

fn candidate_id(transport: &str, side: char, candidate: &Candidate) -> String {
    format!("{transport}-{side}{}:{}", candidate.address, candidate.port)
}

fn candidate_stats(transport: &str, candidate: &Candidate) -> CandidateStats {
    CandidateStats {
        transport_id: transport.into(),
        address: candidate.address.to_string(),
        port: candidate.port,
        protocol: match &candidate.transport {
            CandidateTransport::Udp => "udp".into(),
            CandidateTransport::Tcp => "tcp".into(),
            CandidateTransport::Other(other) => other.clone(),
        },
        candidate_type: match &candidate.kind {
            CandidateKind::Host => "host".into(),
            CandidateKind::ServerReflexive => "srflx".into(),
            CandidateKind::PeerReflexive => "prflx".into(),
            CandidateKind::Relayed => "relay".into(),
            CandidateKind::Other(other) => other.clone(),
        },
        priority: candidate.priority,
        foundation: candidate.foundation.clone(),
        username_fragment: candidate.extension("ufrag").map(Into::into),
    }
}
