//! What H.264 and H.265 share: NAL units in a byte stream, aggregated where they are small and cut where they are large.

use super::PayloadError;
use super::split::Split;
use alloc::vec::Vec;
use core::marker::PhantomData;
use siskin_base::wire::{Reader, Writer as _};

/// What stands before each NAL unit in what we give out (H.264 annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The NAL units of a byte stream (H.264 and H.265 annex B): what stands between start codes of three or four bytes.
#[derive(Clone, Debug)]
pub struct NalUnits<'f> {
    rest: &'f [u8],
}

impl<'f> NalUnits<'f> {
    /// Those of `stream`; what stands before the first start code is passed over.
    pub fn new(stream: &'f [u8]) -> Self {
        let start = start_code(stream).map_or(stream.len(), |at| at + 3);
        Self { rest: stream.get(start..).unwrap_or_default() }
    }
}

/// Where the next `00 00 01` is.
fn start_code(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, &[0, 0, 1])
}

impl<'f> Iterator for NalUnits<'f> {
    type Item = &'f [u8];

    fn next(&mut self) -> Option<&'f [u8]> {
        while !self.rest.is_empty() {
            let (unit, rest) = match start_code(self.rest) {
                Some(at) => (self.rest.get(..at)?, self.rest.get(at + 3..)?),
                None => (self.rest, &[][..]),
            };
            self.rest = rest;
            // Zeros in front of a start code belong to it, and those at the end are padding.
            let len = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if len > 0 {
                return unit.get(..len);
            }
        }
        None
    }
}

/// What the two formats do differently.
pub(super) trait Kind {
    /// Bytes of a NAL unit's header, and of an aggregation's.
    const HEADER: usize;
    /// Bytes of a fragment's headers.
    const FRAGMENT: usize;

    /// Whether a unit that begins so can be carried: the types that payloads use for themselves, and those that no standard
    /// gives a meaning, cannot.
    fn is_carried(unit: &[u8]) -> bool;

    /// Appends the header of an aggregation of units with those headers.
    fn aggregate<'f>(units: impl Iterator<Item = &'f [u8]>, out: &mut Vec<u8>);

    /// Appends the headers of a fragment of a unit with that header.
    fn fragment(header: &[u8], first: bool, last: bool, out: &mut Vec<u8>);
}

/// The units of a byte stream that can be carried; a decoder ignores the others.
#[derive(Clone, Debug)]
struct Carried<'f, K>(NalUnits<'f>, PhantomData<K>);

impl<'f, K: Kind> Iterator for Carried<'f, K> {
    type Item = &'f [u8];

    fn next(&mut self) -> Option<&'f [u8]> {
        self.0.find(|unit| K::is_carried(unit))
    }
}

/// The payloads of one access unit.
#[derive(Clone, Debug)]
pub(super) struct NalFragments<'f, K> {
    units: Carried<'f, K>,
    /// The unit that is being cut: its header, and the parts still to come.
    cutting: Option<(&'f [u8], Split<'f>)>,
    most: usize,
    /// Large units are cut, and small ones put together.
    cut: bool,
}

impl<'f, K: Kind + Clone> NalFragments<'f, K> {
    /// `cut` says whether units may be cut and put together (packetization modes other than single units).
    pub(super) fn new(stream: &'f [u8], cut: bool, most: usize) -> Result<Self, PayloadError> {
        let units = NalUnits::new(stream);
        if units.clone().any(|unit| unit.len() < K::HEADER) {
            return Err(PayloadError::NotAFrame);
        }
        let units = Carried(units, PhantomData);
        if units.clone().next().is_none() {
            return Err(PayloadError::NotAFrame);
        }
        let fits = if cut { most > K::FRAGMENT } else { units.clone().all(|unit| unit.len() <= most) };
        if !fits {
            return Err(PayloadError::TooLarge);
        }
        Ok(Self { units, cutting: None, most, cut })
    }

