//! Records: what goes into a datagram, with which keys, and what was there before.

mod frame;
mod header;
mod protection;
mod replay;

pub(crate) use frame::{Frame, Header};
pub use header::{ContentType, ProtocolVersion, RecordHeader};
pub(crate) use protection::{EXPLICIT_LEN, Protection, TAG_LEN};

use crate::{Error, RecordNumber};
use alloc::vec::Vec;
use core::ops::Range;
use protection::SAMPLE_LEN;
use replay::Window;
use siskin_base::Packet;
use siskin_crypto::Tag;

/// Both directions of the record layer, all epochs that are in use.
pub(crate) struct Records {
    reading: Vec<ReadEpoch>,
    writing: Vec<WriteEpoch>,
    /// What the peer puts into encrypted records.
    own_cid: Vec<u8>,
    /// What we put into encrypted records.
    peer_cid: Vec<u8>,
    sealed_limit: u64,
    forged_limit: u64,
    /// Records sealed so far, in all epochs.
    sent: u64,
    /// Whether an encrypted record could be opened yet.
    authenticated: bool,
}

struct ReadEpoch {
    epoch: u16,
    keys: Keys,
    window: Window,
    forged: u64,
}

/// What the records of an epoch are opened with.
enum Keys {
    /// Epoch 0.
    Clear,
    Ready(Protection),
    /// Keys that take more room than the secret that they come from, and are hardly needed any more.
    Asleep,
}

struct WriteEpoch {
    epoch: u16,
    next: u64,
    protection: Option<Protection>,
}

/// What became of a record.
pub(crate) enum Opened {
    /// In clear, in these bytes of the record.
    Plain { content_type: ContentType, number: RecordNumber, content: Range<usize> },
    /// An epoch whose keys are not there yet.
    Early,
    /// An epoch that is over.
    Late,
    /// Came before.
    Replayed,
    /// Not authentic.
    Forged,
    /// Authentic, but without content or with too much of it.
    Malformed,
    /// An epoch whose keys have to be derived again: nothing has changed.
    Asleep,
}

impl Records {
    pub(crate) fn new(sealed_limit: u64, forged_limit: u64) -> Self {
        let window = Window::default();
        Self {
            reading: alloc::vec![ReadEpoch { epoch: 0, keys: Keys::Clear, window, forged: 0 }],
            writing: alloc::vec![WriteEpoch { epoch: 0, next: 0, protection: None }],
            own_cid: Vec::new(),
            peer_cid: Vec::new(),
            sealed_limit,
            forged_limit,
            sent: 0,
            authenticated: false,
        }
    }

