//! A network that loses, delays and reorders: each mode of reliability keeps what it promises.

use super::pair::{LONG, Pair};
use super::{Matrix, expect, number};
use crate::Result;
use crate::relay::End;
use serde_json::{Value, json};
use siskin_netsim::Link;
use std::time::Duration;

/// Messages each way under loss.
const COUNT: u64 = 150;
/// A datagram or two; larger ones travel in pieces.
const SIZES: [u64; 2] = [800, 4000];

pub(super) const CASES: &[Matrix] = &[
    Matrix::new("lossy/connect", "set-up through a network that loses a fifth", connect),
    Matrix::new("lossy/ordered", "under loss: everything arrives, in order", |pair| {
        lossy(pair, &Mode { init: json!({}), ordered: true, least: 100, most: 100 })
    }),
    Matrix::new("lossy/unordered", "under loss: everything arrives", |pair| {
        lossy(pair, &Mode { init: json!({"ordered": false}), ordered: false, least: 100, most: 100 })
    }),
    Matrix::new(
        "lossy/no-retransmits",
        "under loss: some messages are lost, the rest arrives, unordered",
        |pair| {
            let init = json!({"ordered": false, "maxRetransmits": 0});
            lossy(pair, &Mode { init, ordered: false, least: 40, most: 99 })
        },
    ),
    Matrix::new(
        "lossy/no-retransmits-ordered",
        "under loss: some messages are lost, the rest stays in order",
        |pair| lossy(pair, &Mode { init: json!({"maxRetransmits": 0}), ordered: true, least: 40, most: 99 }),
    ),
    Matrix::new("lossy/one-retransmit", "under loss: a few messages are lost", |pair| {
        lossy(pair, &Mode { init: json!({"maxRetransmits": 1}), ordered: true, least: 60, most: 100 })
    }),
    Matrix::new(
        "lossy/many-retransmits",
        "under loss: no message is lost that may be sent twenty times",
        |pair| {
            let init = json!({"ordered": false, "maxRetransmits": 20});
            lossy(pair, &Mode { init, ordered: false, least: 100, most: 100 })
        },
    ),
    Matrix::new("lossy/short-lived", "under loss: messages expire, the rest stays in order", |pair| {
        lossy(pair, &Mode { init: json!({"maxPacketLifeTime": 60}), ordered: true, least: 25, most: 99 })
    }),
    Matrix::new("lossy/short-lived-unordered", "under loss: messages expire, the rest arrives", |pair| {
        let init = json!({"ordered": false, "maxPacketLifeTime": 60});
        lossy(pair, &Mode { init, ordered: false, least: 25, most: 99 })
    }),
    Matrix::new("lossy/long-lived", "under loss: no message is lost that may live for a minute", |pair| {
        lossy(
            pair,
            &Mode { init: json!({"maxPacketLifeTime": 60_000}), ordered: true, least: 100, most: 100 },
        )
    }),
    Matrix::new("lossy/bulk", "a megabyte each way through loss, reordering and duplication", bulk),
];

/// What a channel promises, and what may be left of all messages, in percent.
struct Mode {
    init: Value,
    ordered: bool,
    least: u64,
    most: u64,
}

/// One datagram in fourteen is lost, each way.
fn bad() -> Link {
    Link::new(Duration::from_millis(10)).loss(0.07)
}

fn lossy(pair: &mut Pair<'_>, mode: &Mode) -> Result<()> {
    pair.through(7, &Link::new(Duration::from_millis(10)));
    pair.connect_silent(json!([{"label": "lossy", "init": mode.init}, {"label": "whole"}]))?;
    pair.set_link(&bad());
    let [small, large] =
        SIZES.map(|size| json!({"kind": "binary", "size": size, "count": COUNT / 2, "pause": 4}));
    let messages = json!([small, large]);
    for from in [End::Theirs, End::Ours] {
        pair.call(from, "send", json!({"label": "lossy", "messages": messages}))?;
        // A sender waits for up to some seconds when retransmissions are lost, too.
        let patience = if mode.least == 100 { 60_000 } else { 3000 };
        let args = json!({"label": "lossy", "count": COUNT, "patience": patience, "ms": LONG});
        let sifted = pair.call(from.other(), "sift", args)?;
        pair.seen.found[format!("sent by {from:?}")] = sifted.clone();
        let [messages, distinct, late, wrong] =
            ["/messages", "/distinct", "/late", "/wrong"].map(|name| number(&sifted, name));
        let share = distinct * 100 / COUNT;
        let said = format!("of {COUNT} messages that {from:?} sent: {sifted}");
        expect(wrong == 0 && messages == distinct, &format!("changed or doubled, {said}"))?;
        expect(!mode.ordered || late == 0, &format!("out of order, {said}"))?;
        // When the peer gives up is its affair: Firefox's lifetimes are generous.
        let most = if from == End::Ours { mode.most } else { 100 };
        expect((mode.least..=most).contains(&share), &format!("not {} to {most} %, {said}", mode.least))?;
    }
    // What was given up holds nothing up: on a network that is whole again, both channels lose nothing.
    pair.set_link(&Link::new(Duration::from_millis(1)));
    for from in [End::Theirs, End::Ours] {
        // Once this is through, no timer of the bad times holds up the next messages until they expire.
        pair.send(from, "whole", json!([{"kind": "binary", "size": 5000, "count": 10}]))?;
        let args = json!({"label": "lossy", "count": u64::MAX, "patience": 300, "ms": LONG});
        let before = number(&pair.call(from.other(), "sift", args)?, "/messages");
        let more = json!([{"kind": "text", "size": 200, "count": 20, "pause": 2}]);
        pair.call(from, "send", json!({"label": "lossy", "messages": more}))?;
        let args = json!({"label": "lossy", "count": before + 20, "ms": 20_000});
        pair.call(from.other(), "received", args)?;
    }
    pair.undisturbed_by_loss()?;
    pair.peer_counts("whole", 10)
}

fn connect(pair: &mut Pair<'_>) -> Result<()> {
    let link =
        Link::new(Duration::from_millis(20)).loss(0.2).jitter(Duration::from_millis(10)).duplicate(0.05);
    pair.through(11, &link);
    pair.connect(json!([{"label": "chat"}]))?;
    pair.exchange("chat", json!([{"kind": "text", "size": 1000, "count": 5}]))?;
    pair.peer_counts("chat", 5)
}

fn bulk(pair: &mut Pair<'_>) -> Result<()> {
    let link = Link::new(Duration::from_millis(10)).jitter(Duration::from_millis(2));
    pair.through(13, &link);
    pair.connect(json!([{"label": "chat"}]))?;
    pair.set_link(&link.loss(0.02).reorder(0.02).duplicate(0.02));
    pair.exchange("chat", json!([{"kind": "binary", "size": 16_000, "count": 64}]))?;
    pair.peer_counts("chat", 64)
}
