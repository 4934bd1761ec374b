//! Offers and answers on a connection that is up: again, taken back, at once, with new paths.

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
        "renegotiate",
        "either side offers again while messages flow; the peer asks for audio and video, too",
        renegotiate,
    ),
    Matrix::new("rollback-theirs", "the peer takes its offer back, and answers Siskin's", |pair| {
        rollback(pair, End::Theirs)
    })
    .quick(),
    Matrix::new("rollback-ours", "Siskin takes its offer back, and answers the peer's", |pair| {
        rollback(pair, End::Ours)
    })
    .quick(),
    Matrix::new(
        "rollback-remote",
        "each side takes the other's offer back instead of answering it",
        rollback_remote,
    ),
    Matrix::new("glare-theirs", "both offer at once; the peer gives way by itself", |pair| {
        glare(pair, End::Theirs)
    }),
    Matrix::new("glare-ours", "both offer at once; Siskin gives way by itself", |pair| {
        glare(pair, End::Ours)
    }),
    Matrix::new("restart-theirs", "the peer restarts ICE while messages flow", |pair| {
        restart(pair, End::Theirs)
    }),
    Matrix::new("restart-ours", "Siskin restarts ICE while messages flow", |pair| restart(pair, End::Ours)),
    Matrix::new(
        "restart-revives",
        "the network is cut, then mended; a restart of ICE by the peer brings the connection back",
        |pair| revive(pair, End::Theirs),
    )
    .once(),
];

fn renegotiate(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_silent(labelled(&["chat"]))?;
    pair.pour("chat", 3000)?;
    pair.renegotiate(End::Theirs, json!({"media": ["audio"]}), false)?;
    pair.renegotiate(End::Ours, json!({}), false)?;
    pair.renegotiate(End::Ours, json!({"channels": labelled(&["more"])}), false)?;
    pair.renegotiate(End::Theirs, json!({"media": ["video"]}), false)?;
    pair.renegotiate(End::Theirs, json!({}), false)?;
    sleep(Duration::from_millis(100));
    pair.poured("chat")?;
    pair.opened(2)?;
    pair.send(End::Theirs, "more", json!([{"kind": "text", "size": 10}]))?;
    pair.undisturbed()?;
    pair.peer_counts("chat", 1)
}

/// An offer that is set on its own side only.
fn offered(pair: &mut Pair<'_>, by: End) -> Result<Value> {
    pair.call(by, "offer", json!({"again": true}))
}

fn rollback(pair: &mut Pair<'_>, by: End) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    for _ in 0..2 {
        offered(pair, by)?;
        signaling(pair, by, "have-local-offer")?;
        pair.call(by, "rollback", json!({}))?;
        signaling(pair, by, "stable")?;
        pair.renegotiate(by.other(), json!({}), false)?;
    }
    pair.renegotiate(by, json!({}), false)?;
    still_there(pair)
}

fn rollback_remote(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    for by in [End::Theirs, End::Ours] {
        let offer = offered(pair, by.other())?;
        pair.call(by, "take", json!({"again": true, "sdp": offer["sdp"]}))?;
        signaling(pair, by, "have-remote-offer")?;
        pair.call(by, "rollback", json!({"remote": true}))?;
        pair.call(by.other(), "rollback", json!({}))?;
        pair.stable()?;
        pair.renegotiate(by, json!({}), false)?;
    }
    still_there(pair)
}

fn glare(pair: &mut Pair<'_>, polite: End) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    offered(pair, polite)?;
    let offer = offered(pair, polite.other())?;
    // webrtc-pc §4.4.1.5: a remote offer takes the local one back.
    let answer = pair.call(polite, "answer", json!({"again": true, "sdp": offer["sdp"]}))?;
    pair.call(polite.other(), "accept", json!({"sdp": answer["sdp"]}))?;
    pair.stable()?;
    pair.renegotiate(polite, json!({}), false)?;
    still_there(pair)
}

fn signaling(pair: &mut Pair<'_>, end: End, wanted: &str) -> Result<()> {
    let state = pair.call(end, "state", json!({}))?;
    let found = text(&state, "/signaling");
    expect(found == wanted, &format!("{end:?}'s signalling state is {found}, not {wanted}"))
}

fn still_there(pair: &mut Pair<'_>) -> Result<()> {
    pair.stable()?;
    pair.exchange("chat", json!([{"kind": "binary", "size": 2000, "count": 20}]))?;
    pair.undisturbed()?;
    pair.peer_counts("chat", 20)
}

fn restart(pair: &mut Pair<'_>, by: End) -> Result<()> {
    pair.connect_silent(labelled(&["chat"]))?;
    pair.pour("chat", 3000)?;
    for _ in 0..2 {
        let before = pair.call(End::Theirs, "stats", json!({}))?;
        sleep(Duration::from_millis(100));
        pair.renegotiate(by, json!({"restart": true}), true)?;
        // The new path is found meanwhile.
        let counted = |stats: &Value| number(stats, "/channels/0/messagesReceived");
        let end = Instant::now() + Duration::from_millis(SOON);
        let mut after = Value::Null;
        while counted(&after) <= counted(&before) + 20 {
            expect(Instant::now() < end, "the peer gets nothing any more")?;
            sleep(Duration::from_millis(50));
            after = pair.call(End::Theirs, "stats", json!({}))?;
        }
        let state = text(&after, "/states/connection");
        expect(state == "connected", &format!("the peer's connectionState is {state:?}"))?;
    }
    pair.poured("chat")?;
    let events = pair.events(End::Theirs)?;
    expect(
        !events.iter().any(|(_, what)| what.ends_with(" failed")),
        &format!("the peer saw a failure: {events:?}"),
    )?;
    pair.peer_counts("chat", 1)
}

fn revive(pair: &mut Pair<'_>, by: End) -> Result<()> {
    pair.through(3, &Link::new(Duration::from_millis(2)));
    pair.connect(labelled(&["chat"]))?;
    pair.exchange("chat", json!([{"kind": "text", "size": 20}]))?;
    pair.set_link(&Link::new(Duration::ZERO).loss(1.0));
    pair.call(End::Theirs, "until", json!({"connection": ["disconnected", "failed"], "ms": 40_000}))?;
    pair.set_link(&Link::new(Duration::from_millis(2)));
    pair.renegotiate(by, json!({"restart": true}), true)?;
    for end in [End::Theirs, End::Ours] {
        pair.call(end, "until", json!({"connection": ["connected"], "ms": SOON}))?;
    }
    pair.exchange("chat", json!([{"kind": "binary", "size": 2000, "count": 20}]))?;
    pair.peer_counts("chat", 20)
}
