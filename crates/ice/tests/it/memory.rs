//! What strangers and a hostile peer can make an agent hold. `cargo xtask memory` prints it.

use crate::lab::config;
use crate::puppet::{PASSWORD, Puppet, UFRAG, host};
use allocation_counter::{measure, opt_out};
use siskin_base::{BaseId, Candidate, Ecn, Instant, Path, Received};
use siskin_ice::{Agent, Config, Credentials, RemoteKind, Role};
use siskin_stun::wire::{Builder, Class, Method, TransactionId};
use std::net::SocketAddr;

/// The most bytes that were on the heap, from the making of an agent with one base until the attack was over, with either
/// configuration. Events are taken only then.
fn attack(what: &str, bound: impl Fn(&Config) -> usize, attack: impl Fn(&mut Agent)) {
    let held = [config(), Config::small(siskin_crypto::rustcrypto())].map(|config| {
        let bound = bound(&config) + FIXED;
        let held = measure(|| {
            let mut agent = Agent::new(config, siskin_base::Rng::for_tests(1), Instant::ZERO);
            agent.add_local_base(Instant::ZERO, BaseId(0), ([10, 0, 0, 1], 1000).into(), 65_535).unwrap();
            agent.set_role(Instant::ZERO, Role::Controlled);
            attack(&mut agent);
            while agent.poll_event().is_some() {}
        });
        let held = held.bytes_max as usize;
        assert!(held <= bound, "{what}: {held} bytes, where {bound} are allowed");
        held
    });
    println!("memory: ICE: {what}: {} {}", held[0], held[1]);
}

/// The agent itself, one message being read, and a candidate of the longest on its way in.
const FIXED: usize = 8_000 + 2 * 4096;

/// A remote candidate with its pair, and a response that waits.
fn lists(config: &Config) -> usize {
    config.max_remote_candidates * 700 + config.max_pairs * 700 + config.max_responses * 700
}

fn remote(index: u32) -> SocketAddr {
    SocketAddr::from(([10, 2, (index >> 8) as u8, index as u8], 5))
}

/// The agent takes a check, by whoever knows that password, from an address of its own.
fn check(agent: &mut Agent, index: u32, password: &str) {
    let mut bytes = check_bytes(agent, index, password);
    let received = Received {
        path: Path::udp(BaseId(0), remote(index)),
        arrived: Instant::ZERO,
        ecn: Ecn::NotEct,
        datagram: &mut bytes,
    };
    agent.handle_datagram(Instant::ZERO, received);
    opt_out(|| drop(bytes));
}

/// Not counted: it is the attacker's.
fn check_bytes(agent: &Agent, index: u32, password: &str) -> Vec<u8> {
    let mut out = Vec::new();
    opt_out(|| {
        let mut id = [9; 12];
        id[..4].copy_from_slice(&index.to_be_bytes());
        let username = format!("{}:{UFRAG}", agent.local_credentials().ufrag);
        Builder::new(&mut out, Class::Request, Method::BINDING, TransactionId(id))
            .username(&username)
            .priority(index)
            .ice_controlling(1)
            .use_candidate()
            .integrity(&Puppet::key(password))
            .fingerprint()
            .finish()
            .unwrap();
    });
    out
}

fn introduce(agent: &mut Agent) {
    let credentials = Credentials::new(UFRAG, PASSWORD).unwrap();
    agent.set_remote_credentials(Instant::ZERO, credentials, RemoteKind::default()).unwrap();
}

#[test]
fn strangers() {
    attack(
        "10,000 checks of strangers",
        |config| config.max_unauthenticated_errors as usize * 700,
        |agent| {
            (0..10_000).for_each(|index| check(agent, index, "wrongwrongwrongwrongwrong"));
        },
    );
}

#[test]
fn checks_before_the_answer() {
    attack("3,000 checks from everywhere, before the peer's description", lists, |agent| {
        let password = agent.local_credentials().password.clone();
        (0..3_000).for_each(|index| check(agent, index, &password));
    });
}

#[test]
fn checks_from_everywhere() {
    attack("3,000 checks from everywhere, nothing sent", lists, |agent| {
        introduce(agent);
        let password = agent.local_credentials().password.clone();
        (0..3_000).for_each(|index| check(agent, index, &password));
    });
}

#[test]
fn signalled_candidates() {
    // 4,096 bytes is as long as siskin-peer lets the text of one get.
    let bound = |config: &Config| lists(config) + config.max_remote_candidates * 2 * 4096;
    attack("3,000 signalled candidates of 4,096 bytes", bound, |agent| {
        introduce(agent);
        for index in 0..3_000 {
            let extensions = vec![(String::from("x"), "y".repeat(4000))];
            let candidate = Candidate { foundation: index.to_string(), extensions, ..host(remote(index)) };
            agent.add_remote_candidate(Instant::ZERO, &candidate).unwrap();
        }
    });
}

/// The session before a restart is kept until the new one has a pair, and only that one.
#[test]
fn restarts() {
    attack(
        "ten restarts, each with 3,000 checks from everywhere",
        |config| 3 * lists(config),
        |agent| {
            for _ in 0..10 {
                introduce(agent);
                let password = agent.local_credentials().password.clone();
                (0..3_000).for_each(|index| check(agent, index, &password));
                agent.restart(Instant::ZERO).unwrap();
                agent.accept_restart();
            }
        },
    );
}

#[test]
fn bases_and_servers() {
    for config in [config(), Config::small(siskin_crypto::rustcrypto())] {
        let (candidates, servers) = (config.max_local_candidates, config.max_servers);
        let mut agent = Agent::new(config, siskin_base::Rng::for_tests(1), Instant::ZERO);
        let added = (0..1_000_u32).filter(|n| {
            let local = SocketAddr::from(([10, 1, (n >> 8) as u8, *n as u8], 1000));
            agent.add_local_base(Instant::ZERO, BaseId(*n), local, 1).is_ok()
        });
        assert_eq!(added.count(), candidates);
        assert_eq!(agent.local_candidates().count(), candidates);
        let asked = (0..1_000).filter(|n| agent.add_stun_server(Instant::ZERO, remote(*n)).is_ok());
        assert_eq!(asked.count(), servers);
    }
}
