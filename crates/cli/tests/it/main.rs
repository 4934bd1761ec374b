//! The command as scripts use it: both ends of the machine contract, connected by pipes, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod dtls;
mod media;
mod program;
mod refusals;
mod web;

use program::{Program, connect};
use serde_json::json;

#[test]
fn every_echo_matches() {
    let (dial, echo) = connect(&["--count", "20", "--size", "5000"], &[]);
    assert_eq!((dial.code, echo.code), (Some(0), Some(0)), "{dial:?} {echo:?}");
    assert_eq!(
        dial.report["messages"],
        json!({"sent":20,"received":20,"echoed":20,"mismatched":0,"missing":0})
    );
    assert_eq!(dial.report["bytes"], json!({"sent":100_000,"received":100_000}));
    assert_eq!(echo.report["messages"], json!({"sent":20,"received":20}));
    for report in [&dial.report, &echo.report] {
        assert_eq!((&report["v"], &report["error"]), (&json!(1), &json!(null)));
        assert_eq!(report["dtls"]["version"], "1.3");
        assert_eq!(report["dtls"]["group"], "x25519mlkem768");
        assert_eq!(report["pair"]["local"]["address"], "127.0.0.1");
        assert!(report["connect_ms"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(dial.report["rtt_ms"]["count"], 20);
}

#[test]
fn channels_of_every_kind() {
    let channels = [
        "--channel",
        "plain",
        "--channel",
        "loose",
        "--unordered",
        "--max-retransmits",
        "0",
        "--channel",
        "late",
        "--max-lifetime",
        "500",
        "--protocol",
        "p.example",
        "--count",
        "10",
        "--size",
        "0",
    ];
    let (dial, echo) = connect(&channels, &[]);
    assert_eq!((dial.code, echo.code), (Some(0), Some(0)), "{dial:?} {echo:?}");
    assert_eq!(dial.report["messages"]["echoed"], 30);
}

#[test]
fn trickled_candidates_both_ways() {
    let (dial, echo) = connect(&["--trickle", "--count", "3"], &["--trickle"]);
    assert_eq!((dial.code, echo.code), (Some(0), Some(0)), "{dial:?} {echo:?}");
    let trickled =
        |lines: &[String]| lines.iter().filter(|line| line.contains("\"candidate\":\"candidate:")).count();
    assert!(trickled(&dial.lines) > 0 && trickled(&echo.lines) > 0, "{dial:?} {echo:?}");
    assert!(!dial.lines.iter().chain(&echo.lines).any(|line| line.contains("candidate:candidate:")));
    let ends = |lines: &[String]| lines.iter().filter(|line| line.contains("\"candidate\":\"\"")).count();
    assert_eq!((ends(&dial.lines), ends(&echo.lines)), (1, 1));
}

/// What we do not speak is refused, and the answer does not wait for candidates that nobody needs.
#[test]
fn an_offer_without_data_is_answered() {
    let mut echo = Program::start(&["echo", "--stdio", "--bind", "127.0.0.1:0"]);
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
               c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 speex/16000\r\na=ice-ufrag:abcd\r\n\
               a=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 HASH\r\na=setup:actpass\r\na=sendrecv\r\na=rtcp-mux\r\n";
    let sdp = sdp.replace("HASH", &["AB"; 32].join(":"));
    echo.say(&json!({"type":"offer","sdp":sdp}).to_string());
    assert!(echo.line().contains("m=audio 0 "));
    echo.hang_up();
    let end = echo.end();
    assert_eq!((end.code, &end.report["error"]), (Some(0), &json!(null)), "{end:?}");
    assert!(!end.errors.contains("STUN"), "{}", end.errors);
}

/// The same seed makes the same description, certificate included.
#[test]
fn a_seed_reproduces() {
    let offer = || {
        let mut dial = Program::start(&["dial", "--stdio", "--bind", "127.0.0.1:0", "--seed", "7"]);
        let line = dial.line();
        dial.hang_up();
        let ufrag = line.split("a=ice-ufrag:").nth(1).unwrap()[..8].to_owned();
        (ufrag, dial.end().code)
    };
    let (first, second) = (offer(), offer());
    assert_eq!(first, second);
    assert_eq!(first.1, Some(1), "no answer came");
}

#[test]
fn keys_are_logged() {
    let file = std::env::temp_dir().join(format!("siskin-keys-{}", std::process::id()));
    let versions: [(&[&str], &str); 2] =
        [(&[], "CLIENT_HANDSHAKE_TRAFFIC_SECRET "), (&["--dtls", "1.2"], "CLIENT_RANDOM ")];
    for (version, first) in versions {
        let args = [version, &["--key-log", file.to_str().unwrap()]].concat();
        let (dial, _) = connect(&args, &[]);
        let keys = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(dial.code, Some(0));
        assert!(keys.starts_with(first), "{keys:?}");
    }
}
