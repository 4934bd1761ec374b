//! Messages of DTLS 1.3 as no honest peer makes them, behind keys.

use super::*;
use crate::handshake::HandshakeHeader;

/// Client and server of which the first has the other's ServerHello, and nothing else.
fn hellos_exchanged() -> [Connection; 2] {
    let mut ends = unconnected(ProtocolVersion::DTLS1_3, |_| {});
    let mut packet = Packet::new();
    while ends[0].poll_transmit(NOW, &mut packet).is_some() {
        take(&mut ends[1], &mut packet);
    }
    while ends[1].poll_transmit(NOW, &mut packet).is_some() {
        let bytes = packet.as_bytes();
        let mut clear = 0;
        while bytes.get(clear) == Some(&ContentType::HANDSHAKE.0) {
            clear += ends[0].engine.records.frame(&bytes[clear..]).unwrap().len();
        }
        let mut only = Packet::new();
        only.begin(0);
        only.append(&bytes[..clear]);
        only.finish();
        packet.clear();
        take(&mut ends[0], &mut only);
    }
    assert!(matches!(ends[0].state, State::V13Client(_)));
    ends
}

/// A record of these bytes, with the keys of `epoch`, from one end to the other.
fn passes(ends: &mut [Connection; 2], from: usize, epoch: u16, kind: ContentType, content: &[u8]) {
    let mut packet = Packet::new();
    packet.begin(0);
    let version = ProtocolVersion::DTLS1_2;
    ends[from].engine.records.append(epoch, kind, version, &[content], &mut packet).unwrap();
    packet.finish();
    take(&mut ends[1 - from], &mut packet);
}

/// A piece of message `sequence`.
fn piece(kind: HandshakeType, sequence: u16, body: &[u8], from: usize, to: usize) -> alloc::vec::Vec<u8> {
    let header = HandshakeHeader {
        kind,
        length: body.len() as u32,
        sequence,
        fragment_offset: from as u32,
        fragment_length: (to - from) as u32,
    };
    [&header.to_bytes()[..], &body[from..to]].concat()
}

/// The alert with which a client refuses the last of these messages of a server's.
fn refusal(messages: &[(HandshakeType, &[u8])]) -> Option<AlertDescription> {
    let mut ends = hellos_exchanged();
    for (index, (kind, body)) in messages.iter().enumerate() {
        assert!(!ends[0].is_closed());
        let message = piece(*kind, index as u16 + 1, body, 0, body.len());
        passes(&mut ends, 1, v13::HANDSHAKE_EPOCH, ContentType::HANDSHAKE, &message);
    }
    ends[0].is_closed().then(|| ends[0].engine.alerts.back().unwrap().description)
}

const EXTENSIONS: (HandshakeType, &[u8]) = (HandshakeType::ENCRYPTED_EXTENSIONS, &[0, 0]);
const SCHEMES: [u8; 8] = [0, 13, 0, 4, 0, 2, 4, 3];

#[test]
fn rfc8446_4_3_1_extensions_of_other_messages_are_illegal() {
    for (extension, expected) in [
        ([0, 4, 0, 51, 0, 0], Some(AlertDescription::ILLEGAL_PARAMETER)),
        ([0, 4, 0, 13, 0, 0], Some(AlertDescription::ILLEGAL_PARAMETER)),
        ([0, 4, 0, 14, 0, 0], Some(AlertDescription::UNSUPPORTED_EXTENSION)),
        ([0, 4, 0, 10, 0, 0], None),
    ] {
        assert_eq!(refusal(&[(HandshakeType::ENCRYPTED_EXTENSIONS, &extension)]), expected, "{extension:?}");
    }
}

