//! Audio and video with a browser: numbered pictures and a tone, which Siskin sends back, and every change of them.

use super::agreed::{BOTH_WAYS, NUMBER, goes};
use super::pair::{Pair, SOON};
use super::{Matrix, expect, number, text};
use crate::Result;
use crate::relay::End;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

pub(super) const CASES: &[Matrix] = &[
    Matrix::new("media/both-ways", "pictures and a tone go there and back, beside a channel", both_ways)
        .every_way()
        .quick(),
    Matrix::new("media/codecs", "each codec that the peer has, there and back", codecs),
    Matrix::new("media/mute", "the peer disables its tracks, and enables them again", mute),
    Matrix::new("media/replace-track", "the peer sends other tracks, without negotiation", replace_track),
    Matrix::new("media/directions", "every direction of video, changed by either side", directions),
    Matrix::new("media/add-remove", "video comes, goes and comes again in the middle of a call", add_remove),
    Matrix::new("media/restart", "ICE is restarted in the middle of a call", restart),
    Matrix::new("media/bundle", "each bundle policy: one transport", bundle),
    Matrix::new(
        "media/no-bundle",
        "no description says BUNDLE: each section has a transport of its own",
        no_bundle,
    ),
    Matrix::new("media/tones", "telephone tones that the browser sends arrive as events", tones),
];

/// Pictures whose numbers are read before a case goes on.
const PICTURES: u64 = 20;
/// Within this whatever has to be seen or heard is, on a loaded machine.
const PATIENCE: u64 = 20_000;

/// A tone and numbered pictures.
pub(super) fn both() -> Value {
    json!([{"kind": "audio"}, {"kind": "video"}])
}

/// Likewise, with these codecs.
pub(super) fn with_codecs(video: &str, audio: &str) -> Value {
    json!([{"kind": "audio", "codec": audio}, {"kind": "video", "codec": video}])
}

/// No number was lower than the one before.
pub(super) fn in_order(seen: &Value) -> Result<()> {
    expect(number(seen, "/back") == 0, &format!("pictures went back: {seen}"))
}

/// The peer reads so many numbers, in order; yields what it saw.
pub(super) fn watch(pair: &mut Pair<'_>, frames: u64) -> Result<Value> {
    let args = json!({"kind": "video", "frames": frames, "ms": PATIENCE});
    let seen = pair.call(End::Theirs, "watch", args)?;
    in_order(&seen)?;
    Ok(seen)
}

/// The peer hears that tone, or none if it is 0.
pub(super) fn hear(pair: &mut Pair<'_>, hz: u64) -> Result<Value> {
    pair.call(End::Theirs, "hear", json!({"hz": hz, "ms": PATIENCE}))
}

/// The stream of that type and kind.
pub(super) fn stream<'a>(streams: &'a Value, name: &str, kind: &str) -> Result<&'a Value> {
    let mut all = streams["streams"].as_array().into_iter().flatten();
    let found = all.find(|stream| stream["type"] == name && stream["kind"] == kind);
    found.ok_or_else(|| format!("there are no statistics {name} of {kind}"))
}

/// By the browser's own count it decoded that many pictures, and sound, with these codecs; yields the counters.
pub(super) fn decoded(streams: &Value, frames: u64, video: &str, audio: &str) -> Result<Value> {
    let (seen, heard) = (stream(streams, "inbound-rtp", "video")?, stream(streams, "inbound-rtp", "audio")?);
    let at_least = |stream: &Value, field: &str, least: u64| {
        let found = stream[field].as_f64().unwrap_or_default();
        expect(found >= least as f64, &format!("the browser's {field} is {found}, not {least} or more"))
    };
    at_least(seen, "framesDecoded", frames)?;
    at_least(seen, "framesReceived", frames)?;
    at_least(seen, "packetsReceived", frames)?;
    at_least(heard, "packetsReceived", 10)?;
    at_least(heard, "bytesReceived", 10)?;
    for (stream, wanted) in [(seen, format!("video/{video}")), (heard, format!("audio/{audio}"))] {
        let mime = text(stream, "/codec/mimeType");
        expect(mime.eq_ignore_ascii_case(&wanted), &format!("the browser decodes {mime:?}, not {wanted}"))?;
    }
    let fields = [
        "framesDecoded",
        "keyFramesDecoded",
        "framesDropped",
        "framesPerSecond",
        "packetsLost",
        "nackCount",
        "pliCount",
        "freezeCount",
        "decoderImplementation",
    ];
    Ok(fields.into_iter().map(|field| (field.to_owned(), seen[field].clone())).collect())
}

