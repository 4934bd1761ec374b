//! The server up to the ClientHello, which must be whole before anyone knows which version it will be.

use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{ClientHello, ExtensionType, HandshakeType, HelloVerifyRequest, Message, numbers};
use crate::{Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion, v12, v13};
use alloc::vec::Vec;
use siskin_base::wire::Reader;

/// Waits for a ClientHello.
#[derive(Default)]
pub(crate) struct Accept {
    pub(crate) asked: Asked,
}

/// What the client was asked for, if it was.
#[derive(Default)]
pub(crate) enum Asked {
    #[default]
    Nothing,
    /// DTLS 1.2: what it must send back.
    Cookie([u8; COOKIE_LEN]),
    /// DTLS 1.3: a HelloRetryRequest is out.
    Retry(v13::server::Retry),
}

impl Accept {
    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        if message.kind != HandshakeType::CLIENT_HELLO {
            return Err(PeerMisbehaved::UnexpectedMessage.into());
        }
        let hello =
            ClientHello::parse(message.body()).map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
        let version = choose_version(engine, &hello)?;
        engine.version = Some(version);
        match (self.asked, version) {
            (Asked::Nothing, ProtocolVersion::DTLS1_3) => {
                v13::server::Server::start(engine, message, &hello, None)
            }
            (Asked::Retry(retry), ProtocolVersion::DTLS1_3) => {
                v13::server::Server::start(engine, message, &hello, Some(retry))
            }
            (Asked::Nothing, _) if engine.config.cookie_exchange => Ok(request_cookie(engine)),
            (Asked::Cookie(cookie), ProtocolVersion::DTLS1_2)
                if !siskin_crypto::constant_time_eq(&cookie, hello.cookie) =>
            {
                // RFC 6347 §4.2.1: a wrong cookie is no cookie.
                Ok(request_cookie(engine))
            }
            (Asked::Nothing | Asked::Cookie(_), ProtocolVersion::DTLS1_2) => {
                v12::server::Server::start(engine, message, &hello)
            }
            // A second hello that offers other versions than the first.
            _ => Err(PeerMisbehaved::SelectedUnoffered.into()),
        }
    }
}

/// RFC 6347 §4.2.1. The cookie is drawn and kept, not computed: this engine exists per path, so it has state anyway.
// RFC 6347 §4.2.1: the ClientHello's record number in the answer: not done, because this server remembers its own, so that
// none is used twice.
fn request_cookie(engine: &mut Engine) -> State {
    let cookie: [u8; COOKIE_LEN] = engine.rng.bytes();
    engine.begin_flight(EndsWith::Nothing);
    let request = HelloVerifyRequest { version: ProtocolVersion::DTLS1_0, cookie: &cookie };
    engine.send(0, HandshakeType::HELLO_VERIFY_REQUEST, |out| request.write(out));
    engine.transcript = crate::transcript::Transcript::new();
    State::Accepting(Accept { asked: Asked::Cookie(cookie) })
}

/// Our order decides. RFC 8446 §4.2.1: if the list of versions is there, it alone counts.
// RFC 8261 §5: DTLS 1.0 as well: not done, because nobody may use it any more
// (RFC 8996).
fn choose_version(engine: &Engine, hello: &ClientHello<'_>) -> Result<ProtocolVersion, Error> {
    let list = hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS).map(|list| {
        let mut r = Reader::new(list);
        let versions = r.vec8().ok().filter(|list| !list.is_empty() && list.len().is_multiple_of(2));
        let versions = versions.filter(|_| r.is_empty()).ok_or(PeerMisbehaved::MalformedMessage)?;
        Ok::<Vec<_>, Error>(numbers(versions).collect())
    });
    let list = list.transpose()?;
    let offers = |version: ProtocolVersion| match &list {
        Some(list) => list.contains(&version.0),
        // Newer versions have smaller numbers.
        None => {
            version == ProtocolVersion::DTLS1_2
                && hello.version.0 >> 8 == 0xfe
                && hello.version.0 <= ProtocolVersion::DTLS1_2.0
        }
    };
    let mut versions = engine.config.versions.iter().copied();
    let chosen = versions.find(|version| offers(*version) && engine.speaks(*version));
    chosen.ok_or_else(|| PeerIncompatible::Version.into())
}

const COOKIE_LEN: usize = 20;
