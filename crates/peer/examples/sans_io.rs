//! The loop without a runtime: sockets and a clock of the standard library drive two connections in one thread.
//!
//! `cargo run --package siskin-peer --example sans_io`
#![expect(clippy::disallowed_types, reason = "this is the driver: time and sockets enter here")]

use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, WallClock};
use siskin_peer::{ChannelConfig, Config, Event, MessageKind, Output, PeerConnection};
use std::error::Error;
use std::net::UdpSocket;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One connection, and the one socket that it uses.
struct Side {
    name: &'static str,
    connection: PeerConnection,
    socket: UdpSocket,
    packet: Packet,
}

const BASE: BaseId = BaseId(0);

impl Side {
    fn new(name: &'static str, now: Instant) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let mut config = Config::new(siskin_crypto::default_provider());
        config.clock = Some(WallClock { at: now, unix: SystemTime::now().duration_since(UNIX_EPOCH)? });
        // Without segmentation offload, every datagram leaves by itself.
        config.max_train = 1;
        // A real program takes 32 bytes from its operating system: `Rng::from_seed`.
        let rng = Rng::for_tests(name.len() as u64);
        let mut connection = PeerConnection::new(config, rng, now)?;
        connection.add_base(now, BASE, socket.local_addr()?);
        Ok(Self { name, connection, socket, packet: Packet::new() })
    }

    /// Carries in what has come and the time, carries out what is to be sent; gives what happened.
    fn turn(&mut self, now: Instant) -> Result<Vec<Event>, Box<dyn Error>> {
        let mut buffer = [0; 2_048];
        while let Ok((len, remote)) = self.socket.recv_from(&mut buffer) {
            let path = Path::udp(BASE, remote);
            let datagram = buffer.get_mut(..len).unwrap_or_default();
            let received = Received { path, arrived: now, ecn: Ecn::NotEct, datagram };
            self.connection.handle_datagram(now, received);
        }
        if self.connection.poll_timeout().is_some_and(|due| due <= now) {
            self.connection.handle_timeout(now);
        }
        let mut events = vec![];
        loop {
            match self.connection.poll_output(now, &mut self.packet) {
                Output::Event(event) => events.push(event),
                Output::Transmit(transmit) => {
                    self.socket.send_to(self.packet.as_bytes(), transmit.path.remote)?;
                }
                // A real loop would sleep until then.
                Output::Timeout(_) => return Ok(events),
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = std::time::Instant::now();
    let now = || Instant::ZERO + start.elapsed();
    let (mut alice, mut bob) = (Side::new("Alice", now())?, Side::new("Bob", now())?);

    // Descriptions go by hand; candidates follow as events, and are in the descriptions once gathered.
    let channel = alice.connection.create_data_channel(now(), ChannelConfig::new("chat"))?;
    alice.connection.set_local_description(now(), None)?;
    let offer = alice.connection.local_description().ok_or("no offer")?;
    bob.connection.set_remote_description(now(), offer)?;
    bob.connection.set_local_description(now(), None)?;
    let answer = bob.connection.local_description().ok_or("no answer")?;
    alice.connection.set_remote_description(now(), answer)?;

    loop {
        for event in bob.turn(now())? {
            if let Event::ChannelMessage { channel, kind, data } = event {
                println!("{} echoes {} bytes", bob.name, data.len());
                bob.connection.send(now(), channel, kind, data)?;
            }
        }
        for event in alice.turn(now())? {
            match event {
                Event::ChannelOpen(_) => {
                    let data = Bytes::from_static(b"Hello, Bob");
                    alice.connection.send(now(), channel, MessageKind::Text, data)?;
                }
                Event::ChannelMessage { data, .. } => {
                    println!("{} received {:?}", alice.name, String::from_utf8_lossy(&data));
                    return Ok(());
                }
                _ => {}
            }
        }
        if start.elapsed() > Duration::from_secs(10) {
            return Err("no echo came".into());
        }
        // A device would sleep until the earlier `poll_timeout`, or a datagram.
        std::thread::sleep(Duration::from_millis(1));
    }
}
