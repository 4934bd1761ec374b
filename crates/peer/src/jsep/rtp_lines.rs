//! The lines of a section that concern RTP: codecs, header extensions, streams and sources; written, and read.

use super::plan::PlannedRtp;
use super::simulcast;
use crate::media::{Codec, CodecParameters, HeaderExtension, TrackKind};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use siskin_sdp::{
    Attribute, Attributes, Direction, ExtMap, Feedback, FeedbackTarget, Fmtp, Format, Media, Msid,
    RidDirection, RtcpFeedback, RtcpXr, RtpMap, Session, Simulcast, Source, SourceAttribute, SourceGroup,
    SourceGroupSemantics, XrFormat,
};

/// What a remote section says of RTP.
#[derive(Clone, Debug)]
pub(crate) struct RemoteRtp {
    pub(crate) kind: TrackKind,
    /// From the peer's side.
    pub(crate) direction: Direction,
    pub(crate) codecs: Vec<CodecParameters>,
    /// From the peer's side.
    pub(crate) extensions: Vec<HeaderExtension>,
    pub(crate) rtcp_mux: bool,
    pub(crate) reduced_size: bool,
    /// The peer answers a receiver's clock (RFC 3611 §5.1).
    pub(crate) answers_clocks: bool,
    /// The peer takes encrypted headers, in all sections of the bundle.
    pub(crate) cryptex: bool,
    /// The streams of the track that the peer sends.
    pub(crate) streams: Vec<String>,
    /// What the peer sends, each with its retransmissions.
    pub(crate) sources: Vec<(u32, Option<u32>)>,
    /// What the peer receives.
    pub(crate) takes_rids: Vec<String>,
    /// As far as `a=rid` lines define its streams (RFC 8853 §5.2), each once.
    pub(crate) simulcast: Simulcast,
}

/// Bounds what a section can make us remember.
pub(super) const MAX_LISTED: usize = 64;

pub(super) fn write(rtp: &PlannedRtp, own_cryptex: bool, out: &mut Attributes) {
    for extension in &rtp.extensions {
        let direction = (extension.direction != Direction::SendRecv).then_some(extension.direction);
        let uri = extension.uri.clone();
        // RFC 6904 §4: not done, because each extension would need a second number, of which one-byte elements have 14, and
        // cryptex encrypts all of them, numbers and lengths too; browsers offer that form only if told to.
        out.push(Attribute::ExtMap(ExtMap { id: extension.id.into(), direction, uri, attributes: None }));
    }
    if rtp.cryptex && own_cryptex {
        out.push(Attribute::Cryptex);
    }
    if rtp.answers_clocks {
        let all = XrFormat { name: CLOCKS.into(), value: Some("all".into()) };
        out.push(Attribute::RtcpXr(RtcpXr { formats: vec![all] }));
    }
    out.push(Attribute::Direction(rtp.direction));
    out.extend(rtp.msids.iter().cloned().map(Attribute::Msid));
    for CodecParameters { payload_type, codec, feedback } in &rtp.codecs {
        out.push(Attribute::RtpMap(RtpMap {
            payload_type: *payload_type,
            encoding: codec.encoding().into(),
            clock_rate: codec.clock_rate,
            channels: codec.channels,
        }));
        for feedback in feedback {
            let target = FeedbackTarget::PayloadType(*payload_type);
            out.push(Attribute::RtcpFeedback(RtcpFeedback { target, feedback: feedback.clone() }));
        }
        if let Some(parameters) = codec.sdp_fmtp_line.clone() {
            out.push(Attribute::Fmtp(Fmtp { format: Format::PayloadType(*payload_type), parameters }));
        }
    }
    simulcast::write(rtp, out);
    sources(rtp, out);
}

/// RFC 5576: not asked for by RFC 9429, but it spares the receiver from guessing by payload types.
fn sources(rtp: &PlannedRtp, out: &mut Attributes) {
    for (ssrc, rtx) in &rtp.sources {
        if let Some(rtx) = rtx {
            let semantics = SourceGroupSemantics::FlowIdentification;
            out.push(Attribute::SourceGroup(SourceGroup { semantics, ssrcs: [*ssrc, *rtx].to_vec() }));
        }
        for ssrc in [Some(*ssrc), *rtx].into_iter().flatten() {
            let attribute = SourceAttribute::Cname(rtp.cname.clone());
            out.push(Attribute::Source(Source { ssrc, attribute }));
        }
    }
}

impl RemoteRtp {
    /// `tagged` has what the section leaves to the tag of its bundle.
    pub(super) fn read(session: &Session, media: &Media, kind: TrackKind, tagged: &Attributes) -> Self {
        let effective = session.effective(media);
        let said = |attribute: &Attribute| media.attributes.contains(attribute) || tagged.contains(attribute);
        Self {
            kind,
            direction: effective.direction().unwrap_or(Direction::SendRecv),
            codecs: codecs(media, kind),
            extensions: extensions(session, media),
            rtcp_mux: said(&Attribute::RtcpMux) || said(&Attribute::RtcpMuxOnly),
            reduced_size: said(&Attribute::RtcpRsize),
            answers_clocks: answers_clocks(&media.attributes) || answers_clocks(&session.attributes),
            cryptex: effective.cryptex(),
            streams: streams(media),
            sources: remote_sources(media),
            takes_rids: simulcast::rids(media, RidDirection::Recv),
            simulcast: simulcast::read(media),
        }
    }
}

