//! Records: what goes into a datagram, with which keys, and what was there before.

mod header;
mod protection;
mod replay;

pub use header::{ContentType, ProtocolVersion, RecordHeader};
pub(crate) use protection::{EXPLICIT_LEN, Protection, TAG_LEN};

use crate::Error;
use alloc::vec::Vec;
use core::ops::Range;
use replay::Window;
use siskin_base::Packet;

/// Both directions of the record layer, all epochs that are in use.
pub(crate) struct Records {
    reading: Vec<ReadEpoch>,
    writing: Vec<WriteEpoch>,
    sealed_limit: u64,
    forged_limit: u64,
    /// Records sealed so far, in all epochs.
    sent: u64,
}

struct ReadEpoch {
    epoch: u16,
    /// None: in clear.
    protection: Option<Protection>,
    window: Window,
    forged: u64,
}

struct WriteEpoch {
    epoch: u16,
    next: u64,
    protection: Option<Protection>,
}

/// What became of a record.
pub(crate) enum Opened {
    /// In clear, in these bytes of the body.
    Plain(Range<usize>),
    /// An epoch whose keys are not there yet.
    Early,
    /// An epoch that is over.
    Late,
    /// Came before.
    Replayed,
    /// Not authentic.
    Forged,
}

impl Records {
    pub(crate) fn new(sealed_limit: u64, forged_limit: u64) -> Self {
        Self {
            reading: alloc::vec![ReadEpoch {
                epoch: 0,
                protection: None,
                window: Window::default(),
                forged: 0
            }],
            writing: alloc::vec![WriteEpoch { epoch: 0, next: 0, protection: None }],
            sealed_limit,
            forged_limit,
            sent: 0,
        }
    }

    pub(crate) fn add_keys(&mut self, epoch: u16, reading: Protection, writing: Protection) {
        let window = Window::default();
        self.reading.push(ReadEpoch { epoch, protection: Some(reading), window, forged: 0 });
        self.writing.push(WriteEpoch { epoch, next: 0, protection: Some(writing) });
    }

    /// Whether records of `epoch` can be opened.
    pub(crate) fn reads(&self, epoch: u16) -> bool {
        self.reading.iter().any(|reading| reading.epoch == epoch)
    }

    /// Records written so far, in all epochs.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Reads nothing older than `epoch` from now on.
    pub(crate) fn end_reading_before(&mut self, epoch: u16) {
        self.reading.retain(|reading| reading.epoch >= epoch);
    }

    /// Opens a record in place.
    pub(crate) fn open(&mut self, header: &RecordHeader, body: &mut [u8]) -> Result<Opened, Error> {
        let Some(reading) = self.reading.iter_mut().find(|reading| reading.epoch == header.epoch) else {
            let late = self.reading.iter().any(|reading| reading.epoch > header.epoch);
            return Ok(if late { Opened::Late } else { Opened::Early });
        };
        let Some(protection) = &reading.protection else {
            // RFC 6347 §4.1.2.6: no replay detection in clear, where anyone could make us drop what is true.
            return Ok(Opened::Plain(0..body.len()));
        };
        if !reading.window.is_new(header.sequence) {
            return Ok(Opened::Replayed);
        }
        match protection.open(header, body) {
            Ok(plain) => {
                reading.window.accept(header.sequence);
                Ok(Opened::Plain(plain))
            }
            Err(_) => {
                reading.forged += 1;
                if reading.forged > self.forged_limit { Err(Error::KeyExhausted) } else { Ok(Opened::Forged) }
            }
        }
    }

    /// Bytes that a record of `epoch` adds in front of its payload and behind it.
    pub(crate) fn overhead(&self, epoch: u16) -> (usize, usize) {
        let writing = self.writing.iter().find(|writing| writing.epoch == epoch);
        match writing.and_then(|writing| writing.protection.as_ref()) {
            Some(protection) => (RecordHeader::LEN + protection.explicit_len(), TAG_LEN),
            None => (RecordHeader::LEN, 0),
        }
    }

    /// Appends a whole record to the datagram that is being written.
    pub(crate) fn append(
        &mut self,
        epoch: u16,
        content_type: ContentType,
        version: ProtocolVersion,
        payload: &[&[u8]],
        out: &mut Packet,
    ) -> Result<(), Error> {
        let front = self.overhead(epoch).0;
        let start = out.current().len();
        let buffer = out.buffer();
        buffer.resize(buffer.len() + front, 0);
        payload.iter().for_each(|part| out.append(part));
        let record = out.current_mut().get_mut(start..).unwrap_or_default();
        let (head, payload) = record.split_at_mut_checked(front).unwrap_or_default();
        let (prefix, tag) = self.seal(epoch, content_type, version, payload)?;
        head.iter_mut().zip(prefix.as_bytes()).for_each(|(to, from)| *to = *from);
        tag.iter().for_each(|tag| out.append(tag));
        Ok(())
    }

    /// Encrypts `payload` in place as the next record of `epoch`: what goes in front of it, and what behind.
    pub(crate) fn seal(
        &mut self,
        epoch: u16,
        content_type: ContentType,
        version: ProtocolVersion,
        payload: &mut [u8],
    ) -> Result<(Prefix, Option<[u8; TAG_LEN]>), Error> {
        let writing = self.writing.iter_mut().rev().find(|writing| writing.epoch == epoch);
        let writing = writing.ok_or(Error::ProviderFailed)?;
        // RFC 6347 §4.1: sequence numbers never wrap.
        if writing.next >= self.sealed_limit.min(SEQUENCE_LIMIT) {
            return Err(Error::KeyExhausted);
        }
        let sequence = writing.next;
        writing.next += 1;
        self.sent += 1;
        let mut header = RecordHeader { content_type, version, epoch, sequence, length: 0 };
        let plain = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let Some(protection) = &writing.protection else {
            header.length = plain;
            return Ok((Prefix::new(&header, 0), None));
        };
        let tag = protection.seal(&header, payload).map_err(|_| Error::ProviderFailed)?;
        let explicit = protection.explicit_len();
        header.length = plain.saturating_add((explicit + TAG_LEN) as u16);
        Ok((Prefix::new(&header, explicit), Some(tag)))
    }
}

/// Header and explicit nonce of one record.
pub(crate) struct Prefix {
    bytes: [u8; RecordHeader::LEN + EXPLICIT_LEN],
    len: usize,
}

impl Prefix {
    fn new(header: &RecordHeader, explicit: usize) -> Self {
        let mut bytes = [0; RecordHeader::LEN + EXPLICIT_LEN];
        let nonce = header.number().to_be_bytes();
        let parts = header.to_bytes().into_iter().chain(nonce);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Self { bytes, len: RecordHeader::LEN + explicit }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

const SEQUENCE_LIMIT: u64 = (1 << 48) - 1;
