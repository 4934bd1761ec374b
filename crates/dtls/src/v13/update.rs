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
/// None --a reason--> Wanted --nothing else is out--> Sent --ACK / the next epoch begins--> None, Wanted
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Update {
    #[default]
    None,
    /// To be sent; whether the peer shall change its keys, too.
    Wanted(bool),
    /// On its way; whether the peer has asked for one meanwhile.
    Sent(bool),
}

impl Update {
    /// Asks for one, unless it is on its way.
    pub(crate) fn want(&mut self, request: bool) {
        match self {
            Self::None => *self = Self::Wanted(request),
            Self::Wanted(requested) => *requested |= request,
            Self::Sent(_) => {}
        }
    }

    /// The peer asks for one. RFC 8446 §4.6.3: what crosses its request on the way is no answer to it.
    // RFC 8446 §4.6.3: before the next data: not done where something else waits for its ACK, because data and messages have no
    // order here, and the old keys stay in use until the ACK anyway.
    fn answer(&mut self) {
        match self {
            Self::Sent(asked) => *asked = true,
            _ => self.want(false),
        }
    }
}

impl Secrets {
    /// A message of the peer's after the handshake.
    pub(crate) fn handle(&mut self, engine: &mut Engine, message: &Message) -> Result<(), Error> {
        // 9147bis §8: behind its KeyUpdate, an epoch brings no new messages.
        if message.epoch != engine.records.read_epoch() {
            return Err(PeerMisbehaved::UnexpectedMessage.into());
        }
        match message.kind {
            HandshakeType::KEY_UPDATE => {
                let update = KeyUpdate::parse(message.body());
                let update = update.map_err(|_| match message.body() {
                    [_] => Error::from(PeerMisbehaved::BadKeyUpdate),
                    _ => PeerMisbehaved::MalformedMessage.into(),
                })?;
                self.peer_updated(engine, message.epoch)?;
                if update.requested {
                    engine.update.answer();
                }
                Ok(())
            }
            // RFC 9147 §9: neither is for those who agreed on no connection ID that way.
            HandshakeType::NEW_CONNECTION_ID if !engine.records.connection_ids().1.is_empty() => {
                let new = NewConnectionId::parse(message.body());
                let new = new.map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
                // RFC 9147 §9, §11: a new one on each new path: not done, because it is ICE that changes paths, and its checks
                // in clear tell who is who anyway. Spare ones are thrown away.
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
        self.old_until = None;
        engine.records.add_reading(next, protection);
        Ok(())
    }

    /// Sends our KeyUpdate, if there is a reason for it and nothing else is out.
    pub(crate) fn send_update(&self, engine: &mut Engine) -> Result<(), Error> {
        if let Update::Wanted(requested) = engine.update
            && engine.flight.is_idle()
        {
            engine.check_numbers()?;
            engine.update = Update::Sent(false);
            // It answers nothing, so that what we owe the peer is still to be acknowledged.
            engine.flight.begin(&engine.config, EndsWith::Ack);
            let epoch = engine.write_epoch;
            engine.send(epoch, HandshakeType::KEY_UPDATE, |out| KeyUpdate { requested }.write(out));
        }
        Ok(())
    }

    /// Answers the peer's RequestConnectionId, if nothing else is out.
    ///
    /// RFC 9147 §9: there may be fewer than it has asked for, or none. There are none: the connection ID in the configuration
    /// is the one that the caller finds this connection by.
    pub(crate) fn send_connection_ids(&self, engine: &mut Engine) -> Result<(), Error> {
        if engine.owes_connection_ids && engine.flight.is_idle() {
            engine.check_numbers()?;
            engine.owes_connection_ids = false;
            engine.flight.begin(&engine.config, EndsWith::Ack);
            let answer = NewConnectionId { cids: Vec::new(), immediate: false };
            let epoch = engine.write_epoch;
            engine.send(epoch, HandshakeType::NEW_CONNECTION_ID, |out| answer.write(out));
        }
        Ok(())
    }

    /// Begins the next epoch, once our KeyUpdate is acknowledged.
    pub(crate) fn finish_update(&mut self, engine: &mut Engine) -> Result<(), Error> {
        let Update::Sent(asked) = engine.update else { return Ok(()) };
        if !engine.flight.is_idle() {
            return Ok(());
        }
        engine.update = if asked { Update::Wanted(false) } else { Update::None };
        // RFC 9147 §8: epochs up to 2^48 − 1: not done, because with 16 bits, as on the wire in clear, the last one is reached after
        // 65,532 changes of keys, each good for 2^24.5 records and more; then the connection ends, whoever changed.
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
