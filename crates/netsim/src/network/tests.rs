//! The network's own rules, with a node that counts.

use super::*;
use crate::Behaviour;
use core::time::Duration;

#[derive(Default)]
struct Counter {
    to_send: Vec<(Path, Vec<u8>)>,
    heard: Vec<(Instant, SocketAddr, Vec<u8>)>,
}

impl Node for Counter {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.heard.push((now, received.path.remote, received.datagram.to_vec()));
    }
    fn handle_timeout(&mut self, _now: Instant) {}
    fn poll_transmit(&mut self, _now: Instant, out: &mut Packet) -> Option<Transmit> {
        let (path, bytes) = self.to_send.pop()?;
        out.begin(0);
        out.append(&bytes);
        out.finish();
        Some(Transmit::single(path))
    }
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

fn run(seed: u64, link: Link, datagrams: usize) -> Vec<(Instant, SocketAddr, Vec<u8>)> {
    let mut network = Network::pair(Rng::for_tests(seed), link);
    let path = network.path(0, 1);
    let to_send = (0..datagrams).map(|n| (path, vec![n as u8; 100])).collect();
    let (mut a, mut b) = (Counter { to_send, ..Counter::default() }, Counter::default());
    network.run(&mut [&mut a, &mut b], Instant::from_millis(60_000));
    assert_eq!(network.transmitted(), datagrams as u64);
    b.heard
}

#[test]
fn the_same_seed_is_the_same_network() {
    let link = || Link::new(ms(30)).loss(0.2).jitter(ms(10)).reorder(0.1).duplicate(0.1).corrupt(0.1);
    assert_eq!(run(1, link(), 200), run(1, link(), 200));
    assert_ne!(run(1, link(), 200), run(2, link(), 200));
}

#[test]
fn each_setting_does_what_it_says() {
    let lossy = run(1, Link::new(ms(1)).loss(0.25), 2000).len();
    assert!((1400..1600).contains(&lossy), "{lossy}");
    assert_eq!(run(1, Link::new(ms(1)).duplicate(1.0), 10).len(), 20);
    assert_eq!(run(1, Link::new(ms(1)).mtu(99), 10).len(), 0);
    assert_eq!(run(1, Link::new(ms(1)).drop_nth(3), 10).len(), 9);
    let corrupted = run(1, Link::new(ms(1)).corrupt(1.0), 1);
    assert!((1..=8).contains(&corrupted[0].2.iter().map(|byte| byte.count_ones()).sum::<u32>()));
    // 100 bytes at 1,000 bytes a second take 100 ms each, and no more than 300 ms of them may wait.
    let slow = run(1, Link::new(ms(1)).rate(1000, ms(300)), 10);
    let times: Vec<_> = slow.iter().map(|(at, ..)| at.as_millis()).collect();
    assert_eq!(times, [101, 201, 301, 401]);
}

#[test]
fn rfc4787_4_1_mapping_and_filtering() {
    let server: SocketAddr = ([192, 0, 2, 1], 1).into();
    let other: SocketAddr = ([192, 0, 2, 2], 1).into();
    let inner: SocketAddr = ([10, 0, 0, 1], 1).into();
    let public = [203, 0, 113, 1].into();
    let mut open = Nat::new(public, Behaviour::EndpointIndependent, Behaviour::EndpointIndependent);
    let outer = open.outbound(inner, server);
    assert_eq!(open.outbound(inner, other), outer);
    assert_eq!(open.inbound(other, outer.port()), Some(inner));
    let mut closed = Nat::new(public, Behaviour::AddressAndPortDependent, Behaviour::AddressAndPortDependent);
    let outer = closed.outbound(inner, server);
    assert_ne!(closed.outbound(inner, other), outer);
    assert_eq!(closed.inbound(server, outer.port()), Some(inner));
    assert_eq!(closed.inbound(other, outer.port()), None);
}

#[test]
fn a_stalled_host_hears_late() {
    let mut network = Network::pair(Rng::for_tests(1), Link::new(ms(10)));
    let path = network.path(0, 1);
    network.stall(1, Instant::from_millis(500));
    let (mut a, mut b) =
        (Counter { to_send: vec![(path, vec![1])], ..Counter::default() }, Counter::default());
    network.run(&mut [&mut a, &mut b], Instant::from_millis(1000));
    assert_eq!(b.heard[0].0, Instant::from_millis(500));
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
