//! Checks of one pair: their timeline, their attributes, what fails them (RFC 8445 §7).

use crate::at;
use crate::lab::{Lab, config};
use crate::ms;
use crate::puppet::{PASSWORD, Puppet, UFRAG, error, is, success};
use siskin_base::{BaseId, Path};
use siskin_ice::{Event, PairState, Role, State};
use siskin_netsim::Link;
use siskin_stun::wire::{Class, ErrorCode, Message};

#[test]
fn rfc8445_7_1_what_a_check_carries() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut puppet = Puppet::new(role);
        let sent = puppet.run(0);
        assert_eq!(sent.len(), 1, "the first check goes at once");
        let check = Message::parse(&sent[0].1).unwrap();
        let local = puppet.agent().local_credentials().ufrag.clone();
        assert_eq!(check.username(), Some(format!("{UFRAG}:{local}").as_str()));
        assert_eq!(check.priority(), Some((110 << 24) | (65_535 << 8) | 255));
        assert_eq!(check.ice_controlling().is_some(), role == Role::Controlling);
        assert_eq!(check.ice_controlled().is_some(), role == Role::Controlled);
        assert!(!check.use_candidate(), "nomination is regular");
        assert!(check.has_fingerprint() && check.verify(&Puppet::key(PASSWORD)));
    }
}

#[test]
fn rfc8489_6_2_1_a_check_without_an_answer() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(100_000);
    let times: Vec<u64> = sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    let id = |bytes: &[u8]| Message::parse(bytes).unwrap().transaction_id();
    assert!(sent.iter().all(|(_, bytes)| id(bytes) == id(&sent[0].1)));
    assert_eq!(puppet.peer.state_at(State::Failed), Some(at(39_500)));
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::Failed);
    assert_eq!(puppet.peer.agent.poll_timeout(), None);
}

#[test]
fn rfc8445_7_2_5_2_1_an_answer_from_elsewhere_fails_the_check() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    let elsewhere = Path::udp(BaseId(0), "10.0.0.3:1000".parse().unwrap());
    puppet.deliver(elsewhere, &success(&sent[0].1, PASSWORD));
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::Failed);
    assert!(!puppet.peer.agent.can_send(puppet.now));
}

#[test]
fn rfc8445_7_2_5_2_4_errors_fail_the_check_if_they_are_authentic() {
    let mut puppet = Puppet::new(Role::Controlling);
    let sent = puppet.run(0);
    let path = puppet.path;
    puppet.deliver(path, &error(&sent[0].1, ErrorCode::BAD_REQUEST, None));
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::InProgress);
    puppet.deliver(path, &error(&sent[0].1, ErrorCode::BAD_REQUEST, Some(PASSWORD)));
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().state, PairState::Failed);
}

#[test]
fn rfc8445_7_3_1_4_the_peers_check_triggers_ours_at_once() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.run(200);
    puppet.send_check(|check| check.ice_controlling(1));
    let sent = puppet.run(200);
    assert!(is(&sent[0].1, Class::Success), "the response goes first");
    assert!(is(&sent[1].1, Class::Request), "then our own check");
    assert_eq!(sent.len(), 2);
    // The cancelled check may still be answered.
    let first = puppet.peer.sent[0].2.clone();
    puppet.answer(&first);
    assert!(puppet.peer.agent.can_send(puppet.now));
}

#[test]
fn a_response_tells_the_address_and_is_signed() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.run(0);
    puppet.send_check(|check| check.ice_controlling(1));
    let sent = puppet.run(0);
    let response = Message::parse(&sent[0].1).unwrap();
    assert_eq!(response.xor_mapped_address(), Some("10.0.0.2:1000".parse().unwrap()));
    assert!(response.has_fingerprint() && response.verify(&puppet.agent_key()));
    assert_eq!(response.username(), None);
}

#[test]
fn on_a_fast_network_everything_takes_two_round_trips() {
    let mut lab = Lab::new(1, Link::new(ms(0)));
    lab.signal();
    lab.run(0);
    assert!(lab.is_connected());
    assert!([&lab.a, &lab.b].iter().all(|peer| peer.agent.pairs().any(|pair| pair.nominated)));
    let mut lab = Lab::new(1, Link::new(ms(10)));
    lab.signal();
    lab.run(1_000);
    assert_eq!(lab.connected_at(), at(20));
    // b's check crossed a's, so that the one nomination comes a half round trip later.
    let requests = lab.a.sent.iter().filter(|(_, _, bytes)| is(bytes, Class::Request)).count();
    assert!(requests <= 3, "{requests}");
}

#[test]
fn rfc8445_14_2_new_checks_are_paced() {
    let mut config = config();
    config.burst = 2;
    let mut puppet = Puppet::with(config, Role::Controlling);
    for last in 10..20 {
        let candidate = crate::puppet::host(format!("10.0.1.{last}:1").parse().unwrap());
        puppet.agent().add_remote_candidate(at(0), &candidate).unwrap();
    }
    let mut first_sends = Vec::new();
    let mut ids = Vec::new();
    for (at, bytes) in puppet.run(600) {
        let id = Message::parse(&bytes).unwrap().transaction_id();
        if !ids.contains(&id) {
            ids.push(id);
            first_sends.push(at);
        }
    }
    assert_eq!(first_sends, [0, 0, 50, 100, 150, 200, 250, 300, 350, 400, 450]);
}

#[test]
fn carried_attributes_go_out_and_come_in_before_the_response() {
    use siskin_stun::wire::AttributeType;
    let mut config = config();
    config.watched_attributes = vec![AttributeType::DTLS_IN_STUN];
    let mut puppet = Puppet::with(config, Role::Controlled);
    let attributes = |byte: u8| vec![(AttributeType::DTLS_IN_STUN, vec![byte; 900])];
    puppet.agent().set_carried_attributes(attributes(1)).unwrap();
    let sent = puppet.run(0);
    assert_eq!(Message::parse(&sent[0].1).unwrap().get(AttributeType::DTLS_IN_STUN), Some(&[1; 900][..]));
    puppet.send_check(|check| check.ice_controlling(1).attribute(AttributeType::DTLS_IN_STUN, &[7; 100]));
    let event = puppet.peer.events.iter().find_map(|(_, event)| match event {
        Event::PeerAttributes { class: Class::Request, attributes, .. } => Some(attributes.clone()),
        _ => None,
    });
    assert_eq!(event, Some(vec![(AttributeType::DTLS_IN_STUN, vec![7; 100])]));
    puppet.agent().set_carried_attributes(attributes(2)).unwrap();
    let sent = puppet.run(0);
    assert!(is(&sent[0].1, Class::Success));
    assert_eq!(Message::parse(&sent[0].1).unwrap().get(AttributeType::DTLS_IN_STUN), Some(&[2; 900][..]));
    let too_large = vec![(AttributeType::DTLS_IN_STUN, vec![0; 1_100])];
    assert!(puppet.agent().set_carried_attributes(too_large).is_err());
}
