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

/// What follows a lost ServerHello cannot be read; an ACK that names nothing brings the flight again, long before its timer.
#[test]
fn rfc9147_7_1_a_lost_server_hello_is_asked_for() {
    let (mut client, mut server) = configs();
    server.max_datagram = 1500;
    client.groups = vec![NamedGroup::X25519];
    client.retransmit_initial = Duration::from_millis(400);
    server.retransmit_initial = Duration::from_secs(10);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    for datagram in server.flush(NOW) {
        let hello = RecordHeader::LEN + usize::from(u16::from_be_bytes([datagram[11], datagram[12]]));
        let rest = if datagram[0] == ContentType::HANDSHAKE.0 { &datagram[hello..] } else { &datagram[..] };
        client.take(NOW, rest);
    }
    assert!(client.flush(NOW).is_empty());
    assert_eq!(client.dtls.poll_timeout(), Some(Instant::from_millis(100)));
    let now = Instant::from_millis(100);
    client.dtls.handle_timeout(now);
    let ack = client.flush(now);
    assert_eq!(ack, [record(ContentType::ACK, 1, &[0, 0])]);
    ack.iter().for_each(|datagram| server.take(now, datagram));
    exchange(now, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected());
    // Who repeats it is not answered each time.
    server.take(now, &ack[0]);
    assert!(server.flush(now).is_empty());
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
