//! The server behind the ClientHello (RFC 8446 §4, RFC 9147 §5).

use super::{
    Agreed, DATA_EPOCH, HANDSHAKE_EPOCH, Handshake, Secrets, check_certificate_verify, provider_failed,
    read_certificate,
};
use crate::accept::{Accept, Asked};
use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    CertificateRequestV13, ClientHello, ExtensionType, Extensions, HandshakeType, KeyShareEntry, KeyShares,
    Malformed, Message, ServerHello, UseSrtp, number_list, numbers, only_vec16,
};
use crate::suite::Meaning;
use crate::{CipherSuite, Error, PeerIncompatible, PeerMisbehaved, ProtocolVersion};
use alloc::boxed::Box;
use alloc::vec::Vec;
use siskin_base::SrtpProfile;
use siskin_base::wire::Writer;
use siskin_crypto::{NamedGroup, PublicKey, SignatureScheme};

/// Each state bears the name of the message that it awaits.
/// ```text
/// Certificate --Certificate--> CertificateVerify --CertificateVerify--> Finished
/// Finished --Finished / sends an ACK--> established
/// ```
pub(crate) enum Server {
    Certificate(Box<Answered>),
    CertificateVerify(Box<Answered>, PublicKey),
    Finished(Box<Answered>),
}

/// Our flight is out.
pub(crate) struct Answered {
    handshake: Handshake,
    secrets: Secrets,
}

/// What a second ClientHello must agree with.
pub(crate) struct Retry {
    suite: CipherSuite,
    /// The group for which we asked, if we did.
    group: Option<NamedGroup>,
    cookie: Option<[u8; COOKIE_LEN]>,
}

impl Server {
    /// Answers a ClientHello, the first one or the one that followed our HelloRetryRequest.
    pub(crate) fn start(
        engine: &mut Engine,
        message: &Message,
        hello: &ClientHello<'_>,
        retry: Option<Retry>,
    ) -> Result<State, Error> {
        let offer = Offer::read(hello)?;
        // RFC 8446 §4.1.2, RFC 9147 §5.3
        if hello.compression_methods != [0] || !hello.cookie.is_empty() {
            return Err(PeerMisbehaved::BadLegacyField.into());
        }
        let (suite, meaning) = choose_suite(engine, hello)?;
        if !offer.schemes.contains(&engine.config.certificate.key().scheme()) {
            return Err(PeerIncompatible::SignatureScheme.into());
        }
        let hash = engine.config.provider.hash(meaning.hash);
        engine.note(message);
        engine.transcript.hash_with(hash);
        let (group, share) = choose_group(engine, &offer)?;
        match &retry {
            Some(retry) => retry.check(&offer, suite, group, share)?,
            // RFC 9147 §5.1: we have given none out.
            None if offer.cookie.is_some() => return Err(PeerMisbehaved::BadCookie.into()),
            None if share.is_none() || engine.config.cookie_exchange => {
                return Ok(request_retry(engine, suite, share.is_none().then_some(group)));
            }
            None => {}
        }
        let exchange = engine.config.provider.key_exchange(group).ok_or(Error::ProviderFailed)?;
        let answer = exchange.respond(&mut engine.rng, share.unwrap_or_default());
        let (share, secret) = answer.map_err(|error| match error {
            siskin_crypto::Error::InvalidShare => Error::from(PeerMisbehaved::BadKeyShare),
            _ => Error::ProviderFailed,
        })?;
        engine.begin_flight(EndsWith::Answer);
        let random = engine.rng.bytes();
        let mut extensions = Vec::new();
        Extensions::put(&mut extensions, ExtensionType::KEY_SHARE, |out| {
            KeyShareEntry { group, share: &share }.write(out);
        });
        if engine.take_connection_id(&hello.extensions)? {
            engine.put_connection_id(&mut extensions);
        }
        send_hello(engine, random, suite, extensions);
        let agreed = Agreed { suite, meaning, group, client_random: hello.random };
        let mut handshake = Handshake::start(engine, agreed, secret.as_ref())?;
        handshake.srtp =
            engine.config.srtp_profiles.iter().copied().find(|profile| offer.srtp.contains(profile));
        let secrets = send_rest(engine, &mut handshake)?;
        Ok(State::V13Server(Self::Certificate(Box::new(Answered { handshake, secrets }))))
    }

