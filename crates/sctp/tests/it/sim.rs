//! Two of ours over a bad network, many seeds: reliable messages arrive once, in order, intact; both ends close clean.

use crate::peers::{End, SECOND, content};
use core::time::Duration;
use siskin_base::{Instant, Rng};
use siskin_netsim::{Link, Network, Node};
use siskin_sctp::{Config, Reliability, SendOptions};

/// What a seed makes of the world.
struct World {
    link: Link,
    config: Config,
    /// Per direction: stream, size and whether it may overtake.
    messages: [Vec<(u16, usize, bool)>; 2],
    unreliable: usize,
    both_connect: bool,
}

fn world(seed: u64) -> World {
    let mut rng = Rng::for_tests(seed).fork("world");
    let share = |rng: &mut Rng, most: f64| rng.below(1001) as f64 / 1000.0 * most;
    let link = Link::new(Duration::from_millis(1 + rng.below(100)))
        .loss(share(&mut rng, 0.2))
        .reorder(share(&mut rng, 0.1))
        .duplicate(share(&mut rng, 0.1))
        .jitter(Duration::from_millis(rng.below(10)));
    let config = match rng.below(4) {
        0 => Config::small(),
        1 => Config { max_datagram: 508 + rng.below(900) as usize, ..Config::default() },
        _ => Config::default(),
    };
    let messages = [0, 1].map(|_| {
        let count = rng.below(20) as usize;
        let size = |rng: &mut Rng| match rng.below(3) {
            0 => 4 + rng.below(20) as usize,
            1 => 4 + rng.below(3000) as usize,
            _ => 4 + rng.below(16_000) as usize,
        };
        (0..count).map(|_| (rng.below(3) as u16, size(&mut rng), rng.below(4) == 0)).collect()
    });
    World { link, config, messages, unreliable: rng.below(10) as usize, both_connect: rng.below(2) == 0 }
}

/// Runs a seed; gives the datagrams that it took.
fn run(seed: u64) -> u64 {
    let world = world(seed);
    let rng = Rng::for_tests(seed);
    let mut network = Network::pair(rng.fork("network"), world.link);
    let mut a = End::ours(network.path(0, 1), world.config.clone(), rng.fork("a"));
    let mut b = End::ours(network.path(1, 0), world.config, rng.fork("b"));
    for (end, messages) in [&mut a, &mut b].into_iter().zip(&world.messages) {
        for (i, (stream, size, unordered)) in messages.iter().enumerate() {
            let options = SendOptions { unordered: *unordered, reliability: Reliability::Reliable };
            end.queue(*stream, content(i, *size), options);
            // Unreliable ones in between, on a stream of their own.
            if i < world.unreliable {
                let reliability = Reliability::MaxRetransmits(i as u16 % 2);
                end.queue(9, content(i, 2000), SendOptions { unordered: i % 3 == 0, reliability });
            }
        }
    }
    a.connect(Instant::ZERO);
    if world.both_connect {
        b.connect(Instant::ZERO);
    }
    let expected = world.messages[1].len();
    let (mut clock, mut closing) = (Instant::ZERO, false);
    let reliable = |end: &End| end.messages().iter().filter(|(stream, _)| *stream != 9).count();
    while a.closed().is_none() || b.closed().is_none() {
        clock += Duration::from_millis(100);
        // A shutdown delivers what was queued, but the other side can queue nothing more: so not before its data came.
        a.then_shutdown |= reliable(&a) == expected && a.closed().is_none() && !closing;
        closing |= a.then_shutdown;
        assert!(clock < Instant::ZERO + SECOND * 900, "seed {seed}: not done after 900 s");
        network.run(&mut [&mut a as &mut dyn Node, &mut b], clock);
    }
    assert_eq!((a.closed(), b.closed()), (Some(true), Some(true)), "seed {seed}");
    assert_eq!((reliable(&b), reliable(&a)), (world.messages[0].len(), expected), "seed {seed}");
    for (end, messages) in [&b, &a].into_iter().zip(&world.messages) {
        let got = end.messages();
        for stream in 0..3 {
            let sent = messages.iter().enumerate().filter(|(_, (id, ..))| *id == stream);
            let number = |data: &[u8]| u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
            let here: Vec<_> = got.iter().filter(|(id, _)| *id == stream).map(|(_, data)| *data).collect();
            let ordered = here.iter().map(|data| number(data)).filter(|i| !messages[*i].2);
            let expected = sent.clone().filter(|(_, (.., unordered))| !unordered).map(|(i, _)| i);
            assert!(ordered.eq(expected), "seed {seed}: order on stream {stream}");
            let mut all: Vec<_> = here.iter().map(|data| number(data)).collect();
            all.sort_unstable();
            assert!(
                all.into_iter().eq(sent.clone().map(|(i, _)| i)),
                "seed {seed}: once each on stream {stream}"
            );
            for data in here {
                assert_eq!(data, content(number(data), messages[number(data)].1), "seed {seed}");
            }
        }
    }
    network.transmitted()
}

#[test]
fn reliable_messages_arrive_once_in_order_intact() {
    // The thousand of the issue are run by `cargo test --release`, where they take seconds.
    let seeds = if cfg!(debug_assertions) { 200 } else { 1000 };
    for seed in 0..seeds {
        run(seed);
    }
}

#[test]
fn the_same_seed_gives_the_same_packets() {
    assert_eq!(run(3), run(3));
}
