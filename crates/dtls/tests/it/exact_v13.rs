//! Rules of DTLS 1.3 that a second reading of the RFCs found broken.

use crate::rules_v13::{
    answer_to, client_hello, configs, first_message, message, record, server_hello, with_extension,
};
use crate::support::{NOW, Peer, connected_pair, exchange, pair};
use core::time::Duration;
use siskin_base::Instant;
use siskin_base::wire::Writer;
use siskin_crypto::NamedGroup;
use siskin_dtls::handshake::{
    ClientHello, ExtensionType, Extensions, HandshakeType, KeyShareEntry, ServerHello,
};
use siskin_dtls::{AlertDescription, ContentType, Misuse, ProtocolVersion};

/// What a server says to a hello, if it is an alert.
fn refusal(hello: &[u8]) -> AlertDescription {
    let (_, answer) = answer_to(configs().1, hello);
    alert_in(&answer)
}

/// What a client says to a ServerHello with these extensions behind `supported_versions`, if it is an alert.
fn refusal_of(
    version: ProtocolVersion,
    random: [u8; 32],
    extensions: &[(ExtensionType, &[u8])],
) -> AlertDescription {
    let mut bytes = vec![];
    Extensions::put(&mut bytes, ExtensionType::SUPPORTED_VERSIONS, |out| out.put_u16(version.0));
    for (kind, body) in extensions {
        Extensions::put(&mut bytes, *kind, |out| out.put(body));
    }
    let mut client = Peer::new(configs().0, 1);
    client.flush(NOW);
    client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &server_hello(random, &bytes)));
    alert_in(&client.flush(NOW))
}

/// The fatal alert in clear that these datagrams are.
fn alert_in(datagrams: &[Vec<u8>]) -> AlertDescription {
    let [datagram] = datagrams else { panic!("{} datagrams", datagrams.len()) };
    let [head @ .., 2, description] = &datagram[..] else { panic!("{datagram:?}") };
    assert_eq!((head[0], head.len()), (ContentType::ALERT.0, 13));
    AlertDescription(*description)
}

const V13: ProtocolVersion = ProtocolVersion::DTLS1_3;
const RETRY: [u8; 32] = ServerHello::RETRY_RANDOM;

/// Only the first hello may say DTLS 1.0 in its record.
#[test]
fn rfc9147_4_the_hello_behind_a_retry_is_a_record_of_1_2() {
    let (client, mut server) = configs();
    server.cookie_exchange = true;
    let (mut client, mut server) = pair(client, server);
    let first = client.flush(NOW);
    assert_eq!(first[0][1..3], [0xfe, 0xff]);
    first.iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    let second = client.flush(NOW);
    assert_eq!(first_message(&second).0, HandshakeType::CLIENT_HELLO);
    assert!(second.iter().all(|datagram| datagram[1..3] == [0xfe, 0xfd]));
}

/// A cookie that we gave to nobody is invalid, also in a first hello, and where we asked for another group only.
#[test]
fn rfc9147_5_1_a_cookie_out_of_nowhere_is_refused() {
    let hello = client_hello(configs().0);
    let mut parsed = ClientHello::parse(&hello).unwrap();
    let mut extensions: Vec<u8> = vec![];
    for (kind, body) in parsed.extensions.iter() {
        Extensions::put(&mut extensions, kind, |out| out.put(body));
    }
    Extensions::put(&mut extensions, ExtensionType::COOKIE, |out| out.put(&[0, 3, 1, 2, 3]));
    let mut body = vec![];
    parsed.extensions = Extensions::from_bytes(&extensions);
    parsed.write(&mut body);
    assert_eq!(refusal(&body), AlertDescription::ILLEGAL_PARAMETER);

    let mut server = configs().1;
    server.groups = vec![NamedGroup::SECP384R1];
    let (mut server, _) = answer_to(server, &hello);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 1, &body));
    assert_eq!(alert_in(&server.flush(NOW)), AlertDescription::ILLEGAL_PARAMETER);
}

/// An alert may be lost: whoever sends the same again hears it again. Alerts are not answered, so that two that have
/// ended fall silent.
#[test]
fn rfc9147_5_10_an_alert_is_sent_again_for_the_same_fault() {
    let hello = client_hello(configs().0);
    let bad = with_extension(&hello, ExtensionType::KEY_SHARE, None);
    let (mut server, answer) = answer_to(configs().1, &bad);
    assert_eq!(alert_in(&answer), AlertDescription::MISSING_EXTENSION);
    for _ in 0..3 {
        server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, &bad));
        assert_eq!(alert_in(&server.flush(NOW)), AlertDescription::MISSING_EXTENSION);
    }
    server.take(NOW, &record(ContentType::ALERT, 9, &[2, 40]));
    assert!(server.flush(NOW).is_empty());
    // Behind a good end, nothing is said any more.
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.close(NOW);
    exchange(NOW, &mut client, &mut server);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, &hello));
    assert!(server.flush(NOW).is_empty());
}

