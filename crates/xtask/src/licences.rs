//! Whose code may enter: licences that ask for no more than a notice, and the public registry as the only source.
//!
//! Why not cargo-deny: it takes longer to compile than everything else here, and these two questions are all that
//! `cargo metadata` cannot answer at once.

use crate::{Result, workspace};
use serde_json::Value;
use std::collections::BTreeMap;

/// Licences that a dependency may come under.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What `benches` may race against besides: nobody who uses Siskin builds it.
const ALLOWED_IN_BENCHES: &[&str] = &["MPL-2.0"];

/// Checks every package that any of our workspaces locks.
pub(crate) fn check() -> Result<()> {
    let mut workspaces = workspace::side_workspaces();
    workspaces.push(workspace::root());
    let mut seen = BTreeMap::new();
    let mut wrong = Vec::new();
    for dir in workspaces {
        for package in workspace::list(&workspace::metadata(&dir, "")?, "packages") {
            let name =
                format!("{} {}", workspace::text(package, "name"), workspace::text(package, "version"));
            let licence = workspace::text(package, "license").to_owned();
            let fine = dir.ends_with("benches") && ALLOWED_IN_BENCHES.contains(&licence.as_str());
            if let Err(why) = origin(package).and_then(|()| if fine { Ok(()) } else { allowed(&licence) }) {
                wrong.push(format!("{name}: {why}"));
            }
            seen.insert(name, licence);
        }
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    seen.values().for_each(|licence| *kinds.entry(licence).or_default() += 1);
    kinds.iter().for_each(|(licence, count)| println!("{count:>5}  {licence}"));
    println!("{:>5}  packages", seen.len());
    wrong.sort();
    wrong.dedup();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// Ours, or from the public registry: no git checkouts, no other registry.
fn origin(package: &Value) -> Result<()> {
    match package.get("source").and_then(Value::as_str) {
        None => Ok(()),
        Some(source) if source.ends_with("/rust-lang/crates.io-index") => Ok(()),
        Some(source) => Err(format!("comes from {source}, not from crates.io")),
    }
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn allowed(expression: &str) -> Result<()> {
    if expression.is_empty() {
        return Err("names no licence".into());
    }
    // "MIT/Apache-2.0" is how crates wrote OR before SPDX expressions.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut words = words.as_slice();
    match (any(&mut words), words) {
        (Some(true), []) => Ok(()),
        (Some(false), []) => Err(format!("its licence is {expression}")),
        _ => Err(format!("cannot read its licence, {expression}")),
    }
}

/// `all (OR all)*`
fn any(words: &mut &[&str]) -> Option<bool> {
    let mut met = all(words)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= all(words)?;
    }
    Some(met)
}

/// `one (AND one)*`
fn all(words: &mut &[&str]) -> Option<bool> {
    let mut met = one(words)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words)?;
    }
    Some(met)
}

/// A licence, one with an exception, or an expression in parentheses.
fn one(words: &mut &[&str]) -> Option<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any(words)?;
            *words = words.strip_prefix(&[")"])?;
            Some(met)
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Some(ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()))
        }
        [licence, rest @ ..] => {
            *words = rest;
            Some(ALLOWED.contains(licence))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_as_spdx_says() {
        for met in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND ISC",
            "GPL-2.0 AND GPL-3.0 OR MIT",
        ] {
            assert_eq!(allowed(met), Ok(()), "{met}");
        }
        for not in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "MIT WITH Classpath-exception-2.0"] {
            assert!(allowed(not).is_err(), "{not}");
        }
    }
}