#[test]
fn rfc8446_4_3_2_a_request_names_signatures_and_nothing_that_has_no_place_there() {
    let request = |extensions: &[&[u8]]| {
        let extensions = extensions.concat();
        let body = [&[0, 0, extensions.len() as u8][..], &extensions].concat();
        refusal(&[EXTENSIONS, (HandshakeType::CERTIFICATE_REQUEST, &body)])
    };
    assert_eq!(request(&[&SCHEMES]), None);
    assert_eq!(request(&[&SCHEMES, &[0, 47, 0, 0]]), None, "names of authorities");
    assert_eq!(request(&[]), Some(AlertDescription::MISSING_EXTENSION));
    assert_eq!(request(&[&[0, 47, 0, 0]]), Some(AlertDescription::MISSING_EXTENSION));
    assert_eq!(request(&[&SCHEMES, &[0, 51, 0, 0]]), Some(AlertDescription::ILLEGAL_PARAMETER));
}

#[test]
fn rfc8446_4_4_2_4_a_server_without_a_certificate_cannot_be_read() {
    let certificate = (HandshakeType::CERTIFICATE, &[0, 0, 0, 0][..]);
    assert_eq!(refusal(&[EXTENSIONS, certificate]), Some(AlertDescription::DECODE_ERROR));
}

/// Nobody asked for a status of the certificate.
#[test]
fn rfc8446_4_4_2_extensions_of_a_certificate_that_nobody_asked_for() {
    let ends = hellos_exchanged();
    let der = ends[1].engine.config.certificate.der().to_vec();
    let message = |extensions: &[u8]| {
        let entry =
            [&[0][..], &(der.len() as u16).to_be_bytes(), &der, &[0, extensions.len() as u8], extensions];
        let entry = entry.concat();
        [&[0, 0][..], &(entry.len() as u16).to_be_bytes(), &entry].concat()
    };
    for (extensions, expected) in [
        (&[][..], None),
        (&[0, 5, 0, 0], Some(AlertDescription::UNSUPPORTED_EXTENSION)),
        (&[0, 5, 0], Some(AlertDescription::DECODE_ERROR)),
    ] {
        let certificate = message(extensions);
        assert_eq!(refusal(&[EXTENSIONS, (HandshakeType::CERTIFICATE, &certificate)]), expected);
    }
}

#[test]
fn rfc8446_4_6_3_a_key_update_says_yes_or_no() {
    for (body, expected) in [
        (&[2][..], AlertDescription::ILLEGAL_PARAMETER),
        (&[0xff], AlertDescription::ILLEGAL_PARAMETER),
        (&[], AlertDescription::DECODE_ERROR),
        (&[0, 0], AlertDescription::DECODE_ERROR),
    ] {
        let mut ends = connected(ProtocolVersion::DTLS1_3);
        says(&mut ends, HandshakeType::KEY_UPDATE, body);
        let told = core::iter::from_fn(|| ends[0].poll_event()).last();
        assert_eq!(told, Some(Event::Closed(Error::PeerAborted(expected))), "{body:?}");
    }
}

/// A record of alerts has one alert in it.
#[test]
fn rfc8446_5_1_alerts_are_not_put_together() {
    let mut ends = connected(ProtocolVersion::DTLS1_3);
    for content in [&[2, 40, 2, 40][..], &[2, 40, 0], &[2], &[]] {
        passes(&mut ends, 0, v13::DATA_EPOCH, ContentType::ALERT, content);
        assert!(ends[1].is_connected(), "{content:?}");
    }
    passes(&mut ends, 0, v13::DATA_EPOCH, ContentType::ALERT, &[2, 40]);
    assert!(ends[1].is_closed());
}

