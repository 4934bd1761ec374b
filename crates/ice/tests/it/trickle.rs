//! Candidates in any order and of any kind (RFC 8838), and patience (RFC 8863).

use crate::lab::{Lab, config};
use crate::puppet::{Puppet, host};
use crate::{at, ms};
use siskin_base::{CandidateAddress, CandidateKind, CandidateTransport, TcpType};
use siskin_ice::{Misuse, Role, State};
use siskin_netsim::Link;

#[test]
fn checks_before_the_answer_count() {
    // The answerer has everything, the offerer not even the credentials yet.
    let mut lab = Lab::new(1, Link::new(ms(10)));
    lab.a.drain(at(0));
    let (a, b) = (lab.a.agent.local_credentials().clone(), lab.b.agent.local_credentials().clone());
    lab.b.agent.set_remote_credentials(at(0), a, Default::default()).unwrap();
    for candidate in lab.a.candidates() {
        lab.b.agent.add_remote_candidate(at(0), &candidate).unwrap();
    }
    lab.run(100);
    assert!(lab.b.agent.can_send(at(100)), "a answers without knowing b");
    assert_eq!(lab.a.agent.state(), State::New);
    lab.a.agent.set_remote_credentials(at(100), b, Default::default()).unwrap();
    lab.run(200);
    assert!(lab.is_connected(), "no candidate of b was ever signalled");
    assert_eq!(lab.a.agent.remote_candidates().next().unwrap().kind, CandidateKind::PeerReflexive);
}

#[test]
fn an_unresolved_name_is_no_failure() {
    let mut lab = Lab::new(1, Link::new(ms(10)));
    lab.signal_credentials();
    let mut hidden = host("10.0.0.2:1000".parse().unwrap());
    hidden.address = CandidateAddress::Name("1f4712db-ea17-4bcf-a596-105139dfd8bf.local".into());
    lab.a.agent.add_remote_candidate(at(0), &hidden).unwrap();
    lab.a.agent.set_remote_end_of_candidates(at(0));
    lab.run(10_000);
    assert_eq!(lab.a.agent.state(), State::Checking);
    lab.b.agent.add_remote_candidate(at(10_000), &host("10.0.0.1:1000".parse().unwrap())).unwrap();
    lab.run(10_100);
    assert!(lab.is_connected());
}

#[test]
fn what_cannot_be_used_is_ignored() {
    let mut puppet = Puppet::new(Role::Controlling);
    let base = host("10.0.0.5:1000".parse().unwrap());
    let mut bad = vec![base.clone(); 7];
    bad[0].transport = CandidateTransport::Tcp;
    bad[0].tcp_type = Some(TcpType::Active);
    bad[0].port = 9;
    bad[1].component = 2;
    bad[2].port = 0;
    bad[3].address = CandidateAddress::Ip("224.0.0.251".parse().unwrap());
    bad[4].address = CandidateAddress::Ip("255.255.255.255".parse().unwrap());
    bad[5].transport = CandidateTransport::Other("sctp".into());
    bad[6].extensions.push(("ufrag".into(), "another".into()));
    for candidate in &bad {
        assert_eq!(puppet.agent().add_remote_candidate(at(0), candidate), Ok(()));
    }
    assert_eq!(puppet.agent().remote_candidates().count(), 1);
    assert_eq!(puppet.agent().stats().remote_candidates_ignored, 7);
    let mut good = base;
    good.extensions.push(("ufrag".into(), crate::puppet::UFRAG.into()));
    puppet.agent().add_remote_candidate(at(0), &good).unwrap();
    puppet.agent().add_remote_candidate(at(0), &good).unwrap();
    assert_eq!(puppet.agent().pairs().count(), 2);
}

#[test]
fn rfc8863_4_patience() {
    // No candidate at all, and nothing to come: still not failed before 39.5 s.
    let mut puppet = Puppet::stranger(config(), Role::Controlled);
    puppet.introduce();
    puppet.agent().set_remote_end_of_candidates(at(0));
    puppet.agent().finish_gathering(at(0));
    puppet.run(39_499);
    assert_eq!(puppet.agent().state(), State::Checking);
    puppet.run(39_500);
    assert_eq!(puppet.agent().state(), State::Failed);
    // A late check revives it.
    puppet.send_check(|check| check.ice_controlling(1));
    let now = puppet.now.as_millis();
    let sent = puppet.run(now);
    assert_eq!(puppet.answer_all(&sent), 1);
    assert_eq!(puppet.agent().state(), State::Connected);
}

#[test]
fn rfc8838_11_a_signalled_candidate_replaces_the_learned_one() {
    let mut puppet = Puppet::stranger(config(), Role::Controlled);
    puppet.introduce();
    puppet.send_check(|check| check.ice_controlling(1));
    let priority = puppet.agent().pairs().next().unwrap().priority;
    let signalled = host("10.0.0.2:1000".parse().unwrap());
    puppet.agent().add_remote_candidate(at(0), &signalled).unwrap();
    assert_eq!(puppet.agent().remote_candidates().collect::<Vec<_>>(), [&signalled]);
    let pairs: Vec<_> = puppet.agent().pairs().map(|pair| pair.priority).collect();
    assert_eq!(pairs.len(), 1);
    assert!(pairs[0] > priority);
}

#[test]
fn credentials_change_by_restart_only() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.introduce();
    let other = siskin_ice::Credentials::new("other", crate::puppet::PASSWORD).unwrap();
    let refused = puppet.agent().set_remote_credentials(at(0), other.clone(), Default::default());
    assert_eq!(refused, Err(Misuse::RestartRequired));
    puppet.agent().restart(at(0)).unwrap();
    puppet.agent().set_remote_credentials(at(0), other, Default::default()).unwrap();
    puppet.agent().close(at(0));
    assert_eq!(puppet.run(100_000), []);
    assert_eq!(puppet.agent().state(), State::Closed);
    assert_eq!(puppet.agent().restart(at(0)), Err(Misuse::Closed));
}
