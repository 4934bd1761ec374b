//! Lite agents (RFC 8445 §2.5, §7.3.2, §8.2).

use crate::lab::{Lab, config};
use crate::{at, ms};
use siskin_ice::{Config, RemoteKind, Role, State};
use siskin_netsim::Link;
use siskin_stun::wire::{Class, Message};

fn lite() -> Config {
    Config { lite: true, ..config() }
}

#[test]
fn a_lite_agent_answers_and_never_asks() {
    for role in [Role::Controlling, Role::Controlled] {
        let on_b = ["192.0.2.2:1000", "[2001:db8::2]:1000"];
        let on_a = ["10.0.0.1:1000", "[2001:db8::1]:1000"];
        let mut lab = Lab::with(1, Link::new(ms(10)), config(), lite(), &on_a, &on_b);
        lab.a.agent.set_role(at(0), role);
        let (a, b) = (lab.a.agent.local_credentials().clone(), lab.b.agent.local_credentials().clone());
        lab.a.agent.set_remote_credentials(at(0), b, RemoteKind { lite: true }).unwrap();
        lab.b.agent.set_remote_credentials(at(0), a, RemoteKind::default()).unwrap();
        assert_eq!(lab.a.agent.role(), Role::Controlling, "the full agent controls");
        lab.signal_candidates();
        lab.run(60_000);
        assert!(lab.is_connected());
        assert_eq!(
            lab.a.agent.selected_path().unwrap().remote,
            lab.b.agent.local_candidates().nth(1).unwrap().socket_addr().unwrap()
        );
        assert!(
            lab.b.sent.iter().all(|(_, _, bytes)| Message::parse(bytes).unwrap().class() == Class::Success)
        );
        let requests = lab.a.sent.len();
        assert_eq!(lab.b.sent.len(), requests, "one response per request");
    }
}

#[test]
fn two_lite_agents_fail_at_once() {
    let mut lab = Lab::with(1, Link::new(ms(10)), lite(), lite(), &["10.0.0.1:1000"], &["10.0.0.2:1000"]);
    let lite = RemoteKind { lite: true };
    let b = lab.b.agent.local_credentials().clone();
    lab.a.agent.set_remote_credentials(at(0), b, lite).unwrap();
    assert_eq!(lab.a.agent.state(), State::Failed);
}
