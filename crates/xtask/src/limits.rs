//! Limits of the configurations: each is named by a test of its crate, which pushes it and sees it hold.

use crate::workspace;
use std::collections::BTreeMap;

/// The limits of each crate, as `Config::max_streams`, and the text of its tests.
#[derive(Default)]
struct Package {
    limits: Vec<String>,
    tests: String,
}

/// Fields of a public `…Config`, `…Configuration` or `…Limits`: of the last all, of the others those that begin with `max_`.
fn limits(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut of = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("pub struct ") {
            let name = rest.trim_end_matches(" {");
            of = Some(name)
                .filter(|name| ["Config", "Configuration", "Limits"].iter().any(|end| name.ends_with(end)));
        } else if line == "}" {
            of = None;
        } else if let (Some(name), Some(field)) = (of, line.strip_prefix("    pub "))
            && let Some((field, _)) = field.split_once(':')
            && (field.starts_with("max_") || name.ends_with("Limits"))
        {
            found.push(format!("{name}::{field}"));
        }
    }
    found
}

/// What of a file is tests.
fn tests<'a>(name: &str, text: &'a str) -> &'a str {
    if name.contains("/tests/") || name.ends_with("/tests.rs") {
        return text;
    }
    text.find("#[cfg(test)]\nmod tests {").map_or("", |at| &text[at..])
}

fn names(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    })
}

#[test]
fn every_limit_is_named_by_a_test() {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for name in workspace::files().unwrap().into_iter().filter(|name| name.ends_with(".rs")) {
        let Some(package) = name.strip_prefix("crates/").and_then(|rest| rest.split('/').next()) else {
            continue;
        };
        let Some(text) = workspace::content(&name) else { continue };
        let package = packages.entry(package.to_owned()).or_default();
        package.tests += tests(&name, &text);
        if name.contains("/src/") {
            package.limits.extend(limits(&text));
        }
    }
    let all: usize = packages.values().map(|package| package.limits.len()).sum();
    assert!(all > 60, "only {all} limits are found");
    let mut missing = Vec::new();
    for (name, package) in &packages {
        let field = |limit: &str| limit.rsplit("::").next().unwrap_or_default().to_owned();
        let untested = package.limits.iter().filter(|limit| !names(&package.tests, &field(limit)));
        missing.extend(untested.map(|limit| format!("crates/{name}: no test names {limit}")));
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn limits_are_found() {
    let text = "pub struct Config {\n    /// 5.\n    pub max_a: usize,\n    pub b: usize,\n}\n\
                pub struct Limits {\n    pub c: u8,\n}\npub struct Other {\n    pub max_d: u8,\n}\n";
    assert_eq!(limits(text), ["Config::max_a", "Limits::c"]);
    assert!(names("x.max_a = 1", "max_a") && !names("max_ab", "max_a"));
}
