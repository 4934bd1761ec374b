//! What is DTLS 1.2 only: the handshake behind the hellos, and its key schedule.

pub(crate) mod client;
pub(crate) mod key_schedule;
pub(crate) mod server;

use crate::engine::Engine;
use crate::suite::Meaning;
use crate::{CipherSuite, Error, PeerMisbehaved, ProtocolVersion, Role};
use alloc::vec::Vec;
use key_schedule::MasterSecret;
use siskin_base::{KeyingMaterial, SrtpProfile};
use siskin_crypto::{Hash, NamedGroup};
use zeroize::Zeroizing;

/// What the hellos settled.
pub(crate) struct Negotiated {
    pub(crate) suite: CipherSuite,
    pub(crate) meaning: Meaning,
    pub(crate) client_random: [u8; 32],
    pub(crate) server_random: [u8; 32],
    pub(crate) extended_master_secret: bool,
    pub(crate) srtp: Option<SrtpProfile>,
}

/// What is known once the keys are.
pub(crate) struct Session {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    pub(crate) group: NamedGroup,
    pub(crate) srtp: Option<SrtpProfile>,
    client_random: [u8; 32],
    server_random: [u8; 32],
    hash: &'static dyn Hash,
    master: MasterSecret,
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
        let transcript = negotiated.extended_master_secret.then(|| hash.digest(&[&engine.transcript]));
        let master = MasterSecret::new(hash, premaster, transcript.as_ref(), &client_random, &server_random);
        let (client, server) = master
            .protections(&engine.config.provider, hash, meaning.aead, &client_random, &server_random)
            .map_err(|_| Error::ProviderFailed)?;
        match engine.config.role {
            Role::Client => engine.add_keys(EPOCH, server, client),
            Role::Server => engine.add_keys(EPOCH, client, server),
        }
        engine.log_key("CLIENT_RANDOM", &client_random, master.as_bytes());
        let version = ProtocolVersion::DTLS1_2;
        Ok(Self { version, suite, group, srtp, client_random, server_random, hash, master })
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
        let from = match engine.config.role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        if message.epoch != EPOCH {
            return Err(PeerMisbehaved::WrongEpoch.into());
        }
        let expected = self.verify_data(engine, from);
        let equal = siskin_crypto::constant_time_eq(&expected, message.body());
        if equal { Ok(()) } else { Err(PeerMisbehaved::BadFinished.into()) }
    }

    fn verify_data(&self, engine: &Engine, from: Role) -> [u8; 12] {
        let label = match from {
            Role::Client => "client finished",
            Role::Server => "server finished",
        };
        let mut out = [0; 12];
        let transcript = self.hash.digest(&[&engine.transcript]);
        key_schedule::prf(self.hash, self.master.as_bytes(), label, &[transcript.as_ref()], &mut out);
        out
    }

    /// The keys for SRTP, if a profile was agreed on (RFC 5764 §4.2).
    pub(crate) fn srtp_keys(&self, role: Role) -> Option<KeyingMaterial> {
        let profile = self.srtp?;
        let (key_len, salt_len) = profile.key_and_salt_len()?;
        let mut material = Zeroizing::new([0; 2 * (32 + 14)]);
        let material = material.get_mut(..2 * (key_len + salt_len))?;
        self.export("EXTRACTOR-dtls_srtp", None, material);
        let (keys, salts) = material.split_at_checked(2 * key_len)?;
        let (client_key, server_key) = keys.split_at_checked(key_len)?;
        let (client_salt, server_salt) = salts.split_at_checked(salt_len)?;
        let client = (client_key.into(), client_salt.into());
        let server = (server_key.into(), server_salt.into());
        let (local, remote) = match role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Some(KeyingMaterial { profile, local, remote })
    }

    /// RFC 5705 §4.
    pub(crate) fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) {
        let length = context.map(|context| (context.len() as u16).to_be_bytes());
        let length = length.as_ref().map_or(&[][..], |length| &length[..]);
        let seed = [&self.client_random[..], &self.server_random, length, context.unwrap_or_default()];
        key_schedule::prf(self.hash, self.master.as_bytes(), label, &seed, out);
    }
}

/// Both random values and the parameters, as the server signs them (RFC 8422 §5.4).
fn signed_params(negotiated: &Negotiated, params: &[u8]) -> Vec<u8> {
    [&negotiated.client_random[..], &negotiated.server_random, params].concat()
}

/// The first and only epoch with keys: there is no renegotiation.
const EPOCH: u16 = 1;
