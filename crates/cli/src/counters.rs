//! Counts of data-channel messages, shared by the tasks of a connection.

use crate::report::{Both, Report};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages and bytes, both ways. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    messages_sent: AtomicU64,
    messages_received: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
}

impl Counters {
    /// A message of `len` bytes was given to the connection.
    pub(crate) fn sent(&self, len: usize) {
        self.0.messages_sent.fetch_add(1, Ordering::Relaxed);
        self.0.bytes_sent.fetch_add(len as u64, Ordering::Relaxed);
    }

    /// A message of `len` bytes came.
    pub(crate) fn received(&self, len: usize) {
        self.0.messages_received.fetch_add(1, Ordering::Relaxed);
        self.0.bytes_received.fetch_add(len as u64, Ordering::Relaxed);
    }

    /// Writes the counts into `report`.
    pub(crate) fn fill(&self, report: &mut Report) {
        report.messages.sent = self.0.messages_sent.load(Ordering::Relaxed);
        report.messages.received = self.0.messages_received.load(Ordering::Relaxed);
        report.bytes = self.bytes();
    }

    /// Payload bytes, both ways.
    pub(crate) fn bytes(&self) -> Both {
        Both {
            sent: self.0.bytes_sent.load(Ordering::Relaxed),
            received: self.0.bytes_received.load(Ordering::Relaxed),
        }
    }
}
