//! A client and a server that know each other's fingerprints, in memory.

use alloc::sync::Arc;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng};
use siskin_crypto::Certificate;
use siskin_dtls::{Config, Connection, Event, Role};

/// `None` if they do not shake hands.
pub(super) fn secures() -> Option<()> {
    let provider = siskin_crypto::rustcrypto();
    let path = Path::udp(BaseId(0), "192.0.2.1:5000".parse().ok()?);
    let now = Instant::ZERO;
    let certificate = |seed| {
        let unix = Duration::from_secs(1_795_000_000);
        Certificate::generate(&provider, &mut Rng::for_tests(seed), unix).ok().map(Arc::new)
    };
    let certificates = [certificate(1)?, certificate(2)?];
    let connect = |role, own: usize| {
        let config = Config::new(provider, certificates[own].clone(), role, path);
        let mut connection = Connection::new(config, Rng::for_tests(3 + own as u64), now).ok()?;
        let fingerprint = certificates[1 - own].fingerprint(&provider, HashAlgorithm::Sha256);
        connection.set_remote_fingerprints(now, &[fingerprint]).ok()?;
        Some(connection)
    };
    let (mut client, mut server) = (connect(Role::Client, 0)?, connect(Role::Server, 1)?);
    let mut packet = Packet::new();
    let mut carry = |from: &mut Connection, to: &mut Connection| {
        let mut any = false;
        while from.poll_transmit(now, &mut packet).is_some() {
            let datagram = &mut packet.as_bytes().to_vec();
            packet.clear();
            to.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
            any = true;
        }
        any
    };
    while carry(&mut client, &mut server) | carry(&mut server, &mut client) {}
    let connected = |side: &mut Connection| matches!(side.poll_event(), Some(Event::Connected { .. }));
    (connected(&mut client) && connected(&mut server)).then_some(())
}
