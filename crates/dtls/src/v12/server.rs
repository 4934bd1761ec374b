//! The server behind the ClientHello (RFC 5246 §7.3).

use super::{Negotiated, Session, has_extended_master_secret, has_point_formats, signed_params};
use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    CertificateMessage, CertificateRequest, CertificateVerify, ClientCertificateType, ClientHello,
    ClientKeyExchange, ExtensionType, Extensions, HandshakeType, Malformed, Message, ServerHello,
    ServerKeyExchange, UseSrtp, number_list, numbers,
};
use crate::offer::DOWNGRADES;
use crate::{CipherSuite, Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion};
use alloc::boxed::Box;
use alloc::vec::Vec;
use siskin_base::SrtpProfile;
use siskin_base::wire::Writer;
use siskin_crypto::{ActiveKeyExchange, KeyKind, NamedGroup, PublicKey, SignatureScheme};

/// Each state bears the name of the message that it awaits.
/// ```text
/// Certificate --Certificate--> ClientKeyExchange --ClientKeyExchange--> CertificateVerify
/// CertificateVerify --CertificateVerify--> Finished --Finished / sends the last flight--> established
/// ```
pub(crate) enum Server {
    Certificate(Negotiated, Exchange),
    ClientKeyExchange(Negotiated, Exchange, PublicKey),
    CertificateVerify(Session, PublicKey),
    Finished(Session),
}

pub(crate) struct Exchange {
    group: NamedGroup,
    active: Box<dyn ActiveKeyExchange>,
}

impl Server {
    /// Answers a ClientHello: ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone.
    pub(crate) fn start(
        engine: &mut Engine,
        message: &Message,
        hello: &ClientHello<'_>,
    ) -> Result<State, Error> {
        let offer = Offer::read(hello)?;
        let (negotiated, group) = negotiate(engine, hello, &offer)?;
        let exchange = engine.config.provider.key_exchange(group).ok_or(Error::ProviderFailed)?;
        let active = exchange.start(&mut engine.rng).map_err(|_| Error::ProviderFailed)?;

        engine.note(message);
        // RFC 6347 §4.2.1: the ClientHello's record number here: not done, because ours go on from those of `request_cookie`.
        engine.begin_flight(EndsWith::Answer);
        let mut extensions = answer_extensions(&negotiated, &offer);
        if engine.take_connection_id(&hello.extensions)? {
            engine.put_connection_id(&mut extensions);
        }
        let server_hello = ServerHello {
            version: ProtocolVersion::DTLS1_2,
            random: negotiated.server_random,
            session_id: &[], // RFC 5246 §7.4.1.3: no session to resume
            cipher_suite: negotiated.suite,
            compression_method: 0,
            extensions: Extensions::from_bytes(&extensions),
        };
        engine.send(0, HandshakeType::SERVER_HELLO, |out| server_hello.write(out));
        let certificate = engine.config.certificate.clone();
        let chain = CertificateMessage { end_entity: Some(certificate.der()) };
        engine.send(0, HandshakeType::CERTIFICATE, |out| chain.write(out));
        let signed = signed_params(&negotiated, &ServerKeyExchange::params(group, active.share()));
        let signature =
            certificate.key().sign(&mut engine.rng, &signed).map_err(|_| Error::ProviderFailed)?;
        let scheme = certificate.key().scheme();
        let key_exchange = ServerKeyExchange { group, share: active.share(), scheme, signature: &signature };
        engine.send(0, HandshakeType::SERVER_KEY_EXCHANGE, |out| key_exchange.write(out));
        let request = certificate_request(engine);
        engine.send(0, HandshakeType::CERTIFICATE_REQUEST, |out| request.write(out));
        engine.send(0, HandshakeType::SERVER_HELLO_DONE, |_| {});
        Ok(State::V12Server(Self::Certificate(negotiated, Exchange { group, active })))
    }

    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        let malformed = |_: Malformed| Error::from(PeerMisbehaved::MalformedMessage);
        let next = match (self, message.kind) {
            (Self::Certificate(negotiated, exchange), HandshakeType::CERTIFICATE) => {
                let chain = CertificateMessage::parse(message.body()).map_err(malformed)?;
                let key = engine.take_certificate(chain)?;
                engine.note(message);
                Self::ClientKeyExchange(negotiated, exchange, key)
            }
            (Self::ClientKeyExchange(negotiated, exchange, key), HandshakeType::CLIENT_KEY_EXCHANGE) => {
                let client = ClientKeyExchange::parse(message.body()).map_err(malformed)?;
                let secret = exchange.active.finish(client.share);
                let secret = secret.map_err(|_| Error::from(PeerMisbehaved::BadKeyShare))?;
                engine.note(message);
                let session = Session::establish(engine, negotiated, exchange.group, secret.as_ref())?;
                Self::CertificateVerify(session, key)
            }
            (Self::CertificateVerify(session, key), HandshakeType::CERTIFICATE_VERIFY) => {
                let verify = CertificateVerify::parse(message.body()).map_err(malformed)?;
                let provider = &engine.config.provider;
                if !provider.can_verify(key.kind, verify.scheme) {
                    return Err(PeerMisbehaved::SelectedUnoffered.into());
                }
                let verified =
                    provider.verify(&key, verify.scheme, engine.transcript.as_bytes(), verify.signature);
                verified.map_err(|_| Error::from(PeerMisbehaved::BadSignature))?;
                engine.note(message);
                Self::Finished(session)
            }
            (Self::Finished(session), HandshakeType::FINISHED) => {
                session.check_finished(engine, message)?;
                engine.note(message);
                engine.begin_flight(EndsWith::Nothing);
                session.send_finished(engine);
                return Ok(State::Established(session.finish()));
            }
            _ => return Err(PeerMisbehaved::UnexpectedMessage.into()),
        };
        Ok(State::V12Server(next))
    }
}

