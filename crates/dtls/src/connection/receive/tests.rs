//! What comes in, whole and damaged, through a whole connection.

use super::*;
use crate::record::ProtocolVersion;
use crate::{Config, Role};
use alloc::sync::Arc;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng};
use siskin_crypto::Certificate;

const NOW: Instant = Instant::ZERO;

fn path() -> Path {
    Path::udp(BaseId(0), ([192, 0, 2, 1], 5000).into())
}

fn take(to: &mut Connection, packet: &mut Packet) {
    let mut datagram = packet.as_bytes().to_vec();
    packet.clear();
    to.handle_datagram(
        NOW,
        Received { path: path(), arrived: NOW, ecn: Ecn::NotEct, datagram: &mut datagram },
    );
}

fn connected(version: ProtocolVersion) -> [Connection; 2] {
    let provider = siskin_crypto::rustcrypto();
    let certificate = Certificate::generate(&provider, &mut Rng::for_tests(1), Duration::from_secs(1 << 30));
    let certificate = Arc::new(certificate.unwrap());
    let fingerprint = certificate.fingerprint(&provider, HashAlgorithm::Sha256);
    let mut ends = [Role::Client, Role::Server].map(|role| {
        let mut config = Config::new(provider, certificate.clone(), role, path());
        config.versions = alloc::vec![version];
        let mut dtls = Connection::new(config, Rng::for_tests(2), NOW).unwrap();
        dtls.set_remote_fingerprints(NOW, core::slice::from_ref(&fingerprint)).unwrap();
        dtls
    });
    let mut packet = Packet::new();
    for turn in 0..4 {
        while ends[turn % 2].poll_transmit(NOW, &mut packet).is_some() {
            take(&mut ends[1 - turn % 2], &mut packet);
        }
    }
    assert!(ends.iter().all(Connection::is_connected));
    ends
}

/// A wish to start over, in a record that only the peer can have made, gets one refusal and changes nothing.
#[test]
fn rfc5746_4_renegotiation_is_refused_by_both_roles() {
    for (asks, kind) in [(0, HandshakeType::CLIENT_HELLO), (1, HandshakeType::HELLO_REQUEST)] {
        let mut ends = connected(ProtocolVersion::DTLS1_2);
        let mut packet = Packet::new();
        for _ in 0..3 {
            packet.begin(0);
            let message = [kind.0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0];
            let (content, version) = (ContentType::HANDSHAKE, ProtocolVersion::DTLS1_2);
            ends[asks].engine.records.append(1, content, version, &[&message], &mut packet).unwrap();
            packet.finish();
            take(&mut ends[1 - asks], &mut packet);
        }
        let refusal = Alert::warning(AlertDescription::NO_RENEGOTIATION);
        assert_eq!(ends[1 - asks].engine.alerts, [refusal]);
        assert!(ends[1 - asks].poll_transmit(NOW, &mut packet).is_some());
        take(&mut ends[asks], &mut packet);
        assert!(ends.iter().all(Connection::is_connected));
    }
}

/// The largest record is taken; one byte more is dropped, though only the peer can have made it.
#[test]
fn rfc5246_6_2_1_a_record_carries_16384_bytes_at_most() {
    for version in [ProtocolVersion::DTLS1_2, ProtocolVersion::DTLS1_3] {
        let mut ends = connected(version);
        let mut packet = Packet::new();
        for (length, taken, dropped) in [(1 << 14, true, 0), ((1 << 14) + 1, false, 1)] {
            while ends[1].poll_event().is_some() {}
            packet.begin(0);
            let epoch = ends[0].engine.write_epoch;
            let (content, version) = (ContentType::APPLICATION_DATA, ProtocolVersion::DTLS1_2);
            let payload = alloc::vec![7; length];
            ends[0].engine.records.append(epoch, content, version, &[&payload], &mut packet).unwrap();
            packet.finish();
            take(&mut ends[1], &mut packet);
            assert_eq!(matches!(ends[1].poll_event(), Some(Event::ApplicationData(_))), taken);
            assert_eq!(ends[1].engine.stats.dropped_malformed, dropped);
        }
        assert!(ends.iter().all(Connection::is_connected));
    }
}
