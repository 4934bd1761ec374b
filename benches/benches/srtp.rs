//! `siskin-srtp`: what protecting and unprotecting a packet costs, beside libsrtp on AWS-LC, other people's SRTP in Rust,
//! and the bare cipher and MAC.
//!
//! Not criterion: on a busy machine only minima over interleaved rounds reproduce. In each round every contestant does
//! the same train of packets once, in turn; what is printed is the least of all rounds.
#![expect(clippy::disallowed_types, reason = "a benchmark reads the clock")]

use siskin_conformance_srtp::Session;
use siskin_crypto::{AeadKey, CounterMacKey, Provider};
use siskin_srtp::{Config, Key, Receiver, Sender, Suite};
use std::hint::black_box;
use std::time::Instant;

/// Packets in a train.
const TRAIN: usize = 100;
const ROUNDS: usize = 301;
const ROOM: usize = 160;

/// One of those that run.
trait Contestant {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize;
    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]);
}

struct Siskin(Sender, Receiver);

impl Contestant for Siskin {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let done =
            if rtcp { self.0.protect_rtcp_in(buffer, len) } else { self.0.protect_rtp_in(buffer, len) };
        done.expect("a new packet")
    }

    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]) {
        let done = if rtcp { self.1.unprotect_rtcp(packet) } else { self.1.unprotect_rtp(packet) };
        black_box(done.expect("authentic"));
    }
}

struct Libsrtp(Session, Session);

impl Contestant for Libsrtp {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let done =
            if rtcp { self.0.protect_rtcp(buffer, len, 0) } else { self.0.protect_rtp(buffer, len, 0) };
        done.expect("a new packet")
    }

    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]) {
        let done = if rtcp { self.1.unprotect_rtcp(packet) } else { self.1.unprotect_rtp(packet) };
        black_box(done.expect("authentic"));
    }
}

/// It cannot work in place: what it allocates and copies is part of its time, as in any use of it; the copy back into
/// our buffer is too, and is a small part.
struct Rtc(rtc_srtp::context::Context, rtc_srtp::context::Context);

impl Contestant for Rtc {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let done =
            if rtcp { self.0.encrypt_rtcp(&buffer[..len]) } else { self.0.encrypt_rtp(&buffer[..len]) };
        let done = done.expect("a new packet");
        buffer[..done.len()].copy_from_slice(&done);
        done.len()
    }

    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]) {
        let done = if rtcp { self.1.decrypt_rtcp(packet) } else { self.1.decrypt_rtp(packet) };
        black_box(done.expect("authentic"));
    }
}

/// As `rtc-srtp`, whose ancestor it is.
#[cfg(feature = "srtp-stacks")]
struct WebrtcRs(webrtc_srtp::context::Context, webrtc_srtp::context::Context);

#[cfg(feature = "srtp-stacks")]
impl Contestant for WebrtcRs {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let done =
            if rtcp { self.0.encrypt_rtcp(&buffer[..len]) } else { self.0.encrypt_rtp(&buffer[..len]) };
        let done = done.expect("a new packet");
        buffer[..done.len()].copy_from_slice(&done);
        done.len()
    }

    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]) {
        let done = if rtcp { self.1.decrypt_rtcp(packet) } else { self.1.decrypt_rtp(packet) };
        black_box(done.expect("authentic"));
    }
}

/// str0m shows its SRTP to its own tests only, and to them no more than how RTP is protected, header and buffer made anew:
/// that is what it does for each packet that it sends, but for a buffer of its own. What is unprotected is ours.
#[cfg(feature = "srtp-stacks")]
struct Str0m {
    theirs: str0m::_internal_test_exports::TestSrtp,
    extensions: str0m::rtp::ExtensionMap,
    sequence: std::collections::BTreeMap<u32, u64>,
}

