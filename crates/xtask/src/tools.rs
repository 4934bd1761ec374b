//! What the checks need from outside, and how it gets there.

use crate::{Result, run, workspace};
use std::path::{Path, PathBuf};

/// A program, the Debian package it comes in, and the steps that cannot run without it.
struct Tool {
    program: &'static str,
    package: &'static str,
    steps: &'static [&'static str],
}

const TOOLS: &[Tool] = &[
    Tool { program: "chromium", package: "chromium", steps: &["conformance"] },
    Tool { program: "chromedriver", package: "chromium-driver", steps: &["conformance"] },
    Tool { program: "firefox-esr", package: "firefox-esr", steps: &["conformance", "tests", "dtls-peers"] },
    Tool { program: "pulseaudio", package: "pulseaudio", steps: &["conformance"] },
    Tool { program: "ip", package: "iproute2", steps: &["conformance"] },
    Tool { program: "unshare", package: "util-linux", steps: &["conformance"] },
    Tool { program: "python3", package: "python3-venv", steps: &["conformance"] },
    Tool { program: "node", package: "nodejs", steps: &["conformance"] },
    Tool { program: "npm", package: "npm", steps: &["conformance"] },
    Tool { program: "openssl", package: "openssl", steps: &["tests", "dtls-peers"] },
    Tool { program: "gnutls-serv", package: "gnutls-bin", steps: &["tests", "dtls-peers"] },
    Tool { program: "tstclnt", package: "libnss3-tools", steps: &["tests", "dtls-peers"] },
    Tool { program: "size", package: "binutils", steps: &["freestanding"] },
    Tool { program: "c++", package: "g++", steps: &["clippy", "dtls-peers", "fuzz"] },
    Tool { program: "cc", package: "gcc", steps: &["srtp", "benches"] },
    Tool { program: "cmake", package: "cmake", steps: &["clippy", "dtls-peers", "srtp"] },
    Tool { program: LIBCLANG, package: "libclang-dev", steps: &["clippy", "dtls-peers"] },
];

/// A library, not a program: with it, headers of BoringSSL are read.
const LIBCLANG: &str = "libclang.so";

/// Installs what is missing, where that is ours to do: on Debian, as root.
pub(crate) fn install() -> Result<()> {
    let missing = missing(|_| true);
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
        let packages = packages.join(" ");
        if !Path::new("/etc/debian_version").exists() || !run::installed("apt-get") {
            return Err(format!("this is not Debian: install what it has for {packages}"));
        }
        if !is_root() {
            return Err(format!("needs root once: apt-get install --no-install-recommends {packages}"));
        }
        let root = workspace::root();
        let apt = "-o DPkg::Lock::Timeout=500 -qq";
        let env = ("DEBIAN_FRONTEND", "noninteractive");
        run::show(run::command("apt-get", &format!("{apt} update"), &root).env(env.0, env.1))?;
        let install = format!("{apt} install -y --no-install-recommends {packages}");
        run::show(run::command("apt-get", &install, &root).env(env.0, env.1))?;
    }
    python_peers()?;
    node_peers().map(drop)
}

/// What `step` would miss, as the reader would install it; `None` if nothing.
pub(crate) fn missing_for(step: &str) -> Option<String> {
    let missing = missing(|tool| tool.steps.contains(&step));
    let names: Vec<String> =
        missing.iter().map(|tool| format!("{} (Debian: {})", tool.program, tool.package)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A Python with libwebrtc and aiortc in it, in a virtual environment below the target folder; made if it is not there.
pub(crate) fn python_peers() -> Result<PathBuf> {
    let root = workspace::root();
    let venv = workspace::target_dir()?.join("python");
    let python = venv.join("bin/python");
    let works = || {
        run::command(&python, "-c", &root)
            .arg("import webrtc, aiortc")
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !works() {
        run::show(run::command(system_python(), "-m venv --clear", &root).arg(&venv))?;
        run::show(run::command(&python, "-m pip install --quiet", &root).args([WRTC, AIORTC]))?;
        if !works() {
            return Err(format!("{WRTC} and {AIORTC} are installed, but Python cannot import them"));
        }
    }
    Ok(python)
}

/// A folder with node-datachannel in its `node_modules`, below the target folder; made if it is not there.
pub(crate) fn node_peers() -> Result<PathBuf> {
    let folder = workspace::target_dir()?.join("node");
    if !folder.join("node_modules/node-datachannel").exists() {
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let install = "install --silent --no-audit --no-fund --no-save";
        run::show(run::command("npm", install, &folder).arg("--prefix").arg(&folder).arg(NODE_DATACHANNEL))?;
    }
    Ok(folder)
}

/// libwebrtc as a Python package.
const WRTC: &str = "wrtc==0.1.0";
/// A stack with DTLS 1.2 only, from PyPI.
const AIORTC: &str = "aiortc==1.16.0";
/// Another one, from npm.
const NODE_DATACHANNEL: &str = "node-datachannel@0.33.4";

/// Whether this process may install packages.
fn is_root() -> bool {
    let root = workspace::root();
    run::read(&mut run::command("id", "-u", &root)).is_ok_and(|uid| uid.trim() == "0")
}

fn found(tool: &Tool) -> bool {
    // Debian splits from Python what a virtual environment is made with.
    let venv =
        || run::read(run::command(system_python(), "-c", Path::new("/")).arg("import ensurepip")).is_ok();
    match tool.program {
        LIBCLANG => libclang(),
        "python3" => run::installed("python3") && venv(),
        program => run::installed(program),
    }
}

/// Debian has it in a folder of its version, below the folder of the architecture or LLVM's own.
fn libclang() -> bool {
    let names_in =
        |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    names_in(Path::new("/usr/lib")).any(|folder| {
        names_in(&folder).chain(names_in(&folder.join("lib"))).any(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libclang") && name.contains(".so")
        })
    })
}

/// Debian's own Python first: another one on the path may lack parts.
fn system_python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn missing(wanted: impl Fn(&Tool) -> bool) -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| wanted(tool) && !found(tool)).collect()
}
