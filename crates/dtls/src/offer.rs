//! The client up to the ServerHello: what is offered, before anyone knows which version it will be.

use crate::connection::State;
use crate::engine::Engine;
use crate::handshake::{
    ClientHello, ExtensionType, Extensions, HandshakeType, HelloVerifyRequest, Message, ServerHello, UseSrtp,
    put_numbers,
};
use crate::{Error, Misuse, PeerIncompatible, PeerMisbehaved, ProtocolVersion, v12};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

/// A ClientHello that is out, or about to be.
pub(crate) struct Offer {
    random: [u8; 32],
    suites: Vec<u8>,
    extensions: Vec<u8>,
    /// Whether the server's cookie is in it.
    verified: bool,
}

impl Offer {
    /// Composes the ClientHello and puts it in the first flight.
    pub(crate) fn start(engine: &mut Engine) -> Result<Self, Misuse> {
        let mut suites = Vec::new();
        engine.offered_suites().for_each(|suite| suites.put_u16(suite.0));
        if suites.is_empty() || engine.offered_groups().next().is_none() {
            return Err(Misuse::NothingToOffer);
        }
        let random = engine.rng.bytes();
        let offer = Self { random, suites, extensions: extensions(engine), verified: false };
        offer.send(engine, &[]);
        Ok(offer)
    }

    fn send(&self, engine: &mut Engine, cookie: &[u8]) {
        // RFC 6347 §4.2.1: a first ClientHello and its HelloVerifyRequest do not count.
        engine.transcript.clear();
        engine.begin_flight(false);
        let extensions = Extensions::from_bytes(&self.extensions);
        let mut hello = ClientHello::new(self.random, &self.suites, extensions);
        hello.cookie = cookie;
        engine.send(0, HandshakeType::CLIENT_HELLO, |out| hello.write(out));
    }

    pub(crate) fn handle(mut self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        let malformed = |_| Error::from(PeerMisbehaved::MalformedMessage);
        match message.kind {
            HandshakeType::HELLO_VERIFY_REQUEST if !self.verified => {
                let request = HelloVerifyRequest::parse(message.body()).map_err(malformed)?;
                self.verified = true;
                self.send(engine, request.cookie);
                Ok(State::Offered(self))
            }
            HandshakeType::SERVER_HELLO => {
                let hello = ServerHello::parse(message.body()).map_err(malformed)?;
                // DTLS 1.3 will be told here by supported_versions (RFC 9147 §5.3).
                if hello.version != ProtocolVersion::DTLS1_2 {
                    return Err(PeerIncompatible::Version.into());
                }
                v12::client::Client::start(engine, self.random, message, &hello)
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage.into()),
        }
    }
}

fn extensions(engine: &Engine) -> Vec<u8> {
    let mut out = Vec::new();
    Extensions::put(&mut out, ExtensionType::RENEGOTIATION_INFO, |out| out.put_u8(0));
    Extensions::put(&mut out, ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
    Extensions::put(&mut out, ExtensionType::SUPPORTED_GROUPS, |out| {
        put_numbers(out, engine.offered_groups().map(|group| group.0));
    });
    Extensions::put(&mut out, ExtensionType::EC_POINT_FORMATS, |out| out.put(&[1, 0]));
    Extensions::put(&mut out, ExtensionType::SIGNATURE_ALGORITHMS, |out| {
        put_numbers(out, engine.schemes().iter().map(|scheme| scheme.0));
    });
    if !engine.config.srtp_profiles.is_empty() {
        let offer = UseSrtp { profiles: engine.config.srtp_profiles.clone(), mki: &[] };
        Extensions::put(&mut out, ExtensionType::USE_SRTP, |out| offer.write(out));
    }
    out
}
