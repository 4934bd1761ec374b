//! The server up to the ClientHello, which must be whole before anyone knows which version it will be.

use crate::connection::State;
use crate::engine::Engine;
use crate::handshake::{ClientHello, ExtensionType, HandshakeType, HelloVerifyRequest, Message, numbers};
use crate::{Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion, v12};
use alloc::vec::Vec;
use siskin_base::wire::Reader;

/// Waits for a ClientHello.
#[derive(Default)]
pub(crate) struct Accept {
    /// What the client must send back, if it was asked to.
    cookie: Option<[u8; COOKIE_LEN]>,
}

impl Accept {
    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        if message.kind != HandshakeType::CLIENT_HELLO {
            return Err(PeerMisbehaved::UnexpectedMessage.into());
        }
        let hello =
            ClientHello::parse(message.body()).map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
        match self.cookie {
            None if engine.config.cookie_exchange => return Ok(request_cookie(engine)),
            Some(cookie) if !siskin_crypto::constant_time_eq(&cookie, hello.cookie) => {
                return Err(PeerMisbehaved::BadCookie.into());
            }
            _ => {}
        }
        if !offers_1_2(&hello) {
            return Err(PeerIncompatible::Version.into());
        }
        v12::server::Server::start(engine, message, &hello)
    }
}

/// RFC 6347 §4.2.1. The cookie is drawn and kept, not computed: this engine exists per path, so it has state anyway.
fn request_cookie(engine: &mut Engine) -> State {
    let cookie: [u8; COOKIE_LEN] = engine.rng.bytes();
    engine.begin_flight(true);
    let request = HelloVerifyRequest { version: ProtocolVersion::DTLS1_0, cookie: &cookie };
    engine.send(0, HandshakeType::HELLO_VERIFY_REQUEST, |out| request.write(out));
    engine.transcript.clear();
    State::Accepting(Accept { cookie: Some(cookie) })
}

/// RFC 8446 §4.2.1: if the list of versions is there, it alone counts.
fn offers_1_2(hello: &ClientHello<'_>) -> bool {
    let Some(list) = hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS) else {
        // Newer versions have smaller numbers.
        return hello.version.0 >> 8 == 0xfe && hello.version.0 <= ProtocolVersion::DTLS1_2.0;
    };
    let list: Vec<_> = numbers(Reader::new(list).vec8().unwrap_or_default()).collect();
    list.contains(&ProtocolVersion::DTLS1_2.0)
}

const COOKIE_LEN: usize = 20;
