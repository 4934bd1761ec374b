//! When RTCP may be sent (RFC 3550 §6.2, §6.3, A.7; RFC 4585 §3.5).
//!
//! Reports leave at random intervals. Feedback leaves at once, but keeps RTCP's share of the bandwidth: after each datagram
//! the next must wait as long as that share needs for it.
// RFC 4585 §3.5.2: `allow_early`: not done, because feedback on every packet goes many times between two reports; the
// bandwidth is kept by spacing all datagrams alike. T_dither_max is 0, as for two members.
// RFC 3550 §6.2, §6.3.1: a quarter of the bandwidth for those who send: not done, because the sessions of WebRTC have two ends,
// and mostly both send.
// RFC 3550 §6.3.3, §6.3.4, §6.3.7: reconsideration: not done, because there are two ends.
// RFC 3550 §6.3.3, RFC 4585 §3.5.4: the sizes of what is received: not done, because the average also spaces what we send, and small feedback of
// the peer's would then let ours exceed its share.

use core::time::Duration;
use siskin_base::{Instant, Rng};

/// What an RTCP datagram costs on the way: IPv4, UDP, and what SRTCP adds, as RFC 3711 §3.4 wants: index and tag.
const OVERHEAD: u64 = 28 + 4 + 16;

/// The timers of a session.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    bandwidth: u64,
    interval: Duration,
    /// The average size of a datagram, in 1/16 of a byte (RFC 3550 §6.3.3).
    average: u64,
    next_report: Option<Instant>,
    /// Nothing leaves before.
    not_before: Instant,
}

impl Schedule {
    pub(super) const fn new(bandwidth: u64, interval: Duration) -> Self {
        let average = (100 + OVERHEAD) * 16;
        Self { bandwidth, interval, average, next_report: None, not_before: Instant::ZERO }
    }

    /// Begins to report, if it has not: the first report comes after half the time (RFC 3550 §6.2).
    pub(super) fn start(&mut self, now: Instant, members: usize, rng: &mut Rng) {
        if self.next_report.is_none() {
            self.next_report = Some(now + self.draw(members, rng) / 2);
        }
    }

    /// Ends reporting.
    pub(super) const fn stop(&mut self) {
        self.next_report = None;
    }

    pub(super) const fn next_report(&self) -> Option<Instant> {
        self.next_report
    }

    /// The earliest time for feedback.
    pub(super) const fn not_before(&self) -> Instant {
        self.not_before
    }

    /// How long a source among so many may be silent: RFC 3550 §6.3.5 with the interval of RFC 4585 §3.5.4, which is longer
    /// where many share the bandwidth.
    pub(super) fn timeout(&self, intervals: u32, members: usize) -> Duration {
        self.interval.max(Duration::from_secs(1)).max(self.share(members)).saturating_mul(intervals)
    }

    /// A datagram of `len` bytes left, with a report in it or not.
    pub(super) fn sent(&mut self, now: Instant, len: usize, report: bool, members: usize, rng: &mut Rng) {
        // RFC 3550 §6.3.3: a sixteenth of each new size.
        self.average = (len as u64 + OVERHEAD) + self.average - self.average / 16;
        self.not_before = now + self.share(1);
        if report {
            self.next_report = Some(now + self.draw(members, rng));
        }
    }

    /// How long the bandwidth needs for `datagrams` of average size.
    fn share(&self, datagrams: usize) -> Duration {
        let bits = self.average / 16 * 8 * datagrams as u64;
        Duration::from_micros(bits.saturating_mul(1_000_000) / self.bandwidth.max(1))
    }

    /// RFC 3550 §6.3.1: between half and one and a half of what is due, divided by e - 3/2.
    fn draw(&self, members: usize, rng: &mut Rng) -> Duration {
        let due = self.interval.max(self.share(members));
        let thousandths = 500 + rng.below(1_001);
        let nanos = due.as_nanos() * u128::from(thousandths) / 1_218;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3550_6_3_1_reports_come_at_random() {
        let mut rng = Rng::for_tests(1);
        let mut schedule = Schedule::new(50_000, Duration::from_secs(1));
        schedule.start(Instant::ZERO, 2, &mut rng);
        assert!((205..=616).contains(&schedule.next_report().unwrap().as_millis()));
        let mut sum = 0;
        for _ in 0..1_000 {
            schedule.sent(Instant::ZERO, 100, true, 2, &mut rng);
            let next = schedule.next_report().unwrap().as_millis();
            assert!((410..=1_232).contains(&next));
            sum += next;
        }
        assert!((800..=842).contains(&(sum / 1_000)), "{sum}");
    }

    #[test]
    fn rfc3550_6_3_5_many_take_longer_to_be_heard() {
        let schedule = Schedule::new(8_000, Duration::from_millis(100));
        assert_eq!(schedule.timeout(5, 2), Duration::from_secs(5));
        // A hundred datagrams of 148 bytes at 1,000 bytes per second.
        assert_eq!(schedule.timeout(5, 100), Duration::from_secs(5 * 148) / 10);
    }

    #[test]
    fn rfc3711_3_4_the_bandwidth_spaces_datagrams_with_what_srtcp_adds() {
        let mut rng = Rng::for_tests(1);
        let mut schedule = Schedule::new(8_000, Duration::from_millis(100));
        for _ in 0..100 {
            schedule.sent(Instant::ZERO, 452, false, 2, &mut rng);
        }
        // 500 bytes at 1,000 bytes per second.
        assert!((490..=500).contains(&schedule.not_before().as_millis()));
        // Twenty members need twenty times as long, which is above the least interval.
        schedule.sent(Instant::ZERO, 472, true, 20, &mut rng);
        assert!(schedule.next_report().unwrap() > Instant::from_millis(4_000));
    }
}
