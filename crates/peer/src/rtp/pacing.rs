//! How fast packets leave: the pacer in front of the transport, and the estimator that tells it.
// RFC 8834 §7.1: the circuit breaker of RFC 8083: not done, because the estimator gives way long before reports would show
// what that waits for; a peer that reports no arrivals gets what the application sends.

use super::{RtpConfig, RtpEvent};
use crate::estimator::EstimatorFactory;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback, Rng, earliest};
use siskin_cc::{Estimator, Gcc, Kind, Pacer, PacerConfig, Rate, Rates, Ready, Sent, gcc};

/// A packet that waits; its payload is in the history of its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queued {
    pub(super) ssrc: u32,
    pub(super) number: u16,
    /// It was sent before, and goes as a retransmission.
    pub(super) again: bool,
}

/// Packets that wait, and what decides when each leaves.
pub(super) struct Pacing {
    pacer: Pacer<Queued>,
    max_packets: usize,
    /// No picture is taken while what waits takes longer than this: so who has more than the path carries is told before the
    /// pacer exceeds the rate, and the path is not drowned.
    longest_wait: Duration,
    estimates: gcc::Config,
    /// None while the peer does not report when packets arrive: then they leave at once.
    estimator: Option<Box<dyn Estimator + Send>>,
    factory: Option<EstimatorFactory>,
    rng: Rng,
    told: u64,
    /// The peer's own limit.
    cap: Option<Rate>,
    /// What those that send want at most.
    limit: Option<Rate>,
    /// There is something to probe with.
    has_video: bool,
    /// What was put in since then.
    demand: (Instant, u64),
    feedback: Vec<PacketFeedback>,
}

/// What the header, its extensions and SRTP's tag add to a payload, roughly.
const OVERHEAD: usize = 50;
/// Above this no frame is taken.
const MAX_WAITING: usize = 768;
/// How long the application's rate is measured.
const DEMAND_WINDOW: Duration = Duration::from_secs(1);
/// The application may want this at any time: less is never taken for all that it wants.
const LEAST_DEMAND: Rate = Rate::from_kbps(300);
/// Before it was measured: a picture of medium size. The first probes go no further than twice that.
const FIRST_DEMAND: Rate = Rate::from_kbps(1_500);
/// Without feedback.
const UNLIMITED: Rates = Rates { target: Rate::MAX, pacing: Rate::MAX };

impl Pacing {
    pub(super) fn new(limits: &RtpConfig, factory: Option<EstimatorFactory>, rng: Rng, now: Instant) -> Self {
        let config = PacerConfig { padding: false, ..limits.pacer };
        Self {
            max_packets: config.max_packets,
            longest_wait: config.max_delay * 19 / 20,
            estimates: limits.estimator,
            pacer: Pacer::new(config, UNLIMITED, now),
            factory,
            rng,
            estimator: None,
            told: 0,
            cap: None,
            limit: None,
            has_video: false,
            demand: (now, 0),
            feedback: Vec::new(),
        }
    }

    /// The peer reports when packets arrive. `padding` says whether retransmissions can fill up probes.
    pub(super) fn estimate(&mut self, now: Instant, padding: bool) {
        if self.estimator.is_none() {
            let mut estimator: Box<dyn Estimator + Send> = match &self.factory {
                Some(factory) => factory.make(now, Rng::from_seed(self.rng.bytes())),
                None => Box::new(Gcc::new(self.estimates, now)),
            };
            estimator.set_demand(now, FIRST_DEMAND);
            self.cap = None;
            estimator.set_cap(now, self.limit);
            self.pacer.set_padding(padding);
            self.pacer.set_rates(now, estimator.rates());
            self.estimator = Some(estimator);
        }
    }

    /// The peer does not report any more: nothing is known of the path, and packets leave at once.
    pub(super) fn stop_estimating(&mut self, now: Instant) {
        if self.estimator.take().is_some() {
            self.told = 0;
            self.pacer.set_padding(false);
            self.pacer.set_rates(now, UNLIMITED);
        }
    }

    /// Whether no frame of that kind is taken now.
    pub(super) fn is_full(&self, kind: Kind) -> bool {
        let waits_long = || self.pacer.delay() > self.longest_wait;
        // Sound overtakes all else.
        self.pacer.len() >= MAX_WAITING.min(self.max_packets / 2) || kind != Kind::Audio && waits_long()
    }

    /// Keeps a packet with so many bytes of payload until it is its turn. False if there is no room.
    pub(super) fn push(&mut self, now: Instant, kind: Kind, payload: usize, packet: Queued) -> bool {
        let size = payload + OVERHEAD;
        if kind != Kind::Retransmission {
            let (since, bytes) = &mut self.demand;
            *bytes += size as u64;
            let elapsed = now.since(*since);
            if elapsed >= DEMAND_WINDOW {
                let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
                let demand = Rate::from_bps(bytes.saturating_mul(8_000) / millis).max(LEAST_DEMAND);
                self.demand = (now, 0);
                self.estimator.iter_mut().for_each(|estimator| estimator.set_demand(now, demand));
            }
        }
        let taken = self.pacer.push(now, kind, size, packet).is_ok();
        self.has_video |= kind == Kind::Video;
        self.probe(now);
        taken
    }

