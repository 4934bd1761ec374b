//! Transceivers: what is to be sent and received in one media section (webrtc-pc §5).

use crate::encodings::{self, EncodingParameters, SendParameters};
use crate::error::{Error, InvalidState};
use crate::jsep::RemoteRtp;
use crate::media::{
    Codec, CodecParameters, HeaderExtension, HeaderExtensionCapability, Negotiable, TrackKind,
};
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::Direction;

/// Names a transceiver of a connection; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransceiverId(pub u32);

/// What a transceiver is made with (`RTCRtpTransceiverInit`).
#[derive(Clone, Debug, PartialEq)]
pub struct TransceiverInit {
    /// Which way media is to flow; both if nothing is said.
    pub direction: Direction,
    /// The track that is sent, by a name of the caller's; none sends nothing yet.
    pub track: Option<String>,
    /// The media streams that the peer finds the track in.
    pub streams: Vec<String>,
    /// The encodings to send: with several, simulcast, they need RIDs, and the largest comes last unless they say how they are
    /// scaled; one needs no name, and keeps none. None stands for one that is as usual. Of audio there is one.
    pub send_encodings: Vec<EncodingParameters>,
    /// The RIDs of the encodings that the peer is asked for, the most wanted first (RFC 8853 §5.2, `a=simulcast:recv`); none
    /// asks for no simulcast. What the peer itself offers to send is taken in any case. None of them is among `send_encodings`.
    pub receive_encodings: Vec<String>,
}

impl Default for TransceiverInit {
    fn default() -> Self {
        Self {
            direction: Direction::SendRecv,
            track: None,
            streams: Vec::new(),
            send_encodings: Vec::new(),
            receive_encodings: Vec::new(),
        }
    }
}

/// `RTCRtpTransceiver`: a sender, a receiver, and what was agreed on for both.
#[derive(Clone, Debug)]
pub struct Transceiver {
    pub(crate) id: TransceiverId,
    pub(crate) kind: TrackKind,
    pub(crate) mid: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) current_direction: Option<Direction>,
    /// What the user was told of the remote track (webrtc-pc: `[[FiredDirection]]`).
    pub(crate) fired_direction: Option<Direction>,
    /// Stopped here, which is not negotiated yet.
    pub(crate) stopping: bool,
    pub(crate) stopped: bool,
    /// The user was told that the remote track is over.
    pub(crate) ended: bool,
    pub(crate) preferences: Vec<Codec>,
    /// The header extensions that can be negotiated, in the order of the configuration.
    pub(crate) extensions: Vec<Negotiable>,
    pub(crate) sender: Sender,
    pub(crate) remote_streams: Vec<String>,
    /// What the peer was or is to be asked for in offers, until an answer decides.
    pub(crate) wanted_rids: Vec<String>,
    pub(crate) received_rids: Vec<String>,
    /// Made for a remote offer that is not answered yet, and not taken over by `add_track`.
    pub(crate) made_by_offer: bool,
    /// Made, or taken over, by `add_track` (RFC 9429 §5.10).
    pub(crate) made_by_add_track: bool,
    /// What our description in force says: how we receive.
    pub(crate) local: Described,
    /// What we may send with.
    pub(crate) send_codecs: Vec<CodecParameters>,
    /// What packets may say in their headers.
    pub(crate) send_extensions: Vec<HeaderExtension>,
    /// What the peer sends, each with its retransmissions, if it says so.
    pub(crate) remote_sources: Vec<(u32, Option<u32>)>,
    pub(crate) reduced_size_rtcp: bool,
    /// The peer answers a receiver's clock (RFC 3611 §4.5).
    pub(crate) answers_clocks: bool,
    /// Both descriptions say that headers may be encrypted.
    pub(crate) header_encryption: bool,
}

/// Codecs and header extensions of one description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) codecs: Vec<CodecParameters>,
    pub(crate) extensions: Vec<HeaderExtension>,
    /// Headers may come encrypted.
    pub(crate) cryptex: bool,
}

