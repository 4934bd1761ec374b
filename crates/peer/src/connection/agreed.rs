//! What descriptions make of transceivers: those that an offer is for, what both sides agree on, the peer's tracks, and the way
//! back (webrtc-pc §4.4.1.5, RFC 9429 §5.7, §5.10).

use super::PeerConnection;
use crate::encodings;
use crate::jsep::{PlannedRtp, RemoteDescription, RemoteRtp};
use crate::media::{Codec, CodecParameters, HeaderExtension, TrackKind, intersect, send_codecs};
use crate::sections::UsedFor;
use crate::transceiver::{Described, Transceiver, TransceiverId, TransceiverInit};
use crate::{Event, SdpType};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::{Direction, SimulcastStream};

impl PeerConnection {
    /// RFC 9429 §5.10: the first transceiver that `add_track` made and no section has, if the peer would receive from it;
    /// else a new one that only receives. None if there are too many.
    pub(super) fn transceiver_for_offer(&mut self, offered: &RemoteRtp) -> Option<TransceiverId> {
        let waiting = |known: &&Transceiver| {
            known.kind == offered.kind && known.is_alive() && known.made_by_add_track && known.mid.is_none()
        };
        let waiting = self.transceivers.iter().find(waiting).filter(|_| offered.direction.receives());
        let id = match waiting {
            Some(known) => known.id,
            None => {
                self.check_media().ok()?;
                let init = TransceiverInit { direction: Direction::RecvOnly, ..TransceiverInit::default() };
                let id = self.make_transceiver(offered.kind, init);
                self.with_transceiver(id, |transceiver| transceiver.made_by_offer = true);
                id
            }
        };
        // webrtc-pc §4.4.1.5: whoever has one encoding without a name sends what the peer asks for; later offers can only narrow it.
        self.with_transceiver(id, |transceiver| {
            if !transceiver.sender.has_rids() && transceiver.kind == TrackKind::Video {
                transceiver.sender.take_rids(offered.asked_rids());
            }
        });
        Some(id)
    }

    /// Ties a transceiver to a section; `planned` is what our offer says of it.
    pub(super) fn associate(&mut self, id: TransceiverId, mid: Option<String>, planned: Option<&PlannedRtp>) {
        self.with_transceiver(id, |transceiver| {
            transceiver.mid = mid;
            if let Some(planned) = planned {
                let (codecs, extensions) = (planned.codecs.clone(), planned.extensions.clone());
                transceiver.local = Described { codecs, extensions, cryptex: planned.cryptex };
            }
        });
    }

    /// What both descriptions say of a section, taken together.
    pub(super) fn agree(&mut self, id: TransceiverId, ours: &PlannedRtp, theirs: &RemoteRtp, kind: SdpType) {
        // RFC 3264 §6.1: an answer may list what its offer did not, and be sent it.
        let offered = self.signaling.local.pending.as_ref().is_some_and(|local| local.kind == SdpType::Offer);
        let all = self.config.media.iter().filter(|_| offered).flat_map(|media| &media.codecs);
        let other = all.filter(|known| !ours.codecs.iter().any(|ours| ours.codec.matches(&known.codec)));
        let other = other.map(|known| CodecParameters {
            payload_type: known.payload_type,
            codec: known.codec.clone(),
            feedback: known.feedback.clone(),
        });
        let sent =
            |known: &CodecParameters| known.codec.is_rtx() || self.can(&known.codec, Direction::SendOnly);
        let known: Vec<CodecParameters> = ours.codecs.iter().cloned().chain(other).filter(sent).collect();
        let encodings = self.transceiver(id).map(|transceiver| transceiver.sender.encodings.clone());
        self.with_transceiver(id, |transceiver| {
            transceiver.send_codecs = send_codecs(&known, &theirs.codecs);
            // webrtc-pc §4.4.1.5: what is not negotiated any more cannot be chosen.
            for encoding in &mut transceiver.sender.encodings {
                let is_left = |codec: &mut Codec| {
                    transceiver.send_codecs.iter().any(|known| known.codec.is_like(codec))
                };
                encoding.codec.take_if(|codec| !is_left(codec));
            }
            let place = |codec: &Codec| theirs.codecs.iter().position(|other| other.codec.matches(codec));
            let primary = |apt: u8| ours.codecs.iter().find(|known| known.payload_type == apt);
            let is_agreed = |known: &CodecParameters| {
                let primary = known.codec.apt().and_then(primary);
                place(&known.codec).is_some() && primary.is_none_or(|primary| place(&primary.codec).is_some())
            };
            let (mut codecs, others): (Vec<_>, Vec<_>) = ours.codecs.iter().cloned().partition(is_agreed);
            // RFC 9429 §5.2.2: the next offer keeps the order of the answer.
            codecs.sort_by_key(|known| match known.codec.apt().and_then(primary) {
                Some(primary) => (place(&primary.codec), true),
                None => (place(&known.codec), false),
            });
            // RFC 3264 §6.1: a peer sends only what its answer lists: not relied on, because a browser that prefers codecs in
            // its answer sends by the order of the offer.
            codecs.extend(others);
            let mut extensions = agreed_extensions(ours, theirs);
            if kind == SdpType::Answer {
                for known in &mut transceiver.extensions {
                    known.take_answer(extensions.iter().find(|agreed| agreed.uri == known.uri));
                }
            }
            extensions.retain(|known| known.direction != Direction::Inactive);
            let sent = extensions.iter().filter(|known| known.direction.sends());
            transceiver.send_extensions = sent.cloned().collect();
            transceiver.local = Described { codecs, extensions, cryptex: ours.cryptex };
            transceiver.header_encryption = ours.cryptex && theirs.cryptex;
            let current = intersect(ours.direction, theirs.direction.reversed());
            transceiver.current_direction = Some(current);
            transceiver.sender.has_sent |= current.sends();
            let both = |one: &[Vec<SimulcastStream>], other: &[Vec<SimulcastStream>]| {
                let known = |rid: &&SimulcastStream| other.iter().flatten().any(|other| other.rid == rid.rid);
                one.iter().flatten().filter(known).map(|stream| stream.rid.clone()).collect::<Vec<String>>()
            };
            if current.receives() {
                transceiver.received_rids = both(&ours.simulcast.recv, &theirs.simulcast.send);
                transceiver.wanted_rids.clone_from(&transceiver.received_rids);
            }
            if current.sends() && transceiver.sender.has_rids() {
                let taken = both(&ours.simulcast.send, &theirs.simulcast.recv);
                transceiver.sender.narrow(&taken, theirs);
            }
            transceiver.remote_sources.clone_from(&theirs.sources);
            transceiver.reduced_size_rtcp = theirs.reduced_size;
            transceiver.answers_clocks = theirs.answers_clocks;
        });
        if self.transceiver(id).map(|transceiver| &transceiver.sender.encodings) != encodings.as_ref() {
            self.events.push_back(Event::EncodingsChanged(id));
        }
    }