#[cfg(feature = "srtp-stacks")]
impl Contestant for Str0m {
    fn protect(&mut self, _rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let number = u16::from_be_bytes([buffer[2], buffer[3]]);
        let ssrc = u32::from_be_bytes([buffer[8], buffer[9], buffer[10], buffer[11]]);
        let header = str0m::rtp::RtpHeader {
            payload_type: 96.into(),
            sequence_number: number,
            timestamp: 0x0707_0707,
            ssrc: ssrc.into(),
            ..Default::default()
        };
        // Numbers go up, round after round.
        let sequence = self.sequence.entry(ssrc).and_modify(|last| *last += 1).or_insert(number.into());
        let done = self.theirs.protect(header, *sequence, &buffer[12..len], &self.extensions);
        buffer[..done.len()].copy_from_slice(&done);
        done.len()
    }

    fn unprotect(&mut self, _rtcp: bool, _packet: &mut [u8]) {}
}

/// Cipher and MAC over the same bytes, with a new nonce each: no header is read, nothing is looked up or remembered.
enum Bare {
    Cm(Box<dyn CounterMacKey>, u64),
    Gcm(Box<dyn AeadKey>, u64),
}

impl Contestant for Bare {
    fn protect(&mut self, rtcp: bool, buffer: &mut [u8], len: usize) -> usize {
        let clear = if rtcp { 8 } else { 12 };
        match self {
            Self::Cm(key, number) => {
                *number += 1;
                let counter = u128::from(*number) << 16;
                black_box(key.seal(&counter.to_be_bytes(), &mut buffer[..len], clear, &[0; 4]));
            }
            Self::Gcm(key, number) => {
                *number += 1;
                let (aad, payload) = buffer[..len].split_at_mut(clear);
                let mut nonce = [0; 12];
                nonce[4..].copy_from_slice(&number.to_be_bytes());
                black_box(key.seal(&nonce, aad, payload).expect("short"));
            }
        }
        len
    }

    /// What it costs to open is what it costs to seal: the same work on as many bytes.
    fn unprotect(&mut self, rtcp: bool, packet: &mut [u8]) {
        let len = packet.len();
        self.protect(rtcp, packet, len);
    }
}

fn siskin(provider: Provider, suite: Suite) -> Box<dyn Contestant> {
    let key = Key::derive(&provider, suite, &vec![1; suite.key_len()], &vec![2; suite.salt_len()]);
    let (key, config) = (key.expect("the right lengths"), Config::default());
    let sender = Sender::new(&provider, suite, &key, &config).expect("a key of the suite");
    let receiver = Receiver::new(&provider, suite, &[key], &config).expect("a key of the suite");
    Box::new(Siskin(sender, receiver))
}

fn libsrtp(suite: Suite) -> Box<dyn Contestant> {
    let session = |outbound| {
        let keys = vec![([vec![1; suite.key_len()], vec![2; suite.salt_len()]].concat(), Vec::new())];
        let suite = Suite::ALL.iter().position(|other| *other == suite).expect("one of all");
        let config = siskin_conformance_srtp::Config {
            suite,
            outbound,
            keys,
            window: 1024,
            encrypted_extensions: Vec::new(),
        };
        Session::new(&config).expect("libsrtp takes it")
    };
    Box::new(Libsrtp(session(true), session(false)))
}

fn rtc(suite: Suite) -> Option<Box<dyn Contestant>> {
    use rtc_srtp::protection_profile::ProtectionProfile as Profile;
    let profile = match suite {
        Suite::AesCm128HmacSha1_80 => Profile::Aes128CmHmacSha1_80,
        Suite::AesCm128HmacSha1_32 => Profile::Aes128CmHmacSha1_32,
        Suite::AeadAes128Gcm => Profile::AeadAes128Gcm,
        Suite::AeadAes256Gcm => Profile::AeadAes256Gcm,
        _ => return None,
    };
    let context = || {
        let (srtp, srtcp) =
            (rtc_srtp::option::srtp_replay_protection(1024), rtc_srtp::option::srtcp_replay_protection(64));
        let (key, salt) = (vec![1; suite.key_len()], vec![2; suite.salt_len()]);
        let crypto = rtc_srtp::crypto::default_provider().expect("ring is compiled in");
        rtc_srtp::context::Context::new(&key, &salt, profile, Some(srtp), Some(srtcp), crypto.crypto()).ok()
    };
    Some(Box::new(Rtc(context()?, context()?)))
}

