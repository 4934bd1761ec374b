//! The `siskin` command: see `siskin --help`.

mod args;
mod contract;
mod counters;
mod dial;
mod dtls;
mod echo;
mod media;
mod replay;
mod report;
mod session;
mod stdio;
mod web;

use args::{Cli, Color, Command};
use contract::Output;
use report::{Code, Report, ReportError};
use std::io::IsTerminal;
use web::Greeting;

fn main() {
    // Whoever drives us by lines gets a report as the last of them, whatever happens.
    let machine = std::env::args_os().skip(1).any(|arg| arg == "--stdio");
    let outcome = std::panic::catch_unwind(run).unwrap_or_else(|_| {
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

fn run() -> Report {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(error) => return error.into(),
    };
    if let Err(error) = log(&cli) {
        return error.into();
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return ReportError::new(Code::Internal, format!("no runtime: {error}")).into(),
    };
    let report = runtime.block_on(async {
        match cli.command {
            Command::Demo(demo) => web::run(demo.http, demo.connection, Greeting::Demo).await,
            Command::Echo(echo) => match echo.http {
                Some(http) => web::run(http, echo.connection, Greeting::Echo).await,
                None => echo::run(echo).await,
            },
            Command::Dial(dial) => dial::run(dial).await,
            Command::Dtls(options) => dtls::run(options).await,
            Command::Replay(replay) => replay::run(&replay),
        }
    });
    // Last words still leave, keys are still logged; the thread that reads standard input is not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    report
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
