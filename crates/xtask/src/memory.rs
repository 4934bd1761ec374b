//! `cargo xtask memory`: what a hostile peer can make each layer hold, as a table.

use crate::{Result, run, workspace};
use std::process::Stdio;

/// Packages whose tests have a `memory` module that prints `memory: STATE: BYTES BYTES`.
const PACKAGES: &str = "-p siskin-sctp -p siskin-datachannel";

/// The verb `memory`.
pub(crate) fn main() -> Result<()> {
    let args = format!("test --release {PACKAGES} --test it memory:: -- --nocapture --test-threads 1");
    let mut tests = run::cargo(&args, &workspace::root());
    let out = run::read(tests.env("CARGO_PROFILE_RELEASE_LTO", "off").stderr(Stdio::inherit()))?;
    println!("| what a hostile peer makes us hold | default | small |\n| --- | --: | --: |");
    for line in out.lines() {
        // A test's name may stand in front of what it prints.
        let Some((_, row)) = line.split_once("memory: ") else { continue };
        let Some((what, bytes)) = row.rsplit_once(": ") else { continue };
        let bytes: Vec<String> = bytes.split(' ').map(grouped).collect();
        println!("| {what} | {} |", bytes.join(" | "));
    }
    Ok(())
}

/// 1234567 becomes 1,234,567.
fn grouped(number: &str) -> String {
    let mut out = String::new();
    for (i, digit) in number.chars().enumerate() {
        if i > 0 && (number.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[test]
fn numbers_are_grouped() {
    assert_eq!(
        ["7", "123", "1234", "123456", "1234567"].map(grouped),
        ["7", "123", "1,234", "123,456", "1,234,567"]
    );
}
