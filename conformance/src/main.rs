#![doc = include_str!("../README.md")]
#![expect(
    clippy::disallowed_types,
    reason = "a driver of real programs: it uses the machine's clock and sockets"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has null for what is not in it; nothing else is indexed"
)]

mod cases;
mod child;
mod http;
mod namespace;
mod peers;
mod program;
mod relay;
mod report;

use clap::Parser;
use peers::Which;
use std::path::PathBuf;
use std::process::ExitCode;

/// What went wrong, in words for the reader.
type Result<T> = std::result::Result<T, String>;

/// Connects headless Chromium, headless Firefox and libwebrtc with Siskin in every way that we know, in a network
/// namespace of its own, and judges by what those peers saw.
#[derive(Parser, Clone)]
#[command(
    name = "siskin-conformance",
    after_help = "Exit code: 0 all passed, 1 some failed, 2 could not start."
)]
struct Args {
    /// Runs only the cases whose name (see --list) contains this; may be given several times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// Runs only what is part of `cargo xtask test`
    #[arg(long)]
    quick: bool,

    /// Lists the cases and ends
    #[arg(long)]
    list: bool,

    /// The command that is tested, split at spaces; only with the cases of the machine contract [default: the siskin
    /// beside this program]
    #[arg(long, value_name = "COMMAND", env = "SISKIN_CONFORMANCE_PROGRAM")]
    program: Option<String>,

    /// Tests libwebrtc in place of siskin: what fails then is the harness's or the machine's fault
    #[arg(long, conflicts_with = "program")]
    stand_in: bool,

    /// A Python that can import `webrtc` (PyPI: wrtc) and `aiortc`
    #[arg(long, value_name = "FILE", env = "SISKIN_CONFORMANCE_PYTHON", default_value = "python3")]
    python: PathBuf,

    /// A folder whose `node_modules` has node-datachannel
    #[arg(long, value_name = "FOLDER", env = "SISKIN_CONFORMANCE_NODE", default_value = ".")]
    node: PathBuf,

    /// Where the results go, as JSON [default: conformance.json two folders above this program]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Shows what the tested command says on standard error
    #[arg(long, short)]
    verbose: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let cases = match cases::select(&args.only, args.quick, args.program.is_some()) {
        Ok(cases) => cases,
        Err(why) => return cannot(&why),
    };
    if args.list {
        cases.iter().for_each(|case| println!("{:<48}{}", case.name(), case.about));
        cases::not_tried().for_each(|(peer, case, why)| println!("not with {}: {case}: {why}", peer.name()));
        return ExitCode::SUCCESS;
    }
    if !namespace::inside() {
        return match namespace::enter() {
            Ok(code) => code,
            Err(why) => cannot(&why),
        };
    }
    match run(&args, &cases) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => cannot(&why),
    }
}

fn cannot(why: &str) -> ExitCode {
    eprintln!("siskin-conformance: {why}");
    ExitCode::from(2)
}

/// Whether all passed.
fn run(args: &Args, cases: &[cases::Chosen]) -> Result<bool> {
    namespace::set_up()?;
    let home = namespace::home()?;
    let peers = peers::Peers::write_files(&home, &args.python, &args.node)?;
    let program = program::Program::new(args, &peers)?;
    println!("program: {program}");
    let mut results = report::Results::new(&program);
    let ours = match args.program {
        Some(_) => None,
        None => Some(peers::Ours::new(&peers, args.stand_in, args.verbose)?),
    };
    let mut tested = cases::Tested { program, ours };
    for which in Which::ALL {
        let mine: Vec<_> = cases.iter().filter(|case| case.peer == which).collect();
        if mine.is_empty() {
            continue;
        }
        match peers.launch(which) {
            Ok(mut peer) => {
                results.peer(which, peer.version());
                mine.iter().for_each(|case| results.add(case, case.run(peer.as_mut(), &mut tested)));
            }
            Err(why) => mine.iter().for_each(|case| results.add(case, cases::not_run(&why))),
        }
    }
    results.finish(args.json.clone().unwrap_or_else(default_json))
}

fn default_json() -> PathBuf {
    let target = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.to_owned()));
    target.unwrap_or_default().join("conformance.json")
}
