//! `cargo xtask test`: everything that must hold, step by step, with a table at the end.

use crate::{Result, licences, run, tools, workspace};
use std::process::Command;
use std::time::{Duration, Instant};

/// One check; a reader can ask for it by name.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

/// In the order in which a mistake is cheapest to find.
const STEPS: &[Step] = &[
    Step {
        name: "tools",
        about: "programs that later steps need: installed where possible",
        run: tools::install,
    },
    Step { name: "format", about: "cargo fmt --check, in every workspace", run: format },
    Step { name: "clippy", about: "clippy on everything, no warning allowed", run: clippy },
    Step { name: "builds", about: "clippy on each crate with each of its feature sets", run: builds },
    Step { name: "docs", about: "rustdoc, no warning allowed", run: docs },
    Step { name: "licences", about: "licences and origins of all dependencies", run: licences::check },
    Step { name: "tests", about: "cargo test --workspace", run: tests },
    Step { name: "fuzz", about: "stored fuzz corpora, replayed", run: fuzz },
    Step {
        name: "freestanding",
        about: "the protocol crates without an operating system",
        run: freestanding,
    },
    Step {
        name: "srtp",
        about: "siskin-srtp against libsrtp, byte for byte, and the provider on AWS-LC",
        run: srtp,
    },
    Step { name: "benches", about: "each benchmark once, as a test", run: benches },
    Step {
        name: "dtls-peers",
        about: "BoringSSL, dimpl, NSS, OpenSSL and GnuTLS against Siskin's DTLS, over networks good and bad",
        run: dtls_peers,
    },
    Step {
        name: "conformance",
        about: "Chromium, Firefox and libwebrtc against Siskin: the quick cases",
        run: conformance,
    },
];

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

/// The verb `test`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| matches!(arg.as_str(), "--list" | "--help" | "-h")) {
        println!("cargo xtask test [STEP…]: without a name, all of these");
        STEPS.iter().for_each(|step| println!("  {:<14}{}", step.name, step.about));
        return Ok(());
    }
    if let Some(unknown) = args.iter().find(|arg| STEPS.iter().all(|step| step.name != **arg)) {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("there is no step `{unknown}`; there are: {}", names.join(", ")));
    }
    let start = Instant::now();
    let mut done = Vec::new();
    for step in STEPS.iter().filter(|step| args.is_empty() || args.iter().any(|arg| arg == step.name)) {
        println!("\n== {}: {}", step.name, step.about);
        let began = Instant::now();
        let outcome = perform(step);
        let took = began.elapsed();
        println!("== {}: {} in {}", step.name, outcome.word(), seconds(took));
        done.push((step.name, outcome, took));
    }
    report(&done, start.elapsed())
}

/// The verb `conformance`: the harness with the caller's arguments.
pub(crate) fn conformance_only(args: &[String]) -> Result<()> {
    if let Some(missing) = tools::missing_for("conformance") {
        return Err(format!(
            "conformance needs {missing}; `cargo xtask test tools` installs it as root on Debian"
        ));
    }
    harness(args)
}

fn perform(step: &Step) -> Outcome {
    // In CI nothing may be skipped: what cannot run has failed.
    let skip = |why| if ci() { Outcome::Failed(why) } else { Outcome::Skipped(why) };
    if let Some(missing) = tools::missing_for(step.name).filter(|_| step.name != "tools") {
        return skip(format!("not installed: {missing}"));
    }
    match (step.run)() {
        Ok(()) => Outcome::Passed,
        Err(why) if step.name == "tools" => skip(why),
        Err(why) => Outcome::Failed(why),
    }
}

fn ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

impl Outcome {
    const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped(_) => "SKIPPED",
            Self::Failed(_) => "FAILED",
        }
    }

    fn why(&self) -> &str {
        match self {
            Self::Passed => "",
            Self::Skipped(why) | Self::Failed(why) => why,
        }
    }
}

