//! Telephone events, DTMF above all (RFC 4733).

use super::PayloadError;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// How often the end of an event is sent (RFC 4733 §2.5.1.4).
const ENDS: u8 = 3;

/// A report of an event (RFC 4733 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// 0 to 9 are the digits, 10 `*`, 11 `#`, 12 to 15 `A` to `D` (§3.2).
    pub event: u8,
    /// E: the event is over.
    pub end: bool,
    /// The tone's power in decibels below 1 mW, 0 to 63.
    pub volume: u8,
    /// How long it has lasted, in the timestamp's clock; 0xffff says that another segment follows.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads the first event of a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, PayloadError> {
        let mut r = Reader::new(payload);
        let [event, flags] = r.array()?;
        Ok(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration: r.u16()? })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put(&[self.event, u8::from(self.end) << 7 | self.volume & 0x3f]);
        out.put_u16(self.duration);
    }
}

/// The event of a DTMF tone: `0` to `9`, `A` to `D` in either case, `#` and `*`.
pub const fn event_of(tone: char) -> Option<u8> {
    Some(match tone {
        '0'..='9' => tone as u8 - b'0',
        '*' => 10,
        '#' => 11,
        'A'..='D' => tone as u8 - b'A' + 12,
        'a'..='d' => tone as u8 - b'a' + 12,
        _ => return None,
    })
}

/// The tone of an event.
pub fn tone_of(event: u8) -> Option<char> {
    "0123456789*#ABCD".chars().nth(event.into())
}

/// The packets of one event, one for each call: updates while it lasts, then its end three times. All have the timestamp of
/// its beginning; the first has the marker (§2.5.1.2, §2.5.1.4).
#[derive(Clone, Debug)]
pub struct EventPackets {
    event: TelephoneEvent,
    total: u16,
    step: u16,
    ends: u8,
}

impl EventPackets {
    /// An event that lasts `total`, reported every `step`, both in the timestamp's clock. A `step` of 0 reports its end
    /// alone.
    pub const fn new(event: u8, volume: u8, total: u16, step: u16) -> Self {
        let event = TelephoneEvent { event, end: false, volume, duration: 0 };
        Self { event, total, step, ends: ENDS }
    }
}

impl Iterator for EventPackets {
    type Item = TelephoneEvent;

    fn next(&mut self) -> Option<TelephoneEvent> {
        let next = self.event.duration.saturating_add(self.step);
        if self.step > 0 && next < self.total {
            self.event.duration = next;
            return Some(self.event);
        }
        self.ends = self.ends.checked_sub(1)?;
        Some(TelephoneEvent { end: true, duration: self.total, ..self.event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4733_2_5_updates_then_three_ends() {
        let packets: Vec<_> = EventPackets::new(5, 10, 800, 400).map(|p| (p.duration, p.end)).collect();
        assert_eq!(packets, [(400, false), (800, true), (800, true), (800, true)]);
        assert_eq!(EventPackets::new(5, 10, 800, 0).count(), 3);
        assert!(EventPackets::new(5, 10, u16::MAX, 1).count() < 70_000);
    }

    /// The first two packets of the example in RFC 4733 §2.5.2.2, table 5: digit 9, volume 7.
    #[test]
    fn is_written_as_laid_out() {
        let event = TelephoneEvent { event: 9, end: true, volume: 7, duration: 1_600 };
        let mut out = Vec::new();
        event.write(&mut out);
        assert_eq!(out, [9, 0x87, 0x06, 0x40]);
        assert_eq!(TelephoneEvent::parse(&out), Ok(event));
        assert_eq!(TelephoneEvent::parse(&out[..3]), Err(PayloadError::Truncated));
    }

    #[test]
    fn tones_have_events() {
        for event in 0..16 {
            assert_eq!(event_of(tone_of(event).unwrap()), Some(event));
        }
        assert_eq!((event_of('b'), event_of(','), tone_of(16)), (Some(13), None, None));
    }
}
