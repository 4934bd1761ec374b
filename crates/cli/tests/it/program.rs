//! The program, line by line. Whatever happens, it is killed after a while.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) lines: Vec<String>,
    pub(crate) errors: String,
}

impl Program {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_siskin"));
        command.args(args).env_remove("SISKIN_LOG");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let (sender, errors) = channel();
        let mut stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut all = String::new();
            let _ = stderr.read_to_string(&mut all);
            sender.send(all)
        });
        Self { input: child.stdin.take(), child, lines, errors }
    }

    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    pub(crate) fn say(&mut self, line: &str) {
        // It may have ended already, which its report will tell.
        let _ = self.input.as_mut().map(|input| writeln!(input, "{line}"));
    }

    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    pub(crate) fn end(&mut self) -> End {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            lines.push(line);
        }
        let code = self.child.wait().unwrap().code();
        let last = lines.last().cloned().unwrap_or_default();
        let report =
            serde_json::from_str::<Value>(&last).map(|mut line| line["report"].take()).unwrap_or_default();
        End { code, report, lines, errors: self.errors.recv_timeout(PATIENCE).unwrap_or_default() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `dial` and `echo` connected with each other, until both have ended.
pub(crate) fn connect(dial: &[&str], echo: &[&str]) -> (End, End) {
    let common = |role| vec![role, "--stdio", "--bind", "127.0.0.1:0", "--timeout", "20"];
    let mut dial = Program::start(&[common("dial"), dial.to_vec()].concat());
    let mut echo = Program::start(&[common("echo"), echo.to_vec()].concat());
    let mut said = (Vec::new(), Vec::new());
    let (mut dial_speaks, mut echo_speaks) = (true, true);
    while dial_speaks || echo_speaks {
        if dial_speaks && let Ok(line) = dial.lines.recv_timeout(Duration::from_millis(20)) {
            echo.say(&line);
            dial_speaks = !line.contains("{\"report\"");
            said.0.push(line);
        }
        if echo_speaks && let Ok(line) = echo.lines.recv_timeout(Duration::from_millis(20)) {
            if !line.contains("{\"report\"") {
                dial.say(&line);
            }
            echo_speaks = !line.contains("{\"report\"");
            said.1.push(line);
        }
    }
    let finish = |program: &mut Program, mut lines: Vec<String>| {
        let mut end = program.end();
        lines.append(&mut end.lines);
        let last = lines.last().cloned().unwrap_or_default();
        End { report: serde_json::from_str::<Value>(&last).unwrap()["report"].take(), lines, ..end }
    };
    (finish(&mut dial, said.0), finish(&mut echo, said.1))
}
