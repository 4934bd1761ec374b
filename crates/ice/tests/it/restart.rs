//! ICE restart (RFC 8445 §9), with data flowing on.

use crate::lab::Lab;
use crate::puppet::{Puppet, host, is};
use crate::{at, ms};
use siskin_ice::{Event, Role, State};
use siskin_netsim::Link;
use siskin_stun::wire::{Class, Message};

#[test]
fn data_flows_on_until_the_new_pair_is_there() {
    for seed in 0..20 {
        let mut lab = Lab::new(seed, Link::new(ms(20)).loss(0.1));
        lab.signal();
        lab.run(5_000);
        assert!(lab.is_connected());
        let before = lab.a.agent.local_credentials().clone();
        let role = lab.a.agent.role();
        for _ in 0..3 {
            let now = lab.network.now();
            // The offerer restarts first; the answerer when the offer arrives.
            lab.a.agent.restart(now).unwrap();
            assert!(lab.a.agent.can_send(now), "the old pair carries data");
            lab.run(now.as_millis() + 300);
            assert!(lab.is_connected());
            let now = lab.network.now();
            lab.b.agent.restart(now).unwrap();
            lab.a.events.clear();
            lab.b.events.clear();
            lab.signal();
            let end = lab.network.now().as_millis() + 8_000;
            lab.run(end);
            assert!(lab.is_connected(), "{seed}");
            for peer in [&lab.a, &lab.b] {
                assert!(peer.events.iter().any(|(_, event)| matches!(event, Event::SelectedPair { .. })));
                assert!(!peer.states().contains(&State::Failed));
                assert!(peer.agent.pairs().any(|pair| pair.nominated), "{seed}");
            }
        }
        assert_ne!(before, *lab.a.agent.local_credentials());
        assert_eq!(lab.a.agent.role(), role, "a restart keeps the roles");
    }
}

/// Found by `ice_ops`: the whole list of the session before showed, beyond the limit on pairs.
#[test]
fn of_the_session_before_only_the_pair_in_use_shows() {
    let mut lab = Lab::new(1, Link::new(ms(20)));
    for last in 10..30 {
        lab.a.agent.add_remote_candidate(at(0), &host(([10, 0, 9, last], 9).into())).unwrap();
    }
    lab.signal();
    lab.run(5_000);
    assert!(lab.a.agent.pairs().count() > 20);
    let selected = lab.a.agent.pairs().find(|pair| pair.selected).unwrap().id;
    let now = lab.network.now();
    lab.a.agent.restart(now).unwrap();
    let left: Vec<_> = lab.a.agent.pairs().map(|pair| pair.id).collect();
    assert_eq!(left, [selected]);
}

#[test]
fn rfc7675_5_1_consent_goes_on_during_a_restart() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.connect();
    let old_key = puppet.agent_key();
    puppet.run(100);
    let now = puppet.now;
    puppet.agent().restart(now).unwrap();
    let sent = puppet.run(20_000);
    assert!(sent.len() >= 3);
    assert!(sent.iter().all(|(_, bytes)| is(bytes, Class::Request)));
    puppet.answer(&sent.last().unwrap().1);
    puppet.run(45_000);
    assert!(puppet.peer.agent.can_send(puppet.now));
    puppet.run(60_000);
    assert!(!puppet.peer.agent.can_send(puppet.now), "and it ends as ever");
    drop(old_key);
}

#[test]
fn checks_of_the_old_session_are_answered_with_the_old_password() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    let old_key = puppet.agent_key();
    let check = puppet.check(|check| check.ice_controlling(1));
    let now = puppet.now;
    puppet.agent().restart(now).unwrap();
    let path = puppet.path;
    puppet.deliver(path, &check);
    let sent = puppet.run(0);
    assert!(Message::parse(&sent[0].1).unwrap().verify(&old_key));
    // Once the new session has a pair, the old credentials are gone.
    puppet.introduce();
    puppet.agent().add_remote_candidate(now, &host("10.0.0.2:1000".parse().unwrap())).unwrap();
    puppet.connect();
    puppet.deliver(path, &check);
    let sent = puppet.run(0);
    let response = Message::parse(&sent[0].1).unwrap();
    assert_eq!(response.class(), Class::Error);
    assert!(!response.has_integrity());
}

#[test]
fn a_restart_after_failure_connects_again() {
    let mut lab = Lab::new(1, Link::new(ms(20)));
    lab.signal();
    lab.run(1_000);
    lab.network.set_link(0, 1, Link::new(ms(20)).loss(1.0));
    lab.network.set_link(1, 0, Link::new(ms(20)).loss(1.0));
    lab.run(60_000);
    assert_eq!([lab.a.agent.state(), lab.b.agent.state()], [State::Failed; 2]);
    lab.network.set_link(0, 1, Link::new(ms(20)));
    lab.network.set_link(1, 0, Link::new(ms(20)));
    lab.run(70_000);
    assert_eq!(lab.a.agent.state(), State::Failed, "not without a restart");
    let now = lab.network.now();
    for peer in [&mut lab.a, &mut lab.b] {
        peer.agent.restart(now).unwrap();
        peer.events.clear();
    }
    lab.signal();
    lab.run(71_000);
    assert!(lab.is_connected());
    assert!(lab.connected_at() < at(71_000));
}
