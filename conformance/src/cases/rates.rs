//! What a sender makes of a link: it takes what there is, and no more, by the other side's feedback.

use super::media::stream;
use super::pair::Pair;
use super::{Matrix, expect, number};
use crate::Result;
use crate::peers::Which;
use crate::relay::End;
use serde_json::{Value, json};
use siskin_netsim::Link;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Matrix] = &[Matrix::new(
    "media/ramp-up",
    "the peer's video climbs from 300 kbit/s to what a link carries, by our feedback",
    ramp_up,
)
.without(
    Which::Firefox,
    "its encoder stays at 320 pixels and half a megabit, whatever the path carries, and it tells no estimate",
)];

const DELAY: Duration = Duration::from_millis(10);
/// Room for waiting datagrams, far more than a sender with an eye on the queue needs.
pub(super) const ROOM: Duration = Duration::from_secs(2);
/// What of it such a sender may use, but for a few datagrams: half.
pub(super) const QUEUE: Duration = Duration::from_secs(1);

/// Who sends blindly begins with 300 kbit/s and adds 8 % each second: after these seconds that is 650 kbit/s.
const SECONDS: usize = 10;
/// Bits a second.
const CLIMBED: f64 = 1_000_000.0;

fn ramp_up(pair: &mut Pair<'_>) -> Result<()> {
    climb(pair, "no limit", &Link::new(DELAY))?;
    climb(pair, "3 Mbit/s", &Link::new(DELAY).rate(3_000_000 / 8, ROOM))
}

/// More than the link has, from a camera.
pub(super) fn busy() -> Value {
    json!({"kind": "video", "codec": "VP8", "direction": "sendonly", "busy": true, "width": 640, "height": 480,
        "maxBitrate": 6_000_000})
}

fn climb(pair: &mut Pair<'_>, name: &str, link: &Link) -> Result<()> {
    pair.through(7, link);
    pair.connect_media(&json!([busy()]))?;
    let (mut at, mut sent, _) = sample(pair)?;
    let mut curve = Vec::new();
    let mut fastest = 0.0_f64;
    for _ in 0..SECONDS {
        sleep(Duration::from_secs(1));
        let (now, total, mut row) = sample(pair)?;
        let rate = total.saturating_sub(sent) as f64 * 8.0 / now.duration_since(at).as_secs_f64();
        row["sends"] = (rate.round() as u64).into();
        curve.push(row);
        (at, sent, fastest) = (now, total, fastest.max(rate));
    }
    let waits = waits(pair.relay.as_ref().map(|relay| relay.waits(End::Ours)).unwrap_or_default());
    pair.seen.found[name] =
        json!({"bits a second, by the second": curve, "milliseconds in the queue": waits});
    expect(fastest >= CLIMBED, &format!("{name}: the peer sends {fastest:.0} bit/s at most: {curve:?}"))?;
    in_bounds(&waits).map_err(|why| format!("{name}: {why}"))
}

/// When, bytes sent so far, and what the peer says of its rates.
fn sample(pair: &mut Pair<'_>) -> Result<(Instant, u64, Value)> {
    let streams = pair.call(End::Theirs, "streams", json!({}))?;
    // Counters come with the first packet.
    let video = stream(&streams, "outbound-rtp", "video").unwrap_or(&Value::Null);
    let sent = number(video, "/bytesSent") + number(video, "/headerBytesSent");
    let row = json!({"target": video["targetBitrate"], "available": streams["available"],
        "limitedBy": video["qualityLimitationReason"], "width": video["frameWidth"]});
    Ok((Instant::now(), sent, row))
}

/// Sorted times in a queue, in short.
pub(super) fn waits(waits: Vec<Duration>) -> Value {
    let at = |part: usize| {
        waits.get(waits.len().saturating_sub(1) * part / 100).map(|wait| wait.as_millis() as u64)
    };
    json!({"p50": at(50), "p95": at(95), "most": at(100), "datagrams": waits.len()})
}

/// The queue was not filled, but for moments.
pub(super) fn in_bounds(waits: &Value) -> Result<()> {
    let most = QUEUE.as_millis() as u64;
    expect(number(waits, "/p95") <= most, &format!("the queue is longer than {most} ms: {waits}"))
}
