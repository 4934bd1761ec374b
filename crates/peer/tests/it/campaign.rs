//! Many bad networks: every reliable message arrives once, in order, intact, and both ends close clean.

use crate::harness::{Pair, config, ms};
use siskin_base::Rng;
use siskin_netsim::Link;
use siskin_peer::{ChannelId, Event, MessageKind};

/// What one seed makes of the network and of the messages.
fn run(seed: u64) -> Result<(), String> {
    let mut dice = Rng::for_tests(seed).fork("campaign");
    let mut link = || {
        Link::new(ms(dice.below(150)))
            .jitter(ms(dice.below(30)))
            .loss(dice.below(21) as f64 / 100.0)
            .reorder(dice.below(10) as f64 / 100.0)
            .duplicate(dice.below(10) as f64 / 100.0)
            .mtu(1200)
    };
    let (there, back) = (link(), link());
    let there = match dice.below(4) {
        0 => there.rate(125_000 + dice.below(1_000_000), ms(300)),
        _ => there,
    };
    let mut pair = Pair::with(seed, Link::new(ms(1)), config(), config());
    pair.network.set_link(0, 1, there);
    pair.network.set_link(1, 0, back);
    let channel = pair.a.channel(pair.now(), "campaign");
    pair.negotiate();
    pair.run_until(ms(120_000), |a, _| a.is_open(channel));
    if !pair.a.is_open(channel) {
        return Err(format!("seed {seed}: no open channel after {:?}: {:?}", pair.now(), pair.a.events));
    }
    let sizes = [0, 1, 100, 5_000, 40_000].into_iter().cycle().take(1 + dice.below(12) as usize);
    let messages: Vec<Vec<u8>> = sizes
        .map(|most| {
            let mut message = vec![0; dice.below(most + 1) as usize];
            dice.fill(&mut message);
            message
        })
        .collect();
    let now = pair.now();
    for message in &messages {
        pair.a
            .connection
            .send(now, channel, MessageKind::Binary, message.clone().into())
            .map_err(|e| e.to_string())?;
    }
    pair.run_until(ms(300_000), |_, b| b.messages.len() >= messages.len());
    let arrived: Vec<_> = pair.b.messages.iter().map(|(.., message)| message.clone()).collect();
    if arrived != messages {
        return Err(format!("seed {seed}: {} of {} messages, or others", arrived.len(), messages.len()));
    }
    close(&mut pair, channel, seed)
}

fn close(pair: &mut Pair, channel: ChannelId, seed: u64) -> Result<(), String> {
    let now = pair.now();
    pair.a.connection.close_channel(now, channel);
    let closed = |events: &[Event]| events.iter().any(|event| matches!(event, Event::ChannelClosed(_)));
    pair.run_until(ms(300_000), |a, b| closed(&a.events) && closed(&b.events));
    if !closed(&pair.a.events) || !closed(&pair.b.events) {
        return Err(format!("seed {seed}: the channel did not close on both sides"));
    }
    let failed =
        |events: &[Event]| events.iter().find(|event| matches!(event, Event::TransportFailed(_))).cloned();
    match failed(&pair.a.events).or_else(|| failed(&pair.b.events)) {
        Some(event) => Err(format!("seed {seed}: {event:?}")),
        None => Ok(()),
    }
}

/// A seed that fails is named, and becomes a test of its own below.
#[test]
fn a_thousand_bad_networks() {
    // Two halves side by side: engines share nothing.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let half = |parity: u64| {
            (0..1_000).filter(move |seed| seed % 2 == parity).filter_map(|seed| run(seed).err())
        };
        let other = scope.spawn(move || half(1).collect::<Vec<_>>());
        let mut failures: Vec<String> = half(0).collect();
        failures.extend(other.join().expect("the other half"));
        failures
    });
    assert!(failures.is_empty(), "{} of 1000 failed:\n{}", failures.len(), failures.join("\n"));
}
