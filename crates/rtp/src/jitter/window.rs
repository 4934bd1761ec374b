//! Packets from the oldest one that is awaited to the newest one, with room for those that are missing.

use crate::payload::PacketInfo;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use siskin_base::Instant;

/// Payload buffers that are kept to be used again, and the largest of them.
const SPARE: usize = 64;
const MAX_SPARE: usize = 2_048;

/// What the place of a packet takes, whether it has come or not.
pub(super) const PLACE: usize = size_of::<Option<Slot>>();

/// Places whose memory is kept when nothing waits.
const KEPT: usize = 256;

/// A packet that waits.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) timestamp: u64,
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    pub(super) arrived: Instant,
    pub(super) info: PacketInfo,
    pub(super) payload: Vec<u8>,
}

/// The packets of one stream.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The number that the first slot has.
    pub(super) first: u64,
    slots: VecDeque<Option<Slot>>,
    bytes: usize,
    /// What the buffers of those bytes take: one that is used again may be larger than what lies in it.
    capacity: usize,
    spare: Vec<Vec<u8>>,
    spare_bytes: usize,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { first: 0, slots: VecDeque::new(), bytes: 0, capacity: 0, spare: Vec::new(), spare_bytes: 0 }
    }

    /// Bytes of payload that wait.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that what waits takes: the buffers, and the places of packets.
    pub(super) fn held(&self) -> usize {
        self.capacity + self.slots.len() * PLACE
    }

    /// Bytes that are kept to be used again.
    pub(super) const fn spare(&self) -> usize {
        self.spare_bytes
    }

    /// Slots, those of missing packets included; the last one is never missing.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The packet that many behind the first.
    pub(super) fn get(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index)?.as_ref()
    }

    /// The packets from the first on, missing ones included.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&Slot>> + Clone {
        self.slots.iter().map(Option::as_ref)
    }

    /// A buffer with the memory of a packet that is gone.
    pub(super) fn buffer(&mut self, content: &[u8]) -> Vec<u8> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        self.spare_bytes -= buffer.capacity();
        buffer.clear();
        buffer.reserve_exact(content.len());
        buffer.extend_from_slice(content);
        buffer
    }

    /// Puts a packet `index` behind the first, where none is.
    pub(super) fn put(&mut self, index: usize, slot: Slot) {
        self.bytes += slot.payload.len();
        self.capacity += slot.payload.capacity();
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(index) {
            *place = Some(slot);
        }
    }

    /// Makes room for `count` packets in front of the first.
    pub(super) fn extend_front(&mut self, count: u64) {
        for _ in 0..count {
            self.slots.push_front(None);
            self.first -= 1;
        }
    }

    /// Takes the first place away: the packet, if it was there.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        self.first += 1;
        let slot = self.slots.pop_front()?;
        if self.slots.is_empty() {
            self.slots.shrink_to(KEPT);
        }
        let slot = slot?;
        self.bytes -= slot.payload.len();
        self.capacity -= slot.payload.capacity();
        Some(slot)
    }

    /// Keeps the memory of a packet that is gone.
    pub(super) fn recycle(&mut self, slot: Slot) {
        if self.spare.len() < SPARE && slot.payload.capacity() <= MAX_SPARE {
            self.spare_bytes += slot.payload.capacity();
            self.spare.push(slot.payload);
        }
    }

    /// Gives back the payload buffers that are kept to be used again.
    pub(super) fn release(&mut self) {
        self.spare.clear();
        self.spare_bytes = 0;
    }

    /// Gives back the places that are kept to be used again.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink_to(0);
    }
}
