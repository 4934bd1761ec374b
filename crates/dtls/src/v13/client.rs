//! The client behind the ServerHello (RFC 8446 §4, RFC 9147 §5).

use super::{Agreed, DATA_EPOCH, Handshake, check_certificate_verify};
use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    CertificateMessage, CertificateRequestV13, ExtensionType, Extensions, HandshakeType, KeyShareEntry,
    Malformed, Message, ServerHello,
};
use crate::offer::{Shares, selected_srtp};
use crate::suite::Meaning;
use crate::{CipherSuite, Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion};
use alloc::boxed::Box;
use siskin_base::wire::Reader;
use siskin_crypto::PublicKey;

/// Each state bears the name of the message that it awaits.
/// ```text
/// EncryptedExtensions --EncryptedExtensions--> Certificate --CertificateRequest--> Certificate
/// Certificate --Certificate--> CertificateVerify --CertificateVerify--> Finished
/// Finished --Finished / sends its last flight--> established
/// ```
pub(crate) enum Client {
    EncryptedExtensions(Box<Handshake>),
    Certificate(Box<Handshake>, Option<CertificateRequestV13>),
    CertificateVerify(Box<Handshake>, Option<CertificateRequestV13>, PublicKey),
    Finished(Box<Handshake>, Option<CertificateRequestV13>),
}

impl Client {
    /// Takes the ServerHello that answers ours.
    pub(crate) fn start(
        engine: &mut Engine,
        client_random: [u8; 32],
        shares: Shares,
        retried: Option<CipherSuite>,
        message: &Message,
        hello: &ServerHello<'_>,
    ) -> Result<State, Error> {
        let cid = engine.config.connection_id.as_ref().map(|_| ExtensionType::CONNECTION_ID);
        let allowed = [ExtensionType::KEY_SHARE, cid.unwrap_or(ExtensionType::KEY_SHARE)];
        let meaning = check_hello(engine, hello, &allowed)?;
        // RFC 8446 §4.1.4
        if retried.is_some_and(|suite| suite != hello.cipher_suite) {
            return Err(PeerMisbehaved::SelectedUnoffered.into());
        }
        let share = hello.extensions.get(ExtensionType::KEY_SHARE).ok_or(PeerMisbehaved::MissingExtension)?;
        let share = KeyShareEntry::parse(share).map_err(malformed)?;
        let group = share.group;
        let secret = shares.finish(group, share.share)?;
        engine.take_connection_id(&hello.extensions)?;
        engine.note(message);
        engine.transcript.hash_with(engine.config.provider.hash(meaning.hash));
        let agreed = Agreed { suite: hello.cipher_suite, meaning, group, client_random };
        let handshake = Handshake::start(engine, agreed, secret.as_ref())?;
        Ok(State::V13Client(Self::EncryptedExtensions(Box::new(handshake))))
    }

    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        let next = match (self, message.kind) {
            (Self::EncryptedExtensions(mut handshake), HandshakeType::ENCRYPTED_EXTENSIONS) => {
                take_extensions(engine, &mut handshake, message)?;
                Self::Certificate(handshake, None)
            }
            (Self::Certificate(handshake, None), HandshakeType::CERTIFICATE_REQUEST) => {
                let request = CertificateRequestV13::parse(message.body()).map_err(malformed)?;
                // RFC 8446 §4.3.2: empty but after the handshake.
                if !request.context.is_empty() {
                    return Err(PeerMisbehaved::SelectedUnoffered.into());
                }
                Self::Certificate(handshake, Some(request))
            }
            (Self::Certificate(handshake, request), HandshakeType::CERTIFICATE) => {
                let (context, chain) = CertificateMessage::parse_v13(message.body()).map_err(malformed)?;
                if !context.is_empty() {
                    return Err(PeerMisbehaved::SelectedUnoffered.into());
                }
                let key = engine.take_certificate(chain)?;
                Self::CertificateVerify(handshake, request, key)
            }
            (Self::CertificateVerify(handshake, request, key), HandshakeType::CERTIFICATE_VERIFY) => {
                check_certificate_verify(engine, &key, message)?;
                Self::Finished(handshake, request)
            }
            (Self::Finished(handshake, request), HandshakeType::FINISHED) => {
                handshake.check_finished(engine, message)?;
                engine.note(message);
                return finish(engine, *handshake, request);
            }
            _ => return Err(PeerMisbehaved::UnexpectedMessage.into()),
        };
        engine.note(message);
        Ok(State::V13Client(next))
    }
}

/// What a ServerHello and a HelloRetryRequest have in common; beside the version, only extensions in `allowed` may be
/// there.
pub(crate) fn check_hello(
    engine: &Engine,
    hello: &ServerHello<'_>,
    allowed: &[ExtensionType],
) -> Result<Meaning, Error> {
    // RFC 8446 §4.1.3, RFC 9147 §5
    let legacy = hello.version == ProtocolVersion::DTLS1_2 && hello.session_id.is_empty();
    if !legacy || hello.compression_method != 0 {
        return Err(PeerMisbehaved::BadLegacyField.into());
    }
    let known = |kind: ExtensionType| kind == ExtensionType::SUPPORTED_VERSIONS || allowed.contains(&kind);
    if hello.extensions.iter().any(|(kind, _)| !known(kind)) {
        return Err(PeerMisbehaved::UnsolicitedExtension.into());
    }
    let offered = engine.offered_suites(ProtocolVersion::DTLS1_3).any(|suite| suite == hello.cipher_suite);
    hello.cipher_suite.meaning().filter(|_| offered).ok_or_else(|| PeerMisbehaved::SelectedUnoffered.into())
}

fn take_extensions(engine: &Engine, handshake: &mut Handshake, message: &Message) -> Result<(), Error> {
    let mut body = Reader::new(message.body());
    if body.is_empty() {
        return Err(PeerMisbehaved::MalformedMessage.into());
    }
    let extensions = Extensions::parse(&mut body).map_err(malformed)?;
    let offered = &engine.config.srtp_profiles;
    for (kind, body) in extensions.iter() {
        match kind {
            ExtensionType::USE_SRTP if !offered.is_empty() => {
                handshake.srtp = Some(selected_srtp(offered, body)?);
            }
            // RFC 8446 §4.2.7: what the server would like better another time.
            ExtensionType::SUPPORTED_GROUPS => {}
            _ => return Err(PeerMisbehaved::UnsolicitedExtension.into()),
        }
    }
    Ok(())
}

/// Certificate and CertificateVerify, if the server asked for them, and Finished.
fn finish(
    engine: &mut Engine,
    mut handshake: Handshake,
    request: Option<CertificateRequestV13>,
) -> Result<State, Error> {
    let secrets = handshake.secrets(engine)?;
    // RFC 9147 §7.1: there is no answer but an ACK.
    engine.begin_flight(EndsWith::Ack);
    if let Some(request) = request {
        if !request.schemes.contains(&engine.config.certificate.key().scheme()) {
            return Err(PeerIncompatible::SignatureScheme.into());
        }
        handshake.send_certificate(engine, &request.context)?;
    }
    handshake.send_finished(engine)?;
    secrets.begin_writing(engine)?;
    secrets.begin_reading(engine)?;
    engine.write_epoch = DATA_EPOCH;
    Ok(State::Established(handshake.session(secrets)))
}

fn malformed(_: Malformed) -> Error {
    PeerMisbehaved::MalformedMessage.into()
}
