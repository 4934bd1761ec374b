//! What goes out: a record's header, and the keys that it is sealed with.

use super::frame;
use super::protection::{Protection, SAMPLE_LEN, TAG_LEN};
use super::{ContentType, ProtocolVersion, RecordHeader, Records};
use crate::{Error, RecordNumber};
use siskin_base::Packet;
use siskin_crypto::Tag;

pub(super) struct WriteEpoch {
    pub(super) epoch: u16,
    pub(super) next: u64,
    pub(super) protection: Option<Protection>,
}

impl Records {
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

impl WriteEpoch {
    pub(super) fn is_unified(&self) -> bool {
        self.protection.as_ref().is_some_and(Protection::is_unified)
    }

    pub(super) fn limit(&self, configured: u64) -> u64 {
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

const SEQUENCE_LIMIT: u64 = (1 << 48) - 1;
/// Flags, sequence number, length; between the first two stands the connection ID.
const UNIFIED_LEN: usize = 5;
const INNER_TYPE_LEN: usize = 1;
