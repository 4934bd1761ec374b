//! What is wrong is said, in the report and in one line on standard error, and the exit code is 1.
#![expect(clippy::disallowed_types, reason = "a port must be taken by somebody")]

use crate::program::{End, Program};
use std::net::UdpSocket;

#[track_caller]
fn check(args: &[&str], input: &[&str], code: &str, message: &str) {
    let mut program = Program::start(args);
    input.iter().for_each(|line| program.say(line));
    program.hang_up();
    let End { code: exit, report, errors, .. } = program.end();
    assert_eq!(exit, Some(1));
    assert_eq!(report["error"]["code"], code, "{report}");
    let said = report["error"]["message"].as_str().unwrap();
    assert!(said.contains(message), "{said}");
    assert_eq!(errors.lines().last(), Some(format!("siskin: {said}").as_str()));
}

const ECHO: [&str; 4] = ["echo", "--stdio", "--bind", "127.0.0.1:0"];
const DIAL: [&str; 4] = ["dial", "--stdio", "--bind", "127.0.0.1:0"];

#[test]
fn bad_arguments() {
    check(&["echo", "--stdio", "--bind", "here"], &[], "bad_argument", "not an address and port");
    check(&["dial", "--stdio", "--unordered"], &[], "bad_argument", "belongs to the --channel before it");
    check(
        &["echo", "--stdio", "--interface", "nope0"],
        &[],
        "bad_argument",
        "no network interface is called nope0",
    );
    check(&["echo", "--stdio", "--ice-server", "turn:a"], &[], "bad_argument", "TURN is not supported yet");
    check(&["echo", "--stdio", "--log", "=,="], &[], "bad_argument", "--log");
}

#[test]
fn a_port_in_use() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = socket.local_addr().unwrap();
    let args = ["echo", "--stdio", "--bind", &taken.to_string()];
    check(&args, &[], "port_in_use", &format!("UDP port {} on 127.0.0.1 is already in use", taken.port()));
}

#[test]
fn no_description() {
    check(&ECHO, &[], "signalling_ended", "before an offer came");
    check(&DIAL, &[], "signalling_ended", "before an answer came");
}

#[test]
fn bad_input() {
    check(&ECHO, &["hello"], "bad_input", "not JSON");
    check(&ECHO, &["{}"], "bad_input", "neither a description");
    check(&ECHO, &[r#"{"type":"offer","sdp":"nonsense"}"#], "bad_description", "the offer: ");
    check(&ECHO, &[r#"{"type":"answer","sdp":"v=0\r\n"}"#], "bad_description", "an offer is awaited");
    check(&DIAL, &[r#"{"type":"answer","sdp":""}"#], "bad_description", "the answer: ");
    check(&DIAL, &[r#"{"type":"hello"}"#], "bad_input", "a description's type is one of");
}

#[test]
fn nobody_answers() {
    let mut program = Program::start(&[&DIAL[..], &["--timeout", "200ms"]].concat());
    program.line();
    let end = program.end();
    assert_eq!((end.code, &end.report["error"]["code"]), (Some(1), &"timeout".into()));
    assert_eq!(end.report["error"]["message"], "no description came within 0.2 s");
}