fn both_ways(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    let heard = hear(pair, 1000)?;
    let seen = watch(pair, 90)?;
    let streams = pair.call(End::Theirs, "streams", json!({}))?;
    let codec = text(stream(&streams, "inbound-rtp", "video")?, "/codec/mimeType").replace("video/", "");
    let decoded = decoded(&streams, 90, &codec, "opus")?;
    pair.seen.found["media"] = json!({"seen": seen, "heard": heard, "decoded": decoded});
    pair.exchange("chat", json!([{"kind": "binary", "size": 5000, "count": 20}]))?;
    pair.undisturbed()?;
    pair.peer_counts("chat", 20)
}

/// What WebRTC's codecs are (RFC 7742 §5, RFC 7874 §3, and what all browsers add).
const CODECS: [&[&str]; 2] = [&["VP8", "VP9", "AV1", "H264"], &["opus", "G722", "PCMU", "PCMA"]];

/// The codecs of one kind that the peer has: all, but for those of which it is known why it lacks them.
fn codecs_of(pair: &mut Pair<'_>, kind: &str, all: &[&'static str]) -> Result<Vec<&'static str>> {
    let told = pair.call(End::Theirs, "codecs", json!({"kind": kind}))?;
    let told: Vec<&str> = told["codecs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for codec in all {
        let (has, lacks) = (told.contains(codec), pair.which.lacks(codec));
        expect(has == lacks.is_none(), &format!("the peer has {told:?}, but of {codec} we say: {lacks:?}"))?;
        if let Some(why) = lacks {
            pair.seen.found["not tried"][*codec] = why.into();
        }
    }
    Ok(all.iter().copied().filter(|codec| told.contains(codec)).collect())
}

fn codecs(pair: &mut Pair<'_>) -> Result<()> {
    let video = codecs_of(pair, "video", CODECS[0])?;
    let audio = codecs_of(pair, "audio", CODECS[1])?;
    let with_opus = video.iter().map(|video| (*video, "opus"));
    let with_vp8 = audio.iter().filter(|audio| **audio != "opus").map(|audio| ("VP8", *audio));
    let mut failures = String::new();
    for (video, audio) in with_opus.chain(with_vp8) {
        if let Err(why) = one_codec(pair, video, audio) {
            failures += &format!("\n      {video} and {audio}: {why}");
        }
    }
    expect(failures.is_empty(), &failures)
}

fn one_codec(pair: &mut Pair<'_>, video: &str, audio: &str) -> Result<()> {
    pair.connect_media(&with_codecs(video, audio))?;
    let heard = hear(pair, 1000)?;
    let seen = watch(pair, 60)?;
    let streams = pair.call(End::Theirs, "streams", json!({}))?;
    let decoded = decoded(&streams, 60, video, audio)?;
    pair.seen.found[format!("{video}+{audio}")] = json!({"seen": seen, "heard": heard, "decoded": decoded});
    pair.undisturbed()
}

fn mute(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    hear(pair, 1000)?;
    watch(pair, PICTURES)?;
    for _ in 0..2 {
        for kind in ["audio", "video"] {
            pair.call(End::Theirs, "change", json!({"kind": kind, "enabled": false}))?;
        }
        hear(pair, 0)?;
        pair.call(End::Theirs, "still", json!({"kind": "video", "ms": SOON}))?;
        for kind in ["audio", "video"] {
            pair.call(End::Theirs, "change", json!({"kind": kind, "enabled": true}))?;
        }
        hear(pair, 1000)?;
        watch(pair, PICTURES)?;
    }
    pair.undisturbed()
}

