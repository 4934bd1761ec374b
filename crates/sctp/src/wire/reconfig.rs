//! RE-CONFIG and its parameters (RFC 6525 §3.1, §4).

use super::{ChunkType, Param, ParamType, Params, ParseError, RawChunk, begin_chunk, end_chunk, put_param};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// Changes the streams of an association; one or two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReConfig<'a> {
    /// The parameters; [`ReConfigParam::parse`] reads one.
    pub params: Params<'a>,
}

impl<'a> ReConfig<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(Self { params: Params::new(raw.value) })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::RE_CONFIG, 0);
        out.put(self.params.as_bytes());
        end_chunk(out, start)
    }
}

/// A parameter of a RE-CONFIG chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReConfigParam<'a> {
    /// RFC 6525 §4.1.
    OutgoingReset(OutgoingReset<'a>),
    /// RFC 6525 §4.2.
    IncomingReset(IncomingReset<'a>),
    /// RFC 6525 §4.4.
    Response(ReConfigResponse),
    /// Another request, which all begin with a sequence number (RFC 6525 §4.3, §4.5, §4.6).
    OtherRequest {
        /// Number of the request.
        request: u32,
    },
}

impl<'a> ReConfigParam<'a> {
    /// Reads one parameter.
    pub fn parse(param: Param<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(param.value);
        Ok(match param.kind {
            ParamType::OUTGOING_SSN_RESET => Self::OutgoingReset(OutgoingReset {
                request: r.u32()?,
                response: r.u32()?,
                last_tsn: r.u32()?,
                streams: streams(r.rest())?,
            }),
            ParamType::INCOMING_SSN_RESET => {
                Self::IncomingReset(IncomingReset { request: r.u32()?, streams: streams(r.rest())? })
            }
            // Behind the result two TSNs may follow, after a reset of TSNs, which we never ask for.
            ParamType::RE_CONFIG_RESPONSE => {
                Self::Response(ReConfigResponse { response: r.u32()?, result: ReConfigResult(r.u32()?) })
            }
            ParamType::SSN_TSN_RESET | ParamType::ADD_OUTGOING_STREAMS | ParamType::ADD_INCOMING_STREAMS => {
                Self::OtherRequest { request: r.u32()? }
            }
            _ => return Err(ParseError::WrongType),
        })
    }
}

/// The sender starts again at sequence number 0 on streams that it sends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingReset<'a> {
    /// Number of this request.
    pub request: u32,
    /// Number of the incoming-reset request that this answers, or of the last request that was seen.
    pub response: u32,
    /// The last TSN that the sender assigned; the reset comes after it.
    pub last_tsn: u32,
    /// Two bytes per stream.
    streams: &'a [u8],
}

impl<'a> OutgoingReset<'a> {
    /// Bytes of the parameter without streams.
    pub const MIN_LEN: usize = 16;

    /// The streams; none means all.
    pub fn streams(&self) -> impl Iterator<Item = u16> + 'a {
        stream_ids(self.streams)
    }

    /// Appends a parameter made of its parts.
    pub(crate) fn write_from(
        out: &mut Vec<u8>,
        request: u32,
        response: u32,
        last_tsn: u32,
        streams: impl Iterator<Item = u16>,
    ) -> Option<()> {
        put_param(out, ParamType::OUTGOING_SSN_RESET, |out| {
            out.put_u32(request);
            out.put_u32(response);
            out.put_u32(last_tsn);
            streams.for_each(|stream| out.put_u16(stream));
        })
    }
}

/// The sender asks the receiver to reset streams that the receiver sends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomingReset<'a> {
    /// Number of this request.
    pub request: u32,
    /// Two bytes per stream.
    streams: &'a [u8],
}

impl<'a> IncomingReset<'a> {
    /// The streams; none means all.
    pub fn streams(&self) -> impl Iterator<Item = u16> + 'a {
        stream_ids(self.streams)
    }
}

siskin_base::code_points! {
    /// Results, RFC 6525 §4.4.
    pub struct ReConfigResult(u32) {
        NOTHING_TO_DO = 0, PERFORMED = 1, DENIED = 2, WRONG_SSN = 3, ALREADY_IN_PROGRESS = 4,
        BAD_SEQUENCE_NUMBER = 5, IN_PROGRESS = 6,
    }
}

/// Answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReConfigResponse {
    /// Number of the request.
    pub response: u32,
    /// What came of it.
    pub result: ReConfigResult,
}

impl ReConfigResponse {
    /// Appends the parameter.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        put_param(out, ParamType::RE_CONFIG_RESPONSE, |out| {
            out.put_u32(self.response);
            out.put_u32(self.result.0);
        })
    }
}

fn streams(bytes: &[u8]) -> Result<&[u8], ParseError> {
    if bytes.len().is_multiple_of(2) { Ok(bytes) } else { Err(ParseError::BadLength) }
}

fn stream_ids(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let (ids, _) = bytes.as_chunks::<2>();
    ids.iter().map(|id| u16::from_be_bytes(*id))
}