    pub(crate) fn handle(self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        let next = match (self, message.kind) {
            (Self::Certificate(answered), HandshakeType::CERTIFICATE) => {
                let key = engine.take_certificate(read_certificate(message)?)?;
                Self::CertificateVerify(answered, key)
            }
            (Self::CertificateVerify(answered, key), HandshakeType::CERTIFICATE_VERIFY) => {
                check_certificate_verify(engine, &key, message)?;
                Self::Finished(answered)
            }
            (Self::Finished(answered), HandshakeType::FINISHED) => {
                let Answered { handshake, mut secrets } = *answered;
                handshake.check_finished(engine, message)?;
                engine.flight.end();
                secrets.begin_reading(engine)?;
                engine.write_epoch = DATA_EPOCH;
                secrets.end_handshake(engine, Some(handshake.client_secret.clone()));
                // RFC 9147 §7.1: nothing else tells the client that its last flight is here.
                engine.acks.want();
                return Ok(State::Established(handshake.session(secrets)));
            }
            _ => return Err(PeerMisbehaved::UnexpectedMessage.into()),
        };
        engine.note(message);
        Ok(State::V13Server(next))
    }
}

/// EncryptedExtensions, CertificateRequest, Certificate, CertificateVerify, Finished.
fn send_rest(engine: &mut Engine, handshake: &mut Handshake) -> Result<Secrets, Error> {
    let srtp = handshake.srtp;
    engine.send(HANDSHAKE_EPOCH, HandshakeType::ENCRYPTED_EXTENSIONS, |out| {
        let _ = out.put_prefixed(2, |out| {
            if let Some(profile) = srtp {
                let answer = UseSrtp { profiles: alloc::vec![profile], mki: &[] };
                Extensions::put(out, ExtensionType::USE_SRTP, |out| answer.write(out));
            }
        });
    });
    let schemes = engine.schemes_of(ProtocolVersion::DTLS1_3);
    let request = CertificateRequestV13 { context: Vec::new(), schemes };
    engine.send(HANDSHAKE_EPOCH, HandshakeType::CERTIFICATE_REQUEST, |out| request.write(out));
    handshake.send_certificate(engine, &[])?;
    handshake.send_finished(engine)?;
    let secrets = handshake.secrets(engine)?;
    secrets.begin_writing(engine)?;
    Ok(secrets)
}

/// ServerHello, or HelloRetryRequest, which has its form.
fn send_hello(engine: &mut Engine, random: [u8; 32], suite: CipherSuite, mut extensions: Vec<u8>) {
    Extensions::put(&mut extensions, ExtensionType::SUPPORTED_VERSIONS, |out| {
        out.put_u16(ProtocolVersion::DTLS1_3.0);
    });
    let hello = ServerHello {
        version: ProtocolVersion::DTLS1_2, // RFC 9147 §5.4
        random,
        session_id: &[], // RFC 9147 §5: never echoed
        cipher_suite: suite,
        compression_method: 0,
        extensions: Extensions::from_bytes(&extensions),
    };
    engine.send(0, HandshakeType::SERVER_HELLO, |out| hello.write(out));
}

/// RFC 8446 §4.1.4. The cookie is drawn and kept, not computed.
// RFC 9147 §11: a cookie that depends on the client's address: not done, because this engine exists per path, and knows its own.
fn request_retry(engine: &mut Engine, suite: CipherSuite, group: Option<NamedGroup>) -> State {
    let cookie = engine.config.cookie_exchange.then(|| engine.rng.bytes::<COOKIE_LEN>());
    engine.transcript.fold();
    engine.begin_flight(EndsWith::Nothing);
    let mut extensions = Vec::new();
    if let Some(group) = group {
        Extensions::put(&mut extensions, ExtensionType::KEY_SHARE, |out| out.put_u16(group.0));
    }
    if let Some(cookie) = &cookie {
        Extensions::put(&mut extensions, ExtensionType::COOKIE, |out| {
            let _ = out.put_prefixed(2, |out| out.put(cookie));
        });
    }
    send_hello(engine, ServerHello::RETRY_RANDOM, suite, extensions);
    State::Accepting(Accept { asked: Asked::Retry(Retry { suite, group, cookie }) })
}

impl Retry {
    /// RFC 8446 §4.1.2: the second hello keeps to what was agreed on, and brings what was asked for.
    fn check(
        &self,
        offer: &Offer<'_>,
        suite: CipherSuite,
        group: NamedGroup,
        share: Option<&[u8]>,
    ) -> Result<(), Error> {
        let same_cookie = match (&self.cookie, offer.cookie) {
            (Some(cookie), Some(returned)) => siskin_crypto::constant_time_eq(cookie, returned),
            (asked, returned) => asked.is_none() && returned.is_none(),
        };
        if !same_cookie {
            return Err(PeerMisbehaved::BadCookie.into());
        }
        let asked = self.group.is_none_or(|asked| asked == group && offer.shares.entries.len() == 1);
        if suite == self.suite && asked && share.is_some() {
            Ok(())
        } else {
            Err(PeerMisbehaved::BadKeyShare.into())
        }
    }
}

