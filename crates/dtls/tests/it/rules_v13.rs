//! Single rules of DTLS 1.3, and of the choice between both versions.

use crate::support::{config, connected_pair};
use siskin_crypto::{NamedGroup, Provider};
use siskin_dtls::{CipherSuite, Config, Event, ProtocolVersion, Role};

fn provider() -> Provider {
    siskin_crypto::ring()
}

fn configs() -> (Config, Config) {
    (config(provider(), Role::Client), config(provider(), Role::Server))
}

#[test]
fn the_default_is_v13_with_post_quantum_keys() {
    let (client, server) = configs();
    let (client, server) = connected_pair(client, server);
    for peer in [client, server] {
        assert!(matches!(peer.events[..], [Event::Connected { .. }]), "{:?}", peer.events);
        assert_eq!(peer.dtls.version(), Some(ProtocolVersion::DTLS1_3));
        assert_eq!(peer.dtls.cipher_suite(), Some(CipherSuite::AES_128_GCM_SHA256));
        assert_eq!(peer.dtls.group(), Some(NamedGroup::X25519MLKEM768));
    }
}

#[test]
fn rfc9147_5_1_a_cookie_must_come_back() {
    let (client, mut server) = configs();
    server.cookie_exchange = true;
    let (client, _) = connected_pair(client, server);
    assert_eq!(client.dtls.version(), Some(ProtocolVersion::DTLS1_3));
}
