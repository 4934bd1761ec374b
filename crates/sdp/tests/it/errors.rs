//! What is refused, where, and what is kept although it is malformed.

use siskin_sdp::{Attribute, Limit, Limits, Reason, Session, parse_candidate};

const HEAD: &str = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n";

/// The error that parsing `text` gives.
fn error(text: &str) -> String {
    Session::parse(text, &Limits::default()).map(|session| session.to_string()).expect_err(text).to_string()
}

/// The error of one line in a media section, without its line.
fn line_error(line: &str) -> String {
    let error = error(&format!("{HEAD}m=audio 9 RTP/AVP 0\n{line}\n"));
    error.strip_prefix("line 6, ").expect(&error).into()
}

#[test]
fn errors_name_line_column_and_what_was_expected() {
    for (text, expect) in [
        ("", "line 1, column 1: expected a line 'v='"),
        ("v=0", "line 2, column 1: expected a line 'o='"),
        ("v=1\n", "line 1, column 3: expected version 0"),
        ("v=0 \n", "line 1, column 4: expected the end of the line"),
        ("v", "line 1, column 2: expected a letter and '='"),
        ("=0", "line 1, column 1: expected a letter and '='"),
        ("\nv=0", "line 1, column 1: expected a letter and '='"),
        ("v=0\no=- 1 1 IN IP4\n", "line 2, column 15: expected one space"),
        ("v=0\no=- x 1 IN IP4 h\n", "line 2, column 5: expected a decimal number"),
        (
            "v=0\no=- 18446744073709551616 1 IN IP4 h\n",
            "line 2, column 5: expected a number up to 18446744073709551615",
        ),
        ("v=0\no=- 1 1 IN IP4 1.2.3.4.5\n", "line 2, column 16: expected an IP address or a host name"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\nt=0 0\n", "line 3, column 1: expected a line 's='"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nb=AS:x\n", "line 4, column 6: expected a decimal number"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nm=audio 9 RTP/AVP 0\n", "line 4, column 1: expected a line 't='"),
        (
            "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=\u{e9}\u{e9}\0\nt=0 0\n",
            "line 3, column 5: expected text without control characters",
        ),
        (
            "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=a\rb\nt=0 0\n",
            "line 3, column 4: expected text without control characters",
        ),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0\n", "line 4, column 4: expected one space"),
        (
            "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nr=7w 1h 0\n",
            "line 5, column 4: expected a time, perhaps with a unit (d, h, m, s)",
        ),
        (
            "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\ni=\nt=0 0\n",
            "line 4, column 3: expected at least one character",
        ),
    ] {
        assert_eq!(error(text), expect, "{text:?}");
    }
}

#[test]
fn rfc8866_9_rules_for_times_and_addresses() {
    assert_eq!(error(&format!("{HEAD}r=7d 1h\n")), "line 5, column 8: expected one space");
    assert!(
        error(&format!("{HEAD}z=2882844526 -1h\n")).starts_with("line 5, column 1: expected a line that")
    );
    for lines in [
        "o=- 1 1 IN IP6 fe80::1%eth0\ns=-\nc=IN IP6 FF15::101/3\nt=0 0",
        "o=a@b 1 1 TN RFC2543 +1/x\ns= \nc=ATM NSAP 47.0091/8100\nt=0 0",
        "o=- 1 1 IN IP4 host_1\ns=-\ne=j@x.org (J)\ne=J <j@x.org>\np=+1 2 (J)\nc=IN IP4 224.2.36.42/127/3\nb=X-YZ:128\n\
         t=3034423619 3042462419\nr=7d 1h 0 25h\nr=604800 3600 0 90000\nz=2882844526 -1h 2898848070 0\nt=1 2\n\
         k=base64:e30=\na=charset:ISO-8859-1\nm=audio 49170/2 RTP/AVP 0 *\ni=title\nc=IN IP4 224.2.1.1/127\nk=prompt",
    ] {
        let text = format!("v=0\n{lines}\n");
        let session =
            Session::parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(session.to_string(), text.replace('\n', "\r\n"));
    }
}

#[test]
fn order_of_lines_is_fixed_above_the_first_section() {
    let order = "a line that may stand here (v o s i u e p c b t r z k a, then m i c b k a)";
    for line in ["z=0 1h", "b=AS:1\nc=IN IP4 0.0.0.0", "x=1", "v=0"] {
        assert!(error(&format!("{HEAD}{line}\n")).contains(order), "{line}");
    }
    assert!(error(&format!("{HEAD}m=audio 9 RTP/AVP 0\nt=0 0\n")).contains(order));
    assert!(error(&format!("{HEAD}m=audio 9 RTP/AVP 0\ni=one\ni=two\n")).starts_with("line 7, column 1"));
    // In a section any order is taken, because some senders write `c=` late; it is printed in the RFC's order.
    let late = format!("{HEAD}m=audio 9 RTP/AVP 0\na=rtcp-mux\nb=AS:1\nc=IN IP4 0.0.0.0\n");
    let printed = Session::parse(&late, &Limits::default()).unwrap().to_string();
    assert!(printed.ends_with("m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\nb=AS:1\r\na=rtcp-mux\r\n"));
}

#[test]
fn errors_in_a_section() {
    for (line, expect) in [
        ("c=IN IP4", "column 9: expected one space"),
        ("c=IN IP4 224.2.1.1/256", "column 20: expected a number up to 255"),
        ("c=IN IP4 224.2.1.1/x", "column 20: expected a decimal number"),
        ("c=IN IP4 224.2.1.1/1/2/3", "column 23: expected the end of the line"),
        ("b=AS", "column 5: expected ':'"),
        ("m=audio", "column 8: expected one space"),
        ("m=audio 65536 RTP/AVP 0", "column 9: expected a number up to 65535"),
        ("m=audio 9/0 RTP/AVP 0", "column 11: expected a decimal number"),
        ("m=audio 9 RTP/AVP", "column 18: expected one space"),
        ("m=audio 9 RTP//AVP 0", "column 14: expected one space"),
        ("m=audio 9 RTP/AVP 0 (", "column 21: expected a token"),
        ("a=", "column 3: expected a token"),
        ("a=a b", "column 4: expected ':'"),
        ("a=mid", "column 6: expected ':' and a value"),
        ("a=mid:", "column 7: expected a token"),
        ("a=mid:0 1", "column 8: expected the end of the line"),
        ("a=group:BUNDLE 0 (", "column 18: expected the end of the line"),
        ("a=ice-ufrag:abc", "column 13: expected 4 to 256 letters, digits, '+' or '/'"),
        ("a=ice-ufrag:ab:cd", "column 15: expected 4 to 256 letters, digits, '+' or '/'"),
        ("a=ice-pwd:short", "column 11: expected 22 to 256 letters, digits, '+' or '/'"),
        ("a=fingerprint:sha-256", "column 22: expected one space"),
        (
            "a=fingerprint:sha-1 00:11:2",
            "column 27: expected as many hexadecimal bytes as the hash function yields, with colons between",
        ),
        ("a=setup:both", "column 9: expected active, passive, actpass or holdconn"),
        ("a=sctp-port:70000", "column 13: expected a number up to 65535"),
        ("a=max-message-size:-1", "column 20: expected a decimal number"),
    ] {
        assert_eq!(line_error(line), expect, "{line}");
    }
}

#[test]
fn malformed_optional_attributes_are_kept_verbatim() {
    for line in [
        "candidate:1 1 udp x 192.0.2.1 1 typ host",
        "candidate:",
        "fingerprint:sha3-256 00",
        "rtpmap:96",
        "rtpmap:128 VP8/90000",
        "extmap:x urn:y",
        "extmap:1/both urn:y",
        "rtcp:none",
        "simulcast: send rid=1;2",
        "simulcast:send 1 send 2",
        "imageattr:97 send",
        "sctp-init:????",
        "dcmap:1 label=foo",
        "dcmap:1 label=\"%ff\"",
        "tls-id:short",
        "ptime:20ms",
        "ice-pacing:soon",
        "ice-lite:really",
        "rtcp-mux:yes",
        "ssrc:one cname:x",
        "ssrc-group:FID 1 two",
        "remote-candidates:1 192.0.2.1",
        "sendrecv:x",
        "x-unknown",
        "x-unknown:",
        "x-unknown:a:b c\u{e9}",
        "rtpmap",
    ] {
        let text = format!("{HEAD}m=audio 9 RTP/AVP 0\na={line}\n");
        let session = Session::parse(&text, &Limits::default()).unwrap();
        let attribute = session.media[0].attributes.iter().next().unwrap();
        assert!(matches!(attribute, Attribute::Other { .. }), "{attribute:?}");
        assert_eq!(session.to_string(), text.replace('\n', "\r\n"));
    }
}

#[test]
fn other_spellings_are_known_and_come_back() {
    for line in [
        "candidate:Hc0a8-1  1 UDP 1 192.0.2.1 1 TYP host",
        "candidate:1 1 tcp 1 192.0.2.1 9 typ host generation 0 tcptype active",
        "candidate:1 1 udp 1 2001:DB8::1 1 typ host generation",
        "candidate:1 1 ssltcp 00001 192.0.2.1 443 typ relayed",
        "candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr 192.0.2.7",
        "fingerprint:SHA-1 ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01",
        "setup: actpass",
        "rtcp-mux ",
        "sendonly  ",
        "setup:ACTIVE",
        "ice-options: trickle  renomination ",
        "group:BUNDLE  0 1 ",
        "max-message-size:99999999999999999999999",
        "max-message-size:0262144",
        "sctp-port:05000 ",
        "msid-semantic:WMS *",
        "msid-semantic: WMS",
        "rtcp:09 IN IP4 0.0.0.0",
        "rid:hi SEND",
        "simulcast:recv 1 send 2",
        "sctp-init:AR==",
        "dcmap:1 max-retr=1;label=\"a%62\"",
    ] {
        let text = format!("{HEAD}m=audio 9 RTP/AVP 0\na={line}\n");
        let session =
            Session::parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{line}: {error}"));
        let attribute = session.media[0].attributes.iter().next().unwrap();
        assert!(!matches!(attribute, Attribute::Other { .. }), "{attribute:?}");
        assert_eq!(session.to_string(), text.replace('\n', "\r\n"));
    }
}

#[test]
fn errors_of_candidates_alone() {
    for (text, expect) in [
        ("", "column 1: expected a candidate's foundation"),
        ("candidate:", "column 11: expected a candidate's foundation"),
        ("a=candidate:1", "column 14: expected one space"),
        (
            "candidate:1 1 udp 4294967296 192.0.2.1 1 typ host",
            "column 19: expected a number up to 4294967295",
        ),
        (
            "candidate:1 1 udp 1 192.0.2.256 1 typ host\r\n",
            "column 21: expected an IP address or a host name",
        ),
        ("candidate:1 1 udp 1 [::1] 1 typ host", "column 21: expected an IP address or a host name"),
        ("candidate:1 1 udp 1 192.0.2.1 65536 typ host", "column 31: expected a number up to 65535"),
        ("candidate:1 1 udp 1 192.0.2.1 1 host", "column 33: expected 'typ'"),
    ] {
        assert_eq!(parse_candidate(text).expect_err(text).to_string(), format!("line 1, {expect}"), "{text}");
    }
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes: 200, lines: 8, media: 2, attributes: 2, items: 30 };
    let check =
        |tail: &str| Session::parse(&format!("{HEAD}{tail}"), &limits).map_err(|error| error.to_string());
    assert!(check("a=x\na=y\nm=a 0 b c\nm=a 0 b c\n").is_ok());
    assert_eq!(check("a=x\nm=a 0 b c\na=y\na=z\n"), Err("line 8, column 1: more than 2 attributes".into()));
    assert_eq!(
        check("m=a 0 b c\nm=a 0 b c\nm=a 0 b c\n"),
        Err("line 7, column 1: more than 2 media sections".into())
    );
    assert_eq!(check("b=a:1\nb=a:1\nb=a:1\nb=a:1\nb=a:1\n"), Err("line 5, column 1: expected a line that may stand here (v o s i u e p c b t r z k a, then m i c b k a)".into()));
    assert_eq!(
        check("m=a 0 b c\nb=a:1\nb=a:1\nb=a:1\nb=a:1\n"),
        Err("line 9, column 1: more than 8 lines".into())
    );
    assert_eq!(check(&format!("a={}", "x".repeat(200))), Err("line 1, column 1: more than 200 bytes".into()));
    assert_eq!(
        check(&format!("a=group:{}", " a".repeat(30))),
        Err("line 1, column 1: more than 30 items of lists".into())
    );
}