/// What matters of the client's extensions.
struct Offer<'a> {
    groups: Vec<NamedGroup>,
    shares: KeyShares<'a>,
    schemes: Vec<SignatureScheme>,
    srtp: Vec<SrtpProfile>,
    cookie: Option<&'a [u8]>,
}

impl<'a> Offer<'a> {
    fn read(hello: &ClientHello<'a>) -> Result<Self, Error> {
        let malformed = |_: Malformed| Error::from(PeerMisbehaved::MalformedMessage);
        let get = |kind| hello.extensions.get(kind);
        // RFC 8446 §9.2
        let must = |kind| get(kind).ok_or_else(|| Error::from(PeerMisbehaved::MissingExtension));
        let groups = number_list(must(ExtensionType::SUPPORTED_GROUPS)?).map_err(malformed)?;
        let schemes = number_list(must(ExtensionType::SIGNATURE_ALGORITHMS)?).map_err(malformed)?;
        let shares = KeyShares::parse(must(ExtensionType::KEY_SHARE)?).map_err(malformed)?;
        let srtp = get(ExtensionType::USE_SRTP).map(UseSrtp::parse).transpose().map_err(malformed)?;
        // RFC 8446 §4.2.8
        if shares.has_twins() {
            return Err(PeerMisbehaved::BadKeyShare.into());
        }
        let cookie = get(ExtensionType::COOKIE).map(only_vec16).transpose();
        Ok(Self {
            groups: numbers(groups).map(NamedGroup).collect(),
            shares,
            schemes: numbers(schemes).map(SignatureScheme).collect(),
            srtp: srtp.map(|srtp| srtp.profiles).unwrap_or_default(),
            cookie: cookie.map_err(malformed)?,
        })
    }

    fn share(&self, group: NamedGroup) -> Option<&'a [u8]> {
        self.shares.entries.iter().find(|entry| entry.group == group).map(|entry| entry.share)
    }
}

fn choose_suite(engine: &Engine, hello: &ClientHello<'_>) -> Result<(CipherSuite, Meaning), Error> {
    let mut suites = engine.offered_suites(ProtocolVersion::DTLS1_3);
    let suite = suites.find(|suite| hello.cipher_suites().any(|offered| offered == *suite));
    let suite = suite.and_then(|suite| Some((suite, suite.meaning()?)));
    suite.ok_or_else(|| PeerIncompatible::CipherSuite.into())
}

/// The first of our groups of which the client has sent a share; if there is none, the first that it knows.
///
/// RFC 8446 §4.2.7 leaves the choice to the server: a group that we like better is not worth a round trip.
fn choose_group<'a>(engine: &Engine, offer: &Offer<'a>) -> Result<(NamedGroup, Option<&'a [u8]>), Error> {
    // RFC 8446 §4.2.8: a share of a group that is not in the list of groups.
    if offer.shares.entries.iter().any(|entry| !offer.groups.contains(&entry.group)) {
        return Err(PeerMisbehaved::BadKeyShare.into());
    }
    let ours = || engine.offered_groups(ProtocolVersion::DTLS1_3);
    let shared = ours().find_map(|group| Some((group, Some(offer.share(group)?))));
    let known = || ours().find(|group| offer.groups.contains(group)).map(|group| (group, None));
    shared.or_else(known).ok_or_else(|| PeerIncompatible::Group.into())
}

impl Secrets {
    pub(super) fn begin_writing(&self, engine: &mut Engine) -> Result<(), Error> {
        let provider = &engine.config.provider;
        let protection = self.labels.protection(provider, self.aead, &self.own).map_err(provider_failed)?;
        engine.records.add_writing(DATA_EPOCH, protection);
        Ok(())
    }

    pub(super) fn begin_reading(&self, engine: &mut Engine) -> Result<(), Error> {
        let provider = &engine.config.provider;
        let protection = self.labels.protection(provider, self.aead, &self.peer).map_err(provider_failed)?;
        engine.records.add_reading(DATA_EPOCH, protection);
        Ok(())
    }
}

const COOKIE_LEN: usize = 20;