    /// Appends the next payload; whether it is the last one.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        if let Some((header, parts)) = &mut self.cutting
            && let Some(part) = parts.next()
        {
            K::fragment(header, part.first, part.last, out);
            out.put(part.bytes);
            return Some(part.last && self.at_end());
        }
        let mut ahead = self.units.clone();
        let unit = ahead.next()?;
        if self.cut && unit.len() > self.most {
            let (header, body) = unit.split_at_checked(K::HEADER)?;
            self.cutting = Some((header, Split::new(body, self.most - K::FRAGMENT).ok()?));
            self.units = ahead;
            return self.next(out);
        }
        let together = self.together();
        if together < 2 {
            out.put(unit);
            self.units = ahead;
            return Some(self.at_end());
        }
        K::aggregate(self.units.clone().take(together), out);
        for unit in self.units.by_ref().take(together) {
            // Below `most`, which is far below 65,535 only if the caller says so: a longer unit was not counted.
            out.put_u16(unit.len() as u16);
            out.put(unit);
        }
        Some(self.at_end())
    }

    /// How many of the next units fit into one payload.
    fn together(&self) -> usize {
        let mut len = K::HEADER;
        let fits = |unit: &&[u8]| {
            len += 2 + unit.len();
            self.cut && len <= self.most && unit.len() <= usize::from(u16::MAX)
        };
        self.units.clone().take_while(fits).count()
    }

    fn at_end(&self) -> bool {
        self.units.clone().next().is_none()
    }
}

/// Puts NAL units together from payloads.
#[derive(Debug)]
pub(super) struct Assembly<'o, K> {
    out: &'o mut Vec<u8>,
    /// Whether a unit's end is still to come.
    open: bool,
    kind: PhantomData<K>,
}

impl<'o, K: Kind> Assembly<'o, K> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, open: false, kind: PhantomData }
    }

    /// A whole unit.
    pub(super) fn unit(&mut self, unit: &[u8]) -> Result<(), PayloadError> {
        if self.open || unit.len() < K::HEADER || !K::is_carried(unit) {
            return Err(PayloadError::Malformed);
        }
        self.out.put(&START_CODE);
        self.out.put(unit);
        Ok(())
    }

    /// Units that each stand behind their length.
    pub(super) fn aggregate(&mut self, bytes: &[u8]) -> Result<(), PayloadError> {
        let mut r = Reader::new(bytes);
        while !r.is_empty() {
            let unit = r.vec16()?;
            self.unit(unit)?;
        }
        Ok(())
    }

    /// A part of a unit, of which the first brings the header.
    pub(super) fn fragment(
        &mut self,
        header: &[u8],
        first: bool,
        last: bool,
        body: &[u8],
    ) -> Result<(), PayloadError> {
        if first == self.open || body.is_empty() || !K::is_carried(header) {
            return Err(PayloadError::Malformed);
        }
        if first {
            self.out.put(&START_CODE);
            self.out.put(header);
        }
        self.out.put(body);
        self.open = !last;
        Ok(())
    }

    /// Whether all that began has ended.
    pub(super) fn finish(self) -> Result<(), PayloadError> {
        if self.open { Err(PayloadError::Truncated) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_between_start_codes() {
        let units = |bytes: &[u8]| NalUnits::new(bytes).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(
            units(&[0, 0, 0, 1, 5, 6, 0, 0, 1, 7, 0, 0, 0, 0, 1, 8, 0, 0]),
            [vec![5, 6], vec![7], vec![8]]
        );
        assert_eq!(units(&[0, 0, 1, 5, 0, 0, 3, 1, 0, 1]), [vec![5, 0, 0, 3, 1, 0, 1]]);
        assert_eq!(units(&[1, 2, 3, 4]), Vec::<Vec<u8>>::new());
        assert_eq!(units(&[0, 0, 1]), Vec::<Vec<u8>>::new());
        assert_eq!(units(&[9, 9, 0, 0, 1, 1]), [vec![1]]);
        assert_eq!(units(&[0, 0, 1, 1, 0, 0, 1, 1]), [vec![1], vec![1]]);
    }

    use alloc::vec;
}
