//! What is in a message: sizes, kinds, every plane of Unicode, much of it.

use super::pair::{LONG, Pair, labelled, sizes};
use super::{Matrix, expect, number, same, text};
use crate::Result;
use crate::relay::End;
use serde_json::{Value, json};

/// 100 MiB in messages of this size.
const LARGE: u64 = 256 << 10;
const HUNDRED_MIB: u64 = 400;
/// More than any browser's default limit; what a side takes that says it takes any size.
const HUGE: u64 = 8 << 20;

pub(super) const CASES: &[Matrix] = &[
    Matrix::new("one-byte", "messages of one byte, of both kinds", |pair| {
        content(
            pair,
            json!([{"kind": "binary", "size": 1, "count": 50}, {"kind": "text", "size": 1, "count": 50}]),
        )
    })
    .every_way()
    .quick(),
    Matrix::new("no-byte", "empty messages of both kinds between others", no_byte).every_way().quick(),
    Matrix::new("planes", "text with characters of every plane of Unicode, both ways", planes)
        .every_way()
        .quick(),
    Matrix::new("16KiB", "messages of 16 KiB", |pair| both_kinds(pair, 16 << 10, 20)).every_way(),
    Matrix::new("256KiB", "messages of 256 KiB", |pair| both_kinds(pair, LARGE, 4)).every_way(),
    Matrix::new(
        "largest",
        "messages of the size agreed on; one byte more is refused on either side",
        largest,
    )
    .every_way(),
    Matrix::new("mixed", "a thousand messages of changing size and kind", mixed).every_way(),
    Matrix::new("hundred-MiB", "100 MiB each way at once with equal SHA-256", hundred),
];

/// The peer sends, Siskin sends back, and the peer compares.
fn content(pair: &mut Pair<'_>, messages: Value) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    let count =
        messages.as_array().into_iter().flatten().map(|message| message["count"].as_u64().unwrap_or(1)).sum();
    pair.exchange("chat", messages)?;
    pair.peer_counts("chat", count)
}

fn both_kinds(pair: &mut Pair<'_>, size: u64, count: u64) -> Result<()> {
    content(
        pair,
        json!([{"kind": "binary", "size": size, "count": count}, {"kind": "text", "size": size, "count": count}]),
    )
}

fn no_byte(pair: &mut Pair<'_>) -> Result<()> {
    let one = |kind, size| json!({"kind": kind, "size": size});
    content(
        pair,
        json!([
            one("text", 0),
            one("binary", 0),
            one("text", 3),
            one("binary", 0),
            one("text", 0),
            one("text", 0)
        ]),
    )
}

fn planes(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["chat"]))?;
    let messages = sizes("planes", 12, &[4, 100, 5000, 60_000]);
    pair.exchange("chat", messages.clone())?;
    pair.peer_counts("chat", 48)?;
    // What Siskin itself makes of such text is what the peer makes of it.
    pair.call(End::Theirs, "open", labelled_args("spoken"))?;
    pair.opened(2)?;
    pair.call(End::Theirs, "send", json!({"label": "spoken", "messages": messages})).map(drop)?;
    let sent = pair.call(End::Ours, "received", json!({"label": "spoken", "count": 48, "ms": LONG}))?;
    let heard = pair.call(End::Theirs, "received", json!({"label": "spoken", "count": 48, "ms": LONG}))?;
    same(&heard["sent"], &sent["received"])
}

fn labelled_args(label: &str) -> Value {
    json!({"channels": [{"label": label}]})
}

fn mixed(pair: &mut Pair<'_>) -> Result<()> {
    let kinds = ["binary", "text", "planes"];
    let size = |number: u64| (number * 7919) % 3000;
    let messages: Value = (0..1000u64)
        .zip(kinds.iter().cycle())
        .map(|(number, kind)| json!({"kind": kind, "size": size(number)}))
        .collect();
    content(pair, messages)
}

fn largest(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_silent(labelled(&["chat"]))?;
    let mut found = json!({});
    for from in [End::Theirs, End::Ours] {
        let limit = pair.call(from, "limit", json!({}))?["bytes"].as_u64();
        found[format!("{from:?}")] = json!(limit);
        let size = limit.unwrap_or(HUGE).min(HUGE);
        pair.send(from, "chat", json!([{"kind": "binary", "size": size}, {"kind": "text", "size": size}]))?;
        if limit == Some(size) {
            let refused = pair.call(from, "refused", json!({"label": "chat", "size": size + 1}))?;
            let error = text(&refused, "/error");
            expect(
                !error.is_empty(),
                &format!("{from:?} does not say why {size} bytes and one are refused"),
            )?;
        }
    }
    pair.seen.found["limits"] = found;
    // A refused message harms nobody.
    for from in [End::Theirs, End::Ours] {
        pair.send(from, "chat", json!([{"kind": "text", "size": 5}]))?;
    }
    pair.peer_counts("chat", 3)
}

fn hundred(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["bulk"]))?;
    pair.exchange("bulk", json!([{"kind": "binary", "size": LARGE, "count": HUNDRED_MIB}]))?;
    let args = json!({"label": "bulk", "count": HUNDRED_MIB, "ms": LONG});
    let [theirs, ours] = [End::Theirs, End::Ours].map(|end| pair.call(end, "received", args.clone()));
    let (theirs, ours) = (theirs?, ours?);
    same(&theirs["sent"], &ours["received"])?;
    same(&ours["sent"], &theirs["received"])?;
    expect(number(&theirs, "/received/bytes") == HUNDRED_MIB * LARGE, "not all bytes came")?;
    pair.peer_counts("bulk", HUNDRED_MIB)
}