/// `RTCRtpSender`.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) track: Option<String>,
    pub(crate) streams: Vec<String>,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: u32,
    /// At least one; several have RIDs.
    pub(crate) encodings: Vec<EncodingParameters>,
    /// Those that an answer has left out: a final one may take more than a provisional one.
    pub(crate) left_out: Vec<EncodingParameters>,
    /// What `get_parameters` gave, until something changes it (webrtc-pc: `[[LastReturnedParameters]]`).
    pub(crate) returned: Option<SendParameters>,
    pub(crate) transactions: u64,
    /// The peer knows the RIDs: packets may bear them.
    pub(crate) named: bool,
    /// It was negotiated to send at some time, so that `add_track` may not give it to another track.
    pub(crate) has_sent: bool,
}

impl Sender {
    /// What both sides want to be sent of the encodings: without a common one, or without simulcast, the first (webrtc-pc
    /// §4.4.1.5, RFC 8853 §5.3.3). `taken` has the whole offer's, so that a final answer may take more than a provisional one.
    pub(crate) fn narrow(&mut self, taken: &[String], theirs: &RemoteRtp) {
        let mut all = core::mem::take(&mut self.encodings);
        all.append(&mut self.left_out);
        let mut place = |rid: &String| {
            let place = all.iter().position(|encoding| encoding.rid.as_ref() == Some(rid))?;
            Some(all.remove(place))
        };
        self.encodings = taken.iter().filter_map(&mut place).collect();
        if self.encodings.is_empty() && !all.is_empty() {
            self.encodings.push(all.remove(0));
        }
        self.left_out = all;
        let named = self.rids().all(|rid| theirs.takes_rids.contains(rid));
        self.named = named;
    }

    /// The names of the encodings; none where there is only one, that has none.
    pub(crate) fn rids(&self) -> impl Iterator<Item = &String> {
        self.encodings.iter().filter_map(|encoding| encoding.rid.as_ref())
    }

    /// Whether the encodings have names.
    pub(crate) fn has_rids(&self) -> bool {
        self.rids().next().is_some()
    }

    /// An offer asks for these: they take the place of the one encoding that has no name (webrtc-pc §4.4.1.5, "rid-less
    /// encodings").
    pub(crate) fn take_rids(&mut self, rids: Vec<String>) {
        if !rids.is_empty() {
            let encodings = rids.iter().cloned().map(EncodingParameters::from).collect();
            self.encodings = encodings::first(TrackKind::Video, encodings);
            // A lone one keeps the name that the peer has given it.
            self.encodings.iter_mut().zip(rids).for_each(|(encoding, rid)| encoding.rid = Some(rid));
        }
    }

    /// The encodings as they were at that time, with what was set for them since.
    pub(crate) fn roll_back(&mut self, before: &Self) {
        let known = |before: &EncodingParameters| {
            let all = self.encodings.iter().chain(&self.left_out);
            all.into_iter().find(|encoding| encoding.rid == before.rid).unwrap_or(before).clone()
        };
        self.encodings = before.encodings.iter().map(known).collect();
        self.left_out.clone_from(&before.left_out);
        self.named = before.named;
    }
}

impl Transceiver {
    pub(crate) fn new(id: TransceiverId, kind: TrackKind, init: TransceiverInit, ssrcs: (u32, u32)) -> Self {
        let (ssrc, rtx_ssrc) = ssrcs;
        let TransceiverInit { direction, track, streams, send_encodings, receive_encodings } = init;
        // webrtc-pc §5.1: simulcast is for video.
        let of_video = |rids: Vec<String>| if kind == TrackKind::Video { rids } else { Vec::new() };
        let encodings = encodings::first(kind, send_encodings);
        Self {
            id,
            kind,
            mid: None,
            direction,
            current_direction: None,
            fired_direction: None,
            stopping: false,
            stopped: false,
            ended: false,
            preferences: Vec::new(),
            extensions: Vec::new(),
            sender: Sender {
                track,
                streams,
                ssrc,
                rtx_ssrc,
                encodings,
                left_out: Vec::new(),
                returned: None,
                transactions: 0,
                named: false,
                has_sent: false,
            },
            remote_streams: Vec::new(),
            wanted_rids: of_video(receive_encodings),
            received_rids: Vec::new(),
            made_by_offer: false,
            made_by_add_track: false,
            local: Described::default(),
            send_codecs: Vec::new(),
            send_extensions: Vec::new(),
            remote_sources: Vec::new(),
            reduced_size_rtcp: false,
            answers_clocks: false,
            header_encryption: false,
        }
    }

