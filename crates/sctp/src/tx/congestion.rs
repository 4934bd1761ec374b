//! How much may be in flight: slow start, congestion avoidance, what loss costs (RFC 9260 §7.2).

use crate::Config;
use crate::wire::COMMON_HEADER_LEN;
use core::time::Duration;

/// The congestion window. All sizes are bytes of DATA chunks, header and padding included (RFC 9260 §7.2).
#[derive(Debug)]
pub(crate) struct Congestion {
    cwnd: usize,
    ssthresh: usize,
    partial_bytes_acked: usize,
    /// PMDCS: the largest DATA chunk that a packet holds.
    pmdcs: usize,
    max_cwnd: usize,
}

/// What a SACK says to congestion control.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckedBytes {
    /// Newly acknowledged, cumulatively or in gap blocks.
    pub(crate) bytes: usize,
    /// In flight before the SACK.
    pub(crate) flight_before: usize,
    /// Whether fast recovery is on.
    pub(crate) in_recovery: bool,
}

impl Congestion {
    pub(crate) fn new(config: &Config, peer_window: u32) -> Self {
        let pmdcs = pmdcs(config.max_datagram);
        // RFC 9260 §7.2.1; 60 bytes less over IPv6: not done, because SCTP does not know what carries it.
        let initial = config.initial_cwnd.unwrap_or_else(|| (4 * pmdcs).min((2 * pmdcs).max(4404)));
        let initial = initial.min(config.max_cwnd);
        Self {
            cwnd: initial,
            // Arbitrarily high; the peer's window is the usual choice.
            ssthresh: (peer_window as usize).max(initial),
            partial_bytes_acked: 0,
            pmdcs,
            max_cwnd: config.max_cwnd,
        }
    }

    pub(crate) fn cwnd(&self) -> usize {
        self.cwnd
    }

    #[cfg(test)]
    fn ssthresh(&self) -> usize {
        self.ssthresh
    }

    pub(crate) fn set_max_datagram(&mut self, max_datagram: usize) {
        self.pmdcs = pmdcs(max_datagram);
    }

    /// The cumulative TSN went forward.
    pub(crate) fn on_acked(&mut self, acked: AckedBytes) {
        // RFC 9260 §7.2.1 and §7.2.2: only a window that was in use may grow. §7.2.2's cwnd bytes in flight to the last: not
        // done, because Max.Burst and whole chunks leave up to a packet unused.
        let used = acked.flight_before + self.pmdcs > self.cwnd;
        if self.cwnd <= self.ssthresh {
            if used && !acked.in_recovery {
                // §7.2.1 with L = 2: a SACK for two packets counts for two, and what one SACK releases is bounded
                // by `Sender::burst_limit`.
                self.cwnd += acked.bytes.min(SLOW_START_L * self.pmdcs);
            }
        } else {
            self.partial_bytes_acked += acked.bytes;
            if self.partial_bytes_acked >= self.cwnd {
                if used {
                    self.partial_bytes_acked -= self.cwnd;
                    if !acked.in_recovery {
                        self.cwnd += self.pmdcs;
                    }
                } else {
                    self.partial_bytes_acked = self.cwnd;
                }
            }
        }
        self.cwnd = self.cwnd.min(self.max_cwnd);
    }

    /// Everything has been acknowledged (RFC 9260 §7.2.2).
    pub(crate) fn on_all_acked(&mut self) {
        self.partial_bytes_acked = 0;
    }

    /// SACKs report a loss (RFC 9260 §7.2.3).
    pub(crate) fn on_loss(&mut self) {
        self.ssthresh = (self.cwnd / 2).max(4 * self.pmdcs);
        self.cwnd = self.ssthresh.min(self.max_cwnd);
        self.partial_bytes_acked = 0;
    }

    /// T3-rtx expired (RFC 9260 §7.2.3).
    pub(crate) fn on_timeout(&mut self) {
        self.on_loss();
        self.cwnd = self.pmdcs;
    }

