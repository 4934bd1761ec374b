//! `cargo xtask coverage`: which lines of the protocol crates the tests and the stored fuzz inputs reach.
//!
//! Counted are lines with code in them, without the tests' own: a test that runs its own lines says nothing.

use crate::{Result, run, workspace};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CRATES: [&str; 12] =
    ["base", "crypto", "sdp", "stun", "ice", "dtls", "srtp", "rtp", "cc", "sctp", "datachannel", "peer"];

/// Modules that read what a peer has sent: each gets a row, with the lines that nothing reaches.
const WIRE: [&str; 7] = ["wire", "record", "handshake", "rtcp", "extension", "payload", "attribute"];

/// By crate and file: each line that can run, and whether it did.
type Files = BTreeMap<(String, String), BTreeMap<usize, bool>>;

/// The verb `coverage`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    if let Some(wrong) = args.iter().find(|name| !CRATES.contains(&name.as_str())) {
        return Err(format!("`{wrong}` is no protocol crate; there are: {}", CRATES.join(" ")));
    }
    let chosen: Vec<&str> = if args.is_empty() { CRATES.into() } else { args.iter().map(|x| &**x).collect() };
    let root = workspace::root();
    let host = run::read(&mut run::command("rustc", "--print host-tuple", &root))?;
    let host = host.trim();
    let [profdata, cov] = llvm(host)?;
    let target = workspace::target_dir()?.join("coverage");
    let profiles = target.join("profiles");
    // What an earlier run has left would count as reached by this one.
    if profiles.exists() {
        std::fs::remove_dir_all(&profiles).map_err(|e| format!("{}: {e}", profiles.display()))?;
    }

    let join = |before: &str, after: &str| -> String {
        chosen.iter().map(|name| format!(" {before}{name}{after}")).collect()
    };
    let tests = (root.clone(), format!("{} --tests", join("-p siskin-", "")), String::new());
    // Another crate's inputs reach this one's lines too, but prove little about it.
    let stored = if args.is_empty() { String::new() } else { join("", "_") };
    let replay = (root.join("fuzz"), "--no-default-features --test replay".into(), stored);
    let mut programs = Vec::new();
    for (dir, what, filter) in [tests, replay] {
        // With a target named, build scripts and procedural macros are not counted.
        let cargo = |args: &str| {
            let mut cargo = run::cargo(&format!("test --target {host} {what} {args}"), &dir);
            cargo.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", "-Cinstrument-coverage");
            cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
            cargo.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
            cargo
        };
        let built = run::read(&mut cargo("--no-run --message-format json-render-diagnostics"))?;
        programs.extend(executables(&built));
        run::show(&mut cargo(&format!("--quiet -- {filter}")))?;
    }

    let merged = target.join("coverage.profdata");
    run::show(run::command(profdata, "merge -sparse -o", &root).arg(&merged).arg(&profiles))?;
    let mut export = run::command(cov, "export -format=lcov -skip-functions", &root);
    export.arg("-ignore-filename-regex=/(rustc|registry)/").arg("-instr-profile").arg(&merged);
    programs.iter().for_each(|program| _ = export.arg("-object").arg(program));
    let files = files(&run::read(&mut export)?, &root);
    print(&files, &chosen);
    Ok(())
}

/// `llvm-profdata` and `llvm-cov`: those of the toolchain read what its compiler writes; others must be as new.
fn llvm(host: &str) -> Result<[PathBuf; 2]> {
    let root = workspace::root();
    let sysroot = run::read(&mut run::command("rustc", "--print sysroot", &root))?;
    let own = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin");
    let names = ["llvm-profdata", "llvm-cov"];
    let there = || names.iter().all(|name| own.join(name).is_file());
    if !there() && run::installed("rustup") {
        run::show(&mut run::command("rustup", "component add llvm-tools", &root))?;
    }
    if there() {
        return Ok(names.map(|name| own.join(name)));
    }
    if names.iter().all(|name| run::installed(name)) {
        return Ok(names.map(PathBuf::from));
    }
    Err("needs llvm-profdata and llvm-cov: rustup's component llvm-tools, or Debian's package llvm".into())
}

/// The programs that cargo says it has built.
fn executables(messages: &str) -> Vec<String> {
    let values = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let programs = values.map(|value: serde_json::Value| workspace::text(&value, "executable").to_owned());
    programs.filter(|program| !program.is_empty()).collect()
}

