//! The `siskin` command: see `siskin --help`.

mod args;
mod contract;
mod report;
mod stdio;

use args::{Cli, Color, Command};
use contract::Output;
use report::{Code, Report, ReportError};
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Whoever drives us by lines gets a report as the last of them, whatever happens.
    let machine = std::env::args_os().skip(1).any(|arg| arg == "--stdio");
    let outcome = std::panic::catch_unwind(|| run(machine)).unwrap_or_else(|_| {
        Report::from(ReportError::new(Code::Internal, "a fault of Siskin's own: see standard error"))
    });
    if let Some(error) = &outcome.error {
        eprintln!("siskin: {}", error.message);
    }
    if machine {
        stdio::print(&Output::Report { report: &outcome });
    }
    // The thread that reads standard input may still wait there: do not wait for it.
    std::process::exit(i32::from(outcome.error.is_some()))
}

fn run(_machine: bool) -> Report {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(error) => return error.into(),
    };
    if let Err(error) = log(&cli) {
        return error.into();
    }
    let what = match cli.command {
        Command::Demo(_) => "demo",
        Command::Echo(_) => "echo",
        Command::Dial(_) => "dial",
    };
    let error = ReportError::new(Code::Internal, format!("{what} waits for the peer connection to land"));
    error.into()
}

fn log(cli: &Cli) -> Result<(), ReportError> {
    let filter = tracing_subscriber::EnvFilter::try_new(&cli.log).map_err(|error| {
        ReportError::new(
            Code::BadArgument,
            format!("invalid value '{}' for '--log <LEVEL>': {error}", cli.log),
        )
    })?;
    let colored = match cli.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colored).init();
    Ok(())
}
