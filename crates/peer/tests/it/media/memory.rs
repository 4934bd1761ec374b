//! What a peer that has the keys can make the media of a connection hold. `cargo xtask memory` prints it.

use super::VIDEO;
use crate::harness::{CLOCK, Pair, ms};
use allocation_counter::{measure, opt_out};
use siskin_base::wire::Reader;
use siskin_base::{BaseId, Ecn, Instant, KeyingMaterial, Observation, Path, Received, SrtpProfile};
use siskin_crypto::{Hkdf, Provider};
use siskin_netsim::Link;
use siskin_peer::media::{MediaConfig, RtpConfig};
use siskin_peer::stats::StatsKind;
use siskin_peer::{Config, Direction, PeerConnectionState, RtpCounts, TransceiverInit};
use siskin_srtp::Sender;

/// A connection with sections that receive video, and the means to send anything in them.
struct Attacked {
    pair: Pair,
    keys: Sender,
    mids: Vec<String>,
}

fn config(provider: Provider, media: MediaConfig) -> Config {
    let small = media.rtp == RtpConfig::small();
    let mut config = if small { Config::small(provider) } else { Config::new(provider) };
    config.media = Some(media);
    config.clock = Some(CLOCK);
    config
}

impl Attacked {
    fn new(media: &MediaConfig, sections: usize) -> Self {
        let provider = siskin_crypto::ring();
        let mut attacker = config(provider, media.clone());
        attacker.observe = true;
        let mut pair = Pair::with(1, Link::new(ms(1)), attacker, config(provider, media.clone()));
        for _ in 0..sections {
            let init = TransceiverInit { direction: Direction::SendOnly, ..TransceiverInit::default() };
            pair.a.connection.add_transceiver(Instant::ZERO, VIDEO, init).unwrap();
        }
        pair.negotiate();
        pair.run_until(ms(5_000), |a, b| {
            a.saw(PeerConnectionState::Connected) && b.saw(PeerConnectionState::Connected)
        });
        let answer = pair.b.connection.local_description().unwrap().sdp;
        let mids = answer.lines().filter_map(|line| line.strip_prefix("a=mid:")).map(Into::into);
        Self { mids: mids.collect(), keys: keys(&mut pair, &provider), pair }
    }

    /// The middle of a frame that never ends (H.264, FU-A), of that stream, in one of the sections.
    fn fragment(&mut self, ssrc: u32, number: u16, len: usize) {
        self.send(ssrc, number, 102, u32::from(number) / 7 * 3_000, &[0x7c, 0x05], len);
    }

    /// A key frame in one packet.
    fn frame(&mut self, ssrc: u32, number: u16, len: usize) {
        self.send(ssrc, number, 0x80 | 102, u32::from(number) * 3_000, &[0x65], len);
    }

    fn send(&mut self, ssrc: u32, number: u16, kind: u8, timestamp: u32, begin: &[u8], len: usize) {
        let mut packet = Vec::new();
        opt_out(|| {
            let mid = self.mids.iter().cycle().nth(ssrc as usize % self.mids.len()).unwrap().as_bytes();
            packet = vec![0x90, kind];
            packet.extend(number.to_be_bytes());
            packet.extend(timestamp.to_be_bytes());
            packet.extend(ssrc.to_be_bytes());
            // RFC 8285 §4.2: the MID, in one word.
            packet.extend([0xbe, 0xde, 0, 1, 4 << 4 | (mid.len() as u8 - 1)]);
            packet.extend(mid);
            packet.resize(20, 0);
            packet.extend(begin);
            packet.resize(20 + len, 7);
            let clear = packet.len();
            packet.resize(clear + Sender::MAX_OVERHEAD, 0);
            let len = self.keys.protect_rtp_in(&mut packet, clear).unwrap();
            packet.truncate(len);
        });
        let path = Path::udp(BaseId(0), ([10, 0, 0, 1], 1000).into());
        let now = self.pair.now();
        let received = Received { path, arrived: now, ecn: Ecn::NotEct, datagram: &mut packet };
        self.pair.b.connection.handle_datagram(now, received);
        opt_out(|| drop(packet));
    }

    /// Streams that the connection tells of.
    fn streams(&self) -> usize {
        let mut streams = 0;
        opt_out(|| {
            let stats = self.pair.b.connection.get_stats(self.pair.now());
            streams = stats.iter().filter(|stats| matches!(stats.kind, StatsKind::InboundRtp(_))).count();
        });
        streams
    }

    fn counts(&self) -> RtpCounts {
        self.pair.b.connection.rtp_counts()
    }
}