    /// Nothing was sent for `idle` (RFC 9260 §7.2.1).
    pub(crate) fn on_idle(&mut self, idle: Duration, rto: Duration) {
        let periods = idle.as_nanos() / rto.as_nanos().max(1);
        let floor = (4 * self.pmdcs).min(self.cwnd);
        let halved = self.cwnd.checked_shr(u32::try_from(periods).unwrap_or(u32::MAX)).unwrap_or(0);
        if periods > 0 {
            self.ssthresh = self.ssthresh.max(self.cwnd);
            self.cwnd = halved.max(floor);
        }
    }
}

const SLOW_START_L: usize = 2;

/// The largest DATA chunk that a packet of `max_datagram` bytes holds, header included.
pub(super) const fn pmdcs(max_datagram: usize) -> usize {
    (max_datagram & !3) - COMMON_HEADER_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { max_datagram: 1000 + COMMON_HEADER_LEN, ..Config::default() }
    }

    fn acked(bytes: usize, flight_before: usize) -> AckedBytes {
        AckedBytes { bytes, flight_before, in_recovery: false }
    }

    #[test]
    fn rfc9260_7_2_1_initial_window() {
        assert_eq!(Congestion::new(&config(), 1 << 20).cwnd(), 4 * 1000);
        let larger = Config { max_datagram: 1512, ..Config::default() };
        assert_eq!(Congestion::new(&larger, 1 << 20).cwnd(), 4404);
    }

    #[test]
    fn rfc9260_7_2_1_slow_start_needs_a_used_window() {
        let mut cc = Congestion::new(&config(), 1 << 20);
        cc.on_acked(acked(1000, 1000));
        assert_eq!(cc.cwnd(), 4000, "not in use");
        cc.on_acked(acked(2000, 4000));
        assert_eq!(cc.cwnd(), 6000);
        cc.on_acked(acked(5000, 6000));
        assert_eq!(cc.cwnd(), 8000, "no more than L × PMTU");
        cc.on_acked(AckedBytes { in_recovery: true, ..acked(2000, 8000) });
        assert_eq!(cc.cwnd(), 8000, "not in fast recovery");
    }

    #[test]
    fn rfc9260_7_2_2_one_packet_per_window() {
        let mut cc = Congestion::new(&config(), 0);
        cc.on_acked(acked(2000, 4000)); // leaves slow start
        assert_eq!(cc.cwnd(), 6000);
        for _ in 0..3 {
            cc.on_acked(acked(2000, 6000));
        }
        assert_eq!(cc.cwnd(), 7000);
    }

    #[test]
    fn no_window_is_larger_than_max_cwnd() {
        let max_cwnd = 10_000;
        for initial_cwnd in [None, Some(9_999), Some(1 << 20)] {
            for peer_window in [0, 1 << 20] {
                let mut cc = Congestion::new(&Config { max_cwnd, initial_cwnd, ..config() }, peer_window);
                for _ in 0..1_000 {
                    assert!(cc.cwnd() <= max_cwnd);
                    cc.on_acked(acked(2000, cc.cwnd()));
                }
                assert_eq!(cc.cwnd(), max_cwnd, "{initial_cwnd:?} {peer_window}");
            }
        }
    }

    #[test]
    fn rfc9260_7_2_3_loss() {
        let mut cc = Congestion::new(&Config { initial_cwnd: Some(100_000), ..config() }, 1 << 20);
        cc.on_loss();
        assert_eq!((cc.cwnd(), cc.ssthresh()), (50_000, 50_000));
        cc.on_timeout();
        assert_eq!((cc.cwnd(), cc.ssthresh()), (1000, 25_000));
        cc.on_timeout();
        assert_eq!((cc.cwnd(), cc.ssthresh()), (1000, 4000));
    }

    #[test]
    fn rfc9260_7_2_1_an_idle_window_decays() {
        let second = Duration::from_secs(1);
        let mut cc = Congestion::new(&Config { initial_cwnd: Some(64_000), ..config() }, 1 << 20);
        cc.on_idle(second / 2, second);
        assert_eq!(cc.cwnd(), 64_000);
        cc.on_idle(second * 2, second);
        assert_eq!(cc.cwnd(), 16_000);
        cc.on_idle(second * 1000, second);
        assert_eq!(cc.cwnd(), 4000);
    }
}
