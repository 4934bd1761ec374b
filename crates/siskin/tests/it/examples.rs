//! The examples do what they say.

use std::process::{Command, Output};

fn run(example: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", example, "--"])
        .args(args);
    command.output().unwrap()
}

#[test]
fn two_peers() {
    let output = run("two_peers", &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "Bob received Text(\"Hello, Bob\")\nAlice received Text(\"Hello, Bob\")\n");
}

#[test]
fn file_sender() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/connection.rs");
    let output = run("file_sender", &[path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let len = std::fs::metadata(path).unwrap().len();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{len} bytes sent, {len} received\n"));
}
