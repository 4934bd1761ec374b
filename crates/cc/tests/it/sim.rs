//! What the estimate makes of paths.

use crate::path::{Flow, Receiver, Sender};
use siskin_base::{Instant, Rng};
use siskin_cc::{Rate, gcc};
use siskin_netsim::{Link, Network};
use std::time::Duration;

fn at(seconds: f64) -> Instant {
    Instant::from_nanos((seconds * 1e9) as u64)
}

struct Run {
    network: Network,
    sender: Sender,
    receiver: Receiver,
}

/// A path of so many kbit/s and 25 ms each way; a router that keeps up to a second.
fn link(kbps: u64) -> Link {
    Link::new(Duration::from_millis(25)).rate(kbps * 125, Duration::from_millis(1_000))
}

impl Run {
    fn new(link: Link, starts: &[f64]) -> Self {
        let mut network = Network::pair(Rng::for_tests(1), Link::new(Duration::from_millis(25)));
        network.set_link(0, 1, link);
        let flows = starts.iter().map(|start| Flow::new(gcc::Config::default(), at(*start))).collect();
        let sender = Sender { flows, path: network.path(0, 1) };
        let receiver = Receiver::new(network.path(1, 0), starts.len());
        Self { network, sender, receiver }
    }

    fn until(&mut self, seconds: f64) -> &mut Self {
        self.network.run(&mut [&mut self.sender, &mut self.receiver], at(seconds));
        self.network.advance(at(seconds));
        self
    }

    fn rate(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.receiver.flows[flow].rate(at(from), at(to)) / 1_000.0
    }

    fn longest(&self, from: f64, to: f64) -> u128 {
        self.receiver.flows[0].longest(at(from), at(to)).as_millis()
    }

    /// One line for each second, for whoever looks into a failure.
    fn picture(&self) -> String {
        let flow = &self.sender.flows[0];
        let mut lines = format!("{:?}\n", flow.estimator.stats());
        for second in 0..self.network.now().as_millis() / 1_000 {
            let (from, to) = (second as f64, second as f64 + 1.0);
            let target = flow
                .targets
                .iter()
                .rfind(|(time, _)| *time < at(to))
                .map_or(0, |(_, rate)| rate.as_bps() / 1_000);
            lines += &format!(
                "{second:>4} s: target {target:>6}, arrived {:>6.0} kbit/s, longest {:>5} ms\n",
                self.rate(0, from, to),
                self.longest(from, to)
            );
        }
        lines
    }
}

#[test]
fn fills_a_link_within_seconds() {
    for kbps in [500, 1_000, 2_000, 10_000] {
        let mut run = Run::new(link(kbps), &[0.0]);
        run.until(30.0);
        let (early, late) = (run.rate(0, 5.0, 10.0), run.rate(0, 20.0, 30.0));
        assert!(
            early > 0.8 * kbps as f64 && late > 0.8 * kbps as f64,
            "{kbps}: {early} {late}\n{}",
            run.picture()
        );
        assert!(run.longest(5.0, 30.0) < 300, "{kbps}\n{}", run.picture());
    }
}

#[test]
fn yields_when_the_link_gets_narrow_and_comes_back() {
    let mut run = Run::new(link(2_000), &[0.0]);
    run.until(15.0).network.set_link(0, 1, link(500));
    run.until(45.0);
    assert!(run.longest(20.0, 45.0) < 400, "{}", run.picture());
    assert!(run.rate(0, 25.0, 45.0) > 0.7 * 500.0, "{}", run.picture());
    run.network.set_link(0, 1, link(2_000));
    run.until(105.0);
    assert!(run.rate(0, 85.0, 105.0) > 0.8 * 2_000.0, "{}", run.picture());
}

#[test]
fn random_loss_is_no_congestion() {
    for (loss, least) in [(0.02, 0.8), (0.05, 0.7)] {
        let mut run = Run::new(link(2_000).loss(loss), &[0.0]);
        run.until(60.0);
        assert!(run.rate(0, 10.0, 60.0) > least * 2_000.0 * (1.0 - loss), "{loss}\n{}", run.picture());
    }
}

