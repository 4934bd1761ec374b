//! `--trace FILE`.

use crate::report::{Code, ReportError};
use siskin::Recording;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a closed connection may take to hand over its recording.
const HAND_OVER: Duration = Duration::from_secs(5);

/// The file that a connection's recording goes to, opened before the connection is made.
pub(crate) struct Trace {
    path: PathBuf,
    file: File,
    sender: mpsc::UnboundedSender<Recording>,
    recordings: mpsc::UnboundedReceiver<Recording>,
}

impl Trace {
    /// Opens the file, if one is asked for.
    pub(crate) fn open(path: Option<&Path>) -> Result<Option<Self>, ReportError> {
        let Some(path) = path else { return Ok(None) };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| cannot(path, &error.to_string()))?;
        tracing::warn!(file = %path.display(), "the connection is recorded: who has the file has its keys");
        let (sender, recordings) = mpsc::unbounded_channel();
        Ok(Some(Self { path: path.into(), file, sender, recordings }))
    }

    /// What the connection sends its recording through.
    pub(crate) fn sender(&self) -> mpsc::UnboundedSender<Recording> {
        self.sender.clone()
    }

    /// Writes the file; to be called when the connection is closed.
    pub(crate) async fn write(mut self) -> Result<(), ReportError> {
        match tokio::time::timeout(HAND_OVER, self.recordings.recv()).await {
            Ok(Some(recording)) => self
                .file
                .write_all(&recording.to_bytes())
                .map_err(|error| cannot(&self.path, &error.to_string())),
            _ => Err(cannot(&self.path, "the connection left no recording")),
        }
    }
}

fn cannot(path: &Path, why: &str) -> ReportError {
    ReportError::new(Code::File, format!("cannot write the recording {}: {why}", path.display()))
}
