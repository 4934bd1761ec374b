//! Floods and forgeries: bounded memory, no amplification, no harm to the connection.

use crate::at;
use crate::lab::config;
use crate::puppet::{PASSWORD, Puppet, UFRAG, host, is};
use siskin_base::{BaseId, Path, Rng};
use siskin_ice::{Config, Role, local_ufrag_of};
use siskin_stun::wire::{AttributeType, Builder, Class, ErrorCode, Message, Method, TransactionId};

fn forged(username: Option<&str>, password: Option<&str>, id: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut transaction = [1; 12];
    transaction[..8].copy_from_slice(&id.to_be_bytes());
    let mut builder =
        Builder::new(&mut out, Class::Request, Method::BINDING, TransactionId(transaction)).priority(1);
    if let Some(username) = username {
        builder = builder.username(username);
    }
    // With everything that could matter if it were believed.
    builder = builder.use_candidate().ice_controlling(u64::MAX);
    if let Some(password) = password {
        builder = builder.integrity(&Puppet::key(password));
    }
    builder.fingerprint().finish().unwrap();
    out
}

#[test]
fn strangers_get_a_few_short_errors_and_change_nothing() {
    let mut puppet = Puppet::new(Role::Controlling);
    puppet.run(0);
    let ours = format!("{}:{UFRAG}", puppet.agent().local_credentials().ufrag);
    let mut sent = Vec::new();
    for id in 0..10_000_u64 {
        let (username, password) = match id % 4 {
            0 => (None, None),
            1 => (Some(ours.as_str()), None),
            2 => (Some(ours.as_str()), Some("wrongwrongwrongwrongwrong")),
            _ => (Some("nobody:nobody"), Some(PASSWORD)),
        };
        let bytes = forged(username, password, id);
        let remote = std::net::SocketAddr::from(([10, 1, (id >> 8) as u8, id as u8], 5));
        puppet.deliver(Path::udp(BaseId(0), remote), &bytes);
        if id % 100 == 0 {
            sent.extend(puppet.run(id / 100).into_iter().map(|(_, answer)| (bytes.len(), answer)));
        }
    }
    let errors: Vec<_> = sent.iter().map(|(_, answer)| Message::parse(answer).unwrap()).collect();
    assert!(errors.len() <= 11, "{}", errors.len());
    for error in &errors {
        assert_eq!(error.class(), Class::Error);
        assert!(!error.has_integrity());
        let code = error.error().unwrap().code;
        assert!([ErrorCode::BAD_REQUEST, ErrorCode::UNAUTHENTICATED].contains(&code), "{code:?}");
    }
    let stats = puppet.agent().stats();
    assert_eq!(stats.unauthenticated, 10_000);
    assert_eq!(puppet.agent().role(), Role::Controlling);
    assert_eq!(puppet.agent().remote_candidates().count(), 1);
    assert_eq!(puppet.agent().pairs().count(), 1);
    let first = puppet.peer.sent[0].2.clone();
    puppet.answer(&first);
    puppet.connect();
}

#[test]
fn a_peer_that_comes_from_everywhere_fills_its_own_list_only() {
    for config in [config(), Config::small(siskin_crypto::rustcrypto())] {
        let (candidates, pairs) = (config.max_remote_candidates, config.max_pairs);
        let mut puppet = Puppet::with(config, Role::Controlled);
        puppet.connect();
        let mut requests = 0;
        let mut responses = 0;
        for index in 0..3_000_u32 {
            let remote = std::net::SocketAddr::from(([10, 2, (index >> 8) as u8, index as u8], 5));
            let check = puppet.check(|check| check.ice_controlling(1));
            puppet.deliver(Path::udp(BaseId(0), remote), &check);
            for (_, bytes) in puppet.run(u64::from(index)) {
                match is(&bytes, Class::Request) {
                    true => requests += 1,
                    false => responses += 1,
                }
            }
            assert!(puppet.agent().remote_candidates().count() <= candidates);
            assert!(puppet.agent().pairs().count() <= pairs);
        }
        assert_eq!(responses, 3_000, "one each");
        assert!(requests <= 2, "only consent: {requests}");
        assert!(puppet.peer.agent.can_send(puppet.now));
    }
}

