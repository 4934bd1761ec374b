//! A sender and a receiver: rollover, loss, reordering, replay, floods, cryptex.

use crate::{pair, protect, providers, rtcp, rtp, unprotect};
use proptest::prelude::*;
use siskin_base::Packet;
use siskin_srtp::{Config, Cryptex, Dropped, Receiver, Refused, Sender, Suite};

#[test]
fn every_suite_with_every_provider() {
    for provider in providers() {
        for other in providers() {
            for suite in Suite::ALL {
                let (mut sender, _) = pair(&provider, suite, &Config::default());
                let (_, mut receiver) = pair(&other, suite, &Config::default());
                for len in (0..200).chain([1200, 65_000]) {
                    let packet = rtp(5, len as u16, &vec![9; len]);
                    let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
                    assert_eq!(sealed.len(), packet.len() + suite.rtp_tag_len());
                    assert!(len < 8 || sealed[12..12 + len] != packet[12..]);
                    let opened = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp).unwrap();
                    assert_eq!(opened, packet);

                    let packet = rtcp(5, &vec![9; len]);
                    let sealed = protect(&mut sender, &packet, Sender::protect_rtcp_in).unwrap();
                    assert_eq!(sealed.len(), packet.len() + 4 + suite.rtcp_tag_len());
                    let opened = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtcp).unwrap();
                    assert_eq!(opened, packet);
                }
                assert_eq!((receiver.stats().rtp, receiver.stats().rtcp, receiver.streams()), (202, 202, 1));
            }
        }
    }
}

/// Whatever bit is changed, whatever is cut: nothing comes of it but a count.
#[test]
fn nothing_forged_is_taken_or_remembered() {
    for provider in providers() {
        for suite in Suite::ALL {
            let (mut sender, mut receiver) = pair(&provider, suite, &Config::default());
            let sealed = protect(&mut sender, &rtp(5, 1, b"payload"), Sender::protect_rtp_in).unwrap();
            let report = protect(&mut sender, &rtcp(5, b"some report."), Sender::protect_rtcp_in).unwrap();
            for (packet, take) in [
                (&sealed, Receiver::unprotect_rtp as fn(&mut _, &mut [u8]) -> _),
                (&report, Receiver::unprotect_rtcp),
            ] {
                for bit in 0..packet.len() * 8 {
                    let mut forged = packet.clone();
                    forged[bit / 8] ^= 1 << (bit % 8);
                    unprotect(&mut receiver, &forged, take).unwrap_err();
                }
                for len in 0..packet.len() {
                    unprotect(&mut receiver, &packet[..len], take).unwrap_err();
                }
            }
            assert_eq!((receiver.streams(), receiver.stats().rtp, receiver.stats().rtcp), (0, 0, 0));
            unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp).unwrap();
            unprotect(&mut receiver, &report, Receiver::unprotect_rtcp).unwrap();
            assert_eq!(receiver.streams(), 1);
        }
    }
}

#[test]
fn rfc3711_3_3_2_replays_are_dropped_and_counted() {
    let config = Config { rtp_window: 128, ..Config::default() };
    let (mut sender, mut receiver) = pair(&providers()[0], Suite::AeadAes128Gcm, &config);
    let mut packets = Vec::new();
    for number in 0..300u16 {
        packets.push(protect(&mut sender, &rtp(5, number, b"x"), Sender::protect_rtp_in).unwrap());
    }
    let reports: Vec<_> =
        (0..80).map(|_| protect(&mut sender, &rtcp(5, b""), Sender::protect_rtcp_in).unwrap()).collect();
    let mut take = |number: usize| unprotect(&mut receiver, &packets[number], Receiver::unprotect_rtp).err();
    assert_eq!(take(0), None);
    assert_eq!(take(299), None);
    assert_eq!(take(299), Some(Dropped::Replayed));
    assert_eq!(take(0), Some(Dropped::TooOld));
    assert_eq!(take(171), Some(Dropped::TooOld));
    assert_eq!(take(172), None);
    assert_eq!(take(172), Some(Dropped::Replayed));
    let mut take = |number: usize| unprotect(&mut receiver, &reports[number], Receiver::unprotect_rtcp).err();
    assert_eq!(take(79), None);
    assert_eq!(take(15), Some(Dropped::TooOld));
    assert_eq!(take(16), None);
    assert_eq!(take(16), Some(Dropped::Replayed));
    let stats = receiver.stats();
    assert_eq!((stats.rtp, stats.replayed, stats.too_old, stats.rtcp), (3, 3, 3, 2));
}

