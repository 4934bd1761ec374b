//! Everything that can be wrong with a remote description, found before anything changes.

use super::PeerConnection;
use crate::SdpType;
use crate::config::HeaderEncryption;
use crate::error::{Error, InvalidAccess};
use crate::jsep::{PlannedSection, RemoteDescription, RemoteSection, RemoteTransport};
use crate::sections::Sections;
use siskin_base::SetupRole;

impl PeerConnection {
    pub(super) fn check_remote(&self, remote: &RemoteDescription, kind: SdpType) -> Result<(), Error> {
        // A local offer that glare rolls back does not count.
        let before = match (kind, &self.stable_sections) {
            (SdpType::Offer, Some(stable)) => stable,
            _ => &self.sections,
        };
        let count = (before.0.len(), remote.sections.len());
        let (refusal, fits) = match kind {
            SdpType::Offer => (InvalidAccess::SectionsChanged, count.1 >= count.0),
            _ => (InvalidAccess::SectionsDoNotMatch, count.1 == count.0),
        };
        let same_kinds = before.0.iter().zip(&remote.sections).all(|(ours, theirs)| {
            // RFC 9429 §5.2.2: a rejected section may be recycled for something else.
            let same_protocol = kind == SdpType::Offer || ours.protocol == theirs.protocol;
            (ours.kind == theirs.kind && same_protocol)
                || (kind == SdpType::Offer && ours.transport.is_none())
        });
        if !fits || !same_kinds {
            return Err(Error::InvalidAccess(refusal));
        }
        // webrtc-extensions, `rtpHeaderEncryptionPolicy`: data channels need none.
        let required = self.config.header_encryption == HeaderEncryption::Require;
        if required && remote.sections.iter().filter_map(RemoteSection::rtp).any(|rtp| !rtp.cryptex) {
            return Err(Error::InvalidAccess(InvalidAccess::HeaderEncryption));
        }
        self.check_directions(remote, kind)?;
        let described = remote.sections.iter().enumerate();
        let mut described =
            described.filter_map(|(index, section)| Some((index, section.transport.as_ref()?)));
        described.try_for_each(|(index, described)| {
            self.check_transport(before, index, described, kind)?;
            // RFC 9143 §7.1.3: what else a bundle has of credentials than its tag's says nothing.
            let mut bundle = remote.bundled_with(index).into_iter();
            let carried =
                |member: &usize| remote.sections.get(*member).is_some_and(|s| s.transport.is_some());
            let leads = bundle.find(carried).is_none_or(|leader| leader == index);
            let transport = before.transport_of(index).and_then(|id| self.transports.get(&id));
            let fits = transport.is_none_or(|transport| transport.accepts_answer(described));
            if kind != SdpType::Offer && leads && !fits {
                return Err(Error::InvalidAccess(InvalidAccess::IceCredentials));
            }
            Ok(())
        })
    }

    /// RFC 3264 §6.1: an answer goes no way that its offer does not.
    fn check_directions(&self, remote: &RemoteDescription, kind: SdpType) -> Result<(), Error> {
        let offer = self.signaling.local.pending.as_ref().filter(|_| kind != SdpType::Offer);
        let ours = offer.iter().flat_map(|offer| &offer.plan.sections).map(PlannedSection::rtp);
        for (ours, theirs) in ours.zip(&remote.sections) {
            let (Some((_, ours)), Some(theirs)) = (ours, theirs.rtp()) else { continue };
            let (ours, theirs) = (ours.direction, theirs.direction);
            if (theirs.sends() && !ours.receives()) || (theirs.receives() && !ours.sends()) {
                return Err(Error::InvalidAccess(InvalidAccess::Direction));
            }
        }
        Ok(())
    }

    fn check_transport(
        &self,
        before: &Sections,
        index: usize,
        described: &RemoteTransport,
        kind: SdpType,
    ) -> Result<(), Error> {
        let transport = before.transport_of(index).and_then(|id| self.transports.get(&id));
        if kind != SdpType::Offer {
            if transport.is_none() {
                return Err(Error::InvalidAccess(InvalidAccess::SectionsDoNotMatch));
            }
            // RFC 8842 §5.3: we offered the choice, and the answerer has to choose.
            if matches!(described.setup, Some(SetupRole::ActPass | SetupRole::HoldConn)) {
                return Err(Error::InvalidAccess(InvalidAccess::SetupRole));
            }
        }
        let Some(transport) = transport else { return Ok(()) };
        // RFC 8842 §5.3, §5.5: not done, because one transport has one association: the description is refused where only
        // its section should be, and with it RFC 9429 §5.10's other peer after a provisional answer.
        if !transport.accepts_fingerprints(described) {
            return Err(Error::InvalidAccess(InvalidAccess::FingerprintChanged));
        }
        // RFC 9429 §5.8.3: an association that lives keeps its roles. In answers: not refused, because Firefox answers `active`
        // to every later offer, whatever it is; the roles stay all the same.
        let client = match described.setup {
            _ if kind != SdpType::Offer => None,
            Some(SetupRole::Active) => Some(true),
            Some(SetupRole::Passive) => Some(false),
            _ => None,
        };
        if client.is_some() && client == transport.is_dtls_client() {
            return Err(Error::InvalidAccess(InvalidAccess::SetupRole));
        }
        Ok(())
    }
}
