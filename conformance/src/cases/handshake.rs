//! What is agreed on in the DTLS handshake, as the datagrams on the wire have it.

use super::pair::{Pair, labelled};
use super::{Matrix, expect, text};
use crate::Result;
use crate::peers::Which;
use crate::relay::End;
use serde_json::json;
use siskin_base::wire::Reader;
use siskin_dtls::handshake::{
    ExtensionType, Fragment, HandshakeType, KeyShareEntry, Reassembly, ServerHello,
};
use siskin_dtls::{ContentType, RecordHeader};
use siskin_netsim::Link;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Matrix] = &[
    Matrix::new(
        "server-hello",
        "the ServerHello on the wire says DTLS 1.3 and X25519MLKEM768, and the browser's counters agree",
        server_hello,
    )
    .in_a_page()
    .quick(),
    Matrix::new("dtls/whole", "the handshake on a path that does no harm, three times", |pair| {
        handshakes(pair, &[plain(), plain()])
    })
    .quick(),
    Matrix::new("dtls/loss", "the handshake where one datagram in ten is lost, three times", |pair| {
        handshakes(pair, &[plain().loss(0.1), plain().loss(0.1)])
    })
    .quick(),
    Matrix::new(
        "dtls/reordered",
        "the handshake where one datagram in three is overtaken, three times",
        |pair| handshakes(pair, &[plain().reorder(0.33), plain().reorder(0.33)]),
    )
    .quick(),
    Matrix::new("dtls/small", "the handshake where our datagrams may have 600 bytes, three times", |pair| {
        handshakes(pair, &[plain().mtu(SMALL), plain()])
    })
    .quick(),
];

/// The largest of our datagrams that gets through.
const SMALL: usize = 600;

fn plain() -> Link {
    Link::new(Duration::from_millis(2))
}

/// Connects three times, each with other dice, on these links towards the peer and towards us; who answers is the client of
/// DTLS (RFC 8842 §5.3), so that both sides of the matrix are both roles. What was chosen is read off the wire.
fn handshakes(pair: &mut Pair<'_>, [theirs, ours]: &[Link; 2]) -> Result<()> {
    let mut took = Vec::new();
    for seed in 21..24 {
        pair.through(seed, theirs);
        pair.set_link_towards(End::Ours, ours);
        let began = Instant::now();
        pair.connect(labelled(&["chat"]))?;
        took.push(began.elapsed().as_millis() as u64);
        pair.exchange("chat", json!([{"kind": "text", "size": 100, "count": 3}]))?;
        pair.peer_counts("chat", 3)?;
        let client = pair.offerer().other();
        let datagrams = pair.relay.as_ref().map(|relay| relay.hellos(client)).unwrap_or_default();
        let (version, group) = chosen(&datagrams).ok_or("no ServerHello of DTLS 1.3 went by")?;
        // libwebrtc's Python package offers no post-quantum keys.
        let wanted = if pair.which == Which::Libwebrtc { (WANTED.0, X25519) } else { WANTED };
        expect(
            (version, group) == wanted,
            &format!("version {version:04x} and group {group:04x} are chosen"),
        )?;
    }
    pair.seen.found["connected_ms"] = json!(took);
    Ok(())
}

const X25519: u16 = 0x001d;

/// DTLS 1.3, and RFC 10024's group.
const WANTED: (u16, u16) = (0xfefc, 0x11ec);

fn server_hello(pair: &mut Pair<'_>) -> Result<()> {
    pair.through(1, &Link::new(Duration::from_millis(1)));
    pair.connect(labelled(&["chat"]))?;
    pair.exchange("chat", json!([{"kind": "text", "size": 10, "count": 3}]))?;
    pair.peer_counts("chat", 3)?;
    // Who answers is the client (RFC 8842 §5.3), so that the ServerHello goes to the answerer.
    let client = pair.offerer().other();
    let datagrams = pair.relay.as_ref().map(|relay| relay.hellos(client)).unwrap_or_default();
    let (version, group) = chosen(&datagrams).ok_or("no ServerHello of DTLS 1.3 went by")?;
    pair.seen.found["server_hello"] = json!({"to": format!("{client:?}"), "version": format!("{version:04x}"), "group": format!("{group:04x}")});
    expect((version, group) == WANTED, &format!("version {version:04x} and group {group:04x} are chosen"))?;
    let counted = text(&pair.seen.stats, "/transport/tlsVersion");
    expect(counted == "FEFC", &format!("the peer's tlsVersion is {counted:?}"))?;
    expect(hello_goes_to(pair, client.other()), "the other side has sent no ClientHello")
}

/// Whether a ClientHello went to that peer.
fn hello_goes_to(pair: &Pair<'_>, server: End) -> bool {
    let datagrams = pair.relay.as_ref().map(|relay| relay.hellos(server)).unwrap_or_default();
    datagrams.iter().flat_map(|datagram| fragments(datagram)).any(|fragment| {
        let kind = Fragment::parse(&mut Reader::new(fragment)).map(|fragment| fragment.header.kind);
        kind == Ok(HandshakeType::CLIENT_HELLO)
    })
}

/// The version and group that a ServerHello in these datagrams chooses.
fn chosen(datagrams: &[Vec<u8>]) -> Option<(u16, u16)> {
    let mut messages = Reassembly::new(1 << 16, 1 << 17);
    for fragment in datagrams.iter().flat_map(|datagram| fragments(datagram)) {
        let mut r = Reader::new(fragment);
        while let Ok(fragment) = Fragment::parse(&mut r) {
            messages.insert(0, &fragment);
        }
    }
    let message = std::iter::from_fn(|| messages.next()).find(|m| m.kind == HandshakeType::SERVER_HELLO)?;
    let hello = ServerHello::parse(message.body()).ok()?;
    let version = Reader::new(hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS)?).u16().ok()?;
    let share = KeyShareEntry::parse(hello.extensions.get(ExtensionType::KEY_SHARE)?).ok()?;
    Some((version, share.group.0))
}

/// The contents of a datagram's handshake records in clear.
fn fragments(datagram: &[u8]) -> Vec<&[u8]> {
    let mut r = Reader::new(datagram);
    let mut found = Vec::new();
    while let Ok(header) = RecordHeader::parse(&mut r) {
        let Ok(content) = r.take(header.length.into()) else { break };
        if header.content_type == ContentType::HANDSHAKE && header.epoch == 0 {
            found.push(content);
        }
    }
    found
}
