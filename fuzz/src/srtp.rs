//! Properties of `siskin-srtp`.

use siskin_base::wire::{Reader, Writer as _};
use siskin_srtp::{Config, Cryptex, Dropped, Key, Receiver, Refused, Sender, Suite};

const MAX_STREAMS: usize = 4;

/// The input chooses a suite and options, and then packets and what happens to them on their way. With the right keys,
/// what arrives unharmed and for the first time comes out as it went in; nothing else comes out; and what no key has
/// made leaves no trace but a count.
pub fn srtp_unprotect(input: &[u8]) {
    let mut r = Reader::new(input);
    let (Ok(suite), Ok(options)) = (r.u8(), r.u8()) else { return };
    let suite = Suite::ALL[usize::from(suite) % Suite::ALL.len()];
    let cryptex = [Cryptex::Off, Cryptex::On, Cryptex::Required][usize::from(options % 3)];
    let config = Config {
        cryptex,
        encrypted_extensions: if options & 0x40 == 0 { Vec::new() } else { vec![1, 3, 200] },
        encrypt_rtcp: options & 0x80 == 0,
        max_streams: MAX_STREAMS,
        rtp_window: 64,
        max_rtcp_packets: 20,
        ..Config::small()
    };
    let provider = siskin_crypto::rustcrypto();
    let mki = vec![9; usize::from(options >> 3 & 3)];
    let (key, salt) = (vec![1; suite.key_len()], vec![2; suite.salt_len()]);
    let key = Key::derive_with_mki(&provider, suite, &key, &salt, &mki).expect("lengths of the suite");
    let mut sender = Sender::new(&provider, suite, &key, &config).expect("a key of the suite");
    let mut receiver = Receiver::new(&provider, suite, &[key], &config).expect("a key of the suite");
    let (mut taken, mut dropped) = (0, 0);
    while let Ok([kind, shape, number, place, change]) = r.array() {
        let body = r.u8().and_then(|len| r.take(len.into())).unwrap_or_default();
        if kind & 3 == 3 {
            // Bytes from anywhere.
            let known = receiver.streams();
            for take in [Receiver::unprotect_rtp, Receiver::unprotect_rtcp] {
                let forged = take(&mut receiver, &mut body.to_vec());
                assert!(forged.is_err(), "{forged:?}");
                dropped += 1;
            }
            assert_eq!(receiver.streams(), known);
            continue;
        }
        let rtcp = kind & 3 == 2;
        let ssrc = u32::from(kind >> 2 & 7);
        let (sent, expected) =
            if rtcp { report(ssrc, body) } else { packet(ssrc, shape, number, body, cryptex) };
        let mut buffer = sent.clone();
        buffer.resize(sent.len() + Sender::MAX_OVERHEAD, 0);
        let protect = if rtcp { Sender::protect_rtcp_in } else { Sender::protect_rtp_in };
        let len = match protect(&mut sender, &mut buffer, sent.len()) {
            Ok(len) => len,
            Err(Refused::Repeated | Refused::TooManyStreams | Refused::KeyUsedUp) => continue,
            Err(refused) => panic!("{refused:?}"),
        };
        buffer.truncate(len);
        let unprotect = if rtcp { Receiver::unprotect_rtcp } else { Receiver::unprotect_rtp };
        let harmed = change != 0;
        let known = receiver.streams();
        if harmed && place & 0x80 != 0 {
            buffer.truncate(len.saturating_sub(change.into()));
        } else if harmed {
            let place = usize::from(place) * 7 % len;
            buffer[place] ^= change;
        }
        let mut copy = buffer.clone();
        match unprotect(&mut receiver, &mut buffer) {
            Ok(len) => {
                assert!(!harmed, "a forgery was taken");
                assert_eq!(buffer[..len], expected);
                taken += 1;
                assert_eq!(unprotect(&mut receiver, &mut copy), Err(Dropped::Replayed));
                dropped += 1;
            }
            Err(why) => {
                assert!(harmed || matches!(why, Dropped::TooManyStreams | Dropped::TooOld), "{why:?}");
                assert_eq!(receiver.streams(), known);
                dropped += 1;
            }
        }
        assert!(receiver.streams() <= MAX_STREAMS);
    }
    let stats = receiver.stats();
    assert_eq!(stats.rtp + stats.rtcp, taken);
    let all = [
        stats.malformed,
        stats.unknown_key,
        stats.replayed,
        stats.too_old,
        stats.not_authentic,
        stats.not_cryptex,
        stats.too_many_streams,
        stats.key_used_up,
    ];
    assert_eq!(all.iter().sum::<u64>(), dropped);
}

/// An RTP packet, and how it comes out.
fn packet(ssrc: u32, shape: u8, number: u8, body: &[u8], cryptex: Cryptex) -> (Vec<u8>, Vec<u8>) {
    let csrcs = shape & 0x0f;
    let (extension, payload) = body.split_at((body.len() / 2) & !3);
    let extended = shape & 0x10 != 0;
    let build = |extension: Option<&[u8]>| {
        let mut out = vec![0x80 | csrcs | if extension.is_some() { 0x10 } else { 0 }, 96];
        // All within half of the circle: a receiver that lost what was between must not be led into another rollover.
        out.put_u16(u16::from(number) << 6 | u16::from(shape & 0x3f));
        out.put_u32(0);
        out.put_u32(ssrc);
        out.put(&[7; 60][..usize::from(csrcs) * 4]);
        if let Some(data) = extension {
            out.put_u16(if shape & 0x20 == 0 { 0xbede } else { 0x1000 });
            out.put_u16(data.len() as u16 / 4);
            out.put(data);
        }
        out.put(payload);
        out
    };
    if extended {
        (build(Some(extension)), build(Some(extension)))
    } else if csrcs > 0 && cryptex != Cryptex::Off {
        // RFC 9335 §5.1 adds an empty extension of one-byte elements.
        let mut out = build(Some(&[]));
        let at = 12 + usize::from(csrcs) * 4;
        out[at..at + 2].copy_from_slice(&[0xbe, 0xde]);
        (build(None), out)
    } else {
        (build(None), build(None))
    }
}

/// A compound packet that begins with an empty receiver report.
fn report(ssrc: u32, body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut out = vec![0x80, 201, 0, 1];
    out.put_u32(ssrc);
    out.put(body);
    (out.clone(), out)
}