    /// What may leave now.
    pub(super) fn poll_transmit(&mut self, now: Instant) -> Option<Ready<Queued>> {
        self.pacer.poll_transmit(now)
    }

    /// A packet left, under that number over all streams.
    pub(super) fn sent(&mut self, now: Instant, sequence: u64, size: usize, probe: Option<u32>) {
        self.estimator.iter_mut().for_each(|estimator| {
            estimator.handle_sent(now, Sent { sequence, size, probe });
        });
    }

    /// What became of packets.
    pub(super) fn handle_feedback(
        &mut self,
        now: Instant,
        feedback: impl Iterator<Item = PacketFeedback>,
        events: &mut VecDeque<RtpEvent>,
    ) -> u64 {
        self.feedback.clear();
        self.feedback.extend(feedback);
        if self.feedback.is_empty() {
            return 0;
        }
        self.estimator.iter_mut().for_each(|estimator| estimator.handle_feedback(now, &self.feedback));
        self.follow(now, events);
        self.feedback.len() as u64
    }

    pub(super) fn handle_round_trip(&mut self, now: Instant, round_trip: Duration) {
        self.estimator.iter_mut().for_each(|estimator| estimator.handle_round_trip(now, round_trip));
    }

    /// The peer's own limit, in bits per second.
    pub(super) fn set_cap(&mut self, now: Instant, bit_rate: u64, events: &mut VecDeque<RtpEvent>) {
        self.cap = Some(Rate::from_bps(bit_rate));
        self.bound(now, events);
    }

    /// What all that is sent may have together, in bits per second: no more is probed for.
    pub(super) fn set_limit(&mut self, now: Instant, limit: Option<u64>, events: &mut VecDeque<RtpEvent>) {
        let limit = limit.map(Rate::from_bps);
        if core::mem::replace(&mut self.limit, limit) != limit {
            self.bound(now, events);
        }
    }

    fn bound(&mut self, now: Instant, events: &mut VecDeque<RtpEvent>) {
        let bound = [self.cap, self.limit].into_iter().flatten().min();
        self.estimator.iter_mut().for_each(|estimator| estimator.set_cap(now, bound));
        self.follow(now, events);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, events: &mut VecDeque<RtpEvent>) {
        self.estimator.iter_mut().for_each(|estimator| estimator.handle_timeout(now));
        self.pacer.handle_timeout(now);
        self.follow(now, events);
    }

    /// Sound alone fills no probe.
    fn probe(&mut self, now: Instant) {
        let estimator = self.estimator.as_mut().filter(|_| self.has_video);
        if let Some(probe) = estimator.and_then(|estimator| estimator.poll_probe(now)) {
            self.pacer.start_probe(now, probe);
        }
    }

    /// Does what the estimator says now, and tells the user when that has changed by a twentieth.
    fn follow(&mut self, now: Instant, events: &mut VecDeque<RtpEvent>) {
        self.probe(now);
        let Some(estimator) = &mut self.estimator else { return };
        let rates = estimator.rates();
        self.pacer.set_rates(now, rates);
        let target = rates.target.as_bps();
        if target.abs_diff(self.told) > self.told / 20 {
            self.told = target;
            events.retain(|event| !matches!(event, RtpEvent::TargetBitrate(_)));
            events.push_back(RtpEvent::TargetBitrate(target));
        }
    }

    /// What all streams together should send, in bits per second; `None` without feedback.
    pub(super) fn target(&self) -> Option<u64> {
        self.estimator.as_ref().map(|estimator| estimator.rates().target.as_bps())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let estimator = self.estimator.as_ref().and_then(|estimator| estimator.poll_timeout());
        earliest(self.pacer.poll_timeout(), estimator)
    }

    pub(super) fn clear(&mut self) {
        self.pacer.retain(|_, _| false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_would_wait_long_are_refused_and_sound_is_not() {
        let now = Instant::ZERO;
        let mut pacing = Pacing::new(&RtpConfig::default(), None, Rng::for_tests(1), now);
        let push = |pacing: &mut Pacing, number| {
            pacing.push(now, Kind::Video, 1_150, Queued { ssrc: 1, number, again: false })
        };
        (0..700).for_each(|number| assert!(push(&mut pacing, number)));
        assert!(!pacing.is_full(Kind::Video), "without feedback nothing waits for the rate");
        pacing.clear();
        pacing.estimate(now, false);
        let taken = (0..700).take_while(|number| !pacing.is_full(Kind::Video) && push(&mut pacing, *number));
        let taken = taken.count();
        assert!((40..600).contains(&taken), "two seconds at the first rates are some packets, not {taken}");
        assert!(pacing.pacer.delay() <= pacing.longest_wait + Duration::from_millis(50));
        assert!(!pacing.is_full(Kind::Audio));
    }
}
