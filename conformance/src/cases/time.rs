//! What takes time, or more than one connection: silence, a page in the background, several connections, IPv6.

use super::pair::{Pair, SOON, labelled};
use super::{Matrix, expect, number, text};
use crate::Result;
use crate::relay::End;
use serde_json::{Value, json};
use siskin_netsim::Link;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Matrix] = &[
    Matrix::new(
        "silence",
        "one connection is cut: both sides notice, Siskin when consent expires; one is idle for as long: nothing happens to it",
        silence,
    )
    .once(),
    Matrix::new("killed", "Siskin is killed; the peer notices", killed).once(),
    Matrix::new("hidden", "messages flow while the page is in the background", hidden).in_a_page(),
    Matrix::new("three-at-once", "three connections on one of Siskin's ports at the same time", three),
    Matrix::new("ipv6", "only candidates of IPv6", ipv6).quick(),
];

/// RFC 7675 §5.1: consent expires after 30 s.
const CONSENT: Duration = Duration::from_secs(30);

fn silence(pair: &mut Pair<'_>) -> Result<()> {
    // The idle one goes directly, and is there all the time.
    pair.on = 1;
    pair.connect(labelled(&["idle"]))?;
    pair.exchange("idle", json!([{"kind": "text", "size": 10}]))?;
    let before = pair.call(End::Theirs, "stats", json!({}))?;
    let idle_since = Instant::now();

    pair.on = 0;
    pair.through(5, &Link::new(Duration::from_millis(1)));
    pair.connect(labelled(&["cut"]))?;
    pair.exchange("cut", json!([{"kind": "text", "size": 10}]))?;
    let connected = pair.call(End::Ours, "state", json!({}))?;
    if let Some(relay) = &pair.relay {
        relay.cut();
    }
    let cut = Instant::now();
    pair.call(End::Theirs, "until", json!({"connection": ["disconnected", "failed"], "ms": 40_000}))?;
    let theirs = cut.elapsed();
    pair.call(End::Ours, "until", json!({"connection": ["failed", "closed"], "ms": 45_000}))?;
    let ours = cut.elapsed();
    let events = pair.events(End::Ours)?;
    let since = number(&connected, "/now");
    let after =
        |what: &str| events.iter().find(|(_, seen)| seen == what).map(|(at, _)| at.saturating_sub(since));
    pair.seen.found = json!({"peer_noticed_ms": theirs.as_millis() as u64, "siskin_failed_ms": ours.as_millis() as u64,
        "siskin_disconnected_ms": after("connection disconnected")});
    // The last answer may have come up to one period of checks (5 s, and a fifth) before the cut.
    let early = CONSENT.saturating_sub(Duration::from_secs(7));
    expect(
        ours > early && ours < CONSENT + Duration::from_secs(2),
        &format!("Siskin gave up after {ours:?}"),
    )?;
    expect(
        after("connection disconnected").is_some(),
        &format!("Siskin was not disconnected first: {events:?}"),
    )?;

    pair.on = 1;
    sleep((CONSENT + Duration::from_secs(4)).saturating_sub(idle_since.elapsed()));
    pair.undisturbed()?;
    let after = pair.call(End::Theirs, "stats", json!({}))?;
    let answered = |stats: &Value| stats.pointer("/pair/responsesReceived").and_then(Value::as_u64);
    // Firefox does not count them.
    if let (Some(before), Some(after)) = (answered(&before), answered(&after)) {
        expect(
            after > before + 4,
            &format!("the peer's checks were answered {before} and then {after} times"),
        )?;
    }
    pair.exchange("idle", json!([{"kind": "text", "size": 10, "count": 5}]))?;
    pair.peer_counts("idle", 5)
}

fn killed(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    pair.exchange("chat", json!([{"kind": "text", "size": 10}]))?;
    pair.kill_ours();
    let killed = Instant::now();
    pair.call(
        End::Theirs,
        "until",
        json!({"connection": ["disconnected", "failed", "closed"], "ms": 40_000}),
    )?;
    pair.seen.found["peer_noticed_ms"] = json!(killed.elapsed().as_millis() as u64);
    Ok(())
}

fn hidden(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    pair.exchange("chat", json!([{"kind": "text", "size": 10}]))?;
    pair.hide(true)?;
    let outcome = in_the_background(pair);
    pair.hide(false)?;
    outcome?;
    pair.exchange("chat", json!([{"kind": "text", "size": 10}]))?;
    pair.undisturbed()?;
    pair.peer_counts("chat", 1)
}

fn in_the_background(pair: &mut Pair<'_>) -> Result<()> {
    let state = pair.call(End::Theirs, "state", json!({}))?;
    let visibility = text(&state, "/visibility");
    expect(visibility == "hidden", &format!("the page is {visibility}"))?;
    let start = Instant::now();
    pair.exchange("chat", json!([{"kind": "binary", "size": 1000, "count": 200}, {"kind": "text", "size": 60_000, "count": 20}]))?;
    pair.seen.found["exchange_ms"] = json!(start.elapsed().as_millis() as u64);
    // For longer than a page's timers are slowed down to.
    sleep(Duration::from_secs(6));
    pair.exchange("chat", json!([{"kind": "text", "size": 10, "count": 20}]))
}

fn three(pair: &mut Pair<'_>) -> Result<()> {
    let mut ports = Vec::new();
    for on in 0..3 {
        pair.on = on;
        pair.connect_silent(labelled(&["chat"]))?;
        let stats = pair.call(End::Theirs, "stats", json!({}))?;
        let port = stats.pointer("/pair/remote/port").and_then(Value::as_u64);
        ports.push(port.ok_or("the peer does not know the port of its remote candidate")?);
    }
    expect(ports.iter().all(|port| Some(port) == ports.first()), &format!("Siskin's ports are {ports:?}"))?;
    for on in 0..3 {
        pair.on = on;
        pair.pour("chat", 2000 + 500 * on)?;
    }
    sleep(Duration::from_millis(500));
    for on in 0..3 {
        pair.on = on;
        pair.poured("chat")?;
        pair.peer_counts("chat", 1)?;
    }
    // One that ends is nothing to the others.
    pair.on = 1;
    pair.call(End::Theirs, "close", json!({}))?;
    for on in [0, 2] {
        pair.on = on;
        pair.send(End::Ours, "chat", json!([{"kind": "text", "size": 100}]))?;
        pair.undisturbed()?;
    }
    pair.on = 1;
    pair.call(End::Ours, "ended", json!({"ms": SOON})).map(drop)
}

fn ipv6(pair: &mut Pair<'_>) -> Result<()> {
    pair.only_ipv6 = true;
    pair.connect(labelled(&["chat"]))?;
    pair.exchange("chat", json!([{"kind": "binary", "size": 5000, "count": 20}]))?;
    pair.peer_counts("chat", 20)?;
    let address = text(&pair.seen.stats, "/pair/remote/address").to_owned();
    expect(address.contains(':'), &format!("the peer's remote candidate is {address}"))
}
