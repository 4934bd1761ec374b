//! Host and server-reflexive candidates (RFC 8445 §5.1.1).

use crate::at;
use crate::lab::{Peer, StunServer, add_bases, config};
use crate::ms;
use siskin_base::{BaseId, CandidateAddress, CandidateKind, Instant, Rng};
use siskin_ice::{Event, GatheringState, Misuse, Role};
use siskin_netsim::{Behaviour, Link, Nat, Network};

fn behind_nat(bases: &[&str]) -> (Network, Peer) {
    let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)));
    let independent = Behaviour::EndpointIndependent;
    let nat = network.add_nat(Nat::new("192.0.2.3".parse().unwrap(), independent, independent));
    let mut peer = Peer::new(config(), 1);
    let bases = add_bases(&mut peer, bases);
    network.add_host_behind(nat, &bases);
    network.add_host(&[(BaseId(0), "192.0.2.2:3478".parse().unwrap())]);
    (network, peer)
}

#[test]
fn a_server_tells_the_address_outside() {
    let (mut network, mut peer) = behind_nat(&["10.0.1.1:8998", "10.0.1.2:8998"]);
    let mut server = StunServer::new(true);
    peer.agent.add_stun_server(at(0), "192.0.2.2:3478".parse().unwrap()).unwrap();
    assert_eq!(peer.agent.gathering_state(), GatheringState::Gathering);
    peer.agent.finish_gathering(at(0));
    network.run(&mut [&mut peer, &mut server], at(1_000));
    let candidates = peer.candidates();
    assert_eq!(candidates.len(), 4);
    assert_eq!(candidates[0].priority, 2_130_706_431);
    for (candidate, base) in candidates[2..].iter().zip(["10.0.1.1", "10.0.1.2"]) {
        assert_eq!(candidate.kind, CandidateKind::ServerReflexive);
        assert_eq!(candidate.address, CandidateAddress::Ip("192.0.2.3".parse().unwrap()));
        assert_eq!(candidate.related, Some((CandidateAddress::Ip(base.parse().unwrap()), 8998)));
    }
    assert_eq!(candidates[2].priority, 1_694_498_815);
    let foundations: Vec<_> = candidates.iter().map(|candidate| candidate.foundation.as_str()).collect();
    assert_eq!(foundations, ["1", "2", "3", "4"]);
    assert_eq!(peer.events.last().unwrap(), &(at(20), Event::GatheringComplete));
    assert_eq!(peer.agent.gathering_state(), GatheringState::Complete);
    // RFC 8445 §5.1.1.4: the mapping is kept while it may be needed.
    network.run(&mut [&mut peer, &mut server], at(46_000));
    assert_eq!(server.asked, 2 * 4);
}

#[test]
fn rfc8445_5_1_3_without_a_nat_the_reflexive_candidate_is_redundant() {
    let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)));
    let (mut peer, mut server) = (Peer::new(config(), 1), StunServer::new(true));
    let bases = add_bases(&mut peer, &["192.0.2.9:1000", "[2001:db8::9]:1000"]);
    network.add_host(&bases);
    network.add_host(&[
        (BaseId(0), "192.0.2.2:3478".parse().unwrap()),
        (BaseId(1), "[2001:db8::2]:3478".parse().unwrap()),
    ]);
    for address in ["192.0.2.2:3478", "[2001:db8::2]:3478"] {
        peer.agent.add_stun_server(at(0), address.parse().unwrap()).unwrap();
    }
    peer.agent.finish_gathering(at(0));
    network.run(&mut [&mut peer, &mut server], at(1_000));
    assert_eq!(server.asked, 2, "each family its own server");
    assert_eq!(peer.candidates().len(), 2);
    assert_eq!(peer.agent.gathering_state(), GatheringState::Complete);
}

#[test]
fn a_deaf_server_holds_nobody_up_for_long() {
    let (mut network, mut peer) = behind_nat(&["10.0.1.1:8998"]);
    let mut server = StunServer::new(false);
    peer.agent.add_stun_server(at(0), "192.0.2.2:3478".parse().unwrap()).unwrap();
    peer.agent.finish_gathering(at(0));
    network.run(&mut [&mut peer, &mut server], at(60_000));
    assert_eq!(server.asked, 4, "at 0, 500, 1500 and 3500 ms");
    assert_eq!(peer.events.last().unwrap(), &(at(5_000), Event::GatheringComplete));
    assert_eq!(peer.agent.poll_timeout(), None);
}

#[test]
fn bases_come_and_go() {
    let mut peer = Peer::new(config(), 1);
    let agent = &mut peer.agent;
    let address = "10.0.0.1:1".parse().unwrap();
    assert_eq!(agent.gathering_state(), GatheringState::New);
    assert_eq!(
        agent.add_local_base(at(0), BaseId(1), "0.0.0.0:1".parse().unwrap(), 0),
        Err(Misuse::BadAddress)
    );
    assert_eq!(agent.add_local_base(at(0), BaseId(1), address, 0), Ok(()));
    assert_eq!(agent.add_local_base(at(0), BaseId(1), address, 0), Err(Misuse::DuplicateBase));
    assert_eq!(agent.remove_local_base(at(0), BaseId(2)), Err(Misuse::UnknownBase));
    assert_eq!(agent.remove_local_base(at(0), BaseId(1)), Ok(()));
    assert_eq!(agent.local_candidates().count(), 0);
    for index in 0..32 {
        assert_eq!(agent.add_local_base(at(0), BaseId(index), address, 0), Ok(()));
    }
    assert_eq!(agent.add_local_base(at(0), BaseId(99), address, 0), Err(Misuse::LimitReached));
    agent.set_role(at(0), Role::Controlling);
    agent.close(Instant::ZERO);
    assert_eq!(agent.add_local_base(at(0), BaseId(99), address, 0), Err(Misuse::Closed));
}

#[test]
fn the_other_base_takes_over_when_the_one_in_use_goes() {
    let mut lab = crate::lab::Lab::with(
        3,
        Link::new(ms(5)),
        config(),
        config(),
        &["10.0.0.1:1000", "10.0.1.1:1000"],
        &["10.0.0.2:1000"],
    );
    lab.signal();
    lab.run(6_000);
    let path = lab.a.agent.selected_path().unwrap();
    lab.network.remove_socket(0, path.base);
    lab.a.agent.remove_local_base(at(6_000), path.base).unwrap();
    assert!(lab.a.agent.selected_path().is_none_or(|now| now.base != path.base));
    assert!(lab.a.agent.pairs().all(|pair| pair.path.base != path.base));
    lab.run(6_100);
    assert!(lab.is_connected());
    let (a, b) = (lab.a.agent.selected_path().unwrap(), lab.b.agent.selected_path().unwrap());
    assert_ne!(a.base, path.base);
    assert_eq!(b.remote, "10.0.1.1:1000".parse().unwrap(), "b follows");
}
