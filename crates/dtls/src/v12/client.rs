//! The client behind the ServerHello (RFC 5246 §7.3).

use super::{Negotiated, Session, has_extended_master_secret, has_point_formats, signed_params};
use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    CertificateMessage, CertificateRequest, CertificateVerify, ClientKeyExchange, ExtensionType,
    HandshakeType, Message, ServerHello, ServerKeyExchange,
};
use crate::offer::selected_srtp;
use crate::{Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion};
use alloc::vec::Vec;
use siskin_crypto::{NamedGroup, PublicKey};

/// Each state bears the name of the message that it awaits.
/// ```text
/// Certificate --Certificate--> ServerKeyExchange --ServerKeyExchange--> ServerHelloDone
/// ServerHelloDone --CertificateRequest--> ServerHelloDone --ServerHelloDone / sends its flight--> Finished
/// Finished --Finished--> established
/// ```
pub(crate) enum Client {
    Certificate(Negotiated),
    ServerKeyExchange(Negotiated, PublicKey),
    ServerHelloDone(Negotiated, ServerShare, Option<CertificateRequest>),
    Finished(Session),
}

pub(crate) struct ServerShare {
    group: NamedGroup,
    share: Vec<u8>,
}

impl Client {
    /// Takes the ServerHello that answers ours.
    pub(crate) fn start(
        engine: &mut Engine,
        client_random: [u8; 32],
        message: &Message,
        hello: &ServerHello<'_>,
    ) -> Result<State, Error> {
        let offered =
            engine.offered_suites(ProtocolVersion::DTLS1_2).any(|suite| suite == hello.cipher_suite);
        let meaning = hello.cipher_suite.meaning().filter(|_| offered);
        let meaning = meaning.ok_or(PeerMisbehaved::SelectedUnoffered)?;
        if hello.compression_method != 0 {
            return Err(PeerMisbehaved::SelectedUnoffered.into());
        }
        let extensions = &hello.extensions;
        // RFC 5246 §7.4.1.4: the server answers extensions only.
        let known = |kind| {
            matches!(
                kind,
                ExtensionType::EC_POINT_FORMATS
                    | ExtensionType::EXTENDED_MASTER_SECRET
                    | ExtensionType::RENEGOTIATION_INFO
                    | ExtensionType::SUPPORTED_GROUPS // some servers send their own, against RFC 8422 §5.1
            ) || kind == ExtensionType::USE_SRTP && !engine.config.srtp_profiles.is_empty()
                || kind == ExtensionType::CONNECTION_ID && engine.config.connection_id.is_some()
        };
        if extensions.iter().any(|(kind, _)| !known(kind)) {
            return Err(PeerMisbehaved::SelectedUnoffered.into());
        }
        // RFC 5746 §3.4: empty in a first handshake. A server without it cannot renegotiate securely; we never do.
        if extensions.get(ExtensionType::RENEGOTIATION_INFO).is_some_and(|info| info != [0]) {
            return Err(PeerMisbehaved::BadRenegotiationInfo.into());
        }
        has_point_formats(extensions)?;
        let extended_master_secret = has_extended_master_secret(extensions)?;
        engine.check_extended_master_secret(extended_master_secret)?;
        let srtp = match extensions.get(ExtensionType::USE_SRTP) {
            Some(body) => Some(selected_srtp(&engine.config.srtp_profiles, body)?),
            None => None,
        };
        engine.take_connection_id(extensions)?;
        engine.note(message);
        Ok(State::V12Client(Self::Certificate(Negotiated {
            suite: hello.cipher_suite,
            meaning,
            client_random,
            server_random: hello.random,
            extended_master_secret,
            srtp,
        })))
    }

    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        let next = match (self, message.kind) {
            (Self::Certificate(negotiated), HandshakeType::CERTIFICATE) => {
                let chain = CertificateMessage::parse(message.body())
                    .map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
                let key = engine.take_certificate(chain)?;
                if !negotiated.meaning.fits(key.kind) {
                    return Err(PeerIncompatible::Certificate.into());
                }
                Self::ServerKeyExchange(negotiated, key)
            }
            (Self::ServerKeyExchange(negotiated, key), HandshakeType::SERVER_KEY_EXCHANGE) => {
                let share = server_share(engine, &negotiated, &key, message)?;
                Self::ServerHelloDone(negotiated, share, None)
            }
            (Self::ServerHelloDone(negotiated, share, None), HandshakeType::CERTIFICATE_REQUEST) => {
                let request = CertificateRequest::parse(message.body())
                    .map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
                Self::ServerHelloDone(negotiated, share, Some(request))
            }
            (Self::ServerHelloDone(negotiated, share, request), HandshakeType::SERVER_HELLO_DONE) => {
                engine.note(message);
                let session = answer(engine, negotiated, share, request)?;
                return Ok(State::V12Client(Self::Finished(session)));
            }
            (Self::Finished(session), HandshakeType::FINISHED) => {
                session.check_finished(engine, message)?;
                engine.flight.end();
                return Ok(State::Established(session.finish()));
            }
            _ => return Err(PeerMisbehaved::UnexpectedMessage.into()),
        };
        engine.note(message);
        Ok(State::V12Client(next))
    }
}

