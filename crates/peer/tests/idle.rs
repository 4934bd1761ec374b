//! What an idle connection of an endpoint holds on the heap: a channel open, nothing on its way.
//!
//! A binary of its own, because it counts in a global allocator: only what is allocated and freed within calls of the
//! measured endpoint is counted, by the thread that makes them. The other end is a second endpoint.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use allocation_counter::measure;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, Transmit, WallClock, earliest};
use siskin_crypto::{Certificate, Provider};
use siskin_peer::{ChannelConfig, Config, Endpoint, EndpointConfig, Event};
use std::net::SocketAddr;
use std::sync::Arc;

const UNIX: Duration = Duration::from_secs(1_795_000_000);

/// Enough for what all share to weigh little; `SISKIN_CONNECTIONS=1000` has so many instead, as `cargo xtask memory` does.
const CONNECTIONS: usize = 20;

/// How long nothing happens, consent checks apart, before the heap is looked at.
const IDLE: Duration = Duration::from_secs(120);

fn address(end: usize, connection: usize) -> SocketAddr {
    ([192, 0, 2, end as u8 + 1], 1000 + connection as u16).into()
}

/// The measured endpoint has one socket for all; the other one for each connection.
fn path(end: usize, from: usize) -> Path {
    let base = if end == 0 { BaseId(0) } else { BaseId(from as u32) };
    let remote = if end == 0 { address(1, from) } else { address(0, 0) };
    Path::udp(base, remote)
}

struct Net {
    ends: [Endpoint; 2],
    now: Instant,
    packet: Packet,
    /// What the first endpoint holds more than without connections, in bytes and in blocks.
    held: i64,
    blocks: i64,
    open: usize,
}

impl Net {
    fn new() -> Self {
        let mut ends =
            [1, 2].map(|seed| Endpoint::new(EndpointConfig::default(), Rng::for_tests(seed), Instant::ZERO));
        ends[0].add_base(Instant::ZERO, BaseId(0), address(0, 0));
        Self { ends, now: Instant::ZERO, packet: Packet::new(), held: 0, blocks: 0, open: 0 }
    }

    /// A call of an endpoint; what it allocates is counted if it is the first.
    fn call<T>(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, Instant, &mut Packet) -> T) -> T {
        let Self { ends, now, packet, held, blocks, .. } = self;
        let mut result = None;
        let info = measure(|| result = Some(act(&mut ends[end], *now, packet)));
        if end == 0 {
            *held += info.bytes_current;
            *blocks += info.count_current;
        }
        result.unwrap()
    }

    fn connect(&mut self, config: [&Config; 2]) {
        let number = self.ends[1].connections().count() + 1;
        let theirs = self.ends[1].create(self.now, config[1].clone()).unwrap();
        let base = BaseId(number as u32);
        let local = address(1, number);
        self.call(1, |end, now, _| end.with(now, theirs, |peer| peer.add_base(now, base, local)));
        let ours = self.call(0, |end, now, _| end.create(now, config[0].clone()).unwrap());
        let offer = self.call(1, |end, now, _| {
            end.with(now, theirs, |peer| {
                peer.create_data_channel(now, ChannelConfig::new("chat")).unwrap();
                peer.set_local_description(now, None).unwrap();
                peer.local_description().unwrap()
            })
        });
        let offer = offer.unwrap();
        let answer = self.call(0, |end, now, _| {
            end.with(now, ours, |peer| {
                // A copy of its own: what it keeps of it is its own.
                peer.set_remote_description(now, offer.clone()).unwrap();
                peer.set_local_description(now, None).unwrap();
                peer.local_description().unwrap()
            })
        });
        let answer = answer.unwrap();
        let signalled = answer.clone();
        self.call(0, |_, _, _| drop(answer));
        self.call(1, |end, now, _| end.with(now, theirs, |peer| peer.set_remote_description(now, signalled)))
            .unwrap()
            .unwrap();
        let before = self.open;
        while self.open == before {
            self.turn();
        }
    }

    /// Carries what is to be carried; time passes if that is nothing.
    fn turn(&mut self) {
        let mut quiet = true;
        for from in 0..2 {
            while let Some(Transmit { segment_size, path: sent_on, .. }) =
                self.call(from, |end, now, packet| end.poll_transmit(now, packet))
            {
                quiet = false;
                let size = segment_size.map_or(self.packet.len(), |size| size.get().into());
                let bytes = self.packet.as_bytes().to_vec();
                self.packet.clear();
                let number = if from == 0 {
                    usize::from(sent_on.remote.port() - 1000)
                } else {
                    sent_on.base.0 as usize
                };
                for segment in bytes.chunks(size) {
                    let mut datagram = segment.to_vec();
                    self.call(1 - from, |end, now, _| {
                        let received = Received {
                            path: path(1 - from, number),
                            arrived: now,
                            ecn: Ecn::NotEct,
                            datagram: &mut datagram,
                        };
                        end.handle_datagram(now, received);
                    });
                }
            }
            let open = |(_, event)| usize::from(matches!(event, Event::ChannelOpen(_)));
            while let Some(opened) = self.call(from, |end, _, _| end.poll_event().map(open)) {
                self.open += if from == 1 { opened } else { 0 };
            }
        }
        if quiet {
            let due = earliest(self.ends[0].poll_timeout(), self.ends[1].poll_timeout());
            self.now = due.unwrap().max(self.now);
            (0..2).for_each(|end| self.call(end, |end, now, _| end.handle_timeout(now)));
        }
    }
}

/// Bytes and blocks for each idle connection.
fn idle(configure: fn(Provider) -> Config) -> (i64, i64) {
    let provider = siskin_crypto::default_provider();
    let certificates = [1, 2]
        .map(|seed| Arc::new(Certificate::generate(&provider, &mut Rng::for_tests(seed), UNIX).unwrap()));
    let configs = certificates.map(|certificate| {
        let mut config = configure(provider);
        config.clock = Some(WallClock { at: Instant::ZERO, unix: UNIX });
        config.certificate = Some(certificate);
        config
    });
    let count = std::env::var("SISKIN_CONNECTIONS").map_or(CONNECTIONS, |count| count.parse().unwrap());
    let mut net = Net::new();
    for _ in 0..count {
        net.connect([&configs[0], &configs[1]]);
    }
    let end = net.now + IDLE;
    while net.now < end {
        net.turn();
    }
    (net.held / count as i64, net.blocks / count as i64)
}

#[test]
fn an_idle_connection_holds_at_most_32_kib() {
    let [(default, blocks), (small, small_blocks)] = [Config::new, Config::small].map(idle);
    println!(
        "heap for each idle connection: Config::new() {default} bytes in {blocks} blocks, Config::small() {small} bytes in {small_blocks}"
    );
    assert!(default <= 32 << 10, "{default} bytes in {blocks} blocks");
    // Lengths of what is random differ by a byte of each connection.
    assert!(small <= default + 16, "{small} bytes in {small_blocks} blocks");
}
