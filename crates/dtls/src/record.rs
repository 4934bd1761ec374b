//! Records: what goes into a datagram, with which keys, and what was there before.

mod epochs;
mod frame;
mod header;
mod open;
mod protection;
mod replay;
mod seal;
mod usual;

pub(crate) use frame::{Frame, Header};
pub use header::{ContentType, ProtocolVersion, RecordHeader};
pub(crate) use open::Opened;
pub(crate) use protection::{EXPLICIT_LEN, Protection, TAG_LEN};
pub(crate) use usual::Usual;

use alloc::vec::Vec;
use core::ops::Range;
use epochs::Epochs;
use open::{Keys, ReadEpoch};
use seal::WriteEpoch;

/// Both directions of the record layer, all epochs that are in use.
pub(crate) struct Records {
    reading: Epochs<ReadEpoch>,
    writing: Epochs<WriteEpoch>,
    /// What the peer puts into encrypted records.
    own_cid: Vec<u8>,
    /// What we put into encrypted records.
    peer_cid: Vec<u8>,
    sealed_limit: u64,
    forged_limit: u64,
    /// Records sealed in epochs that are over.
    sent_before: u64,
    /// Whether an encrypted record could be opened yet.
    authenticated: bool,
}

impl Records {
    pub(crate) fn new(sealed_limit: u64, forged_limit: u64) -> Self {
        Self {
            reading: Epochs::new(ReadEpoch::new(0, Keys::Clear)),
            writing: Epochs::new(WriteEpoch::new(0, sealed_limit, None)),
            own_cid: Vec::new(),
            peer_cid: Vec::new(),
            sealed_limit,
            forged_limit,
            sent_before: 0,
            authenticated: false,
        }
    }

    pub(crate) fn add_reading(&mut self, epoch: u16, protection: Protection) {
        self.reading.add(ReadEpoch::new(epoch, Keys::Ready(protection)));
    }

    /// Throws away the keys with which `epoch` is read, and keeps what came in it in mind.
    pub(crate) fn sleep(&mut self, epoch: u16) {
        self.set_keys(epoch, Keys::Asleep);
    }

    /// The keys with which `epoch` is read are there again.
    pub(crate) fn wake(&mut self, epoch: u16, protection: Protection) {
        self.set_keys(epoch, Keys::Ready(protection));
    }

    fn set_keys(&mut self, epoch: u16, keys: Keys) {
        if let Some(reading) = self.reading.iter_mut().find(|reading| reading.epoch == epoch) {
            reading.keys = keys;
        }
    }

    pub(crate) fn add_writing(&mut self, epoch: u16, protection: Protection) {
        self.writing.add(WriteEpoch::new(epoch, self.sealed_limit, Some(protection)));
    }

    /// What the peer puts into encrypted records from now on, and what we put into ours (RFC 9146 §3, RFC 9147 §9).
    pub(crate) fn set_connection_ids(&mut self, own: &[u8], peer: &[u8]) {
        (self.own_cid, self.peer_cid) = (own.into(), peer.into());
    }

    /// Both connection IDs: what the peer puts into encrypted records, and what we put into ours.
    pub(crate) fn connection_ids(&self) -> (&[u8], &[u8]) {
        (&self.own_cid, &self.peer_cid)
    }

    /// What we put into encrypted records from now on.
    pub(crate) fn set_peer_connection_id(&mut self, peer: &[u8]) {
        self.peer_cid = peer.into();
    }

    /// Finds the record that `bytes` start with.
    pub(crate) fn frame(&self, bytes: &[u8]) -> Option<Frame> {
        Frame::parse(bytes, &self.own_cid)
    }

    /// Records written so far, in all epochs.
    pub(crate) fn sent(&self) -> u64 {
        self.sent_before + self.writing.iter().map(WriteEpoch::sealed).sum::<u64>()
    }

    /// Whether anything came so far that only the peer can have sent.
    pub(crate) const fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// The newest epoch that can be read.
    #[inline]
    pub(crate) const fn read_epoch(&self) -> u16 {
        self.reading.newest.epoch
    }

    /// Whether something came in the newest epoch, while one before it, from `first` on, is still read.
    pub(crate) fn is_superseded(&self, first: u16) -> bool {
        self.has_older(first) && !self.reading.newest.window.is_untouched()
    }

    /// Whether an epoch before the newest is still read, from `first` on.
    pub(crate) fn has_older(&self, first: u16) -> bool {
        self.reading.before().is_some_and(|before| before.epoch >= first)
    }

    /// Reads nothing in these epochs, which are not the newest, from now on.
    pub(crate) fn end_reading(&mut self, epochs: Range<u16>) {
        self.reading.retain_older(|reading| !epochs.contains(&reading.epoch));
    }

    /// Writes nothing older than `epoch`, which is not newer than the newest, from now on.
    pub(crate) fn end_writing_before(&mut self, epoch: u16) {
        let sent = self.sent();
        self.writing.retain_older(|writing| writing.epoch() >= epoch);
        self.sent_before += sent - self.sent();
    }

    /// Whether a key of DTLS 1.3 comes near a limit, so that new ones should be agreed on: ours to write with, the peer's.
    pub(crate) fn worn(&self) -> (bool, bool) {
        (self.writing.newest.is_worn(), self.reading.newest.forged > self.forged_limit / 2)
    }
}

/// The most that a record may carry, in bytes (RFC 6347 §4.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;
