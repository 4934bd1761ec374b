//! What is DTLS 1.3 only: the handshake behind the hellos, its key schedule, and what comes after it.

pub(crate) mod client;
pub(crate) mod key_schedule;
pub(crate) mod server;
pub(crate) mod update;

use crate::engine::Engine;
use crate::handshake::{CertificateMessage, CertificateVerify, HandshakeType, Message};
use crate::session::{self, Session};
use crate::suite::Meaning;
use crate::transcript::Transcript;
use crate::{CipherSuite, Error, PeerMisbehaved, ProtocolVersion, Role};
use alloc::vec::Vec;
use core::time::Duration;
use key_schedule::{DTLS13, KeySchedule, Labels, Secret};
use siskin_base::{Instant, SrtpProfile, earliest};
use siskin_crypto::{AeadAlgorithm, KeyKind, NamedGroup, PublicKey, SignatureScheme};

/// A handshake whose hellos are exchanged: everything else is encrypted.
pub(crate) struct Handshake {
    suite: CipherSuite,
    meaning: Meaning,
    group: NamedGroup,
    srtp: Option<SrtpProfile>,
    client_random: [u8; 32],
    schedule: KeySchedule,
    client_secret: Secret,
    server_secret: Secret,
}

/// What outlives the handshake.
pub(crate) struct Secrets {
    labels: Labels,
    aead: AeadAlgorithm,
    exporter: Secret,
    /// What we write with.
    own: Secret,
    /// What the peer writes with.
    peer: Secret,
    /// A server's: what the client's last flight is protected with.
    last_flight: Option<LastFlight>,
    /// When the keys before the peer's newest ones go.
    old_until: Option<Instant>,
}

/// What is left of epoch 2.
struct LastFlight {
    secret: Secret,
    until: Instant,
}

/// What the hellos settled.
pub(crate) struct Agreed {
    pub(crate) suite: CipherSuite,
    pub(crate) meaning: Meaning,
    pub(crate) group: NamedGroup,
    pub(crate) client_random: [u8; 32],
}

