//! A network of our own: nothing goes out, nothing comes in, and nothing that we start outlives us.
//!
//! The program runs itself again below `unshare`, with new network, mount and process namespaces. As a user without
//! privileges it takes a user namespace, too. Inside, its second self is process 1: when that ends, however it ends,
//! the kernel ends every browser with it.

use crate::Result;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, process, thread};

/// Tells the second self that it is one, and which folder is its own.
const HOME: &str = "SISKIN_CONFORMANCE_HOME";

/// Run in turn; each is the arguments of `ip`. Firefox never uses 127.0.0.1, and neither browser gathers anything without
/// a default route. The own address is reached through `lo`, so its MTU is that of Ethernet, too.
const NETWORK: &[&str] = &[
    "link set lo up mtu 1500",
    "link add sk0 type veth peer name sk1",
    "address add 10.78.0.1/24 dev sk0",
    "address add fd78::1/64 dev sk0 nodad",
    "link set sk0 up",
    "link set sk1 up",
    "route add default dev lo",
    "-6 route add default dev lo",
];

/// Whether this is the second self.
pub(crate) fn inside() -> bool {
    env::var_os(HOME).is_some()
}

/// The folder for profiles, logs and page files; it goes when we do.
pub(crate) fn home() -> Result<PathBuf> {
    env::var_os(HOME).map(PathBuf::from).ok_or_else(|| "not inside a namespace".into())
}

/// Runs this program again in namespaces of its own, and yields its exit code.
pub(crate) fn enter() -> Result<ExitCode> {
    let home = env::temp_dir().join(format!("siskin-conformance-{}", process::id()));
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let code = reenter(&home);
    // The browsers inside are gone, and with them whatever wrote here.
    let _ = fs::remove_dir_all(&home);
    code
}

fn reenter(home: &PathBuf) -> Result<ExitCode> {
    let flags = flags()?;
    let exe = env::current_exe().map_err(|e| format!("where is this program? {e}"))?;
    let mut child = Command::new("unshare")
        .args(flags)
        .arg("--")
        .arg(exe)
        .args(env::args_os().skip(1))
        .env(HOME, home)
        // The second self watches this pipe: it ends when we do, even if we are killed.
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|e| format!("unshare: {e}"))?;
    // Waiting closes a pipe that is still the child's.
    let _pipe = child.stdin.take();
    let status = child.wait().map_err(|e| format!("unshare: {e}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// As root plain namespaces; else a user namespace around them, if this machine lets us.
fn flags() -> Result<Vec<&'static str>> {
    const PLAIN: &[&str] = &["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let works = |flags: &[&str]| {
        let probe = Command::new("unshare").args(flags).arg("true").stderr(Stdio::null()).status();
        probe.map(|status| status.success())
    };
    let in_user: Vec<&'static str> = ["--map-root-user"].iter().chain(PLAIN).copied().collect();
    for flags in [PLAIN.to_vec(), in_user] {
        match works(&flags) {
            Ok(true) => return Ok(flags),
            Ok(false) => {}
            Err(e) => return Err(format!("unshare (Debian: util-linux): {e}")),
        }
    }
    Err("this machine allows no network namespace: run as root, or allow user namespaces \
         (on Debian and Ubuntu: sysctl kernel.unprivileged_userns_clone=1, \
         kernel.apparmor_restrict_unprivileged_userns=0)"
        .into())
}

/// Makes the network, and sees to it that we end when our first self does.
pub(crate) fn set_up() -> Result<()> {
    let home = home()?;
    thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = fs::remove_dir_all(home);
        process::exit(130);
    });
    for line in NETWORK {
        let out = ip(line)?;
        if !out.status.success() {
            let why = String::from_utf8_lossy(&out.stderr);
            return Err(format!("making a network: ip {line}: {}", why.trim()));
        }
    }
    Ok(())
}

fn ip(line: &str) -> Result<process::Output> {
    // An administrator's programs are not on every user's path.
    let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut ip = Command::new("sh");
    ip.args(["-c", &format!("exec ip {line}")]).env("PATH", path).stdin(Stdio::null());
    ip.output().map_err(|e| format!("ip (Debian: iproute2): {e}"))
}
