//! Goodput over loss and round-trip time: printed (`cargo test --release sweep -- --nocapture`), not asserted.

use crate::peers::{End, SECOND, content};
use core::time::Duration;
use siskin_base::{Instant, Rng};
use siskin_netsim::{Link, Network, Node};
use siskin_sctp::{Config, SendOptions};

/// Megabits a second of user data over a link of 100 Mbit/s with a queue of 50 ms.
fn goodput(ours: bool, rtt: Duration, loss: f64, megabytes: usize) -> f64 {
    fastrand::seed(1);
    let rng = Rng::for_tests(1);
    let link = Link::new(rtt / 2).loss(loss).rate(12_500_000, Duration::from_millis(50));
    let mut network = Network::pair(rng.fork("network"), link);
    let end = |network: &Network, from, to| {
        if ours {
            End::ours(network.path(from, to), Config::default(), rng.fork(["a", "b"][from]))
        } else {
            End::theirs(network.path(from, to))
        }
    };
    let (mut a, mut b) = (end(&network, 0, 1), end(&network, 1, 0));
    let message = content(0, 65_536);
    let count = megabytes * 16;
    for _ in 0..count {
        a.queue(1, message.clone(), SendOptions::default());
    }
    a.connect(Instant::ZERO);
    let mut clock = Instant::ZERO;
    while b.messages().len() < count && clock < Instant::ZERO + SECOND * 60 {
        clock += Duration::from_millis(100);
        network.run(&mut [&mut a as &mut dyn Node, &mut b], clock);
    }
    let bits = b.messages().len() * message.len() * 8;
    bits as f64 / 1e6 / clock.since(Instant::ZERO).as_secs_f64()
}

#[test]
fn sweep() {
    let megabytes = if cfg!(debug_assertions) { 1 } else { 8 };
    println!("Mbit/s over 100 Mbit/s, {megabytes} MiB, siskin (dcSCTP)");
    let losses = if cfg!(debug_assertions) { &[0.0, 0.01][..] } else { &[0.0, 0.001, 0.01, 0.05] };
    for rtt in [2, 20, 100] {
        let rtt = Duration::from_millis(rtt);
        let cell = |loss: &f64| {
            let [ours, theirs] = [true, false].map(|ours| goodput(ours, rtt, *loss, megabytes));
            assert!(ours > 0.0, "nothing arrived");
            format!("{:4.1} %: {ours:5.1} ({theirs:5.1})", loss * 100.0)
        };
        println!("{rtt:>6?}  {}", losses.iter().map(cell).collect::<Vec<_>>().join("   "));
    }
}
