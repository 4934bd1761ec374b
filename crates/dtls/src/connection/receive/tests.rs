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

fn connected() -> [Connection; 2] {
    let provider = siskin_crypto::rustcrypto();
    let certificate = Certificate::generate(&provider, &mut Rng::for_tests(1), Duration::from_secs(1 << 30));
    let certificate = Arc::new(certificate.unwrap());
    let fingerprint = certificate.fingerprint(&provider, HashAlgorithm::Sha256);
    let mut ends = [Role::Client, Role::Server].map(|role| {
        let mut config = Config::new(provider, certificate.clone(), role, path());
        config.versions = alloc::vec![ProtocolVersion::DTLS1_2];
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
        let mut ends = connected();
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
