//! `cargo xtask memory`: what a hostile peer can make each layer hold, as a table, and what an idle connection holds.

use crate::{Result, run, workspace};

/// Packages whose tests have a `memory` module that prints `memory: STATE: BYTES BYTES`.
const PACKAGES: &str = "-p siskin-sdp -p siskin-ice -p siskin-dtls -p siskin-srtp -p siskin-rtp -p siskin-sctp -p siskin-datachannel -p siskin-peer";

/// The verb `memory`.
pub(crate) fn main() -> Result<()> {
    // Without optimization, as `cargo test` builds them: what is on the heap is the same.
    let args = format!("test {PACKAGES} --test it memory:: -- --nocapture --test-threads 1");
    let mut tests = run::cargo(&args, &workspace::root());
    let out = run::read(&mut tests)?;
    println!("| what a hostile peer makes us hold | default | small |\n| --- | --: | --: |");
    let mut rows = Vec::new();
    for line in out.lines() {
        // A test's name may stand in front of what it prints.
        let Some((_, row)) = line.split_once("memory: ") else { continue };
        let Some((what, bytes)) = row.rsplit_once(": ") else { continue };
        let bytes: Vec<String> = bytes.split(' ').map(grouped).collect();
        rows.push(format!("| {what} | {} |", bytes.join(" | ")));
    }
    rows.sort();
    rows.iter().for_each(|row| println!("{row}"));
    idle()
}

/// One of a thousand connections of an endpoint, a channel open, nothing on its way.
fn idle() -> Result<()> {
    let mut test = run::cargo("test --package siskin-peer --test idle -- --nocapture", &workspace::root());
    let out = run::read(test.env("SISKIN_CONNECTIONS", "1000"))?;
    let line = out.lines().find(|line| line.contains("heap for each idle connection"));
    println!("\n{}, of 1,000", line.ok_or("the test of idle connections prints nothing")?);
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
