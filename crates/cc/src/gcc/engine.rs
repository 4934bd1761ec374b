//! The parts together.

use super::Usage;
use super::aimd::Aimd;
use super::config::{Config, Stats};
use super::delay::Queue;
use super::detector::Detector;
use super::groups::Groups;
use super::idle::Idle;
use super::loss::Loss;
use super::meter::Meter;
use super::probe::Prober;
use super::trend::Trend;
use crate::{Estimator, Probe, Rate, Rates, Sent};
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback, earliest};

/// What is left when feedback stays away.
const SILENCE: f64 = 0.7;
/// How long what a probe showed stands for what arrives.
const SHOWN: Duration = Duration::from_secs(1);
/// A shorter queue is no over-use.
const QUEUE: Duration = Duration::from_millis(10);
/// Who sent something within this still sends.
const ACTIVE: Duration = Duration::from_secs(1);
/// Between probes because more is wanted, and from over-use to the next of them.
const PROBE_SPACING: Duration = Duration::from_secs(1);
const AFTER_OVER_USE: Duration = Duration::from_secs(5);
/// Above this share nobody probes for more.
const LITTLE_LOSS: f64 = 0.02;
/// What is assumed before anything was measured.
const ROUND_TRIP: Duration = Duration::from_millis(200);

/// The estimator of draft-ietf-rmcat-gcc: see [the module](crate::gcc).
#[derive(Clone, Debug)]
pub struct Gcc {
    config: Config,
    cap: Option<Rate>,
    demand: Rate,
    round_trip: Duration,
    groups: Groups,
    trend: Trend,
    detector: Detector,
    aimd: Aimd,
    arrived: Meter,
    queue: Queue,
    loss: Loss,
    idle: Idle,
    is_idle: bool,
    prober: Prober,
    /// When the first packet left that no feedback has told of since.
    unanswered: Option<Instant>,
    /// The last packet that left.
    last_sent: u64,
    last_sent_at: Option<Instant>,
    /// When the delay last said that it is too much.
    over_used: Option<Instant>,
    /// What the last probe showed that led to more.
    shown: Option<(Instant, f64)>,
    stats: Stats,
}

impl Gcc {
    /// Nothing was sent yet.
    pub fn new(config: Config, now: Instant) -> Self {
        let start = config.start.clamp(config.min.min(config.max), config.max);
        Self {
            cap: None,
            demand: config.max,
            round_trip: ROUND_TRIP,
            groups: Groups::default(),
            trend: Trend::default(),
            detector: Detector::default(),
            aimd: Aimd::new(start),
            arrived: Meter::new(config.max_packets),
            queue: Queue::default(),
            loss: Loss::new(now),
            idle: Idle::new(config.max_packets),
            is_idle: false,
            prober: Prober::new(&config),
            unanswered: None,
            last_sent: 0,
            last_sent_at: None,
            over_used: None,
            shown: None,
            stats: Stats::default(),
            config,
        }
    }

    /// What it thinks, and what it did.
    pub fn stats(&self) -> Stats {
        Stats {
            delay_based: Rate::from_f64(self.aimd.rate()),
            loss_based: Rate::from_f64(self.loss.bound()),
            arrived: self.arrived.rate().unwrap_or_default(),
            usage: self.usage(),
            queue: self.queue.length(),
            loss: (self.loss.share() * 1_000.0) as u32,
            decreases: self.aimd.decreases,
            loss_decreases: self.loss.decreases,
            probes: self.prober.sent,
            probe_results: self.prober.results,
            ..self.stats
        }
    }

    fn most(&self) -> Rate {
        self.cap.map_or(self.config.max, |cap| cap.min(self.config.max))
    }

    /// Far more than the application wants needs no probe.
    fn most_to_probe(&self) -> Rate {
        self.most().min(self.demand.percent(200))
    }

    fn bounded(&self, rate: f64) -> f64 {
        let most = self.most().as_f64();
        rate.min(self.loss.bound()).min(most).max(self.config.min.as_f64().min(self.config.max.as_f64()))
    }

    fn target(&self) -> Rate {
        Rate::from_f64(self.bounded(self.aimd.rate() * self.queue.share()))
    }

    fn found(&mut self, now: Instant, shown: Rate) {
        let shown = shown.as_f64();
        self.loss.raise(shown);
        if shown > self.aimd.rate() && self.usage() != Usage::Over {
            self.aimd.set(now, shown);
            self.shown = Some((now, shown));
        }
    }

    /// What the delay says; over-use only if there is a queue, too, because jitter looks like growth at times.
    fn usage(&self) -> Usage {
        match self.detector.usage() {
            Usage::Over if self.queue.length() < QUEUE => Usage::Normal,
            usage => usage,
        }
    }