/// RFC 3611 §5.1: in both its modes active senders answer, and nobody else is asked.
fn answers_clocks(attributes: &Attributes) -> bool {
    let formats = attributes
        .iter()
        .filter_map(|a| if let Attribute::RtcpXr(xr) = a { Some(&xr.formats) } else { None });
    formats.flatten().any(|format| format.name == CLOCKS)
}

/// The round trip of who only receives.
const CLOCKS: &str = "rcvr-rtt";

fn find<T>(media: &Media, pick: impl Fn(&Attribute) -> Option<T>) -> Option<T> {
    media.attributes.iter().find_map(pick)
}

fn codecs(media: &Media, kind: TrackKind) -> Vec<CodecParameters> {
    let numbers = media.formats.iter().filter_map(Format::payload_type);
    let described = numbers.filter_map(|payload_type| {
        let map = find(media, |a| match a {
            Attribute::RtpMap(map) if map.payload_type == payload_type => Some(map.clone()),
            _ => None,
        });
        let map = map.or_else(|| static_payload_type(payload_type))?;
        let mut codec = Codec::in_section(kind, &map.encoding, map.clock_rate, map.channels);
        let format = Format::PayloadType(payload_type);
        codec.sdp_fmtp_line = find(media, |a| match a {
            Attribute::Fmtp(fmtp) if fmtp.format == format => Some(fmtp.parameters.clone()),
            _ => None,
        });
        let feedback = media.attributes.iter().filter_map(|a| match a {
            Attribute::RtcpFeedback(RtcpFeedback { target, feedback })
                if *target == FeedbackTarget::All || *target == FeedbackTarget::PayloadType(payload_type) =>
            {
                Some(feedback.clone())
            }
            _ => None,
        });
        let feedback: Vec<Feedback> = feedback.collect();
        Some(CodecParameters { payload_type, codec, feedback })
    });
    let mut codecs: Vec<CodecParameters> = Vec::new();
    for codec in described.take(MAX_LISTED * 2) {
        // A number that stands twice means what it meant first.
        if !codecs.iter().any(|known| known.payload_type == codec.payload_type) {
            codecs.push(codec);
        }
    }
    codecs
}

/// RFC 3551 §6, table 4, as far as WebRTC uses it: these need no `a=rtpmap`.
fn static_payload_type(payload_type: u8) -> Option<RtpMap> {
    let encoding = match payload_type {
        0 => "PCMU",
        8 => "PCMA",
        9 => "G722",
        _ => return None,
    };
    Some(RtpMap { payload_type, encoding: encoding.into(), clock_rate: 8_000, channels: None })
}

fn extensions(session: &Session, media: &Media) -> Vec<HeaderExtension> {
    // RFC 8285 §5: at either level, but not at both.
    let own = media.attributes.extmaps().next().is_some();
    let attributes = if own { &media.attributes } else { &session.attributes };
    let known = attributes.extmaps().filter_map(|map| {
        let id = u8::try_from(map.id).ok().filter(|id| *id > 0 && *id != 15)?;
        // RFC 8285 §7: that of the stream: not done, because browsers mean both, and webrtc-extensions would stop for good
        // what is only held.
        let direction = map.direction.unwrap_or(Direction::SendRecv);
        Some(HeaderExtension { id, uri: map.uri.clone(), direction })
    });
    known.take(MAX_LISTED).collect()
}

/// The stream of tracks whose section names none.
const DEFAULT_STREAM: &str = "default";

/// RFC 9429 §5.10: the streams of all `a=msid` lines; `-` is none (RFC 8830 §2). Without such a line, from a peer that does not know
/// them, there is one stream for all such tracks, as browsers have it.
fn streams(media: &Media) -> Vec<String> {
    let msids =
        || media.attributes.iter().filter_map(|a| if let Attribute::Msid(m) = a { Some(m) } else { None });
    if msids().next().is_none() {
        return vec![DEFAULT_STREAM.into()];
    }
    let mut streams: Vec<String> = Vec::new();
    for Msid { stream, .. } in msids().filter(|msid| msid.stream != Msid::NO_STREAM).take(MAX_LISTED) {
        if !streams.contains(stream) {
            streams.push(stream.clone());
        }
    }
    streams
}

fn remote_sources(media: &Media) -> Vec<(u32, Option<u32>)> {
    let pairs = media.attributes.iter().filter_map(|a| match a {
        Attribute::SourceGroup(SourceGroup {
            semantics: SourceGroupSemantics::FlowIdentification,
            ssrcs,
        }) => Some((*ssrcs.first()?, *ssrcs.get(1)?)),
        _ => None,
    });
    let pairs: Vec<(u32, u32)> = pairs.take(MAX_LISTED).collect();
    let named = media
        .attributes
        .iter()
        .filter_map(|a| if let Attribute::Source(s) = a { Some(s.ssrc) } else { None });
    let mut sources: Vec<(u32, Option<u32>)> = Vec::new();
    for ssrc in named.take(MAX_LISTED * 4) {
        let repairs = pairs.iter().any(|(_, rtx)| *rtx == ssrc);
        if !repairs && sources.len() < MAX_LISTED && !sources.iter().any(|(known, _)| *known == ssrc) {
            let rtx = pairs.iter().find(|(primary, _)| *primary == ssrc).map(|(_, rtx)| *rtx);
            sources.push((ssrc, rtx));
        }
    }
    sources
}

/// The canonical name of all our sources (RFC 7022 §4.2: random, and for this connection only).
pub(crate) fn cname(random: u64) -> String {
    format!("{random:016x}")
}
