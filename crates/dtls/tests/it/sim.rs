//! Client and server on a bad network, on virtual time, from many seeds.

use crate::support::{Peer, config_of, pair};
use core::time::Duration;
use siskin_base::{Instant, Rng, SrtpProfile};
use siskin_crypto::Provider;
use siskin_dtls::{Config, Error, Event, ProtocolVersion, Role};
use siskin_netsim::{Link, Network};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const V12: ProtocolVersion = ProtocolVersion::DTLS1_2;
const V13: ProtocolVersion = ProtocolVersion::DTLS1_3;

fn provider() -> Provider {
    siskin_crypto::ring()
}

fn peers(version: ProtocolVersion, change: impl Fn(&mut Config)) -> (Peer, Peer) {
    let configs = [Role::Client, Role::Server].map(|role| {
        let mut config = config_of(version, provider(), role);
        config.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM];
        change(&mut config);
        config
    });
    let [client, server] = configs;
    pair(client, server)
}

/// Runs until the network is silent; both must be connected. When each side was.
fn run(seed: u64, link: Link, client: &mut Peer, server: &mut Peer) -> (Instant, Instant) {
    let mut network = Network::pair(Rng::for_tests(seed), link);
    client.set_path(network.path(0, 1));
    server.set_path(network.path(1, 0));
    network.run(&mut [client, server], Instant::from_millis(60_000));
    let at = |peer: &Peer| {
        peer.connected_at.unwrap_or_else(|| panic!("seed {seed}: {:?} {:?}", peer.events, peer.dtls.stats()))
    };
    (at(client), at(server))
}

#[test]
fn two_round_trips_without_loss() {
    let (mut client, mut server) = peers(V12, |_| {});
    let done = run(1, Link::new(ms(20)), &mut client, &mut server);
    assert_eq!(done, (Instant::from_millis(80), Instant::from_millis(60)));
    assert_eq!((client.dtls.stats().retransmissions, server.dtls.stats().retransmissions), (0, 0));
}

/// RFC 6347 §4.2.4.1: the first flight goes out at 0, 250, 750, 1750 … milliseconds, until nobody waits any more.
#[test]
fn rfc6347_4_2_4_1_timeline() {
    let mut client = Peer::new(config_of(V12, provider(), Role::Client), 1);
    let mut now = Instant::ZERO;
    let mut sends = vec![];
    loop {
        sends.extend(client.flush(now).iter().map(|_| now.as_millis()));
        let Some(due) = client.dtls.poll_timeout() else { break };
        now = due;
        client.dtls.handle_timeout(now);
        client.take_events(now, &[]);
    }
    assert_eq!(sends, [0, 250, 750, 1750, 3750, 7750, 15_750]);
    assert_eq!(
        (now, client.last_event()),
        (Instant::from_millis(30_000), Some(&Event::Closed(Error::TimedOut)))
    );
}

/// The client is connected a round trip after its hello, the server half of one later.
#[test]
fn one_round_trip_without_loss_in_v13() {
    let (mut client, mut server) = peers(V13, |_| {});
    let done = run(1, Link::new(ms(20)), &mut client, &mut server);
    assert_eq!(done, (Instant::from_millis(40), Instant::from_millis(60)));
    assert_eq!((client.dtls.stats().retransmissions, server.dtls.stats().retransmissions), (0, 0));
}

#[test]
fn a_lost_flight_costs_one_timer() {
    // The client's hello, the server's flight, the client's second flight, the server's last one.
    for (lost, expected) in [(0, 330), (1, 330)] {
        let (mut client, mut server) = peers(V12, |_| {});
        let mut network = Network::pair(Rng::for_tests(1), Link::new(ms(20)));
        client.set_path(network.path(0, 1));
        server.set_path(network.path(1, 0));
        network.set_link(0, 1, Link::new(ms(20)).drop_nth(lost));
        network.run(&mut [&mut client, &mut server], Instant::from_millis(60_000));
        assert_eq!(client.connected_at, Some(Instant::from_millis(expected)), "datagram {lost} lost");
        assert!(server.is_connected());
    }
}

#[test]
fn the_last_flight_is_sent_again_when_the_client_asks() {
    let (mut client, mut server) = peers(V12, |_| {});
    let mut network = Network::pair(Rng::for_tests(1), Link::new(ms(20)));
    client.set_path(network.path(0, 1));
    server.set_path(network.path(1, 0));
    // The server's second datagram is its last flight.
    network.set_link(1, 0, Link::new(ms(20)).drop_nth(1));
    network.run(&mut [&mut client, &mut server], Instant::from_millis(60_000));
    assert_eq!(server.connected_at, Some(Instant::from_millis(60)));
    assert_eq!(client.connected_at, Some(Instant::from_millis(40 + 250 + 40)));
}

#[test]
fn loss_reordering_and_copies() {
    for version in [V12, V13] {
        loss_reordering_and_copies_in(version);
    }
}

fn loss_reordering_and_copies_in(version: ProtocolVersion) {
    let mut arrived = 0;
    for seed in 0..200 {
        let (mut client, mut server) = peers(version, |_| {});
        let link = Link::new(ms(30)).jitter(ms(20)).loss(0.15).reorder(0.2).duplicate(0.2);
        for peer in [&mut client, &mut server] {
            peer.to_send = (0..3).map(|i| vec![i; 100]).collect();
        }
        run(seed, link, &mut client, &mut server);
        for peer in [&client, &server] {
            let mut seen = peer.data.clone();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), peer.data.len(), "seed {seed}: a record was taken twice");
            arrived += seen.len();
        }
    }
    assert!((900..1100).contains(&arrived), "{arrived} of 1200");
}

#[test]
fn small_datagrams_on_a_bad_network() {
    for seed in 0..80 {
        let (mut client, mut server) = peers([V12, V13][seed as usize / 40], |config| {
            config.max_datagram = 200;
            config.cookie_exchange = seed % 2 == 0;
        });
        let link = Link::new(ms(30)).jitter(ms(20)).loss(0.05).reorder(0.2).duplicate(0.1).mtu(200);
        run(seed, link, &mut client, &mut server);
    }
}

/// RFC 6347 §4.1.1.1: the path carries less than we were told; after some retransmissions we try smaller datagrams.
#[test]
fn a_path_that_drops_large_datagrams() {
    for version in [V12, V13] {
        let (mut client, mut server) = peers(version, |_| {});
        run(1, Link::new(ms(20)).mtu(560), &mut client, &mut server);
    }
}

#[test]
fn corrupted_datagrams_cost_time_only() {
    // Handshake messages in clear that arrive changed end the handshake, by design of DTLS 1.2: so only what is encrypted
    // is corrupted here.
    let (mut client, mut server) = peers(V12, |_| {});
    run(1, Link::new(ms(5)), &mut client, &mut server);
    let mut network = Network::pair(Rng::for_tests(2), Link::new(ms(5)).corrupt(0.5));
    client.set_path(network.path(0, 1));
    client.to_send = (0..100).map(|i| vec![i; 200]).collect();
    network.run(&mut [&mut client, &mut server], Instant::from_millis(60_000));
    assert!((20..90).contains(&server.data.len()), "{}", server.data.len());
    assert!(server.data.iter().all(|data| data.len() == 200 && data.iter().all(|byte| *byte == data[0])));
    assert!(server.dtls.is_connected());
}