    /// Its name.
    pub fn id(&self) -> TransceiverId {
        self.id
    }

    /// Audio or video.
    pub fn kind(&self) -> TrackKind {
        self.kind
    }

    /// The section that it is negotiated in; `None` before that.
    pub fn mid(&self) -> Option<&str> {
        self.mid.as_deref()
    }

    /// What is wanted; `None` is `stopped`.
    pub fn direction(&self) -> Option<Direction> {
        Some(self.direction).filter(|_| self.is_alive())
    }

    /// What was agreed on; `None` until there was an answer, and once it is stopped.
    pub fn current_direction(&self) -> Option<Direction> {
        self.current_direction.filter(|_| !self.stopped)
    }

    /// Whether it is stopped for good.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The track that is sent.
    pub fn track(&self) -> Option<&str> {
        self.sender.track.as_deref()
    }

    /// The streams that the peer finds our track in.
    pub fn streams(&self) -> &[String] {
        &self.sender.streams
    }

    /// The streams that the peer's track is in.
    pub fn remote_streams(&self) -> &[String] {
        &self.remote_streams
    }

    /// The RIDs of the encodings that are sent, in the order in which they were asked for. An answer that takes fewer leaves those, and
    /// one without simulcast the first.
    pub fn sent_rids(&self) -> Vec<&str> {
        self.sender.rids().map(String::as_str).collect()
    }

    /// How its encodings are sent; [`PeerConnection::set_parameters`](crate::PeerConnection::set_parameters) changes it.
    pub fn encodings(&self) -> &[EncodingParameters] {
        &self.sender.encodings
    }

    /// The RIDs of what is received, for simulcast.
    pub fn received_rids(&self) -> &[String] {
        &self.received_rids
    }

    /// With what we may send: the peer's payload types, best first. Empty until that is negotiated.
    pub fn send_codecs(&self) -> &[CodecParameters] {
        &self.send_codecs
    }

    /// With what we receive: our payload types.
    pub fn receive_codecs(&self) -> &[CodecParameters] {
        &self.local.codecs
    }

    /// What the next descriptions say of header extensions, as far as the other side lets them (`getHeaderExtensionsToNegotiate`):
    /// all of the configuration for its kind. A transceiver begins with what the first one of its kind has now; an answer
    /// puts in what became of them, but for those that name sections and streams.
    pub fn header_extensions_to_negotiate(&self) -> Vec<HeaderExtensionCapability> {
        self.extensions.iter().map(Negotiable::wanted).collect()
    }

    /// What the last answer made of the same (`getNegotiatedHeaderExtensions`): all are stopped before there was one.
    pub fn negotiated_header_extensions(&self) -> Vec<HeaderExtensionCapability> {
        self.extensions.iter().map(Negotiable::negotiated).collect()
    }

    /// The header extensions and their numbers, from our side.
    pub fn header_extensions(&self) -> &[HeaderExtension] {
        &self.local.extensions
    }

    /// Whether the peer takes RTCP of reduced size (RFC 5506).
    pub fn reduced_size_rtcp(&self) -> bool {
        self.reduced_size_rtcp
    }

    /// Whether header extensions are encrypted (`rtpHeaderEncryptionNegotiated`; cryptex, RFC 9335).
    pub fn header_encryption_negotiated(&self) -> bool {
        self.header_encryption
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.stopping && !self.stopped
    }

    /// Neither sends nor receives from now on (webrtc-pc §5.4: "stop sending and receiving"). Answers still have it, as
    /// inactive; offers reject its section.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
        self.direction = Direction::Inactive;
    }

    /// Nothing is left to be done with it (webrtc-pc §5.4: "stop the RTCRtpTransceiver").
    pub(crate) fn stop_for_good(&mut self) {
        self.stop();
        self.stopped = true;
        self.current_direction = None;
    }
}

pub(crate) fn check_alive(transceiver: &Transceiver) -> Result<(), Error> {
    if transceiver.is_alive() { Ok(()) } else { Err(Error::InvalidState(InvalidState::TransceiverStopped)) }
}