/// What matters of the client's extensions.
struct Offer {
    groups: Option<Vec<NamedGroup>>,
    schemes: Vec<SignatureScheme>,
    srtp: Vec<SrtpProfile>,
    extended_master_secret: bool,
    point_formats: bool,
    renegotiation_info: Option<bool>,
}

impl Offer {
    fn read(hello: &ClientHello<'_>) -> Result<Self, Error> {
        let malformed = |_: Malformed| Error::from(PeerMisbehaved::MalformedMessage);
        let extensions = &hello.extensions;
        let numbers_in = |kind| extensions.get(kind).map(number_list).transpose().map_err(malformed);
        let groups = numbers_in(ExtensionType::SUPPORTED_GROUPS)?;
        let schemes = numbers_in(ExtensionType::SIGNATURE_ALGORITHMS)?;
        let srtp = extensions.get(ExtensionType::USE_SRTP).map(UseSrtp::parse).transpose();
        let srtp = srtp.map_err(malformed)?;
        let signalled = hello.cipher_suites().any(|suite| suite == RENEGOTIATION_INFO_SCSV);
        Ok(Self {
            groups: groups.map(|groups| numbers(groups).map(NamedGroup).collect()),
            schemes: numbers(schemes.unwrap_or_default()).map(SignatureScheme).collect(),
            srtp: srtp.map(|srtp| srtp.profiles).unwrap_or_default(),
            extended_master_secret: has_extended_master_secret(extensions)?,
            point_formats: has_point_formats(extensions)?,
            renegotiation_info: match extensions.get(ExtensionType::RENEGOTIATION_INFO) {
                Some(info) => Some(info == [0]),
                None => signalled.then_some(true),
            },
        })
    }
}

