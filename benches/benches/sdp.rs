//! `siskin-sdp`: a browser's offer of audio, video and data, read into values and written again.
//!
//! The others: `sdp-types` leaves attributes as strings, `webrtc-sdp` (Firefox's) types them.

use siskin_benches::{Bench, Contest};
use siskin_sdp::{Limits, Session};
use std::hint::black_box;

const OFFERS: [(&str, &str); 2] = [
    ("chromium-offer", include_str!("../../crates/sdp/tests/captures/chromium156-offer-av-data.sdp")),
    ("firefox-offer", include_str!("../../crates/sdp/tests/captures/firefox153esr-offer-av-data.sdp")),
];

fn parse(bench: &mut Bench) {
    for (name, text) in OFFERS {
        let contest = Contest::of_bytes(format!("sdp/parse-{name}"), text.len())
            .row("siskin", || Session::parse(black_box(text), &Limits::default()).expect("an offer"))
            .row("sdp-types", || sdp_types::Session::parse(black_box(text.as_bytes())).expect("an offer"))
            .row("webrtc-sdp", || webrtc_sdp::parse_sdp(black_box(text), false).expect("an offer"));
        bench.race(contest);
    }
}

fn print(bench: &mut Bench) {
    for (name, text) in OFFERS {
        let ours = Session::parse(text, &Limits::default()).expect("an offer");
        let sdp_types = sdp_types::Session::parse(text.as_bytes()).expect("an offer");
        let webrtc_sdp = webrtc_sdp::parse_sdp(text, false).expect("an offer");
        let contest = Contest::of_bytes(format!("sdp/print-{name}"), text.len())
            .row("siskin", || black_box(&ours).to_string())
            .row("sdp-types", || {
                let mut out = Vec::with_capacity(text.len());
                black_box(&sdp_types).write(&mut out).expect("room in memory");
                out
            })
            .row("webrtc-sdp", || black_box(&webrtc_sdp).to_string());
        bench.race(contest);
    }
}

siskin_benches::main!(parse, print);
