//! The receiver's side: which packets are missing, and when to ask for each.

use alloc::collections::BTreeMap;
use core::time::Duration;
use siskin_base::Instant;

/// How a [`NackGenerator`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorConfig {
    /// Packets that may be missing at once: 1,000. What is over makes the oldest be given up.
    pub max_missing: usize,
    /// A packet this far behind the newest is given up: 10,000.
    pub max_age: u64,
    /// How often one packet is asked for: 10 times.
    pub max_requests: u8,
    /// How long a gap may be reordering rather than loss: zero, as browsers do.
    pub reorder_delay: Duration,
    /// The least time between two requests for the same packet: 20 ms. The round-trip time, where it is known and longer,
    /// counts instead; each further request waits a quarter longer.
    pub min_interval: Duration,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self {
            max_missing: 1_000,
            max_age: 10_000,
            max_requests: 10,
            reorder_delay: Duration::ZERO,
            min_interval: Duration::from_millis(20),
        }
    }
}

impl GeneratorConfig {
    /// For devices: 64 packets missing at once, and 512 behind the newest.
    pub fn small() -> Self {
        Self { max_missing: 64, max_age: 512, ..Self::default() }
    }
}

/// What a received packet means for the gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It continues the stream, with or without a gap before it.
    New,
    /// It had been missing.
    Recovered,
    /// It came before, or was given up.
    Old,
}

/// Counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct GeneratorStats {
    /// Requests, one for each packet asked for, repetitions included.
    pub requested: u64,
    /// Packets that came after they were missed.
    pub recovered: u64,
    /// Packets that are no longer asked for.
    pub given_up: u64,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    due: Instant,
    requests: u8,
}

/// Keeps the list of missing packets of one stream.
#[derive(Clone, Debug)]
pub struct NackGenerator {
    config: GeneratorConfig,
    newest: Option<u64>,
    missing: BTreeMap<u64, Missing>,
    rtt: Duration,
    stats: GeneratorStats,
    /// The earliest time at which something is due.
    next: Option<Instant>,
}

impl NackGenerator {
    /// Nothing has come yet.
    pub const fn new(config: GeneratorConfig) -> Self {
        let stats = GeneratorStats { requested: 0, recovered: 0, given_up: 0 };
        Self { config, newest: None, missing: BTreeMap::new(), rtt: Duration::ZERO, stats, next: None }
    }

    /// Sets the round-trip time, which spaces requests.
    pub const fn set_rtt(&mut self, rtt: Duration) {
        self.rtt = rtt;
    }

    /// Counters.
    pub const fn stats(&self) -> GeneratorStats {
        self.stats
    }

