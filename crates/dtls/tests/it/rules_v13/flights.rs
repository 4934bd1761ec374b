//! What is sent again, acknowledged and put together (RFC 9147 §5.8, §7).

use super::*;

/// The client is connected as soon as it has sent its last flight, and sends it until it is acknowledged.
#[test]
fn rfc9147_5_8_1_the_last_flight_is_sent_until_it_is_acknowledged() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.is_connected());
    let mut lost = vec![];
    let mut now = NOW;
    for _ in 0..3 {
        let sent = client.flush(now);
        assert!(!sent.is_empty());
        lost.push(sent.len());
        now = client.dtls.poll_timeout().unwrap();
        client.dtls.handle_timeout(now);
    }
    assert_eq!(client.dtls.stats().retransmissions, 3);
    client.flush(now).iter().for_each(|datagram| server.take(now, datagram));
    assert!(server.is_connected());
    let ack = server.flush(now);
    assert_eq!(ack.len(), 1);
    // A lost ACK is sent again when the flight comes again.
    now += Duration::from_secs(2);
    client.dtls.handle_timeout(client.dtls.poll_timeout().unwrap());
    client.flush(now).iter().for_each(|datagram| server.take(now, datagram));
    server.flush(now).iter().for_each(|datagram| client.take(now, datagram));
    assert_eq!((client.dtls.poll_timeout(), server.dtls.poll_timeout()), (None, None));
}

#[test]
fn a_server_that_never_comes_back_is_noticed() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    let mut now = NOW;
    while let Some(due) = client.dtls.poll_timeout() {
        client.flush(now);
        now = due;
        client.dtls.handle_timeout(now);
        client.take_events(now, &[]);
    }
    assert_eq!((now, closed(&client)), (Instant::from_millis(30_000), Some(Error::TimedOut)));
}

/// What an ACK names is not sent again.
#[test]
fn rfc9147_7_only_what_is_missing_is_sent_again() {
    let (mut client, mut server) = configs();
    (client.max_datagram, server.max_datagram) = (300, 300);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    let lost = flight.len() - 2;
    for (index, datagram) in flight.iter().enumerate() {
        if index != lost {
            client.take(NOW, datagram);
        }
    }
    // Out of order: the client says at once what it has.
    let ack = client.flush(NOW);
    assert_eq!(ack.len(), 1);
    ack.iter().for_each(|datagram| server.take(NOW, datagram));
    let again = server.flush(NOW);
    assert!(again.len() <= 2, "{} of {} datagrams", again.len(), flight.len());
    again.iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.is_connected());
    exchange(NOW, &mut client, &mut server);
    assert!(server.is_connected());
}

/// A server's flight without its ServerHello.
fn without_server_hello(flight: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let rest = |datagram: &Vec<u8>| {
        let hello = RecordHeader::LEN + usize::from(u16::from_be_bytes([datagram[11], datagram[12]]));
        if datagram[0] == ContentType::HANDSHAKE.0 { datagram[hello..].to_vec() } else { datagram.clone() }
    };
    flight.iter().map(rest).collect()
}

