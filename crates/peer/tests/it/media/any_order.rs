//! Renegotiation in any order: two ends that do what they like, when they like, with messages that take their time, and the
//! [perfect negotiation](https://www.w3.org/TR/webrtc/#perfect-negotiation-example) between them. Whatever happens, no
//! description is refused, and in the end both agree on everything.

#![allow(clippy::indexing_slicing, reason = "there are two ends, and what is drawn is within its bounds")]

use super::*;
use siskin_base::Rng;
use siskin_netsim::{Report, campaign};
use siskin_peer::SetParameterOptions;
use siskin_peer::media::HeaderExtension;
use siskin_sdp::{Limits, Session};
use std::collections::{BTreeSet, VecDeque};

struct End {
    peer: Peer,
    polite: bool,
    /// Set where the other's offer was not taken.
    ignores: bool,
    inbox: VecDeque<SessionDescription>,
    tracks: u32,
    /// Offers of the other's that were answered, and that were not taken.
    answered: u64,
    collisions: u64,
}

impl End {
    /// `one_way`: some of its codecs are only sent, and some only received.
    fn new(seed: u64, polite: bool, one_way: bool) -> Self {
        Self {
            peer: if one_way { wpt_one_way_codecs::end(seed) } else { peer(seed) },
            polite,
            ignores: false,
            inbox: VecDeque::new(),
            tracks: 0,
            answered: 0,
            collisions: 0,
        }
    }

    /// Whether the event came since that was last asked.
    fn wants_to_negotiate(&mut self) -> bool {
        self.peer.drain(T0);
        let wanted = self.peer.events.contains(&Event::NegotiationNeeded);
        self.peer.events.clear();
        wanted
    }

    fn offer(&mut self) -> SessionDescription {
        describe(&mut self.peer)
    }

    /// Takes the next message; gives what it is answered with.
    fn receive(&mut self, rng: &mut Rng, context: &str) -> Option<SessionDescription> {
        let message = self.inbox.pop_front()?;
        let offered = message.kind == SdpType::Offer;
        let collision = offered && self.peer.connection.signaling_state() != SignalingState::Stable;
        self.ignores = !self.polite && collision;
        if self.ignores {
            self.collisions += 1;
            return None;
        }
        let taken = self.peer.connection.set_remote_description(T0, message.clone());
        assert_eq!(taken, Ok(()), "{context}: {}", message.sdp);
        if !offered {
            return None;
        }
        if rng.below(3) == 0 {
            self.act(rng);
        }
        self.answered += 1;
        Some(describe(&mut self.peer))
    }

    /// Something that a user may do.
    fn act(&mut self, rng: &mut Rng) {
        let connection = &mut self.peer.connection;
        let known: Vec<TransceiverId> = connection
            .transceivers()
            .filter(|known| known.direction().is_some())
            .map(Transceiver::id)
            .collect();
        let any = |rng: &mut Rng| known.get(rng.below(known.len().max(1) as u64) as usize).copied();
        let directions = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        let direction = directions[rng.below(4) as usize];
        let kind = if rng.below(2) == 0 { AUDIO } else { VIDEO };
        let streams = [["x".to_string()], ["y".to_string()]][rng.below(2) as usize].clone();
        self.tracks += 1;
        let track = format!("track {}", self.tracks);
        match (rng.below(11), any(rng)) {
            (0, _) if known.len() < 8 => {
                let rids = &["q", "h", "f"][rng.below(4) as usize..];
                let send_encodings = rids.iter().map(|rid| (*rid).into()).collect();
                let init = TransceiverInit { send_encodings, ..init(direction) };
                connection.add_transceiver(T0, kind, init).unwrap();
            }
            (1 | 2, _) if known.len() < 8 => _ = connection.add_track(T0, kind, &track, &streams).unwrap(),
            (3 | 4, Some(id)) => connection.set_direction(T0, id, direction).unwrap(),
            (5, Some(id)) => connection.remove_track(T0, id).unwrap(),
            (6, Some(id)) => connection.set_streams(T0, id, &streams).unwrap(),
            (7, Some(id)) => connection.stop_transceiver(T0, id).unwrap(),
            (8, _) if rng.below(4) == 0 => _ = self.peer.channel(T0, "data"),
            (9, _) => connection.restart_ice(T0),
            (10, Some(id)) => {
                let mut parameters = connection.get_parameters(id).unwrap();
                for encoding in &mut parameters.encodings {
                    encoding.active = rng.below(3) > 0;
                    encoding.max_bitrate = Some(rng.below(1_000_000)).filter(|_| encoding.active);
                }
                let options = SetParameterOptions::default();
                connection.set_parameters(T0, id, parameters, options).unwrap();
            }
            _ => {}
        }
    }
}

