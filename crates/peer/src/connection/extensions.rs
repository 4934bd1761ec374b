//! Which header extensions a transceiver negotiates, and which way (webrtc-extensions, "RTP header extension control").

use super::PeerConnection;
use crate::error::{Error, InvalidAccess, InvalidModification, Type};
use crate::media::{HeaderExtensionCapability, uri};
use crate::recording::Input;
use crate::transceiver::{Transceiver, TransceiverId};
use alloc::vec::Vec;
use siskin_base::Instant;
use siskin_sdp::Direction;

impl PeerConnection {
    /// Negotiates header extensions this way from the next offer or answer on (`setHeaderExtensionsToNegotiate`): all that
    /// [`Transceiver::header_extensions_to_negotiate`] gave, in that order, with other directions; more than the configuration
    /// allows is not negotiated. It asks for no negotiation by itself.
    ///
    /// # Errors
    /// `InvalidModificationError` if they are not those of the transceiver, or one that is mandatory is not to go both ways: that of
    /// MIDs, and that of RIDs where there are some; `TypeError` if a URI is empty; `InvalidStateError` if the connection is closed;
    /// `InvalidAccessError` if there is no such transceiver.
    pub fn set_header_extensions_to_negotiate(
        &mut self,
        now: Instant,
        id: TransceiverId,
        extensions: &[HeaderExtensionCapability],
    ) -> Result<(), Error> {
        self.check_open()?;
        let known = self.transceiver(id).ok_or(Error::InvalidAccess(InvalidAccess::NoSuchTransceiver))?;
        if extensions.iter().any(|extension| extension.uri.is_empty()) {
            return Err(Error::Type(Type::ExtensionUri));
        }
        let uris = extensions.iter().map(|extension| extension.uri);
        if !known.extensions.iter().map(|known| known.uri).eq(uris) {
            return Err(Error::InvalidModification(InvalidModification::HeaderExtensions));
        }
        let directions = extensions.iter().map(|extension| extension.direction).collect();
        self.change_extensions(now, id, directions)
    }

    /// What of [`set_header_extensions_to_negotiate`](Self::set_header_extensions_to_negotiate) may change something, and is recorded.
    pub(crate) fn change_extensions(
        &mut self,
        now: Instant,
        id: TransceiverId,
        directions: Vec<Option<Direction>>,
    ) -> Result<(), Error> {
        self.note(now, || Input::SetHeaderExtensionsToNegotiate(id, directions.clone()));
        self.change_transceiver(now, id, |transceiver| {
            let mut wanted = transceiver.extensions.iter().zip(&directions);
            let stops = |uri| transceiver.needs_extension(uri);
            if wanted.any(|(known, way)| *way != Some(Direction::SendRecv) && stops(known.uri)) {
                return Err(Error::InvalidModification(InvalidModification::MandatoryExtension));
            }
            for (known, way) in transceiver.extensions.iter_mut().zip(directions) {
                known.want(way);
            }
            Ok(())
        })
    }
}

impl Transceiver {
    /// Whether it has to go both ways: RFC 9143 §9, and RFC 8853 §5.5 where streams are named.
    fn needs_extension(&self, uri: &str) -> bool {
        let mut rids = self.sender.rids().chain(&self.wanted_rids).chain(&self.received_rids);
        uri == uri::MID || uri == uri::RID && rids.next().is_some()
    }
}
