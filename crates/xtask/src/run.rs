//! Other programs, run with their output shown.

use crate::Result;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// A command in `dir`, without standard input.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args.split_whitespace()).current_dir(dir).stdin(Stdio::null());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo(args: &str, dir: &Path) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args, dir)
}

/// Runs to the end; the command line is shown first.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    let status = command.status().map_err(|e| format!("{}: {e}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", line(command))) }
}

/// Runs to the end; yields what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let out = command.stderr(Stdio::inherit()).output().map_err(|e| format!("{}: {e}", line(command)))?;
    if !out.status.success() {
        return Err(format!("`{}` ended with {}", line(command), out.status));
    }
    String::from_utf8(out.stdout)
        .map_err(|_| format!("`{}` printed something that is not UTF-8", line(command)))
}

/// Whether a program of that name is on the path.
pub(crate) fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // An administrator's tools are not on everyone's path, but everyone may run some of them.
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(program).is_file())
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let mut line = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
