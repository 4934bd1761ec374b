//! Counts of what a transport carries, STUN left out.

use alloc::vec::Vec;
use siskin_base::{Path, push_tight};

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
    by_path: Vec<(Path, Volume)>,
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
        self.by_path.iter().find(|(known, _)| known == path).map(|(_, volume)| *volume).unwrap_or_default()
    }

    fn add(&mut self, path: Path, change: impl Fn(&mut Volume)) {
        change(&mut self.total);
        if let Some((_, volume)) = self.by_path.iter_mut().find(|(known, _)| *known == path) {
            change(volume);
        } else if self.by_path.len() < MAX_PATHS {
            let mut volume = Volume::default();
            change(&mut volume);
            push_tight(&mut self.by_path, (path, volume));
        }
    }
}
