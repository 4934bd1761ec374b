//! Feedback is the peer's: whatever it says, the rates stay within their bounds, and nothing panics.

use proptest::prelude::*;
use siskin_base::{Ecn, Instant, PacketFeedback};
use siskin_cc::{Estimator, Gcc, Kind, Pacer, PacerConfig, Rate, Ready, Sent, gcc};
use std::time::Duration;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(i64::MAX as u64),
        Just(i64::MAX as u64 + 1),
        any::<u64>(),
        0..20_000_000_000u64,
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Sent(u64, u64, usize, Option<u32>),
    Feedback(u64, Vec<(u64, u64, Option<u64>, usize)>),
    RoundTrip(u64),
    Cap(Option<u64>),
    Demand(u64),
    Timeout(u64),
    Push(u64, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![Just(0usize), Just(usize::MAX), 0..2_000usize];
    let one = (number(), number(), prop::option::of(number()), size.clone());
    prop_oneof![
        (number(), number(), size.clone(), prop::option::of(0..4u32))
            .prop_map(|(at, n, s, p)| Step::Sent(at, n, s, p)),
        (number(), prop::collection::vec(one, 0..30)).prop_map(|(at, all)| Step::Feedback(at, all)),
        number().prop_map(Step::RoundTrip),
        prop::option::of(number()).prop_map(Step::Cap),
        number().prop_map(Step::Demand),
        number().prop_map(Step::Timeout),
        (number(), size).prop_map(|(at, size)| Step::Push(at, size)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn absurd_feedback_is_bounded(steps in prop::collection::vec(step(), 0..60)) {
        let config = gcc::Config::default();
        let mut estimator = Gcc::new(config, Instant::ZERO);
        let mut pacer = Pacer::new(PacerConfig::default(), estimator.rates(), Instant::ZERO);
        for step in steps {
            let mut now = Instant::ZERO;
            match step {
                Step::Sent(at, sequence, size, probe) => {
                    now = Instant::from_nanos(at);
                    estimator.handle_sent(now, Sent { sequence, size, probe });
                }
                Step::Feedback(at, all) => {
                    now = Instant::from_nanos(at);
                    let all: Vec<_> = all.into_iter().map(|(sequence, sent, arrived, size)| PacketFeedback {
                        sequence, sent: Instant::from_nanos(sent), arrived: arrived.map(Instant::from_nanos), size, ecn: Ecn::Ce,
                    }).collect();
                    estimator.handle_feedback(now, &all);
                }
                Step::RoundTrip(nanos) => estimator.handle_round_trip(now, Duration::from_nanos(nanos)),
                Step::Cap(cap) => estimator.set_cap(now, cap.map(Rate::from_bps)),
                Step::Demand(demand) => estimator.set_demand(now, Rate::from_bps(demand)),
                Step::Timeout(at) => {
                    now = Instant::from_nanos(at);
                    estimator.handle_timeout(now);
                    pacer.handle_timeout(now);
                }
                Step::Push(at, size) => {
                    now = Instant::from_nanos(at);
                    let _ = pacer.push(now, Kind::Video, size, ());
                }
            }
            let rates = estimator.rates();
            prop_assert!(rates.target >= config.min && rates.target <= config.max, "{rates:?}");
            prop_assert!(rates.pacing >= rates.target);
            if let Some(probe) = estimator.poll_probe(now) {
                pacer.start_probe(now, probe);
            }
            pacer.set_rates(now, rates);
            for _ in 0..20 {
                if let Some(Ready::Padding { size, .. }) = pacer.poll_transmit(now) {
                    prop_assert!(size <= 1_000);
                }
            }
            let _ = (estimator.poll_timeout(), pacer.poll_timeout(), pacer.delay(), estimator.stats());
        }
    }
}

#[test]
fn nothing_is_probed_before_anything_is_sent() {
    let mut estimator = Gcc::new(gcc::Config::default(), Instant::ZERO);
    assert_eq!((estimator.poll_probe(Instant::from_millis(100)), estimator.poll_timeout()), (None, None));
    estimator.handle_sent(Instant::from_millis(200), Sent { sequence: 0, size: 1_000, probe: None });
    let probe = estimator.poll_probe(Instant::from_millis(200)).unwrap();
    assert_eq!(probe.rate, Rate::from_kbps(900));
    // One after the other.
    assert_eq!(estimator.poll_probe(Instant::from_millis(210)), None);
    assert_eq!(estimator.poll_probe(Instant::from_millis(300)).unwrap().rate, Rate::from_kbps(1_800));
}

/// Whoever acts on each deadline comes to an end: none stays in the past.
#[test]
fn deadlines_move_on() {
    let mut estimator = Gcc::new(gcc::Config::default(), Instant::ZERO);
    let mut now = Instant::ZERO;
    for sequence in 0..100 {
        now = Instant::from_millis(sequence * 10);
        estimator.handle_sent(now, Sent { sequence, size: 1_000, probe: None });
        estimator.poll_probe(now);
    }
    let mut calls = 0;
    while let Some(due) = estimator.poll_timeout() {
        assert!(calls < 1_000, "{due:?} at {now:?}");
        calls += 1;
        now = now.max(due);
        estimator.handle_timeout(now);
        estimator.poll_probe(now);
        if now > Instant::from_millis(3_600_000) {
            break;
        }
    }
    assert_eq!(estimator.rates().target, gcc::Config::default().min);
}
