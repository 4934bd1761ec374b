//! What every file looks like, so that a reader finds in each place what they found in the last.

use crate::edges::PROTOCOL;
use crate::{fuzz, workspace};
use std::collections::BTreeSet;

/// Beyond this a file holds more than one idea. (Near 400, look for the seam that the RFC offers.)
const CODE_LINES: usize = 700;

fn rust_files() -> Vec<(String, String)> {
    let files = workspace::files().unwrap().into_iter().filter(|name| name.ends_with(".rs"));
    files.map(|name| (workspace::content(&name).unwrap(), name)).map(|(text, name)| (name, text)).collect()
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Lines up to the tests; test files have none.
fn code_lines(name: &str, text: &str) -> usize {
    if name.ends_with("tests.rs") || name.contains("/tests/") {
        return 0;
    }
    let lines: Vec<&str> = text.lines().collect();
    let tests =
        |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    lines.windows(2).position(tests).unwrap_or(lines.len())
}

#[test]
fn every_module_says_what_it_is() {
    let wrong = rust_files().into_iter().filter(|(name, text)| {
        // Attributes of the crate may stand before its documentation.
        let first = text.lines().find(|line| !line.starts_with("#![") || line.starts_with("#![doc"));
        let documented = first.is_some_and(|line| line.starts_with("//!") || line.starts_with("#![doc"));
        !documented && !name.starts_with("fuzz/fuzz_targets/")
    });
    report(&wrong.map(|(name, _)| format!("{name}: opens without `//!`")).collect::<Vec<_>>());
}

#[test]
fn no_file_outgrows_its_idea() {
    let long = rust_files().into_iter().map(|(name, text)| (code_lines(&name, &text), name));
    let wrong = long.filter(|(lines, _)| *lines > CODE_LINES);
    report(&wrong.map(|(lines, name)| format!("{name}: {lines} lines of code")).collect::<Vec<_>>());
}

#[test]
fn every_crate_has_a_readme() {
    let wrong = workspace::packages().unwrap().into_iter().filter(|package| {
        let readme = package.manifest.with_file_name("README.md");
        std::fs::read_to_string(readme).map_or(true, |text| text.trim().is_empty())
    });
    report(&wrong.map(|package| format!("{}: no README.md", package.name)).collect::<Vec<_>>());
}

#[test]
fn every_crate_obeys_the_lints_of_the_root() {
    let wrong = workspace::packages().unwrap().into_iter().filter(|package| {
        !std::fs::read_to_string(&package.manifest).unwrap().contains("[lints]\nworkspace = true")
    });
    report(
        &wrong.map(|package| format!("{}: no `[lints] workspace = true`", package.name)).collect::<Vec<_>>(),
    );
}

#[test]
fn protocol_crates_need_no_operating_system() {
    let wrong = PROTOCOL.iter().filter(|name| {
        let lib = workspace::content(&format!("crates/{name}/src/lib.rs"));
        lib.is_some_and(|text| !text.lines().any(|line| line == "#![no_std]"))
    });
    report(&wrong.map(|name| format!("crates/{name}/src/lib.rs: no `#![no_std]`")).collect::<Vec<_>>());
}

/// The names in a cell such as `` `a::{b, c_…}` ``: what must begin a test's name.
fn named_tests(cell: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for token in cell.split('`').skip(1).step_by(2) {
        let last = match token.split_once("::{") {
            Some((_, list)) => list.trim_end_matches('}'),
            None => token.rsplit("::").next().unwrap_or_default(),
        };
        let parts = last.split(", ").map(|name| name.trim_start_matches('…'));
        let cut = parts.map(|name| name.split(['…', '*']).next().unwrap_or_default());
        let name = |name: &&str| {
            name.len() > 3
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let is_test = token.contains("::") || token.matches('_').count() > 2;
        names.extend(cut.filter(name).filter(|_| is_test));
    }
    names
}

/// The tables of what shows what (`crates/*/tests/README.md`) name tests, and files, that are there.
#[test]
fn tables_of_tests_name_what_is_there() {
    assert_eq!(named_tests("`a::{begins_…, whole}`, `src/x.rs`, `m::*`, `word`"), ["begins_", "whole"]);
    let rust = rust_files();
    let functions: BTreeSet<&str> = rust
        .iter()
        .flat_map(|(_, text)| text.split("fn ").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect();
    let mut wrong = Vec::new();
    let tables = workspace::files().unwrap().into_iter().filter(|name| name.ends_with("/tests/README.md"));
    for name in tables.collect::<Vec<_>>() {
        let text = workspace::content(&name).unwrap();
        let folder = name.trim_end_matches("tests/README.md");
        for line in text.lines().filter(|line| line.starts_with('|')) {
            for test in named_tests(line) {
                if !functions.iter().any(|function| function.starts_with(test)) {
                    wrong.push(format!("{name}: no test is called {test}"));
                }
            }
            for token in line.split('`').skip(1).step_by(2) {
                let file = token.split("::").next().unwrap_or_default();
                let file = match file.strip_prefix("src/") {
                    Some(_) => format!("{folder}{file}"),
                    None if file.starts_with("crates/") => file.to_owned(),
                    None => continue,
                };
                if workspace::content(&file).is_none() {
                    wrong.push(format!("{name}: there is no {file}"));
                }
            }
        }
    }
    report(&wrong);
}

/// A fuzz function, its line in the table, its libFuzzer target, its `[[bin]]` and its corpus bear one name.
#[test]
fn fuzz_functions_targets_and_corpora_match() {
    let root = workspace::root().join("fuzz");
    let names = |dir: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root.join(dir)).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let table: BTreeSet<String> = fuzz::targets().unwrap().into_iter().collect();
    assert_eq!(table, names("fuzz_targets"), "TARGETS in fuzz/src/lib.rs against fuzz/fuzz_targets");
    assert_eq!(table, names("corpus"), "TARGETS in fuzz/src/lib.rs against fuzz/corpus");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for name in &table {
        let wanted = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&wanted), "fuzz/Cargo.toml has no [[bin]] with {wanted}");
        let target = std::fs::read_to_string(root.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("siskin_fuzz::{name}(")), "{name}.rs calls another function");
        let layer = name.split('_').next().unwrap();
        assert!(PROTOCOL.contains(&layer), "{name}: a target is named after its crate first");
    }
}