fn server_share(
    engine: &Engine,
    negotiated: &Negotiated,
    key: &PublicKey,
    message: &Message,
) -> Result<ServerShare, Error> {
    let exchange = ServerKeyExchange::parse(message.body())
        .map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
    if !engine.offered_groups(ProtocolVersion::DTLS1_2).any(|group| group == exchange.group)
        || !engine.config.provider.can_verify(key.kind, exchange.scheme)
    {
        return Err(PeerMisbehaved::SelectedUnoffered.into());
    }
    let signed = signed_params(negotiated, &ServerKeyExchange::params(exchange.group, exchange.share));
    let verified = engine.config.provider.verify(key, exchange.scheme, &signed, exchange.signature);
    verified.map_err(|_| Error::from(PeerMisbehaved::BadSignature))?;
    Ok(ServerShare { group: exchange.group, share: exchange.share.into() })
}

/// Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished.
fn answer(
    engine: &mut Engine,
    negotiated: Negotiated,
    server: ServerShare,
    request: Option<CertificateRequest>,
) -> Result<Session, Error> {
    let scheme = engine.config.certificate.key().scheme();
    // RFC 5246 §7.4.6: an empty Certificate if ours does not fit: not done, because both sides must show one
    // (RFC 5763 §5), so that it would fail all the same, and tell less.
    if request.as_ref().is_some_and(|request| !request.schemes.contains(&scheme)) {
        return Err(PeerIncompatible::SignatureScheme.into());
    }
    let exchange = engine.config.provider.key_exchange(server.group).ok_or(Error::ProviderFailed)?;
    let exchange = exchange.start(&mut engine.rng).map_err(|_| Error::ProviderFailed)?;
    let share: Vec<u8> = exchange.share().into();
    let secret = exchange.finish(&server.share).map_err(|_| Error::from(PeerMisbehaved::BadKeyShare))?;

    engine.begin_flight(EndsWith::Answer);
    if request.is_some() {
        let certificate = engine.config.certificate.clone();
        let message = CertificateMessage { end_entity: Some(certificate.der()) };
        engine.send(0, HandshakeType::CERTIFICATE, |out| message.write(out));
    }
    engine.send(0, HandshakeType::CLIENT_KEY_EXCHANGE, |out| ClientKeyExchange { share: &share }.write(out));
    let session = Session::establish(engine, negotiated, server.group, secret.as_ref())?;
    if request.is_some() {
        let signature = engine.config.certificate.key().sign(&mut engine.rng, engine.transcript.as_bytes());
        let signature = signature.map_err(|_| Error::ProviderFailed)?;
        let message = CertificateVerify { scheme, signature: &signature };
        engine.send(0, HandshakeType::CERTIFICATE_VERIFY, |out| message.write(out));
    }
    session.send_finished(engine);
    Ok(session)
}