fn replace_track(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    hear(pair, 1000)?;
    let seen = watch(pair, PICTURES)?;
    expect(number(&seen, "/last") < 2048, "the first camera counts from 0")?;
    pair.call(End::Theirs, "change", json!({"kind": "audio", "replace": {"hz": 2500}}))?;
    pair.call(
        End::Theirs,
        "change",
        json!({"kind": "video", "replace": {"from": 3000, "width": 480, "height": 360}}),
    )?;
    hear(pair, 2500)?;
    let args = json!({"kind": "video", "frames": PICTURES, "from": 3000, "width": 480, "ms": PATIENCE});
    let seen = pair.call(End::Theirs, "watch", args)?;
    pair.seen.found["replaced"] = seen;
    pair.call(End::Theirs, "change", json!({"kind": "audio", "replace": {"hz": 400}}))?;
    hear(pair, 400)?;
    pair.undisturbed()
}

/// Frames of video that Siskin got so far.
fn received(pair: &mut Pair<'_>) -> Result<u64> {
    let tracks = pair.call(End::Ours, "tracks", json!({}))?;
    let video =
        tracks["tracks"].as_array().into_iter().flatten().find(|track| track["kind"] == "video").cloned();
    Ok(number(&video.unwrap_or_default(), "/frames"))
}

/// Whether Siskin gets pictures now.
fn receives(pair: &mut Pair<'_>, wanted: bool) -> Result<()> {
    if !wanted {
        // What was under way when it stopped.
        sleep(Duration::from_millis(500));
    }
    let before = received(pair)?;
    for _ in 0..50 {
        sleep(Duration::from_millis(if wanted { 100 } else { 20 }));
        if wanted && received(pair)? > before + 5 {
            return Ok(());
        }
    }
    let after = received(pair)?;
    expect(!wanted && after == before, &format!("Siskin got {} pictures", after - before))
}

/// Whether the browser decodes pictures now, by its own count: after a hold Chromium goes on decoding, but shows nothing of
/// it to a page without a window.
fn decodes(pair: &mut Pair<'_>, wanted: bool) -> Result<()> {
    let decoded = |pair: &mut Pair<'_>| -> Result<u64> {
        let streams = pair.call(End::Theirs, "streams", json!({}))?;
        Ok(stream(&streams, "inbound-rtp", "video").map_or(0, |video| number(video, "/framesDecoded")))
    };
    let before = decoded(pair)?;
    for _ in 0..if wanted { 50 } else { 3 } {
        sleep(Duration::from_millis(200));
        if wanted && decoded(pair)? >= before + PICTURES {
            return Ok(());
        }
    }
    let more = decoded(pair)?.saturating_sub(before);
    expect(!wanted && more == 0, &format!("the browser decoded {more} pictures"))
}

/// What the video of one side is after a negotiation.
fn direction(pair: &mut Pair<'_>, end: End) -> Result<String> {
    let all = pair.call(end, "transceivers", json!({}))?;
    let mut all = all["transceivers"].as_array().into_iter().flatten();
    let video = all.find(|one| one["kind"] == "video").ok_or("there is no video")?;
    Ok(text(video, "/currentDirection").to_owned())
}

fn directions(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    watch(pair, PICTURES)?;
    for by in [End::Theirs, End::Ours] {
        for (wanted, reverse) in [
            ("sendonly", "recvonly"),
            ("sendrecv", "sendrecv"),
            ("recvonly", "sendonly"),
            ("sendrecv", "sendrecv"),
            ("inactive", "inactive"),
            ("sendrecv", "sendrecv"),
        ] {
            let context = |why: String| format!("{by:?} wants {wanted}: {why}");
            pair.call(by, "change", json!({"kind": "video", "direction": wanted}))?;
            pair.renegotiate(by, json!({}), false).map_err(context)?;
            let found = [direction(pair, by)?, direction(pair, by.other())?];
            expect(found == [wanted, reverse], &context(format!("it is {found:?}")))?;
            let theirs = if by == End::Theirs { wanted } else { reverse };
            let (sends, both) = (theirs.starts_with("send"), theirs == "sendrecv");
            receives(pair, sends).map_err(context)?;
            decodes(pair, both).map_err(context)?;
        }
    }
    // What was only held has kept its header extensions.
    goes(pair, "video", NUMBER, BOTH_WAYS)?;
    hear(pair, 1000)?;
    pair.undisturbed()
}

