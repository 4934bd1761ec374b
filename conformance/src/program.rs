//! The program under test, through the contract of `siskin echo --stdio` and `siskin dial --stdio`.

use crate::child::Child;
use crate::peers::Peers;
use crate::{Args, Result};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A description or a report that takes longer than this will not come.
const PATIENCE: Duration = Duration::from_secs(15);

/// How to start it.
pub(crate) struct Program {
    words: Vec<String>,
    verbose: bool,
}

/// One run of it: one connection.
pub(crate) struct Run {
    child: Child,
    role: &'static str,
}

/// How a run ended.
pub(crate) struct End {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What stands in the last line's `report`.
    pub(crate) report: Value,
}

impl Program {
    pub(crate) fn new(args: &Args, peers: &Peers) -> Result<Self> {
        let words = match &args.program {
            Some(command) => command.split_whitespace().map(String::from).collect(),
            None if args.stand_in => peers.stand_in(),
            None => vec![beside("siskin")?],
        };
        Ok(Self { words, verbose: args.verbose })
    }

    /// `echo --stdio`: the peer offers.
    pub(crate) fn echo(&self, args: &[&str]) -> Result<Run> {
        self.start("echo", args)
    }

    /// `dial --stdio`: the program offers.
    pub(crate) fn dial(&self, args: &[&str]) -> Result<Run> {
        self.start("dial", args)
    }

    /// `replay FILE`: the program does a recorded connection again, and judges whether it sends the same bytes.
    pub(crate) fn replay(&self, file: &Path) -> Result<()> {
        let (program, first) = self.words.split_first().ok_or("the program's name is empty")?;
        let output = Command::new(program).args(first).arg("replay").arg(file).output();
        let output = output.map_err(|e| format!("cannot start {program}: {e}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    fn start(&self, role: &'static str, args: &[&str]) -> Result<Run> {
        let (program, first) = self.words.split_first().ok_or("the program's name is empty")?;
        let mut command = Command::new(program);
        command.args(first).args([role, "--stdio"]).args(args);
        Ok(Run { child: Child::spawn(role, &mut command, self.verbose)?, role })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl Run {
    /// Gives it the peer's description.
    pub(crate) fn describe(&mut self, kind: &str, sdp: &str) -> Result<()> {
        self.child.say(&json!({"type": kind, "sdp": sdp}).to_string())
    }

    /// Gives it a candidate line as the peer made it.
    pub(crate) fn candidate(&mut self, candidate: &Value) -> Result<()> {
        self.child.say(&candidate.to_string())
    }

    /// Its next line: a description of that type, whose SDP it is.
    pub(crate) fn description(&mut self, kind: &str) -> Result<String> {
        let line = self.json_line(PATIENCE)?;
        match (line.get("type").and_then(Value::as_str), line.get("sdp").and_then(Value::as_str)) {
            (Some(found), Some(sdp)) if found == kind => Ok(sdp.into()),
            _ => Err(format!(
                "{} should give its {kind}, but wrote {line}{}",
                self.role,
                self.child.last_words()
            )),
        }
    }

    /// Its next line: a trickled candidate.
    pub(crate) fn candidate_line(&mut self) -> Result<Value> {
        let line = self.json_line(PATIENCE)?;
        match line.get("candidate") {
            Some(Value::String(_)) => Ok(line),
            _ => Err(format!("{} should trickle, but wrote {line}{}", self.role, self.child.last_words())),
        }
    }

    /// Ends its input: it closes the connection.
    pub(crate) fn hang_up(&mut self) {
        self.child.end_input();
    }

    /// Waits until it has ended by itself; its last line must be its report.
    pub(crate) fn end(mut self, limit: Duration) -> Result<End> {
        let mut line = self.json_line(limit)?;
        while line.get("report").is_none() {
            line = self.json_line(limit)?;
        }
        let status = self.child.wait(PATIENCE)?;
        if let Ok(more) = self.child.line(Duration::ZERO) {
            return Err(format!("{}: a line after its report: {more}", self.role));
        }
        Ok(End { code: status.code(), report: line.get_mut("report").map(Value::take).unwrap_or_default() })
    }

    /// What it said last on standard error, for a message.
    pub(crate) fn last_words(&self) -> String {
        self.child.last_words()
    }

    fn json_line(&mut self, limit: Duration) -> Result<Value> {
        let line = self.child.line(limit)?;
        serde_json::from_str(&line)
            .map_err(|e| format!("{} wrote a line that is not JSON ({e}): {line}", self.role))
    }
}

/// The program of that name in the folder of this one.
pub(crate) fn beside(name: &str) -> Result<String> {
    let exe = std::env::current_exe().map_err(|e| format!("where is this program? {e}"))?;
    let program = exe.parent().unwrap_or_else(|| Path::new(".")).join(name);
    match program.is_file() {
        true => Ok(program.to_string_lossy().into_owned()),
        false => Err(format!(
            "there is no {}: `cargo build --release --package siskin-cli --package siskin-conformance` makes it",
            program.display()
        )),
    }
}