    /// When the next probe is due because the application sends little.
    fn idle_probe(&self) -> Option<Instant> {
        let last = self.prober.last()?;
        let wanted = self.config.probing && self.is_idle && self.target() < self.most_to_probe();
        let due = last + self.config.idle_probe_interval;
        // Nobody asks for more who sends nothing at all.
        let last_sent = self.last_sent_at?;
        Some(due).filter(|due| wanted && due.since(last_sent) < ACTIVE)
    }

    fn silence(&self) -> Option<Instant> {
        // Nothing falls below the least, so nothing is left to do there.
        let falls = self.aimd.rate() > self.config.min.as_f64();
        self.unanswered
            .filter(|_| falls)
            .map(|since| since + self.config.feedback_timeout.max(2 * self.round_trip))
    }
}

impl Estimator for Gcc {
    fn handle_sent(&mut self, now: Instant, packet: Sent) {
        let at = signed(now);
        self.idle.sent(at, packet.size);
        if let Some(probe) = packet.probe {
            self.prober.sent(packet.sequence, probe);
        }
        self.unanswered.get_or_insert(now);
        self.last_sent = self.last_sent.max(packet.sequence);
        self.last_sent_at = Some(now);
        let target = self.target();
        self.is_idle = self.idle.update(at, target);
    }

    fn handle_feedback(&mut self, now: Instant, feedback: &[PacketFeedback]) {
        if feedback.is_empty() {
            return;
        }
        let all = feedback.iter().any(|one| one.sequence >= self.last_sent);
        self.unanswered = (!all).then_some(now);
        let mut least = None;
        let mut shown = None;
        for one in feedback {
            self.loss.push(one);
            let Some(arrived) = one.arrived else { continue };
            let (sent, arrived) = (signed(one.sent), signed(arrived));
            let transit = arrived.saturating_sub(sent);
            least = Some(least.map_or(transit, |least: i64| least.min(transit)));
            self.arrived.push(arrived, one.size);
            if let Some(rate) = self.prober.arrived(one, sent, arrived, self.most_to_probe()) {
                shown = Some(rate);
            }
            if let Some(delta) = self.groups.push(sent, arrived)
                && let Some(growth) = self.trend.push(delta)
            {
                self.detector.push(growth, delta.arrived);
            }
        }
        if let Some(least) = least {
            self.queue.update(now, least);
        }
        if let Some(shown) = shown {
            self.found(now, shown);
        }
        let usage = self.usage();
        if usage == Usage::Over {
            self.over_used = Some(now);
            self.prober.stop();
        }
        let arrived = self.arrived.rate().map(Rate::as_f64);
        // What a probe showed counts as long as less was sent than that.
        let shown = self.shown.filter(|(at, _)| now.since(*at) < SHOWN).map(|(_, rate)| rate);
        let arrived = arrived.map(|arrived| shown.map_or(arrived, |shown| shown.max(arrived)));
        let may_grow = !self.is_idle && self.queue.share() > 0.95;
        self.aimd.update(now, usage, arrived, self.round_trip, may_grow);
        let target = self.bounded(self.aimd.rate());
        self.loss.update(now, target, self.round_trip);
    }

    fn handle_round_trip(&mut self, _now: Instant, round_trip: Duration) {
        self.round_trip = round_trip.min(Duration::from_secs(5));
    }

    fn set_cap(&mut self, _now: Instant, cap: Option<Rate>) {
        self.cap = cap;
    }

    fn set_demand(&mut self, now: Instant, demand: Rate) {
        self.demand = demand;
        // More is wanted than is known to pass: growth by and by would take long to show whether it does.
        let target = self.target();
        let calm = |at: Option<Instant>, time| at.is_none_or(|at| now.since(at) >= time);
        let due = calm(self.prober.last(), PROBE_SPACING) && calm(self.over_used, AFTER_OVER_USE);
        if self.config.probing && due && demand > target && self.loss.share() < LITTLE_LOSS {
            self.prober.again(target, self.most_to_probe());
        }
    }

    fn rates(&self) -> Rates {
        let target = self.target();
        Rates { target, pacing: target.percent(self.config.pacing_percent.max(100)) }
    }

    fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        // A path on which nothing was sent yet may not be there yet.
        self.last_sent_at.and_then(|_| self.prober.poll(now))
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.prober.expire(now);
        if self.silence().is_some_and(|due| due <= now) {
            self.aimd.set(now, self.aimd.rate() * SILENCE);
            self.prober.stop();
            self.stats.feedback_timeouts += 1;
            // Half of the time until the next one.
            let half = self.config.feedback_timeout.max(2 * self.round_trip) / 2;
            self.unanswered = Some(now.saturating_sub(half));
        }
        let target = self.target();
        self.is_idle = self.idle.update(signed(now), target);
        if self.idle_probe().is_some_and(|due| due <= now) {
            self.prober.again(target, self.most_to_probe());
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        earliest(self.silence(), earliest(self.idle_probe(), self.prober.timeout()))
    }
}

/// Nanoseconds as a signed number: half of the range that an instant has, of which 292 years are enough.
fn signed(at: Instant) -> i64 {
    i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)
}