/// What follows a lost ServerHello cannot be read, and an ACK may not be sent before DTLS 1.3 is selected (9147bis §7): the hello
/// goes again, long before its timer, and brings the flight again. Once only, for anyone can send such records.
#[test]
fn rfc9147bis_7_a_lost_server_hello_is_asked_for_by_a_second_hello() {
    let (mut client, mut server) = configs();
    server.max_datagram = 1500;
    client.groups = vec![NamedGroup::X25519];
    client.retransmit_initial = Duration::from_millis(400);
    server.retransmit_initial = Duration::from_secs(10);
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    hello.iter().for_each(|datagram| server.take(NOW, datagram));
    let rest = without_server_hello(&server.flush(NOW));
    rest.iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.flush(NOW).is_empty());
    assert_eq!(client.dtls.poll_timeout(), Some(Instant::from_millis(100)));
    let now = Instant::from_millis(100);
    client.dtls.handle_timeout(now);
    let again = client.flush(now);
    assert!(again.iter().all(|datagram| datagram[0] == ContentType::HANDSHAKE.0), "no ACK");
    assert_eq!(first_message(&again), first_message(&hello));
    assert_eq!(client.dtls.stats().retransmissions, 1);
    // More of what cannot be read makes nothing more, until the timer runs out.
    for millis in (100..500).step_by(10) {
        let now = Instant::from_millis(millis);
        client.take(now, &rest[0]);
        client.dtls.handle_timeout(now);
        assert!(client.flush(now).is_empty(), "at {millis} ms");
    }
    let now = Instant::from_millis(500);
    again.iter().for_each(|datagram| server.take(now, datagram));
    exchange(now, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected());
    // Who repeats it is not answered each time.
    again.iter().for_each(|datagram| server.take(now, datagram));
    assert!(server.flush(now).is_empty());
}

/// A HelloRetryRequest selects DTLS 1.3: behind it, an ACK that names nothing brings the flight.
#[test]
fn rfc9147_7_1_behind_a_retry_an_empty_ack_asks_for_a_server_hello() {
    let (mut client, mut server) = configs();
    server.max_datagram = 1500;
    server.groups = vec![NamedGroup::SECP384R1];
    client.retransmit_initial = Duration::from_millis(400);
    server.retransmit_initial = Duration::from_secs(10);
    let (mut client, mut server) = pair(client, server);
    for _ in 0..2 {
        client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
        let flight = server.flush(NOW);
        let retry = flight.len() == 1 && first_message(&flight).1.len() < 100;
        let flight = if retry { flight } else { without_server_hello(&flight) };
        flight.iter().for_each(|datagram| client.take(NOW, datagram));
    }
    assert_eq!(client.dtls.poll_timeout(), Some(Instant::from_millis(100)));
    let now = Instant::from_millis(100);
    client.dtls.handle_timeout(now);
    let ack = client.flush(now);
    let [ack] = &ack[..] else { panic!("{} datagrams", ack.len()) };
    assert_eq!((ack[0], &ack[RecordHeader::LEN..]), (ContentType::ACK.0, &[0, 0][..]));
    server.take(now, ack);
    exchange(now, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected());
}

/// An ACK in clear, before anyone knows which version it will be.
#[test]
fn rfc9147bis_7_acks_before_the_version_is_selected_are_ignored() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    let all = [&[0, 32][..], &[0; 15], &[0], &[0; 15], &[1]].concat();
    for ack in [&[0, 0][..], &all] {
        client.take(NOW, &record(ContentType::ACK, 3, ack));
        server.take(NOW, &record(ContentType::ACK, 3, ack));
    }
    assert!(!client.dtls.is_closed() && !server.dtls.is_closed());
    // It acknowledged nothing.
    let now = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(now);
    assert_eq!(first_message(&client.flush(now)), first_message(&hello));
    hello.iter().for_each(|datagram| server.take(now, datagram));
    exchange(now, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected());
}

/// Records in a datagram, of either version, if connection IDs have `cid` bytes.
fn count_records(mut datagram: &[u8], cid: usize) -> usize {
    let mut count = 0;
    while let [first, ..] = datagram {
        let end = if first >> 5 == 1 {
            let at = 3 + if first & 0x10 == 0 { 0 } else { cid };
            at + 2 + usize::from(u16::from_be_bytes([datagram[at], datagram[at + 1]]))
        } else {
            let at = 11 + if *first == ContentType::TLS12_CID.0 { cid } else { 0 };
            at + 2 + usize::from(u16::from_be_bytes([datagram[at], datagram[at + 1]]))
        };
        datagram = &datagram[end..];
        count += 1;
    }
    count
}

