//! Setting descriptions: `set_local_description`, `set_remote_description`, and rollback (webrtc-pc §4.4.1.5,
//! RFC 9429 §5.5 to §5.11).

use super::{Local, OfferOptions, PeerConnection, Remote};
use crate::error::{Error, InvalidModification, InvalidState};
use crate::jsep::{RemoteDescription, build};
use crate::recording::Input;
use crate::signaling::Side;
use crate::{SdpType, SessionDescription, SignalingState};
use siskin_base::Instant;
use siskin_sdp::Session;

/// The text is not the one that was made.
const CHANGED: Error = Error::InvalidModification(InvalidModification::Description);

impl PeerConnection {
    /// Sets the description that [`create_offer`](Self::create_offer) or [`create_answer`](Self::create_answer) made;
    /// `None` makes the one that fits the state first. Candidates are gathered from here on.
    ///
    /// # Errors
    /// `InvalidStateError`, `InvalidModificationError` if the text is another than was made, and what
    /// `create_offer` and `create_answer` fail with.
    pub fn set_local_description(
        &mut self,
        now: Instant,
        description: Option<SessionDescription>,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetLocalDescription(description.clone()));
        self.check_open()?;
        let description = match description {
            Some(description) => description,
            None => self.implicit_description()?,
        };
        let kind = description.kind;
        let next = self
            .signaling
            .next(Side::Local, kind)
            .ok_or(Error::InvalidState(InvalidState::SignalingState))?;
        if kind == SdpType::Rollback {
            self.roll_back(now, false);
            return Ok(());
        }
        // webrtc-pc §4.4.1.5 step 4.2: an empty text stands for the one made last, or for a new one; another is not ours.
        if description.sdp.is_empty() {
            match kind {
                SdpType::Offer if self.created.offer.is_none() => {
                    self.make_offer(OfferOptions::default())?;
                }
                SdpType::Answer | SdpType::PrAnswer if self.created.answer.is_none() => {
                    self.make_answer()?;
                }
                _ => {}
            }
        }
        let created = if kind == SdpType::Offer { &self.created.offer } else { &self.created.answer };
        let Some((sdp, plan)) = created.clone() else { return Err(CHANGED) };
        if !description.sdp.is_empty() && description.sdp != sdp {
            return Err(CHANGED);
        }
        match kind {
            SdpType::Offer => self.apply_local_offer(now, &plan),
            _ => self.apply_local_answer(now, &plan, kind),
        }
        let local = Local { kind, plan, origin: self.origin };
        self.origin.version += 1;
        self.signaling.set_local(kind, local, next);
        self.transports.values_mut().for_each(|transport| transport.gather(now));
        self.negotiated(now, kind);
        Ok(())
    }

    /// Sets what the peer sent. A remote offer while a local one waits rolls the local one back first.
    ///
    /// # Errors
    /// `InvalidStateError`; `RTCError` with line and column if the text is no description; `InvalidAccessError` if it
    /// breaks a rule of JSEP.
    pub fn set_remote_description(
        &mut self,
        now: Instant,
        description: SessionDescription,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetRemoteDescription(description.clone()));
        self.check_open()?;
        let kind = description.kind;
        let glare = kind == SdpType::Offer && self.signaling.state == SignalingState::HaveLocalOffer;
        let next = match glare {
            true => SignalingState::HaveRemoteOffer,
            false => self
                .signaling
                .next(Side::Remote, kind)
                .ok_or(Error::InvalidState(InvalidState::SignalingState))?,
        };
        if kind == SdpType::Rollback {
            self.roll_back(now, false);
            return Ok(());
        }
        let session = Session::parse(&description.sdp, &self.config.sdp).map_err(Error::SdpSyntax)?;
        let mut read = RemoteDescription::read(&session, self.config.media.is_some())?;
        self.check_remote(&read, kind)?;
        if glare {
            self.roll_back(now, true);
        }
        match kind {
            SdpType::Offer => {
                // An answer to an earlier offer answers this one no more, and an offer made before knows nothing of it.
                self.created = super::Created::default();
                self.apply_remote_offer(now, &read);
            }
            _ => self.apply_remote_answer(now, &read, kind),
        }
        self.take_remote_tracks(&read);
        read.forget_candidates();
        self.signaling.set_remote(kind, Remote { description, read }, next);
        self.negotiated(now, kind);
        Ok(())
    }

    fn implicit_description(&mut self) -> Result<SessionDescription, Error> {
        match self.signaling.state {
            SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPrAnswer => self.make_answer(),
            _ => self.make_offer(OfferOptions::default()),
        }
    }

    fn negotiated(&mut self, now: Instant, kind: SdpType) {
        if kind == SdpType::Answer {
            self.created = super::Created::default();
            self.negotiation_needed = false;
        }
        self.end_transactions();
        self.configure_media(now);
        self.show_signaling_state();
        self.update_negotiation_needed();
        self.settle(now);
    }

    /// The local description in force with the candidates found so far (`localDescription`).
    pub fn local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.in_force().map(|local| self.write(local))
    }

    /// The local description last agreed on (`currentLocalDescription`).
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.current.as_ref().map(|local| self.write(local))
    }

    /// The local description under negotiation (`pendingLocalDescription`).
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        self.signaling.local.pending.as_ref().map(|local| self.write(local))
    }

    /// The remote description in force (`remoteDescription`).
    pub fn remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.in_force().map(|remote| &remote.description)
    }

    /// The remote description last agreed on (`currentRemoteDescription`).
    pub fn current_remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.current.as_ref().map(|remote| &remote.description)
    }

    /// The remote description under negotiation (`pendingRemoteDescription`).
    pub fn pending_remote_description(&self) -> Option<&SessionDescription> {
        self.signaling.remote.pending.as_ref().map(|remote| &remote.description)
    }

    fn write(&self, local: &Local) -> SessionDescription {
        let gathered = |index| {
            let transport = self.sections.transport_of(index).and_then(|id| self.transports.get(&id));
            transport.map(|transport| transport.gathered()).unwrap_or_default()
        };
        SessionDescription { kind: local.kind, sdp: build(&local.plan, local.origin, gathered) }
    }
}
