//! The example does what it says.

use std::process::Command;

#[test]
fn sans_io() {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", "sans_io"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "Bob echoes 10 bytes\nAlice received \"Hello, Bob\"\n");
}
