//! Several keys, identifiers, limits, and misuse.

use crate::{key, pair, protect, providers, rtcp, rtp, unprotect};
use siskin_base::{KeyingMaterial, SrtpProfile};
use siskin_srtp::{Config, Dropped, Event, Key, Misuse, Receiver, Refused, Sender, SessionKeys, Suite};

#[test]
fn rfc3711_3_1_packets_name_their_key() {
    for provider in providers() {
        for suite in Suite::ALL {
            let keys = [key(&provider, suite, 1, b"k1"), key(&provider, suite, 2, b"k2")];
            let config = Config::default();
            let mut receiver = Receiver::new(&provider, suite, &keys, &config).unwrap();
            let mut sender = Sender::new(&provider, suite, &keys[0], &config).unwrap();
            for (number, active) in [0, 1, 0].into_iter().enumerate() {
                sender.rekey(&keys[active]).unwrap();
                let packet = rtp(5, number as u16, b"payload");
                let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
                assert_eq!(sealed.len(), packet.len() + 2 + suite.rtp_tag_len());
                assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
                let packet = rtcp(5, b"more");
                let sealed = protect(&mut sender, &packet, Sender::protect_rtcp_in).unwrap();
                assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtcp), Ok(packet));
            }
            sender.rekey(&key(&provider, suite, 3, b"k3")).unwrap();
            let sealed = protect(&mut sender, &rtp(5, 9, b"payload"), Sender::protect_rtp_in).unwrap();
            let dropped = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp);
            assert_eq!(dropped, Err(Dropped::UnknownKey));
            receiver.add_key(&key(&provider, suite, 3, b"k3")).unwrap();
            assert!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp).is_ok());
            assert!(receiver.remove_key(b"k3") && !receiver.remove_key(b"k3"));
            assert_eq!(receiver.stats().unknown_key, 1);
        }
    }
}

#[test]
fn rfc3711_9_2_keys_wear_out() {
    let provider = &providers()[0];
    let config = Config { max_rtp_packets: 10, max_rtcp_packets: 4, ..Config::default() };
    let (mut sender, mut receiver) = pair(provider, Suite::AeadAes128Gcm, &config);
    let (mut unlimited, _) = pair(provider, Suite::AeadAes128Gcm, &Config::default());
    for number in 0..10 {
        let sealed = protect(&mut sender, &rtp(number, 1, b"x"), Sender::protect_rtp_in).unwrap();
        unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp).unwrap();
        let events = (sender.poll_event(), receiver.poll_event());
        let expected = match number {
            4 => Some(Event::KeyNearlyUsedUp(Vec::new())),
            9 => Some(Event::KeyUsedUp(Vec::new())),
            _ => None,
        };
        assert_eq!(events, (expected.clone(), expected), "{number}");
    }
    let packet = rtp(1, 2, b"x");
    assert_eq!(protect(&mut sender, &packet, Sender::protect_rtp_in), Err(Refused::KeyUsedUp));
    protect(&mut unlimited, &rtp(1, 1, b"x"), Sender::protect_rtp_in).unwrap();
    let sealed = protect(&mut unlimited, &packet, Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Err(Dropped::KeyUsedUp));
    // Both come from one master key: it is used up for RTCP as well.
    let refused = protect(&mut sender, &rtcp(1, b""), Sender::protect_rtcp_in);
    assert_eq!(refused, Err(Refused::KeyUsedUp));
    let sealed = protect(&mut unlimited, &rtcp(1, b""), Sender::protect_rtcp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtcp), Err(Dropped::KeyUsedUp));
    assert_eq!((sender.stats().key_used_up, receiver.stats().key_used_up), (2, 2));
    sender.rekey(&key(provider, Suite::AeadAes128Gcm, 9, &[])).unwrap();
    assert!(protect(&mut sender, &packet, Sender::protect_rtp_in).is_ok());
}