/// A checkout builds anywhere: no file knows the machine it was written on, nor where that got its packages.
#[test]
fn nothing_names_a_machine() {
    let forbidden =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("index-", "url"), concat!("[sour", "ce.")];
    let mut wrong = Vec::new();
    for name in workspace::files().unwrap() {
        let Some(text) = workspace::content(&name) else { continue };
        for (number, line) in text.lines().enumerate() {
            let found = forbidden.iter().filter(|word| line.contains(**word));
            wrong.extend(found.map(|word| format!("{name}:{}: {word}", number + 1)));
        }
    }
    report(&wrong);
}

/// Only these stand at the top, so that a newcomer sees the whole at once.
#[test]
fn the_top_level_is_short() {
    const TOP: &[&str] = &[
        ".cargo",
        ".ci",
        ".gitattributes",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "clippy.toml",
        "conformance",
        "crates",
        "fuzz",
        "rustfmt.toml",
    ];
    let tops = workspace::files().unwrap().into_iter();
    let tops: BTreeSet<String> = tops.filter_map(|name| name.split('/').next().map(String::from)).collect();
    let wrong = tops.into_iter().filter(|name| !TOP.contains(&name.as_str()));
    report(&wrong.map(|name| format!("{name}: not a file for the top level")).collect::<Vec<_>>());
}

/// Links between our own documents lead somewhere.
#[test]
fn links_in_documents_lead_to_files() {
    let mut wrong = Vec::new();
    for name in workspace::files().unwrap().into_iter().filter(|name| name.ends_with(".md")) {
        let Some(text) = workspace::content(&name) else { continue };
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#', ' ']).next().unwrap_or_default();
            let outside =
                link.is_empty() || link.contains("://") || link.contains("::") || link.starts_with("mailto:");
            let target = workspace::root().join(&name).with_file_name("").join(link);
            if !outside && link.contains(['/', '.']) && !target.exists() {
                wrong.push(format!("{name}: no file {link}"));
            }
        }
    }
    report(&wrong);
}
