//! Two associations that exchange a message in memory.

use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_sctp::{Association, Config, Event, SendOptions};

/// `None` if they do not.
pub(super) fn echoes() -> Option<()> {
    let now = Instant::ZERO;
    let mut a = Association::new(Config::default(), Rng::for_tests(1), now).ok()?;
    let mut b = Association::new(Config::default(), Rng::for_tests(2), now).ok()?;
    a.connect(now).ok()?;
    b.connect(now).ok()?;
    let sent = Bytes::from_static(&[7; 5000]);
    a.send(now, 1, 51, sent.clone(), SendOptions::default()).ok()?;
    let path = Path::udp(BaseId(0), "192.0.2.1:1".parse().ok()?);
    let carry = |from: &mut Association, to: &mut Association| {
        let mut packet = Packet::new();
        packet.begin(0);
        let any = from.poll_transmit(now, &mut packet).is_some();
        if any {
            let datagram = packet.current_mut();
            to.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
        }
        any
    };
    while carry(&mut a, &mut b) | carry(&mut b, &mut a) {}
    while let Some(event) = b.poll_event() {
        if let Event::Message(message) = event {
            return (message.data == sent).then_some(());
        }
    }
    None
}
