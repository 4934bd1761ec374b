//! What becomes of the packets of audio and video: repair, several encodings, and whether both sides count the same.

use super::media::{both, stream, watch};
use super::pair::{Pair, SOON};
use super::{Matrix, expect, number};
use crate::Result;
use crate::peers::Which;
use crate::relay::End;
use serde_json::{Map, Value, json};
use siskin_netsim::Link;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Matrix] = &[
    Matrix::new(
        "media/loss",
        "5 % of all packets are lost: each side asks for them, and gets them again",
        loss,
    ),
    Matrix::new(
        "media/outage",
        "nothing gets through for a while: a key frame brings the picture back",
        outage,
    ),
    Matrix::new(
        "media/simulcast",
        "three encodings come under their RIDs, offered or asked for, and each goes back in turn",
        simulcast,
    ),
    Matrix::new(
        "media/parameters",
        "what Siskin sends back is not active, active again, and bound in its rate: the browser counts it",
        parameters,
    ),
    Matrix::new("media/statistics", "what both sides count of the same streams, field by field", statistics),
    Matrix::new(
        "media/round-trip",
        "who only receives learns the round trip, if the other side answers (RFC 3611)",
        round_trip,
    ),
];

const DELAY: Duration = Duration::from_millis(10);

/// The counters of both sides.
fn streams(pair: &mut Pair<'_>) -> Result<[Value; 2]> {
    Ok([pair.call(End::Theirs, "streams", json!({}))?, pair.call(End::Ours, "streams", json!({}))?])
}

/// A counter of video.
fn video(streams: &Value, name: &str, field: &str) -> u64 {
    stream(streams, name, "video").map_or(0, |stream| number(stream, &format!("/{field}")))
}

fn loss(pair: &mut Pair<'_>) -> Result<()> {
    pair.through(5, &Link::new(DELAY).loss(0.05));
    pair.connect_media(&both())?;
    let seen = watch(pair, 300)?;
    let [theirs, ours] = streams(pair)?;
    let (encoded, decoded) =
        (video(&theirs, "outbound-rtp", "framesEncoded"), video(&theirs, "inbound-rtp", "framesDecoded"));
    let repair = [
        ("lost on the way to Siskin and asked for", video(&ours, "inbound-rtp", "nackCount")),
        ("seen to be asked for by the browser", video(&theirs, "outbound-rtp", "nackCount")),
        ("sent again by the browser", video(&theirs, "outbound-rtp", "retransmittedPacketsSent")),
        ("got again by Siskin", video(&ours, "inbound-rtp", "retransmittedPacketsReceived")),
        ("lost on the way back and asked for", video(&theirs, "inbound-rtp", "nackCount")),
        ("seen to be asked for by Siskin", video(&ours, "outbound-rtp", "nackCount")),
        ("sent again by Siskin", video(&ours, "outbound-rtp", "retransmittedPacketsSent")),
    ];
    pair.seen.found["loss"] = json!({"seen": seen, "encoded": encoded, "decoded": decoded,
        "repair": repair.iter().map(|(what, count)| ((*what).to_owned(), (*count).into())).collect::<Map<_, _>>()});
    for (what, count) in repair {
        expect(count > 0, &format!("no packets were {what}"))?;
    }
    // One packet in ten is lost both ways together, and a picture is some packets: without repair half would be missing.
    expect(decoded * 10 >= encoded * 7, &format!("the browser decoded {decoded} of its {encoded} pictures"))?;
    pair.undisturbed()
}

fn outage(pair: &mut Pair<'_>) -> Result<()> {
    pair.through(6, &Link::new(DELAY));
    pair.connect_media(&both())?;
    watch(pair, 30)?;
    let keys = |streams: &[Value; 2]| {
        let [theirs, ours] = streams;
        [video(theirs, "inbound-rtp", "pliCount"), video(ours, "inbound-rtp", "pliCount")]
    };
    let before = streams(pair)?;
    pair.set_link(&Link::new(DELAY).loss(1.0));
    // Longer than anyone keeps packets to send them again.
    sleep(Duration::from_millis(6_000));
    pair.set_link(&Link::new(DELAY));
    let mended = Instant::now();
    let seen = watch(pair, 30)?;
    let after = streams(pair)?;
    let (before, after) = (keys(&before), keys(&after));
    pair.seen.found["outage"] = json!({"seen": seen, "seconds until 30 pictures": mended.elapsed().as_secs_f64(),
        "requests for key frames, theirs and ours": [before, after]});
    expect(after.iter().sum::<u64>() > before.iter().sum(), "nobody asked for a key frame")
}

