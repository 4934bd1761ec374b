//! Transceivers: the calls that make and change them (webrtc-pc §5.1).

use super::PeerConnection;
use crate::encodings;
use crate::error::{Error, InvalidAccess, InvalidModification, Operation, Type};
use crate::media::{Codec, MediaConfig, TrackKind, intersect};
use crate::recording::Input;
use crate::transceiver::{Transceiver, TransceiverId, TransceiverInit, check_alive};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::Instant;
use siskin_sdp::Direction;

impl PeerConnection {
    /// A new transceiver, to be negotiated with the next offer (`addTransceiver`).
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed; `OperationError` if there are too many, or the configuration has
    /// no media, or not the codec of an encoding; `TypeError` if the RIDs are none, or stand twice, be it in both directions (RFC 8851
    /// §6.1), or are missing where there are several encodings; `RangeError` if a scale is less than 1, or a frame rate less than 0.
    pub fn add_transceiver(
        &mut self,
        now: Instant,
        kind: TrackKind,
        init: TransceiverInit,
    ) -> Result<TransceiverId, Error> {
        self.note(now, || Input::AddTransceiver(kind, init.clone()));
        self.check_open()?;
        self.check_media()?;
        let sent = init.send_encodings.iter().filter_map(|encoding| encoding.rid.as_ref());
        check_rids(&sent.chain(&init.receive_encodings).collect::<Vec<_>>())?;
        encodings::check_first(kind, &init.send_encodings, |codec| self.can_send(kind, codec))?;
        let id = self.make_transceiver(kind, init);
        self.update_negotiation_needed();
        self.settle(now);
        Ok(id)
    }

    /// Sends a track, over a transceiver that never sent if there is one, else over a new one (`addTrack`).
    ///
    /// # Errors
    /// As [`add_transceiver`](Self::add_transceiver), and `InvalidAccessError` if the track is sent already.
    pub fn add_track(
        &mut self,
        now: Instant,
        kind: TrackKind,
        track: &str,
        streams: &[String],
    ) -> Result<TransceiverId, Error> {
        self.note(now, || Input::AddTrack(kind, track.into(), streams.to_vec()));
        self.check_open()?;
        if self
            .transceivers
            .iter()
            .any(|known| known.is_alive() && known.sender.track.as_deref() == Some(track))
        {
            return Err(Error::InvalidAccess(InvalidAccess::TrackSentAlready));
        }
        let unused = |known: &&mut Transceiver| {
            known.kind == kind && known.is_alive() && known.sender.track.is_none() && !known.sender.has_sent
        };
        let id = match self.transceivers.iter_mut().find(unused) {
            Some(known) => {
                known.direction =
                    if known.direction.receives() { Direction::SendRecv } else { Direction::SendOnly };
                known.sender.track = Some(track.into());
                known.sender.streams = distinct(streams);
                (known.made_by_add_track, known.made_by_offer) = (true, false);
                known.id
            }
            None => {
                self.check_media()?;
                let track = Some(track.into());
                let init = TransceiverInit { track, streams: streams.to_vec(), ..TransceiverInit::default() };
                let id = self.make_transceiver(kind, init);
                self.with_transceiver(id, |transceiver| transceiver.made_by_add_track = true);
                id
            }
        };
        self.update_negotiation_needed();
        self.settle(now);
        Ok(id)
    }

    /// Sends the track no more (`removeTrack`). The transceiver goes on receiving.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed; `InvalidAccessError` if there is no such transceiver.
    pub fn remove_track(&mut self, now: Instant, id: TransceiverId) -> Result<(), Error> {
        self.note(now, || Input::RemoveTrack(id));
        self.change_transceiver(now, id, |transceiver| {
            if transceiver.sender.track.take().is_some() && transceiver.is_alive() {
                transceiver.direction = intersect(transceiver.direction, Direction::RecvOnly);
            }
            Ok(())
        })
    }

    /// Sends another track, or none, without negotiation (`replaceTrack`).
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed or the transceiver stopped; `InvalidAccessError` if there is no such
    /// transceiver.
    pub fn replace_track(
        &mut self,
        now: Instant,
        id: TransceiverId,
        track: Option<&str>,
    ) -> Result<(), Error> {
        self.note(now, || Input::ReplaceTrack(id, track.map(String::from)));
        self.change_transceiver(now, id, |transceiver| {
            check_alive(transceiver)?;
            transceiver.sender.track = track.map(String::from);
            Ok(())
        })
    }

    /// Puts the track that is sent into other streams (`setStreams`).
    ///
    /// # Errors
    /// As [`replace_track`](Self::replace_track).
    pub fn set_streams(&mut self, now: Instant, id: TransceiverId, streams: &[String]) -> Result<(), Error> {
        self.note(now, || Input::SetStreams(id, streams.to_vec()));
        self.change_transceiver(now, id, |transceiver| {
            transceiver.sender.streams = distinct(streams);
            Ok(())
        })
    }

