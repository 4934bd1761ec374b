//! Channels: many, agreed on, with long names, with priorities, closed one by one.

use super::pair::{LONG, Pair, SOON, labelled};
use super::{Matrix, expect, number, same, text};
use crate::Result;
use crate::relay::End;
use serde_json::json;
use siskin_netsim::Link;
use std::thread::sleep;
use std::time::Duration;

/// What DCEP's two length fields allow (RFC 8832 §5.1).
const LONGEST: usize = 65_535;

pub(super) const CASES: &[Matrix] = &[
    Matrix::new("200-channels", "two hundred channels at once, each with its own messages", two_hundred),
    Matrix::new("opened-later", "both sides open channels at once on a connection that is up", opened_later)
        .every_way()
        .quick(),
    Matrix::new("agreed", "channels that both sides made under agreed numbers", agreed).every_way().quick(),
    Matrix::new(
        "long-names",
        "label and protocol of 65,535 bytes arrive; one byte more is refused",
        long_names,
    ),
    Matrix::new(
        "priorities",
        "Siskin's channel of high priority is ahead of one of very low priority",
        priorities,
    ),
    Matrix::new(
        "close-theirs",
        "the peer closes a channel in use; what it sent arrives, another channel goes on",
        |pair| close(pair, End::Theirs),
    ),
    Matrix::new(
        "close-ours",
        "Siskin closes a channel in use; what it sent arrives, another channel goes on",
        |pair| close(pair, End::Ours),
    ),
    Matrix::new("close-both", "both sides close the same channel at once", close_both),
    Matrix::new(
        "reopen",
        "channels are closed and opened again under the same name, by either side in turn",
        reopen,
    ),
];

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("channel {number}")).collect()
}

fn two_hundred(pair: &mut Pair<'_>) -> Result<()> {
    let names = names(200);
    let labels: Vec<&str> = names.iter().map(String::as_str).collect();
    pair.connect(labelled(&labels))?;
    let messages =
        json!([{"kind": "binary", "size": 3000, "count": 5}, {"kind": "text", "size": 50, "count": 5}]);
    let done = pair.call(End::Theirs, "exchange_all", json!({"messages": messages, "ms": LONG}))?;
    expect(number(&done, "/channels") == 200, &format!("not 200 channels: {done}"))?;
    expect(number(&done, "/equal") == 200, &format!("not all got back what they sent: {done}"))?;
    pair.peer_counts("channel 199", 10)
}

fn opened_later(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["first"]))?;
    pair.call(End::Theirs, "open", json!({"channels": labelled(&["a", "b", "c", "d"])}))?;
    pair.call(End::Ours, "open", json!({"channels": labelled(&["e", "f", "g", "h"])}))?;
    pair.opened(9)?;
    let messages = json!([{"kind": "text", "size": 200, "count": 5}]);
    let done = pair.call(End::Theirs, "exchange_all", json!({"messages": messages, "ms": LONG}))?;
    expect(number(&done, "/equal") == 9, &format!("not all nine got back what they sent: {done}"))?;
    // RFC 8832 §6: even numbers are the DTLS client's, odd ones the server's.
    let opened = pair.call(End::Theirs, "opened", json!({"count": 9, "ms": SOON}))?;
    let parities = |labels: &[&str]| {
        let channels = opened["channels"].as_array().into_iter().flatten();
        let mine = channels.filter(|channel| labels.contains(&text(channel, "/label")));
        let mut odd: Vec<bool> = mine.map(|channel| number(channel, "/id") % 2 == 1).collect();
        odd.dedup();
        odd
    };
    let (theirs, ours) = (parities(&["a", "b", "c", "d"]), parities(&["e", "f", "g", "h"]));
    expect(
        theirs.len() == 1 && ours.len() == 1 && theirs != ours,
        &format!("stream numbers collide: {opened}"),
    )
}

fn agreed(pair: &mut Pair<'_>) -> Result<()> {
    let made = |label: &str, id: u32| json!({"label": label, "init": {"negotiated": true, "id": id}});
    let channels = json!([made("five", 5), made("high", 1023), {"label": "unagreed"}]);
    let own = json!([made("five", 5), made("high", 1023)]);
    pair.connect_with(channels, own, Some(End::Ours))?;
    for label in ["five", "high", "unagreed"] {
        pair.exchange(label, json!([{"kind": "binary", "size": 2000, "count": 10}]))?;
    }
    pair.peer_counts("high", 10)
}

fn long_names(pair: &mut Pair<'_>) -> Result<()> {
    // Characters of two bytes, and one of one: exactly the limit.
    let label = "ä".repeat(LONGEST / 2) + "x";
    let protocol = "x".repeat(LONGEST);
    pair.connect(json!([{"label": label, "init": {"protocol": protocol}}, {"label": "chat"}]))?;
    for end in [End::Theirs, End::Ours] {
        let opened = pair.call(end, "opened", json!({"count": 2, "ms": SOON}))?;
        let channels = opened["channels"].as_array();
        let found = channels.into_iter().flatten().find(|channel| text(channel, "/label").len() == LONGEST);
        let found = found.ok_or_else(|| format!("{end:?} has no label of {LONGEST} bytes"))?;
        expect(found["label"] == label.as_str(), &format!("{end:?} has another label"))?;
        expect(found["protocol"] == protocol.as_str(), &format!("{end:?} has another protocol"))?;
    }
    pair.exchange(&label, json!([{"kind": "text", "size": 1000, "count": 3}]))?;
    for end in [End::Theirs, End::Ours] {
        for init in [
            json!({"label": "x".repeat(LONGEST + 1)}),
            json!({"label": "", "init": {"protocol": "x".repeat(LONGEST + 1)}}),
        ] {
            let opened = pair.call(end, "open", json!({"channels": [init]}));
            expect(opened.is_err(), &format!("{end:?} takes {} bytes", LONGEST + 1))?;
        }
    }
    // The name that may be forgotten.
    pair.call(pair.offerer(), "open", json!({"channels": [{"label": ""}]}))?;
    pair.opened(3)?;
    pair.exchange("", json!([{"kind": "text", "size": 10}]))
}