#[test]
fn a_flood_of_paths_before_the_connection_is_paced() {
    let mut puppet = Puppet::stranger(config(), Role::Controlled);
    for round in 0..2 {
        for index in 0..1_000_u32 {
            let remote = std::net::SocketAddr::from(([10, 2, (index >> 8) as u8, index as u8], 5));
            let check = puppet.check(|check| check.ice_controlling(1).use_candidate());
            puppet.deliver(Path::udp(BaseId(0), remote), &check);
            puppet.run(round * 1_000 + u64::from(index));
        }
        if round == 0 {
            puppet.introduce();
        }
    }
    let requests = puppet.peer.sent.iter().filter(|(_, _, bytes)| is(bytes, Class::Request)).count();
    // Two buckets of five, one new check per 50 ms from each, and their first retransmissions.
    assert!(requests <= 100, "{requests}");
    assert!(puppet.agent().pairs().count() <= 100);
}

#[test]
fn signalled_candidates_are_bounded() {
    let mut puppet = Puppet::new(Role::Controlling);
    for index in 0..1_000_u32 {
        let remote = std::net::SocketAddr::from(([10, 3, (index >> 8) as u8, index as u8], 5));
        let mut candidate = host(remote);
        candidate.priority = if index % 2 == 0 { u32::MAX } else { index };
        puppet.agent().add_remote_candidate(at(0), &candidate).unwrap();
    }
    assert_eq!(puppet.agent().remote_candidates().count(), 100);
    assert_eq!(puppet.agent().pairs().count(), 100);
    let sent = puppet.run(100);
    assert!(sent.len() <= 7, "{}", sent.len());
}

#[test]
fn rfc8489_6_3_1_unknown_required_attributes_are_refused_by_name() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.run(0);
    puppet.send_check(|check| {
        let check = check.ice_controlling(1).use_candidate();
        let check = check.attribute(AttributeType(0x7777), b"x").attribute(AttributeType(0x9999), b"y");
        check.attribute(AttributeType(0x0003), &[0; 4])
    });
    let sent = puppet.run(0);
    let error = Message::parse(&sent[0].1).unwrap();
    assert_eq!(error.error().unwrap().code, ErrorCode::UNKNOWN_ATTRIBUTE);
    let unknown: Vec<_> = error.unknown_attributes().unwrap().collect();
    assert_eq!(unknown, [AttributeType(0x7777), AttributeType(0x0003)]);
    assert!(error.verify(&puppet.agent_key()));
    assert_eq!(sent.len(), 1, "no triggered check");
}

#[test]
fn vendor_attributes_and_large_checks_are_fine() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.run(0);
    puppet.send_check(|check| {
        let check = check.ice_controlling(1).network_info(1, 50);
        let check = check.attribute(AttributeType::DTLS_IN_STUN, &[7; 900]);
        check.attribute(AttributeType::DTLS_IN_STUN_ACK, &[7; 16]).attribute(AttributeType(0xc0ff), &[1; 300])
    });
    let sent = puppet.run(0);
    assert!(is(&sent[0].1, Class::Success));
    assert_eq!(local_ufrag_of(&sent[1].1), Some(UFRAG));
}

#[test]
fn damaged_and_random_bytes_do_nothing() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    let check = puppet.check(|check| check.ice_controlling(1).use_candidate());
    let mut rng = Rng::for_tests(1);
    let path = puppet.path;
    for round in 0..5_000 {
        let mut bytes = check.clone();
        if round % 2 == 0 {
            bytes.truncate(rng.below(bytes.len() as u64) as usize);
            rng.fill(&mut bytes);
        } else {
            let bit = rng.below(bytes.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        puppet.deliver(path, &bytes);
    }
    // A few are whole: a damaged header of FINGERPRINT makes it an attribute that is ignored.
    let sent = puppet.run(0);
    let errors = sent.iter().filter(|(_, bytes)| is(bytes, Class::Error)).count();
    assert!(errors <= 10, "{errors}");
    assert!(puppet.peer.agent.can_send(puppet.now));
}

#[test]
fn a_replayed_check_is_answered_and_no_more() {
    let mut puppet = Puppet::new(Role::Controlled);
    puppet.connect();
    let check = puppet.check(|check| check.ice_controlling(1).use_candidate());
    let elsewhere = Path::udp(BaseId(0), "10.6.6.6:666".parse().unwrap());
    let before = puppet.agent().selected_path();
    for _ in 0..20 {
        puppet.deliver(elsewhere, &check);
    }
    let sent = puppet.run(3_000);
    let checks = sent.iter().filter(|(_, bytes)| is(bytes, Class::Request)).count();
    assert!(checks <= 3, "a check and its retransmissions: {checks}");
    assert_eq!(puppet.agent().selected_path(), before, "nothing is sent to who does not answer");
}
