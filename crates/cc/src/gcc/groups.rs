//! Groups of packets that left together (draft-ietf-rmcat-gcc §5.2), and how their distances change on the way.

use core::time::Duration;

/// §5.2: what leaves within this is one group; what arrives within it, one behind the other, too.
const BURST: i64 = 5_000_000;
/// A group goes on for no longer.
const LONGEST: i64 = 100_000_000;
/// More than this between two groups tells nothing about queues.
const GAP: i64 = 3_000_000_000;

/// Times are nanoseconds, those of arrival on the receiver's clock.
#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    first_arrived: i64,
    last_arrived: i64,
}

/// How far two groups in a row are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Delta {
    /// When they left, in ms.
    pub(super) sent: f64,
    /// When they arrived, in ms.
    pub(super) arrived: f64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Groups {
    before: Option<Group>,
    current: Option<Group>,
}

impl Groups {
    /// Takes a packet; a delta when with it a new group begins and two are complete.
    pub(super) fn push(&mut self, sent: i64, arrived: i64) -> Option<Delta> {
        let new = Group { first_sent: sent, last_sent: sent, first_arrived: arrived, last_arrived: arrived };
        let Some(group) = &mut self.current else {
            self.current = Some(new);
            return None;
        };
        // Another packet's place: it says nothing about the group.
        if sent < group.first_sent {
            return None;
        }
        let apart = arrived.saturating_sub(group.last_arrived);
        let variation = apart.saturating_sub(sent.saturating_sub(group.last_sent));
        let together = sent.saturating_sub(group.first_sent) <= BURST;
        let burst = (0..=BURST).contains(&apart)
            && variation < 0
            && arrived.saturating_sub(group.first_arrived) < LONGEST;
        if together || burst {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrived = group.last_arrived.max(arrived);
            return None;
        }
        let complete = *group;
        self.current = Some(new);
        let before = self.before.replace(complete)?;
        let sent = complete.last_sent.saturating_sub(before.last_sent);
        let arrived = complete.last_arrived.saturating_sub(before.last_arrived);
        if sent <= 0 || arrived < 0 || sent > GAP || arrived > GAP {
            // Silence, or another clock: begin anew.
            *self = Self { before: None, current: Some(new) };
            return None;
        }
        Some(Delta { sent: millis(sent), arrived: millis(arrived) })
    }
}

pub(super) fn millis(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}

/// A duration in seconds.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const MS: i64 = 1_000_000;

    #[test]
    fn what_leaves_or_arrives_together_is_one_group() {
        let mut groups = Groups::default();
        // Sent, arrived; groups: 0–4, 20–22 (a queue empties: 30 arrives right behind 22), 50, 70.
        let packets = [(0, 10), (4, 14), (20, 40), (22, 42), (30, 43), (50, 60), (70, 80), (90, 100)];
        let deltas: Vec<_> =
            packets.iter().filter_map(|(sent, arrived)| groups.push(sent * MS, arrived * MS)).collect();
        assert_eq!(
            deltas,
            [
                Delta { sent: 26.0, arrived: 29.0 },
                Delta { sent: 20.0, arrived: 17.0 },
                Delta { sent: 20.0, arrived: 20.0 }
            ]
        );
    }

    #[test]
    fn a_new_clock_begins_anew() {
        let mut groups = Groups::default();
        for step in 0..3 {
            groups.push(step * 20 * MS, step * 20 * MS);
        }
        assert_eq!(groups.push(60 * MS, i64::MAX), Some(Delta { sent: 20.0, arrived: 20.0 }));
        assert_eq!(groups.push(80 * MS, i64::MIN), None);
        assert_eq!(groups.push(i64::MAX, 0), None);
    }
}