const RIDS: [&str; 3] = ["q", "h", "f"];

fn simulcast(pair: &mut Pair<'_>) -> Result<()> {
    // Chromium sends as many encodings as the picture is large enough for.
    let video =
        json!({"kind": "video", "codec": "VP8", "rids": RIDS, "width": 1280, "height": 720, "fps": 10});
    pair.connect_media(&json!([video]))?;
    let all =
        |tracks: &Value| RIDS.iter().all(|rid| number(tracks, &format!("/tracks/0/encodings/{rid}/0")) >= 10);
    let end = Instant::now() + Duration::from_secs(60);
    let mut tracks = Value::Null;
    while !all(&tracks) {
        expect(Instant::now() < end, &format!("not all encodings come: {tracks}"))?;
        sleep(Duration::from_millis(200));
        tracks = pair.call(End::Ours, "tracks", json!({}))?;
    }
    let mut shown = Map::new();
    for (rid, width) in [("h", 640), ("q", 320), ("f", 1280), ("q", 320)] {
        pair.call(End::Ours, "select", json!({"rid": rid}))?;
        let args = json!({"kind": "video", "frames": 10, "width": width, "ms": 60_000});
        let seen = pair.call(End::Theirs, "watch", args).map_err(|why| format!("{rid}: {why}"))?;
        shown.insert(rid.into(), seen);
    }
    pair.seen.found["simulcast"] = json!({"shown": shown, "tracks": tracks["tracks"][0]});
    pair.undisturbed()
}

/// What the browser has counted of the stream of that kind that it receives: packets, and bytes of payload.
fn counted(pair: &mut Pair<'_>, kind: &str) -> Result<[u64; 2]> {
    let streams = pair.call(End::Theirs, "streams", json!({}))?;
    let found = stream(&streams, "inbound-rtp", kind)?;
    Ok(["/packetsReceived", "/bytesReceived"].map(|field| number(found, field)))
}

fn parameters(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    let mut found = Map::new();
    found.insert("before".into(), watch(pair, 30)?);
    for round in 0..2 {
        pair.call(End::Ours, "parameters", json!({"kind": "video", "active": false}))?;
        // What was under way has arrived, lost and asked for again.
        sleep(Duration::from_millis(1_000));
        let (video, audio) = (counted(pair, "video")?, counted(pair, "audio")?);
        sleep(Duration::from_millis(3_000));
        let (still, audible) = (counted(pair, "video")?, counted(pair, "audio")?);
        expect(video == still, &format!("video that is not active comes: {video:?}, then {still:?}"))?;
        expect(audible > audio, &format!("sound has stopped: {audio:?}, then {audible:?}"))?;
        let told = pair.call(End::Ours, "parameters", json!({"kind": "video", "active": true}))?;
        let seen = watch(pair, 30)?;
        found.insert(format!("active again {round}"), json!({"told": told, "seen": seen}));
    }
    let rate = |pair: &mut Pair<'_>| -> Result<u64> {
        let (start, [_, before]) = (Instant::now(), counted(pair, "video")?);
        sleep(Duration::from_millis(8_000));
        let [_, after] = counted(pair, "video")?;
        Ok(((after - before) as f64 * 8.0 / start.elapsed().as_secs_f64()) as u64)
    };
    let free = rate(pair)?;
    // How much a browser makes of the pictures is its own.
    let most = free / 3;
    let told = pair.call(End::Ours, "parameters", json!({"kind": "video", "maxBitrate": most}))?;
    sleep(Duration::from_millis(1_000));
    let bound = rate(pair)?;
    found.insert("bits per second".into(), json!({"free": free, "bound": bound, "told": told}));
    pair.seen.found["parameters"] = found.into();
    expect(most > 5_000, &format!("{free} bit/s, unbound, are too few to tell"))?;
    // A second's worth may come at once.
    expect(bound <= most * 5 / 4, &format!("{bound} bit/s, bound to {most}"))?;
    pair.call(End::Ours, "parameters", json!({"kind": "video", "maxBitrate": null, "keyFrame": true}))?;
    pair.seen.found["parameters"]["free again"] = watch(pair, 30)?;
    pair.undisturbed()
}