/// One of its header extensions another way, which asks for no negotiation.
fn turn_extension(peer: &mut Peer, rng: &mut Rng) {
    let known: Vec<TransceiverId> = all(peer).iter().map(|known| known.id()).collect();
    let Some(id) = known.get(rng.below(known.len().max(1) as u64) as usize).copied() else { return };
    let mut wanted = get(peer, id).header_extensions_to_negotiate();
    let ways = [None, Some(Direction::SendOnly), Some(Direction::RecvOnly), Some(Direction::SendRecv)];
    let index = rng.below(wanted.len() as u64) as usize;
    wanted[index].direction = ways[rng.below(4) as usize];
    // Mandatory ones stay as they are.
    let _refused = peer.connection.set_header_extensions_to_negotiate(T0, id, &wanted);
}

/// The header extensions of both ends' sections, by name, and which way they go from ours.
fn extensions(end: &End, reversed: bool) -> Vec<(String, Vec<HeaderExtension>)> {
    let turned = |known: &HeaderExtension| {
        let direction = if reversed { known.direction.reversed() } else { known.direction };
        HeaderExtension { direction, ..known.clone() }
    };
    let of = |known: &&Transceiver| {
        let mut all: Vec<HeaderExtension> = known.header_extensions().iter().map(turned).collect();
        all.sort_unstable_by_key(|known| known.id);
        assert!(all.windows(2).all(|two| two[0].id != two[1].id), "a number stands for two: {all:?}");
        Some((known.mid()?.to_string(), all))
    };
    let mut all: Vec<_> = all(&end.peer).iter().filter_map(of).collect();
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    all
}

/// What both ends say of their sections, by name.
fn view(end: &End) -> Vec<(String, TrackKind, Option<Direction>)> {
    let of = |known: &&Transceiver| Some((known.mid()?.to_string(), known.kind(), known.current_direction()));
    let mut view: Vec<_> = all(&end.peer).iter().filter_map(of).collect();
    view.sort_by(|one, other| one.0.cmp(&other.0));
    view
}

