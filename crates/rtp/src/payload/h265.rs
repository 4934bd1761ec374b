//! H.265 (RFC 7798): single NAL units, aggregation packets and fragmentation units, in decoding order.

use super::nal::{Assembly, Kind, NalFragments, NalUnits};
use super::{FrameInfo, PacketInfo, PayloadError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

siskin_base::code_points! {
    /// What a NAL unit, or a payload's header, is (H.265 table 7-1, RFC 7798 §4.4).
    pub struct NalType(u8) {
        BLA_W_LP = 16, IDR_W_RADL = 19, IDR_N_LP = 20, CRA = 21, VPS = 32, SPS = 33, PPS = 34, AUD = 35, AP = 48,
        FU = 49, PACI = 50,
    }
}

impl NalType {
    /// From a unit's two bytes of header.
    pub const fn of(header: u16) -> Self {
        Self((header >> 9 & 0x3f) as u8)
    }

    /// A NAL unit's type, not one of payloads (§4.4), and not one without a meaning.
    const fn is_unit(self) -> bool {
        self.0 < 48
    }

    /// A random access point: decoding can begin here.
    pub const fn is_irap(self) -> bool {
        matches!(self.0, 16..=23)
    }
}

/// A payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// One NAL unit, its header included (§4.4.1).
    Single(&'a [u8]),
    /// Units behind their 16-bit lengths (§4.4.2).
    Aggregation(&'a [u8]),
    /// A part of a unit (§4.4.3).
    Fragment {
        /// The unit's header.
        header: u16,
        /// Its first part.
        first: bool,
        /// Its last part.
        last: bool,
        /// The part, without any header.
        body: &'a [u8],
    },
}

impl<'a> Payload<'a> {
    /// Reads a payload. `sprop-max-don-diff` is 0, as browsers have it: no decoding order numbers are in it.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut r = Reader::new(payload);
        let header = r.u16()?;
        match NalType::of(header) {
            // The end of a sequence or a bitstream is a header alone.
            kind if kind.is_unit() => Ok(Self::Single(payload)),
            NalType::AP => Ok(Self::Aggregation(r.rest())),
            NalType::FU => {
                let fu = r.u8()?;
                let (first, last) = (fu & 0x80 != 0, fu & 0x40 != 0);
                // §4.4.3: a unit that fits into one packet must not be a fragment.
                if first && last || r.is_empty() {
                    return Err(PayloadError::Malformed);
                }
                let header = header & 0x81ff | u16::from(fu & 0x3f) << 9;
                Ok(Self::Fragment { header, first, last, body: r.rest() })
            }
            // RFC 7798 §4.4.4: not done, because nobody sends it.
            NalType::PACI => Err(PayloadError::Unsupported),
            _ => Err(PayloadError::Malformed),
        }
    }

    /// The types of the units that begin here.
    fn types(self) -> impl Iterator<Item = NalType> {
        let (single, mut units) = match self {
            Self::Single(unit) => (Reader::new(unit).u16().ok(), Reader::new(&[])),
            Self::Aggregation(units) => (None, Reader::new(units)),
            Self::Fragment { header, first, .. } => (Some(header).filter(|_| first), Reader::new(&[])),
        };
        let rest = core::iter::from_fn(move || Reader::new(units.vec16().ok()?).u16().ok());
        single.into_iter().chain(rest).map(NalType::of)
    }
}

#[derive(Clone, Debug)]
struct H265;

impl Kind for H265 {
    const HEADER: usize = 2;
    const FRAGMENT: usize = 3;

    fn is_carried(unit: &[u8]) -> bool {
        Reader::new(unit).u16().is_ok_and(|header| NalType::of(header).is_unit())
    }

    /// §4.4.2: F is set if it is in any unit; layer and temporal identifier are the lowest of all.
    fn aggregate<'f>(units: impl Iterator<Item = &'f [u8]>, out: &mut Vec<u8>) {
        let headers = units.filter_map(|unit| Reader::new(unit).u16().ok());
        let (forbidden, layer, temporal) =
            headers.fold((0, 0x1f8, 7), |(forbidden, layer, temporal), header| {
                (forbidden | header & 0x8000, (header & 0x1f8).min(layer), (header & 7).min(temporal))
            });
        out.put_u16(forbidden | u16::from(NalType::AP.0) << 9 | layer | temporal);
    }

    fn fragment(header: &[u8], first: bool, last: bool, out: &mut Vec<u8>) {
        let header = Reader::new(header).u16().unwrap_or_default();
        out.put_u16(header & 0x81ff | u16::from(NalType::FU.0) << 9);
        out.put_u8(u8::from(first) << 7 | u8::from(last) << 6 | NalType::of(header).0);
    }
}

/// The payloads of one access unit.
#[derive(Clone, Debug)]
pub struct Fragments<'f>(NalFragments<'f, H265>);

impl<'f> Fragments<'f> {
    /// Cuts an access unit in the byte-stream format (annex B) into payloads of at most `most` bytes.
    pub fn new(access_unit: &'f [u8], most: usize) -> Result<Self, PayloadError> {
        NalFragments::new(access_unit, true, most).map(Self)
    }

    /// Appends the next payload; whether it is the last one, which gets the marker (§4.1). `None` at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        self.0.next(out)
    }
}

/// Whether decoding can begin with an access unit in the byte-stream format.
pub fn is_key_frame(access_unit: &[u8]) -> bool {
    let headers = NalUnits::new(access_unit).filter_map(|unit| Reader::new(unit).u16().ok());
    headers.map(NalType::of).any(NalType::is_irap)
}

/// What a payload says about where access units begin: only parameter sets and delimiters tell.
pub(super) fn inspect(payload: &[u8]) -> Result<PacketInfo, PayloadError> {
    let payload = Payload::parse(payload)?;
    let mut types = payload.types();
    let starts_frame = match payload {
        Payload::Fragment { first: false, .. } => Some(false),
        _ => types.next().and_then(|first| matches!(first, NalType::VPS | NalType::AUD).then_some(true)),
    };
    let key = |kind: NalType| kind.is_irap() || matches!(kind, NalType::VPS | NalType::SPS);
    Ok(PacketInfo { starts_frame, key_frame: payload.types().any(key) })
}

/// Appends the access unit that the payloads make up, in the byte-stream format with start codes of four bytes.
pub(super) fn assemble<'p>(
    payloads: impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<FrameInfo, PayloadError> {
    let mut info = FrameInfo::default();
    let mut assembly = Assembly::<H265>::new(out);
    for payload in payloads {
        let payload = Payload::parse(payload)?;
        info.key_frame |= payload.types().any(NalType::is_irap);
        match payload {
            Payload::Single(unit) => assembly.unit(unit)?,
            Payload::Aggregation(units) => assembly.aggregate(units)?,
            Payload::Fragment { header, first, last, body } => {
                assembly.fragment(&header.to_be_bytes(), first, last, body)?;
            }
        }
    }
    assembly.finish().map(|()| info)
}