fn negotiate(
    engine: &mut Engine,
    hello: &ClientHello<'_>,
    offer: &Offer,
) -> Result<(Negotiated, NamedGroup), Error> {
    if !hello.compression_methods.contains(&0) {
        return Err(PeerMisbehaved::MalformedMessage.into());
    }
    let key = engine.config.certificate.key();
    let usable = |suite: CipherSuite| {
        let meaning = suite.meaning().filter(|meaning| meaning.fits(key.public_key().kind))?;
        hello.cipher_suites().any(|offered| offered == suite).then_some((suite, meaning))
    };
    let (suite, meaning) = engine
        .offered_suites(ProtocolVersion::DTLS1_2)
        .find_map(usable)
        .ok_or(PeerIncompatible::CipherSuite)?;
    // RFC 5246 §7.4.1.4.1: SHA-1 where no algorithms are named: not done, because a client must name some, and never
    // SHA-1 (RFC 9155 §2).
    if !offer.schemes.contains(&key.scheme()) {
        return Err(PeerIncompatible::SignatureScheme.into());
    }
    // RFC 8422 §4: a client that names no groups leaves the choice to us; P-256 is the one that all have.
    let fits = |group: &NamedGroup| match &offer.groups {
        Some(groups) => groups.contains(group),
        None => *group == NamedGroup::SECP256R1,
    };
    let group = engine.offered_groups(ProtocolVersion::DTLS1_2).find(fits).ok_or(PeerIncompatible::Group)?;
    // RFC 8422 §5.1, §5.3: the client's list is for the curve of our certificate as well.
    let unknown = |curve: NamedGroup| offer.groups.as_ref().is_some_and(|groups| !groups.contains(&curve));
    if curve_of(key.public_key().kind).is_some_and(unknown) {
        return Err(PeerIncompatible::Group.into());
    }
    // RFC 5746 §3.6
    if offer.renegotiation_info == Some(false) {
        return Err(PeerMisbehaved::BadRenegotiationInfo.into());
    }
    engine.check_extended_master_secret(offer.extended_master_secret)?;
    let srtp = engine.config.srtp_profiles.iter().copied().find(|profile| offer.srtp.contains(profile));
    let mut server_random = engine.rng.bytes();
    if engine.speaks(ProtocolVersion::DTLS1_3) {
        // RFC 8446 §4.1.3: so that the client learns that it might have had more.
        let [sentinel, _] = &DOWNGRADES;
        server_random.iter_mut().rev().zip(sentinel.iter().rev()).for_each(|(to, from)| *to = *from);
    }
    let negotiated = Negotiated {
        suite,
        meaning,
        client_random: hello.random,
        server_random,
        extended_master_secret: offer.extended_master_secret,
        srtp,
    };
    Ok((negotiated, group))
}

fn answer_extensions(negotiated: &Negotiated, offer: &Offer) -> Vec<u8> {
    let mut out = Vec::new();
    if offer.renegotiation_info.is_some() {
        Extensions::put(&mut out, ExtensionType::RENEGOTIATION_INFO, |out| out.put_u8(0));
    }
    if negotiated.extended_master_secret {
        Extensions::put(&mut out, ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
    }
    if offer.point_formats {
        Extensions::put(&mut out, ExtensionType::EC_POINT_FORMATS, |out| out.put(&[1, 0]));
    }
    if let Some(profile) = negotiated.srtp {
        let answer = UseSrtp { profiles: alloc::vec![profile], mki: &[] };
        Extensions::put(&mut out, ExtensionType::USE_SRTP, |out| answer.write(out));
    }
    out
}

fn certificate_request(engine: &Engine) -> CertificateRequest {
    let rsa = engine.config.provider.verifiers.iter().any(|verifier| verifier.kind() == KeyKind::Rsa);
    let types = [ClientCertificateType::ECDSA_SIGN, ClientCertificateType::RSA_SIGN];
    let types = types.into_iter().filter(|kind| rsa || *kind != ClientCertificateType::RSA_SIGN).collect();
    CertificateRequest { types, schemes: engine.schemes_of(ProtocolVersion::DTLS1_2) }
}

/// The curve that a key is on, if it is on one.
const fn curve_of(kind: KeyKind) -> Option<NamedGroup> {
    match kind {
        KeyKind::EcdsaP256 => Some(NamedGroup::SECP256R1),
        KeyKind::EcdsaP384 => Some(NamedGroup::SECP384R1),
        _ => None,
    }
}

/// RFC 5746 §3.3: a suite that stands for an empty renegotiation_info.
const RENEGOTIATION_INFO_SCSV: CipherSuite = CipherSuite(0x00ff);
