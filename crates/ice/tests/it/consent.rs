//! RFC 7675, to the letter.

use crate::ms;
use crate::puppet::{PASSWORD, Puppet, error, is, success};
use siskin_base::Instant;
use siskin_ice::{ConsentLoss, Event, Role, State};
use siskin_stun::wire::{Class, ErrorCode, Message};
use std::collections::BTreeSet;

fn lost(puppet: &Puppet) -> Vec<(Instant, ConsentLoss)> {
    let loss = |(at, event): &(Instant, Event)| match event {
        Event::ConsentLost { reason, .. } => Some((*at, *reason)),
        _ => None,
    };
    puppet.peer.events.iter().filter_map(loss).collect()
}

#[test]
fn rfc7675_5_1_requests_every_five_seconds_each_sent_once() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut puppet = Puppet::new(role);
        puppet.connect();
        let mut times = vec![0];
        let mut ids = BTreeSet::new();
        for second in (1..=300).map(|second| second * 1_000) {
            for (at, bytes) in puppet.run(second) {
                let message = Message::parse(&bytes).unwrap();
                assert_eq!(message.class(), Class::Request);
                assert!(message.verify(&Puppet::key(PASSWORD)) && message.has_fingerprint());
                assert!(!message.use_candidate());
                assert!(ids.insert(message.transaction_id()), "a request for consent is sent once");
                times.push(at);
                puppet.answer(&bytes);
            }
        }
        let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (4_000..=6_000).contains(gap)), "{gaps:?}");
        assert!(gaps.iter().any(|gap| *gap < 4_500) && gaps.iter().any(|gap| *gap > 5_500), "{gaps:?}");
        assert!(puppet.peer.agent.can_send(puppet.now));
        let stats = puppet.peer.agent.pairs().find(|pair| pair.selected).unwrap().consent_requests_sent;
        assert_eq!(stats, ids.len() as u64);
    }
}

#[test]
fn rfc7675_5_1_consent_expires_after_thirty_seconds() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.connect();
    let sent = puppet.run(29_999);
    assert!(sent.len() >= 4, "requests go on: {}", sent.len());
    assert!(puppet.peer.agent.can_send(puppet.now));
    assert_eq!(puppet.peer.agent.state(), State::Disconnected);
    assert!(!puppet.peer.agent.can_send(Instant::from_millis(30_000)), "even if nobody calls handle_timeout");
    puppet.run(30_000);
    assert_eq!(lost(&puppet), [(Instant::from_millis(30_000), ConsentLoss::Expired)]);
    assert_eq!(puppet.peer.agent.state(), State::Failed);
    assert_eq!(puppet.peer.agent.selected_path(), None);

    // A late response does not bring it back, nor does the peer's own check; neither is answered.
    puppet.answer(&sent.last().unwrap().1);
    puppet.send_check(|check| check.ice_controlled(1));
    assert_eq!(puppet.run(200_000), []);
    assert!(!puppet.peer.agent.can_send(puppet.now));
    assert_eq!(puppet.peer.agent.poll_timeout(), None);
}

#[test]
fn only_an_authenticated_response_renews() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    for ms in (500..30_000).step_by(500) {
        let sent = puppet.run(ms);
        for (_, bytes) in sent.iter().filter(|(_, bytes)| is(bytes, Class::Request)) {
            let path = puppet.path;
            puppet.deliver(path, &success(bytes, "notthepasswordofthepeer"));
            puppet.deliver(path, &error(bytes, ErrorCode::FORBIDDEN, None));
            puppet.deliver(path, &error(bytes, ErrorCode::FORBIDDEN, Some("notthepasswordofthepeer")));
            puppet.deliver(path, &error(bytes, ErrorCode::SERVER_ERROR, Some(PASSWORD)));
        }
        // The peer's own checks and keepalives say nothing about consent.
        puppet.send_check(|check| check.ice_controlling(1).use_candidate());
    }
    assert!(puppet.peer.agent.can_send(puppet.now));
    puppet.run(30_001);
    assert_eq!(lost(&puppet), [(Instant::from_millis(30_000), ConsentLoss::Expired)]);
}

#[test]
fn one_response_renews_for_thirty_seconds_from_its_arrival() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.connect();
    let sent = puppet.run(20_000);
    // An old request's response is as good as that to the latest one.
    puppet.answer(&sent[0].1);
    puppet.run(49_999);
    assert!(puppet.peer.agent.can_send(puppet.now));
    puppet.run(50_001);
    assert_eq!(lost(&puppet), [(Instant::from_millis(50_000), ConsentLoss::Expired)]);
}

#[test]
fn rfc7675_5_2_an_authenticated_403_revokes_at_once() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.connect();
    let sent = puppet.run(6_000);
    let path = puppet.path;
    puppet.deliver(path, &error(&sent[0].1, ErrorCode::FORBIDDEN, Some(PASSWORD)));
    assert_eq!(lost(&puppet), [(puppet.now, ConsentLoss::Revoked)]);
    assert_eq!(puppet.peer.agent.state(), State::Failed);
    puppet.send_check(|check| check.ice_controlled(1));
    assert_eq!(puppet.run(100_000), []);
}

#[test]
fn rfc7675_5_2_a_fatal_alert_revokes_at_once() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    puppet.run(100);
    let now = puppet.now;
    puppet.agent().revoke_consent(now);
    puppet.peer.drain(now);
    assert_eq!(lost(&puppet), [(now, ConsentLoss::Revoked)]);
    assert!(!puppet.peer.agent.can_send(now));
    assert_eq!(puppet.run(100_000), []);
    // A restart is the way back.
    let now = puppet.now;
    puppet.agent().restart(now).unwrap();
    puppet.introduce();
    let candidate = crate::puppet::host("10.0.0.2:1000".parse().unwrap());
    puppet.agent().add_remote_candidate(now, &candidate).unwrap();
    puppet.connect();
}

#[test]
fn silence_shows_as_disconnected_and_an_answer_ends_it() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.connect();
    let sent = puppet.run(9_999);
    assert_eq!(puppet.peer.agent.state(), State::Connected);
    puppet.run(10_000);
    assert_eq!(puppet.peer.agent.state(), State::Disconnected);
    assert!(puppet.peer.agent.can_send(puppet.now), "consent is fresh still");
    puppet.answer(&sent.last().unwrap().1);
    assert_eq!(puppet.peer.agent.state(), State::Connected);
    assert_eq!(puppet.peer.agent.pairs().next().unwrap().current_rtt.map(|rtt| rtt > ms(3_000)), Some(true));
}
