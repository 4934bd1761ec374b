//! The client behind the ServerHello (RFC 8446 §4, RFC 9147 §5).

use super::{Agreed, DATA_EPOCH, Handshake, check_certificate_verify, read_certificate};
use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    CertificateRequestV13, ExtensionType, Extensions, HandshakeType, KeyShareEntry, Malformed, Message,
    ServerHello,
};
use crate::offer::{Shares, misplaced, selected_srtp};
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
        // RFC 9147 §7.2: the answer acknowledges our hello; what else is missing, our ACKs and the server's timer bring.
        // RFC 9147 §7.2: already by the first piece of a ServerHello: not done, because anyone can send one in clear, and
        // the hello that is not sent again may have been lost.
        engine.flight.end();
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
                Self::Certificate(handshake, Some(read_request(message)?))
            }
            (Self::Certificate(handshake, request), HandshakeType::CERTIFICATE) => {
                let chain = read_certificate(message)?;
                // RFC 8446 §4.4.2.4: a server must have one.
                if chain.end_entity.is_none() {
                    return Err(PeerMisbehaved::MalformedMessage.into());
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
    if let Some((kind, _)) = hello.extensions.iter().find(|(kind, _)| !known(*kind)) {
        return Err(misplaced(engine, kind));
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
            _ => return Err(misplaced(engine, kind)),
        }
    }
    Ok(())
}

fn read_request(message: &Message) -> Result<CertificateRequestV13, Error> {
    let mut body = Reader::new(message.body());
    body.vec8().map_err(|_| PeerMisbehaved::MalformedMessage)?;
    let extensions = Extensions::parse(&mut body).map_err(malformed)?;
    // RFC 8446 §4.3.2
    if extensions.get(ExtensionType::SIGNATURE_ALGORITHMS).is_none() {
        return Err(PeerMisbehaved::MissingExtension.into());
    }
    // RFC 8446 §4.2: what we do not know is skipped, what has its place elsewhere is not.
    let stray = |kind: ExtensionType| kind.is_known() && kind != ExtensionType::SIGNATURE_ALGORITHMS;
    if extensions.iter().any(|(kind, _)| stray(kind)) {
        return Err(PeerMisbehaved::MisplacedExtension.into());
    }
    let request = CertificateRequestV13::parse(message.body()).map_err(malformed)?;
    // RFC 8446 §4.3.2: empty but after the handshake.
    if request.context.is_empty() { Ok(request) } else { Err(PeerMisbehaved::SelectedUnoffered.into()) }
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
        // RFC 8446 §4.4.2: a Certificate without certificates when none fits: not done, because a server that asks for one in
        // WebRTC then fails anyway, and this side knows why.
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
