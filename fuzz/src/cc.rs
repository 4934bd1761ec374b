//! Properties of `siskin-cc`.

use core::time::Duration;
use siskin_base::{Ecn, Instant, PacketFeedback};
use siskin_cc::{Estimator, Gcc, Kind, Pacer, PacerConfig, Rate, Sent, gcc};

/// Whatever feedback says, rates stay within their bounds, what is sent agrees with the pace, and deadlines move on.
///
/// Steps of four bytes: what, two bytes of a number, and how many milliseconds pass. The numbers of feedback are the peer's.
pub fn cc_feedback(input: &[u8]) {
    let config = gcc::Config::small();
    let mut now = Instant::from_millis(1_000);
    let mut estimator = Gcc::new(config, now);
    let mut pacer = Pacer::new(PacerConfig::small(), estimator.rates(), now);
    let mut sent: Vec<(u64, Instant, usize)> = Vec::new();
    let (steps, _) = input.as_chunks();
    for [what, low, high, millis] in steps.iter().take(2_000) {
        let number = u64::from(u16::from_le_bytes([*low, *high]));
        now += Duration::from_millis(u64::from(*millis));
        match what % 8 {
            0 | 1 => {
                let kind = if what & 0x80 == 0 { Kind::Video } else { Kind::Audio };
                let _ = pacer.push(now, kind, number as usize % 1_500, ());
            }
            2 | 3 => {
                // The last packets, arrived as the bytes say.
                let count = usize::from(what >> 4) + 1;
                let first = sent.len().saturating_sub(count);
                let feedback: Vec<_> = sent
                    .drain(first..)
                    .map(|(sequence, sent, size)| {
                        let arrived =
                            (number % 7 > 0).then(|| sent + Duration::from_micros(number * (sequence % 9)));
                        PacketFeedback { sequence, sent, arrived, size, ecn: Ecn::NotEct }
                    })
                    .collect();
                estimator.handle_feedback(now, &feedback);
            }
            4 => {
                let wild = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let arrived = Some(Instant::from_nanos(wild));
                let one =
                    PacketFeedback { sequence: wild >> 40, sent: now, arrived, size: 1_000, ecn: Ecn::Ce };
                estimator.handle_feedback(now, &[one]);
            }
            5 => estimator.handle_round_trip(now, Duration::from_millis(number)),
            6 => estimator.set_cap(now, (number > 99).then(|| Rate::from_kbps(number))),
            _ => {
                estimator.handle_timeout(now);
                pacer.handle_timeout(now);
            }
        }
        let rates = estimator.rates();
        assert!(
            (config.min..=config.max).contains(&rates.target) && rates.pacing >= rates.target,
            "{rates:?}"
        );
        if let Some(probe) = estimator.poll_probe(now) {
            assert!(probe.rate <= config.max);
            pacer.start_probe(now, probe);
        }
        pacer.set_rates(now, rates);
        let mut at_once = 0;
        while let Some(ready) = pacer.poll_transmit(now) {
            let sequence = sent.last().map_or(0, |(last, _, _)| last + 1);
            estimator.handle_sent(now, Sent { sequence, size: ready.size(), probe: ready.probe() });
            sent.push((sequence, now, ready.size()));
            at_once += 1;
            assert!(at_once < 5_000, "it never ends");
        }
        assert!(pacer.len() <= 128 && pacer.bytes() <= 128 << 10);
    }
    // Whoever acts on the deadlines comes to an end.
    for _ in 0..1_000 {
        let Some(due) = estimator.poll_timeout() else { return };
        now = now.max(due);
        estimator.handle_timeout(now);
        estimator.poll_probe(now);
    }
    assert!(estimator.poll_timeout().is_none_or(|due| due > now), "a deadline in the past");
}
