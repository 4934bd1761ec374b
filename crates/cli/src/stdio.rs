//! Standard input as lines, standard output as JSON lines.

use crate::contract::Output;
use std::io::{self, BufRead, Read, Write};
use tokio::sync::mpsc;

/// Longest line that we read, in bytes; a description is a few thousand.
const MAX_LINE: u64 = 4 << 20;

/// Lines that wait to be looked at.
const QUEUE: usize = 64;

/// What came from standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, without its end.
    Text(String),
    /// Something that is no line: longer than 4 MiB, or not UTF-8.
    Junk,
}

/// Reads standard input on a thread of its own, because a read cannot be called off; the thread ends with the process.
/// The receiver yields `None` at the end of input.
pub(crate) fn lines() -> mpsc::Receiver<Line> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    std::thread::spawn(move || read_lines(io::stdin().lock(), |line| sender.blocking_send(line).is_ok()));
    receiver
}

fn read_lines(mut input: impl BufRead, mut take: impl FnMut(Line) -> bool) {
    loop {
        let mut bytes = Vec::new();
        match input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = bytes.last() == Some(&b'\n');
        if !whole && bytes.len() as u64 > MAX_LINE {
            if !skip_line(&mut input) || !take(Line::Junk) {
                return;
            }
            continue;
        }
        let line = match String::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Line::Text(text.trim().to_owned()),
            Err(_) => Line::Junk,
        };
        if !take(line) {
            return;
        }
    }
}

/// Reads on behind the end of the line; false at the end of input.
fn skip_line(input: &mut impl BufRead) -> bool {
    loop {
        let Ok(buffer) = input.fill_buf() else { return false };
        if buffer.is_empty() {
            return false;
        }
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                input.consume(at + 1);
                return true;
            }
            None => {
                let all = buffer.len();
                input.consume(all);
            }
        }
    }
}

/// Prints one line. Nobody listening is not our fault: the connection goes on.
pub(crate) fn print(output: &Output<'_>) {
    say(&output.to_line());
}

/// Prints a line; a standard output that nobody reads any more is no reason to stop.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()) {
        tracing::debug!(%error, "standard output is closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        read_lines(input, |line| {
            lines.push(line);
            true
        });
        lines
    }

    #[test]
    fn lines_of_any_kind() {
        let text = |text: &str| Line::Text(text.into());
        assert_eq!(read(b"a\r\n\n  \nb"), [text("a"), text("b")]);
        assert_eq!(read(b"\xff\xfe\nb\n"), [Line::Junk, text("b")]);
        let mut long = vec![b'x'; MAX_LINE as usize + 10];
        long.extend(b"\nb\n");
        assert_eq!(read(&long), [Line::Junk, text("b")]);
    }
}
