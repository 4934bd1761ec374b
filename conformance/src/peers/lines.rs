//! Peers that are programs of ours around a library: the verbs over JSON lines.

use super::{Peer, SLACK};
use crate::Result;
use crate::child::Child;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

pub(super) struct Lines {
    child: Child,
    version: String,
}

pub(super) fn launch(name: &str, words: &[String], show_errors: bool) -> Result<Lines> {
    let (program, args) = words.split_first().ok_or("the program's name is empty")?;
    let child = Child::spawn(name, Command::new(program).args(args), show_errors)?;
    let hello: Value = serde_json::from_str(&child.line(SLACK)?).map_err(|e| format!("{name}: {e}"))?;
    let version = hello.pointer("/ok/version").and_then(Value::as_str).unwrap_or_default().into();
    Ok(Lines { child, version })
}

impl Peer for Lines {
    fn version(&self) -> &str {
        &self.version
    }

    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String> {
        self.child.say(&json!({"verb": verb, "args": args}).to_string())?;
        self.child.line(limit)
    }
}