fn report(done: &[(&str, Outcome, Duration)], whole: Duration) -> Result<()> {
    println!("\n{:<14} {:<8} {:>9}", "step", "result", "time");
    for (name, outcome, took) in done {
        println!("{:<14} {:<8} {:>9}  {}", name, outcome.word(), seconds(*took), outcome.why());
    }
    println!("{:<14} {:<8} {:>9}", "", "", seconds(whole));
    let count = |word| done.iter().filter(|(_, outcome, _)| outcome.word() == word).count();
    let (failed, skipped) = (count("FAILED"), count("SKIPPED"));
    let rest = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("\n{} passed, {failed} failed{rest}", count("passed"));
    if failed > 0 { Err(format!("{failed} of {} steps failed", done.len())) } else { Ok(()) }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn format() -> Result<()> {
    run::show(&mut run::cargo("fmt --all --check", &workspace::root()))?;
    workspace::side_workspaces()
        .iter()
        .try_for_each(|dir| run::show(&mut run::cargo("fmt --all --check", dir)))
}

fn clippy() -> Result<()> {
    run::show(&mut run::cargo(
        "clippy --workspace --all-targets --keep-going -- -D warnings",
        &workspace::root(),
    ))?;
    workspace::side_workspaces().iter().try_for_each(|dir| {
        // What is built without the standard library cannot have tests; libFuzzer needs a compiler run of its own.
        let what = if dir.ends_with("fuzz") { "--no-default-features --lib --tests" } else { "" };
        run::show(&mut shared(run::cargo(&format!("clippy {what} -- -D warnings"), dir))?)
    })
}

fn builds() -> Result<()> {
    for package in workspace::packages()? {
        for build in &package.builds {
            let args = format!("clippy --package {} {build} -- -D warnings", package.name);
            run::show(&mut run::cargo(&args, &workspace::root()))?;
        }
    }
    Ok(())
}

fn docs() -> Result<()> {
    let mut doc = run::cargo("doc --workspace --no-deps", &workspace::root());
    run::show(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests() -> Result<()> {
    run::show(&mut run::cargo("test --workspace", &workspace::root()))
}

fn fuzz() -> Result<()> {
    run::show(&mut shared(run::cargo("test --no-default-features", &workspace::root().join("fuzz")))?)
}

fn freestanding() -> Result<()> {
    let dir = workspace::root().join("conformance/freestanding");
    run::show(&mut shared(run::cargo("build --release", &dir))?)?;
    let program = workspace::target_dir()?.join("release/siskin-freestanding");
    run::show(run::command("size", "", &dir).arg(&program))?;
    run::show(&mut run::command(&program, "", &dir))
}

fn srtp() -> Result<()> {
    // The optional provider is AWS-LC's, as libsrtp is here.
    let suite = "test --package siskin-crypto --features aws-lc --test it aead";
    run::show(&mut run::cargo(suite, &workspace::root()))?;
    run::show(&mut shared(run::cargo("test", &workspace::root().join("conformance/srtp")))?)
}

fn benches() -> Result<()> {
    let dir = workspace::root().join("benches");
    run::show(&mut shared(run::cargo("bench -- --test", &dir))?)
}

fn dtls_peers() -> Result<()> {
    run::show(&mut shared(run::cargo("run --quiet", &workspace::root().join("conformance/dtls")))?)
}

fn conformance() -> Result<()> {
    harness(&["--quick".into()])
}

fn harness(args: &[String]) -> Result<()> {
    let root = workspace::root();
    let (python, node) = (tools::python_peers()?, tools::node_peers()?);
    run::show(&mut run::cargo("build --release --package siskin-cli --package siskin-conformance", &root))?;
    let program = workspace::target_dir()?.join("release/siskin-conformance");
    run::show(
        run::command(program, "", &root)
            .args(args)
            .env("SISKIN_CONFORMANCE_PYTHON", python)
            .env("SISKIN_CONFORMANCE_NODE", node),
    )
}

/// Builds below the root workspace's target folder: what two workspaces have in common is compiled once.
fn shared(mut cargo: Command) -> Result<Command> {
    cargo.env("CARGO_TARGET_DIR", workspace::target_dir()?);
    Ok(cargo)
}
