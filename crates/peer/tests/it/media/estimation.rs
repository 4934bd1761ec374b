//! How fast frames go: feedback on every packet, the estimate that is made of it, ours or a foreign one, and pacing.

use super::VIDEO;
use super::flow::{add, connect, frames, media_config, media_pair, payload_type, play_video, vp8};
use crate::harness::{Pair, ms};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback};
use siskin_cc::{Estimator, Probe, Rate, Rates, Sent};
use siskin_netsim::Link;
use siskin_peer::stats::StatsKind;
use siskin_peer::{Direction, EstimatorFactory, Event, OutgoingFrame, TransceiverId};
use std::sync::Arc;

/// Congestion control end to end: transport-wide feedback, estimate, pacing.
#[test]
fn who_follows_the_target_fills_the_link_and_does_not_drown_it() {
    let link = Link::new(ms(20)).rate(250_000, ms(300)); // 2 Mbit/s
    let mut pair = media_pair(15, link);
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    let payload_type = payload_type(&pair.a, video, "VP8");
    let mut target = 300_000;
    for frame in 0..600_u32 {
        let asked = pair.a.events.iter().rev().find_map(|event| match event {
            Event::TargetBitrate(bits) => Some(*bits),
            _ => None,
        });
        target = asked.unwrap_or(target);
        let len = (target / 8 / 30) as usize;
        let now = pair.now();
        let frame = OutgoingFrame::new(payload_type, frame * 3_000, vp8(frame, frame == 0, len).into());
        pair.a.connection.send_frame(now, video, None, frame).unwrap();
        pair.run(ms(33));
    }
    // What is under way is not lost.
    pair.run(ms(2_500));
    let seen = frames(&pair.b, TransceiverId(0));
    let last: Vec<_> = seen.iter().rev().take(150).collect();
    let rate = last.iter().map(|frame| frame.data.len() as u64 * 8).sum::<u64>() / 5;
    assert!((1_200_000..2_000_000).contains(&rate), "{rate} bit/s of 2,000,000");
    // Nothing was lost to a queue that ran over.
    assert!(seen.len() > 595, "{}", seen.len());
}

/// Any estimator can take the place of ours: what it says is what the user is told, and how fast packets leave.
#[test]
fn a_foreign_estimator_decides() {
    let (told, factory) = constant(800);
    let mut config = media_config();
    config.estimator = Some(factory);
    let mut pair = Pair::with(18, Link::new(ms(10)), config, media_config());
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    play_video(&mut pair, video, 0, 30, 2_000);
    assert!(pair.a.events.contains(&Event::TargetBitrate(800_000)));
    let (sent, fed, round_trips) =
        (told.sent.load(SeqCst), told.fed.load(SeqCst), told.round_trips.load(SeqCst));
    assert!(sent >= 60 && fed >= 50 && round_trips > 0, "{sent} {fed} {round_trips}");
    // 100,000 bytes at 1 Mbit/s take 0.8 s.
    let number = payload_type(&pair.a, video, "VP8");
    let frame = OutgoingFrame::new(number, 900_000, vp8(300, true, 100_000).into());
    let began = pair.now();
    let before = frames(&pair.b, TransceiverId(0)).len();
    pair.a.connection.send_frame(began, video, None, frame).unwrap();
    pair.run_until(ms(3_000), |_, b| frames(b, TransceiverId(0)).len() > before);
    let took = pair.now().since(began);
    assert!((ms(700)..ms(1_200)).contains(&took), "{took:?}");
}

/// The same bytes twice, with an estimator that draws at random.
#[test]
fn a_foreign_estimator_is_replayed() {
    let run = || {
        let mut config = media_config();
        config.estimator = Some(EstimatorFactory::new(|_, mut rng| {
            let kbps = 500 + rng.below(500);
            Box::new(Constant { kbps, told: Arc::default() })
        }));
        let mut pair = Pair::with(19, Link::new(ms(10)), config, media_config());
        let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
        connect(&mut pair);
        play_video(&mut pair, video, 0, 20, 5_000);
        (pair.a.connection.get_stats(pair.now()), pair.a.sent)
    };
    let (one, other) = (run(), run());
    assert_eq!(one.1, other.1);
    assert!(one.1.len() > 100);
}