#[test]
fn jitter_is_no_congestion() {
    let mut run = Run::new(link(2_000).jitter(Duration::from_millis(20)), &[0.0]);
    run.until(60.0);
    assert!(run.rate(0, 20.0, 60.0) > 0.6 * 2_000.0, "{}", run.picture());
}

#[test]
fn a_router_without_a_queue_is_noticed_by_its_losses() {
    let link = Link::new(Duration::from_millis(25)).rate(125_000, Duration::from_millis(10));
    let mut run = Run::new(link, &[0.0]);
    run.until(40.0);
    let sent: f64 = run.sender.flows[0]
        .targets
        .iter()
        .filter(|(time, _)| *time > at(20.0))
        .map(|(_, rate)| rate.as_bps() as f64 / 1_000.0)
        .sum();
    let mean = sent / run.sender.flows[0].targets.iter().filter(|(time, _)| *time > at(20.0)).count() as f64;
    assert!(mean < 1_300.0 && run.rate(0, 20.0, 40.0) > 600.0, "{mean}\n{}", run.picture());
}

#[test]
fn twins_share() {
    for starts in [[0.0, 0.0], [0.0, 10.0]] {
        let mut run = Run::new(link(3_000), &starts);
        run.until(120.0);
        let (a, b) = (run.rate(0, 60.0, 120.0), run.rate(1, 60.0, 120.0));
        let jain = (a + b) * (a + b) / (2.0 * (a * a + b * b));
        assert!(jain > 0.8 && a + b > 0.75 * 3_000.0, "{jain}: {a} {b}\n{}", run.picture());
    }
}

#[test]
fn silence_lowers_the_rate() {
    let mut run = Run::new(link(2_000), &[0.0]);
    run.until(10.0).receiver.silent = true;
    let before = run.sender.flows[0].estimator.stats();
    run.until(20.0);
    let flow = &run.sender.flows[0];
    let target = flow.targets.last().unwrap().1;
    assert!(target < Rate::from_kbps(100), "{}", run.picture());
    assert!(flow.estimator.stats().feedback_timeouts > before.feedback_timeouts + 3);
    run.receiver.silent = false;
    run.until(80.0);
    assert!(run.rate(0, 60.0, 80.0) > 0.7 * 2_000.0, "{}", run.picture());
}

#[test]
fn an_application_that_sends_little_keeps_its_estimate_and_finds_room() {
    let mut run = Run::new(link(4_000), &[0.0]);
    run.sender.flows[0].most = Rate::from_kbps(200);
    run.until(40.0);
    let target = run.sender.flows[0].targets.last().unwrap().1;
    assert!(target > Rate::from_kbps(1_000), "{}", run.picture());
    // Little is sent in between.
    assert!(run.rate(0, 10.0, 40.0) < 400.0, "{}", run.picture());
}

#[test]
fn the_receivers_cap_is_obeyed() {
    use siskin_cc::Estimator;
    let mut run = Run::new(link(4_000), &[0.0]);
    run.sender.flows[0].estimator.set_cap(Instant::ZERO, Some(Rate::from_kbps(700)));
    run.until(20.0);
    assert!((550.0..720.0).contains(&run.rate(0, 10.0, 20.0)), "{}", run.picture());
    run.sender.flows[0].estimator.set_cap(at(20.0), None);
    run.until(60.0);
    assert!(run.rate(0, 50.0, 60.0) > 0.8 * 4_000.0, "{}", run.picture());
}

#[test]
fn the_same_seed_gives_the_same_rates() {
    let targets = || {
        let mut run = Run::new(link(2_000).loss(0.03).jitter(Duration::from_millis(10)), &[0.0]);
        run.until(10.0);
        run.sender.flows.remove(0).targets
    };
    assert_eq!(targets(), targets());
}
