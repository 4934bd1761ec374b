//! Offer and answer of audio and video. Tests named after a file of the web-platform tests (`webrtc/` there) assert what
//! that file asserts, in our words; `captures` and `rfc9429` hold us to what others wrote. `tests/README.md` says what shows what.

mod any_order;
mod captures;
mod estimation;
mod flow;
mod hostile;
mod memory;
mod rfc8853;
mod rfc9429;
mod rfc9429_calls;
mod wpt_add_track;
mod wpt_add_transceiver;
mod wpt_bundle;
mod wpt_codec_preferences;
mod wpt_demuxing;
mod wpt_descriptions;
mod wpt_direction;
mod wpt_header_encryption;
mod wpt_header_extension_control;
mod wpt_negotiation_needed;
mod wpt_one_way_codecs;
mod wpt_parameters;
mod wpt_protocol;
mod wpt_restart_ice;
mod wpt_rollback;
mod wpt_set_parameters;
mod wpt_setup;
mod wpt_simulcast;
mod wpt_stop;
mod wpt_tracks;
mod wpt_transceivers;

use crate::harness::{Peer, config};
use siskin_base::{BaseId, Instant};
use siskin_peer::media::{MediaConfig, TrackKind};
use siskin_peer::{
    Direction, Event, OfferOptions, SdpType, SessionDescription, SignalingState, Transceiver, TransceiverId,
    TransceiverInit,
};

const T0: Instant = Instant::ZERO;
const AUDIO: TrackKind = TrackKind::Audio;
const VIDEO: TrackKind = TrackKind::Video;

fn peer(seed: u64) -> Peer {
    peer_with(seed, |_| {})
}

fn peer_with(seed: u64, change: impl FnOnce(&mut siskin_peer::Config)) -> Peer {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    change(&mut config);
    let mut peer = Peer::new(config, seed, T0);
    peer.connection.add_base(T0, BaseId(0), ([10, 0, 0, seed as u8], 1000).into());
    peer
}

fn pair() -> (Peer, Peer) {
    (peer(1), peer(2))
}

/// Sets the implicit description, and gives it.
fn describe(peer: &mut Peer) -> SessionDescription {
    peer.connection.set_local_description(T0, None).expect("the state wants a description");
    peer.connection.local_description().expect("just set")
}

fn take(peer: &mut Peer, description: &SessionDescription) {
    peer.connection.set_remote_description(T0, description.clone()).expect("a description of ours");
}

/// One round of offer and answer; gives both texts.
fn negotiate(a: &mut Peer, b: &mut Peer) -> (String, String) {
    let offer = describe(a);
    take(b, &offer);
    let answer = describe(b);
    take(a, &answer);
    for peer in [a, b] {
        assert_eq!(peer.connection.signaling_state(), SignalingState::Stable);
        peer.drain(T0);
    }
    (offer.sdp, answer.sdp)
}

fn offer_of(peer: &mut Peer) -> String {
    peer.connection.create_offer(T0, OfferOptions::default()).expect("an open connection").sdp
}

fn rollback() -> SessionDescription {
    SessionDescription { kind: SdpType::Rollback, sdp: String::new() }
}

fn offer(sdp: &str) -> SessionDescription {
    SessionDescription { kind: SdpType::Offer, sdp: sdp.into() }
}

fn init(direction: Direction) -> TransceiverInit {
    TransceiverInit { direction, ..TransceiverInit::default() }
}

fn add(peer: &mut Peer, kind: TrackKind, direction: Direction) -> TransceiverId {
    peer.connection.add_transceiver(T0, kind, init(direction)).expect("room for a transceiver")
}

fn get(peer: &Peer, id: TransceiverId) -> &Transceiver {
    peer.connection.transceivers().find(|known| known.id() == id).expect("not stopped")
}

fn all(peer: &Peer) -> Vec<&Transceiver> {
    peer.connection.transceivers().collect()
}

fn tracks(peer: &Peer) -> Vec<(TransceiverId, Vec<String>)> {
    let track = |event: &Event| match event {
        Event::Track { transceiver, streams, .. } => Some((*transceiver, streams.clone())),
        _ => None,
    };
    peer.events.iter().filter_map(track).collect()
}

/// The section at `index`, with its `m=` line.
fn section(sdp: &str, index: usize) -> &str {
    let starts = sdp.match_indices("\r\nm=").map(|(at, _)| at + 2);
    let mut starts = starts.chain([sdp.len()]).skip(index);
    let (from, to) = starts.next().zip(starts.next()).expect("a section of that index");
    sdp.get(from..to).expect("at line ends")
}

fn sections(sdp: &str) -> usize {
    sdp.matches("\r\nm=").count()
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|found| found == line)
}

fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(start)).expect("such a line")
}
