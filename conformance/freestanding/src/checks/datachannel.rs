//! A message over a data channel over an association, in memory.

use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, SetupRole};
use siskin_datachannel::{ChannelConfig, Channels, Config, Event, Kind};
use siskin_sctp::Association;

/// `None` if it does not come through.
pub(super) fn arrives() -> Option<()> {
    let now = Instant::ZERO;
    let made = |seed, role| {
        let config = siskin_sctp::Config::small();
        let association = Association::new(config, Rng::for_tests(seed), now).ok()?;
        let mut channels = Channels::new(Config::default(), association);
        channels.set_role(now, role);
        channels.association_mut().connect(now).ok()?;
        Some(channels)
    };
    let (mut a, mut b) = (made(1, SetupRole::Active)?, made(2, SetupRole::Passive)?);
    let chat = a.open(now, ChannelConfig::new("chat")).ok()?;
    let path = Path::udp(BaseId(0), "192.0.2.1:1".parse().ok()?);
    let carry = |from: &mut Channels, to: &mut Channels| {
        let mut packet = Packet::new();
        packet.begin(0);
        let any = from.poll_transmit(now, &mut packet).is_some();
        if any {
            let datagram = packet.current_mut();
            to.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
        }
        any
    };
    let sent = Bytes::from_static(&[7; 5000]);
    // Taking events is part of what a side does: it answers to a channel that opens.
    loop {
        let quiet = !(carry(&mut a, &mut b) | carry(&mut b, &mut a));
        let (here, there) = (a.poll_event(now), b.poll_event(now));
        if here == Some(Event::Opened(chat)) {
            a.send(now, chat, Kind::Binary, sent.clone()).ok()?;
        } else if let Some(Event::Message { kind: Kind::Binary, data, .. }) = there {
            return (data == sent).then_some(());
        } else if quiet && here.is_none() && there.is_none() {
            return None;
        }
    }
}
