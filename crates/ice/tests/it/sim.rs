//! Many seeds over bad networks.

use crate::lab::Lab;
use crate::ms;
use siskin_ice::State;
use siskin_netsim::Link;

#[test]
fn two_hundred_seeds_with_loss_reorder_and_duplicates() {
    let mut total = 0;
    for seed in 0..200 {
        let loss = seed as f64 / 200.0 * 0.3;
        let link = Link::new(ms(seed % 100)).jitter(ms(seed % 50)).loss(loss).reorder(0.1).duplicate(0.1);
        let mut lab = Lab::new(seed, link);
        lab.signal();
        lab.signal_end();
        lab.run(30_000);
        assert!(lab.is_connected(), "seed {seed}: {:?} {:?}", lab.a.agent, lab.b.agent);
        total += lab.connected_at().as_millis();
        for peer in [&lab.a, &lab.b] {
            assert!(peer.agent.pairs().any(|pair| pair.nominated && pair.selected), "seed {seed}");
            assert!(!peer.states().contains(&State::Failed), "seed {seed}");
        }
    }
    assert!(total / 200 < 1_000, "{} ms on average", total / 200);
}

#[test]
fn corruption_never_connects_to_the_wrong_place() {
    for seed in 0..50 {
        let mut lab = Lab::new(seed, Link::new(ms(10)).corrupt(0.3));
        lab.signal();
        lab.run(30_000);
        assert!(lab.is_connected(), "seed {seed}");
        assert_eq!(lab.a.agent.remote_candidates().count(), 1, "seed {seed}");
    }
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let run = || {
        let mut lab = Lab::new(42, Link::new(ms(10)).jitter(ms(5)).loss(0.2));
        lab.signal();
        lab.run(60_000);
        (lab.a.sent, lab.b.sent)
    };
    assert_eq!(run(), run());
}

#[test]
fn an_idle_connection_costs_one_request_per_five_seconds() {
    let mut lab = Lab::new(1, Link::new(ms(10)));
    lab.signal();
    lab.run(1_000);
    let before = lab.network.transmitted();
    lab.run(3_601_000);
    let per_second = (lab.network.transmitted() - before) as f64 / 3_600.0;
    assert!((0.75..0.85).contains(&per_second), "{per_second}");
    assert!(lab.is_connected());
    assert_eq!([lab.a.agent.state(), lab.b.agent.state()], [State::Connected; 2]);
}
