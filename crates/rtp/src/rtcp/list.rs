//! Lists of items of one size: read where they lie, or written from a slice.

use alloc::vec::Vec;
use core::fmt;

/// Something that takes a fixed number of bytes.
pub trait Item: Copy + PartialEq + fmt::Debug {
    /// How many.
    const LEN: usize;

    /// Reads one; `bytes` are exactly as many as it takes.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Appends one.
    fn write(&self, out: &mut Vec<u8>);
}

/// Items of a packet that was read, or that is to be written.
#[derive(Clone, Copy)]
pub struct List<'a, T>(Source<'a, T>);

#[derive(Clone, Copy)]
enum Source<'a, T> {
    Read(&'a [u8]),
    ToWrite(&'a [T]),
}

impl<'a, T: Item> List<'a, T> {
    /// Items to be written.
    pub const fn new(items: &'a [T]) -> Self {
        Self(Source::ToWrite(items))
    }

    /// Items over bytes; `None` if they are no multiple of an item's.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(T::LEN).then_some(Self(Source::Read(bytes)))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Read(bytes) => bytes.len() / T::LEN,
            Source::ToWrite(items) => items.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items.
    pub fn iter(&self) -> Items<'a, T> {
        Items(self.0)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self.0 {
            Source::Read(bytes) => out.extend_from_slice(bytes),
            Source::ToWrite(items) => items.iter().for_each(|item| item.write(out)),
        }
    }
}

/// The items of a [`List`].
#[derive(Clone, Debug)]
pub struct Items<'a, T>(Source<'a, T>);

impl<T: Item> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Source::Read(bytes) => {
                let (item, rest) = bytes.split_at_checked(T::LEN)?;
                *bytes = rest;
                T::read(item)
            }
            Source::ToWrite(items) => {
                let (item, rest) = items.split_first()?;
                *items = rest;
                Some(*item)
            }
        }
    }
}

impl<'a, T: Item> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.iter()
    }
}

impl<T: Item> Default for List<'_, T> {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl<T: Item> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Item> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Source<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(bytes) => bytes.fmt(f),
            Self::ToWrite(items) => items.fmt(f),
        }
    }
}
