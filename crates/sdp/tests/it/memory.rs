//! What a hostile description can make us hold: each text goes to the limits with what costs the most memory there.
//! `cargo xtask memory` prints it.

use allocation_counter::measure;
use siskin_sdp::{Limits, Session};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

/// Reads what `text` makes of either limits, and asserts what was on the heap at most. The text itself is not counted, nor the
/// copies of it that the values are: they are as long as it, or shorter.
fn attack(what: &str, text: impl Fn(&Limits) -> String) {
    let held = [(Limits::default(), 5_200_000), (Limits::small(), 250_000)].map(|(limits, bound)| {
        let text = text(&limits);
        let mut read = None;
        let held = measure(|| read = Some(Session::parse(&text, &limits))).bytes_max as usize;
        assert!(read.is_some_and(|read| read.is_ok()), "{what}: within the limits");
        assert!(held <= bound, "{what}: {held} bytes, where {bound} are allowed");
        held
    });
    println!("memory: SDP: {what}: {} {}", held[0], held[1]);
}

/// `begin`, then `item` as often as the limits have it.
fn list(limits: &Limits, begin: &str, item: &str) -> String {
    let head = format!("{HEAD}m=audio 9 RTP/AVP 0\r\n{begin}");
    let used = head.matches([' ', ',', ';']).count();
    let count = (limits.items - used).min((limits.bytes - head.len() - 2) / item.len());
    format!("{head}{}\r\n", item.repeat(count))
}

#[test]
fn short_attributes() {
    attack("the shortest attributes", |limits| {
        format!("{HEAD}{}", "a=x\r\n".repeat(limits.attributes.min(limits.lines - 4)))
    });
}

#[test]
fn candidates() {
    let line = "a=candidate:1 1 udp 1 ::1 9 typ host\r\n";
    attack("candidates", |limits| {
        let most = limits.attributes.min((limits.bytes - HEAD.len()) / line.len());
        format!("{HEAD}{}", line.repeat(most.min((limits.items - 10) / 7)))
    });
}

#[test]
fn sections() {
    attack("media sections", |limits| format!("{HEAD}{}", "m=x 9 y z\r\n".repeat(limits.media)));
}

#[test]
fn formats() {
    attack("formats", |limits| list(limits, "m=x 9 y", " z"));
}

#[test]
fn mids_of_a_group() {
    attack("mids of a group", |limits| list(limits, "a=group:BUNDLE", " z"));
}

#[test]
fn alternatives_of_simulcast() {
    attack("streams of simulcast", |limits| list(limits, "a=simulcast:send z", ";z"));
}

#[test]
fn restrictions_of_a_stream() {
    attack("restrictions of a stream", |limits| list(limits, "a=rid:1 send z=1", ";z=1"));
}

/// The dearest attribute lines and the dearest list together.
#[test]
fn everything_at_once() {
    attack("short attributes and streams of simulcast", |limits| {
        let attributes = "a=x\r\n".repeat(limits.attributes.min(limits.lines - 6) - 1);
        let list =
            list(&Limits { bytes: limits.bytes - attributes.len(), ..*limits }, "a=simulcast:send z", ";z");
        format!("{list}{attributes}")
    });
}