/// Whose answer has begun to come is not sent again: a client's hello, and a server's flight.
#[test]
fn rfc9147_7_2_an_answer_acknowledges_the_flight_before_it() {
    let (mut client, mut server) = configs();
    (client.max_datagram, server.max_datagram) = (300, 600);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    // The ServerHello with its post-quantum share, and nothing else.
    let clear = flight.iter().take_while(|datagram| datagram[0] == ContentType::HANDSHAKE.0);
    clear.for_each(|datagram| client.take(NOW, datagram));
    let late = Instant::from_millis(5_000);
    client.dtls.handle_timeout(late);
    assert_eq!(client.dtls.stats().retransmissions, 0);
    flight.iter().for_each(|datagram| client.take(late, datagram));
    assert!(client.is_connected());
    let mut last = client.flush(late);
    assert!(last.len() > 1);
    last.truncate(1);
    last.iter().for_each(|datagram| server.take(late, datagram));
    let repeated = server.dtls.stats().retransmissions;
    server.dtls.handle_timeout(Instant::from_millis(10_000));
    assert_eq!(server.dtls.stats().retransmissions, repeated);
    // Nobody waits for ever: the client repeats its flight, and the server says what it has.
    let now = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(now);
    exchange(now, &mut client, &mut server);
    assert!(server.is_connected());
}

/// Only records with handshake messages are acknowledged: not data, not what cannot be opened, not ACKs, and after the end nothing.
#[test]
fn rfc9147_7_1_only_handshake_records_are_acknowledged() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    for round in 0..20u8 {
        let sealed = client.seal(&[round; 100]);
        server.take(NOW, &sealed);
        // The same again, damaged, and cut.
        server.take(NOW, &sealed);
        let mut damaged = sealed.clone();
        damaged[60] ^= 1;
        server.take(NOW, &damaged);
        server.take(NOW, &sealed[..40]);
        assert!(server.flush(NOW).is_empty(), "round {round}");
        assert_eq!(server.dtls.poll_timeout(), None);
    }
    // A KeyUpdate is acknowledged by one datagram, and that by none.
    client.dtls.update_keys(NOW, false).unwrap();
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let ack = server.flush(NOW);
    assert_eq!(ack.len(), 1);
    ack.iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.flush(NOW).is_empty());
    client.dtls.close(NOW);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    assert_eq!(server.flush(NOW).len(), 1, "a close_notify of its own");
}

/// Keys of an epoch that is over are kept for the reordered, but no longer than the maximum segment lifetime.
#[test]
fn rfc9147_4_2_1_old_keys_go_after_the_msl() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let [first, second] = [client.seal(b"first"), client.seal(b"second")];
    client.dtls.update_keys(NOW, false).unwrap();
    exchange(NOW, &mut client, &mut server);
    // Nothing in the new epoch yet: who has lost our ACK still uses the old one.
    let hour = Instant::ZERO + Duration::from_secs(3_600);
    server.take(hour, &first);
    assert_eq!(server.data.len(), 1);
    let sealed = client.seal(b"new");
    server.take(hour, &sealed);
    let sealed = client.seal(b"newer");
    server.take(hour + Duration::from_secs(119), &sealed);
    let mut kept = server.dtls.stats().dropped_epoch;
    server.take(hour + Duration::from_secs(121), &client.seal(b"newest"));
    assert_eq!(server.data.len(), 4);
    server.take(hour + Duration::from_secs(121), &second);
    kept += 1;
    assert_eq!((server.data.len(), server.dtls.stats().dropped_epoch), (4, kept));
}

/// Updates that cross in flight make two generations: each is answered.
#[test]
fn rfc8446_4_6_3_updates_that_cross_are_both_answered() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.update_keys(NOW, true).unwrap();
    server.dtls.update_keys(NOW, true).unwrap();
    exchange(NOW, &mut client, &mut server);
    let sealed = [client.seal(b"data"), server.seal(b"data")];
    // Epoch 5 is 3 + 2.
    assert_eq!(sealed.each_ref().map(|record| record[0] & 3), [5 & 3; 2]);
    server.take(NOW, &sealed[0]);
    client.take(NOW, &sealed[1]);
    assert_eq!((client.data.len(), server.data.len()), (1, 1));
}

