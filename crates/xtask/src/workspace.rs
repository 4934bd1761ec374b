//! What cargo and git know about the workspace.

use crate::{Result, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap_or_else(|_| ".".into())
}

/// `cargo metadata` of the workspace in `dir`.
pub(crate) fn metadata(dir: &Path, args: &str) -> Result<Value> {
    let text = run::read(run::cargo("metadata --format-version 1", dir).args(args.split_whitespace()))?;
    serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))
}

/// Where cargo builds: one folder for all our workspaces, so that they share what they have in common.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata(&root(), "--no-deps")?;
    Ok(text(&metadata, "target_directory").into())
}

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    #[cfg(test)]
    pub(crate) manifest: PathBuf,
    /// `[package.metadata.ci] builds`: the feature sets that CI builds beside the default one.
    pub(crate) builds: Vec<String>,
    /// Names of the workspace's own crates that it uses, and whether in tests only.
    #[cfg(test)]
    pub(crate) uses: Vec<(String, bool)>,
}

/// The members of the root workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let metadata = metadata(&root(), "--no-deps")?;
    let packages = list(&metadata, "packages").iter().map(|package| Package {
        name: text(package, "name").into(),
        #[cfg(test)]
        manifest: text(package, "manifest_path").into(),
        builds: package
            .pointer("/metadata/ci/builds")
            .and_then(Value::as_array)
            .map(|builds| builds.iter().filter_map(Value::as_str).map(String::from).collect())
            .unwrap_or_default(),
        #[cfg(test)]
        uses: list(package, "dependencies")
            .iter()
            .filter(|dependency| dependency.get("path").is_some_and(Value::is_string))
            .map(|dependency| (text(dependency, "name").into(), text(dependency, "kind") == "dev"))
            .collect(),
    });
    Ok(packages.collect())
}

/// The workspaces beside the root one that exist: each has its own reason to stand apart.
pub(crate) fn side_workspaces() -> Vec<PathBuf> {
    let root = root();
    ["fuzz", "benches", "conformance/dtls", "conformance/freestanding", "conformance/srtp"]
        .iter()
        .map(|dir| root.join(dir))
        .filter(|dir| dir.join("Cargo.toml").is_file())
        .collect()
}

/// Every file that git tracks or would track, relative to the root.
pub(crate) fn files() -> Result<Vec<String>> {
    let root = root();
    let listed =
        run::read(&mut run::command("git", "ls-files --cached --others --exclude-standard -z", &root))?;
    let mut files: Vec<String> =
        listed.split('\0').filter(|name| !name.is_empty()).map(String::from).collect();
    files.retain(|name| root.join(name).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// The text of a tracked file; `None` for what is not text.
pub(crate) fn content(name: &str) -> Option<String> {
    String::from_utf8(fs::read(root().join(name)).ok()?).ok()
}

/// A member of a JSON object as text; empty if it is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A member of a JSON object as a list; empty if it is none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
