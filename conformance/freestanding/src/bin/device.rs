//! A device with one data channel: answers an offer, opens the channel, sends every message back; with `Config::small()`.
//!
//! `cargo xtask size` builds it for size, and runs it where it can run: the other peer is in the same program, and what the
//! device allocates is told apart from what the other does.

#![no_std]
#![no_main]

extern crate alloc;

#[path = "../platform.rs"]
mod platform;

use bytes::Bytes;
use core::net::SocketAddr;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, Transmit, WallClock, earliest};
use siskin_peer::{ChannelConfig, ChannelId, Config, Event, MessageKind, PeerConnection};

/// Rounds of sending and waiting before we give up.
const PATIENCE: usize = 2000;
const MESSAGES: usize = 8;
/// The longest message that `Config::small()` takes.
const MESSAGE: usize = 16 << 10;

/// What the C start-up code calls.
#[cfg(not(target_os = "none"))]
#[unsafe(no_mangle)]
extern "C" fn main(_argc: i32, _argv: *const *const u8) -> i32 {
    i32::from(run().is_none())
}

/// Where a device without start-up code begins.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run();
    platform::end(0)
}

/// What one of two owners of the heap holds.
#[derive(Default)]
struct Meter {
    held: usize,
    most: usize,
}

impl Meter {
    /// Counts what `act` allocates and frees.
    fn count<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let before = platform::start_peak();
        let done = act();
        self.most = self.most.max((self.held + platform::high_water()).saturating_sub(before));
        self.held = (self.held + platform::used()).saturating_sub(before);
        done
    }
}

/// The device, and its peer.
struct Wire {
    device: PeerConnection,
    meter: Meter,
    peer: PeerConnection,
    now: Instant,
    packet: Packet,
    chat: ChannelId,
    open: bool,
    echoes: usize,
}

fn run() -> Option<()> {
    let mut meter = Meter::default();
    let mut wire = meter.count(|| connection(Config::small, 1)).and_then(|device| {
        let mut peer = connection(Config::new, 2)?;
        let now = Instant::ZERO;
        let chat = peer.create_data_channel(now, ChannelConfig::new("chat")).ok()?;
        Some(Wire { device, meter, peer, now, packet: Packet::new(), chat, open: false, echoes: 0 })
    })?;
    wire.describe()?;
    wire.run_until(|wire| wire.open)?;
    platform::print_number("heap, most until the channel is open: ", wire.meter.most, " bytes\n");
    platform::print_number("heap, connection idle: ", wire.meter.held, " bytes\n");
    let message = Bytes::from_static(&[7; MESSAGE]);
    for _ in 0..MESSAGES {
        wire.peer.send(wire.now, wire.chat, MessageKind::Binary, message.clone()).ok()?;
    }
    wire.run_until(|wire| wire.echoes == MESSAGES)?;
    platform::print_number("heap, most while messages of 16 KiB come back: ", wire.meter.most, " bytes\n");
    Some(())
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 1000))
}

fn connection(config: fn(siskin_crypto::Provider) -> Config, last: u8) -> Option<PeerConnection> {
    let now = Instant::ZERO;
    let mut config = config(siskin_crypto::rustcrypto());
    config.clock = Some(WallClock { at: now, unix: Duration::from_secs(1_795_000_000) });
    let mut connection = PeerConnection::new(config, Rng::for_tests(last.into()), now).ok()?;
    connection.add_base(now, BaseId(0), address(last));
    Some(connection)
}

impl Wire {
    fn describe(&mut self) -> Option<()> {
        let Self { device, meter, peer, now, .. } = self;
        peer.set_local_description(*now, None).ok()?;
        let offer = peer.local_description()?;
        meter.count(|| device.set_remote_description(*now, offer.clone())).ok()?;
        meter.count(|| device.set_local_description(*now, None)).ok()?;
        let answer = meter.count(|| device.local_description())?;
        peer.set_remote_description(*now, answer.clone()).ok()?;
        meter.count(|| drop(answer));
        Some(())
    }

    fn run_until(&mut self, done: impl Fn(&Self) -> bool) -> Option<()> {
        for _ in 0..PATIENCE {
            let quiet = !self.device_speaks() & !self.peer_speaks();
            if done(self) {
                return Some(());
            }
            if quiet {
                self.now = earliest(self.device.poll_timeout(), self.peer.poll_timeout())?.max(self.now);
                let Self { device, meter, peer, now, .. } = self;
                meter.count(|| device.handle_timeout(*now));
                peer.handle_timeout(*now);
            }
        }
        None
    }

    /// Carries what the device says to its peer; true if there was anything.
    fn device_speaks(&mut self) -> bool {
        let Self { device, meter, peer, now, packet, .. } = self;
        let mut any = false;
        while let Some(event) = meter.count(|| device.poll_event()) {
            any = true;
            meter.count(|| {
                if let Event::ChannelMessage { channel, kind, data } = event {
                    let _full = device.send(*now, channel, kind, data);
                }
            });
        }
        while let Some(transmit) = meter.count(|| device.poll_transmit(*now, packet)) {
            any = true;
            carry(packet, transmit, 1, |received| peer.handle_datagram(*now, received), *now);
        }
        any
    }

    fn peer_speaks(&mut self) -> bool {
        let Self { device, meter, peer, now, packet, open, echoes, .. } = self;
        let mut any = false;
        while let Some(event) = peer.poll_event() {
            any = true;
            *open |= matches!(event, Event::ChannelOpen(_));
            *echoes += usize::from(matches!(event, Event::ChannelMessage { .. }));
        }
        while let Some(transmit) = peer.poll_transmit(*now, packet) {
            any = true;
            let hear = |received: Received<'_>| meter.count(|| device.handle_datagram(*now, received));
            carry(packet, transmit, 2, hear, *now);
        }
        any
    }
}

/// Hands over each datagram of a train.
fn carry(packet: &mut Packet, sent: Transmit, from: u8, mut hear: impl FnMut(Received<'_>), now: Instant) {
    let size = sent.segment_size.map_or(packet.len(), |size| size.get().into()).max(1);
    let mut datagram = [0; 1500];
    for segment in packet.as_bytes().chunks(size) {
        let Some(datagram) = datagram.get_mut(..segment.len()) else { continue };
        datagram.copy_from_slice(segment);
        let path = Path::udp(BaseId(0), address(from));
        hear(Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
    }
    packet.clear();
}
