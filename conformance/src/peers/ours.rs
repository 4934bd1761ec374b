//! Siskin behind the peers' verbs, in a process of its own that can be killed.

use super::lines::{self, Lines};
use super::{Peer, Peers};
use crate::Result;
use serde_json::Value;
use std::time::Duration;

/// Started when it is first needed, kept for many cases, and started again when it has ended.
pub(crate) struct Ours {
    words: Vec<String>,
    verbose: bool,
    running: Option<Lines>,
}

impl Ours {
    /// `siskin-conformance-peer` beside this program; with `stand_in`, libwebrtc in its place.
    pub(crate) fn new(peers: &Peers, stand_in: bool, verbose: bool) -> Result<Self> {
        let words = match stand_in {
            true => peers.libwebrtc(),
            false => vec![crate::program::beside("siskin-conformance-peer")?],
        };
        Ok(Self { words, verbose, running: None })
    }

    /// Ends it at once, so that it says no word.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }
}

impl Peer for Ours {
    fn version(&self) -> &str {
        self.running.as_ref().map_or("", |running| running.version())
    }

    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(lines::launch("siskin", &self.words, self.verbose)?),
        };
        let answer = running.raw(verb, args, limit);
        if answer.is_err() {
            // It has ended, or it hangs: the next case gets a new one.
            self.running = None;
        }
        answer
    }
}