#[test]
fn rfc8446_4_2_1_only_1_3_is_selected_by_the_extension() {
    let illegal = AlertDescription::ILLEGAL_PARAMETER;
    assert_eq!(refusal_of(ProtocolVersion::DTLS1_2, [7; 32], &[]), illegal);
    assert_eq!(refusal_of(ProtocolVersion(0xfefb), [7; 32], &[]), illegal);
    // A list of versions that is none.
    let hello = client_hello(configs().0);
    for list in [&[][..], &[0], &[3, 0xfe, 0xfc, 0xfe], &[2, 0xfe, 0xfc, 0], &[4, 0xfe, 0xfc]] {
        let bad = with_extension(&hello, ExtensionType::SUPPORTED_VERSIONS, Some(list));
        assert_eq!(refusal(&bad), AlertDescription::DECODE_ERROR, "{list:?}");
    }
}

/// What DTLS 1.3 has for the sake of older versions only has one value: in a ServerHello no session, no compression, and the number of
/// DTLS 1.2.
#[test]
fn rfc9147_5_the_fields_of_older_versions_are_fixed() {
    let mut share = vec![];
    KeyShareEntry { group: NamedGroup::X25519, share: &[9; 32] }.write(&mut share);
    let mut extensions = vec![];
    Extensions::put(&mut extensions, ExtensionType::SUPPORTED_VERSIONS, |out| out.put_u16(V13.0));
    Extensions::put(&mut extensions, ExtensionType::KEY_SHARE, |out| out.put(&share));
    let said = |change: fn(&mut ServerHello<'_>)| {
        let body = server_hello([7; 32], &extensions);
        let mut hello = ServerHello::parse(&body).unwrap();
        change(&mut hello);
        let mut body = vec![];
        hello.write(&mut body);
        let mut client = Peer::new(configs().0, 1);
        client.flush(NOW);
        client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &body));
        client.flush(NOW)
    };
    assert!(said(|_| {}).is_empty(), "the rest of it is good");
    let changes: [fn(&mut ServerHello<'_>); 4] = [
        |hello| hello.session_id = &[1],
        |hello| hello.session_id = &[7; 32],
        |hello| hello.compression_method = 1,
        |hello| hello.version = V13,
    ];
    for change in changes {
        assert_eq!(alert_in(&said(change)), AlertDescription::ILLEGAL_PARAMETER);
    }
}

/// What has its place elsewhere is an illegal parameter; what nobody asked for, an unsupported extension.
#[test]
fn rfc8446_4_2_extensions_have_their_messages() {
    let share = |group: NamedGroup| {
        let mut body = vec![];
        KeyShareEntry { group, share: &[9; 32] }.write(&mut body);
        body
    };
    let good = share(NamedGroup::X25519);
    for (kind, expected) in [
        (ExtensionType::SUPPORTED_GROUPS, AlertDescription::ILLEGAL_PARAMETER),
        (ExtensionType::EXTENDED_MASTER_SECRET, AlertDescription::ILLEGAL_PARAMETER),
        (ExtensionType::COOKIE, AlertDescription::ILLEGAL_PARAMETER),
        (ExtensionType::CONNECTION_ID, AlertDescription::UNSUPPORTED_EXTENSION),
        (ExtensionType(0), AlertDescription::UNSUPPORTED_EXTENSION),
    ] {
        let extensions = [(ExtensionType::KEY_SHARE, &good[..]), (kind, &[])];
        assert_eq!(refusal_of(V13, [7; 32], &extensions), expected, "{kind:?}");
    }
}

/// Bodies of extensions are read to their end.
#[test]
fn rfc8446_4_2_2_cookies_and_groups_have_their_form() {
    let decode = AlertDescription::DECODE_ERROR;
    for cookie in [&[][..], &[0, 0], &[0, 2, 1], &[0, 1, 1, 1]] {
        assert_eq!(refusal_of(V13, RETRY, &[(ExtensionType::COOKIE, cookie)]), decode, "{cookie:?}");
    }
    for group in [&[][..], &[0], &[0, 23, 0]] {
        assert_eq!(refusal_of(V13, RETRY, &[(ExtensionType::KEY_SHARE, group)]), decode, "{group:?}");
    }
}

#[test]
fn rfc8446_4_2_8_one_share_for_each_group() {
    let mut list = vec![];
    for _ in 0..2 {
        KeyShareEntry { group: NamedGroup::X25519, share: &[9; 32] }.write(&mut list);
    }
    let mut body = vec![];
    body.put_u16(list.len() as u16);
    body.extend(list);
    let bad = with_extension(&client_hello(configs().0), ExtensionType::KEY_SHARE, Some(&body));
    assert_eq!(refusal(&bad), AlertDescription::ILLEGAL_PARAMETER);
}

/// A label that cannot be written is refused, not left out.
#[test]
fn rfc8446_7_5_labels_have_a_length() {
    let (client, server) = configs();
    let (client, _) = connected_pair(client, server);
    let export = |label: &str| client.dtls.export_keying_material(label, None, &mut [0; 32]);
    assert_eq!(export(&"x".repeat(249)), Ok(()));
    assert_eq!(export(&"x".repeat(250)), Err(Misuse::BadExport));
}