#[test]
fn a_sequence_number_is_never_protected_twice() {
    let (mut sender, _) = pair(&providers()[0], Suite::AeadAes128Gcm, &Config::default());
    let mut send = |number| protect(&mut sender, &rtp(5, number, b"x"), Sender::protect_rtp_in).err();
    assert_eq!([send(10), send(12), send(11)], [None; 3], "reordered by whoever paces them");
    assert_eq!([send(10), send(11), send(12)], [Some(Refused::Repeated); 3]);
    assert_eq!(send(2000), None);
    assert_eq!(send(900), Some(Refused::Repeated));
    assert_eq!(sender.stats().repeated, 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Loss of less than half of the sequence numbers in a row, and reordering within the window, are borne, across
    /// any number of rollovers.
    #[test]
    fn rollovers_survive_loss_and_reordering(
        first in any::<u16>(), gaps in proptest::collection::vec((1u16..32_000, any::<bool>()), 1..60)
    ) {
        let (mut sender, mut receiver) = pair(&providers()[1], Suite::AesCm128HmacSha1_80, &Config::default());
        let mut number = first & 0x7fff;
        let mut held = None;
        let mut sent = 0;
        for (gap, swap) in gaps {
            number = number.wrapping_add(if swap { gap % 500 + 1 } else { gap });
            let packet = rtp(5, number, b"x");
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            sent += 1;
            if swap && held.is_none() && sent > 1 {
                held = Some(sealed);
                continue;
            }
            let close = held.is_none() || swap;
            if !close {
                let late = held.take().unwrap();
                prop_assert!(unprotect(&mut receiver, &late, Receiver::unprotect_rtp).is_ok());
            }
            prop_assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
            if let Some(late) = held.take() {
                prop_assert!(unprotect(&mut receiver, &late, Receiver::unprotect_rtp).is_ok());
            }
        }
        prop_assert_eq!(receiver.stats().rtp + u64::from(held.is_some()), sent);
    }
}

/// A receiver that comes late is told the rollover counter, as a new key's holder would be.
#[test]
fn rfc3711_3_3_1_a_late_receiver_is_told_the_rollover_counter() {
    let (mut sender, mut receiver) = pair(&providers()[0], Suite::AeadAes256Gcm, &Config::default());
    assert_eq!(sender.rollover_counter(5), None);
    for number in [0, 30_000, 60_000, 20_000, 50_000, 10_000] {
        protect(&mut sender, &rtp(5, number, b"x"), Sender::protect_rtp_in).unwrap();
    }
    assert_eq!(sender.rollover_counter(5), Some(2));
    let late = protect(&mut sender, &rtp(5, 10_001, b"x"), Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &late, Receiver::unprotect_rtp), Err(Dropped::NotAuthentic));
    assert!(receiver.set_rollover_counter(5, 2));
    assert!(unprotect(&mut receiver, &late, Receiver::unprotect_rtp).is_ok());
    assert!(!receiver.set_rollover_counter(5, 3));
}

