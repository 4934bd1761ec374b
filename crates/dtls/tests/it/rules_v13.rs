//! Single rules of DTLS 1.3, and of the choice between both versions.

mod flights;
mod hellos;
mod records;

use crate::support::{NOW, Peer, UNIX, config, config_of, connected_pair, exchange, pair};
use core::time::Duration;
use siskin_base::wire::{Reader, Writer};
use siskin_base::{Instant, Observation, Packet, Rng, SrtpProfile};
use siskin_crypto::{Certificate, KeyKind, NamedGroup, Provider};
use siskin_dtls::handshake::{
    ClientHello, ExtensionType, Extensions, Fragment, HandshakeHeader, HandshakeType, KeyShareEntry,
    KeyShares, ServerHello,
};
use siskin_dtls::{
    AlertDescription, CipherSuite, Config, ContentType, Error, Event, Misuse, PeerIncompatible,
    PeerMisbehaved, ProtocolVersion, RecordHeader, Role,
};
use std::sync::Arc;

const V12: ProtocolVersion = ProtocolVersion::DTLS1_2;
const V13: ProtocolVersion = ProtocolVersion::DTLS1_3;

fn provider() -> Provider {
    siskin_crypto::ring()
}

pub(crate) fn configs() -> (Config, Config) {
    (config(provider(), Role::Client), config(provider(), Role::Server))
}

pub(crate) fn closed(peer: &Peer) -> Option<Error> {
    match peer.last_event() {
        Some(Event::Closed(error)) => Some(*error),
        _ => None,
    }
}

/// The version and group that both sides agree on.
fn agreed(client: &Peer, server: &Peer) -> (Option<ProtocolVersion>, Option<NamedGroup>) {
    let of = |peer: &Peer| (peer.dtls.version(), peer.dtls.group());
    assert_eq!(of(client), of(server));
    of(client)
}

/// A record in clear.
pub(crate) fn record(content_type: ContentType, sequence: u64, body: &[u8]) -> Vec<u8> {
    let header = RecordHeader { content_type, version: V12, epoch: 0, sequence, length: body.len() as u16 };
    [&header.to_bytes()[..], body].concat()
}

/// A handshake message in one piece and one record in clear.
pub(crate) fn message(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u32;
    let header = HandshakeHeader { kind, length, sequence, fragment_offset: 0, fragment_length: length };
    record(ContentType::HANDSHAKE, 90 + u64::from(sequence), &[&header.to_bytes()[..], body].concat())
}

/// The message in clear that these datagrams begin with.
pub(crate) fn first_message(datagrams: &[Vec<u8>]) -> (HandshakeType, Vec<u8>) {
    let (mut kind, mut body) = (HandshakeType(0), vec![]);
    for datagram in datagrams {
        let mut r = Reader::new(datagram);
        while datagram[0] == ContentType::HANDSHAKE.0 && !r.is_empty() {
            let Ok(header) = RecordHeader::parse(&mut r) else { break };
            if header.content_type != ContentType::HANDSHAKE {
                break;
            }
            let fragment = Fragment::parse(&mut Reader::new(r.take(header.length.into()).unwrap())).unwrap();
            kind = fragment.header.kind;
            body.extend(fragment.body);
        }
    }
    (kind, body)
}

pub(crate) fn client_hello(config: Config) -> Vec<u8> {
    let (kind, body) = first_message(&Peer::new(config, 1).flush(NOW));
    assert_eq!(kind, HandshakeType::CLIENT_HELLO);
    body
}

/// What a server says to a hello.
pub(crate) fn answer_to(config: Config, hello: &[u8]) -> (Peer, Vec<Vec<u8>>) {
    let mut server = Peer::new(config, 1);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, hello));
    let answer = server.flush(NOW);
    (server, answer)
}

/// The same hello with another body of one extension; `None` leaves it out.
pub(crate) fn with_extension(hello: &[u8], kind: ExtensionType, body: Option<&[u8]>) -> Vec<u8> {
    let mut hello = ClientHello::parse(hello).unwrap();
    let mut extensions = vec![];
    for (found, old) in hello.extensions.iter() {
        if let Some(body) = if found == kind { body } else { Some(old) } {
            Extensions::put(&mut extensions, found, |out| out.put(body));
        }
    }
    let mut out = vec![];
    hello.extensions = Extensions::from_bytes(&extensions);
    hello.write(&mut out);
    out
}

pub(crate) fn server_hello(random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
    let hello = ServerHello {
        version: V12,
        random,
        session_id: &[],
        cipher_suite: CipherSuite::AES_128_GCM_SHA256,
        compression_method: 0,
        extensions: Extensions::from_bytes(extensions),
    };
    let mut out = vec![];
    hello.write(&mut out);
    out
}
