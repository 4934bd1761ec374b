//! Rules that a second reading of the RFCs found broken.

use crate::at;
use crate::lab::config;
use crate::puppet::{PASSWORD, Puppet, UFRAG, host, is};
use siskin_base::{BaseId, CandidateKind, Path};
use siskin_ice::{Config, Misuse, PairState, Role};
use siskin_stun::wire::{AttributeType, Builder, Class, Message, Method, TransactionId};

fn answer<'a>(request: &[u8], out: &'a mut Vec<u8>) -> Builder<'a> {
    let id = Message::parse(request).unwrap().transaction_id();
    let builder = Builder::new(out, Class::Success, Method::BINDING, id);
    builder.xor_mapped_address("10.0.0.1:1000".parse().unwrap())
}

#[test]
fn rfc8445_7_3_checks_and_answers_without_a_fingerprint_are_dropped() {
    let mut puppet = Puppet::new(Role::Controlled);
    let sent = puppet.run(0);
    let username = format!("{}:{UFRAG}", puppet.agent().local_credentials().ufrag);
    let (path, key) = (puppet.path, puppet.agent_key());
    let mut check = Vec::new();
    Builder::new(&mut check, Class::Request, Method::BINDING, TransactionId([1; 12]))
        .username(&username)
        .priority(1)
        .integrity(&key)
        .finish()
        .unwrap();
    puppet.deliver(path, &check);
    assert!(!puppet.run(0).iter().any(|(_, bytes)| !is(bytes, Class::Request)));
    let mut response = Vec::new();
    answer(&sent[0].1, &mut response).integrity(&Puppet::key(PASSWORD)).finish().unwrap();
    puppet.deliver(path, &response);
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::InProgress);
}

#[test]
fn rfc8489_9_1_4_an_answer_is_signed_as_the_request_was() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    let mut response = Vec::new();
    let key = Puppet::key(PASSWORD);
    answer(&sent[0].1, &mut response).integrity_sha256(&key).fingerprint().finish().unwrap();
    let path = puppet.path;
    puppet.deliver(path, &response);
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::InProgress);
}

#[test]
fn rfc8489_6_3_3_an_answer_that_cannot_be_understood_fails_the_check() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    let mut response = Vec::new();
    let builder = answer(&sent[0].1, &mut response).attribute(AttributeType(0x7777), b"?");
    builder.integrity(&Puppet::key(PASSWORD)).fingerprint().finish().unwrap();
    let path = puppet.path;
    puppet.deliver(path, &response);
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::Failed);
}

#[test]
fn rfc8445_7_1_2_a_controlled_agent_never_says_use_candidate() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    puppet.answer_all(&sent);
    let sent = puppet.run(0);
    assert!(Message::parse(&sent[0].1).unwrap().use_candidate(), "the nomination, which is lost");
    let now = puppet.now;
    puppet.agent().set_role(now, Role::Controlled);
    for (_, bytes) in puppet.run(2_000) {
        let message = Message::parse(&bytes).unwrap();
        assert!(!message.use_candidate() && message.ice_controlled().is_some());
    }
}

#[test]
fn rfc8445_5_1_2_every_candidate_has_a_priority_of_its_own() {
    let mut puppet = Puppet::stranger(config(), Role::Controlling);
    for (i, server) in ["192.0.2.1:3478", "192.0.2.2:3478", "192.0.2.3:3478"].into_iter().enumerate() {
        let server = server.parse().unwrap();
        puppet.agent().add_stun_server(at(0), server).unwrap();
        let sent = puppet.run(200 * (i as u64 + 1));
        let query = Message::parse(&sent.last().unwrap().1).unwrap().transaction_id();
        let mut response = Vec::new();
        // A symmetric NAT shows another address to each server.
        let mapped = format!("198.51.100.1:{}", 1000 + i).parse().unwrap();
        let builder = Builder::new(&mut response, Class::Success, Method::BINDING, query);
        builder.xor_mapped_address(mapped).finish().unwrap();
        puppet.deliver(Path::udp(BaseId(0), server), &response);
    }
    let reflexive = |kind| kind == CandidateKind::ServerReflexive;
    let all = puppet.peer.agent.local_candidates();
    let mut priorities: Vec<_> = all.filter(|c| reflexive(c.kind.clone())).map(|c| c.priority).collect();
    assert_eq!(priorities.len(), 3);
    priorities.dedup();
    assert_eq!(priorities.len(), 3, "{priorities:?}");
}

#[test]
fn rfc8445_5_1_1_1_kinds_of_ipv6_that_are_not_offered() {
    let mut puppet = Puppet::stranger(config(), Role::Controlling);
    for (id, address) in [(1, "[fec0::1]:1"), (2, "[::192.0.2.1]:1"), (3, "[::ffff:192.0.2.1]:1")] {
        let added = puppet.agent().add_local_base(at(0), BaseId(id), address.parse().unwrap(), 1);
        assert_eq!(added, Err(Misuse::BadAddress), "{address}");
    }
    for (id, address) in [(4, "[2001:db8::1]:1"), (5, "[fd00::1]:1"), (6, "[::1]:1")] {
        puppet.agent().add_local_base(at(0), BaseId(id), address.parse().unwrap(), 1).unwrap();
    }
}

#[test]
fn rfc8838_14_candidates_after_the_end_are_not_heeded() {
    let mut puppet = Puppet::new(Role::Controlling);
    let (now, late) = (puppet.now, host("10.0.0.9:1".parse().unwrap()));
    puppet.agent().set_remote_end_of_candidates(now);
    puppet.agent().add_remote_candidate(now, &late).unwrap();
    assert_eq!(puppet.peer.agent.pairs().count(), 1);
    assert_eq!(puppet.peer.agent.stats().remote_candidates_ignored, 1);
}

#[test]
fn rfc8838_12_the_best_pair_of_a_foundation_waits() {
    let mut puppet = Puppet::stranger(config(), Role::Controlling);
    for (address, priority) in [("10.0.0.2:1", 10), ("10.0.0.2:2", 30), ("10.0.0.2:3", 20)] {
        let candidate = siskin_base::Candidate { priority, ..host(address.parse().unwrap()) };
        puppet.agent().add_remote_candidate(at(0), &candidate).unwrap();
    }
    let states: Vec<_> = puppet.peer.agent.pairs().map(|pair| pair.state).collect();
    assert_eq!(states, [PairState::Waiting, PairState::Waiting, PairState::Frozen]);
}

#[test]
fn rfc8838_11_a_failed_pair_gives_way() {
    let mut puppet = Puppet::with(Config { max_pairs: 1, ..config() }, Role::Controlling);
    puppet.run(40_000);
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::Failed);
    let (now, worse) = (puppet.now, host("10.0.0.3:1000".parse().unwrap()));
    let worse = siskin_base::Candidate { priority: 1, ..worse };
    puppet.agent().add_remote_candidate(now, &worse).unwrap();
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().path.remote, "10.0.0.3:1000".parse().unwrap());
}