fn add_remove(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&json!([{"kind": "audio"}]))?;
    hear(pair, 1000)?;
    let by = pair.offerer();
    for round in 0..2 {
        let context = |why: String| format!("round {round}: {why}");
        let video = json!({"send": [{"kind": "video"}]});
        let answer = if by == End::Ours { video.clone() } else { json!({}) };
        pair.renegotiate_with(by, video, answer, false).map_err(context)?;
        watch(pair, PICTURES).map_err(context)?;
        pair.call(by, "change", json!({"kind": "video", "stop": true}))?;
        pair.renegotiate(by, json!({}), false).map_err(context)?;
        expect(direction(pair, End::Theirs).is_err(), "there still is video")?;
        hear(pair, 1000).map_err(context)?;
    }
    pair.exchange("chat", json!([{"kind": "text", "size": 100, "count": 5}]))?;
    pair.undisturbed()
}

fn restart(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&both())?;
    hear(pair, 1000)?;
    for by in [End::Theirs, End::Ours] {
        watch(pair, PICTURES)?;
        pair.renegotiate(by, json!({"restart": true}), true)?;
        watch(pair, 3 * PICTURES)?;
        hear(pair, 1000)?;
    }
    let events = pair.events(End::Theirs)?;
    expect(
        !events.iter().any(|(_, what)| what.ends_with(" failed")),
        &format!("the peer saw a failure: {events:?}"),
    )
}

/// How many transports the browser counts.
fn transports(pair: &mut Pair<'_>) -> Result<u64> {
    Ok(number(&pair.call(End::Theirs, "streams", json!({}))?, "/transports"))
}

fn bundle(pair: &mut Pair<'_>) -> Result<()> {
    for policy in ["max-bundle", "balanced", "max-compat"] {
        let context = |why: String| format!("{policy}: {why}");
        pair.connect_media_with(&both(), &json!({"bundlePolicy": policy})).map_err(context)?;
        hear(pair, 1000).map_err(context)?;
        watch(pair, PICTURES).map_err(context)?;
        let found = transports(pair)?;
        expect(found == 1, &context(format!("the browser has {found} transports")))?;
    }
    pair.undisturbed()
}

fn no_bundle(pair: &mut Pair<'_>) -> Result<()> {
    pair.unbundled = true;
    for policy in ["balanced", "max-compat"] {
        let context = |why: String| format!("{policy}: {why}");
        pair.connect_media_with(&both(), &json!({"bundlePolicy": policy})).map_err(context)?;
        hear(pair, 1000).map_err(context)?;
        watch(pair, PICTURES).map_err(context)?;
        pair.exchange("chat", json!([{"kind": "text", "size": 100, "count": 5}])).map_err(context)?;
        let found = transports(pair)?;
        expect(found == 3, &context(format!("the browser has {found} transports")))?;
    }
    pair.undisturbed()
}

/// Each of them once, and one twice.
const DIGITS: &str = "0123456789*#ABCD55";

fn tones(pair: &mut Pair<'_>) -> Result<()> {
    pair.connect_media(&json!([{"kind": "audio"}]))?;
    hear(pair, 1000)?;
    pair.call(End::Theirs, "tones", json!({"tones": DIGITS, "duration": 100, "gap": 70}))?;
    let mut tracks = Value::Null;
    for _ in 0..100 {
        sleep(Duration::from_millis(100));
        tracks = pair.call(End::Ours, "tracks", json!({}))?;
        if text(&tracks, "/tracks/0/tones").len() >= DIGITS.len() {
            break;
        }
    }
    pair.seen.found["tones"] = tracks["tracks"][0].clone();
    let found = text(&tracks, "/tracks/0/tones");
    expect(found == DIGITS, &format!("the tones are {found:?}, not {DIGITS:?}: {tracks}"))?;
    // What comes between is sound again.
    hear(pair, 1000)?;
    pair.undisturbed()
}
