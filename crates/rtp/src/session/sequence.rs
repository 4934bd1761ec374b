//! Which sequence numbers belong to a stream, and what is lost of it (RFC 3550 A.1, A.3).

use siskin_base::serial;

/// A jump forward of this many packets is not believed at once (RFC 3550 A.1).
const MAX_DROPOUT: u64 = 3_000;
/// A packet this far behind may be one that was overtaken (RFC 3550 A.1).
const MAX_MISORDER: u64 = 100;
/// Extended numbers begin one turn up, so that what was overtaken by the first packet has one too.
const TURN: u64 = 1 << 16;

/// What a sequence number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the stream: its extended number.
    Valid(u64),
    /// The stream began anew, far from where it was: the extended number of its first packet, which is above all before.
    Restarted(u64),
    /// The source must first show a few packets in order.
    Probation,
    /// It is far from where the stream is; a second one behind it will make the stream begin anew.
    OutOfRange,
}

/// The sequence numbers of one source.
#[derive(Clone, Debug)]
pub struct SequenceTracker {
    /// Packets in order that a source must show, and how many are still to come.
    in_order: u8,
    probation: u8,
    highest: Option<u64>,
    /// The first extended number.
    base: u64,
    /// What follows the last number out of range.
    bad: Option<u16>,
    received: u64,
    expected_before: u64,
    received_before: u64,
}

impl SequenceTracker {
    /// A source that must show `in_order` packets in order before it is believed (MIN_SEQUENTIAL): RFC 3550 has 2. Where
    /// SRTP vouches for each packet, 1 takes the first one.
    pub const fn new(in_order: u8) -> Self {
        Self {
            in_order,
            probation: in_order,
            highest: None,
            base: 0,
            bad: None,
            received: 0,
            expected_before: 0,
            received_before: 0,
        }
    }

    /// Takes a packet's number.
    pub fn update(&mut self, number: u16) -> Verdict {
        let Some(highest) = self.highest else {
            self.probation = self.probation.saturating_sub(1);
            self.begin(TURN | u64::from(number));
            return self.verdict();
        };
        if self.probation > 0 {
            return if number == (highest as u16).wrapping_add(1) {
                self.probation -= 1;
                self.begin(highest + 1);
                self.verdict()
            } else {
                self.highest = None;
                self.probation = self.in_order;
                self.update(number)
            };
        }
        let ahead = u64::from(number.wrapping_sub(highest as u16));
        if ahead < MAX_DROPOUT {
            self.highest = Some(highest + ahead);
        } else if ahead <= TURN - MAX_MISORDER {
            if self.bad == Some(number) {
                // Two in a row: the other side began anew.
                self.begin(((highest / TURN + 1) * TURN) | u64::from(number));
                return Verdict::Restarted(self.highest.unwrap_or(highest));
            }
            self.bad = Some(number.wrapping_add(1));
            return Verdict::OutOfRange;
        }
        self.bad = None;
        self.received += 1;
        let extended = serial::widen(number.into(), 16, highest);
        self.base = self.base.min(extended);
        Verdict::Valid(extended)
    }

    fn begin(&mut self, extended: u64) {
        self.highest = Some(extended);
        self.base = extended;
        self.bad = None;
        self.received = 1;
        (self.expected_before, self.received_before) = (0, 0);
    }

    fn verdict(&self) -> Verdict {
        match self.highest {
            Some(highest) if self.probation == 0 => Verdict::Valid(highest),
            _ => Verdict::Probation,
        }
    }

    /// The highest extended number as reports have it: turns, and the number itself.
    pub fn highest(&self) -> u32 {
        self.highest.map_or(0, |highest| (highest - TURN) as u32)
    }

    /// The highest extended number, as [`Verdict::Valid`] gives it.
    pub(super) fn newest(&self) -> u64 {
        self.highest.unwrap_or(0)
    }

    /// The number that a packet outside the stream's order has: one that was sent again, say.
    pub fn widen(&self, number: u16) -> Option<u64> {
        Some(serial::widen(number.into(), 16, self.highest?))
    }

    /// Packets lost since the beginning; negative where some came twice (RFC 3550 A.3).
    pub fn lost(&self) -> i64 {
        self.expected().saturating_sub_unsigned(self.received)
    }

    fn expected(&self) -> i64 {
        self.highest.map_or(0, |highest| (highest - self.base + 1) as i64)
    }

    /// The share of packets lost since the last call, in 1/256 (RFC 3550 A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let (all, received) = (self.expected() as u64, self.received);
        let expected = all - self.expected_before.min(all);
        let came = received - self.received_before.min(received);
        (self.expected_before, self.received_before) = (all, received);
        let lost = expected.saturating_sub(came);
        (lost << 8).checked_div(expected).unwrap_or(0).min(255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{OutOfRange, Probation, Restarted, Valid};

    #[test]
    fn rfc3550_a_1_two_in_order_before_a_source_is_believed() {
        let mut tracker = SequenceTracker::new(2);
        assert_eq!(tracker.update(10), Probation);
        assert_eq!(tracker.update(20), Probation);
        assert_eq!(tracker.update(21), Valid(TURN + 21));
        assert_eq!((tracker.lost(), tracker.highest()), (0, 21));
        let mut trusting = SequenceTracker::new(1);
        assert_eq!(trusting.update(10), Valid(TURN + 10));
    }

    #[test]
    fn numbers_wrap_and_overtake() {
        let mut tracker = SequenceTracker::new(1);
        assert_eq!(tracker.update(0), Valid(TURN));
        assert_eq!(tracker.update(65_535), Valid(TURN - 1));
        assert_eq!(tracker.lost(), 0);
        let mut tracker = SequenceTracker::new(1);
        for number in 0..200_000u64 {
            assert_eq!(tracker.update(number as u16), Valid(TURN + number));
        }
        assert_eq!((tracker.highest(), tracker.lost()), (199_999, 0));
    }

    #[test]
    fn rfc3550_a_1_a_jump_must_be_confirmed() {
        let mut tracker = SequenceTracker::new(1);
        tracker.update(100);
        assert_eq!(tracker.update(3_099), Valid(TURN + 3_099));
        assert_eq!(tracker.update(20_000), OutOfRange);
        assert_eq!(tracker.update(3_100), Valid(TURN + 3_100));
        assert_eq!(tracker.update(20_000), OutOfRange);
        assert_eq!(tracker.update(20_001), Restarted(2 * TURN + 20_001));
        assert_eq!((tracker.lost(), tracker.highest()), (0, 65_536 + 20_001));
        assert_eq!(tracker.update(19_999), Valid(2 * TURN + 19_999));
        assert_eq!(tracker.update(10_000), OutOfRange);
    }

    #[test]
    fn rfc3550_a_3_losses() {
        let mut tracker = SequenceTracker::new(1);
        (0..100).filter(|number| number % 4 != 1).for_each(|number| _ = tracker.update(number));
        assert_eq!((tracker.lost(), tracker.fraction_lost(), tracker.fraction_lost()), (25, 64, 0));
        (100..110).for_each(|number| _ = tracker.update(number));
        assert_eq!((tracker.lost(), tracker.fraction_lost()), (25, 0));
        // Each packet twice: more came than were expected.
        (100..110).for_each(|number| _ = tracker.update(number));
        assert_eq!(tracker.lost(), 15);
    }
}