/// What an lcov report says about the source files of our crates.
fn files(report: &str, root: &Path) -> Files {
    let mut files = Files::new();
    let mut here = None;
    for line in report.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            here = source(path, root);
        } else if let (Some(count), Some((key, end))) = (line.strip_prefix("DA:"), &here) {
            let mut numbers = count.split(',').map(str::parse::<usize>);
            let (Some(Ok(number)), Some(Ok(count))) = (numbers.next(), numbers.next()) else { continue };
            if number < *end {
                *files.entry(key.clone()).or_default().entry(number).or_default() |= count > 0;
            }
        }
    }
    files
}

/// Crate and file within its `src`, and the line where its tests begin.
fn source(path: &str, root: &Path) -> Option<((String, String), usize)> {
    let path = Path::new(path).canonicalize().ok()?;
    let inside = path.strip_prefix(root.join("crates")).ok()?.to_str()?;
    let (name, file) = inside.split_once("/src/")?;
    if file.ends_with("tests.rs") {
        return None;
    }
    let text = std::fs::read_to_string(&path).ok()?;
    Some(((name.to_owned(), file.to_owned()), tests_begin(&text)))
}

/// The number of the line with the attribute of a file's own tests, which are its last item.
fn tests_begin(text: &str) -> usize {
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let item = || lines.clone().map(|(line, _)| line).find(|line| !line.starts_with("#["));
        if line == "#[cfg(test)]"
            && item().is_some_and(|item| item.starts_with("mod ") && item.ends_with('{'))
        {
            return number;
        }
    }
    usize::MAX
}

fn print(files: &Files, chosen: &[&str]) {
    println!("\n{:<44} {:>6} {:>8} {:>7}  not reached", "", "lines", "reached", "%");
    let row = |name: &str, lines: &[(&usize, &bool)], missed: &str| {
        let reached = lines.iter().filter(|(_, ran)| **ran).count();
        let percent = reached as f64 * 100.0 / lines.len().max(1) as f64;
        println!("{name:<44} {:>6} {reached:>8} {percent:>7.1}  {missed}", lines.len());
    };
    let mut all = Vec::new();
    for name in chosen {
        let of_crate = || files.iter().filter(|((of, _), _)| of == name);
        let lines: Vec<_> = of_crate().flat_map(|(_, lines)| lines).collect();
        row(name, &lines, "");
        all.extend(lines);
        for ((_, file), lines) in of_crate() {
            if file.split('/').any(|part| WIRE.contains(&part.trim_end_matches(".rs"))) {
                row(&format!("  {file}"), &lines.iter().collect::<Vec<_>>(), &ranges(lines));
            }
        }
    }
    row("all of these", &all, "");
}

/// The lines that did not run: `3-5 9`. What stands between two of them without code joins them.
fn ranges(lines: &BTreeMap<usize, bool>) -> String {
    let mut missed: Vec<(usize, usize)> = Vec::new();
    let mut before = true;
    for (&number, &ran) in lines {
        match missed.last_mut() {
            _ if ran => {}
            Some((_, last)) if !before => *last = number,
            _ => missed.push((number, number)),
        }
        before = ran;
    }
    let texts = missed.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_tests_do_not_count() {
        assert_eq!(tests_begin("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), 3);
        assert_eq!(tests_begin("#[cfg(test)]\n#[expect(x)]\nmod tests {"), 1);
        assert_eq!(tests_begin("#[cfg(test)]\nmod tests;\nfn a() {}\n"), usize::MAX);
    }

    #[test]
    fn a_line_counts_as_reached_if_any_program_reached_it() {
        let own = workspace::root().join("crates/xtask/src/main.rs");
        let (own, text) = (own.display(), "DA:31,0\nDA:32,4\nend_of_record");
        let report = format!("SF:{own}\n{text}\nSF:/nowhere.rs\n{text}\nSF:{own}\nDA:31,1\nDA:33,0\n");
        let files = files(&report, &workspace::root());
        let lines = &files[&("xtask".to_owned(), "main.rs".to_owned())];
        assert_eq!(*lines, BTreeMap::from([(31, true), (32, true), (33, false)]));
        assert_eq!(files.len(), 1);
    }

    #[test]
    fn lines_in_a_row_are_a_range() {
        let lines = [(1, true), (3, false), (5, false), (6, true), (9, false)];
        assert_eq!(ranges(&BTreeMap::from(lines)), "3-5 9");
    }
}
