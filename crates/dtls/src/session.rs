//! What is known once the handshake is complete.

use crate::{CipherSuite, Misuse, ProtocolVersion, Role, v12, v13};
use siskin_base::{KeyingMaterial, SrtpProfile};
use siskin_crypto::NamedGroup;
use zeroize::Zeroizing;

/// What both sides agreed on, and the secrets of it.
pub(crate) struct Session {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    pub(crate) group: NamedGroup,
    pub(crate) srtp: Option<SrtpProfile>,
    pub(crate) secrets: Secrets,
}

/// The secrets that outlive the handshake.
pub(crate) enum Secrets {
    V12(v12::Secrets),
    V13(v13::Secrets),
}

impl Session {
    /// The keys for SRTP, if a profile was agreed on (RFC 5764 §4.2).
    pub(crate) fn srtp_keys(&self, role: Role) -> Option<KeyingMaterial> {
        let profile = self.srtp?;
        let (key_len, salt_len) = profile.key_and_salt_len()?;
        let mut material = Zeroizing::new([0; 2 * (32 + 14)]);
        let material = material.get_mut(..2 * (key_len + salt_len))?;
        self.export("EXTRACTOR-dtls_srtp", None, material).ok()?;
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

    /// Whether the secrets belong to this handshake only (RFC 7627 §1).
    pub(crate) const fn is_bound(&self) -> bool {
        match &self.secrets {
            Secrets::V12(secrets) => secrets.is_extended(),
            Secrets::V13(_) => true,
        }
    }

    /// RFC 5705 §4; in DTLS 1.3 no context and an empty one are the same (RFC 8446 §7.5).
    pub(crate) fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), Misuse> {
        match &self.secrets {
            Secrets::V12(secrets) => secrets.export(label, context, out),
            Secrets::V13(secrets) => secrets.export(label, context, out).map_err(|_| Misuse::BadExport)?,
        }
        Ok(())
    }
}
