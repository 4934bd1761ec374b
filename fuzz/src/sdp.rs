//! Properties of `siskin-sdp`.

use siskin_sdp::{DisplayCandidate, Limits, Session, parse_candidate};

/// A description that is taken keeps every attribute to the byte, and is the same once printed and read again; an error
/// points into the text. Each line that reads as a candidate comes back likewise.
pub fn sdp_session(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines = || text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    match Session::parse(&text, &Limits::default()) {
        Ok(session) => {
            let printed = session.to_string();
            let kept = printed.lines().filter(|line| line.starts_with("a="));
            assert!(kept.eq(lines().filter(|line| line.starts_with("a="))), "an attribute changed");
            assert_eq!(Session::parse(&printed, &Limits::default()).as_ref(), Ok(&session), "{printed}");
        }
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1);
            let line = lines().nth(error.line as usize - 1).unwrap_or_default();
            assert!(error.column as usize <= line.chars().count() + 1, "{error} in {line:?}");
        }
    }
    for line in lines() {
        if let Ok(candidate) = parse_candidate(line) {
            let printed = DisplayCandidate(&candidate).to_string();
            // A trailing extension without a value has an empty one, which prints as a space.
            assert_eq!(parse_candidate(&printed).as_ref(), Ok(&candidate), "{printed}");
        }
    }
}
