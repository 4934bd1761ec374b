//! Simulcast in a section (RFC 8851, RFC 8853): written, and read.

use super::plan::PlannedRtp;
use super::rtp_lines::{MAX_LISTED, RemoteRtp};
use crate::encodings::MAX_ENCODINGS;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::{Attribute, Attributes, Media, Rid, RidDirection, Simulcast, SimulcastStream};

pub(super) fn write(rtp: &PlannedRtp, out: &mut Attributes) {
    let simulcast = &rtp.simulcast;
    let names = |streams: &[Vec<SimulcastStream>]| -> Vec<String> {
        streams.iter().flatten().map(|stream| stream.rid.clone()).collect()
    };
    let lone = rtp.lone_rid.iter().map(|rid| (RidDirection::Send, rid.clone()));
    let sent = names(&simulcast.send).into_iter().map(|rid| (RidDirection::Send, rid));
    let received = names(&simulcast.recv).into_iter().map(|rid| (RidDirection::Recv, rid));
    out.extend(lone.chain(sent).chain(received).map(|(direction, id)| {
        Attribute::Rid(Rid { id, direction, formats: Vec::new(), restrictions: Vec::new() })
    }));
    if !simulcast.send.is_empty() || !simulcast.recv.is_empty() {
        out.push(Attribute::Simulcast(simulcast.clone()));
    }
}

impl RemoteRtp {
    /// The RIDs that the peer asks for, the first of each list of alternatives, and as many as we can send.
    pub(crate) fn asked_rids(&self) -> Vec<String> {
        let first = self.simulcast.recv.iter().filter_map(|alternatives| alternatives.first());
        first.map(|stream| stream.rid.clone()).take(MAX_ENCODINGS).collect()
    }

    /// The RIDs that the peer offers to send, the first of each list of alternatives.
    pub(crate) fn sent_rids(&self) -> Vec<String> {
        let first = self.simulcast.send.iter().filter_map(|alternatives| alternatives.first());
        first.map(|stream| stream.rid.clone()).collect()
    }
}

/// The RIDs of that direction, each once.
//
// RFC 8851 §6.2.2, §6.4: restrictions on what is to be received: not done, because they would bind the encoder, which is the
// application's: the stream is discarded. A name that stands twice counts once, as the W3C has it (webrtc-pc issue 2780), where all should be discarded.
pub(super) fn rids(media: &Media, wanted: RidDirection) -> Vec<String> {
    let mut rids: Vec<String> = Vec::new();
    for attribute in &media.attributes {
        let Attribute::Rid(Rid { id, direction, formats, restrictions }) = attribute else { continue };
        let free = wanted == RidDirection::Send || (formats.is_empty() && restrictions.is_empty());
        if *direction == wanted && free && rids.len() < MAX_LISTED && !rids.contains(id) {
            rids.push(id.clone());
        }
    }
    rids
}

/// RFC 8853 §5.3.2: two such lines are none.
pub(super) fn read(media: &Media) -> Simulcast {
    let all = media.attributes.iter();
    let mut lines = all.filter_map(|a| if let Attribute::Simulcast(said) = a { Some(said) } else { None });
    let (Some(said), None) = (lines.next(), lines.next()) else { return Simulcast::default() };
    let defined = |streams: &[Vec<SimulcastStream>], direction| {
        let known = rids(media, direction);
        let mut seen: Vec<String> = Vec::new();
        let mut once = |stream: &&SimulcastStream| {
            let new = known.contains(&stream.rid) && !seen.contains(&stream.rid);
            seen.extend(new.then(|| stream.rid.clone()));
            new
        };
        let streams = streams.iter().map(|list| list.iter().filter(&mut once).cloned().collect());
        streams.filter(|list: &Vec<SimulcastStream>| !list.is_empty()).collect()
    };
    Simulcast { send: defined(&said.send, RidDirection::Send), recv: defined(&said.recv, RidDirection::Recv) }
}
