//! Many bad networks: both ends connect with the same keys, data comes once and undamaged, and what cannot connect ends.

use crate::support::{Peer, config, pair};
use core::time::Duration;
use siskin_base::{Instant, Rng, SrtpProfile};
use siskin_dtls::{Error, Event, ProtocolVersion, Role};
use siskin_netsim::{Conditions, Report, campaign};

/// When the handshake has ended, one way or the other, and the data after it has come or is lost.
const END: Instant = Instant::from_millis(120_000);

/// Data that each side sends, once connected.
const DATA: u8 = 20;

/// One seed, with the versions that client and server offer.
fn run(seed: u64, versions: [&[ProtocolVersion]; 2]) -> Result<Report, String> {
    let conditions = Conditions::from_seed(seed);
    let mut dice = Rng::for_tests(seed).fork("dtls");
    let cookies = dice.below(3) == 0;
    // In one seed of four nobody has told us how little the path carries.
    let told = dice.below(4) > 0;
    let provider = if dice.below(8) == 0 { siskin_crypto::rustcrypto() } else { siskin_crypto::ring() };
    let [client, server] = [Role::Client, Role::Server].map(|role| {
        let mut config = config(provider, role);
        config.versions = versions[role as usize].to_vec();
        config.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM];
        config.cookie_exchange = cookies;
        if told {
            config.max_datagram = conditions.mtu;
        }
        config
    });
    let (mut client, mut server) = pair(client, server);
    let mut network = conditions.network(Rng::for_tests(seed));
    client.set_path(network.path(0, 1));
    server.set_path(network.path(1, 0));
    for (peer, side) in [(&mut client, 0), (&mut server, 128)] {
        peer.to_send = (0..DATA).map(|i| vec![side + i; 1 + usize::from(i) * 20]).collect();
    }
    let mut clock = Instant::ZERO;
    while !(client.is_connected() && server.is_connected()) && clock < END {
        clock += Duration::from_millis(200);
        network.run(&mut [&mut client, &mut server], clock);
    }
    conditions.start_damage(&mut network);
    let end = network.run(&mut [&mut client, &mut server], END);
    let mut report = Report { datagrams: network.transmitted(), ..Report::default() };
    let keys = |peer: &Peer| {
        peer.events.iter().find_map(|event| match event {
            Event::KeyingMaterial(keys) => Some(keys.clone()),
            _ => None,
        })
    };
    for (peer, other) in [(&client, 128), (&server, 0)] {
        let mut seen = peer.data.clone();
        seen.sort();
        seen.dedup();
        if seen.len() != peer.data.len() {
            return Err("a record was taken twice".into());
        }
        let sound = |data: &Vec<u8>| {
            let i = data[0].wrapping_sub(other);
            i < DATA && data.len() == 1 + usize::from(i) * 20 && data.iter().all(|byte| *byte == data[0])
        };
        if !seen.iter().all(sound) {
            return Err("damaged data was handed out".into());
        }
        *report.counts.entry("records that arrived").or_default() += seen.len() as u64;
        *report.counts.entry("flights sent again").or_default() += peer.dtls.stats().retransmissions;
    }
    match (keys(&client), keys(&server)) {
        (Some(a), Some(b)) if (&a.local, &a.remote) == (&b.remote, &b.local) => {
            let at = client.connected_at.max(server.connected_at);
            report.took = at.map_or(Duration::ZERO, |at| at.since(Instant::ZERO));
            return Ok(report);
        }
        (Some(_), Some(_)) => return Err("connected with different keys".into()),
        _ => {}
    }
    // A side that is not connected must know that it never will be.
    let damaged = conditions.corrupt > 0.0 && conditions.corrupt_at_once;
    for peer in [&client, &server] {
        match peer.last_event() {
            // A hello that arrives changed gives both sides other keys in DTLS 1.3, which looks like noise.
            Some(Event::Closed(Error::TimedOut)) if damaged => {
                report.gave_up.get_or_insert_with(|| "damaged in clear: timed out".into());
            }
            Some(Event::Closed(Error::TimedOut)) => report.gave_up = Some("timed out".into()),
            // Handshake messages that travel in clear and arrive changed end the handshake.
            Some(Event::Closed(error)) if damaged => {
                report.gave_up.get_or_insert_with(|| format!("damaged in clear: {error:?}"));
            }
            Some(Event::Closed(error)) => return Err(format!("{error:?}")),
            Some(Event::PeerClosed | Event::Connected { .. }) => {}
            // The network was silent before the server heard anything at all.
            None if peer.dtls.stats().records_received == 0 => {}
            other => return Err(format!("neither connected nor closed at {end:?}: {other:?}")),
        }
    }
    if report.gave_up.is_none() {
        return Err("not connected, and nobody says why".into());
    }
    Ok(report)
}

/// In debug builds a few seeds for every run of the tests; `cargo xtask campaign --layer dtls` runs thousands.
fn seeds() -> u64 {
    if cfg!(debug_assertions) { 150 } else { 1000 }
}

/// Of two hundred seeds at most one may run into the time limit of the handshake where nothing is damaged: of the first 5,000,
/// five do with 1.3 and none with 1.2. In all five nobody said how little the path carries, four paths carry less than the 1,200
/// bytes that were tried first, and all lose 18 % or more of what goes one way. All five connect if they are given 110 s, and within the
/// 30 s if the timer doubles to 5 s only: it is the doubling up to a minute, which RFC 9147 §5.8.2 asks for, that leaves seven
/// attempts in 30 s.
///
/// Where hellos arrive changed, 1.3 can do nothing else: both sides get other keys, and take each other for noise.
fn few_time_out(reports: &[Report]) {
    let timed_out = reports.iter().filter(|report| report.gave_up.as_deref() == Some("timed out")).count();
    assert!(timed_out * 200 <= reports.len().max(200), "{timed_out} of {} timed out", reports.len());
}

const V12: &[ProtocolVersion] = &[ProtocolVersion::DTLS1_2];
const V13: &[ProtocolVersion] = &[ProtocolVersion::DTLS1_3];
const BOTH: &[ProtocolVersion] = &[ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2];

#[test]
fn dtls_1_2() {
    few_time_out(&campaign("dtls 1.2", seeds(), |seed| run(seed, [V12, V12])));
}

#[test]
fn dtls_1_3() {
    few_time_out(&campaign("dtls 1.3", seeds(), |seed| run(seed, [V13, V13])));
}

#[test]
fn dtls_of_two_ages() {
    let versions = |seed| if seed % 2 == 0 { [BOTH, V12] } else { [V12, BOTH] };
    few_time_out(&campaign("dtls 1.3 or 1.2 with 1.2", seeds() / 2, |seed| run(seed, versions(seed))));
}
