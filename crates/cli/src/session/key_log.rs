//! `--key-log FILE`.

use crate::report::{Code, ReportError};
use siskin::Observation;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use tokio::sync::mpsc;

/// Observations that wait for the file.
const QUEUE: usize = 4_096;

/// Opens the file, and appends the key-log lines among what comes through the sender to it.
pub(crate) fn append_to(path: &Path) -> Result<mpsc::Sender<Observation>, ReportError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| {
        ReportError::new(Code::File, format!("cannot write the key log {}: {error}", path.display()))
    })?;
    tracing::warn!(file = %path.display(), "keys are logged: who has the file can read the traffic");
    let (sender, mut observations) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        while let Some(observation) = observations.blocking_recv() {
            if let Observation::KeyLog(line) = observation
                && let Err(error) = writeln!(file, "{}", line.trim_end())
            {
                tracing::warn!(%error, "a key was not logged");
            }
        }
    });
    Ok(sender)
}