    /// webrtc-pc §4.4.1.5: what a remote description says of the peer's tracks.
    pub(super) fn take_remote_tracks(&mut self, remote: &RemoteDescription) {
        for (section, theirs) in self.sections.0.iter().zip(&remote.sections) {
            let UsedFor::Rtp(id) = section.used_for else { continue };
            let Some(known) = self.transceivers.iter_mut().find(|known| known.id == id) else { continue };
            let direction = theirs.rtp().map_or(Direction::Inactive, |rtp| rtp.direction.reversed());
            let before = known.fired_direction.is_some_and(Direction::receives);
            let sending = theirs.rtp().filter(|rtp| rtp.direction.sends());
            let streams = sending.map(|rtp| rtp.streams.clone()).unwrap_or_default();
            // "Or the previous step increased the length of addList": in another stream it is told again.
            let moved = streams.iter().any(|stream| !known.remote_streams.contains(stream));
            known.remote_streams = streams;
            known.fired_direction = Some(direction);
            match (before, direction.receives()) {
                (true, true) if !moved => {}
                (_, true) => tell_track(known, &mut self.events),
                // One that is over is silent anyway.
                (true, false) if !known.ended => self.events.push_back(Event::TrackMuted(id)),
                _ => {}
            }
        }
    }

    /// A description has no place for it.
    pub(super) fn stop_for_good(&mut self, id: TransceiverId) {
        self.with_transceiver(id, Transceiver::stop_for_good);
        self.end_track(id);
    }

    /// Tells that the remote track is over, once.
    pub(super) fn end_track(&mut self, id: TransceiverId) {
        if let Some(known) = self.transceivers.iter_mut().find(|known| known.id == id)
            && !core::mem::replace(&mut known.ended, true)
        {
            self.events.push_back(Event::TrackEnded(id));
        }
    }

    /// RFC 9429 §5.7: who was tied to a section by the offer that is taken back, is free again; who was made for it goes,
    /// unless a track was added meanwhile.
    pub(super) fn roll_back_transceivers(&mut self) {
        let Some(stable) = self.stable_transceivers.take() else { return };
        let events = &mut self.events;
        self.transceivers.retain_mut(|known| {
            let before = stable.iter().find(|before| before.id == known.id);
            let received = known.fired_direction.is_some_and(Direction::receives);
            let fired = before.and_then(|before| before.fired_direction);
            let receives = fired.is_some_and(Direction::receives);
            if received && !receives {
                events.push_back(Event::TrackMuted(known.id));
            }
            known.fired_direction = fired;
            if let Some(before) = before {
                let moved = |stream| !known.remote_streams.contains(stream);
                let told = received && !before.remote_streams.iter().any(moved);
                known.remote_streams.clone_from(&before.remote_streams);
                if receives && !told && !known.ended {
                    tell_track(known, events);
                }
                known.mid.clone_from(&before.mid);
                known.current_direction = before.current_direction;
                known.local = before.local.clone();
                known.send_codecs.clone_from(&before.send_codecs);
                known.send_extensions.clone_from(&before.send_extensions);
                known.received_rids.clone_from(&before.received_rids);
                known.wanted_rids.clone_from(&before.wanted_rids);
                known.sender.roll_back(&before.sender);
                return true;
            }
            known.mid = None;
            // RIDs that the offer brought go with it.
            if known.made_by_offer || known.made_by_add_track {
                known.sender.encodings = encodings::first(known.kind, Vec::new());
            }
            known.local = Described::default();
            if known.made_by_offer {
                events.push_back(Event::TrackEnded(known.id));
            }
            !known.made_by_offer
        });
    }
}

fn tell_track(known: &mut Transceiver, events: &mut VecDeque<Event>) {
    known.ended = false;
    let (transceiver, kind, streams) = (known.id, known.kind, known.remote_streams.clone());
    events.push_back(Event::Track { transceiver, kind, streams });
}

fn agreed_extensions(ours: &PlannedRtp, theirs: &RemoteRtp) -> Vec<HeaderExtension> {
    let agreed = ours.extensions.iter().filter_map(|known| {
        let other = theirs.extensions.iter().find(|other| other.id == known.id && other.uri == known.uri)?;
        let direction = intersect(known.direction, other.direction.reversed());
        Some(HeaderExtension { direction, ..known.clone() })
    });
    agreed.collect()
}
