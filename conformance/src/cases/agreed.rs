//! What offer and answer make of header extensions, and of codecs that go one way.

use super::media::{hear, stream, watch};
use super::pair::{Pair, SOON};
use super::{Matrix, expect, number, text};
use crate::Result;
use crate::peers::Which;
use crate::relay::End;
use serde_json::{Map, Value, json};
use siskin::Direction;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const CASES: &[Matrix] = &[
    Matrix::new(
        "media/header-extensions",
        "Siskin stops some in one section, sends one only, and stops another mid-call; both bring them back",
        header_extensions,
    ),
    Matrix::new(
        "media/one-way-codecs",
        "Siskin receives H.264 or VP9, and sends VP8: codecs that go one way, in two sections; of both ways, in one",
        one_way_codecs,
    ),
];

const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const SENT: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
pub(super) const BOTH_WAYS: Option<Direction> = Some(Direction::SendRecv);
pub(super) const NUMBER: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Which way an extension goes by what one side says of its section of that kind, which has to be the same wherever it says it;
/// `None` if it is stopped.
fn way(pair: &mut Pair<'_>, end: End, kind: &str, uri: &str) -> Result<Option<Direction>> {
    let told = pair.call(end, "extensions", json!({"kind": kind}))?;
    let of = |list: &str| {
        let mut all = told[list].as_array()?.iter();
        let found = all.find(|known| known["uri"] == uri);
        Some(found.and_then(|known| Direction::from_name(text(known, "/direction"))))
    };
    let described = match (of("local"), of("remote")) {
        (Some(local), Some(remote)) => local.zip(remote).map(|(local, remote)| {
            match (local.sends() && remote.receives(), local.receives() && remote.sends()) {
                (true, true) => Direction::SendRecv,
                (true, false) => Direction::SendOnly,
                (false, true) => Direction::RecvOnly,
                (false, false) => Direction::Inactive,
            }
        }),
        _ => of("agreed").ok_or("nothing is told")?,
    };
    let negotiated = of("negotiated").unwrap_or(described);
    let sent = told["sent"].as_array().map(|all| all.iter().any(|known| known == uri));
    let sends = negotiated.is_some_and(Direction::sends);
    let same = negotiated == described && sent.is_none_or(|sent| sent == sends);
    expect(same, &format!("{end:?} says of {kind} and {uri}: {told}"))?;
    Ok(negotiated)
}

/// Both sides say the same, each from its side.
pub(super) fn goes(pair: &mut Pair<'_>, kind: &str, uri: &str, ours: Option<Direction>) -> Result<()> {
    let theirs = way(pair, End::Theirs, kind, uri)?;
    let found = [way(pair, End::Ours, kind, uri)?, theirs.map(Direction::reversed)];
    expect(found == [ours; 2], &format!("{uri} of {kind} is {found:?}, not {ours:?}"))
}

fn header_extensions(pair: &mut Pair<'_>) -> Result<()> {
    let mut seen = Map::new();
    let sources = json!([
        {"kind": "audio", "extensions": {LEVEL: "stopped", NUMBER: "sendonly"}},
        {"kind": "video", "extensions": {NUMBER: "stopped"}},
    ]);
    pair.connect_media(&sources)?;
    hear(pair, 1000)?;
    seen.insert("stopped".into(), watch(pair, 30)?);
    for (kind, uri, expected) in [
        ("audio", MID, BOTH_WAYS),
        ("audio", LEVEL, None),
        ("video", MID, BOTH_WAYS),
        ("video", NUMBER, None),
        ("video", SENT, BOTH_WAYS),
    ] {
        goes(pair, kind, uri, expected)?;
    }
    // Firefox keeps to directions, libwebrtc knows none: it goes on to send what we do not read.
    let both = [way(pair, End::Ours, "audio", NUMBER)?, way(pair, End::Theirs, "audio", NUMBER)?];
    let theirs = if pair.which == Which::Firefox { Direction::RecvOnly } else { Direction::SendRecv };
    expect(both == [Some(Direction::SendOnly), Some(theirs)], &format!("one that we only send is {both:?}"))?;
    // Another one mid-call; who offers then does not bring it back.
    pair.call(End::Ours, "change", json!({"kind": "video", "extensions": {SENT: "stopped"}}))?;
    for by in [End::Theirs, End::Ours] {
        pair.renegotiate(by, json!({}), false)?;
        goes(pair, "video", SENT, None)?;
        goes(pair, "video", NUMBER, None)?;
    }
    seen.insert("both stopped".into(), watch(pair, 30)?);
    let back = json!({"kind": "video", "extensions": {SENT: "sendrecv", NUMBER: "sendrecv"}});
    pair.call(End::Ours, "change", back.clone())?;
    // Firefox offers whatever it knows.
    let (by, tells) = (pair.offerer(), pair.which != Which::Firefox);
    if tells {
        pair.call(End::Theirs, "change", back)?;
    }
    pair.renegotiate(if tells { by } else { End::Theirs }, json!({}), false)?;
    goes(pair, "video", SENT, BOTH_WAYS)?;
    goes(pair, "video", NUMBER, BOTH_WAYS)?;
    seen.insert("back".into(), watch(pair, 30)?);
    let [theirs, ours] =
        [End::Theirs, End::Ours].map(|end| pair.call(end, "extensions", json!({"kind": "video"})));
    pair.seen.found["header extensions"] = json!({"seen": seen, "theirs": theirs?, "ours": ours?});
    hear(pair, 1000)?;
    pair.undisturbed()
}

