//! Two agents that find each other in memory.

use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_ice::{Agent, Config, Event, RemoteKind, Role, State};

/// `None` if they do not.
pub(super) fn connects() -> Option<()> {
    let now = Instant::ZERO;
    let addresses = ["192.0.2.1:1000".parse().ok()?, "192.0.2.2:1000".parse().ok()?];
    let agent = |seed| Agent::new(Config::new(siskin_crypto::rustcrypto()), Rng::for_tests(seed), now);
    let mut agents = [agent(1), agent(2)];
    for (agent, address) in agents.iter_mut().zip(addresses) {
        agent.add_local_base(now, BaseId(0), address, 65_535).ok()?;
    }
    let [a, b] = &mut agents;
    a.set_role(now, Role::Controlling);
    a.set_remote_credentials(now, b.local_credentials().clone(), RemoteKind::default()).ok()?;
    b.set_remote_credentials(now, a.local_credentials().clone(), RemoteKind::default()).ok()?;
    while let Some(event) = b.poll_event() {
        if let Event::LocalCandidate(candidate) = event {
            a.add_remote_candidate(now, &candidate).ok()?;
        }
    }

    let mut packet = Packet::new();
    for turn in [0, 1].into_iter().cycle().take(20) {
        while agents[turn].poll_transmit(now, &mut packet).is_some() {
            let datagram = &mut packet.as_bytes().to_vec();
            let path = Path::udp(BaseId(0), addresses[turn]);
            agents[1 - turn]
                .handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram });
            packet.clear();
        }
    }
    agents.iter().all(|agent| agent.state() == State::Connected).then_some(())
}
