//! `echo --http` and `demo`: HTTP by hand.
#![expect(clippy::disallowed_types, reason = "a client needs a socket")]

use crate::program::Program;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Starts a server on a free port and gives its address.
fn serve(args: &[&str]) -> (Program, String) {
    // The port is taken from one that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let program = Program::start(&[args, &["--http", &free, "--bind", "127.0.0.1:0"]].concat());
    for _ in 0..200 {
        if TcpStream::connect(&free).is_ok() {
            return (program, free);
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("{args:?} does not listen");
}

fn request(address: &str, method: &str, path: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .unwrap();
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    let (head, body) = rest.split_once("\r\n\r\n").unwrap();
    (status.split(' ').nth(1).unwrap().parse().unwrap(), head.into(), body.into())
}

#[test]
fn an_offer_over_http_is_answered_and_echoed() {
    let (mut server, address) = serve(&["echo"]);
    let mut dial = Program::start(&["dial", "--stdio", "--bind", "127.0.0.1:0", "--count", "5"]);
    let (status, head, answer) = request(&address, "POST", "/offer", &dial.line());
    assert_eq!(status, 201, "{answer}");
    assert!(head.to_ascii_lowercase().contains("location: /offer/1"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["type"], "answer");
    dial.say(&answer);
    let end = dial.end();
    assert_eq!((end.code, &end.report["messages"]["echoed"]), (Some(0), &5.into()), "{end:?}");
    let report: Value = serde_json::from_str(&server.line()).unwrap();
    assert_eq!(report["report"]["messages"]["received"], 5);
    server.hang_up();
}

#[test]
fn bad_requests_are_refused() {
    let (_server, address) = serve(&["echo"]);
    let code = |body: &str| {
        let (status, _, answer) = request(&address, "POST", "/offer", body);
        (
            status,
            serde_json::from_str::<Value>(&answer).unwrap()["error"]["code"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(code("hello"), (400, "bad_input".into()));
    assert_eq!(code(r#"{"type":"answer","sdp":""}"#), (400, "bad_description".into()));
    assert_eq!(code(r#"{"type":"offer","sdp":"nonsense"}"#), (400, "bad_description".into()));
    assert_eq!(request(&address, "POST", "/offer/77", r#"{"candidate":""}"#).0, 404);
    assert_eq!(request(&address, "DELETE", "/offer/77", "").0, 404);
    assert_eq!(request(&address, "GET", "/nothing", "").0, 404);
}

#[test]
fn the_page_is_whole() {
    let (mut server, address) = serve(&["demo"]);
    assert_eq!(server.line(), format!("Open http://{address}/ in Chromium or Firefox."));
    let (status, head, page) = request(&address, "GET", "/", "");
    assert_eq!(status, 200);
    assert!(head.contains("text/html; charset=utf-8"));
    assert!(page.ends_with("</html>\n"));
    // Nothing comes from elsewhere.
    assert!(!page.contains("https://") && !page.contains("http://"));
    assert_eq!(request(&address, "GET", "/favicon.svg", "").0, 200);
    let (status, head, script) = request(&address, "GET", "/media.js", "");
    assert!(status == 200 && head.contains("text/javascript") && !script.contains("http"), "{head}");
    let mut second = Program::start(&["demo", "--http", &address]);
    let end = second.end();
    assert_eq!(end.code, Some(1));
    assert!(end.errors.contains("is already in use"), "{}", end.errors);
    server.hang_up();
}
