//! What flows in media sections: frames out and in, and what negotiation means for them.

use super::PeerConnection;
use crate::error::{Error, InvalidAccess, InvalidState, Operation, Type};
use crate::recording::Input;
use crate::rtp::{OutgoingFrame, Parameters, Rtp, RtpCounts, RtpEvent, SendError};
use crate::sections::{TransportId, UsedFor};
use crate::{Event, TransceiverId};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_base::Instant;

impl PeerConnection {
    /// Sends an encoded frame of a transceiver's track; `rid` names the encoding, where several are sent.
    ///
    /// # Errors
    /// `InvalidStateError` if the transceiver does not send, its transport is not connected yet, or the encoding is not active;
    /// `TypeError` if the payload type was not negotiated, or is not of the codec that was set for the encoding, or the bytes are no
    /// frame of its codec; `OperationError` if too many packets wait, or the encoding is ahead of its `max_bitrate`.
    pub fn send_frame(
        &mut self,
        now: Instant,
        id: TransceiverId,
        rid: Option<&str>,
        frame: OutgoingFrame,
    ) -> Result<(), Error> {
        self.note(now, || Input::SendFrame(id, rid.map(String::from), frame.clone()));
        let rtp = self.rtp_of(id)?;
        rtp.send_frame(now, id, rid, &frame).map_err(|error| match error {
            SendError::NotSending => Error::InvalidState(InvalidState::NotSending),
            SendError::NotActive => Error::InvalidState(InvalidState::EncodingNotActive),
            SendError::MaxBitrate => Error::Operation(Operation::MaxBitrate),
            SendError::PayloadType => Error::Type(Type::PayloadType),
            SendError::Frame(_) => Error::Type(Type::Frame),
            SendError::QueueFull => Error::Operation(Operation::QueueFull),
        })
    }

    /// Asks the peer for a key frame of a received track, by PLI or FIR, whichever was negotiated; `rid` names the encoding
    /// where the peer sends several, none asks for all.
    ///
    /// # Errors
    /// `InvalidAccessError` if there is no such transceiver, `InvalidStateError` if nothing is received with it yet.
    pub fn request_key_frame(
        &mut self,
        now: Instant,
        id: TransceiverId,
        rid: Option<&str>,
    ) -> Result<(), Error> {
        self.note(now, || Input::RequestKeyFrame(id, rid.map(String::from)));
        self.rtp_of(id)?.request_key_frame(id, rid);
        Ok(())
    }

    fn rtp_of(&mut self, id: TransceiverId) -> Result<&mut Rtp, Error> {
        self.check_open()?;
        if !self.transceivers.iter().any(|transceiver| transceiver.id == id) {
            return Err(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver));
        }
        let transport = self.sections.of(id).and_then(|(_, section)| section.transport);
        let transport = transport.and_then(|transport| self.transports.get_mut(&transport));
        let rtp = transport.and_then(|transport| transport.rtp_mut());
        rtp.ok_or(Error::InvalidState(InvalidState::NotSending))
    }

    /// Tells each transport what the descriptions now say of the sections that it carries.
    pub(super) fn configure_media(&mut self, now: Instant) {
        for (id, transport) in &mut self.transports {
            let carried = self.sections.0.iter().filter(|section| section.transport == Some(*id));
            let transceivers = carried.filter_map(|section| match section.used_for {
                UsedFor::Rtp(used) => self.transceivers.iter().find(|known| known.id == used),
                _ => None,
            });
            let sections: Vec<Parameters> = transceivers.filter_map(Parameters::of).collect();
            if !sections.is_empty() || transport.rtp().is_some() {
                let TransportId(number) = *id;
                let rng = || self.rng.fork(&format!("rtp {number}"));
                let rtp = transport.rtp_or_insert(|| Rtp::new(&self.config, rng(), now, &self.cname));
                rtp.configure(now, sections);
            }
        }
    }

    /// What became of packets that are of no stream, and of frames that nobody took, over all transports.
    pub fn rtp_counts(&self) -> RtpCounts {
        let transports = self.transports.values().filter_map(|transport| transport.rtp());
        transports.fold(RtpCounts::default(), |sum, rtp| sum.plus(rtp.counts()))
    }

    pub(super) fn poll_media_event(&mut self) -> Option<Event> {
        let mut events = self.transports.values_mut().filter_map(|transport| transport.rtp_mut());
        Some(match events.find_map(Rtp::poll_event)? {
            RtpEvent::Frame(frame) => Event::Frame(frame),
            RtpEvent::Started(id) => Event::TrackUnmuted(id),
            RtpEvent::TargetBitrate(bits_per_second) => Event::TargetBitrate(bits_per_second),
            RtpEvent::KeyFrameRequested(transceiver, rid) => Event::KeyFrameRequested { transceiver, rid },
        })
    }
}
