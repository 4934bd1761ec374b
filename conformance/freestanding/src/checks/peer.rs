//! Two whole peers: offer, answer, a connection in memory on virtual time, and a message that comes back.

use bytes::Bytes;
use core::net::SocketAddr;
use core::time::Duration;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, WallClock, earliest};
use siskin_peer::{ChannelConfig, Config, Event, MessageKind, PeerConnection};

/// Rounds of sending and waiting before we give up.
const PATIENCE: usize = 1000;

/// `None` if it does not come back.
pub(super) fn echoes() -> Option<()> {
    let mut now = Instant::ZERO;
    let addresses: [SocketAddr; 2] = ["192.0.2.1:1000".parse().ok()?, "192.0.2.2:1000".parse().ok()?];
    let made = |seed: u64, local| {
        let mut config = Config::new(siskin_crypto::rustcrypto());
        config.clock = Some(WallClock { at: now, unix: Duration::from_secs(1_795_000_000) });
        let mut peer = PeerConnection::new(config, Rng::for_tests(seed), now).ok()?;
        peer.add_base(now, BaseId(0), local);
        Some(peer)
    };
    let mut peers = [made(1, addresses[0])?, made(2, addresses[1])?];
    let [a, b] = &mut peers;
    let chat = a.create_data_channel(now, ChannelConfig::new("chat")).ok()?;
    a.set_local_description(now, None).ok()?;
    b.set_remote_description(now, a.local_description()?).ok()?;
    b.set_local_description(now, None).ok()?;
    a.set_remote_description(now, b.local_description()?).ok()?;

    let sent = Bytes::from_static(&[7; 5000]);
    let mut packet = Packet::new();
    for _ in 0..PATIENCE {
        let mut quiet = true;
        for turn in [0, 1] {
            while peers[turn].poll_transmit(now, &mut packet).is_some() {
                let datagram = &mut packet.as_bytes().to_vec();
                packet.clear();
                let path = Path::udp(BaseId(0), addresses[turn]);
                peers[1 - turn]
                    .handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
                quiet = false;
            }
            while let Some(event) = peers[turn].poll_event() {
                quiet = false;
                match event {
                    Event::ChannelOpen(channel) if channel == chat && turn == 0 => {
                        peers[0].send(now, chat, MessageKind::Binary, sent.clone()).ok()?;
                    }
                    Event::ChannelMessage { data, .. } if turn == 0 => return (data == sent).then_some(()),
                    Event::ChannelMessage { channel, kind, data } => {
                        peers[1].send(now, channel, kind, data).ok()?;
                    }
                    _ => {}
                }
            }
        }
        if quiet {
            now = earliest(peers[0].poll_timeout(), peers[1].poll_timeout())?.max(now);
            peers.iter_mut().for_each(|peer| peer.handle_timeout(now));
        }
    }
    None
}
