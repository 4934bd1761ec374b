//! Checks that Chromium 156 and Firefox ESR 153 sent, captured, to an agent that has the credentials of their receiver.

use crate::at;
use crate::lab::config;
use siskin_base::{BaseId, CandidateKind, Ecn, Packet, Path, Received, Rng};
use siskin_ice::{Agent, Credentials, RemoteKind, Role};
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Class, Message};
use std::path::Path as File;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::chars)
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn the_checks_of_browsers_are_answered_and_followed() {
    let folder = File::new(env!("CARGO_MANIFEST_DIR")).join("../stun/tests/vectors/browsers");
    let mut nominating = 0;
    let mut count = 0;
    for entry in folder.read_dir().unwrap() {
        let file = entry.unwrap().path();
        if !file.to_str().unwrap().ends_with("request.hex") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let password = text.lines().next().unwrap().rsplit(' ').next().unwrap();
        let mut check = hex(&text);
        let message = Message::parse(&check).unwrap();
        let (local, remote) = message.username().unwrap().split_once(':').unwrap();
        let (id, nominates) = (message.transaction_id(), message.use_candidate());
        let role = if message.ice_controlling().is_some() { Role::Controlled } else { Role::Controlling };

        let credentials = Credentials::new(local, password).unwrap();
        let mut agent = Agent::with_credentials(config(), credentials, Rng::for_tests(1), at(0));
        agent.set_role(at(0), role);
        agent.add_local_base(at(0), BaseId(0), "10.0.0.1:1000".parse().unwrap(), 65_535).unwrap();
        let theirs = Credentials::new(remote, "0123456789012345678901").unwrap();
        agent.set_remote_credentials(at(0), theirs, RemoteKind::default()).unwrap();

        let path = Path::udp(BaseId(0), "10.0.0.2:2000".parse().unwrap());
        agent.handle_datagram(
            at(0),
            Received { path, arrived: at(0), ecn: Ecn::NotEct, datagram: &mut check },
        );
        let mut out = Packet::new();
        assert_eq!(agent.poll_transmit(at(0), &mut out).unwrap().path, path, "{}", file.display());
        let response = Message::parse(out.as_bytes()).unwrap();
        assert_eq!((response.class(), response.transaction_id()), (Class::Success, id), "{}", file.display());
        assert!(response.verify(&IntegrityKey::short_term(&siskin_crypto::rustcrypto(), password)));
        assert_eq!(response.xor_mapped_address(), Some(path.remote));

        out.clear();
        assert_eq!(agent.poll_transmit(at(0), &mut out).unwrap().path, path);
        let triggered = out.as_bytes().to_vec();
        assert_eq!(Message::parse(&triggered).unwrap().class(), Class::Request);
        assert_eq!(agent.remote_candidates().next().unwrap().kind, CandidateKind::PeerReflexive);
        let mut answer = crate::puppet::success(&triggered, "0123456789012345678901");
        agent.handle_datagram(
            at(0),
            Received { path, arrived: at(0), ecn: Ecn::NotEct, datagram: &mut answer },
        );
        assert!(agent.can_send(at(0)));
        assert_eq!(agent.pairs().next().unwrap().nominated, nominates && role == Role::Controlled);
        nominating += usize::from(nominates);
        count += 1;
    }
    assert!(count >= 10 && nominating >= 4, "{count} {nominating}");
}
