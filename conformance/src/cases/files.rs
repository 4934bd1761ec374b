//! Media files: what a peer sends is recorded, and played back to it through a link that is too narrow for it.

use super::media::in_order;
use super::rates::{ROOM, busy, in_bounds, waits};
use super::scene::Scene;
use super::{Contract, expect, number};
use crate::Result;
use crate::peers::Which;
use crate::relay::{End, Relay};
use serde_json::json;
use siskin_netsim::Link;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Contract] = &[Contract {
    name: "play",
    about: "the program records pictures, and plays them through a link of a third of their rate without drowning it",
    answering: Some(play),
    quick: false,
    without: Some((
        Which::Firefox,
        "what it sends here is half a megabit, a third of which is less than a sender begins with",
    )),
    ..Contract::USUAL
}];

/// How long is recorded.
const RECORDED: Duration = Duration::from_secs(8);
/// How long the playing is watched; it takes longer.
const WATCHED: Duration = Duration::from_secs(15);
/// Pictures whose numbers are read at the beginning and at the end of that.
const PICTURES: u64 = 10;

fn play(scene: &mut Scene<'_>) -> Result<()> {
    let file = Recording::new();
    let run = scene.dial_media(&["--record", &file.text()], json!([busy()]))?;
    let start = Instant::now();
    sleep(RECORDED);
    scene.peer.call("close", json!({}))?;
    let seconds = start.elapsed().as_secs_f64();
    scene.clean_end(run)?;
    let recorded = scene.seen.report["media"]["received"].clone();
    let rate = (number(&recorded, "/bytes") as f64 / seconds) as u64;
    expect(number(&recorded, "/frames") > 100, &format!("the recording has too little: {recorded}"))?;

    let link = rate / 3;
    let relay = scene.relay.insert(Relay::new(8, &Link::new(Duration::from_millis(10)).rate(link, ROOM)));
    relay.waits(End::Theirs);
    let run = scene.dial_media(&["--play", &file.text()], json!([]))?;
    let start = Instant::now();
    let args = json!({"kind": "video", "frames": PICTURES, "ms": 30_000});
    let first = scene.peer.call("watch", args.clone())?;
    sleep(WATCHED.saturating_sub(start.elapsed()));
    let last = scene.peer.call("watch", args)?;
    let waits = waits(scene.relay.as_ref().map(|relay| relay.waits(End::Theirs)).unwrap_or_default());
    let streams = scene.peer.call("streams", json!({}))?;
    scene.peer.call("close", json!({}))?;
    let end = scene.end(run)?;
    scene.seen.found = json!({"file": {"kbit/s": rate * 8 / 1000, "media": recorded}, "link kbit/s": link * 8 / 1000,
        "first": first, "last": last, "milliseconds in the queue": waits, "streams": streams["streams"],
        "sent": end.report["media"]["sent"]});
    in_order(&first)?;
    in_order(&last)?;
    in_bounds(&waits)
}

/// A file that goes when this does.
struct Recording(PathBuf);

impl Recording {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("siskin-recording-{}.webm", std::process::id())))
    }

    fn text(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}
