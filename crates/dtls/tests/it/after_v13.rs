//! What DTLS 1.3 does once the handshake is over.

use crate::support::{NOW, Peer, config, exchange, pair};
use core::time::Duration;
use siskin_base::Instant;
use siskin_dtls::Role;

fn pair_of_two() -> (Peer, Peer) {
    let provider = siskin_crypto::ring();
    pair(config(provider, Role::Client), config(provider, Role::Server))
}

/// Client and server, of which the client has not got the server's ACK, and its flight as it was sent first.
fn without_an_ack() -> (Peer, Peer, Vec<Vec<u8>>) {
    let (mut client, mut server) = pair_of_two();
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    let flight = client.flush(NOW);
    flight.iter().for_each(|datagram| server.take(NOW, datagram));
    assert_eq!(server.flush(NOW).len(), 1);
    assert!(client.is_connected() && server.is_connected());
    (client, server, flight)
}

/// What the client sends when its timer runs out.
fn again(client: &mut Peer) -> Vec<Vec<u8>> {
    let now = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(now);
    client.flush(now)
}

#[test]
fn rfc9147_5_8_1_a_server_acknowledges_the_last_flight_for_twice_the_msl() {
    let (mut client, mut server, first) = without_an_ack();
    assert_eq!(server.dtls.poll_timeout(), None, "nobody is woken up for it");
    for seconds in [1, 200, 239] {
        let now = Instant::ZERO + Duration::from_secs(seconds);
        again(&mut client).iter().for_each(|datagram| server.take(now, datagram));
        assert_eq!(server.flush(now).len(), 1, "after {seconds} s");
    }
    // A record is new once, whatever has become of its keys.
    let (now, before) = (Instant::ZERO + Duration::from_secs(239), server.dtls.stats());
    first.iter().for_each(|datagram| server.take(now, datagram));
    assert!(server.flush(now).is_empty());
    assert!(server.dtls.stats().dropped_replayed > before.dropped_replayed);
    // Data of the epochs in use is not disturbed.
    let sealed = client.seal(b"data");
    server.take(now, &sealed);
    assert_eq!(server.data, [b"data"]);

    let (now, before) = (Instant::ZERO + Duration::from_secs(240), server.dtls.stats());
    again(&mut client).iter().for_each(|datagram| server.take(now, datagram));
    assert!(server.flush(now).is_empty());
    assert!(server.dtls.stats().dropped_epoch > before.dropped_epoch);
}

#[test]
fn rfc9147_4_2_1_a_client_reads_its_last_epoch_until_it_is_acknowledged() {
    let (mut client, mut server) = pair_of_two();
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    flight.iter().for_each(|datagram| client.take(NOW, datagram));
    // The server repeats itself: the client's flight may be lost.
    let due = server.dtls.poll_timeout().unwrap();
    server.dtls.handle_timeout(due);
    let repeated = server.flush(due);
    repeated.iter().for_each(|datagram| client.take(due, datagram));
    assert!(!client.flush(due).is_empty());
    exchange(due, &mut client, &mut server);
    again(&mut client).iter().for_each(|datagram| server.take(due, datagram));
    exchange(due, &mut client, &mut server);
    assert_eq!(client.dtls.poll_timeout(), None);
    let before = client.dtls.stats();
    flight.iter().for_each(|datagram| client.take(due, datagram));
    let after = client.dtls.stats();
    assert_eq!(after.dropped_replayed, before.dropped_replayed);
    assert!(after.dropped_epoch > before.dropped_epoch);
}

/// Forgeries of the sleeping epoch count, too.
#[test]
fn a_forged_last_flight_is_dropped() {
    let (mut client, mut server, _) = without_an_ack();
    let mut repeated = again(&mut client);
    for datagram in &mut repeated {
        *datagram.last_mut().unwrap() ^= 1;
    }
    repeated.iter().for_each(|datagram| server.take(NOW, datagram));
    assert!(server.dtls.stats().dropped_forged > 0);
    assert!(server.dtls.is_connected());
}
