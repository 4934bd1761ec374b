//! Properties of `siskin-datachannel`.

use bytes::Bytes;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, SetupRole};
use siskin_datachannel::wire::Dcep;
use siskin_datachannel::{Channels, Config, Event};
use siskin_sctp::{Association, SendOptions};

/// The input is a DCEP message. One that can be read is written as the same bytes. A peer that gets it either opens a
/// channel or counts a drop, and never does anything else.
pub fn datachannel_dcep(input: &[u8]) {
    let parsed = Dcep::parse(input);
    if let Ok(message) = parsed {
        let mut out = Vec::new();
        message.write(&mut out).expect("it came in a message");
        assert_eq!(out, input);
    }
    let now = Instant::ZERO;
    let end = |seed| {
        Association::new(siskin_sctp::Config::default(), Rng::for_tests(seed), now).expect("a sound config")
    };
    let (mut peer, mut channels) = (end(1), Channels::new(Config::small(), end(2)));
    let (for_peer, for_us) = (channels.association().local_init(), peer.local_init());
    peer.start(now, &for_peer).expect("fresh");
    channels.association_mut().start(now, &for_us).expect("fresh");
    channels.set_role(now, SetupRole::Active);
    if peer.send(now, 1, 50, Bytes::copy_from_slice(input), SendOptions::default()).is_err() {
        return; // empty, or too long
    }
    let path = Path::udp(BaseId(0), ([192, 0, 2, 1], 1).into());
    let mut out = Packet::new();
    for _ in 0..300 {
        out.begin(0);
        while peer.poll_transmit(now, &mut out).is_some() {
            let datagram = out.current_mut();
            channels.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
            out.begin(0);
        }
        while channels.poll_transmit(now, &mut out).is_some() {
            let datagram = out.current_mut();
            peer.handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
            out.begin(0);
        }
    }
    let mut incoming = 0;
    while let Some(event) = channels.poll_event(now) {
        match event {
            Event::Connected => {}
            Event::Incoming(id) => {
                let config = channels.channel_config(id).expect("it is open");
                let Ok(Dcep::Open(open)) = parsed else { panic!("a channel out of nothing") };
                assert_eq!(config.label.as_bytes(), String::from_utf8_lossy(open.label).as_bytes());
                incoming += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(incoming + channels.dropped(), 1);
}
