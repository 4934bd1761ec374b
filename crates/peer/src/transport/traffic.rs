//! Counts of what a transport carries, STUN left out.

use alloc::collections::BTreeMap;
use siskin_base::Path;

/// Datagrams and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Volume {
    pub(crate) packets_sent: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) bytes_received: u64,
}

/// Paths counted apart; the volume of further ones shows in the total only.
const MAX_PATHS: usize = 64;

/// In all, and by path.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) total: Volume,
    by_path: BTreeMap<Path, Volume>,
    /// Datagrams that were of no protocol or from no authenticated path.
    pub(crate) dropped: u64,
}

impl Traffic {
    pub(crate) fn sent(&mut self, path: Path, packets: u32, bytes: usize) {
        self.add(path, |volume| {
            volume.packets_sent += u64::from(packets);
            volume.bytes_sent += bytes as u64;
        });
    }

    pub(crate) fn received(&mut self, path: Path, bytes: usize) {
        self.add(path, |volume| {
            volume.packets_received += 1;
            volume.bytes_received += bytes as u64;
        });
    }

    pub(crate) fn on(&self, path: &Path) -> Volume {
        self.by_path.get(path).copied().unwrap_or_default()
    }

    fn add(&mut self, path: Path, change: impl Fn(&mut Volume)) {
        change(&mut self.total);
        if self.by_path.len() < MAX_PATHS || self.by_path.contains_key(&path) {
            change(self.by_path.entry(path).or_default());
        }
    }
}