/// Reports may be what wears a key out, and then nothing more is sent with it.
#[test]
fn rfc3711_9_2_whichever_occurs_before() {
    let provider = &providers()[0];
    let config = Config { max_rtcp_packets: 4, ..Config::default() };
    let (mut sender, _) = pair(provider, Suite::AesCm128HmacSha1_80, &config);
    for _ in 0..4 {
        protect(&mut sender, &rtcp(1, b""), Sender::protect_rtcp_in).unwrap();
    }
    for (packet, protect_in) in [
        (rtcp(1, b""), Sender::protect_rtcp_in as fn(&mut _, &mut _, _) -> _),
        (rtp(1, 1, b"x"), Sender::protect_rtp_in),
    ] {
        assert_eq!(protect(&mut sender, &packet, protect_in), Err(Refused::KeyUsedUp));
    }
    sender.rekey(&key(provider, Suite::AesCm128HmacSha1_80, 9, &[])).unwrap();
    protect(&mut sender, &rtp(1, 1, b"x"), Sender::protect_rtp_in).unwrap();
}

/// 2^16 blocks of keystream for each packet, and no more: the next would be another packet's.
#[test]
fn rfc3711_4_1_1_no_packet_takes_more_keystream_than_its_own() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        let (mut sender, _) = pair(&providers()[0], suite, &Config::default());
        let long = vec![0; 1 << 20];
        assert_eq!(protect(&mut sender, &rtp(1, 1, &long), Sender::protect_rtp_in), Err(Refused::TooLong));
        assert_eq!(protect(&mut sender, &rtcp(1, &long), Sender::protect_rtcp_in), Err(Refused::TooLong));
        let most = &long[..65_523];
        assert!(protect(&mut sender, &rtp(1, 1, most), Sender::protect_rtp_in).is_ok());
    }
}

/// An index has 48 bits: what would come behind the last is refused, not wrapped.
#[test]
fn rfc3711_3_3_1_the_index_does_not_wrap() {
    let (_, mut receiver) = pair(&providers()[0], Suite::AeadAes128Gcm, &Config::default());
    assert!(receiver.set_rollover_counter(5, u32::MAX));
    let junk = rtp(5, 65_535, &[0; 40]);
    assert_eq!(unprotect(&mut receiver, &junk, Receiver::unprotect_rtp), Err(Dropped::NotAuthentic));
}

#[test]
fn misuse_is_told() {
    let provider = &providers()[0];
    let (suite, config) = (Suite::AesCm128HmacSha1_80, Config::default());
    let receiver = |keys: &[Key]| Receiver::new(provider, suite, keys, &config).map(drop);
    let [plain, named, twin, long] = [&b""[..], b"a", b"a", b"bc"].map(|mki| key(provider, suite, 1, mki));
    assert_eq!(receiver(&[]), Err(Misuse::WrongNumberOfKeys));
    assert_eq!(receiver(&[plain.clone(), named.clone()]), Err(Misuse::WrongMkiLength));
    assert_eq!(receiver(&[named.clone(), long]), Err(Misuse::WrongMkiLength));
    assert_eq!(receiver(&[named, twin]), Err(Misuse::DuplicateMki));
    assert_eq!(receiver(&[key(provider, suite, 1, &[0; 17])]), Err(Misuse::WrongMkiLength));
    let many: Vec<Key> = (0..9).map(|mki| key(provider, suite, 1, &[mki])).collect();
    assert_eq!(receiver(&many), Err(Misuse::WrongNumberOfKeys));
    let short = SessionKeys::derive(provider, suite, &[0; 15], &[0; 14]);
    assert_eq!(short.err(), Some(Misuse::WrongKeyLength));
    let gcm = Sender::new(provider, Suite::AeadAes128Gcm, &plain, &config);
    assert_eq!(gcm.map(drop), Err(Misuse::WrongKeyLength));
    let material = KeyingMaterial {
        profile: SrtpProfile(0x4444),
        local: Default::default(),
        remote: Default::default(),
    };
    let contexts = siskin_srtp::contexts(provider, &material, &config);
    assert_eq!(contexts.map(drop), Err(Misuse::UnknownProfile));
    assert_eq!(format!("{:?}", plain.session.rtp), "SessionKey(16 + 20 + 14 bytes)");
}
