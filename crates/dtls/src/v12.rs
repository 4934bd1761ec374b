//! What is DTLS 1.2 only: the handshake behind the hellos, and its key schedule.

pub(crate) mod client;
pub(crate) mod key_schedule;
pub(crate) mod server;

use crate::engine::Engine;
use crate::handshake::{ExtensionType, Extensions};
use crate::session;
use crate::suite::Meaning;
use crate::{CipherSuite, Error, PeerMisbehaved, ProtocolVersion, Role};
use alloc::vec::Vec;
use key_schedule::MasterSecret;
use siskin_base::SrtpProfile;
use siskin_base::wire::Reader;
use siskin_crypto::{Hash, NamedGroup};

/// What the hellos settled.
pub(crate) struct Negotiated {
    pub(crate) suite: CipherSuite,
    pub(crate) meaning: Meaning,
    pub(crate) client_random: [u8; 32],
    pub(crate) server_random: [u8; 32],
    pub(crate) extended_master_secret: bool,
    pub(crate) srtp: Option<SrtpProfile>,
}

/// A handshake whose keys are in place.
pub(crate) struct Session {
    suite: CipherSuite,
    group: NamedGroup,
    srtp: Option<SrtpProfile>,
    secrets: Secrets,
}

/// What outlives the handshake.
pub(crate) struct Secrets {
    client_random: [u8; 32],
    server_random: [u8; 32],
    hash: &'static dyn Hash,
    master: MasterSecret,
    extended: bool,
}

impl Session {
    /// Derives the secrets from the transcript up to ClientKeyExchange, and puts the keys of epoch 1 in place.
    fn establish(
        engine: &mut Engine,
        negotiated: Negotiated,
        group: NamedGroup,
        premaster: &[u8],
    ) -> Result<Self, Error> {
        let Negotiated { suite, meaning, client_random, server_random, srtp, .. } = negotiated;
        let hash = engine.config.provider.hash(meaning.hash);
        let transcript =
            negotiated.extended_master_secret.then(|| hash.digest(&[engine.transcript.as_bytes()]));
        let master = MasterSecret::new(hash, premaster, transcript.as_ref(), &client_random, &server_random);
        let (client, server) = master
            .protections(&engine.config.provider, hash, meaning.aead, &client_random, &server_random)
            .map_err(|_| Error::ProviderFailed)?;
        let (own, peer) = match engine.config.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        engine.records.add_writing(EPOCH, own);
        engine.records.add_reading(EPOCH, peer);
        engine.log_key("CLIENT_RANDOM", &client_random, master.as_bytes());
        let extended = negotiated.extended_master_secret;
        let secrets = Secrets { client_random, server_random, hash, master, extended };
        Ok(Self { suite, group, srtp, secrets })
    }

    /// The handshake is complete.
    fn finish(self) -> session::Session {
        let Self { suite, group, srtp, secrets } = self;
        let version = ProtocolVersion::DTLS1_2;
        session::Session { version, suite, group, srtp, secrets: session::Secrets::V12(secrets) }
    }

    /// Sends ChangeCipherSpec and Finished, which end the flight that was begun.
    fn send_finished(&self, engine: &mut Engine) {
        let verify_data = self.verify_data(engine, engine.config.role);
        engine.flight.add_change_cipher_spec();
        engine.send(EPOCH, crate::handshake::HandshakeType::FINISHED, |out| out.extend(verify_data));
        engine.write_epoch = EPOCH;
    }

    /// RFC 5246 §7.4.9: whether the peer's Finished belongs to this handshake.
    fn check_finished(&self, engine: &Engine, message: &crate::handshake::Message) -> Result<(), Error> {
        if message.epoch != EPOCH {
            return Err(PeerMisbehaved::WrongEpoch.into());
        }
        let expected = self.verify_data(engine, engine.peer_role());
        let equal = siskin_crypto::constant_time_eq(&expected, message.body());
        if equal { Ok(()) } else { Err(PeerMisbehaved::BadFinished.into()) }
    }

    fn verify_data(&self, engine: &Engine, from: Role) -> [u8; 12] {
        let label = match from {
            Role::Client => "client finished",
            Role::Server => "server finished",
        };
        let mut out = [0; 12];
        let Secrets { hash, master, .. } = &self.secrets;
        let transcript = hash.digest(&[engine.transcript.as_bytes()]);
        key_schedule::prf(*hash, master.as_bytes(), label, &[transcript.as_ref()], &mut out);
        out
    }
}

impl Secrets {
    /// Whether the master secret depends on the whole handshake (RFC 7627 §4).
    pub(crate) const fn is_extended(&self) -> bool {
        self.extended
    }

    /// RFC 5705 §4.
    pub(crate) fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) {
        let length = context.map(|context| (context.len() as u16).to_be_bytes());
        let length = length.as_ref().map_or(&[][..], |length| &length[..]);
        let seed = [&self.client_random[..], &self.server_random, length, context.unwrap_or_default()];
        key_schedule::prf(self.hash, self.master.as_bytes(), label, &seed, out);
    }
}

/// Whether the hello has the extension `extended_master_secret`, which must be empty (RFC 7627 §5.1).
fn has_extended_master_secret(extensions: &Extensions<'_>) -> Result<bool, Error> {
    match extensions.get(ExtensionType::EXTENDED_MASTER_SECRET) {
        None => Ok(false),
        Some([]) => Ok(true),
        Some(_) => Err(PeerMisbehaved::MalformedMessage.into()),
    }
}

/// Whether the hello names point formats, of which the uncompressed one must be one (RFC 8422 §5.1.2, §5.2).
fn has_point_formats(extensions: &Extensions<'_>) -> Result<bool, Error> {
    let Some(body) = extensions.get(ExtensionType::EC_POINT_FORMATS) else { return Ok(false) };
    let mut r = Reader::new(body);
    match r.vec8() {
        Ok(formats) if r.is_empty() && formats.contains(&UNCOMPRESSED) => Ok(true),
        Ok([_, ..]) if r.is_empty() => Err(PeerMisbehaved::NoUncompressedPoints.into()),
        _ => Err(PeerMisbehaved::MalformedMessage.into()),
    }
}

/// Both random values and the parameters, as the server signs them (RFC 8422 §5.4).
fn signed_params(negotiated: &Negotiated, params: &[u8]) -> Vec<u8> {
    [&negotiated.client_random[..], &negotiated.server_random, params].concat()
}

/// The first and only epoch with keys: there is no renegotiation.
const EPOCH: u16 = 1;
/// The only point format in use (RFC 8422 §5.1.2).
const UNCOMPRESSED: u8 = 0;
