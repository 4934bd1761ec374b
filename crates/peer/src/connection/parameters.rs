//! How tracks are sent: `getParameters` and `setParameters` (webrtc-pc §5.2, §5.3), and what encoders are told.

use super::PeerConnection;
use crate::Event;
use crate::encodings::{
    EncodingParameters, EncodingTarget, ReceiveParameters, RtcpParameters, SendParameters,
    SetParameterOptions, check_change,
};
use crate::error::{Error, InvalidAccess, InvalidModification, InvalidState};
use crate::media::{Codec, CodecParameters, TrackKind};
use crate::recording::Input;
use crate::transceiver::{Transceiver, TransceiverId, check_alive};
use alloc::vec::Vec;
use siskin_base::Instant;
use siskin_sdp::Direction;

impl PeerConnection {
    /// How the track of a transceiver is sent (`RTCRtpSender.getParameters`). It is given the same again until
    /// [`set_parameters`](Self::set_parameters) or a description changes it: then `transaction_id` is another.
    ///
    /// # Errors
    /// `InvalidAccessError` if there is no such transceiver.
    pub fn get_parameters(&mut self, id: TransceiverId) -> Result<SendParameters, Error> {
        let cname = &self.cname;
        let known = self.transceivers.iter_mut().find(|transceiver| transceiver.id == id);
        let known = known.ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        if let Some(returned) = &known.sender.returned {
            return Ok(returned.clone());
        }
        known.sender.transactions += 1;
        let parameters = SendParameters {
            transaction_id: known.sender.transactions,
            encodings: known.sender.encodings.clone(),
            header_extensions: known.send_extensions.clone(),
            rtcp: RtcpParameters { cname: Some(cname.clone()), reduced_size: known.reduced_size_rtcp },
            codecs: known.send_codecs.clone(),
        };
        known.sender.returned = Some(parameters.clone());
        Ok(parameters)
    }

    /// Changes how the track of a transceiver is sent, without negotiation (`RTCRtpSender.setParameters`): what
    /// [`get_parameters`](Self::get_parameters) gave last, with other `encodings`. [`Event::EncodingsChanged`] tells whoever encodes.
    ///
    /// # Errors
    /// `InvalidStateError` if the connection is closed, the transceiver stopped, or the parameters were changed since they were asked
    /// for; `InvalidModificationError` if something else than the encodings' settings differs, or a codec is not to be had;
    /// `RangeError` if a scale is less than 1, or a frame rate less than 0; `InvalidAccessError` if there is no such transceiver.
    pub fn set_parameters(
        &mut self,
        now: Instant,
        id: TransceiverId,
        parameters: SendParameters,
        options: SetParameterOptions,
    ) -> Result<(), Error> {
        self.check_open()?;
        let known = self.transceiver(id).ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        check_alive(known)?;
        let given = known.sender.returned.as_ref();
        let given = given.ok_or(Error::InvalidState(InvalidState::NoTransaction))?;
        let SendParameters { transaction_id, encodings, header_extensions, rtcp, codecs } = parameters;
        let same = transaction_id == given.transaction_id
            && header_extensions == given.header_extensions
            && rtcp == given.rtcp
            && codecs == given.codecs;
        if !same {
            return Err(Error::InvalidModification(InvalidModification::Parameters));
        }
        self.change_encodings(now, id, encodings, options)
    }

