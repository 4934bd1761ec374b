//! Sequence numbers over all streams of a transport (draft-holmer-rmcat-transport-wide-cc-extensions).

use super::{Extension, Value};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// Counts the packets of a transport, whatever their stream; wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSequence(pub u16);

impl<'a> Value<'a> for TransportSequence {
    const KIND: Extension = Extension::TransportSequence;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        r.u16().ok().filter(|_| r.is_empty()).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.0);
    }
}

/// The same with, now and then, a request for feedback at once (transport-wide-cc-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSequenceV2 {
    /// Counts the packets of a transport.
    pub number: u16,
    /// Feedback is wanted now.
    pub request: Option<FeedbackRequest>,
}

/// Feedback that the sender of a packet asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackRequest {
    /// With arrival times, or only with what arrived.
    pub timing: bool,
    /// How many packets are to be covered, this one included: 15 bits, at least 1.
    pub count: u16,
}

impl<'a> Value<'a> for TransportSequenceV2 {
    const KIND: Extension = Extension::TransportSequenceV2;

    fn parse(data: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(data);
        let number = r.u16().ok()?;
        if r.is_empty() {
            return Some(Self { number, request: None });
        }
        let word = r.u16().ok().filter(|_| r.is_empty())?;
        let request = FeedbackRequest { timing: word & 0x8000 != 0, count: word & 0x7fff };
        // A count of zero asks for nothing.
        Some(Self { number, request: Some(request).filter(|request| request.count > 0) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.number);
        if let Some(request) = self.request {
            out.put_u16(u16::from(request.timing) << 15 | request.count & 0x7fff);
        }
    }
}
