//! Cutting a temporal unit (§5): OBUs of one layer share packets, and go on where a packet is full.

use super::super::PayloadError;
use super::is_key_frame;
use super::obu::{Obu, Obus};
use crate::bits::{leb128_len, put_leb128};
use alloc::vec::Vec;
use siskin_base::wire::Writer as _;

/// Most elements that we put into one packet.
const MOST_ELEMENTS: usize = 16;
/// Fewer bytes of an OBU than these do not begin at the end of a packet.
const LEAST_PART: usize = 8;

/// The payloads of one temporal unit.
#[derive(Clone, Debug)]
pub struct Fragments<'f> {
    obus: Obus<'f>,
    /// The OBU that comes next.
    next: Option<Obu<'f>>,
    /// Bytes of it that were sent, its header included.
    sent: usize,
    most: usize,
    first: bool,
    new_sequence: bool,
}

/// What one packet gets of one OBU.
#[derive(Clone, Copy)]
struct Element<'f> {
    obu: Obu<'f>,
    from: usize,
    to: usize,
}

impl<'f> Fragments<'f> {
    /// Cuts a temporal unit in the low-overhead format into payloads of at most `most` bytes, which are at least 8.
    pub fn new(temporal_unit: &'f [u8], most: usize) -> Result<Self, PayloadError> {
        if most < 8 {
            return Err(PayloadError::TooLarge);
        }
        let obus = Obus::new(temporal_unit);
        obus.clone().try_for_each(|obu| obu.map(|_| ()))?;
        let new_sequence = is_key_frame(temporal_unit);
        let mut fragments = Self { obus, next: None, sent: 0, most, first: true, new_sequence };
        fragments.advance();
        if fragments.next.is_none() {
            return Err(PayloadError::NotAFrame);
        }
        Ok(fragments)
    }

    /// Goes on to the next OBU that is sent.
    fn advance(&mut self) {
        self.sent = 0;
        self.next = self.obus.by_ref().filter_map(Result::ok).find(Obu::is_sent);
    }

    /// Appends the next payload; whether it is the last one, which gets the marker (§4.2). `None` at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        self.next?;
        let continues = self.sent > 0;
        let mut elements = [const { None::<Element<'f>> }; MOST_ELEMENTS];
        let mut count = 0;
        let mut left = self.most - 1;
        let mut layer = None;
        let mut goes_on = false;
        while let (Some(obu), Some(slot)) = (self.next, elements.get_mut(count)) {
            // §5: OBUs of different layers are not in one packet.
            if layer.is_some() && obu.layer.is_some() && layer != obu.layer {
                break;
            }
            let (from, end) = (self.sent, obu.header_len() + obu.body.len());
            // The last of at most three goes without its length.
            let room = room(left, count < 3);
            let to = end.min(from + room);
            if to < end && count > 0 && room < LEAST_PART {
                break;
            }
            *slot = Some(Element { obu, from, to });
            count += 1;
            left -= (to - from + leb128_len((to - from) as u32)).min(left);
            layer = layer.or(obu.layer);
            if to < end {
                self.sent = to;
                goes_on = true;
                break;
            }
            self.advance();
        }
        let new_sequence = self.new_sequence && core::mem::take(&mut self.first);
        let elements = elements.iter().take(count).flatten();
        let short = if count <= 3 { count as u8 } else { 0 };
        out.put_u8(
            u8::from(continues) << 7 | u8::from(goes_on) << 6 | short << 4 | u8::from(new_sequence) << 3,
        );
        for (index, element) in elements.enumerate() {
            if short == 0 || index + 1 < count {
                put_leb128(out, (element.to - element.from) as u32);
            }
            element.write(out);
        }
        Some(self.next.is_none())
    }
}

/// Bytes of an element that fit into `left`, without a length if it may go without.
fn room(left: usize, bare: bool) -> usize {
    if bare {
        return left;
    }
    let guess = left.saturating_sub(1);
    left.saturating_sub(leb128_len(guess as u32))
}

impl Element<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let header = self.obu.header();
        let header = header.get(..self.obu.header_len()).unwrap_or_default();
        out.put(header.get(self.from.min(header.len())..self.to.min(header.len())).unwrap_or_default());
        let body = self.from.saturating_sub(header.len())..self.to.saturating_sub(header.len());
        out.put(self.obu.body.get(body).unwrap_or_default());
    }
}
