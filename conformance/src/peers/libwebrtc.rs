//! libwebrtc itself, without a browser around it: `peers/libwebrtc.py` over JSON lines.

use super::{Peer, SLACK};
use crate::Result;
use crate::child::Child;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

struct Libwebrtc {
    child: Child,
    version: String,
}

pub(super) fn launch(python: &Path, home: &Path) -> Result<impl Peer + use<>> {
    let child = Child::spawn("libwebrtc", Command::new(python).arg(home.join("libwebrtc.py")), false)?;
    let hello: Value = serde_json::from_str(&child.line(SLACK)?).map_err(|e| format!("libwebrtc: {e}"))?;
    let version = hello.pointer("/ok/version").and_then(Value::as_str).unwrap_or_default().into();
    Ok(Libwebrtc { child, version })
}

impl Peer for Libwebrtc {
    fn version(&self) -> &str {
        &self.version
    }

    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String> {
        self.child.say(&json!({"verb": verb, "args": args}).to_string())?;
        self.child.line(limit)
    }
}