/// What the attacker's end of the handshake gave it, from its key log (RFC 5764 §4.2, RFC 9846 §7.5).
fn keys(pair: &mut Pair, provider: &Provider) -> Sender {
    let line = std::iter::from_fn(|| pair.a.connection.poll_observation()).find_map(|seen| match seen {
        Observation::KeyLog(line) => line.strip_prefix("EXPORTER_SECRET ").map(str::to_owned),
        _ => None,
    });
    let line = line.expect("DTLS 1.3 has an exporter");
    let hex = line.split(' ').next_back().unwrap().as_bytes().chunks(2);
    let secret: Vec<u8> =
        hex.map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 16).unwrap()).collect();
    let hash = if secret.len() == 48 { provider.sha384 } else { provider.sha256 };
    let nothing = hash.digest(&[]);
    let expand = |secret: &[u8], label: &str, out: &mut [u8]| {
        let label = ["dtls13", label].concat();
        let mut info = (out.len() as u16).to_be_bytes().to_vec();
        info.push(label.len() as u8);
        info.extend(label.as_bytes());
        info.push(nothing.as_ref().len() as u8);
        info.extend(nothing.as_ref());
        Hkdf::new(hash, secret).expand(&info, out).unwrap();
    };
    let mut derived = vec![0; secret.len()];
    expand(&secret, "EXTRACTOR-dtls_srtp", &mut derived);
    let mut out = [0; 2 * 28];
    expand(&derived, "exporter", &mut out);
    // The answerer is DTLS's client, whose key and salt come first.
    let mut parts = Reader::new(&out);
    let [client_key, server_key, client_salt, server_salt] =
        [16, 16, 12, 12].map(|len| parts.take(len).unwrap().to_vec());
    let material = KeyingMaterial {
        profile: SrtpProfile::AEAD_AES_128_GCM,
        local: (server_key, server_salt),
        remote: (client_key, client_salt),
    };
    siskin_srtp::contexts(provider, &material, &siskin_srtp::Config::default()).unwrap().0
}

/// The most bytes on the heap that the attack added to a connection that receives in so many sections.
fn attack(
    what: &str,
    sections: [usize; 2],
    bound: impl Fn(&MediaConfig) -> usize,
    attack: impl Fn(&mut Attacked, &MediaConfig),
) {
    let mut held = [0, 0];
    let configs = [MediaConfig::default(), MediaConfig::small()];
    for ((media, sections), held) in configs.iter().zip(sections).zip(&mut held) {
        let mut attacked = Attacked::new(media, sections);
        *held = measure(|| attack(&mut attacked, media)).bytes_max as usize;
        let bound = bound(media);
        assert!(*held <= bound, "{what}: {held} bytes, where {bound} are allowed");
    }
    println!("memory: peer: {what}: {} {}", held[0], held[1]);
}

/// Beside what waits in jitter buffers: what is missing, places kept, and numbers of each stream, and reports on them.
fn streams(media: &MediaConfig) -> usize {
    let rtp = &media.rtp;
    let each = rtp.missing.max_missing * 80 + 256 * 100 + 3_000;
    rtp.session.max_receivers * each + rtp.arrivals.max_pending * 50 + 100_000
}

/// More streams than may be, in all sections, and of no frame ever the end.
#[test]
fn frames_without_end_in_all_sections() {
    let bound = |media: &MediaConfig| media.rtp.max_waiting + streams(media);
    for (what, len) in [("long packets", 1_100), ("short packets", 10)] {
        let what = format!("frames without end, in many streams of many sections, {what}");
        attack(&what, [20, 3], bound, |attacked, media| {
            for number in 0..70 {
                for ssrc in 1_000..1_400 {
                    // One in ten is missing.
                    attacked.fragment(ssrc, number + number / 9, len);
                }
            }
            assert_eq!(attacked.streams(), media.rtp.session.max_receivers);
        });
    }
}

/// All of it in one section, whose number of streams is limited.
#[test]
fn frames_without_end_in_one_section() {
    let bound = |media: &MediaConfig| {
        let each = media.rtp.missing.max_missing * 80 + 256 * 100 + 3_000;
        media.rtp.max_waiting.min(media.rtp.max_streams * media.rtp.video.max_bytes)
            + media.rtp.max_streams * each
            + media.rtp.arrivals.max_pending * 50
            + 100_000
    };
    attack("frames without end, in many streams of one section", [1, 1], bound, |attacked, media| {
        let most = 40;
        for number in 0..600 {
            for ssrc in 1_000..1_000 + most {
                attacked.fragment(ssrc, number + number / 9, 1_100);
            }
        }
        assert_eq!(attacked.streams(), media.rtp.max_streams);
        assert!(attacked.counts().refused >= 600);
    });
}

/// Whole frames, each of one packet, that the user does not take.
#[test]
fn frames_that_nobody_takes() {
    let bound = |media: &MediaConfig| {
        media.rtp.max_frame_bytes + media.rtp.max_frames * 300 + media.rtp.arrivals.max_pending * 50 + 200_000
    };
    attack("frames that the user does not take", [1, 1], bound, |attacked, _| {
        for number in 0..10_000 {
            attacked.frame(1_000, number, 1_100);
        }
        assert!(attacked.counts().frames_dropped > 9_000);
    });
}