    /// What of [`set_parameters`](Self::set_parameters) changes something, and is recorded.
    pub(crate) fn change_encodings(
        &mut self,
        now: Instant,
        id: TransceiverId,
        encodings: Vec<EncodingParameters>,
        options: SetParameterOptions,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetParameters(id, encodings.clone(), options.clone()));
        self.check_open()?;
        let known = self.transceiver(id).ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        check_alive(known)?;
        let choosable = |codec: &Codec| match known.send_codecs.as_slice() {
            [] => self.can_send(known.kind, codec),
            negotiated => negotiated.iter().any(|known| known.codec.is_like(codec)),
        };
        let encodings = check_change(known.kind, &known.sender.encodings, encodings, choosable)?;
        let options = options.encoding_options;
        let video = known.kind == TrackKind::Video;
        if video && !options.is_empty() && options.len() != encodings.len() {
            return Err(Error::InvalidModification(InvalidModification::Parameters));
        }
        let wanted = options.iter().zip(&encodings).filter(|(option, _)| video && option.key_frame);
        let mut keys: Vec<_> = wanted.map(|(_, encoding)| encoding.rid.clone()).collect();
        // Whoever has stopped to decode begins with a key frame.
        for (before, after) in known.sender.encodings.iter().zip(&encodings).filter(|_| video) {
            if !before.active && after.active && !keys.contains(&after.rid) {
                keys.push(after.rid.clone());
            }
        }
        let changed = known.sender.encodings != encodings;
        let sends = known.current_direction.is_some_and(|direction| direction.sends());
        self.with_transceiver(id, |known| {
            known.sender.encodings = encodings;
            known.sender.returned = None;
        });
        self.configure_media(now);
        if changed {
            self.tell_once(Event::EncodingsChanged(id));
        }
        for rid in keys.into_iter().filter(|_| sends) {
            self.tell_once(Event::KeyFrameRequested { transceiver: id, rid });
        }
        self.settle(now);
        Ok(())
    }

    /// How the peer's track is received (`RTCRtpReceiver.getParameters`).
    ///
    /// # Errors
    /// `InvalidAccessError` if there is no such transceiver.
    pub fn receive_parameters(&self, id: TransceiverId) -> Result<ReceiveParameters, Error> {
        let known = self.transceiver(id).ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        let received_here =
            |known: &&CodecParameters| known.codec.is_rtx() || self.can(&known.codec, Direction::RecvOnly);
        let codecs = known.local.codecs.iter().filter(|_| known.is_negotiated());
        let received = known.local.extensions.iter().filter(|extension| extension.direction.receives());
        Ok(ReceiveParameters {
            header_extensions: received.filter(|_| known.is_negotiated()).cloned().collect(),
            rtcp: RtcpParameters { cname: None, reduced_size: known.is_negotiated() },
            codecs: codecs.filter(received_here).cloned().collect(),
        })
    }

    /// What the encoders of a transceiver's track should make now, one for each encoding. It changes with [`Event::EncodingsChanged`],
    /// [`Event::TargetBitrate`], and with descriptions.
    ///
    /// # Errors
    /// `InvalidAccessError` if there is no such transceiver.
    pub fn encoding_targets(&self, id: TransceiverId) -> Result<Vec<EncodingTarget>, Error> {
        let known = self.transceiver(id).ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        let transport = self.sections.of(id).and_then(|(_, section)| section.transport);
        let rtp = transport.and_then(|transport| self.transports.get(&transport)?.rtp());
        let sends = known.is_alive() && known.current_direction.is_some_and(|direction| direction.sends());
        let targets = known.sender.encodings.iter().enumerate().map(|(index, encoding)| {
            let mut codecs = known.send_codecs.iter().filter(|codec| !codec.codec.is_resiliency());
            let codec = match &encoding.codec {
                Some(wanted) => codecs.find(|known| known.codec.is_like(wanted)),
                None => codecs.next(),
            };
            let active = sends && encoding.active;
            let share = rtp.and_then(|rtp| rtp.share(id, index));
            EncodingTarget {
                rid: encoding.rid.clone(),
                active,
                codec: codec.cloned(),
                bitrate: if active { share.or(encoding.max_bitrate) } else { Some(0) },
                max_framerate: encoding.max_framerate,
                scale_resolution_down_by: encoding.scale_resolution_down_by.unwrap_or(1.0),
            }
        });
        Ok(targets.collect())
    }

    /// Whether the configuration has a codec like it that goes that way.
    pub(super) fn can(&self, codec: &Codec, way: Direction) -> bool {
        self.config.media.as_ref().is_some_and(|media| media.can(codec, way))
    }

    /// Whether the configuration has a codec of that kind like it, that is sent.
    pub(super) fn can_send(&self, kind: TrackKind, codec: &Codec) -> bool {
        codec.kind() == Some(kind) && self.can(codec, Direction::SendOnly)
    }

    /// Descriptions change what `get_parameters` gave.
    pub(super) fn end_transactions(&mut self) {
        self.transceivers.iter_mut().for_each(|known| known.sender.returned = None);
    }

    fn tell_once(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push_back(event);
        }
    }
}

impl Transceiver {
    /// There was an answer.
    fn is_negotiated(&self) -> bool {
        self.current_direction.is_some()
    }
}
