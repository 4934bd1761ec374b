//! CertificateRequest (RFC 5246 §7.4.4, RFC 8446 §4.3.2).

use super::{ExtensionType, Extensions, Malformed, number_list, numbers, put_numbers};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};
use siskin_crypto::SignatureScheme;

siskin_base::code_points! {
    /// What kind of key a client certificate may have (RFC 5246 §7.4.4, RFC 8422 §5.5).
    pub struct ClientCertificateType(u8) {
        RSA_SIGN = 1,
        ECDSA_SIGN = 64,
    }
}

/// The server wants to know who the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Kinds of key.
    pub types: Vec<ClientCertificateType>,
    /// Signatures that the server can verify, by preference.
    pub schemes: Vec<SignatureScheme>,
}

impl CertificateRequest {
    /// Reads a message body. Names of certificate authorities are skipped.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let types = r.vec8()?.iter().copied().map(ClientCertificateType).collect();
        let schemes = r.vec16()?;
        r.vec16()?;
        if !r.is_empty() || !schemes.len().is_multiple_of(2) {
            return Err(Malformed);
        }
        Ok(Self { types, schemes: numbers(schemes).map(SignatureScheme).collect() })
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(1, |out| self.types.iter().for_each(|kind| out.put_u8(kind.0)));
        put_numbers(out, self.schemes.iter().map(|scheme| scheme.0));
        out.put_u16(0);
    }
}

/// The same in DTLS 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequestV13 {
    /// Comes back in the answer; empty during the handshake.
    pub context: Vec<u8>,
    /// Signatures that the server can verify, by preference.
    pub schemes: Vec<SignatureScheme>,
}

impl CertificateRequestV13 {
    /// Reads a message body. A request without signature algorithms is malformed (RFC 8446 §4.3.2).
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let context = r.vec8()?.into();
        let extensions = Extensions::parse(&mut r)?;
        let schemes = number_list(extensions.get(ExtensionType::SIGNATURE_ALGORITHMS).ok_or(Malformed)?)?;
        Ok(Self { context, schemes: numbers(schemes).map(SignatureScheme).collect() })
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(1, |out| out.put(&self.context));
        let _ = out.put_prefixed(2, |out| {
            Extensions::put(out, ExtensionType::SIGNATURE_ALGORITHMS, |out| {
                put_numbers(out, self.schemes.iter().map(|scheme| scheme.0));
            });
        });
    }
}
