//! Programs that we start: read with a time limit, and ended by their id when we let go of them.

use crate::Result;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{self, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of an unfriendly program's standard error that we keep: the last ones.
const KEPT: usize = 40;

/// A running program.
pub(crate) struct Child {
    name: String,
    process: process::Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Arc<Mutex<Vec<String>>>,
    error_lines: Receiver<String>,
}

impl Child {
    /// Starts it with all three standard streams piped to us.
    pub(crate) fn spawn(name: &str, command: &mut Command, show_errors: bool) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", command.get_program().to_string_lossy()))?;
        let errors = Arc::new(Mutex::new(Vec::new()));
        let (kept, label) = (Arc::clone(&errors), name.to_owned());
        let keep = move |line: &str| {
            if show_errors {
                eprintln!("    {label}: {line}");
            }
            if let Ok(mut kept) = kept.lock() {
                if kept.len() == KEPT {
                    kept.remove(0);
                }
                kept.push(line.to_owned());
            }
        };
        let stdin = process.stdin.take();
        let lines = pump(process.stdout.take(), |_: &str| ());
        let error_lines = pump(process.stderr.take(), keep);
        Ok(Self { name: name.into(), process, stdin, lines, errors, error_lines })
    }

    /// The next line of its standard output.
    pub(crate) fn line(&self, limit: Duration) -> Result<String> {
        self.lines.recv_timeout(limit).map_err(|e| self.silence("wrote nothing", e, limit))
    }

    /// The first line of its standard error from here on in which `find` finds something.
    pub(crate) fn error_line<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let end = Instant::now() + limit;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            let line = self.error_lines.recv_timeout(rest);
            if let Some(found) =
                find(&line.map_err(|e| self.silence("did not say what we wait for", e, limit))?)
            {
                return Ok(found);
            }
        }
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().ok_or_else(|| format!("{}'s input is closed", self.name))?;
        let written = writeln!(stdin, "{line}").and_then(|()| stdin.flush());
        written.map_err(|e| format!("{} does not read its input: {e}{}", self.name, self.last_words()))
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(2)),
                Ok(None) => {
                    return Err(format!("{} has not ended within {limit:?}{}", self.name, self.last_words()));
                }
                Err(e) => return Err(format!("{}: {e}", self.name)),
            }
        }
    }

    /// What it said last on its standard error, for a message.
    pub(crate) fn last_words(&self) -> String {
        let errors = self.errors.lock().map(|errors| errors.join("\n        ")).unwrap_or_default();
        if errors.is_empty() { String::new() } else { format!("; it said:\n        {errors}") }
    }

    fn silence(&self, what: &str, error: RecvTimeoutError, limit: Duration) -> String {
        let when = match error {
            RecvTimeoutError::Timeout => format!("{what} within {limit:?}"),
            RecvTimeoutError::Disconnected => format!("{what} before it ended"),
        };
        // What it says while it ends is often the reason; it comes a moment later.
        thread::sleep(Duration::from_millis(20));
        format!("{} {when}{}", self.name, self.last_words())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads lines in a thread, so that a wait for one can end early.
fn pump(from: Option<impl Read + Send + 'static>, seen: impl Fn(&str) + Send + 'static) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        let Some(from) = from else { return };
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            seen(&text);
            // Read on though nobody listens: the program must not block on a full pipe.
            let _ = to.send(text);
            line.clear();
        }
    });
    lines
}
