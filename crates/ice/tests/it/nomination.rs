//! Which pair wins (RFC 8445 §8.1), and what other ways of nominating are tolerated.

use crate::at;
use crate::lab::{Lab, config};
use crate::ms;
use crate::puppet::{Puppet, host, is};
use siskin_base::{BaseId, Path};
use siskin_ice::{Role, State};
use siskin_netsim::Link;
use siskin_stun::wire::{Class, Message};

fn nominations(sent: &[(u64, Vec<u8>)]) -> Vec<u64> {
    let is_one = |bytes: &[u8]| Message::parse(bytes).unwrap().use_candidate();
    sent.iter().filter(|(_, bytes)| is_one(bytes)).map(|(at, _)| *at).collect()
}

#[test]
fn the_best_pair_is_nominated_at_once() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    puppet.answer(&sent[0].1);
    assert!(puppet.peer.agent.can_send(puppet.now), "data may flow before the nomination");
    let sent = puppet.run(10);
    assert_eq!(nominations(&sent), [0]);
    assert!(!puppet.peer.agent.pairs().next().unwrap().nominated);
    puppet.answer(&sent[0].1);
    assert!(puppet.peer.agent.pairs().next().unwrap().nominated);
    assert_eq!(nominations(&puppet.run(60_000)), [], "once and for all");
}

#[test]
fn a_better_pair_is_waited_for_shortly() {
    let mut puppet = Puppet::new(Role::Controlling);
    let mut worse = host("10.0.0.3:1000".parse().unwrap());
    worse.priority = 1;
    puppet.agent().add_remote_candidate(at(0), &worse).unwrap();
    let sent = puppet.run(20);
    assert_eq!(sent.len(), 2);
    let worse = Path::udp(BaseId(0), "10.0.0.3:1000".parse().unwrap());
    puppet.deliver(worse, &crate::puppet::success(&sent[1].1, crate::puppet::PASSWORD));
    assert_eq!(puppet.peer.agent.selected_path(), Some(worse));
    let sent = puppet.run(1_000);
    assert_eq!(nominations(&sent), [120, 620]);
    // The better pair comes too late: the nomination stands.
    let first = puppet.peer.sent[0].2.clone();
    puppet.answer(&first);
    let nominating = sent.iter().find(|(at, _)| *at == 120).unwrap();
    puppet.deliver(worse, &crate::puppet::success(&nominating.1, crate::puppet::PASSWORD));
    assert_eq!(puppet.peer.agent.selected_path(), Some(worse));
}

#[test]
fn a_nomination_that_fails_leaves_room_for_another() {
    let mut puppet = Puppet::new(Role::Controlling);
    let mut worse = host("10.0.0.3:1000".parse().unwrap());
    worse.priority = 1;
    puppet.agent().add_remote_candidate(at(0), &worse).unwrap();
    let sent = puppet.run(0);
    let worse = Path::udp(BaseId(0), "10.0.0.3:1000".parse().unwrap());
    puppet.answer(&sent[0].1);
    puppet.deliver(worse, &crate::puppet::success(&sent[1].1, crate::puppet::PASSWORD));
    let sent = puppet.run(0);
    assert_eq!(nominations(&sent), [0]);
    let path = puppet.path;
    let refused = crate::puppet::error(
        &sent[0].1,
        siskin_stun::wire::ErrorCode::BAD_REQUEST,
        Some(crate::puppet::PASSWORD),
    );
    puppet.deliver(path, &refused);
    let sent = puppet.run(0);
    assert_eq!(nominations(&sent), [0]);
    puppet.deliver(worse, &crate::puppet::success(&sent[0].1, crate::puppet::PASSWORD));
    assert_eq!(puppet.peer.agent.selected_path(), Some(worse));
}

