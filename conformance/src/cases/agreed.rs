//! What offer and answer make of header extensions.

use super::media::{hear, watch};
use super::pair::Pair;
use super::{Matrix, expect, text};
use crate::Result;
use crate::peers::Which;
use crate::relay::End;
use serde_json::{Map, json};
use siskin::Direction;

pub(super) const CASES: &[Matrix] = &[Matrix::new(
    "media/header-extensions",
    "Siskin stops some in one section, and another mid-call; both bring them back",
    header_extensions,
)];

const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const SENT: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const BOTH_WAYS: Option<Direction> = Some(Direction::SendRecv);
const NUMBER: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

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
fn goes(pair: &mut Pair<'_>, kind: &str, uri: &str, ours: Option<Direction>) -> Result<()> {
    let theirs = way(pair, End::Theirs, kind, uri)?;
    let found = [way(pair, End::Ours, kind, uri)?, theirs.map(Direction::reversed)];
    expect(found == [ours; 2], &format!("{uri} of {kind} is {found:?}, not {ours:?}"))
}

fn header_extensions(pair: &mut Pair<'_>) -> Result<()> {
    let mut seen = Map::new();
    let sources = json!([
        {"kind": "audio", "extensions": {LEVEL: "stopped"}},
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
