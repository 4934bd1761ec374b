//! `siskin replay`: does a recorded connection again.

use crate::args::Replay;
use crate::report::{Code, Report, ReportError};
use crate::stdio;
use siskin::Recording;

/// Runs the command.
pub(crate) fn run(args: &Replay) -> Report {
    replay(args).err().map(Report::from).unwrap_or_default()
}

fn replay(args: &Replay) -> Result<(), ReportError> {
    let file = args.file.display();
    let bad = |why: String| ReportError::new(Code::File, format!("{file}: {why}"));
    let bytes = std::fs::read(&args.file).map_err(|error| bad(error.to_string()))?;
    // Only a provider that draws from the recorded seed alone can do it again.
    let recording =
        Recording::from_bytes(&bytes, siskin::rustcrypto()).map_err(|error| bad(error.to_string()))?;
    let mut datagrams = 0u64;
    let replayed = recording.replay(|_, _, _| datagrams += 1).map_err(|error| bad(error.to_string()))?;
    let (inputs, sent) = (recording.inputs.len(), recording.outputs.count);
    if replayed != recording.outputs {
        let why = format!(
            "the replay differs: {sent} datagrams were recorded, {datagrams} came out of {inputs} inputs"
        );
        return Err(ReportError::new(Code::ReplayDiffers, why));
    }
    stdio::say(&format!("{inputs} inputs gave the same {datagrams} datagrams again, bit for bit"));
    Ok(())
}
