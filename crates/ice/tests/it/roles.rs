//! Role conflicts (RFC 8445 §7.3.1.1, §7.2.5.1).

use crate::lab::Lab;
use crate::puppet::{PASSWORD, Puppet, error, is};
use crate::{at, ms};
use siskin_ice::{Event, Role};
use siskin_netsim::Link;
use siskin_stun::wire::{Class, ErrorCode, Message};

#[test]
fn two_agents_in_one_role_agree() {
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 0..20 {
            let mut lab = Lab::new(seed, Link::new(ms(5)));
            lab.a.agent.set_role(at(0), role);
            lab.b.agent.set_role(at(0), role);
            lab.signal();
            lab.run(2_000);
            assert!(lab.is_connected(), "{role:?} {seed}");
            assert_ne!(lab.a.agent.role(), lab.b.agent.role(), "{role:?} {seed}");
            assert!(lab.a.agent.pairs().any(|pair| pair.nominated), "{role:?} {seed}");
            assert!(lab.b.agent.pairs().any(|pair| pair.nominated), "{role:?} {seed}");
            let changes = |peer: &crate::lab::Peer| {
                peer.events.iter().filter(|(_, event)| matches!(event, Event::RoleChange(_))).count()
            };
            assert_eq!(changes(&lab.a) + changes(&lab.b), 1, "{role:?} {seed}");
        }
    }
}

fn conflict(role: Role, theirs: u64) -> (Puppet, Option<ErrorCode>) {
    let mut puppet = Puppet::new(role);
    puppet.run(0);
    match role {
        Role::Controlling => puppet.send_check(|check| check.ice_controlling(theirs)),
        Role::Controlled => puppet.send_check(|check| check.ice_controlled(theirs)),
    }
    let sent = puppet.run(0);
    let response = sent.iter().find(|(_, bytes)| !is(bytes, Class::Request)).unwrap();
    let response = Message::parse(&response.1).unwrap();
    assert!(response.verify(&puppet.agent_key()));
    let code = response.error().map(|error| error.code);
    (puppet, code)
}

#[test]
fn rfc8445_7_3_1_1_the_larger_tie_breaker_controls() {
    let (puppet, code) = conflict(Role::Controlling, 0);
    assert_eq!((puppet.peer.agent.role(), code), (Role::Controlling, Some(ErrorCode::ROLE_CONFLICT)));
    let (puppet, code) = conflict(Role::Controlling, u64::MAX);
    assert_eq!((puppet.peer.agent.role(), code), (Role::Controlled, None));
    let (puppet, code) = conflict(Role::Controlled, u64::MAX);
    assert_eq!((puppet.peer.agent.role(), code), (Role::Controlled, Some(ErrorCode::ROLE_CONFLICT)));
    let (puppet, code) = conflict(Role::Controlled, 0);
    assert_eq!((puppet.peer.agent.role(), code), (Role::Controlling, None));
}

#[test]
fn rfc8445_7_2_5_1_a_487_changes_role_and_tie_breaker() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut puppet = Puppet::new(role);
        let first = puppet.run(0);
        let path = puppet.path;
        let tie_breaker = |bytes: &[u8]| {
            let message = Message::parse(bytes).unwrap();
            (message.ice_controlling(), message.ice_controlled())
        };
        puppet.deliver(path, &error(&first[0].1, ErrorCode::ROLE_CONFLICT, None));
        assert_eq!(puppet.peer.agent.role(), role, "not from a stranger");
        puppet.deliver(path, &error(&first[0].1, ErrorCode::ROLE_CONFLICT, Some(PASSWORD)));
        assert_ne!(puppet.peer.agent.role(), role);
        let second = puppet.run(0);
        let (before, after) = (tie_breaker(&first[0].1), tie_breaker(&second[0].1));
        assert_eq!((before.0.is_some(), before.1.is_some()), (after.1.is_some(), after.0.is_some()));
        assert_ne!(before.0.or(before.1), after.0.or(after.1));
        puppet.answer(&second[0].1);
        assert!(puppet.peer.agent.can_send(puppet.now));
    }
}
