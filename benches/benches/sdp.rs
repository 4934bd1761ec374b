//! `siskin-sdp`: a browser's offer of audio, video and data, read into values and written again.
//!
//! The others: `sdp-types` leaves attributes as strings, `webrtc-sdp` (Firefox's) types them.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

use criterion::{Criterion, criterion_group, criterion_main};
use siskin_benches::bytes;
use siskin_sdp::{Limits, Session};
use std::hint::black_box;

const OFFERS: [(&str, &str); 2] = [
    ("chromium-offer", include_str!("../../crates/sdp/tests/captures/chromium156-offer-av-data.sdp")),
    ("firefox-offer", include_str!("../../crates/sdp/tests/captures/firefox153esr-offer-av-data.sdp")),
];

fn parse(c: &mut Criterion) {
    for (name, text) in OFFERS {
        let id = format!("sdp/parse-{name}");
        bytes(c, &id, "siskin", text.len(), || {
            Session::parse(black_box(text), &Limits::default()).expect("an offer")
        });
        bytes(c, &id, "sdp-types", text.len(), || {
            sdp_types::Session::parse(black_box(text.as_bytes())).expect("an offer")
        });
        bytes(c, &id, "webrtc-sdp", text.len(), || {
            webrtc_sdp::parse_sdp(black_box(text), false).expect("an offer")
        });
    }
}

fn print(c: &mut Criterion) {
    for (name, text) in OFFERS {
        let id = format!("sdp/print-{name}");
        let session = Session::parse(text, &Limits::default()).expect("an offer");
        bytes(c, &id, "siskin", text.len(), || black_box(&session).to_string());
        let session = sdp_types::Session::parse(text.as_bytes()).expect("an offer");
        bytes(c, &id, "sdp-types", text.len(), || {
            let mut out = Vec::with_capacity(text.len());
            black_box(&session).write(&mut out).expect("room in memory");
            out
        });
        let session = webrtc_sdp::parse_sdp(text, false).expect("an offer");
        bytes(c, &id, "webrtc-sdp", text.len(), || black_box(&session).to_string());
    }
}

criterion_group!(sdp, parse, print);
criterion_main!(sdp);
