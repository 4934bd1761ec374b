//! New keys for a connection that lives long (RFC 8446 §4.6.3, RFC 9147 §8).

use super::{DATA_EPOCH, Secrets, provider_failed};
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{HandshakeType, KeyUpdate, Message, NewConnectionId};
use crate::{Error, PeerMisbehaved, Role};
use alloc::vec::Vec;

/// Where our own change of keys stands.
///
/// ```text
/// None --a reason--> Wanted --nothing else is out--> Sent --ACK / the next epoch begins--> None
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Update {
    #[default]
    None,
    /// To be sent; whether the peer shall change its keys, too.
    Wanted(bool),
    Sent,
}

impl Update {
    /// Asks for one, unless it is on its way.
    pub(crate) fn want(&mut self, request: bool) {
        match self {
            Self::None => *self = Self::Wanted(request),
            Self::Wanted(requested) => *requested |= request,
            Self::Sent => {}
        }
    }
}

impl Secrets {
    /// A message of the peer's after the handshake.
    pub(crate) fn handle(&mut self, engine: &mut Engine, message: &Message) -> Result<(), Error> {
        // RFC 9147 §8: behind its KeyUpdate, an epoch brings no new messages.
        if message.epoch != engine.records.read_epoch() {
            return Err(PeerMisbehaved::UnexpectedMessage.into());
        }
        match message.kind {
            HandshakeType::KEY_UPDATE => {
                let update = KeyUpdate::parse(message.body());
                let update = update.map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
                self.peer_updated(engine, message.epoch)?;
                if update.requested {
                    engine.update.want(false);
                }
                Ok(())
            }
            // RFC 9147 §9: neither is for those who agreed on no connection ID that way.
            HandshakeType::NEW_CONNECTION_ID if !engine.records.connection_ids().1.is_empty() => {
                let new = NewConnectionId::parse(message.body());
                let new = new.map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
                // Spare ones are thrown away: we never change the path on our own.
                if let Some(cid) = new.cids.first().filter(|_| new.immediate) {
                    engine.records.set_peer_connection_id(cid);
                }
                Ok(())
            }
            HandshakeType::REQUEST_CONNECTION_ID if !engine.records.connection_ids().0.is_empty() => {
                // How many it asks for makes no difference.
                if message.body().len() != 1 {
                    return Err(PeerMisbehaved::MalformedMessage.into());
                }
                engine.owes_connection_ids = true;
                Ok(())
            }
            // RFC 8446 §4.6.1: we never resume a session.
            HandshakeType::NEW_SESSION_TICKET if engine.config.role == Role::Client => Ok(()),
            _ => Err(PeerMisbehaved::UnexpectedMessage.into()),
        }
    }

    fn peer_updated(&mut self, engine: &mut Engine, epoch: u16) -> Result<(), Error> {
        // RFC 9147 §8: an epoch never wraps.
        let next = epoch.checked_add(1).ok_or(Error::KeyExhausted)?;
        self.peer = self.labels.next_traffic_secret(&self.peer).map_err(provider_failed)?;
        let provider = &engine.config.provider;
        let protection = self.labels.protection(provider, self.aead, &self.peer).map_err(provider_failed)?;
        // What was sent before may still be under way; and the peer goes on with the old keys until our ACK is there.
        engine.records.end_reading(DATA_EPOCH..epoch);
        engine.records.add_reading(next, protection);
        Ok(())
    }

    /// Sends our KeyUpdate, if there is a reason for it and nothing else is out.
    pub(crate) fn send_update(&self, engine: &mut Engine) {
        if let Update::Wanted(requested) = engine.update
            && engine.flight.is_idle()
        {
            engine.update = Update::Sent;
            // It answers nothing, so that what we owe the peer is still to be acknowledged.
            engine.flight.begin(&engine.config, EndsWith::Ack);
            let epoch = engine.write_epoch;
            engine.send(epoch, HandshakeType::KEY_UPDATE, |out| KeyUpdate { requested }.write(out));
        }
    }

    /// Answers the peer's RequestConnectionId, if nothing else is out.
    ///
    /// RFC 9147 §9: there may be fewer than it has asked for, or none. There are none: the connection ID in the configuration
    /// is the one that the caller finds this connection by.
    pub(crate) fn send_connection_ids(&self, engine: &mut Engine) {
        if engine.owes_connection_ids && engine.flight.is_idle() {
            engine.owes_connection_ids = false;
            engine.flight.begin(&engine.config, EndsWith::Ack);
            let answer = NewConnectionId { cids: Vec::new(), immediate: false };
            let epoch = engine.write_epoch;
            engine.send(epoch, HandshakeType::NEW_CONNECTION_ID, |out| answer.write(out));
        }
    }

    /// Begins the next epoch, once our KeyUpdate is acknowledged.
    pub(crate) fn finish_update(&mut self, engine: &mut Engine) -> Result<(), Error> {
        if engine.update != Update::Sent || !engine.flight.is_idle() {
            return Ok(());
        }
        engine.update = Update::None;
        let next = engine.write_epoch.checked_add(1).ok_or(Error::KeyExhausted)?;
        self.own = self.labels.next_traffic_secret(&self.own).map_err(provider_failed)?;
        let provider = &engine.config.provider;
        let protection = self.labels.protection(provider, self.aead, &self.own).map_err(provider_failed)?;
        engine.records.add_writing(next, protection);
        engine.records.end_writing_before(next);
        engine.write_epoch = next;
        Ok(())
    }
}