/// No more than ten records at once are what DTLS recommends: in datagrams of 1,200 bytes, with certificates of our own making, our
/// longest flight has seven.
#[test]
fn rfc9147_5_8_3_no_flight_of_ours_has_more_than_ten_records() {
    let mut most = 0;
    for version in [V13, V12] {
        for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384] {
            for (cid, cookie) in [(0, false), (0, true), (20, true)] {
                let one = |role| {
                    let mut config = config_of(version, provider(), role);
                    let rng = &mut Rng::for_tests(role as u64);
                    let made = Certificate::generate_kind(&config.provider, kind, rng, UNIX);
                    config.certificate = Arc::new(made.unwrap());
                    config.connection_id = (cid > 0).then(|| vec![7; cid]);
                    config.cookie_exchange = cookie;
                    config.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM];
                    config
                };
                let (mut client, mut server) = pair(one(Role::Client), one(Role::Server));
                for _ in 0..4 {
                    for (from, to) in [(0, 1), (1, 0)] {
                        let ends = [&mut client, &mut server];
                        let flight = ends[from].flush(NOW);
                        most = most.max(flight.iter().map(|datagram| count_records(datagram, cid)).sum());
                        flight.iter().for_each(|datagram| ends[to].take(NOW, datagram));
                    }
                }
                assert!(client.is_connected() && server.is_connected());
            }
        }
    }
    assert_eq!(most, 7);
}

/// The rest of a flight that does not come is asked for after a quarter of the timer.
#[test]
fn rfc9147_7_1_a_flight_that_stops_is_acknowledged_so_far() {
    let (mut client, mut server) = configs();
    server.max_datagram = 600;
    client.retransmit_initial = Duration::from_millis(400);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    flight[..flight.len() - 1].iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.flush(NOW).is_empty());
    assert_eq!(client.dtls.poll_timeout(), Some(Instant::from_millis(100)));
    let now = Instant::from_millis(100);
    client.dtls.handle_timeout(now);
    let ack = client.flush(now);
    assert_eq!(ack.len(), 1);
    ack.iter().for_each(|datagram| server.take(now, datagram));
    server.flush(now).iter().for_each(|datagram| client.take(now, datagram));
    assert!(client.is_connected());
}

/// Nothing in clear behind the hellos is believed, whether it comes before them or after.
#[test]
fn a_stranger_cannot_slip_in_messages_in_clear() {
    let poison = |sequence| message(HandshakeType::ENCRYPTED_EXTENSIONS, sequence, &[0, 0]);
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    (1..6).for_each(|sequence| client.take(NOW, &poison(sequence)));
    hello.iter().for_each(|datagram| server.take(NOW, datagram));
    (1..6).for_each(|sequence| server.take(NOW, &poison(sequence)));
    let flight = server.flush(NOW);
    client.take(NOW, &flight[0]);
    (1..6).for_each(|sequence| client.take(NOW, &poison(sequence)));
    flight[1..].iter().for_each(|datagram| client.take(NOW, datagram));
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected(), "{:?} {:?}", client.events, server.events);
}

/// Lies about a hello's length, floods of tiny pieces and overlaps cost nothing that the honest hello does not mend.
#[test]
fn poisoned_fragments_do_not_stop_an_honest_hello() {
    let fragment = |length: u32, offset: u32, body: &[u8]| {
        let header = HandshakeHeader {
            kind: HandshakeType::CLIENT_HELLO,
            length,
            sequence: 0,
            fragment_offset: offset,
            fragment_length: body.len() as u32,
        };
        record(ContentType::HANDSHAKE, 5, &[&header.to_bytes()[..], body].concat())
    };
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    let length = first_message(&hello).1.len() as u32;
    for index in 0..2_000 {
        server.take(NOW, &fragment(length, index * 2 % length, &[0xee]));
        server.take(NOW, &fragment(length, index % length, &[]));
        server.take(NOW, &fragment(length + 1 + index % 7, 3, &[0xee; 40]));
        server.take(NOW, &fragment(32_000, index, &[0xee; 4]));
    }
    hello.iter().for_each(|datagram| server.take(NOW, datagram));
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected(), "{:?} {:?}", client.events, server.events);
}
