//! siskin-srtp against libsrtp: the same packets, in both directions, byte for byte.

use siskin_conformance_srtp::{Config, MAX_OVERHEAD, Session};
use siskin_crypto::Provider;
use siskin_srtp::{Dropped, Key, Receiver, Refused, Sender, Suite};

const WINDOW: u16 = 1024;

/// The same keys for both libraries.
struct Ends {
    sender: Sender,
    receiver: Receiver,
    their_sender: Session,
    their_receiver: Session,
    keys: Vec<Key>,
}

fn ends(provider: &Provider, suite: Suite, mki_len: usize, ids: &[u8], random: &mut fastrand::Rng) -> Ends {
    let count = if mki_len > 0 { 3 } else { 1 };
    let mut bytes = |len: usize| -> Vec<u8> { (0..len).map(|_| random.u8(..)).collect() };
    let masters: Vec<_> = (0..count)
        .map(|number| (bytes(suite.key_len()), bytes(suite.salt_len()), vec![number as u8 + 1; mki_len]))
        .collect();
    let derive = |(key, salt, mki): &(Vec<u8>, Vec<u8>, Vec<u8>)| {
        Key::derive_with_mki(provider, suite, key, salt, mki).expect("keys of the right length")
    };
    let keys: Vec<Key> = masters.iter().map(derive).collect();
    let config = siskin_srtp::Config {
        rtp_window: WINDOW.into(),
        rtcp_window: 128,
        encrypted_extensions: ids.to_vec(),
        ..Default::default()
    };
    let theirs = |outbound| {
        let config = Config {
            suite: Suite::ALL.iter().position(|other| *other == suite).expect("one of all"),
            outbound,
            keys: masters.iter().map(|(key, salt, mki)| ([&key[..], salt].concat(), mki.clone())).collect(),
            window: WINDOW,
            encrypted_extensions: ids.to_vec(),
        };
        Session::new(&config).expect("libsrtp takes it")
    };
    Ends {
        sender: Sender::new(provider, suite, &keys[0], &config).expect("keys of the suite"),
        receiver: Receiver::new(provider, suite, &keys, &config).expect("keys of the suite"),
        their_sender: theirs(true),
        their_receiver: theirs(false),
        keys,
    }
}

/// Extension elements in one of the two forms, of ids from 1 to 5.
///
/// `padded`: with padding between them as well. libsrtp does not count such padding when it encrypts elements one by
/// one, though RFC 6904 §3.1 has the keystream run over the whole extension: there the two libraries differ.
fn extension(padded: bool, random: &mut fastrand::Rng) -> Vec<u8> {
    let two_byte = random.bool();
    let mut data = Vec::new();
    for _ in 0..random.usize(0..5) {
        let (id, len) = (random.u8(1..6), random.usize(1..17));
        if two_byte {
            data.extend([id, len as u8]);
        } else {
            data.push(id << 4 | (len as u8 - 1));
        }
        data.extend((0..len).map(|_| random.u8(..)));
        data.extend(vec![0; if padded { random.usize(0..3) } else { 0 }]);
    }
    data.resize(data.len().next_multiple_of(4), 0);
    let mut out = if two_byte { vec![0x10, 0x00] } else { vec![0xbe, 0xde] };
    out.extend((data.len() as u16 / 4).to_be_bytes());
    out.extend(data);
    out
}

fn rtp(ssrc: u32, number: u16, padded: bool, random: &mut fastrand::Rng) -> Vec<u8> {
    let (csrcs, extended) = (if random.bool() { random.u8(0..16) } else { 0 }, random.bool());
    let mut packet = vec![0x80 | if extended { 0x10 } else { 0 } | csrcs, random.u8(..)];
    packet.extend(number.to_be_bytes());
    packet.extend(random.u32(..).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..4 * csrcs).map(|_| random.u8(..)));
    if extended {
        packet.extend(extension(padded, random));
    }
    let len = if random.bool() { random.usize(1..100) } else { random.usize(1..1300) };
    packet.extend((0..len).map(|_| random.u8(..)));
    packet
}

/// One packet through both senders and both receivers, some of them forged or twice.
fn one_packet(ends: &mut Ends, packet: &[u8], random: &mut fastrand::Rng) {
    let room = |packet: &[u8]| [packet, &[0; MAX_OVERHEAD]].concat();
    let (mut ours, mut theirs) = (room(packet), room(packet));
    let key = random.usize(0..ends.keys.len());
    if ends.keys.len() > 1 {
        ends.sender.rekey(&ends.keys[key]).expect("a key like the others");
    }
    let protected = ends.sender.protect_rtp_in(&mut ours, packet.len());
    match (protected, ends.their_sender.protect_rtp(&mut theirs, packet.len(), key as u32)) {
        (Ok(len), Ok(their_len)) => assert_eq!(ours[..len], theirs[..their_len]),
        (Err(Refused::Repeated), Err(9 | 10)) => return,
        (ours, theirs) => panic!("{ours:?} {theirs:?}"),
    }
    ours.truncate(protected.expect("just matched"));
    if random.u8(..8) == 0 {
        return; // lost
    }
    if random.u8(..8) == 0 {
        let at = random.usize(12..ours.len());
        ours[at] ^= 1 << random.u8(..8);
    }
    for _ in 0..random.usize(1..3) {
        let (mut here, mut there) = (ours.clone(), ours.clone());
        match (ends.receiver.unprotect_rtp(&mut here), ends.their_receiver.unprotect_rtp(&mut there)) {
            (Ok(len), Ok(their_len)) => assert_eq!((&here[..len], &there[..their_len]), (packet, packet)),
            (Err(Dropped::Replayed), Err(9)) | (Err(Dropped::TooOld), Err(10)) => {}
            (Err(Dropped::NotAuthentic | Dropped::Malformed | Dropped::UnknownKey), Err(7 | 21 | 25 | 2)) => {
            }
            (ours, theirs) => panic!("{ours:?} {theirs:?}"),
        }
    }
}

