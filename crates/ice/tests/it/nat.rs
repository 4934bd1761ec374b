//! Through translators (RFC 4787), with candidates that only checks reveal.

use crate::lab::{Lab, Peer, StunServer, add_bases, config};
use crate::{at, ms};
use siskin_base::{BaseId, CandidateKind, Rng};
use siskin_ice::{RemoteKind, Role};
use siskin_netsim::{Behaviour, Link, Nat, Network};

/// The example of RFC 8445 §15: L behind a NAT with independent mapping and address-and-port-dependent filtering, R in
/// the open, a STUN server. L initiates and controls.
#[test]
fn rfc8445_15_the_worked_example() {
    let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)));
    let nat = Nat::new(
        "192.0.2.3".parse().unwrap(),
        Behaviour::EndpointIndependent,
        Behaviour::AddressAndPortDependent,
    );
    let nat = network.add_nat(nat);
    let (mut l, mut r, mut server) = (Peer::new(config(), 1), Peer::new(config(), 2), StunServer::new(true));
    let bases = add_bases(&mut l, &["10.0.1.1:8998"]);
    network.add_host_behind(nat, &bases);
    let bases = add_bases(&mut r, &["192.0.2.1:3478"]);
    network.add_host(&bases);
    network.add_host(&[(BaseId(0), "192.0.2.2:3478".parse().unwrap())]);
    let stun = "192.0.2.2:3478".parse().unwrap();
    l.agent.set_role(at(0), Role::Controlling);
    for peer in [&mut l, &mut r] {
        peer.agent.add_stun_server(at(0), stun).unwrap();
        peer.agent.finish_gathering(at(0));
    }
    network.run(&mut [&mut l, &mut r, &mut server], at(100));
    let [of_l, of_r] = [l.candidates(), r.candidates()];
    assert_eq!(of_l.iter().map(|c| c.priority).collect::<Vec<_>>(), [2_130_706_431, 1_694_498_815]);
    assert_eq!(of_r.iter().map(|c| c.priority).collect::<Vec<_>>(), [2_130_706_431]);

    // The offer reaches R first; its check runs into the NAT. Then the answer reaches L.
    let now = network.now();
    r.agent.set_remote_credentials(now, l.agent.local_credentials().clone(), RemoteKind::default()).unwrap();
    of_l.iter().for_each(|candidate| r.agent.add_remote_candidate(now, candidate).unwrap());
    network.run(&mut [&mut l, &mut r, &mut server], at(200));
    assert!(!r.agent.can_send(network.now()), "the NAT lets nothing in");
    let now = network.now();
    l.agent.set_remote_credentials(now, r.agent.local_credentials().clone(), RemoteKind::default()).unwrap();
    of_r.iter().for_each(|candidate| l.agent.add_remote_candidate(now, candidate).unwrap());
    network.run(&mut [&mut l, &mut r, &mut server], at(1_000));
    let now = network.now();
    assert!(l.agent.can_send(now) && r.agent.can_send(now));

    // Message 9 onwards: L's check works at once; R's triggered check goes to L's reflexive candidate.
    let pair = l.agent.pairs().find(|pair| pair.selected).unwrap();
    assert!(pair.nominated);
    assert_eq!(pair.local.unwrap().kind, CandidateKind::ServerReflexive, "the valid pair's local end");
    assert_eq!(l.agent.pairs().count(), 1, "pairs of reflexive candidates are replaced by their base's");
    let pair = r.agent.pairs().find(|pair| pair.selected).unwrap();
    assert_eq!(pair.remote.unwrap().kind, CandidateKind::ServerReflexive);
    assert_eq!(pair.path.remote, of_l[1].socket_addr().unwrap());
}

#[test]
fn one_end_behind_any_nat_needs_no_server() {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    for mapping in [EndpointIndependent, AddressDependent, AddressAndPortDependent] {
        for filtering in [EndpointIndependent, AddressDependent, AddressAndPortDependent] {
            for controlling_inside in [true, false] {
                let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)));
                let nat = network.add_nat(Nat::new("192.0.2.3".parse().unwrap(), mapping, filtering));
                let (mut a, mut b) = (Peer::new(config(), 1), Peer::new(config(), 2));
                let bases = add_bases(&mut a, &["10.0.1.1:1000"]);
                network.add_host_behind(nat, &bases);
                let bases = add_bases(&mut b, &["192.0.2.1:1000"]);
                network.add_host(&bases);
                let roles = [Role::Controlling, Role::Controlled];
                a.agent.set_role(at(0), roles[usize::from(!controlling_inside)]);
                b.agent.set_role(at(0), roles[usize::from(controlling_inside)]);
                let mut lab = Lab { network, a, b };
                lab.signal();
                lab.run(2_000);
                assert!(lab.is_connected(), "{mapping:?} {filtering:?} {controlling_inside}");
                let seen = lab.b.agent.pairs().find(|pair| pair.selected).unwrap().remote.unwrap().clone();
                assert_eq!(seen.kind, CandidateKind::PeerReflexive);
                let own = lab.a.agent.pairs().find(|pair| pair.selected).unwrap().local.unwrap().clone();
                assert_eq!(own.kind, CandidateKind::PeerReflexive, "a learns its outer address from b");
                assert!(lab.a.agent.accepts_data_from(&lab.a.agent.selected_path().unwrap()));
            }
        }
    }
}

#[test]
fn two_friendly_nats_need_a_server_only() {
    use Behaviour::{AddressAndPortDependent, EndpointIndependent};
    let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)));
    let (mut a, mut b, mut server) = (Peer::new(config(), 1), Peer::new(config(), 2), StunServer::new(true));
    for (peer, (outer, inner)) in
        [&mut a, &mut b].into_iter().zip([("192.0.2.3", "10.0.1.1:1000"), ("192.0.2.4", "10.0.2.1:1000")])
    {
        let nat = Nat::new(outer.parse().unwrap(), EndpointIndependent, AddressAndPortDependent);
        let nat = network.add_nat(nat);
        let bases = add_bases(peer, &[inner]);
        network.add_host_behind(nat, &bases);
        peer.agent.add_stun_server(at(0), "192.0.2.2:3478".parse().unwrap()).unwrap();
    }
    network.add_host(&[(BaseId(0), "192.0.2.2:3478".parse().unwrap())]);
    a.agent.set_role(at(0), Role::Controlling);
    network.run(&mut [&mut a, &mut b, &mut server], at(100));
    let mut lab = Lab { network, a, b };
    lab.signal();
    let Lab { network, a, b } = &mut lab;
    network.run(&mut [a, b, &mut server], at(3_000));
    assert!(lab.is_connected());
}
