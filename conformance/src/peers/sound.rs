//! A sound card for a machine that has none: PulseAudio with a sink that leads nowhere. Without one Firefox's `AudioContext`
//! never runs, so that no tone can be made or heard; Chromium helps itself.

use crate::Result;
use crate::child::Child;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// It belongs to one browser, and ends with it.
pub(super) struct Sound {
    /// Where clients find it, as `PULSE_SERVER` says it.
    pub(super) server: String,
    _daemon: Child,
}

const START: Duration = Duration::from_secs(20);

/// Starts it with its files in `folder`.
pub(super) fn start(folder: &Path) -> Result<Sound> {
    let home = folder.join("sound");
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let socket = home.join("socket");
    let mut command = Command::new("pulseaudio");
    command.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"]);
    command.args(["--realtime=no", "--high-priority=no", "--log-target=stderr", "--load=module-null-sink"]);
    command.arg(format!("--load=module-native-protocol-unix auth-anonymous=1 socket={}", socket.display()));
    command.env("HOME", &home).env("XDG_RUNTIME_DIR", &home);
    let daemon = Child::spawn("pulseaudio", &mut command, false)
        .map_err(|why| format!("{why} (Debian: pulseaudio)"))?;
    let end = Instant::now() + START;
    while !socket.exists() {
        if Instant::now() > end {
            return Err(format!("pulseaudio makes no socket within {START:?}{}", daemon.last_words()));
        }
        sleep(Duration::from_millis(10));
    }
    Ok(Sound { server: format!("unix:{}", socket.display()), _daemon: daemon })
}