/// RTCP's first index is 1 in libsrtp and 0 here (RFC 3711 §3.4 says 0), so only what comes out can be compared.
fn one_report(ends: &mut Ends, ssrc: u32, random: &mut fastrand::Rng) {
    let mut report = vec![0x80, 201, 0, 1];
    report.extend(ssrc.to_be_bytes());
    report.extend((0..4 * random.usize(0..40)).map(|_| random.u8(..)));
    let room = || [&report[..], &[0; MAX_OVERHEAD]].concat();
    let key = random.usize(0..ends.keys.len());
    if ends.keys.len() > 1 {
        ends.sender.rekey(&ends.keys[key]).expect("a key like the others");
    }
    let (mut ours, mut theirs) = (room(), room());
    let len = ends.sender.protect_rtcp_in(&mut ours, report.len()).expect("a report");
    let their_len = ends.their_sender.protect_rtcp(&mut theirs, report.len(), key as u32).expect("a report");
    ours.truncate(len);
    theirs.truncate(their_len);
    assert_eq!(len, their_len);
    let mut again = theirs.clone();
    let opened = ends.their_receiver.unprotect_rtcp(&mut ours).expect("authentic");
    assert_eq!(ours[..opened], report);
    let opened = ends.receiver.unprotect_rtcp(&mut theirs).expect("authentic");
    assert_eq!(theirs[..opened], report);
    assert_eq!(ends.receiver.unprotect_rtcp(&mut again), Err(Dropped::Replayed));
}

fn session(provider: &Provider, suite: Suite, mki_len: usize, ids: &[u8], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut ends = ends(provider, suite, mki_len, ids, &mut random);
    let mut streams: Vec<(u32, u16)> = (0..3).map(|_| (random.u32(..), random.u16(..0x8000))).collect();
    for _ in 0..400 {
        let stream = random.usize(0..streams.len());
        let (ssrc, number) = &mut streams[stream];
        // Mostly on; sometimes back, within the window or beyond; sometimes far ahead, so that the counter rolls over.
        let next = match random.u8(..20) {
            0 => number.wrapping_sub(random.u16(..WINDOW)),
            1 => number.wrapping_sub(random.u16(..8000)),
            2 => number.wrapping_add(random.u16(..20_000)),
            _ => number.wrapping_add(random.u16(1..4)),
        };
        if next.wrapping_sub(*number) < 0x8000 {
            *number = next;
        }
        let packet = rtp(*ssrc, next, ids.is_empty(), &mut random);
        one_packet(&mut ends, &packet, &mut random);
        if random.u8(..4) == 0 {
            one_report(&mut ends, *ssrc, &mut random);
        }
    }
    let stats = (ends.receiver.stats(), ends.sender.stats());
    // A stream whose counter both receivers have lost, in a leap that was itself lost, stays unauthentic for both.
    assert!(stats.0.rtp > 100 && stats.0.replayed > 20 && stats.0.not_authentic > 10, "{stats:?}");
}

fn providers() -> [Provider; 2] {
    [siskin_crypto::ring(), siskin_crypto::rustcrypto()]
}

#[test]
fn every_suite_both_ways() {
    for provider in providers() {
        for (number, suite) in Suite::ALL.into_iter().enumerate() {
            for seed in 0..4 {
                session(&provider, suite, 0, &[], seed * 10 + number as u64);
            }
        }
    }
}

#[test]
fn master_key_identifiers() {
    for (number, suite) in Suite::ALL.into_iter().enumerate() {
        for (seed, len) in [1, 4, 16].into_iter().enumerate() {
            session(&providers()[0], suite, len, &[], 100 + seed as u64 * 10 + number as u64);
        }
    }
}

#[test]
fn encrypted_header_extensions() {
    for (number, suite) in Suite::ALL.into_iter().enumerate() {
        for (seed, ids) in [&[1][..], &[2, 4], &[1, 2, 3, 4, 5]].into_iter().enumerate() {
            session(&providers()[0], suite, 0, ids, 200 + seed as u64 * 10 + number as u64);
        }
    }
}