fn run(seed: u64) -> Report {
    let mut rng = Rng::for_tests(seed);
    // Numbers of their own: which way header extensions go changes nothing else.
    let mut turns = Rng::for_tests(seed.wrapping_add(1 << 32));
    let mut ends = [(1, false), (2, true)].map(|(number, polite)| End::new(number, polite, seed % 2 == 1));
    let mut quiet = 0;
    let mut steps = 0;
    while quiet < 8 {
        steps += 1;
        assert!(steps < 2_000, "seed {seed}: it does not come to an end");
        let active = steps < 60;
        let index = rng.below(2) as usize;
        if active && rng.below(3) == 0 {
            ends[index].act(&mut rng);
        }
        if active && turns.below(4) == 0 {
            turn_extension(&mut ends[index].peer, &mut turns);
        }
        let context = format!("seed {seed}, step {steps}, end {index}");
        let end = &mut ends[index];
        let mut sent = None;
        // One thing at a time: messages wait while the other end is slow.
        let moved = match rng.below(2) {
            0 if end.wants_to_negotiate() => {
                // The event is told for the stable state; somebody may have offered since.
                let stable = end.peer.connection.signaling_state() == SignalingState::Stable;
                sent = stable.then(|| end.offer());
                true
            }
            _ => {
                let waiting = !end.inbox.is_empty();
                // An offer of ours may be taken back before it is answered, now and then.
                // Seed 643: not one for whose sake the other's offer was not taken; that would wait for ever.
                let rolls = active && rng.below(40) == 0 && !end.ignores;
                if rolls
                    && end.peer.connection.signaling_state() == SignalingState::HaveLocalOffer
                    && end.inbox.is_empty()
                {
                    // Only if the other side forgets it, too: it is still under way.
                    let other = &mut ends[1 - index];
                    if other.inbox.back().is_some_and(|last| last.kind == SdpType::Offer) {
                        other.inbox.pop_back();
                        let end = &mut ends[index];
                        end.peer.connection.set_local_description(T0, Some(rollback())).unwrap();
                    }
                } else {
                    sent = end.receive(&mut rng, &context);
                }
                waiting
            }
        };
        if let Some(sent) = sent {
            let parsed = Session::parse(&sent.sdp, &Limits::default()).expect("our own");
            assert_eq!(parsed.to_string(), sent.sdp, "{context}");
            for media in &parsed.media {
                let listed: BTreeSet<String> = media.formats.iter().map(ToString::to_string).collect();
                assert_eq!(listed.len(), media.formats.len(), "{context}: {}", sent.sdp);
            }
            ends[1 - index].inbox.push_back(sent);
        }
        let idle = ends.iter().all(|end| {
            end.inbox.is_empty()
                && !end.peer.connection.is_negotiation_needed()
                && end.peer.connection.signaling_state() == SignalingState::Stable
        });
        quiet = if !active && !moved && idle { quiet + 1 } else { 0 };
    }
    let [a, b] = &ends;
    let reversed: Vec<_> =
        view(b).into_iter().map(|(mid, kind, way)| (mid, kind, way.map(Direction::reversed))).collect();
    assert_eq!(view(a), reversed, "seed {seed}");
    for end in &ends {
        for known in all(&end.peer) {
            // Several encodings have names, and what is sent without simulcast is one.
            let (encodings, rids) = (known.encodings(), known.sent_rids());
            assert!(encodings.len() == 1 || encodings.len() == rids.len(), "seed {seed}: {encodings:?}");
        }
        // Everything that is wanted is offered: nobody is left without a section.
        assert!(
            all(&end.peer).iter().all(|known| known.mid().is_some() || known.direction().is_none()),
            "seed {seed}"
        );
        let connection = &end.peer.connection;
        let (local, remote) = (connection.local_description(), connection.remote_description());
        let count = |sdp: Option<&str>| sdp.map_or(0, sections);
        assert_eq!(
            count(local.as_ref().map(|description| description.sdp.as_str())),
            count(remote.map(|description| description.sdp.as_str())),
            "seed {seed}"
        );
    }
    // And an end that asks again, unasked, changes nothing.
    let counts = [
        ("rounds", ends.iter().map(|end| end.answered).sum()),
        ("collisions", ends.iter().map(|end| end.collisions).sum()),
    ];
    let [mut a, mut b] = ends;
    let before = (view(&a), view(&b));
    for round in 0..2 {
        negotiate(&mut a.peer, &mut b.peer);
        let now = extensions(&a, false);
        assert_eq!(now, extensions(&b, true), "seed {seed}");
        negotiate(&mut b.peer, &mut a.peer);
        assert_eq!(extensions(&b, true), now, "seed {seed}, round {round}: an answer decides for both");
    }
    assert_eq!((view(&a), view(&b)), before, "seed {seed}");
    Report { counts: counts.into(), ..Report::default() }
}

/// `cargo xtask campaign --layer jsep` runs thousands of seeds.
#[test]
fn whatever_they_do_they_agree_in_the_end() {
    let reports = campaign("jsep", if cfg!(debug_assertions) { 20 } else { 300 }, |seed| Ok(run(seed)));
    let count = |name| reports.iter().filter_map(|report| report.counts.get(name)).sum::<u64>();
    // Else it would show nothing.
    assert!(count("rounds") >= reports.len() as u64 && count("collisions") > 0);
}