#[test]
fn streams_are_limited_and_independent() {
    let config = Config { max_streams: 1000, ..Config::default() };
    let (mut sender, _) = pair(&providers()[0], Suite::AesCm128HmacSha1_32, &Config::default());
    let (mut limited, mut receiver) = pair(&providers()[0], Suite::AesCm128HmacSha1_32, &config);
    for ssrc in 0..1000u32 {
        for number in [65_535, 0] {
            let packet = rtp(ssrc << 16, number, b"x");
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            assert_eq!(protect(&mut limited, &packet, Sender::protect_rtp_in).as_ref(), Ok(&sealed));
            assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
        }
    }
    let packet = rtp(7, 0, b"x");
    let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Err(Dropped::TooManyStreams));
    let report = protect(&mut sender, &rtcp(7, b""), Sender::protect_rtcp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &report, Receiver::unprotect_rtcp), Err(Dropped::TooManyStreams));
    let refused = protect(&mut limited, &packet, Sender::protect_rtp_in);
    assert_eq!(refused, Err(Refused::TooManyStreams));
    assert!(receiver.remove_stream(3 << 16) && !receiver.remove_stream(3 << 16));
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
    assert_eq!((receiver.streams(), receiver.stats().too_many_streams), (1000, 2));
}

/// Padding, contributing sources and an extension.
fn rich(number: u16, csrcs: u8, extension: Option<(u16, &[u8])>, payload: &[u8]) -> Vec<u8> {
    let mut packet = rtp(5, number, b"");
    packet[0] |= csrcs | if extension.is_some() { 0x10 } else { 0 };
    (0..csrcs).for_each(|csrc| packet.extend([1, 2, 3, csrc]));
    if let Some((profile, data)) = extension {
        packet.extend(profile.to_be_bytes());
        packet.extend((data.len() as u16 / 4).to_be_bytes());
        packet.extend(data);
    }
    packet.extend(payload);
    packet
}

/// RFC 9335 §5.1: nothing of extensions and contributing sources is to be seen; the first twelve bytes stay, but for X.
#[test]
fn rfc9335_5_cryptex_hides_what_it_should() {
    let config = Config { cryptex: Cryptex::On, ..Config::default() };
    let extension = Some((0xbede, &b"\x10\xaa\x22abc\0\0"[..]));
    for provider in providers() {
        for suite in Suite::ALL {
            let (mut sender, mut receiver) = pair(&provider, suite, &config);
            let mut round = |number, csrcs, extension, mark: &[u8], back: Option<(u16, &[u8])>| {
                let packet = rich(number, csrcs, extension, b"payload");
                let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
                let at = 12 + 4 * usize::from(csrcs);
                assert_eq!(sealed[at..at + mark.len()], *mark, "{suite:?}");
                assert!(csrcs == 0 || sealed[12..at] != packet[12..at], "{suite:?}");
                let opened = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp);
                assert_eq!(opened, Ok(rich(number, csrcs, back, b"payload")), "{suite:?}");
            };
            round(1, 0, None, b"", None);
            round(2, 0, extension, b"\xc0\xde\0\x02", extension);
            round(3, 15, extension, b"\xc0\xde\0\x02", extension);
            round(4, 2, None, b"\xc0\xde\0\0", Some((0xbede, b"")));
            round(5, 2, Some((0x1000, b"\x01\x01a\0")), b"\xc2\xde\0\x01", Some((0x1000, b"\x01\x01a\0")));
            // Not of RFC 8285: must be left alone, and its contributing sources with it.
            let packet = rich(6, 0, Some((0x1234, b"\x01\x01a\0")), b"payload");
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            assert_eq!(sealed[..20], packet[..20]);
            assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
        }
    }
}