#[cfg(feature = "srtp-stacks")]
fn webrtc_rs(suite: Suite) -> Option<Box<dyn Contestant>> {
    use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
    use webrtc_srtp::protection_profile::ProtectionProfile as Profile;
    let profile = match suite {
        Suite::AesCm128HmacSha1_80 => Profile::Aes128CmHmacSha1_80,
        Suite::AesCm128HmacSha1_32 => Profile::Aes128CmHmacSha1_32,
        Suite::AesCm256HmacSha1_80 => Profile::Aes256CmHmacSha1_80,
        Suite::AesCm256HmacSha1_32 => Profile::Aes256CmHmacSha1_32,
        Suite::AeadAes128Gcm => Profile::AeadAes128Gcm,
        Suite::AeadAes256Gcm => Profile::AeadAes256Gcm,
        _ => return None,
    };
    let context = || {
        let (key, salt) = (vec![1; suite.key_len()], vec![2; suite.salt_len()]);
        let (srtp, srtcp) = (srtp_replay_protection(1024), srtcp_replay_protection(64));
        webrtc_srtp::context::Context::new(&key, &salt, profile, Some(srtp), Some(srtcp)).ok()
    };
    Some(Box::new(WebrtcRs(context()?, context()?)))
}

#[cfg(feature = "srtp-stacks")]
fn str0m(suite: Suite) -> Option<Box<dyn Contestant>> {
    use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};
    let profile = match suite {
        Suite::AesCm128HmacSha1_80 => SrtpProfile::AES128_CM_SHA1_80,
        Suite::AeadAes128Gcm => SrtpProfile::AEAD_AES_128_GCM,
        Suite::AeadAes256Gcm => SrtpProfile::AEAD_AES_256_GCM,
        _ => return None,
    };
    let material = [vec![1; 2 * suite.key_len()], vec![2; 2 * suite.salt_len()]].concat();
    let crypto = str0m::crypto::from_feature_flags();
    let theirs =
        str0m::_internal_test_exports::TestSrtp::new(&crypto, profile, &KeyingMaterial::new(&material));
    Some(Box::new(Str0m {
        theirs,
        extensions: str0m::rtp::ExtensionMap::empty(),
        sequence: Default::default(),
    }))
}

fn bare(provider: Provider, suite: Suite) -> Box<dyn Contestant> {
    let key = vec![1; suite.key_len()];
    let bare = if suite.auth_key_len() > 0 {
        provider.aes_ctr.with_hmac_sha1(&key, &[2; 20]).map(|key| Bare::Cm(key, 0))
    } else if suite.key_len() == 16 {
        provider.aes128gcm.key(&key).map(|key| Bare::Gcm(key, 0))
    } else {
        provider.aes256gcm.key(&key).map(|key| Bare::Gcm(key, 0))
    };
    Box::new(bare.expect("a key of the right length"))
}

/// The packet with that number: streams take turns.
fn packet(buffer: &mut [u8], rtcp: bool, number: usize, streams: usize) {
    let ssrc = (number % streams) as u32 * 0x0101_0101 + 1;
    buffer.fill(7);
    if rtcp {
        let words = buffer.len() / 4 - 1;
        buffer[..4].copy_from_slice(&[0x80, 201, 0, words as u8]);
        buffer[4..8].copy_from_slice(&ssrc.to_be_bytes());
    } else {
        buffer[..2].copy_from_slice(&[0x80, 96]);
        buffer[2..4].copy_from_slice(&((number / streams) as u16).to_be_bytes());
        buffer[8..12].copy_from_slice(&ssrc.to_be_bytes());
    }
}

struct Lane {
    name: &'static str,
    contestant: Box<dyn Contestant>,
    protect: f64,
    unprotect: f64,
}