/// Less than either channel is given to send: they compete.
const NARROW: (u64, Duration) = (400_000, Duration::from_millis(100));

/// How many messages the peer has of the channel of high priority, and of the other.
fn received(pair: &mut Pair<'_>) -> Result<[u64; 2]> {
    let [high, low] = ["high", "very-low"].map(|label| {
        let received = pair.call(End::Theirs, "received", json!({"label": label, "count": 0, "ms": SOON}));
        received.map(|received| number(&received, "/received/messages"))
    });
    Ok([high?, low?])
}

fn priorities(pair: &mut Pair<'_>) -> Result<()> {
    pair.through(1, &Link::new(Duration::from_millis(5)).rate(NARROW.0, NARROW.1));
    pair.connect_silent(labelled(&["control"]))?;
    let [last, first] =
        ["very-low", "high"].map(|priority| json!({"label": priority, "init": {"priority": priority}}));
    pair.call(End::Ours, "open", json!({"channels": [last, first]}))?;
    pair.opened(3)?;
    for label in ["very-low", "high"] {
        pair.call(End::Ours, "pour", json!({"label": label, "size": 16_000}))?;
    }
    // Only what comes once both are busy counts.
    sleep(Duration::from_millis(1500));
    let before = received(pair)?;
    sleep(Duration::from_millis(3000));
    let after = received(pair)?;
    let [high, low] = [after[0] - before[0], after[1] - before[1]];
    pair.seen.found["received"] = json!({"high": high, "very-low": low});
    // Their weights are 1024 and 128.
    expect(high > 3 * low, &format!("the peer got {high} messages of high priority and {low} of very low"))?;
    pair.set_link(&Link::new(Duration::from_millis(5)));
    for label in ["high", "very-low"] {
        let sent = pair.call(End::Ours, "poured", json!({"label": label}))?;
        pair.arrived(End::Ours, label, &sent)?;
    }
    Ok(())
}

fn close(pair: &mut Pair<'_>, by: End) -> Result<()> {
    pair.connect_silent(labelled(&["short", "long"]))?;
    pair.call(by.other(), "pour", json!({"label": "short", "size": 20_000}))?;
    pair.pour("long", 3000)?;
    sleep(Duration::from_millis(200));
    // Most of it is still here when the channel is closed behind it.
    let last = json!([{"kind": "binary", "size": 50_000, "count": 20}]);
    let closed = pair.call(by, "close_channel", json!({"label": "short", "messages": last, "ms": SOON}))?;
    let noticed = pair.call(by.other(), "closed", json!({"label": "short", "ms": SOON}))?;
    // What was sent before the close arrives (RFC 8831 §6.7); what the other side had under way is lost.
    same(&closed["sent"], &noticed["received"])?;
    expect(number(&closed, "/sent/messages") == 20, &format!("not everything was sent: {closed}"))?;
    expect(number(&closed, "/received/messages") > 0, "the other side sent nothing")?;
    let events = pair.events(End::Theirs)?;
    let is_closed =
        |(_, what): &(u64, String)| what == "channel short close" || what == "channel short closed";
    expect(events.iter().any(is_closed), &format!("the peer has no event of the close: {events:?}"))?;
    pair.poured("long")?;
    // Its number may be used again.
    for (end, label) in [(End::Theirs, "their next"), (End::Ours, "our next")] {
        pair.call(end, "open", json!({"channels": labelled(&[label])}))?;
    }
    pair.opened(3)?;
    for label in ["long", "their next", "our next"] {
        for from in [End::Theirs, End::Ours] {
            pair.send(from, label, json!([{"kind": "binary", "size": 5000, "count": 10}]))?;
        }
    }
    pair.undisturbed()?;
    pair.peer_counts("our next", 10)
}

fn close_both(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_silent(labelled(&["short", "long"]))?;
    pair.send(End::Theirs, "short", json!([{"kind": "binary", "size": 5000, "count": 20}]))?;
    pair.pour("short", 10_000)?;
    sleep(Duration::from_millis(50));
    // Neither waits: each side's request crosses the other's.
    pair.call(End::Ours, "shut", json!({"label": "short"}))?;
    pair.call(End::Theirs, "shut", json!({"label": "short"}))?;
    for end in [End::Theirs, End::Ours] {
        pair.call(end, "closed", json!({"label": "short", "ms": SOON}))?;
    }
    for from in [End::Theirs, End::Ours] {
        pair.send(from, "long", json!([{"kind": "text", "size": 5000, "count": 10}]))?;
    }
    pair.undisturbed()
}

fn reopen(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect(labelled(&["control"]))?;
    for round in 0..12 {
        let by = if round % 2 == 0 { End::Theirs } else { End::Ours };
        pair.call(by, "open", json!({"channels": labelled(&["again"])}))?;
        pair.opened(2)?;
        pair.exchange("again", json!([{"kind": "binary", "size": 1500, "count": 3}]))?;
        let closer = if round % 3 == 0 { by } else { by.other() };
        pair.call(closer, "close_channel", json!({"label": "again", "ms": SOON}))?;
        pair.call(closer.other(), "closed", json!({"label": "again", "ms": SOON}))?;
    }
    pair.exchange("control", json!([{"kind": "text", "size": 10}]))?;
    pair.undisturbed()
}