#[test]
fn rfc9335_5_2_cryptex_may_be_required() {
    let (provider, suite) = (&providers()[0], Suite::AeadAes128Gcm);
    let (mut plain, mut receiver) = pair(provider, suite, &Config::default());
    receiver.set_cryptex(Cryptex::Required);
    let with = rich(1, 0, Some((0xbede, b"\x10\xaa\0\0")), b"payload");
    let sealed = protect(&mut plain, &with, Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Err(Dropped::NotCryptex));
    // An extension that is none of RFC 8285's cannot have been encrypted, either.
    let foreign = rich(4, 0, Some((0x1234, b"\x10\xaa\0\0")), b"payload");
    let sealed = protect(&mut plain, &foreign, Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Err(Dropped::NotCryptex));
    let without = rich(2, 0, None, b"payload");
    let sealed = protect(&mut plain, &without, Sender::protect_rtp_in).unwrap();
    assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(without));
    // To a receiver that has not agreed to it, cryptex is an extension that it does not know.
    plain.set_cryptex(Cryptex::On);
    receiver.set_cryptex(Cryptex::Off);
    let sealed = protect(&mut plain, &rich(3, 0, Some((0xbede, b"")), b"payload"), Sender::protect_rtp_in);
    let opened = unprotect(&mut receiver, &sealed.unwrap(), Receiver::unprotect_rtp);
    assert_eq!(opened, Ok(rich(3, 0, Some((0xc0de, b"")), b"payload")));
}

/// RFC 6904 §3.1 on both forms of extensions, and RFC 9335 §5: never both on one packet.
#[test]
fn rfc6904_3_1_chosen_extensions_are_encrypted() {
    let data = b"\x01\x03abc\x00\x02\x04defg\x21\x02hi\0";
    for provider in providers() {
        for suite in Suite::ALL {
            let config = Config { encrypted_extensions: vec![2, 0x21], ..Config::default() };
            let (mut sender, mut receiver) = pair(&provider, suite, &config);
            let packet = rich(1, 1, Some((0x1005, &data[..])), b"payload");
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            assert_eq!(sealed[..28], packet[..28], "{suite:?}");
            assert!(sealed[28..32] != packet[28..32] && sealed[34..36] != packet[34..36], "{suite:?}");
            assert_eq!(sealed[32..34], packet[32..34], "{suite:?}");
            assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
            sender.set_cryptex(Cryptex::On);
            receiver.set_cryptex(Cryptex::On);
            let packet = rich(2, 1, Some((0x1000, &data[..])), b"payload");
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            assert_eq!(unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp), Ok(packet));
        }
    }
}

#[test]
fn works_in_a_packet_behind_others() {
    let (mut sender, mut receiver) = pair(&providers()[0], Suite::AesCm128HmacSha1_80, &Config::default());
    let mut packet = Packet::new();
    let mut ends = vec![0];
    for number in 0..3 {
        packet.begin(4);
        packet.append(&rtp(5, number, b"x"));
        sender.protect_rtp(&mut packet).unwrap();
        packet.finish();
        ends.push(packet.len());
    }
    packet.begin(0);
    packet.append(&rtcp(5, b""));
    sender.protect_rtcp(&mut packet).unwrap();
    packet.finish();
    packet.begin(0);
    packet.append(b"not RTP");
    assert!(matches!(sender.protect_rtp(&mut packet), Err(Refused::Malformed(_))));
    assert!(packet.current().is_empty());
    assert_eq!(sender.protect_rtcp(&mut packet), Err(Refused::NotRtcp));
    let bytes = packet.as_bytes();
    for (number, ends) in ends.windows(2).enumerate() {
        let opened = unprotect(&mut receiver, &bytes[ends[0]..ends[1]], Receiver::unprotect_rtp);
        assert_eq!(opened, Ok(rtp(5, number as u16, b"x")));
    }
    let report = unprotect(&mut receiver, &bytes[ends[3]..], Receiver::unprotect_rtcp);
    assert_eq!(report, Ok(rtcp(5, b"")));
    let mut tight = rtp(5, 9, b"x");
    let len = tight.len();
    assert_eq!(sender.protect_rtp_in(&mut tight, len), Err(Refused::NoRoom));
    assert_eq!(sender.protect_rtp_in(&mut tight, len + 1), Err(Refused::NoRoom));
    assert_eq!(sender.stats().malformed, 4);
}