impl Handshake {
    /// Puts the keys of epoch 2 in place, from the transcript up to ServerHello and the secret of the key exchange.
    fn start(engine: &mut Engine, agreed: Agreed, secret: &[u8]) -> Result<Self, Error> {
        let Agreed { suite, meaning, group, client_random } = agreed;
        let hash = engine.config.provider.hash(meaning.hash);
        let start = || {
            let mut schedule = KeySchedule::new(Labels { hash, prefix: DTLS13 });
            schedule.advance(Some(secret))?;
            let transcript = engine.transcript.current();
            let client_secret = schedule.derive("c hs traffic", &transcript)?;
            let server_secret = schedule.derive("s hs traffic", &transcript)?;
            let provider = &engine.config.provider;
            let client = schedule.labels.protection(provider, meaning.aead, &client_secret)?;
            let server = schedule.labels.protection(provider, meaning.aead, &server_secret)?;
            Ok((schedule, client_secret, server_secret, client, server))
        };
        let (schedule, client_secret, server_secret, client, server) = start().map_err(provider_failed)?;
        let (own, peer) = match engine.config.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        engine.records.add_writing(HANDSHAKE_EPOCH, own);
        engine.records.add_reading(HANDSHAKE_EPOCH, peer);
        // RFC 9147 §6.1: hellos are the only messages in clear, so that nobody can slip in another one.
        engine.reassembly.begin_epoch(HANDSHAKE_EPOCH);
        engine.write_epoch = HANDSHAKE_EPOCH;
        engine.log_key("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &client_random, client_secret.as_ref());
        engine.log_key("SERVER_HANDSHAKE_TRAFFIC_SECRET", &client_random, server_secret.as_ref());
        let srtp = None;
        Ok(Self { suite, meaning, group, srtp, client_random, schedule, client_secret, server_secret })
    }

    /// Derives what protects data, from the transcript up to the server's Finished.
    fn secrets(&mut self, engine: &mut Engine) -> Result<Secrets, Error> {
        let transcript = engine.transcript.current();
        self.schedule.advance(None).map_err(provider_failed)?;
        let derive = |label| self.schedule.derive(label, &transcript).map_err(provider_failed);
        let (client, server) = (derive("c ap traffic")?, derive("s ap traffic")?);
        let exporter = derive("exp master")?;
        engine.log_key("CLIENT_TRAFFIC_SECRET_0", &self.client_random, client.as_ref());
        engine.log_key("SERVER_TRAFFIC_SECRET_0", &self.client_random, server.as_ref());
        engine.log_key("EXPORTER_SECRET", &self.client_random, exporter.as_ref());
        let (own, peer) = match engine.config.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        let labels = self.schedule.labels;
        Ok(Secrets {
            labels,
            aead: self.meaning.aead,
            exporter,
            own,
            peer,
            last_flight: None,
            old_until: None,
        })
    }

    fn session(self, secrets: Secrets) -> Session {
        Session {
            version: ProtocolVersion::DTLS1_3,
            suite: self.suite,
            group: self.group,
            srtp: self.srtp,
            secrets: session::Secrets::V13(secrets),
        }
    }

    /// Sends Certificate and CertificateVerify.
    fn send_certificate(&self, engine: &mut Engine, context: &[u8]) -> Result<(), Error> {
        let certificate = engine.config.certificate.clone();
        let message = CertificateMessage { end_entity: Some(certificate.der()) };
        engine.send(HANDSHAKE_EPOCH, HandshakeType::CERTIFICATE, |out| message.write_v13(context, out));
        let signed = signed_content(engine.config.role, &engine.transcript);
        let signature = certificate.key().sign(&mut engine.rng, &signed).map_err(provider_failed)?;
        let verify = CertificateVerify { scheme: certificate.key().scheme(), signature: &signature };
        engine.send(HANDSHAKE_EPOCH, HandshakeType::CERTIFICATE_VERIFY, |out| verify.write(out));
        Ok(())
    }

    fn send_finished(&self, engine: &mut Engine) -> Result<(), Error> {
        let mac = self.verify_data(engine, engine.config.role)?;
        engine.send(HANDSHAKE_EPOCH, HandshakeType::FINISHED, |out| out.extend(mac.as_ref()));
        Ok(())
    }

    /// RFC 8446 §4.4.4: whether the peer's Finished belongs to this handshake.
    fn check_finished(&self, engine: &Engine, message: &Message) -> Result<(), Error> {
        let expected = self.verify_data(engine, engine.peer_role())?;
        let equal = siskin_crypto::constant_time_eq(expected.as_ref(), message.body());
        if equal { Ok(()) } else { Err(PeerMisbehaved::BadFinished.into()) }
    }

    fn verify_data(&self, engine: &Engine, from: Role) -> Result<Secret, Error> {
        let secret = match from {
            Role::Client => &self.client_secret,
            Role::Server => &self.server_secret,
        };
        let transcript = engine.transcript.current();
        self.schedule.labels.finished(secret, &transcript).map_err(provider_failed)
    }
}

impl Secrets {
    pub(crate) fn export(
        &self,
        label: &str,
        context: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<(), siskin_crypto::Error> {
        self.labels.export(&self.exporter, label, context.unwrap_or_default(), out)
    }

    /// Throws away the keys of epoch 2, as far as nobody needs them any more.
    ///
    /// RFC 9147 §4.2.1: records of earlier epochs are discarded. A client needs epoch 2 until its last flight is
    /// acknowledged. A server does not write in it any more (§7: an ACK goes out in the newest epoch); it reads it
    /// for twice the MSL, so that it can acknowledge the client's last flight again (§5.8.1). For that it keeps the secret, which
    /// is small, and the replay window.
    pub(crate) fn end_handshake(&mut self, engine: &mut Engine, client_secret: Option<Secret>) {
        engine.records.end_writing_before(DATA_EPOCH);
        match client_secret {
            None => engine.records.end_reading(0..DATA_EPOCH),
            Some(secret) => {
                self.last_flight = Some(LastFlight { secret, until: engine.now + TWICE_MSL });
                engine.records.sleep(HANDSHAKE_EPOCH);
            }
        }
    }

    /// Forgets the client's last flight when its time is over, and the peer's old keys some time after it uses new ones.
    ///
    /// RFC 9147 §4.2.1: for the maximum segment lifetime at most. §8: not before the new keys are in use.
    ///
    /// When there is something to throw away next.
    pub(crate) fn expire(&mut self, engine: &mut Engine) -> Option<Instant> {
        if engine.records.is_superseded(DATA_EPOCH) {
            let until = *self.old_until.get_or_insert(engine.now + MSL);
            if until <= engine.now {
                self.old_until = None;
                engine.records.end_reading(DATA_EPOCH..engine.records.read_epoch());
            }
        }
        if self.last_flight.as_ref().is_some_and(|last_flight| last_flight.until <= engine.now) {
            self.last_flight = None;
            engine.records.end_reading(0..DATA_EPOCH);
        }
        // Any record may be the first with the new keys.
        let unused = engine.records.has_older(DATA_EPOCH) && self.old_until.is_none();
        let old_until = if unused { Some(engine.now) } else { self.old_until };
        earliest(old_until, self.last_flight.as_ref().map(|last_flight| last_flight.until))
    }

    /// Derives the keys of the client's last flight again, for one record.
    pub(crate) fn wake(&self, engine: &mut Engine) -> Result<(), Error> {
        let Some(LastFlight { secret, .. }) = &self.last_flight else { return Ok(()) };
        let protection = self.labels.protection(&engine.config.provider, self.aead, secret);
        engine.records.wake(HANDSHAKE_EPOCH, protection.map_err(provider_failed)?);
        Ok(())
    }
}

/// A Certificate during the handshake, whose context is empty (RFC 8446 §4.4.2).
fn read_certificate(message: &Message) -> Result<CertificateMessage<'_>, Error> {
    let (context, chain, extended) = CertificateMessage::parse_v13(message.body())
        .map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
    if !context.is_empty() {
        return Err(PeerMisbehaved::SelectedUnoffered.into());
    }
    // RFC 8446 §4.2: neither our hello nor our CertificateRequest asks for any.
    if extended { Err(PeerMisbehaved::UnsolicitedExtension.into()) } else { Ok(chain) }
}

/// RFC 8446 §4.4.3: whether the peer's CertificateVerify was made with its certificate's key.
fn check_certificate_verify(engine: &Engine, key: &PublicKey, message: &Message) -> Result<(), Error> {
    let verify = CertificateVerify::parse(message.body());
    let verify = verify.map_err(|_| Error::from(PeerMisbehaved::MalformedMessage))?;
    let provider = &engine.config.provider;
    if !is_allowed(key.kind, verify.scheme) || !provider.can_verify(key.kind, verify.scheme) {
        return Err(PeerMisbehaved::SelectedUnoffered.into());
    }
    let signed = signed_content(engine.peer_role(), &engine.transcript);
    let verified = provider.verify(key, verify.scheme, &signed, verify.signature);
    verified.map_err(|_| PeerMisbehaved::BadSignature.into())
}

/// RFC 8446 §4.2.3: a scheme of ECDSA names its curve, and PKCS #1 is for certificates only.
pub(crate) fn is_allowed(kind: KeyKind, scheme: SignatureScheme) -> bool {
    match kind {
        KeyKind::EcdsaP256 => scheme == SignatureScheme::ECDSA_SECP256R1_SHA256,
        KeyKind::EcdsaP384 => scheme == SignatureScheme::ECDSA_SECP384R1_SHA384,
        KeyKind::Rsa => matches!(
            scheme,
            SignatureScheme::RSA_PSS_RSAE_SHA256
                | SignatureScheme::RSA_PSS_RSAE_SHA384
                | SignatureScheme::RSA_PSS_RSAE_SHA512
        ),
        _ => false,
    }
}

/// What a CertificateVerify signs (RFC 8446 §4.4.3): spaces, who signs, and the hash of the messages so far.
fn signed_content(signer: Role, transcript: &Transcript) -> Vec<u8> {
    let context: &[u8] = match signer {
        Role::Client => b"TLS 1.3, client CertificateVerify\0",
        Role::Server => b"TLS 1.3, server CertificateVerify\0",
    };
    [&[b' '; 64], context, transcript.current().as_ref()].concat()
}

fn provider_failed(_: siskin_crypto::Error) -> Error {
    Error::ProviderFailed
}

/// The maximum segment lifetime of RFC 793.
const MSL: Duration = Duration::from_secs(120);
/// RFC 9147 §5.8.1.
const TWICE_MSL: Duration = Duration::from_secs(2 * 120);
/// RFC 9147 §6.1.
pub(crate) const HANDSHAKE_EPOCH: u16 = 2;
pub(crate) const DATA_EPOCH: u16 = 3;

#[cfg(test)]
mod trace_tests;
