//! What there is for each epoch, in one direction.

use alloc::vec::Vec;

/// The newest epoch, which nearly every record is of, and those before it that are still in use.
pub(super) struct Epochs<T> {
    pub(super) newest: T,
    /// The oldest first.
    older: Vec<T>,
}

impl<T> Epochs<T> {
    pub(super) const fn new(newest: T) -> Self {
        Self { newest, older: Vec::new() }
    }

    pub(super) fn add(&mut self, newest: T) {
        self.older.push(core::mem::replace(&mut self.newest, newest));
    }

    /// The one before the newest.
    pub(super) fn before(&self) -> Option<&T> {
        self.older.last()
    }

    /// All, the newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        core::iter::once(&self.newest).chain(self.older.iter().rev())
    }

    /// All, the newest first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        core::iter::once(&mut self.newest).chain(self.older.iter_mut().rev())
    }

    /// Forgets what is not wanted any more. The newest stays.
    pub(super) fn retain_older(&mut self, wanted: impl Fn(&T) -> bool) {
        self.older.retain(wanted);
        self.older.shrink_to_fit();
    }
}