    pub(crate) fn add_reading(&mut self, epoch: u16, protection: Protection) {
        let window = Window::default();
        self.reading.push(ReadEpoch { epoch, keys: Keys::Ready(protection), window, forged: 0 });
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
        self.writing.push(WriteEpoch { epoch, next: 0, protection: Some(protection) });
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
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether anything came so far that only the peer can have sent.
    pub(crate) const fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// The newest epoch that can be read.
    pub(crate) fn read_epoch(&self) -> u16 {
        self.reading.iter().map(|reading| reading.epoch).max().unwrap_or(0)
    }

    /// Whether something came in the newest epoch, while one before it, from `first` on, is still read.
    pub(crate) fn is_superseded(&self, first: u16) -> bool {
        let [.., before, newest] = &self.reading[..] else { return false };
        before.epoch >= first && !newest.window.is_untouched()
    }

    /// Reads nothing in these epochs from now on.
    pub(crate) fn end_reading(&mut self, epochs: Range<u16>) {
        self.reading.retain(|reading| !epochs.contains(&reading.epoch));
        self.reading.shrink_to_fit();
    }

    /// Writes nothing older than `epoch` from now on.
    pub(crate) fn end_writing_before(&mut self, epoch: u16) {
        self.writing.retain(|writing| writing.epoch >= epoch);
        self.writing.shrink_to_fit();
    }

    /// Whether a key of DTLS 1.3 comes near a limit, so that new ones should be agreed on: ours to write with, the peer's.
    pub(crate) fn worn(&self) -> (bool, bool) {
        let writing = self.writing.last().filter(|writing| writing.is_unified());
        let reading = self.reading.last();
        (
            writing.is_some_and(|writing| writing.next >= writing.limit(self.sealed_limit) / 4 * 3),
            reading.is_some_and(|reading| reading.forged > self.forged_limit / 2),
        )
    }

    /// Opens a record in place.
    pub(crate) fn open(&mut self, frame: &Frame, record: &mut [u8]) -> Result<Opened, Error> {
        let opened = match frame.header {
            Header::Plain(header) => self.open_plain(frame, &header, record),
            Header::Unified { epoch_bits, number_at, number_len } => {
                self.open_unified(frame, epoch_bits, number_at, number_len, record)
            }
        };
        if let Ok(Opened::Plain { number, content, .. }) = &opened {
            self.authenticated |= number.epoch > 0;
            // RFC 5246 §6.2.1, RFC 8446 §5.1
            if content.len() > MAX_PLAINTEXT {
                return Ok(Opened::Malformed);
            }
        }
        opened
    }

    fn open_plain(
        &mut self,
        frame: &Frame,
        header: &RecordHeader,
        record: &mut [u8],
    ) -> Result<Opened, Error> {
        let Some(reading) = self.reading.iter_mut().find(|reading| reading.epoch == header.epoch) else {
            let late = self.reading.iter().any(|reading| reading.epoch > header.epoch);
            return Ok(if late { Opened::Late } else { Opened::Early });
        };
        let mut content_type = header.content_type;
        let number = RecordNumber { epoch: header.epoch.into(), sequence: header.sequence };
        let protection = match &reading.keys {
            Keys::Ready(protection) => protection,
            // RFC 6347 §4.1.2.6: no replay detection in clear, where anyone could make us drop what is true.
            Keys::Clear => {
                return Ok(Opened::Plain { content_type, number, content: frame.header_len..frame.len() });
            }
            Keys::Asleep => return Ok(Opened::Forged),
        };
        // RFC 9146 §3: once agreed on, a connection ID is in every encrypted record.
        let with_cid = content_type == ContentType::TLS12_CID;
        if protection.is_unified() || with_cid == self.own_cid.is_empty() {
            return Ok(Opened::Forged);
        }
        if !reading.window.is_new(header.sequence) {
            return Ok(Opened::Replayed);
        }
        let body = record.get_mut(frame.header_len..frame.len()).unwrap_or_default();
        let Ok(plain) = protection.open_v12(header, &self.own_cid, body) else {
            return reading.count_forged(self.forged_limit);
        };
        reading.window.accept(header.sequence);
        let mut content = frame.header_len + plain.start..frame.header_len + plain.end;
        if with_cid {
            let Some((inner, end)) = unpad(record, &content) else { return Ok(Opened::Malformed) };
            (content_type, content.end) = (inner, end);
        }
        Ok(Opened::Plain { content_type, number, content })
    }

    /// RFC 9147 §4.2.2, §4.2.3.
    fn open_unified(
        &mut self,
        frame: &Frame,
        epoch_bits: u8,
        number_at: usize,
        number_len: usize,
        record: &mut [u8],
    ) -> Result<Opened, Error> {
        let fits = |reading: &&mut ReadEpoch| {
            reading.epoch > 0 && (reading.epoch as u8 & frame::EPOCH_BITS) == epoch_bits
        };
        let Some(reading) = self.reading.iter_mut().rev().find(fits) else { return Ok(Opened::Early) };
        let protection = match &reading.keys {
            Keys::Ready(protection) if protection.is_unified() => protection,
            Keys::Asleep => return Ok(Opened::Asleep),
            _ => return Ok(Opened::Forged),
        };
        let Some((header, body)) = record.split_at_mut_checked(frame.header_len) else {
            return Ok(Opened::Malformed);
        };
        let body = body.get_mut(..frame.body_len).unwrap_or_default();
        // RFC 9147 §4.2.3: too short for a sample is too short for a tag.
        let Some(sample) = body.first_chunk::<SAMPLE_LEN>() else { return Ok(Opened::Forged) };
        let mask = protection.mask(sample);
        let number = header.get_mut(number_at..number_at + number_len).unwrap_or_default();
        number.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        let low = number.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let sequence = reading.window.nearest(low, 8 * number_len as u32);
        let Ok(len) = protection.open_v13(sequence, header, body) else {
            return reading.count_forged(self.forged_limit);
        };
        // RFC 9147 §4.5.1: only now, so that the time taken tells nothing about the number.
        if !reading.window.is_new(sequence) {
            return Ok(Opened::Replayed);
        }
        reading.window.accept(sequence);
        let number = RecordNumber { epoch: reading.epoch.into(), sequence };
        let plain = frame.header_len..frame.header_len + len;
        let Some((content_type, end)) = unpad(record, &plain) else { return Ok(Opened::Malformed) };
        Ok(Opened::Plain { content_type, number, content: plain.start..end })
    }

    /// Bytes that a record of `epoch` adds in front of its payload and behind it.
    pub(crate) fn overhead(&self, epoch: u16) -> (usize, usize) {
        let writing = self.writing.iter().find(|writing| writing.epoch == epoch);
        match writing.and_then(|writing| writing.protection.as_ref()) {
            Some(protection) if protection.is_unified() => {
                (UNIFIED_LEN + self.peer_cid.len(), INNER_TYPE_LEN + TAG_LEN)
            }
            Some(protection) if self.peer_cid.is_empty() => {
                (RecordHeader::LEN + protection.explicit_len(), TAG_LEN)
            }
            Some(protection) => {
                let front = RecordHeader::LEN + self.peer_cid.len() + protection.explicit_len();
                (front, INNER_TYPE_LEN + TAG_LEN)
            }
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
    ) -> Result<RecordNumber, Error> {
        let (front, behind) = self.overhead(epoch);
        let start = out.current().len();
        let buffer = out.buffer();
        buffer.resize(buffer.len() + front, 0);
        payload.iter().for_each(|part| out.append(part));
        if behind > TAG_LEN {
            out.append(&[content_type.0]);
        }
        let record = out.current_mut().get_mut(start..).unwrap_or_default();
        let (number, tag) = self.seal(epoch, content_type, version, record)?;
        tag.iter().for_each(|tag| out.append(tag));
        Ok(number)
    }

    /// Makes `record` the next record of `epoch`, in place; the tag goes behind it.
    ///
    /// In `record` there is room for what [`overhead`](Self::overhead) says is in front, then the payload; and the
    /// content type, if what is behind is more than a tag.
    pub(crate) fn seal(
        &mut self,
        epoch: u16,
        content_type: ContentType,
        version: ProtocolVersion,
        record: &mut [u8],
    ) -> Result<(RecordNumber, Option<Tag>), Error> {
        let front = self.overhead(epoch).0;
        let writing = self.writing.iter_mut().rev().find(|writing| writing.epoch == epoch);
        let writing = writing.ok_or(Error::ProviderFailed)?;
        let (head, payload) = record.split_at_mut_checked(front).ok_or(Error::ProviderFailed)?;
        // RFC 6347 §4.1: sequence numbers never wrap.
        if writing.next >= writing.limit(self.sealed_limit) {
            return Err(Error::KeyExhausted);
        }
        let sequence = writing.next;
        writing.next += 1;
        self.sent += 1;
        let number = RecordNumber { epoch: epoch.into(), sequence };
        let tag = match &writing.protection {
            Some(protection) if protection.is_unified() => {
                Some(seal_unified(protection, number, &self.peer_cid, head, payload)?)
            }
            protection => {
                let mut header = RecordHeader { content_type, version, epoch, sequence, length: 0 };
                seal_plain(protection.as_ref(), &mut header, &self.peer_cid, head, payload)?
            }
        };
        Ok((number, tag))
    }
}

impl ReadEpoch {
    fn count_forged(&mut self, limit: u64) -> Result<Opened, Error> {
        self.forged += 1;
        if self.forged > limit { Err(Error::KeyExhausted) } else { Ok(Opened::Forged) }
    }
}

impl WriteEpoch {
    fn is_unified(&self) -> bool {
        self.protection.as_ref().is_some_and(Protection::is_unified)
    }

    fn limit(&self, configured: u64) -> u64 {
        let of_key = self.protection.as_ref().map_or(u64::MAX, Protection::sealed_limit);
        SEQUENCE_LIMIT.min(configured).min(of_key)
    }
}

fn seal_unified(
    protection: &Protection,
    number: RecordNumber,
    cid: &[u8],
    head: &mut [u8],
    payload: &mut [u8],
) -> Result<Tag, Error> {
    let cid_bit = if cid.is_empty() { 0 } else { frame::CID_BIT };
    let flags = frame::UNIFIED << 5
        | cid_bit
        | frame::WIDE_BIT
        | frame::LENGTH_BIT
        | (number.epoch as u8 & frame::EPOCH_BITS);
    let [.., s0, s1] = number.sequence.to_be_bytes();
    let [l0, l1] = ((payload.len() + TAG_LEN) as u16).to_be_bytes();
    let bytes = core::iter::once(flags).chain(cid.iter().copied()).chain([s0, s1, l0, l1]);
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    let tag = protection.seal_v13(number.sequence, head, payload).map_err(|_| Error::ProviderFailed)?;
    let mut sample = [0; SAMPLE_LEN];
    sample.iter_mut().zip(payload.iter().chain(&tag)).for_each(|(to, from)| *to = *from);
    let number = head.iter_mut().skip(1 + cid.len());
    number.zip(protection.mask(&sample)).for_each(|(byte, mask)| *byte ^= mask);
    Ok(tag)
}

fn seal_plain(
    protection: Option<&Protection>,
    header: &mut RecordHeader,
    cid: &[u8],
    head: &mut [u8],
    payload: &mut [u8],
) -> Result<Option<Tag>, Error> {
    let plain = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let (mut cid, mut explicit, mut tag) = (cid, 0, None);
    match protection {
        None => (cid, header.length) = (&[], plain),
        Some(protection) => {
            if !cid.is_empty() {
                header.content_type = ContentType::TLS12_CID;
            }
            tag = Some(protection.seal_v12(header, cid, payload).map_err(|_| Error::ProviderFailed)?);
            explicit = protection.explicit_len();
            header.length = plain.saturating_add((explicit + TAG_LEN) as u16);
        }
    }
    let bytes = header.to_bytes();
    let (front, length) = bytes.split_last_chunk::<2>().unwrap_or((&bytes, &[0; 2]));
    let nonce = header.number().to_be_bytes();
    let parts = front.iter().chain(cid).chain(length).chain(nonce.iter().take(explicit));
    head.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    Ok(tag)
}

/// The content type, and where the content ends: behind it is zeros only (RFC 9147 §4, RFC 9146 §4).
fn unpad(record: &[u8], plain: &Range<usize>) -> Option<(ContentType, usize)> {
    let inner = record.get(plain.clone())?;
    let at = inner.iter().rposition(|byte| *byte != 0)?;
    Some((ContentType(*inner.get(at)?), plain.start + at))
}

/// The most that a record may carry, in bytes (RFC 6347 §4.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;
const SEQUENCE_LIMIT: u64 = (1 << 48) - 1;
/// Flags, sequence number, length; between the first two stands the connection ID.
const UNIFIED_LEN: usize = 5;
const INNER_TYPE_LEN: usize = 1;