/// Pictures of each codec that have to be there.
const PICTURES: u64 = 60;

/// The browser counts pictures of `codec` that it has encoded, and of VP8 that it has decoded; Siskin counts the same from its side,
/// and nothing else came.
fn there_and_vp8_back(pair: &mut Pair<'_>, codec: &str) -> Result<Value> {
    let clip = pair.call(End::Ours, "play", json!({"kind": "video"}))?;
    let until = Instant::now() + Duration::from_millis(SOON);
    let mut enough = false;
    let mut told = json!({"clip": clip});
    while !enough {
        expect(Instant::now() < until, &format!("{codec} there and VP8 back: {told}"))?;
        sleep(Duration::from_millis(250));
        let theirs = pair.call(End::Theirs, "streams", json!({}))?;
        let ours = pair.call(End::Ours, "streams", json!({}))?;
        enough = true;
        for (side, streams, name, codec, count) in [
            ("browser", &theirs, "outbound-rtp", codec, "framesEncoded"),
            ("browser", &theirs, "inbound-rtp", "VP8", "framesDecoded"),
            ("Siskin", &ours, "inbound-rtp", codec, "framesReceived"),
            ("Siskin", &ours, "outbound-rtp", "VP8", "framesSent"),
        ] {
            let found = stream(streams, name, "video").cloned().unwrap_or_default();
            let (mime, frames) = (text(&found, "/codec/mimeType"), number(&found, &format!("/{count}")));
            told[format!("{side} {name}")] = json!({"codec": mime, count: frames});
            enough &= mime.eq_ignore_ascii_case(&format!("video/{codec}")) && frames >= PICTURES;
        }
    }
    let tracks = pair.call(End::Ours, "tracks", json!({}))?;
    for came in tracks["tracks"].as_array().into_iter().flatten().map(|track| &track["codecs"]) {
        told["came"] = came.clone();
        let only = came.as_object().is_some_and(|came| came.keys().all(|came| came == codec));
        expect(only, &format!("not only {codec} came: {told}"))?;
    }
    Ok(told)
}

/// A codec that goes one way is in sections that go its way, and in none that goes both ways (webrtc-pc §4.4.2): so there are two.
/// In one section that goes both ways the codecs do, and each side sends the one that it likes.
fn one_way_codecs(pair: &mut Pair<'_>) -> Result<()> {
    let codec = if pair.which.lacks("H264").is_some() { "VP9" } else { "H264" };
    // VP8 that the browser has made, for Siskin to send.
    let vp8 = json!([{"kind": "video", "codec": "VP8"}]);
    pair.connect_as(json!({"send": vp8}), json!({"send": vp8, "clip": "keep"}))?;
    watch(pair, PICTURES)?;
    let config = json!({"codecs": {"VP8": "sendonly", codec: "recvonly"}});
    let theirs = json!({"send": [{"kind": "video", "direction": "sendonly"}], "media": ["video"]});
    let ours = match pair.offerer() {
        End::Ours => {
            json!([{"kind": "video", "direction": "recvonly"}, {"kind": "video", "direction": "sendonly"}])
        }
        End::Theirs => json!([]),
    };
    pair.connect_as(theirs, json!({"send": ours, "config": config, "clip": "play"}))?;
    let two = there_and_vp8_back(pair, codec).map_err(|why| format!("two sections: {why}"))?;
    let ours = json!([{"kind": "video", "codecs": [codec, "VP8"]}]);
    pair.connect_as(json!({"send": [{"kind": "video"}]}), json!({"send": ours, "clip": "play"}))?;
    let one = there_and_vp8_back(pair, codec).map_err(|why| format!("one section: {why}"))?;
    pair.seen.found["one-way codecs"] = json!({"two sections": two, "one section": one});
    pair.undisturbed()
}
