//! What a hostile peer can make data channels hold, beside what SCTP holds. `cargo xtask memory` prints it.

use allocation_counter::measure;
use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, SetupRole};
use siskin_datachannel::wire::{ChannelType, Dcep, Open, Ppid};
use siskin_datachannel::{Channels, Config, Event};
use siskin_sctp::{Association, SendOptions};

const NOW: Instant = Instant::from_millis(1);

/// Our end, and an association whose user sends what it likes.
struct Attacker {
    victim: Channels,
    peer: Association,
    now: Instant,
}

impl Attacker {
    fn new(config: Config, sctp: siskin_sctp::Config) -> Self {
        let end = |config, seed| Association::new(config, Rng::for_tests(seed), NOW).unwrap();
        let sender = siskin_sctp::Config { send_buffer: 64 << 20, ..siskin_sctp::Config::default() };
        let (mut peer, mut victim) = (end(sender, 1), Channels::new(config, end(sctp, 2)));
        let (for_peer, for_us) = (victim.association().local_init(), peer.local_init());
        peer.start(NOW, &for_peer).unwrap();
        victim.association_mut().start(NOW, &for_us).unwrap();
        victim.set_role(NOW, SetupRole::Active);
        Self { victim, peer, now: NOW }
    }

    fn send(&mut self, stream: u16, ppid: Ppid, data: Bytes) {
        // A stream that is being reset takes nothing, and one beyond the victim's does not exist.
        let _ = self.peer.send(self.now, stream, ppid.0, data, SendOptions::default());
        self.carry();
    }

    /// Lets a second pass, for acknowledgements that were delayed.
    fn pass(&mut self) {
        self.carry();
        self.now += core::time::Duration::from_secs(1);
        self.victim.handle_timeout(self.now);
        self.peer.handle_timeout(self.now);
        self.carry();
    }

    fn carry(&mut self) {
        let now = self.now;
        let path = Path::udp(BaseId(0), "192.0.2.1:1".parse().unwrap());
        let mut packet = Packet::new();
        for round in 0.. {
            assert!(round < 1000, "never at rest");
            let mut moved = false;
            packet.begin(0);
            while self.peer.poll_transmit(now, &mut packet).is_some() {
                moved = true;
                let datagram = packet.current_mut();
                let received = Received { path, arrived: now, ecn: Ecn::NotEct, datagram };
                self.victim.handle_datagram(now, received);
                packet.begin(0);
            }
            while let Some(event) = self.victim.poll_event(now) {
                assert!(!matches!(event, Event::Disconnected(_)), "{event:?}");
            }
            while self.victim.poll_transmit(now, &mut packet).is_some() {
                moved = true;
                let datagram = packet.current_mut();
                let received = Received { path, arrived: now, ecn: Ecn::NotEct, datagram };
                self.peer.handle_datagram(now, received);
                packet.begin(0);
            }
            while self.peer.poll_event().is_some() {}
            if !moved {
                return;
            }
        }
    }
}

fn open(label: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let open =
        Open { channel_type: ChannelType::RELIABLE, priority: 256, reliability: 0, label, protocol: label };
    Dcep::Open(open).write(&mut out).unwrap();
    out.into()
}

/// Bytes that are held once the attack is over, the attacker's own among them; those are in the bound.
fn attack(what: &str, bound: impl Fn(&Config) -> usize, attack: impl Fn(&mut Attacker, &Config)) {
    let most = [
        (Config::default(), siskin_sctp::Config::default()),
        (Config::small(), siskin_sctp::Config::small()),
    ]
    .map(|(config, sctp)| {
        let mut kept = None;
        let held = measure(|| {
            let mut attacker = Attacker::new(config, sctp);
            attack(&mut attacker, &config);
            let Attacker { victim, peer, .. } = attacker;
            drop(peer);
            kept = Some(victim);
        });
        drop(kept);
        let (held, bound) = (held.bytes_current as usize, bound(&config) + FIXED);
        assert!(held <= bound, "{what}: {held} bytes, where {bound} are allowed");
        held
    });
    println!("memory: data channels: {what}: {} {}", most[0], most[1]);
}

/// The association with nothing in it.
const FIXED: usize = 150_000;

/// A channel with what SCTP keeps of its stream, both ways.
const CHANNEL: usize = 700;

#[test]
fn as_many_channels_as_there_are_streams() {
    let bound = |config: &Config| config.max_channels * CHANNEL;
    attack("a channel on every stream", bound, |attacker, config| {
        // A debug build takes half a minute for all of them.
        let streams = if cfg!(debug_assertions) { 3_000 } else { u16::MAX };
        for stream in 0..streams {
            attacker.send(stream, Ppid::DCEP, open(b""));
        }
        assert!(attacker.victim.ids().count() <= config.max_channels);
    });
}

#[test]
fn long_names() {
    let bound = |config: &Config| config.max_names + config.max_channels.min(5_000) * CHANNEL;
    attack("channels with the longest names", bound, |attacker, _| {
        for stream in 0..300 {
            // The second is no UTF-8: each byte becomes three.
            attacker.send(stream, Ppid::DCEP, open(&[b'x'; 7_000]));
            attacker.send(stream + 1000, Ppid::DCEP, open(&[0xff; 4_000]));
        }
        for stream in 2000..2100 {
            attacker.send(stream, Ppid::DCEP, open(&[b'x'; 65_535]));
        }
    });
}

#[test]
fn names_of_closed_channels_count_no_longer() {
    let mut attacker = Attacker::new(Config::small(), siskin_sctp::Config::small());
    for _ in 0..20 {
        attacker.send(1, Ppid::DCEP, open(&[b'x'; 7_000]));
        assert_eq!(attacker.victim.ids().count(), 1);
        attacker.peer.reset_streams(attacker.now, &[1]).unwrap();
        (0..5).for_each(|_| attacker.pass());
        assert_eq!(attacker.victim.ids().count(), 0);
    }
}

#[test]
fn partial_messages_that_never_end() {
    let bound = |config: &Config| 2 * config.max_partial + config.max_channels.min(1_000) * CHANNEL;
    attack("partial messages on many channels", bound, |attacker, _| {
        for stream in 0..300 {
            attacker.send(stream, Ppid::DCEP, open(b""));
            for _ in 0..4 {
                attacker.send(stream, Ppid::BINARY_PARTIAL, vec![7; 10_000].into());
            }
        }
    });
}
