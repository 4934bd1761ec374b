//! `cargo xtask fuzz`: one fuzz target under libFuzzer.
//!
//! Why neither cargo-fuzz nor a nightly compiler: our code has no `unsafe` block for an address sanitizer to watch, and
//! what remains, coverage to steer by, stable compilers give too.

use crate::{Result, run, tools, workspace};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// What lets libFuzzer see which code an input reached and what it was compared with.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

/// The names in `TARGETS` of `fuzz/src/lib.rs`.
pub(crate) fn targets() -> Result<Vec<String>> {
    let text = workspace::content("fuzz/src/lib.rs").ok_or("there is no fuzz/src/lib.rs")?;
    let table = text.split_once("TARGETS").and_then(|(_, rest)| rest.split_once("];")).unwrap_or_default().0;
    Ok(table.split("(\"").skip(1).filter_map(|rest| rest.split('"').next()).map(String::from).collect())
}

/// The verb `fuzz`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let targets = targets()?;
    let Some(name) = args.first() else {
        println!("cargo xtask fuzz NAME [SECONDS], where NAME is one of:");
        targets.iter().for_each(|target| println!("  {target}"));
        return Ok(());
    };
    if !targets.contains(name) {
        return Err(format!("there is no fuzz target `{name}`; there are: {}", targets.join(", ")));
    }
    let time = args.get(1).map_or(Ok(60), |text| text.parse::<u32>());
    let time = time.map_err(|_| "SECONDS is a whole number, as in `cargo xtask fuzz stun_message 60`")?;
    if let Some(missing) = tools::missing_for("fuzz") {
        return Err(format!("libFuzzer is C++: it needs {missing}"));
    }
    let root = workspace::root();
    let dir = root.join("fuzz");
    let target = workspace::target_dir()?.join("fuzz");
    let build = format!("build --release --target {TRIPLE} --bin {name}");
    run::show(run::cargo(&build, &dir).env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", COVERAGE))?;

    // What it grows stays below the target folder; a person decides what the stored corpus gains.
    let grown = target.join("corpus").join(name);
    let findings = target.join("findings").join(name);
    for dir in [&grown, &findings] {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    let limits =
        format!("-max_total_time={time} -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1");
    let mut fuzz = run::command(target.join(TRIPLE).join("release").join(name), &limits, &root);
    fuzz.arg(format!("-artifact_prefix={}/", findings.display()));
    run::show(fuzz.arg(&grown).arg(dir.join("corpus").join(name))).map_err(|why| {
        format!("{why}\nthe finding is in {}: once mended, keep it in fuzz/corpus/{name}", findings.display())
    })
}