fn lanes(suite: Suite, #[allow(unused_variables, reason = "of str0m")] rtcp: bool) -> Vec<Lane> {
    let lane = |name, contestant| Lane { name, contestant, protect: f64::MAX, unprotect: f64::MAX };
    let (ring, rust, aws) = (siskin_crypto::ring(), siskin_crypto::rustcrypto(), siskin_crypto::aws_lc());
    let mut lanes = vec![
        lane("siskin-ring", siskin(ring, suite)),
        lane("siskin-rustcrypto", siskin(rust, suite)),
        lane("siskin-aws-lc", siskin(aws, suite)),
        lane("libsrtp", libsrtp(suite)),
        lane("bare-ring", bare(ring, suite)),
        lane("bare-rustcrypto", bare(rust, suite)),
        lane("bare-aws-lc", bare(aws, suite)),
    ];
    lanes.extend(rtc(suite).map(|contestant| lane("rtc-srtp", contestant)));
    #[cfg(feature = "srtp-stacks")]
    {
        lanes.extend(webrtc_rs(suite).map(|contestant| lane("webrtc-srtp", contestant)));
        // It has no way in for RTCP.
        lanes.extend(str0m(suite).filter(|_| !rtcp).map(|contestant| lane("str0m", contestant)));
    }
    lanes
}

fn race(suite: Suite, rtcp: bool, size: usize, streams: usize, rounds: usize) {
    let mut lanes = lanes(suite, rtcp);
    let mut buffers = vec![vec![0; size + ROOM]; TRAIN];
    let mut lens = [0; TRAIN];
    for round in 0..rounds {
        for lane in &mut lanes {
            for (place, buffer) in buffers.iter_mut().enumerate() {
                packet(&mut buffer[..size], rtcp, round * TRAIN + place, streams);
            }
            let began = Instant::now();
            for (buffer, len) in buffers.iter_mut().zip(&mut lens) {
                *len = lane.contestant.protect(rtcp, buffer, size);
            }
            let protected = began.elapsed();
            let began = Instant::now();
            for (buffer, len) in buffers.iter_mut().zip(&lens) {
                lane.contestant.unprotect(rtcp, &mut buffer[..*len]);
            }
            let each = |time: std::time::Duration| time.as_nanos() as f64 / TRAIN as f64;
            lane.protect = lane.protect.min(each(protected));
            lane.unprotect = lane.unprotect.min(each(began.elapsed()));
        }
    }
    let kind = if rtcp { "RTCP" } else { "RTP" };
    for (verb, time) in
        [("protect", (|lane| lane.protect) as fn(&Lane) -> f64), ("unprotect", |lane| lane.unprotect)]
    {
        let least = |prefix: &str| {
            let of = lanes.iter().filter(|lane| lane.name.starts_with(prefix)).map(time);
            of.reduce(f64::min).unwrap_or(f64::NAN)
        };
        let (ours, theirs, limit) = (least("siskin"), least("libsrtp"), least("bare"));
        print!("srtp/{verb}/{suite:?}/{kind}-{size}B/{streams}:");
        let there = |lane: &&Lane| verb == "protect" || lane.name != "str0m";
        lanes.iter().filter(there).for_each(|lane| print!(" {} {:.0}", lane.name, time(lane)));
        println!(" | libsrtp/ours {:.2} ours/bare {:.2}", theirs / ours, ours / limit);
    }
}

/// `--rounds N`; `--test` for two rounds; a part of `SUITE/KIND-SIZE/STREAMS` for the rows that have it alone.
fn main() {
    let (mut rounds, mut wanted) = (ROUNDS, String::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--test" => rounds = 2,
            "--rounds" => rounds = args.next().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS),
            _ if arg.starts_with('-') => {}
            _ => wanted = arg,
        }
    }
    println!("nanoseconds for a packet, the least of {rounds} interleaved rounds of {TRAIN} packets");
    for suite in Suite::ALL {
        for streams in [1, 1000] {
            for (rtcp, size) in [(false, 100), (false, 300), (false, 1200), (true, 100)] {
                let kind = if rtcp { "RTCP" } else { "RTP" };
                if format!("{suite:?}/{kind}-{size}B/{streams}").contains(&wanted) {
                    race(suite, rtcp, size, streams, rounds);
                }
            }
        }
    }
}
