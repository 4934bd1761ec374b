//! What a hostile peer can make a whole connection hold, and strangers an endpoint: beside what the layers are measured for
//! themselves. `cargo xtask memory` prints it.

use crate::harness::{CLOCK, config};
use allocation_counter::{measure, opt_out};
use siskin_base::{BaseId, Ecn, Instant, Path, Received, Rng};
use siskin_peer::{
    ChannelConfig, Config, Endpoint, EndpointConfig, IceCandidateInit, PeerConnection, SessionDescription,
};
use siskin_sdp::Limits;
use std::net::SocketAddr;

const NOW: Instant = Instant::ZERO;

fn local() -> SocketAddr {
    ([10, 0, 0, 1], 1000).into()
}

/// The most bytes on the heap from the making of a connection that has offered a channel until the attack was over; `bound`
/// is for what the attack adds.
fn attack(what: &str, bounds: [usize; 2], attack: impl Fn(&mut PeerConnection, Limits)) {
    let mut held = [0, 0];
    let configs = [Config::new(siskin_crypto::rustcrypto()), Config::small(siskin_crypto::rustcrypto())];
    for ((config, held), bound) in configs.into_iter().zip(&mut held).zip(bounds) {
        let info = measure(|| {
            let mut config = config;
            config.clock = Some(CLOCK);
            let limits = config.sdp;
            let mut peer = PeerConnection::new(config, Rng::for_tests(1), NOW).unwrap();
            peer.add_base(NOW, BaseId(0), local());
            peer.create_data_channel(NOW, ChannelConfig::new("chat")).unwrap();
            peer.set_local_description(NOW, None).unwrap();
            attack(&mut peer, limits);
            while peer.poll_event().is_some() {}
        });
        *held = info.bytes_max as usize;
        assert!(*held <= bound + CONNECTION, "{what}: {held} bytes, where {bound} are allowed");
    }
    println!("memory: peer: {what}: {} {}", held[0], held[1]);
}

/// A connection with a certificate of its own, before it is connected.
const CONNECTION: usize = 40_000;

/// An answer, as another connection makes it.
fn answer(peer: &PeerConnection) -> SessionDescription {
    let mut answer = None;
    let offer = peer.local_description().unwrap();
    opt_out(|| {
        let mut other = PeerConnection::new(config(), Rng::for_tests(2), NOW).unwrap();
        other.set_remote_description(NOW, offer.clone()).unwrap();
        other.set_local_description(NOW, None).unwrap();
        answer = other.local_description();
        // More are to come.
        answer.iter_mut().for_each(|answer| answer.sdp = answer.sdp.replace("a=end-of-candidates\r\n", ""));
    });
    answer.unwrap()
}

#[test]
fn trickled_candidates() {
    let lists = |candidates: usize, pairs: usize| candidates * (2 * 4096 + 700) + pairs * 700;
    attack("3,000 trickled candidates of 4,000 bytes", [lists(100, 100), lists(12, 20)], |peer, _| {
        let answer = answer(peer);
        peer.set_remote_description(NOW, answer).unwrap();
        for n in 0..3_000_u32 {
            let address = SocketAddr::from(([10, 2, (n >> 8) as u8, n as u8], 5));
            let ip = address.ip();
            let candidate = format!("candidate:{n} 1 udp 1 {ip} 5 typ host x {}", "y".repeat(3_950));
            let init =
                IceCandidateInit { candidate, sdp_m_line_index: Some(0), ..IceCandidateInit::default() };
            peer.add_ice_candidate(NOW, Some(init)).unwrap();
        }
    });
}

/// The text, what is read in it while it is judged, and what is kept of it.
#[test]
fn descriptions() {
    let texts = [Limits::default(), Limits::small()].map(|limits| 3 * limits.bytes);
    let bounds = [5_200_000 + texts[0], 250_000 + texts[1]];
    attack("an answer as dear as its limits let it be", bounds, |peer, limits| {
        let mut answer = answer(peer);
        let items = limits.items - answer.sdp.matches([' ', ',', ';']).count() - 1;
        let attributes = limits.attributes.min(limits.lines - answer.sdp.lines().count() - 1) - 64;
        answer.sdp += &format!("a=simulcast:send z{}\r\n", ";z".repeat(items));
        answer.sdp += &"a=x\r\n".repeat(attributes);
        peer.set_remote_description(NOW, answer).unwrap();
    });
}

/// Datagrams of strangers, of every protocol, from everywhere.
#[test]
fn strangers() {
    let held = [EndpointConfig::default(), EndpointConfig::small()].map(|config| {
        let mut rng = Rng::for_tests(3);
        let mut endpoint = Endpoint::new(config, Rng::for_tests(1), NOW);
        endpoint.add_base(NOW, BaseId(0), local());
        let mut datagram = [0; 100];
        let held = measure(|| {
            for n in 0..20_000_u32 {
                rng.fill(&mut datagram);
                datagram[0] = [0, 1, 22, 63, 128][n as usize % 5];
                let remote = SocketAddr::from(([10, 3, (n >> 8) as u8, n as u8], 7));
                let path = Path::udp(BaseId(0), remote);
                let received = Received { path, arrived: NOW, ecn: Ecn::NotEct, datagram: &mut datagram };
                endpoint.handle_datagram(NOW, received);
            }
        });
        assert_eq!(endpoint.stats().datagrams_unroutable, 20_000);
        held.bytes_max
    });
    assert_eq!(held, [0, 0], "what is for nobody is not kept");
    println!(
        "memory: peer: 20,000 datagrams of strangers, for no connection of an endpoint: {} {}",
        held[0], held[1]
    );
}

#[test]
fn connections_of_an_endpoint() {
    let mut limits = EndpointConfig::small();
    limits.max_connections = 2;
    let mut endpoint = Endpoint::new(limits, Rng::for_tests(1), NOW);
    let first = endpoint.create(NOW, config()).unwrap();
    endpoint.create(NOW, config()).unwrap();
    endpoint.create(NOW, config()).unwrap_err();
    endpoint.remove(first).unwrap();
    endpoint.create(NOW, config()).unwrap();
}
