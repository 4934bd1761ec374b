//! What the descriptions say of one section, as its transport needs it.

use crate::encodings::EncodingParameters;
use crate::media::{CodecParameters, HeaderExtension, TrackKind};
use crate::transceiver::{Transceiver, TransceiverId};
use alloc::string::String;
use alloc::vec::Vec;
use siskin_rtp::extension::{Extension, ExtensionMap};
use siskin_sdp::Feedback;

/// What the descriptions say of one section.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(crate) transceiver: TransceiverId,
    pub(crate) kind: TrackKind,
    pub(crate) mid: String,
    pub(crate) sends: bool,
    pub(crate) receives: bool,
    /// By the peer's numbers.
    pub(crate) send_codecs: Vec<CodecParameters>,
    /// By our numbers.
    pub(crate) receive_codecs: Vec<CodecParameters>,
    /// What packets that come may say in their headers, and those that leave.
    pub(crate) extensions: [Vec<HeaderExtension>; 2],
    /// Whether packets come with a number over all streams, and leave with one.
    pub(crate) numbered: [bool; 2],
    /// Of what we send: the stream and its retransmissions.
    pub(crate) sources: (u32, u32),
    /// How each is sent; several have RIDs.
    pub(crate) encodings: Vec<EncodingParameters>,
    /// The peer knows them.
    pub(crate) named: bool,
    pub(crate) remote_sources: Vec<(u32, Option<u32>)>,
    /// The peer takes RTCP of reduced size (RFC 5506).
    pub(crate) reduced_size: bool,
    /// The peer answers a receiver's clock (RFC 3611 §4.5).
    pub(crate) answers_clocks: bool,
    /// Headers may come encrypted (RFC 9335), and may be sent so.
    pub(crate) cryptex: (bool, bool),
}

impl Parameters {
    /// `None` if there is nothing to send or receive yet.
    pub(crate) fn of(transceiver: &Transceiver) -> Option<Self> {
        let mid = transceiver.mid.clone()?;
        // Before an answer, media may come by the numbers of the offer (RFC 9429 §4.1.8).
        let receiving = transceiver.current_direction.unwrap_or(transceiver.direction);
        let received = transceiver.local.extensions.iter().filter(|known| known.direction.receives());
        let extensions = [received.cloned().collect(), transceiver.send_extensions.clone()];
        let numbered = extensions.each_ref().map(|all: &Vec<HeaderExtension>| {
            all.iter().any(|known| known.uri == Extension::TransportSequence.uri())
        });
        let sending = transceiver.current_direction.is_some_and(|direction| direction.sends());
        Some(Self {
            transceiver: transceiver.id,
            kind: transceiver.kind,
            mid,
            sends: sending && transceiver.is_alive(),
            receives: receiving.receives() && transceiver.is_alive(),
            send_codecs: transceiver.send_codecs.clone(),
            receive_codecs: transceiver.local.codecs.clone(),
            extensions,
            numbered,
            sources: (transceiver.sender.ssrc, transceiver.sender.rtx_ssrc),
            encodings: transceiver.sender.encodings.clone(),
            named: transceiver.sender.named,
            remote_sources: transceiver.remote_sources.clone(),
            reduced_size: transceiver.reduced_size_rtcp,
            answers_clocks: transceiver.answers_clocks,
            cryptex: (transceiver.local.cryptex, transceiver.header_encryption),
        })
    }

    /// Whether the peer wants to know when its packets arrive.
    pub(crate) fn reports_arrivals(&self) -> bool {
        self.numbered[0] && has_transport_feedback(&self.receive_codecs)
    }

    /// Whether the peer tells when our packets arrive.
    pub(crate) fn hears_of_arrivals(&self) -> bool {
        self.sends && self.numbered[1] && has_transport_feedback(&self.send_codecs)
    }

    pub(crate) fn receive_codec(&self, payload_type: u8) -> Option<&CodecParameters> {
        self.receive_codecs.iter().find(|codec| codec.payload_type == payload_type)
    }

    pub(crate) fn send_codec(&self, payload_type: u8) -> Option<&CodecParameters> {
        self.send_codecs.iter().find(|codec| codec.payload_type == payload_type)
    }

    /// The payload type of what a retransmission with that payload type repeats.
    pub(crate) fn repaired_type(&self, payload_type: u8) -> Option<u8> {
        self.receive_codec(payload_type)?.codec.apt()
    }

    /// The payload type of retransmissions of that payload type.
    pub(crate) fn repair_type(&self, payload_type: u8) -> Option<u8> {
        let rtx = self.send_codecs.iter().find(|codec| codec.codec.apt() == Some(payload_type));
        rtx.map(|codec| codec.payload_type)
    }
}

fn has_transport_feedback(codecs: &[CodecParameters]) -> bool {
    codecs.iter().any(|codec| codec.feedback.contains(&Feedback::TransportCc))
}

/// The numbers of the extensions that are known here.
pub(crate) fn extension_map<'a>(extensions: impl IntoIterator<Item = &'a HeaderExtension>) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    for known in extensions {
        if let Some(extension) = Extension::from_uri(&known.uri) {
            // The first to take a number keeps it.
            let _taken = map.insert(extension, known.id);
        }
    }
    map
}