/// A later description takes feedback on every packet away: what was estimated is put away with it, and comes back with it.
#[test]
fn the_estimator_goes_with_the_feedback() {
    let mut pair = media_pair(20, Link::new(ms(10)));
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    play_video(&mut pair, video, 0, 30, 3_000);
    let target = |pair: &Pair| {
        let stats = pair.a.connection.get_stats(pair.now());
        stats.iter().find_map(|stats| match &stats.kind {
            StatsKind::CandidatePair(known) => known.available_outgoing_bitrate,
            _ => None,
        })
    };
    assert!(target(&pair).is_some());
    let renegotiate = |pair: &mut Pair, without: bool| {
        let now = pair.now();
        pair.b.connection.set_local_description(now, None).unwrap();
        let mut offer = pair.b.connection.local_description().unwrap();
        if without {
            let lines = offer.sdp.lines().filter(|line| !line.ends_with(" transport-cc"));
            offer.sdp = lines.map(|line| format!("{line}\r\n")).collect();
        }
        pair.a.connection.set_remote_description(now, offer).unwrap();
        pair.a.connection.set_local_description(now, None).unwrap();
        let answer = pair.a.connection.local_description().unwrap();
        pair.b.connection.set_remote_description(now, answer).unwrap();
    };
    renegotiate(&mut pair, true);
    assert_eq!(target(&pair), None);
    // Nothing is paced: 300,000 bytes leave at once.
    let before = pair.a.sent.len();
    let number = payload_type(&pair.a, video, "VP8");
    let frame = OutgoingFrame::new(number, 900_000, vp8(300, true, 300_000).into());
    pair.a.connection.send_frame(pair.now(), video, None, frame).unwrap();
    pair.run(ms(5));
    assert!(pair.a.sent.len() > before + 250, "{}", pair.a.sent.len() - before);
    pair.run(ms(2_500));
    play_video(&mut pair, video, 330, 10, 3_000);
    assert_eq!(target(&pair), None);
    renegotiate(&mut pair, false);
    play_video(&mut pair, video, 360, 30, 3_000);
    assert!(target(&pair).is_some());
    // Held, nothing is forgotten.
    pair.a.connection.set_direction(pair.now(), video, Direction::Inactive).unwrap();
    pair.negotiate();
    assert!(target(&pair).is_some());
}

/// Says the same whatever it is told.
#[derive(Debug)]
struct Constant {
    kbps: u64,
    told: Arc<Told>,
}

/// What an estimator was told.
#[derive(Debug, Default)]
struct Told {
    sent: AtomicUsize,
    fed: AtomicUsize,
    round_trips: AtomicUsize,
}

fn constant(kbps: u64) -> (Arc<Told>, EstimatorFactory) {
    let told = Arc::<Told>::default();
    let kept = told.clone();
    (told, EstimatorFactory::new(move |_, _| Box::new(Constant { kbps, told: kept.clone() })))
}

impl Estimator for Constant {
    fn handle_sent(&mut self, _now: Instant, _packet: Sent) {
        self.told.sent.fetch_add(1, SeqCst);
    }

    fn handle_feedback(&mut self, _now: Instant, feedback: &[PacketFeedback]) {
        self.told.fed.fetch_add(feedback.len(), SeqCst);
    }

    fn handle_round_trip(&mut self, _now: Instant, _round_trip: Duration) {
        self.told.round_trips.fetch_add(1, SeqCst);
    }

    fn set_cap(&mut self, _now: Instant, _cap: Option<Rate>) {}

    fn set_demand(&mut self, _now: Instant, _demand: Rate) {}

    fn rates(&self) -> Rates {
        Rates { target: Rate::from_kbps(self.kbps), pacing: Rate::from_kbps(self.kbps * 5 / 4) }
    }

    fn poll_probe(&mut self, _now: Instant) -> Option<Probe> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
