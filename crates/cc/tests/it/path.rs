//! A sender of one or more flows, and a receiver that reports, as nodes of the simulated network.

use siskin_base::{Ecn, Instant, Packet, PacketFeedback, Path, Received, Transmit, earliest};
use siskin_cc::{Estimator, Gcc, Kind, Pacer, PacerConfig, Rate, Sent, gcc};
use siskin_netsim::Node;
use std::collections::BTreeMap;
use std::time::Duration;

const PACKET: usize = 1_100;
const FRAME: Duration = Duration::from_millis(33);
const REPORT: Duration = Duration::from_millis(50);

/// Sends pictures as large as the estimate says.
pub(crate) struct Flow {
    pub(crate) estimator: Gcc,
    pub(crate) pacer: Pacer<()>,
    next_frame: Instant,
    sequence: u64,
    sent: BTreeMap<u64, (Instant, usize)>,
    /// The application has no more than this.
    pub(crate) most: Rate,
    /// The target, every 100 ms.
    pub(crate) targets: Vec<(Instant, Rate)>,
}

impl Flow {
    pub(crate) fn new(config: gcc::Config, start: Instant) -> Self {
        let estimator = Gcc::new(config, start);
        let pacer = Pacer::new(PacerConfig::default(), estimator.rates(), start);
        let (sent, targets) = (BTreeMap::new(), Vec::new());
        Self { estimator, pacer, next_frame: start, sequence: 0, sent, most: Rate::MAX, targets }
    }

    fn frame(&mut self, now: Instant) {
        let target = self.estimator.rates().target;
        self.targets.push((now, target));
        let mut left = target.min(self.most).bytes_in(FRAME) as usize;
        while left > 0 {
            let size = left.min(PACKET);
            self.pacer.push(now, Kind::Video, size.max(50), ()).unwrap();
            left -= size;
        }
        self.next_frame = now + FRAME;
    }

    fn tick(&mut self, now: Instant) {
        if now >= self.next_frame {
            self.frame(now);
        }
        self.estimator.handle_timeout(now);
        self.pacer.handle_timeout(now);
        self.adjust(now);
    }

    fn adjust(&mut self, now: Instant) {
        if let Some(probe) = self.estimator.poll_probe(now) {
            self.pacer.start_probe(now, probe);
        }
        self.pacer.set_rates(now, self.estimator.rates());
    }

    fn feedback(&mut self, now: Instant, reports: &[(u64, Option<Instant>)]) {
        let one = |(sequence, arrived): &(u64, Option<Instant>)| {
            let (sent, size) = *self.sent.get(sequence)?;
            Some(PacketFeedback { sequence: *sequence, sent, arrived: *arrived, size, ecn: Ecn::NotEct })
        };
        let feedback: Vec<_> = reports.iter().filter_map(one).collect();
        if let Some(last) = feedback.iter().rfind(|one| one.arrived.is_some()) {
            self.estimator.handle_round_trip(now, now.since(last.sent));
        }
        self.estimator.handle_feedback(now, &feedback);
        self.adjust(now);
        while self.sent.len() > 4_096 {
            self.sent.pop_first();
        }
    }
}

pub(crate) struct Sender {
    pub(crate) flows: Vec<Flow>,
    pub(crate) path: Path,
}

impl Node for Sender {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        let (flow, entries) = received.datagram.split_first().unwrap();
        let reports: Vec<_> = entries
            .chunks(16)
            .map(|entry| {
                let number = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap());
                (number(0), Some(number(8)).filter(|nanos| *nanos > 0).map(Instant::from_nanos))
            })
            .collect();
        self.flows[usize::from(*flow)].feedback(now, &reports);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.flows.iter_mut().for_each(|flow| flow.tick(now));
    }

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        for (index, flow) in self.flows.iter_mut().enumerate() {
            if now < flow.next_frame.saturating_sub(FRAME) {
                continue;
            }
            let Some(ready) = flow.pacer.poll_transmit(now) else { continue };
            let (size, probe) = (ready.size(), ready.probe());
            flow.sent.insert(flow.sequence, (now, size));
            flow.estimator.handle_sent(now, Sent { sequence: flow.sequence, size, probe });
            out.begin(0);
            out.append(&[index as u8]);
            out.append(&flow.sequence.to_le_bytes());
            out.append(&now.as_nanos().to_le_bytes());
            out.append(&vec![0; size.saturating_sub(17)]);
            out.finish();
            flow.sequence += 1;
            return Some(Transmit::single(self.path));
        }
        None
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let flows = self.flows.iter().map(|flow| {
            let engines = earliest(flow.estimator.poll_timeout(), flow.pacer.poll_timeout());
            earliest(engines.map(|due| due.max(flow.next_frame.saturating_sub(FRAME))), Some(flow.next_frame))
        });
        flows.fold(None, earliest)
    }
}

/// What arrived of one flow.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) packets: Vec<(Instant, Duration, usize)>,
    new: BTreeMap<u64, Instant>,
    reported: Option<u64>,
    report: Option<Instant>,
}

pub(crate) struct Receiver {
    pub(crate) flows: Vec<Arrived>,
    pub(crate) path: Path,
    pub(crate) silent: bool,
}

impl Receiver {
    pub(crate) fn new(path: Path, flows: usize) -> Self {
        Self { flows: (0..flows).map(|_| Arrived::default()).collect(), path, silent: false }
    }
}

impl Arrived {
    /// Bits per second that arrived in between.
    pub(crate) fn rate(&self, from: Instant, to: Instant) -> f64 {
        let bytes: usize =
            self.packets.iter().filter(|(at, _, _)| (from..to).contains(at)).map(|(_, _, size)| size).sum();
        bytes as f64 * 8.0 / to.since(from).as_secs_f64()
    }

    /// The longest time on the way.
    pub(crate) fn longest(&self, from: Instant, to: Instant) -> Duration {
        let within = self.packets.iter().filter(|(at, _, _)| (from..to).contains(at));
        within.map(|(_, delay, _)| *delay).max().unwrap_or_default()
    }
}

impl Node for Receiver {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        let bytes = &*received.datagram;
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let flow = &mut self.flows[usize::from(bytes[0])];
        flow.packets.push((now, now.since(Instant::from_nanos(number(9))), bytes.len()));
        flow.new.insert(number(1), now);
        flow.report.get_or_insert(now + REPORT);
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        for (index, flow) in self.flows.iter_mut().enumerate() {
            if flow.report.is_none_or(|due| due > now) {
                continue;
            }
            flow.report = None;
            let new = core::mem::take(&mut flow.new);
            if self.silent {
                continue;
            }
            out.begin(0);
            out.append(&[index as u8]);
            let (first, last) = (*new.keys().next()?, *new.keys().next_back()?);
            let from = flow.reported.map_or(first, |reported| first.min(reported + 1));
            for sequence in from..=last {
                out.append(&sequence.to_le_bytes());
                // An hour ahead.
                let clock = |at: &Instant| at.as_nanos() + 3_600_000_000_000;
                out.append(&new.get(&sequence).map_or(0, clock).to_le_bytes());
            }
            flow.reported = Some(last.max(flow.reported.unwrap_or(last)));
            out.finish();
            return Some(Transmit::single(self.path));
        }
        None
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.flows.iter().filter_map(|flow| flow.report).min()
    }
}