#[test]
fn aggressive_nomination_settles_on_the_best_pair() {
    let mut puppet = Puppet::new(Role::Controlled);
    let mut worse = host("10.0.0.3:1000".parse().unwrap());
    worse.priority = 1;
    puppet.agent().add_remote_candidate(at(0), &worse).unwrap();
    let sent = puppet.run(0);
    let worse = Path::udp(BaseId(0), "10.0.0.3:1000".parse().unwrap());
    // USE-CANDIDATE in the very first check, on every pair, as Chromium does; the worse one is faster.
    let check = puppet.check(|check| check.ice_controlling(1).use_candidate());
    puppet.deliver(worse, &check);
    puppet.deliver(worse, &crate::puppet::success(&sent[1].1, crate::puppet::PASSWORD));
    assert_eq!(puppet.peer.agent.selected_path(), Some(worse));
    puppet.send_check(|check| check.ice_controlling(1).use_candidate());
    let sent = puppet.run(100);
    let checks: Vec<_> = sent.iter().filter(|(_, bytes)| is(bytes, Class::Request)).collect();
    assert!(!checks.is_empty());
    checks.iter().for_each(|(_, bytes)| puppet.answer(bytes));
    assert_eq!(puppet.peer.agent.selected_path(), Some(puppet.path));
    let nominated = puppet.peer.agent.pairs().filter(|pair| pair.nominated).count();
    assert_eq!(nominated, 2);
}

#[test]
fn renomination_follows_the_counter() {
    let mut puppet = Puppet::new(Role::Controlled);
    let mut worse = host("10.0.0.3:1000".parse().unwrap());
    worse.priority = 1;
    puppet.agent().add_remote_candidate(at(0), &worse).unwrap();
    let sent = puppet.run(0);
    let (better, worse) = (puppet.path, Path::udp(BaseId(0), "10.0.0.3:1000".parse().unwrap()));
    puppet.answer(&sent[0].1);
    puppet.deliver(worse, &crate::puppet::success(&sent[1].1, crate::puppet::PASSWORD));
    for (counter, path) in [(1, better), (2, worse), (3, better), (4, worse)] {
        let check = puppet.check(|check| check.ice_controlling(1).use_candidate().nomination(counter));
        puppet.deliver(path, &check);
        puppet.run(0);
        assert_eq!(puppet.peer.agent.selected_path(), Some(path), "{counter}");
    }
}

#[test]
fn after_the_nomination_other_pairs_are_answered_but_not_checked() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    let other = Path::udp(BaseId(0), "10.0.0.9:1000".parse().unwrap());
    for round in 1..=5 {
        let check = puppet.check(|check| check.ice_controlling(1));
        puppet.deliver(other, &check);
        let sent = puppet.run(round * 100);
        assert_eq!(sent.len(), 1);
        assert!(is(&sent[0].1, Class::Success));
    }
    let late = host("10.0.0.10:1000".parse().unwrap());
    let now = puppet.now;
    puppet.agent().add_remote_candidate(now, &late).unwrap();
    assert_eq!(puppet.run(3_000), []);
}

#[test]
fn a_controlling_peer_may_move_away_from_a_dead_pair() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    puppet.run(11_000);
    assert_eq!(puppet.peer.agent.state(), State::Disconnected);
    let other = Path::udp(BaseId(0), "10.0.0.9:1000".parse().unwrap());
    let check = puppet.check(|check| check.ice_controlling(1).use_candidate());
    puppet.deliver(other, &check);
    let sent = puppet.run(11_000);
    let request = sent.iter().find(|(_, bytes)| is(bytes, Class::Request)).unwrap();
    puppet.deliver(other, &crate::puppet::success(&request.1, crate::puppet::PASSWORD));
    assert_eq!(puppet.peer.agent.selected_path(), Some(other));
    assert_eq!(puppet.peer.agent.state(), State::Connected);
}

#[test]
fn both_ends_use_one_pair_among_many() {
    let on_a = ["10.0.0.1:1000", "10.0.1.1:1000", "[2001:db8::1]:1000", "[fe80::1]:1000"];
    let on_b = ["10.0.0.2:1000", "[2001:db8::2]:1000", "[fe80::2]:1000", "10.0.1.2:1000"];
    for seed in 0..50 {
        let link = Link::new(ms(20)).jitter(ms(20)).loss(0.1);
        let mut lab = Lab::with(seed, link, config(), config(), &on_a, &on_b);
        lab.signal();
        lab.signal_end();
        lab.run(20_000);
        assert!(lab.is_connected(), "{seed}");
        let (a, b) = (lab.a.agent.selected_path().unwrap(), lab.b.agent.selected_path().unwrap());
        let address = |texts: &[&str], base: BaseId| texts[base.0 as usize].parse().unwrap();
        assert_eq!(a.remote, address(&on_b, b.base), "{seed}");
        assert_eq!(b.remote, address(&on_a, a.base), "{seed}");
        assert!(lab.a.states().contains(&State::Completed) && lab.b.states().contains(&State::Completed));
    }
}
