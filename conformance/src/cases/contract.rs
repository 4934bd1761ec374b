//! The machine contract of `siskin echo --stdio` and `siskin dial --stdio`.

use super::scene::{Dtls, Scene};
use super::{Contract, expect, media};
use crate::Result;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The largest message that browsers send each other.
const LARGE: u64 = 256 << 10;
/// 20 MiB in large messages.
const BULK: u64 = 80;

pub(super) const CASES: &[Contract] = &[
    Contract {
        name: "connect",
        about: "one channel opens, one message comes back, a clean end",
        offering: Some(|scene| exchange(scene, json!([{"kind": "text", "size": 5}]))),
        answering: Some(|scene| dial(scene, 1, 5)),
        ..Contract::USUAL
    },
    Contract {
        name: "dtls12",
        about: "the program speaks DTLS 1.2 only: the peer falls back",
        offering: Some(dtls12_offered),
        answering: Some(dtls12_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "text",
        about: "text messages of many sizes, with more than ASCII in them",
        offering: Some(|scene| exchange(scene, sizes("text", &[1, 60, 1000, 1200, 5000, 65_536]))),
        answering: None,
        ..Contract::USUAL
    },
    Contract {
        name: "binary",
        about: "binary messages of many sizes",
        offering: Some(|scene| exchange(scene, sizes("binary", &[1, 60, 1000, 1200, 5000, 65_536]))),
        answering: Some(|scene| dial(scene, 20, 5000)),
        ..Contract::USUAL
    },
    Contract {
        name: "empty",
        about: "empty messages of both kinds stay empty, and of their kind",
        offering: Some(empty),
        answering: Some(|scene| dial(scene, 3, 0)),
        ..Contract::USUAL
    },
    Contract {
        name: "large",
        about: "messages of 256 KiB",
        offering: Some(large),
        answering: Some(|scene| dial(scene, 4, LARGE)),
        ..Contract::USUAL
    },
    Contract {
        name: "two-channels",
        about: "two channels at once, each with its own messages",
        offering: Some(two_channels_offered),
        answering: Some(two_channels_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "unreliable",
        about: "an unordered channel without retransmissions, whose label and protocol arrive",
        offering: Some(unreliable_offered),
        answering: Some(unreliable_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "lifetime",
        about: "a channel whose messages expire",
        offering: Some(lifetime_offered),
        answering: Some(lifetime_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "negotiated",
        about: "a channel that both sides made under an agreed number",
        offering: None,
        answering: Some(negotiated),
        ..Contract::USUAL
    },
    Contract {
        name: "media-asked",
        about: "the peer only wants to receive audio and video, beside the channel; both are taken, none comes",
        offering: Some(media_asked),
        answering: None,
        ..Contract::USUAL
    },
    Contract {
        name: "media",
        about: "the browser's pictures and tone come back; it reads the numbers in them, and hears the pitch",
        offering: Some(there_and_back),
        ..Contract::USUAL
    },
    Contract {
        name: "trickle",
        about: "candidates one by one, after the descriptions, both ways",
        offering: Some(trickle_offered),
        answering: Some(trickle_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "channel-close",
        about: "the peer closes one channel; another goes on",
        offering: Some(channel_close),
        answering: None,
        ..Contract::USUAL
    },
    Contract {
        name: "peer-closes",
        about: "the peer closes the connection; the program notices and ends",
        offering: Some(peer_closes_offered),
        answering: Some(peer_closes_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "siskin-closes",
        about: "the program closes the connection; the peer notices",
        offering: Some(siskin_closes),
        answering: Some(|scene| dial(scene, 10, 100)),
        ..Contract::USUAL
    },
    Contract {
        name: "replay",
        about: "a recording of the whole connection replays to the same bytes",
        offering: Some(replay_offered),
        answering: Some(replay_dialled),
        ..Contract::USUAL
    },
    Contract {
        name: "bulk",
        about: "20 MiB each way with equal SHA-256",
        offering: Some(bulk),
        answering: Some(|scene| dial(scene, BULK, LARGE)),
        ..Contract::USUAL
    },
];

/// One message of each size.
fn sizes(kind: &str, sizes: &[u64]) -> Value {
    sizes.iter().map(|size| json!({"kind": kind, "size": size})).collect()
}

/// The peer offers one channel, sends, and gets every message back; then it closes.
fn exchange(scene: &mut Scene<'_>, messages: Value) -> Result<()> {
    let run = scene.offer(json!([{"label": "chat"}]))?;
    scene.exchange("chat", messages)?;
    scene.peer_counts("chat")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn dtls12_offered(scene: &mut Scene<'_>) -> Result<()> {
    scene.expect_dtls(Dtls::V12);
    let run = scene.offer_to(&["--dtls", "1.2"], json!([{"label": "chat"}]))?;
    scene.exchange("chat", json!([{"kind": "text", "size": 50, "count": 3}]))?;
    scene.peer_counts("chat")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn dtls12_dialled(scene: &mut Scene<'_>) -> Result<()> {
    scene.expect_dtls(Dtls::V12);
    let run = scene.dial(&["--dtls", "1.2", "--channel", "chat", "--count", "3", "--size", "50"], 3)?;
    scene.echoed("chat", 3, 50)?;
    scene.peer_counts("chat")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()
}

/// The program dials, and the peer sends every message back; then the program closes, and the peer notices.
fn dial(scene: &mut Scene<'_>, count: u64, size: u64) -> Result<()> {
    let numbers = [count.to_string(), size.to_string()];
    let [count_text, size_text] = &numbers;
    let run = scene.dial(&["--channel", "chat", "--count", count_text, "--size", size_text], count)?;
    scene.echoed("chat", count, size)?;
    scene.peer_counts("chat")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()
}

fn empty(scene: &mut Scene<'_>) -> Result<()> {
    let one = |kind| json!({"kind": kind, "size": 0});
    let mark = json!({"kind": "text", "size": 3});
    exchange(scene, json!([one("text"), one("binary"), mark, one("binary"), one("text"), one("text")]))
}

fn large(scene: &mut Scene<'_>) -> Result<()> {
    exchange(
        scene,
        json!([{"kind": "binary", "size": LARGE, "count": 2}, {"kind": "text", "size": LARGE, "count": 2}]),
    )
}

fn bulk(scene: &mut Scene<'_>) -> Result<()> {
    exchange(scene, json!([{"kind": "binary", "size": LARGE, "count": BULK}]))
}

fn two_channels_offered(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer(json!([{"label": "first"}, {"label": "zweiter Kanal 🐦"}]))?;
    scene.exchange("first", json!([{"kind": "text", "size": 100, "count": 10}]))?;
    scene.exchange("zweiter Kanal 🐦", json!([{"kind": "binary", "size": 3000, "count": 7}]))?;
    scene.exchange("first", json!([{"kind": "binary", "size": 1, "count": 5}]))?;
    scene.peer_counts("zweiter Kanal 🐦")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn two_channels_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let args = ["--channel", "first", "--channel", "zweiter Kanal 🐦", "--count", "9", "--size", "2000"];
    let run = scene.dial(&args, 9)?;
    scene.echoed("first", 9, 2000)?;
    scene.echoed("zweiter Kanal 🐦", 9, 2000)?;
    scene.peer_counts("first")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()
}

fn unreliable_offered(scene: &mut Scene<'_>) -> Result<()> {
    let init = json!({"ordered": false, "maxRetransmits": 0, "protocol": "lossy.example"});
    let run = scene.offer(json!([{"label": "loose", "init": init}]))?;
    scene.some_come_back("loose", 100)?;
    scene.peer_counts("loose")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn unreliable_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let args = ["--channel", "loose", "--unordered", "--max-retransmits", "0", "--protocol", "lossy.example"];
    let channel = dialled_loosely(scene, &args)?;
    expect(channel["ordered"] == false, "the peer sees an ordered channel")?;
    expect(channel["maxRetransmits"] == 0, "the peer does not see maxRetransmits 0")?;
    expect(channel["protocol"] == "lossy.example", "the peer does not see the protocol")
}

fn lifetime_offered(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer(json!([{"label": "late", "init": {"ordered": true, "maxPacketLifeTime": 500}}]))?;
    scene.some_come_back("late", 50)?;
    scene.peer_counts("late")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn lifetime_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let channel = dialled_loosely(scene, &["--channel", "late", "--max-lifetime", "500"])?;
    expect(channel["ordered"] == true, "the peer sees an unordered channel")?;
    expect(channel["maxPacketLifeTime"] == 500, "the peer does not see maxPacketLifeTime 500")
}

/// The program dials with one channel whose messages may be lost; yields how the peer sees that channel.
fn dialled_loosely(scene: &mut Scene<'_>, args: &[&str]) -> Result<Value> {
    let args: Vec<&str> = args.iter().copied().chain(["--count", "50", "--size", "200"]).collect();
    let run = scene.dial(&args, 50)?;
    let opened = scene.peer.call("opened", json!({"count": 1, "ms": 30_000}))?;
    let channel = opened.pointer("/channels/0").cloned().ok_or("the peer has no channel")?;
    scene.most_arrive(channel["label"].as_str().unwrap_or_default(), 50)?;
    scene.peer_counts("")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()?;
    Ok(channel)
}

fn negotiated(scene: &mut Scene<'_>) -> Result<()> {
    let args = ["--channel", "agreed", "--negotiated", "5", "--count", "10", "--size", "300"];
    let own = json!([{"label": "agreed", "init": {"negotiated": true, "id": 5}}]);
    let run = scene.dial_with(&args, 10, own, false)?;
    scene.echoed("agreed", 10, 300)?;
    scene.peer_counts("agreed")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()
}

fn media_asked(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer_with(&[], json!([{"label": "chat"}]), &["audio", "video"])?;
    scene.exchange("chat", json!([{"kind": "text", "size": 50, "count": 3}]))?;
    scene.peer_counts("chat")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

/// Pictures whose numbers are read.
const PICTURES: u64 = 60;

fn there_and_back(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer_media(media::with_codecs("VP8", "opus"))?;
    let heard = scene.peer.call("hear", json!({"hz": 1000, "ms": 30_000}))?;
    let seen = scene.peer.call("watch", json!({"kind": "video", "frames": PICTURES, "ms": 60_000}))?;
    media::in_order(&seen)?;
    scene.exchange("chat", json!([{"kind": "text", "size": 50, "count": 3}]))?;
    scene.peer_counts("chat")?;
    let streams = scene.peer.call("streams", json!({}))?;
    let decoded = media::decoded(&streams, PICTURES, "VP8", "opus")?;
    scene.seen.found["media"] = json!({"seen": seen, "heard": heard, "decoded": decoded});
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn trickle_offered(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer_trickling(json!([{"label": "chat"}]))?;
    scene.exchange("chat", json!([{"kind": "text", "size": 50, "count": 3}]))?;
    scene.peer_counts("chat")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn trickle_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let args = ["--trickle", "--channel", "chat", "--count", "3", "--size", "50"];
    let run = scene.dial_with(&args, 3, json!([]), true)?;
    scene.echoed("chat", 3, 50)?;
    scene.peer_counts("chat")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()
}

fn channel_close(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer(json!([{"label": "short"}, {"label": "long"}]))?;
    scene.exchange("short", json!([{"kind": "text", "size": 20}]))?;
    // Its own `closed` comes only after the other side has reset its stream, too (RFC 8831 §6.7).
    scene.peer.call("close_channel", json!({"label": "short", "ms": 10_000}))?;
    scene.exchange("long", json!([{"kind": "text", "size": 2000, "count": 20}]))?;
    scene.peer_counts("long")?;
    scene.peer.call("close_channel", json!({"label": "long", "ms": 10_000}))?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn peer_closes_offered(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.offer(json!([{"label": "chat"}]))?;
    scene.peer_counts("")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)
}

fn peer_closes_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let run = scene.dial(&["--channel", "chat", "--count", "200", "--size", "100"], 100)?;
    scene.peer.call("received", json!({"label": "chat", "count": 100, "ms": 30_000}))?;
    scene.peer_counts("")?;
    scene.peer.call("close", json!({}))?;
    // Echoes are missing, so this is a failure, and it says so.
    let end = scene.end(run)?;
    expect(end.code == Some(1), &format!("the program should exit with 1, not {:?}", end.code))?;
    let code = end.report.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    expect(!code.is_empty(), "the report has no error/code though echoes are missing")
}

fn siskin_closes(scene: &mut Scene<'_>) -> Result<()> {
    let mut run = scene.offer(json!([{"label": "chat"}, {"label": "other"}]))?;
    scene.exchange("chat", json!([{"kind": "text", "size": 20}]))?;
    scene.peer_counts("chat")?;
    run.hang_up();
    scene.ended()?;
    scene.clean_end(run)
}

fn replay_offered(scene: &mut Scene<'_>) -> Result<()> {
    let file = Recorded::new();
    let run = scene.offer_to(&["--trace", &file.text()], json!([{"label": "chat"}]))?;
    scene.exchange("chat", json!([{"kind": "binary", "size": 20_000, "count": 10}]))?;
    scene.peer_counts("chat")?;
    scene.peer.call("close", json!({}))?;
    scene.clean_end(run)?;
    scene.program.replay(&file.0)
}

fn replay_dialled(scene: &mut Scene<'_>) -> Result<()> {
    let file = Recorded::new();
    let args = ["--trace", &file.text(), "--channel", "chat", "--count", "10", "--size", "20000"];
    let run = scene.dial(&args, 10)?;
    scene.echoed("chat", 10, 20_000)?;
    scene.peer_counts("chat")?;
    scene.peer.call("release", json!({}))?;
    scene.clean_end(run)?;
    scene.ended()?;
    scene.program.replay(&file.0)
}

/// A file for a recording, which is a secret: it goes when this does.
struct Recorded(PathBuf);

impl Recorded {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("siskin-recording-{}", std::process::id())))
    }

    fn text(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}