    /// Wants media to flow that way, once it is negotiated (`direction`).
    ///
    /// # Errors
    /// As [`replace_track`](Self::replace_track).
    pub fn set_direction(
        &mut self,
        now: Instant,
        id: TransceiverId,
        direction: Direction,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetDirection(id, direction));
        self.change_transceiver(now, id, |transceiver| {
            check_alive(transceiver)?;
            transceiver.direction = direction;
            Ok(())
        })
    }

    /// Offers and answers only these codecs, in this order; none stands for all (`setCodecPreferences`). A section lists those of
    /// them that go its way.
    ///
    /// # Errors
    /// `InvalidModificationError` if one is not among the codecs of the configuration, or none carries media;
    /// `InvalidAccessError` if there is no such transceiver.
    pub fn set_codec_preferences(
        &mut self,
        now: Instant,
        id: TransceiverId,
        codecs: &[Codec],
    ) -> Result<(), Error> {
        self.note(now, || Input::SetCodecPreferences(id, codecs.to_vec()));
        let media = self.config.media.clone().unwrap_or_default();
        self.change_transceiver(now, id, |transceiver| {
            check_preferences(&media, transceiver.kind, codecs)?;
            transceiver.preferences = distinct(codecs);
            Ok(())
        })
    }

    /// Stops sending and receiving for good (`stop`): at once, and the next offer says so. An answer until then has it as
    /// inactive (webrtc-pc §5.4). Stopping twice does nothing.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed; `InvalidAccessError` if there is no such transceiver.
    pub fn stop_transceiver(&mut self, now: Instant, id: TransceiverId) -> Result<(), Error> {
        self.note(now, || Input::StopTransceiver(id));
        self.check_open()?;
        if !self.transceivers.iter().any(|transceiver| transceiver.id == id) {
            return Err(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver));
        }
        self.with_transceiver(id, Transceiver::stop);
        self.end_track(id);
        self.configure_media(now);
        self.update_negotiation_needed();
        self.settle(now);
        Ok(())
    }

    /// All transceivers, in the order of their making (`getTransceivers`). Those that are stopped leave with the answer that
    /// says so.
    pub fn transceivers(&self) -> impl Iterator<Item = &Transceiver> {
        self.transceivers.iter()
    }

    pub(super) fn change_transceiver(
        &mut self,
        now: Instant,
        id: TransceiverId,
        change: impl FnOnce(&mut Transceiver) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.check_open()?;
        let known = self.transceivers.iter_mut().find(|transceiver| transceiver.id == id);
        change(known.ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?)?;
        self.update_negotiation_needed();
        self.settle(now);
        Ok(())
    }

    pub(super) fn check_media(&self) -> Result<(), Error> {
        let media = self.config.media.as_ref().ok_or(Error::Operation(Operation::NoMedia))?;
        match self.transceivers.len() < media.max_transceivers {
            true => Ok(()),
            false => Err(Error::Operation(Operation::TooManyTransceivers)),
        }
    }

    pub(super) fn make_transceiver(&mut self, kind: TrackKind, init: TransceiverInit) -> TransceiverId {
        let id = TransceiverId(self.transceivers_made);
        self.transceivers_made += 1;
        let mut rng = self.rng.fork(&format!("transceiver {}", id.0));
        // RFC 3550 §8.1: random, and different from all that are ours.
        let ours = self.transceivers.iter().flat_map(|t| [t.sender.ssrc, t.sender.rtx_ssrc]);
        let mut taken: Vec<u32> = ours.collect();
        let mut next = || loop {
            let ssrc = rng.u64() as u32;
            if ssrc != 0 && !taken.contains(&ssrc) {
                taken.push(ssrc);
                return ssrc;
            }
        };
        let ssrcs = (next(), next());
        let init = TransceiverInit { streams: distinct(&init.streams), ..init };
        // webrtc-extensions: a transceiver that comes later negotiates what those that are there do.
        let like = self.transceivers.iter().find(|known| known.kind == kind && known.is_alive());
        let extensions = match (like, &self.config.media) {
            (Some(like), _) => like.extensions.iter().map(|known| known.for_another()).collect(),
            (None, media) => media.as_ref().map(|media| media.negotiable(kind)).unwrap_or_default(),
        };
        self.transceivers.push(Transceiver { extensions, ..Transceiver::new(id, kind, init, ssrcs) });
        id
    }

    pub(super) fn with_transceiver(&mut self, id: TransceiverId, change: impl FnOnce(&mut Transceiver)) {
        if let Some(known) = self.transceivers.iter_mut().find(|transceiver| transceiver.id == id) {
            change(known);
        }
    }
}

/// Each once.
fn distinct<T: Clone + PartialEq>(all: &[T]) -> Vec<T> {
    let mut distinct: Vec<T> = Vec::with_capacity(all.len());
    for one in all {
        if !distinct.contains(one) {
            distinct.push(one.clone());
        }
    }
    distinct
}

/// RFC 8852 §3.3: letters and digits (RFC 8851 §10 has `-` and `_`, too, which no packet could bear), at most 255; webrtc-pc §5.1:
/// each once.
fn check_rids(rids: &[&String]) -> Result<(), Error> {
    let valid = |rid: &&String| {
        (1..=255).contains(&rid.len()) && rid.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let twice = |(index, rid): (usize, &&String)| rids.iter().take(index).any(|before| before == rid);
    match rids.iter().all(valid) && !rids.iter().enumerate().any(twice) {
        true => Ok(()),
        false => Err(Error::Type(Type::Rid)),
    }
}

fn check_preferences(media: &MediaConfig, kind: TrackKind, codecs: &[Codec]) -> Result<(), Error> {
    let known = |wanted: &Codec| {
        let rtx = wanted.is_rtx() && wanted.kind() == Some(kind);
        rtx || media
            .codecs
            .iter()
            .any(|known| known.codec.kind() == Some(kind) && known.codec.matches(wanted))
    };
    let carries = codecs.is_empty() || codecs.iter().any(|codec| !codec.is_resiliency());
    if codecs.iter().all(known) && carries {
        Ok(())
    } else {
        Err(Error::InvalidModification(InvalidModification::CodecPreferences))
    }
}
