//! From statistics to the report.

use crate::report::{Candidate, Dtls, Pair, Report, Sctp, round};
use siskin::PeerConnection;
use siskin::stats::{CandidateStats, Stats, StatsKind, StatsReport};

/// Fills in what the connection's statistics tell. What is known from before stays if they tell nothing.
pub(crate) async fn summarize(pc: &PeerConnection, report: &mut Report) {
    if let Ok(stats) = pc.get_stats().await {
        take(&stats, report);
    }
    if let (Some(sctp), Some(transport)) = (&mut report.sctp, pc.sctp()) {
        sctp.max_message_size = transport.max_message_size();
    }
}

fn take(stats: &StatsReport, report: &mut Report) {
    let find = |id: &str| stats.iter().find(|stats| stats.id == id).map(|stats| &stats.kind);
    let candidate = |id: &str| match find(id) {
        Some(StatsKind::LocalCandidate(stats) | StatsKind::RemoteCandidate(stats)) => {
            Some(to_candidate(stats))
        }
        _ => None,
    };
    for Stats { kind, .. } in stats {
        match kind {
            StatsKind::Transport(transport) => {
                if let Some(version) = &transport.tls_version {
                    report.dtls = Some(Dtls {
                        version: Some(version_name(version)),
                        group: transport.tls_group.clone(),
                        cipher: transport.dtls_cipher.clone(),
                        role: Some(transport.dtls_role.into()),
                    });
                }
                report.srtp = transport.srtp_cipher.clone().or_else(|| report.srtp.take());
                let pair = transport.selected_candidate_pair_id.as_deref().and_then(find);
                if let Some(StatsKind::CandidatePair(pair)) = pair {
                    let ends = (candidate(&pair.local_candidate_id), candidate(&pair.remote_candidate_id));
                    if let (Some(local), Some(remote)) = ends {
                        report.pair = Some(Pair { local, remote });
                    }
                    report.rtt_ms.ice = pair.current_round_trip_time.map(|seconds| round(seconds * 1_000.0));
                }
            }
            StatsKind::PeerConnection(peer) => {
                report.sctp = (peer.data_channels_opened > 0)
                    .then_some(Sctp { max_message_size: 0, channels: peer.data_channels_opened })
                    .or_else(|| report.sctp.take());
            }
            _ => {}
        }
    }
}

fn to_candidate(stats: &CandidateStats) -> Candidate {
    Candidate {
        kind: stats.candidate_type.clone(),
        protocol: stats.protocol.clone(),
        address: stats.address.clone(),
        port: stats.port,
    }
}

/// From the version as on the wire to what people say.
fn version_name(wire: &str) -> String {
    match wire {
        "FEFD" => "1.2".into(),
        "FEFC" => "1.3".into(),
        other => other.into(),
    }
}