#[test]
fn hostile_texts_are_refused_or_kept_within_the_limits() {
    let limits = Limits::default();
    let long = |line: &str, times: usize| format!("{HEAD}m=audio 9 RTP/AVP 0\n{}", line.repeat(times));
    assert!(Session::parse(&long("a=a\n", 100_000), &limits).is_err());
    assert!(Session::parse(&long("m=a 0 b c\n", 1_000), &limits).is_err());
    assert!(Session::parse(&"v".repeat(600 * 1024), &limits).is_err());
    assert!(Session::parse(&"\n".repeat(500 * 1024), &limits).is_err());
    for line in [
        format!("a=group:BUNDLE{}\n", " 0".repeat(100_000)),
        format!("a=imageattr:97 send {}\n", "[".repeat(100_000)),
        format!("a=imageattr:97 send {}\n", "[x=[1,2],y=1] ".repeat(10_000)),
        format!("a=simulcast:send {}\n", "1;".repeat(100_000)),
        format!("a=dcsa:0 {}\n", "dcsa:0 ".repeat(50_000)),
        format!("a=candidate:{}\n", "1 ".repeat(100_000)),
        format!("a=ssrc:1 cname:{}\n", "9".repeat(200_000)),
        format!("a=rtcp-xr:{}\n", "a=b ".repeat(50_000)),
        format!("a=fmtp:0 {}\n", ";".repeat(200_000)),
        format!("a=max-message-size:{}\n", "9".repeat(200_000)),
    ] {
        let text = format!("{HEAD}m=audio 9 RTP/AVP 0\n{line}");
        match Session::parse(&text, &limits) {
            Ok(session) => assert_eq!(session.to_string(), text.replace('\n', "\r\n")),
            Err(error) => {
                assert_eq!(error.reason, Reason::TooLarge(Limit::Items(limits.items)), "{line:.40}")
            }
        }
    }
    assert!(Session::parse(&format!("{HEAD}m=audio {} RTP/AVP 0\n", "9".repeat(100_000)), &limits).is_err());
}

#[test]
fn values_cannot_break_out_of_their_line() {
    let mut session = Session::parse(HEAD, &Limits::default()).unwrap();
    session.name = "a\r\na=ice-lite".into();
    session.attributes.push(Attribute::Tool("b\nm=audio 9 RTP/AVP 0\0".into()));
    let again = Session::parse(&session.to_string(), &Limits::default()).unwrap();
    assert!(again.name == "a  a=ice-lite" && again.media.is_empty() && again.attributes.len() == 1);
}
