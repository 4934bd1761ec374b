//! rtc-dtls, which speaks DTLS 1.2 only.

use super::Stack;
use bytes::Bytes;
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// rtc-dtls on ring, of webrtc-rs. Certificates are not looked at beyond their signatures; groups cannot be chosen: its own order
/// has P-256 first.
pub struct RtcDtls([Arc<HandshakeConfig>; 2]);

/// One end of it.
pub struct RtcEnd {
    endpoint: Endpoint,
    peer: SocketAddr,
    connected: bool,
}

impl RtcDtls {
    /// With AES-128-GCM.
    pub fn new() -> Self {
        let provider = rtc_dtls::crypto_provider::default_provider().expect("ring is compiled in");
        Self([true, false].map(|is_client| {
            let certificate = Certificate::generate_self_signed(vec!["rtc".into()], provider.crypto());
            let config = ConfigBuilder::default()
                .with_crypto_provider(provider.clone())
                .with_cipher_suites(vec![CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256])
                .with_certificates(vec![certificate.expect("ring is compiled in")])
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                .with_insecure_skip_verify(true);
            Arc::new(config.build(is_client, None).expect("a sound configuration"))
        }))
    }
}

impl Default for RtcDtls {
    fn default() -> Self {
        Self::new()
    }
}

impl RtcEnd {
    fn take(&mut self, datagram: Bytes) -> Vec<EndpointEvent> {
        let events = self.endpoint.read(Instant::now(), self.peer, None, datagram.into()).expect("no fault");
        self.connected |= events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete));
        events
    }
}

impl Stack for RtcDtls {
    type End = RtcEnd;

    fn connect(&self) -> [RtcEnd; 2] {
        let [client, server] = &self.0;
        let [to_client, to_server] = [5000, 5001].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        let end = |own, peer, config| RtcEnd {
            endpoint: Endpoint::new(own, Default::default(), config),
            peer,
            connected: false,
        };
        let mut ends = [end(to_client, to_server, None), end(to_server, to_client, Some(server.clone()))];
        let begun = ends[0].endpoint.connect(Instant::now(), to_server, client.clone(), None);
        begun.expect("a sound configuration");
        for turn in 0..12 {
            while let Some(datagram) = ends[turn % 2].endpoint.poll_transmit() {
                ends[1 - turn % 2].take(datagram.message.freeze());
            }
        }
        assert!(ends.iter().all(|end| end.connected));
        ends
    }

    fn seal(end: &mut RtcEnd, data: &[u8]) -> Vec<u8> {
        end.endpoint.write(Instant::now(), end.peer, data).expect("connected");
        end.endpoint.poll_transmit().expect("a record").message.into()
    }

    fn open(end: &mut RtcEnd, datagram: Vec<u8>, buffer: &mut [u8]) -> usize {
        let events = end.take(datagram.into());
        let Some(EndpointEvent::ApplicationData(data)) = events.first() else { return 0 };
        buffer[..data.len()].copy_from_slice(data);
        data.len()
    }
}
