//! BoringSSL and dimpl.

use super::Stack;
use siskin_conformance_dtls::peer::Peer;
use siskin_conformance_dtls::peers::boringssl::{self, Boring};
use siskin_conformance_dtls::peers::dimpl::Dimpl;
use siskin_crypto::{Certificate, NamedGroup};
use siskin_dtls::Role;
use std::sync::Arc;

/// BoringSSL.
pub struct BoringSsl(boring::ssl::SslContext);

impl BoringSsl {
    /// At DTLS 1.3, or at 1.2 only.
    pub fn new(certificate: &Certificate, v13: bool, group: NamedGroup) -> Self {
        // In DTLS 1.2 the certificate's curve must be among the groups (RFC 8422 §5.1).
        let group = if group == NamedGroup::X25519MLKEM768 { "X25519MLKEM768:P-256" } else { "X25519:P-256" };
        Self(boringssl::context(certificate, v13, group).expect("a sound configuration"))
    }
}

impl Stack for BoringSsl {
    type End = Boring;

    fn connect(&self) -> [Boring; 2] {
        let end = |role| Boring::start(&self.0, role, None).expect("a sound configuration");
        carried([end(Role::Client), end(Role::Server)])
    }

    fn seal(end: &mut Boring, data: &[u8]) -> Vec<u8> {
        end.seal(data)
    }

    fn open(end: &mut Boring, datagram: Vec<u8>, buffer: &mut [u8]) -> usize {
        end.open(datagram, buffer)
    }
}

/// dimpl on AWS-LC, as str0m uses it; it has no ML-KEM.
pub struct DimplAwsLc {
    config: Arc<dimpl::Config>,
    certificate: Arc<Certificate>,
    v13: bool,
}

impl DimplAwsLc {
    /// At DTLS 1.3 only, or at 1.2 only.
    pub fn new(certificate: Arc<Certificate>, v13: bool) -> Self {
        let config = dimpl::Config::builder()
            .require_client_certificate(true)
            .use_server_cookie(false)
            .with_crypto_provider(dimpl::crypto::aws_lc_rs::default_provider())
            .build();
        Self { config: Arc::new(config.expect("a sound configuration")), certificate, v13 }
    }
}

impl Stack for DimplAwsLc {
    type End = Dimpl;

    fn connect(&self) -> [Dimpl; 2] {
        let end = |role| Dimpl::start(self.config.clone(), &self.certificate, role, self.v13);
        carried([end(Role::Client), end(Role::Server)])
    }

    fn seal(end: &mut Dimpl, data: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0; data.len() + 128];
        let length = end.seal(data, &mut datagram);
        datagram.truncate(length);
        datagram
    }

    fn open(end: &mut Dimpl, datagram: Vec<u8>, buffer: &mut [u8]) -> usize {
        end.open(&datagram, buffer)
    }
}

/// Carries what each says to the other until both are connected.
fn carried<P: Peer>(mut ends: [P; 2]) -> [P; 2] {
    for turn in 0..12 {
        let datagrams = ends[turn % 2].drive().expect("no fault");
        datagrams.iter().for_each(|datagram| ends[1 - turn % 2].take(datagram));
    }
    assert!(ends.iter().all(Peer::is_connected));
    ends
}