    /// Packets that are asked for.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Takes note of a packet, by its extended sequence number.
    pub fn received(&mut self, now: Instant, sequence: u64) -> Recovery {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return Recovery::New;
        };
        if sequence <= newest {
            return if self.missing.remove(&sequence).is_some() {
                self.stats.recovered += 1;
                Recovery::Recovered
            } else {
                Recovery::Old
            };
        }
        self.newest = Some(sequence);
        let most = self.config.max_missing as u64;
        // A jump beyond all that may be missing: only its end is worth asking for.
        let first = (newest + 1).max(sequence.saturating_sub(most));
        self.stats.given_up += first - (newest + 1);
        let due = now + self.config.reorder_delay;
        for sequence in first..sequence {
            self.missing.insert(sequence, Missing { due, requests: 0 });
        }
        if first < sequence {
            self.next = Some(self.next.map_or(due, |next| next.min(due)));
        }
        self.give_up_before(sequence.saturating_sub(self.config.max_age));
        while self.missing.len() > self.config.max_missing {
            self.missing.pop_first();
            self.stats.given_up += 1;
        }
        Recovery::New
    }

    /// Forgets what is missing before `sequence`: it would come too late to be of use.
    pub fn give_up_before(&mut self, sequence: u64) {
        while let Some(entry) = self.missing.first_entry()
            && *entry.key() < sequence
        {
            entry.remove();
            self.stats.given_up += 1;
        }
    }

    /// Hands over the packets that are to be asked for now, in order, at most `most` of them.
    pub fn poll(&mut self, now: Instant, most: usize, mut request: impl FnMut(u64)) {
        if self.next.is_none_or(|next| next > now) {
            return;
        }
        let interval = self.rtt.max(self.config.min_interval);
        let (mut asked, mut next) = (0, None);
        let max_requests = self.config.max_requests;
        let before = self.missing.len();
        self.missing.retain(|sequence, missing| {
            if missing.due <= now && asked < most {
                if missing.requests >= max_requests {
                    return false;
                }
                asked += 1;
                // A quarter more for each request before: a path that is full does not get fuller.
                missing.due = now + interval + interval / 4 * u32::from(missing.requests);
                missing.requests += 1;
                request(*sequence);
            }
            next = Some(next.map_or(missing.due, |next: Instant| next.min(missing.due)));
            true
        });
        self.stats.requested += asked as u64;
        self.stats.given_up += (before - self.missing.len()) as u64;
        self.next = next;
    }

    /// When [`poll`](Self::poll) has something again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next.filter(|_| !self.missing.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn poll(generator: &mut NackGenerator, at: u64) -> Vec<u64> {
        let mut out = Vec::new();
        generator.poll(Instant::from_millis(at), 100, |sequence| out.push(sequence));
        out
    }

    #[test]
    fn gaps_are_asked_for_until_they_close() {
        let mut generator = NackGenerator::new(GeneratorConfig::default());
        let at = Instant::from_millis;
        for sequence in [65_534, 65_535, 65_538] {
            assert_eq!(generator.received(at(0), sequence), Recovery::New);
        }
        assert_eq!(poll(&mut generator, 0), [65_536, 65_537]);
        assert_eq!(poll(&mut generator, 19), []);
        assert_eq!(generator.received(at(19), 65_536), Recovery::Recovered);
        assert_eq!(generator.received(at(19), 65_536), Recovery::Old);
        assert_eq!(poll(&mut generator, 20), [65_537]);
        assert_eq!(generator.poll_timeout(), Some(at(45)));
        assert_eq!(generator.received(at(21), 65_537), Recovery::Recovered);
        assert_eq!(generator.poll_timeout(), None);
        assert_eq!(generator.stats(), GeneratorStats { requested: 3, recovered: 2, given_up: 0 });
    }

    #[test]
    fn requests_slow_down_and_end() {
        let mut generator = NackGenerator::new(GeneratorConfig::default());
        generator.set_rtt(Duration::from_millis(100));
        generator.received(Instant::ZERO, 1);
        generator.received(Instant::ZERO, 3);
        let mut times = Vec::new();
        while let Some(due) = generator.poll_timeout() {
            generator.poll(due, 100, |_| times.push(due.as_millis()));
        }
        assert_eq!(times, [0, 100, 225, 375, 550, 750, 975, 1_225, 1_500, 1_800]);
        assert_eq!((generator.missing(), generator.stats().given_up), (0, 1));
    }

    #[test]
    fn no_packet_is_asked_for_more_than_max_requests_times() {
        for max_requests in [0, 1, 3] {
            let config = GeneratorConfig { max_requests, ..GeneratorConfig::default() };
            let mut generator = NackGenerator::new(config);
            generator.received(Instant::ZERO, 1);
            generator.received(Instant::ZERO, 3);
            let asked: usize = (0..10_000).step_by(10).map(|at| poll(&mut generator, at).len()).sum();
            assert_eq!((asked, generator.missing()), (max_requests.into(), 0));
        }
    }

    #[test]
    fn nothing_older_than_max_age_is_missed() {
        for config in [GeneratorConfig::default(), GeneratorConfig::small()] {
            let mut generator = NackGenerator::new(config);
            generator.received(Instant::ZERO, 1);
            // One is missing, and nothing else.
            (3..3 + config.max_age).for_each(|sequence| _ = generator.received(Instant::ZERO, sequence));
            assert_eq!(generator.missing(), 1);
            generator.received(Instant::ZERO, 3 + config.max_age);
            assert_eq!((generator.missing(), generator.stats().given_up), (0, 1));
        }
    }

    #[test]
    fn a_jump_or_an_endless_loss_stays_bounded() {
        let mut generator = NackGenerator::new(GeneratorConfig::small());
        generator.received(Instant::ZERO, 0);
        generator.received(Instant::ZERO, 1 << 40);
        assert_eq!(generator.missing(), 64);
        for index in 1..10_000 {
            generator.received(Instant::ZERO, (1 << 40) + 3 * index);
            assert!(generator.missing() <= 64);
        }
        let stats = generator.stats();
        assert_eq!(stats.given_up + 64, (1 << 40) - 1 + 2 * 9_999);
    }
}