/// Two counters of the same thing.
struct Compared {
    /// The browser's stream, then ours.
    streams: [&'static str; 2],
    fields: [&'static str; 2],
    /// What they may differ by.
    slack: u64,
}

/// Packets that only fill the path and come before the stream that they belong to is known are nobody's: two at most were seen.
const EARLY: u64 = 2;
/// Bytes of such a packet: header, extensions, padding.
const PADDING: u64 = 300;

const fn equal(streams: [&'static str; 2], field: &'static str) -> Compared {
    Compared { streams, fields: [field, field], slack: 0 }
}

/// From the browser to Siskin, and back.
const THERE: [&str; 2] = ["outbound-rtp", "inbound-rtp"];
const BACK: [&str; 2] = ["inbound-rtp", "outbound-rtp"];

/// Of audio and video.
const OF_BOTH: &[Compared] = &[
    equal(THERE, "ssrc"),
    equal(THERE, "mid"),
    equal(THERE, "kind"),
    equal(THERE, "codec/mimeType"),
    equal(THERE, "codec/payloadType"),
    equal(THERE, "codec/clockRate"),
    equal(THERE, "codec/channels"),
    Compared { streams: THERE, fields: ["packetsSent", "packetsReceived"], slack: EARLY },
    Compared { streams: THERE, fields: ["bytesSent", "bytesReceived"], slack: 0 },
    Compared { streams: THERE, fields: ["headerBytesSent", "headerBytesReceived"], slack: EARLY * PADDING },
    equal(BACK, "ssrc"),
    equal(BACK, "mid"),
    equal(BACK, "kind"),
    equal(BACK, "codec/mimeType"),
    equal(BACK, "codec/payloadType"),
    equal(BACK, "codec/clockRate"),
    equal(BACK, "codec/channels"),
    Compared { streams: BACK, fields: ["packetsReceived", "packetsSent"], slack: 0 },
    Compared { streams: BACK, fields: ["bytesReceived", "bytesSent"], slack: 0 },
    Compared { streams: BACK, fields: ["headerBytesReceived", "headerBytesSent"], slack: 0 },
    equal(BACK, "packetsLost"),
    equal(THERE, "packetsLost"),
];

/// Of video only.
const OF_VIDEO: &[Compared] = &[
    Compared { streams: THERE, fields: ["framesSent", "framesReceived"], slack: 0 },
    equal(THERE, "pliCount"),
    equal(THERE, "firCount"),
    equal(THERE, "nackCount"),
    Compared { streams: BACK, fields: ["framesReceived", "framesSent"], slack: 0 },
    equal(BACK, "pliCount"),
    equal(BACK, "firCount"),
    equal(BACK, "nackCount"),
];

fn statistics(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    watch(pair, 120)?;
    for kind in ["audio", "video"] {
        pair.call(End::Theirs, "change", json!({"kind": kind, "pause": true}))?;
    }
    // Until nothing is under way any more, and both have reported it. Firefox sends a black picture a second without a track.
    let end = Instant::now() + Duration::from_millis(SOON);
    loop {
        sleep(Duration::from_millis(2_000));
        let compared = compare(pair);
        if compared.is_ok() || Instant::now() > end {
            return compared;
        }
    }
}

fn compare(pair: &mut Pair<'_>) -> Result<()> {
    let found = streams(pair)?;
    let [theirs, ours] = &found;
    // webrtc-stats has what was sent again among what was received; Firefox has not.
    let counts_repairs = pair.which != Which::Firefox;
    let mut rows = Vec::new();
    let mut wrong = String::new();
    for (kind, compared) in [("audio", OF_BOTH), ("video", OF_BOTH), ("video", OF_VIDEO)] {
        for Compared { streams: [a, b], fields: [x, y], slack } in compared {
            let of = |side: &Value, name: &str, field: &str| -> Result<Value> {
                Ok(stream(side, name, kind)?.pointer(&format!("/{field}")).cloned().unwrap_or_default())
            };
            let (one, other) = (of(theirs, a, x)?, of(ours, b, y)?);
            let again = if counts_repairs { (0, 0) } else { repairs(stream(ours, b, kind)?, y) };
            let same = match (one.as_u64(), other.as_u64()) {
                (Some(one), Some(other)) => one.abs_diff(other.saturating_sub(again.0)) <= *slack + again.1,
                _ => one == other,
            };
            // What only one side knows is shown, not compared.
            if !same && !one.is_null() && !other.is_null() {
                wrong += &format!("\n      {kind} {a} {x}: the browser has {one}, Siskin ({b} {y}) {other}");
            }
            rows.push(json!([kind, a, x, one, other]));
        }
    }
    pair.seen.found["compared"] = rows.into();
    pair.seen.found["streams"] = json!({"theirs": theirs["streams"], "ours": ours["streams"]});
    expect(wrong.is_empty(), &wrong)?;
    reports(theirs, ours)
}

/// Siskin falls silent, and listens on. Firefox does not say that it answers, so that it is not asked.
fn round_trip(pair: &mut Pair<'_>) -> Result<()> {
    pair.through(5, &Link::new(DELAY));
    pair.connect_media(&both())?;
    watch(pair, 30)?;
    for kind in ["audio", "video"] {
        pair.call(End::Ours, "change", json!({"kind": kind, "direction": "recvonly"}))?;
    }
    pair.renegotiate(End::Ours, json!({}), false)?;
    let (answers, least) = (pair.which != Which::Firefox, 2.0 * DELAY.as_secs_f64() - 0.001);
    // Time for a few reports.
    let end = Instant::now() + Duration::from_millis(if answers { SOON } else { 5_000 });
    let (mut told, mut heard) = (Vec::new(), 0);
    while Instant::now() < end && heard < 2 {
        sleep(Duration::from_millis(500));
        let [_, ours] = streams(pair)?;
        let remote = |kind| stream(&ours, "remote-outbound-rtp", kind).cloned();
        told = ["audio", "video"].map(|kind| remote(kind).unwrap_or_default()).into();
        heard = told.iter().filter(|remote| number(remote, "/roundTripTimeMeasurements") > 1).count();
    }
    pair.seen.found["told"] = json!(told);
    expect(heard == if answers { 2 } else { 0 }, &format!("round trips: {told:?}"))?;
    for remote in told.iter().filter(|_| answers) {
        let rtt = remote["roundTripTime"].as_f64().unwrap_or_default();
        expect((least..1.0).contains(&rtt), &format!("{rtt} s over 20 ms: {remote}"))?;
    }
    pair.undisturbed()
}

/// What of a counter of a sent stream is of packets that were sent again, as far as it is known, and by how much that may be
/// wrong.
fn repairs(sent: &Value, field: &str) -> (u64, u64) {
    let packets = number(sent, "/retransmittedPacketsSent");
    match field {
        "packetsSent" => (packets, 0),
        "bytesSent" => (number(sent, "/retransmittedBytesSent"), 0),
        "headerBytesSent" => (0, packets * PADDING),
        _ => (0, 0),
    }
}

/// What each side says that the other reported to it.
fn reports(theirs: &Value, ours: &Value) -> Result<()> {
    for kind in ["audio", "video"] {
        for (side, who) in [(theirs, "the browser"), (ours, "Siskin")] {
            let remote = stream(side, "remote-inbound-rtp", kind).map_err(|why| format!("{who}: {why}"))?;
            expect(number(remote, "/packetsLost") == 0, &format!("{who} is told of lost packets: {remote}"))?;
            let rtt = remote["roundTripTime"].as_f64();
            let plausible = rtt.is_some_and(|rtt| (0.0..2.0).contains(&rtt));
            expect(plausible, &format!("{who}'s round-trip time is {rtt:?} s on loopback"))?;
        }
        let sent = number(stream(theirs, "outbound-rtp", kind)?, "/packetsSent");
        let told = number(stream(ours, "remote-outbound-rtp", kind)?, "/packetsSent");
        expect(
            told > 0 && told <= sent,
            &format!("{kind}: Siskin is told of {told} packets, of {sent} sent"),
        )?;
        let sent = number(stream(ours, "outbound-rtp", kind)?, "/packetsSent");
        let told = number(stream(theirs, "remote-outbound-rtp", kind)?, "/packetsSent");
        expect(
            told > 0 && told <= sent,
            &format!("{kind}: the browser is told of {told} packets, of {sent} sent"),
        )?;
    }
    Ok(())
}
