//! H.264 (RFC 6184): single NAL units, STAP-A and FU-A; no interleaving.

use super::nal::{Assembly, Kind, NalFragments, NalUnits};
use super::{FrameInfo, PacketInfo, PayloadError};
use alloc::vec::Vec;
use siskin_base::wire::Reader;

siskin_base::code_points! {
    /// What a NAL unit, or a payload's first byte, is (RFC 6184 §5.2, table 1).
    pub struct NalType(u8) {
        SLICE = 1, IDR = 5, SEI = 6, SPS = 7, PPS = 8, AUD = 9, STAP_A = 24, STAP_B = 25, MTAP16 = 26, MTAP24 = 27,
        FU_A = 28, FU_B = 29,
    }
}

impl NalType {
    /// From a unit's first byte.
    pub const fn of(first: u8) -> Self {
        Self(first & 0x1f)
    }

    /// A NAL unit's type, not one of payloads (§5.2), and not one without a meaning.
    const fn is_unit(self) -> bool {
        matches!(self.0, 1..=23)
    }
}

/// A payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// One NAL unit, its header included (§5.6).
    Single(&'a [u8]),
    /// Units behind their 16-bit lengths (§5.7.1).
    StapA(&'a [u8]),
    /// A part of a unit (§5.8).
    FuA {
        /// The unit's header.
        header: u8,
        /// Its first part.
        first: bool,
        /// Its last part.
        last: bool,
        /// The part, without any header.
        body: &'a [u8],
    },
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut r = Reader::new(payload);
        let first = r.u8()?;
        match NalType::of(first) {
            kind if kind.is_unit() => Ok(Self::Single(payload)),
            NalType::STAP_A => Ok(Self::StapA(r.rest())),
            NalType::FU_A => {
                let fu = r.u8()?;
                let (start, end) = (fu & 0x80 != 0, fu & 0x40 != 0);
                // §5.8: a unit that fits into one packet must not be a fragment.
                if start && end || r.is_empty() {
                    return Err(PayloadError::Malformed);
                }
                Ok(Self::FuA { header: first & 0xe0 | fu & 0x1f, first: start, last: end, body: r.rest() })
            }
            // RFC 6184 §6.4: not done, because packetization mode 2 is not offered.
            NalType::STAP_B | NalType::MTAP16 | NalType::MTAP24 | NalType::FU_B => {
                Err(PayloadError::Unsupported)
            }
            _ => Err(PayloadError::Malformed),
        }
    }

    /// The types of the units that begin here.
    fn types(self) -> impl Iterator<Item = NalType> {
        let (single, mut units) = match self {
            Self::Single(unit) => (unit.first().copied(), Reader::new(&[])),
            Self::StapA(units) => (None, Reader::new(units)),
            Self::FuA { header, first, .. } => (Some(header).filter(|_| first), Reader::new(&[])),
        };
        let rest = core::iter::from_fn(move || units.vec16().ok()?.first().copied());
        single.into_iter().chain(rest).map(NalType::of)
    }
}

#[derive(Clone, Debug)]
struct H264;

impl Kind for H264 {
    const HEADER: usize = 1;
    const FRAGMENT: usize = 2;

    fn is_carried(unit: &[u8]) -> bool {
        unit.first().is_some_and(|first| NalType::of(*first).is_unit())
    }

    /// §5.7: F is set if it is in any unit, and NRI is the greatest of all.
    fn aggregate<'f>(units: impl Iterator<Item = &'f [u8]>, out: &mut Vec<u8>) {
        let header = units
            .filter_map(|unit| unit.first().copied())
            .fold(0, |header: u8, first| (header | first) & 0x80 | (header & 0x60).max(first & 0x60));
        out.push(header | NalType::STAP_A.0);
    }

    fn fragment(header: &[u8], first: bool, last: bool, out: &mut Vec<u8>) {
        let header = header.first().copied().unwrap_or_default();
        out.push(header & 0xe0 | NalType::FU_A.0);
        out.push(u8::from(first) << 7 | u8::from(last) << 6 | header & 0x1f);
    }
}

/// The packetization modes that exist without interleaving (§6.2, §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// `packetization-mode=0`: a unit is a packet.
    SingleNalUnit,
    /// `packetization-mode=1`: small units are put together, large ones cut.
    #[default]
    NonInterleaved,
}

/// The payloads of one access unit.
#[derive(Clone, Debug)]
pub struct Fragments<'f>(NalFragments<'f, H264>);

impl<'f> Fragments<'f> {
    /// Cuts an access unit in the byte-stream format (annex B) into payloads of at most `most` bytes.
    pub fn new(access_unit: &'f [u8], mode: Mode, most: usize) -> Result<Self, PayloadError> {
        NalFragments::new(access_unit, mode == Mode::NonInterleaved, most).map(Self)
    }

    /// Appends the next payload; whether it is the last one, which gets the marker (§5.1). `None` at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        self.0.next(out)
    }
}

/// Whether an access unit in the byte-stream format begins a coded video sequence.
pub fn is_key_frame(access_unit: &[u8]) -> bool {
    NalUnits::new(access_unit).filter_map(<[u8]>::first).any(|first| NalType::of(*first) == NalType::IDR)
}

/// What a payload says about where access units begin: it cannot say it without looking into slices, unless there are
/// parameter sets or a delimiter, which only stand in front.
pub(super) fn inspect(payload: &[u8]) -> Result<PacketInfo, PayloadError> {
    let payload = Payload::parse(payload)?;
    let mut types = payload.types();
    let starts_frame = match payload {
        Payload::FuA { first: false, .. } => Some(false),
        _ => types.next().and_then(|first| matches!(first, NalType::SPS | NalType::AUD).then_some(true)),
    };
    let key = |kind: NalType| matches!(kind, NalType::IDR | NalType::SPS);
    Ok(PacketInfo { starts_frame, key_frame: payload.types().any(key) })
}

/// Appends the access unit that the payloads make up, in the byte-stream format with start codes of four bytes.
pub(super) fn assemble<'p>(
    payloads: impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<FrameInfo, PayloadError> {
    let mut info = FrameInfo::default();
    let mut assembly = Assembly::<H264>::new(out);
    for payload in payloads {
        let payload = Payload::parse(payload)?;
        info.key_frame |= payload.types().any(|kind| kind == NalType::IDR);
        match payload {
            Payload::Single(unit) => assembly.unit(unit)?,
            Payload::StapA(units) => assembly.aggregate(units)?,
            Payload::FuA { header, first, last, body } => assembly.fragment(&[header], first, last, body)?,
        }
    }
    assembly.finish().map(|()| info)
}
