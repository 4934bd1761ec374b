//! What comes in, whole and damaged, through a whole connection.

use super::*;
use crate::record::ProtocolVersion;
use crate::{Config, Role};
use alloc::sync::Arc;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng};
use siskin_crypto::Certificate;

mod exact;

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
    connected_with(version, |_| {})
}

fn connected_with(version: ProtocolVersion, change: impl Fn(&mut Config)) -> [Connection; 2] {
    let mut ends = unconnected(version, change);
    let mut packet = Packet::new();
    for turn in 0..4 {
        while ends[turn % 2].poll_transmit(NOW, &mut packet).is_some() {
            take(&mut ends[1 - turn % 2], &mut packet);
        }
    }
    assert!(ends.iter().all(Connection::is_connected));
    ends
}

fn unconnected(version: ProtocolVersion, change: impl Fn(&mut Config)) -> [Connection; 2] {
    let provider = siskin_crypto::rustcrypto();
    let certificate = Certificate::generate(&provider, &mut Rng::for_tests(1), Duration::from_secs(1 << 30));
    let certificate = Arc::new(certificate.unwrap());
    let fingerprint = certificate.fingerprint(&provider, HashAlgorithm::Sha256);
    [Role::Client, Role::Server].map(|role| {
        let mut config = Config::new(provider, certificate.clone(), role, path());
        config.versions = alloc::vec![version];
        change(&mut config);
        let mut dtls = Connection::new(config, Rng::for_tests(2), NOW).unwrap();
        dtls.set_remote_fingerprints(NOW, core::slice::from_ref(&fingerprint)).unwrap();
        dtls
    })
}

/// A server keeps its last flight until the client says something that only who has it can say, as a usual record or as one whose
/// number is not the next.
#[test]
fn rfc6347_4_2_4_data_ends_the_servers_last_flight() {
    for lost in [0, 1] {
        let [mut client, mut server] = connected(ProtocolVersion::DTLS1_2);
        assert!(!server.engine.flight.is_idle());
        let mut packet = Packet::new();
        for _ in 0..=lost {
            packet.clear();
            packet.begin(client.head_room());
            packet.append(b"data");
            client.seal(&mut packet).unwrap();
            packet.finish();
        }
        take(&mut server, &mut packet);
        assert!(server.engine.flight.is_idle());
        assert_eq!(server.stats().bytes_received, 4);
    }
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

fn connected_with_cids(cids: [&[u8]; 2]) -> [Connection; 2] {
    connected_with(ProtocolVersion::DTLS1_3, |config| {
        config.connection_id = Some(cids[config.role as usize].into());
    })
}

/// One end says this, and both answer until they have nothing to say; the last that the other end tells.
fn says(ends: &mut [Connection; 2], kind: HandshakeType, body: &[u8]) -> Option<Event> {
    while ends[1].poll_event().is_some() {}
    let mut packet = Packet::new();
    let engine = &mut ends[0].engine;
    engine.flight.begin(&engine.config, crate::flight::EndsWith::Ack);
    engine.send(v13::DATA_EPOCH, kind, |out| out.extend(body));
    for turn in 0..6 {
        while ends[turn % 2].poll_transmit(NOW, &mut packet).is_some() {
            take(&mut ends[1 - turn % 2], &mut packet);
        }
    }
    core::iter::from_fn(|| ends[1].poll_event()).last()
}

/// A request for connection IDs is answered with none, and both flights are acknowledged.
#[test]
fn rfc9147_9_a_request_for_connection_ids_is_answered() {
    let mut ends = connected_with_cids([&[1], &[2, 3]]);
    for count in [0, 1, 255] {
        let (before, numbers) = (ends[0].engine.stats, ends.each_ref().map(Connection::flight_number));
        assert_eq!(says(&mut ends, HandshakeType::REQUEST_CONNECTION_ID, &[count]), None);
        assert!(ends[0].engine.stats.records_received >= before.records_received + 2, "an ACK and an answer");
        assert_eq!(ends.each_ref().map(Connection::flight_number), numbers.map(|number| number + 1));
        assert!(ends.iter().all(|end| end.engine.flight.is_idle() && end.is_connected()));
    }
    let bad = says(&mut ends, HandshakeType::REQUEST_CONNECTION_ID, &[]);
    assert_eq!(bad, Some(Event::Closed(PeerMisbehaved::MalformedMessage.into())));
}

#[test]
fn rfc9147_9_who_may_not_ask_or_give_is_refused() {
    let unexpected = Some(Event::Closed(PeerMisbehaved::UnexpectedMessage.into()));
    // Who asks puts nothing into its records, since the other one wants nothing there.
    let mut ends = connected_with_cids([&[1], &[]]);
    assert_eq!(says(&mut ends, HandshakeType::REQUEST_CONNECTION_ID, &[1]), unexpected);
    // Who gives wants nothing in what it gets.
    let mut ends = connected_with_cids([&[], &[1]]);
    assert_eq!(says(&mut ends, HandshakeType::NEW_CONNECTION_ID, &[0, 0, 1]), unexpected);
    for kind in [HandshakeType::REQUEST_CONNECTION_ID, HandshakeType::NEW_CONNECTION_ID] {
        let mut ends = connected(ProtocolVersion::DTLS1_3);
        assert_eq!(says(&mut ends, kind, &[0]), unexpected);
    }
    // One that must be used is used at once.
    let mut ends = connected_with_cids([&[1], &[2]]);
    assert_eq!(says(&mut ends, HandshakeType::NEW_CONNECTION_ID, &[0, 3, 2, 8, 9, 0]), None);
    assert_eq!(ends[1].engine.records.connection_ids(), (&[2][..], &[8, 9][..]));
}
