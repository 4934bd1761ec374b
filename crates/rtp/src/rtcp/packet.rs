//! What each packet of a datagram is, by its type and format.

use super::{
    App, Bye, CongestionFeedback, ExtendedReport, Fir, Nack, PacketType, ParseError, Pli, Raw,
    ReceiverReport, Remb, Rpsi, SenderReport, Sli, SourceDescription, Tmmbn, Tmmbr, TransportFeedback,
};
use alloc::vec::Vec;
use siskin_base::wire::Reader;

/// Formats of transport-layer feedback (RFC 4585 §6.2 and its registry).
pub(super) const RTPFB_NACK: u8 = 1;
pub(super) const RTPFB_TMMBR: u8 = 3;
pub(super) const RTPFB_TMMBN: u8 = 4;
pub(super) const RTPFB_CCFB: u8 = 11;
pub(super) const RTPFB_TRANSPORT: u8 = 15;

/// Formats of payload-specific feedback (RFC 4585 §6.3 and its registry).
pub(super) const PSFB_PLI: u8 = 1;
pub(super) const PSFB_SLI: u8 = 2;
pub(super) const PSFB_RPSI: u8 = 3;
pub(super) const PSFB_FIR: u8 = 4;
pub(super) const PSFB_APPLICATION: u8 = 15;

/// An RTCP packet.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each is documented at its type")]
#[non_exhaustive]
pub enum Packet<'a> {
    SenderReport(SenderReport<'a>),
    ReceiverReport(ReceiverReport<'a>),
    SourceDescription(SourceDescription<'a>),
    Bye(Bye<'a>),
    App(App<'a>),
    Nack(Nack<'a>),
    Tmmbr(Tmmbr<'a>),
    Tmmbn(Tmmbn<'a>),
    TransportFeedback(TransportFeedback<'a>),
    CongestionFeedback(CongestionFeedback<'a>),
    Pli(Pli),
    Sli(Sli<'a>),
    Rpsi(Rpsi<'a>),
    Fir(Fir<'a>),
    Remb(Remb<'a>),
    ExtendedReport(ExtendedReport<'a>),
    /// A type or format that has no name here.
    Unknown(Raw<'a>),
}

/// The common part of feedback (RFC 4585 §6.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Feedback<'a> {
    pub(super) sender: u32,
    pub(super) media: u32,
    pub(super) fci: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads what a packet says.
    pub fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        Ok(match raw.packet_type {
            PacketType::SR => Self::SenderReport(SenderReport::parse(raw)?),
            PacketType::RR => Self::ReceiverReport(ReceiverReport::parse(raw)?),
            PacketType::SDES => Self::SourceDescription(SourceDescription::parse(raw)?),
            PacketType::BYE => Self::Bye(Bye::parse(raw)?),
            PacketType::APP => Self::App(App::parse(raw)?),
            PacketType::RTPFB => Self::transport(raw)?,
            PacketType::PSFB => Self::payload(raw)?,
            PacketType::XR => Self::ExtendedReport(ExtendedReport::parse(raw)?),
            _ => Self::Unknown(raw),
        })
    }

    fn transport(raw: Raw<'a>) -> Result<Self, ParseError> {
        // RFC 8888 §3.1: no media source in the header.
        if raw.count == RTPFB_CCFB {
            return Ok(Self::CongestionFeedback(CongestionFeedback::parse(raw.body)?));
        }
        let feedback = Feedback::parse(raw.body)?;
        Ok(match raw.count {
            RTPFB_NACK => Self::Nack(Nack::parse(feedback)?),
            RTPFB_TMMBR => Self::Tmmbr(Tmmbr::parse(feedback)?),
            RTPFB_TMMBN => Self::Tmmbn(Tmmbn::parse(feedback)?),
            RTPFB_TRANSPORT => Self::TransportFeedback(TransportFeedback::parse(feedback)?),
            _ => Self::Unknown(raw),
        })
    }

    fn payload(raw: Raw<'a>) -> Result<Self, ParseError> {
        let feedback = Feedback::parse(raw.body)?;
        Ok(match raw.count {
            PSFB_PLI => Self::Pli(Pli { sender: feedback.sender, media: feedback.media }),
            PSFB_SLI => Self::Sli(Sli::parse(feedback)?),
            PSFB_RPSI => Self::Rpsi(Rpsi::parse(feedback)?),
            PSFB_FIR => Self::Fir(Fir::parse(feedback)?),
            PSFB_APPLICATION => match Remb::parse(feedback) {
                Some(remb) => Self::Remb(remb?),
                None => Self::Unknown(raw),
            },
            _ => Self::Unknown(raw),
        })
    }

    /// Appends the packet. `None`, and nothing is written, if it holds more than it can.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::SenderReport(packet) => packet.write(out),
            Self::ReceiverReport(packet) => packet.write(out),
            Self::SourceDescription(packet) => packet.write(out),
            Self::Bye(packet) => packet.write(out),
            Self::App(packet) => packet.write(out),
            Self::Nack(packet) => packet.write(out),
            Self::Tmmbr(packet) => packet.write(out),
            Self::Tmmbn(packet) => packet.write(out),
            Self::TransportFeedback(packet) => packet.write(out),
            Self::CongestionFeedback(packet) => packet.write(out),
            Self::Pli(packet) => packet.write(out),
            Self::Sli(packet) => packet.write(out),
            Self::Rpsi(packet) => packet.write(out),
            Self::Fir(packet) => packet.write(out),
            Self::Remb(packet) => packet.write(out),
            Self::ExtendedReport(packet) => packet.write(out),
            Self::Unknown(packet) => packet.write(out),
        }
    }
}

impl<'a> Feedback<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut r = Reader::new(body);
        Ok(Self { sender: r.u32()?, media: r.u32()?, fci: r.rest() })
    }
}