/// Half a message after the handshake is acknowledged, too, so that only the other half need come again.
#[test]
fn rfc9147_7_1_half_a_message_after_the_handshake_is_acknowledged() {
    let ticket = [7; 40];
    let half = |sequence, from| piece(HandshakeType::NEW_SESSION_TICKET, sequence, &ticket, from, from + 20);
    let mut packet = Packet::new();
    let mut ends = connected(ProtocolVersion::DTLS1_3);
    ends.reverse();
    let next = ends[1].engine.reassembly.next_sequence();
    passes(&mut ends, 0, v13::DATA_EPOCH, ContentType::HANDSHAKE, &half(next, 0));
    assert!(ends[1].poll_transmit(NOW, &mut packet).is_none(), "the rest may be on its way");
    let due = ends[1].poll_timeout().unwrap();
    ends[1].handle_timeout(due);
    assert!(ends[1].poll_transmit(due, &mut packet).is_some());
    // Out of order: at once.
    passes(&mut ends, 0, v13::DATA_EPOCH, ContentType::HANDSHAKE, &half(next + 1, 0));
    assert!(ends[1].poll_transmit(NOW, &mut packet).is_some());
    passes(&mut ends, 0, v13::DATA_EPOCH, ContentType::HANDSHAKE, &half(next, 20));
    assert!(ends[1].poll_transmit(NOW, &mut packet).is_some());
    assert!(ends[1].is_connected() && ends[1].poll_timeout().is_none());
}

/// A ServerHelloDone, which has no body, went behind what filled the datagram; ACKs named all that they could.
#[test]
fn rfc6347_4_1_1_no_datagram_of_a_handshake_is_larger_than_allowed() {
    for version in [ProtocolVersion::DTLS1_2, ProtocolVersion::DTLS1_3] {
        for most in 128..190 {
            let mut ends = unconnected(version, |config| config.max_datagram = most);
            let mut packet = Packet::new();
            for turn in 0..8 {
                while ends[turn % 2].poll_transmit(NOW, &mut packet).is_some() {
                    assert!(packet.len() <= most, "{} of {most} bytes", packet.len());
                    take(&mut ends[1 - turn % 2], &mut packet);
                }
            }
            assert!(ends.iter().all(Connection::is_connected), "{version:?} {most}");
        }
    }
}

/// What the peer has acknowledged a part of, its repeating does not bring again: the timer and its ACKs do.
#[test]
fn rfc9147_5_8_1_a_repeated_flight_brings_ours_only_if_nothing_is_acknowledged() {
    let later = NOW + Duration::from_secs(1);
    for acknowledged in [false, true] {
        let mut ends = unconnected(ProtocolVersion::DTLS1_3, |config| config.max_datagram = 400);
        let mut packet = Packet::new();
        let mut last = alloc::vec::Vec::new();
        for turn in 0..2 {
            while ends[turn].poll_transmit(NOW, &mut packet).is_some() {
                take(&mut ends[1 - turn], &mut packet);
            }
        }
        while ends[0].poll_transmit(NOW, &mut packet).is_some() {
            packet.clear();
        }
        if acknowledged {
            last.extend([0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
            passes(&mut ends, 1, v13::HANDSHAKE_EPOCH, ContentType::ACK, &last);
            while ends[0].poll_transmit(NOW, &mut packet).is_some() {
                packet.clear();
            }
        }
        let sequence = ends[0].engine.reassembly.next_sequence() - 1;
        let finished = piece(HandshakeType::FINISHED, sequence, &[0; 32], 0, 32);
        ends[0].engine.now = later;
        let number = RecordNumber { epoch: v13::HANDSHAKE_EPOCH.into(), sequence: 99 };
        let fragment = Fragment::parse(&mut Reader::new(&finished)).unwrap();
        ends[0].handle_repeated(number, &fragment);
        assert_eq!(ends[0].poll_transmit(later, &mut packet).is_some(), !acknowledged);
    }
}

/// Messages are numbered with 16 bits, and no number is used twice (9147bis §5.2).
#[test]
fn rfc9147bis_5_2_the_numbers_of_messages_do_not_wrap() {
    let mut ends = connected(ProtocolVersion::DTLS1_3);
    ends[0].engine.next_sequence = u16::MAX;
    ends[0].update_keys(NOW, false).unwrap();
    while ends[0].poll_event().is_some() {}
    let mut packet = Packet::new();
    while ends[0].poll_transmit(NOW, &mut packet).is_some() {
        packet.clear();
    }
    assert_eq!(ends[0].poll_event(), Some(Event::Closed(Error::KeyExhausted)));
}
