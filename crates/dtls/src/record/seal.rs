//! What goes out: a record's header, and the keys that it is sealed with.

use super::frame;
use super::protection::{EXPLICIT_LEN, Protection, SAMPLE_LEN, TAG_LEN};
use super::{ContentType, ProtocolVersion, RecordHeader, Records};
use crate::{Error, RecordNumber};
use core::hint::cold_path;
use siskin_base::Packet;

pub(super) struct WriteEpoch {
    epoch: u16,
    next: u64,
    /// The first number that no record may have.
    end: u64,
    protection: Option<Protection>,
}

impl WriteEpoch {
    /// `sealed_limit`: how many records the configuration allows.
    pub(super) fn new(epoch: u16, sealed_limit: u64, protection: Option<Protection>) -> Self {
        let of_key = protection.as_ref().map_or(u64::MAX, Protection::sealed_limit);
        // RFC 6347 §4.1: sequence numbers never wrap.
        Self { epoch, next: 0, end: SEQUENCE_LIMIT.min(sealed_limit).min(of_key), protection }
    }

    /// Records sealed so far.
    pub(super) const fn sealed(&self) -> u64 {
        self.next
    }

    pub(super) const fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Whether it is one of DTLS 1.3 and three quarters of its records are sealed.
    pub(super) fn is_worn(&self) -> bool {
        self.protection.as_ref().is_some_and(Protection::is_unified) && self.next >= self.end / 4 * 3
    }
}

impl Records {
    /// Bytes that a record of `epoch` adds in front of its payload and behind it.
    pub(crate) fn overhead(&self, epoch: u16) -> (usize, usize) {
        let writing = self.writing.iter().find(|writing| writing.epoch == epoch);
        let cid = self.peer_cid.len();
        match writing.and_then(|writing| writing.protection.as_ref()) {
            Some(protection) if protection.is_unified() => (UNIFIED_LEN + cid, INNER_TYPE_LEN + TAG_LEN),
            Some(protection) => {
                let inner = if cid == 0 { 0 } else { INNER_TYPE_LEN };
                (RecordHeader::LEN + cid + protection.explicit_len(), inner + TAG_LEN)
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
        let (front, start) = (self.overhead(epoch).0, out.current().len());
        let buffer = out.buffer();
        buffer.resize(buffer.len() + front, 0);
        payload.iter().for_each(|part| out.append(part));
        self.write(epoch, content_type, version, out, Place::From(start))?.ok_or(Error::ProviderFailed)
    }

    /// Makes the datagram that is being written one record, in place: its header goes into the head room. `None` if there is
    /// too little of that; then nothing has changed.
    // Inlined: what is between a payload and the AEAD is a tenth of the time that a short record takes.
    #[inline(always)]
    pub(crate) fn seal(
        &mut self,
        epoch: u16,
        content_type: ContentType,
        out: &mut Packet,
    ) -> Result<Option<RecordNumber>, Error> {
        self.write(epoch, content_type, ProtocolVersion::DTLS1_2, out, Place::HeadRoom)
    }

    /// Makes a record of what `out` holds; `None` if there is no room for its header.
    #[inline(always)]
    fn write(
        &mut self,
        epoch: u16,
        content_type: ContentType,
        version: ProtocolVersion,
        out: &mut Packet,
        place: Place,
    ) -> Result<Option<RecordNumber>, Error> {
        let mut writing = self.writing.iter_mut();
        let writing = writing.find(|writing| writing.epoch == epoch).ok_or(Error::ProviderFailed)?;
        let sequence = writing.next;
        if sequence >= writing.end {
            cold_path();
            return Err(Error::KeyExhausted);
        }
        let header = |content_type| RecordHeader { content_type, version, epoch, sequence, length: 0 };
        let cid = &self.peer_cid[..];
        // Each makes its header itself: what is written in pieces and handed on as a whole is waited for.
        let sealed = match &writing.protection {
            Some(protection) if !cid.is_empty() => {
                cold_path();
                let front = protection.explicit_len() + cid.len();
                let front = front + if protection.is_unified() { UNIFIED_LEN } else { RecordHeader::LEN };
                place
                    .frame(front, behind(content_type), out)
                    .map(|(head, body)| seal_with_cid(protection, header(content_type), cid, head, body))
            }
            Some(protection) if protection.is_unified() => place
                .frame(UNIFIED_LEN, behind(content_type), out)
                .map(|(head, body)| seal_unified(protection, &header(content_type), &[], head, body)),
            Some(protection) if protection.explicit_len() > 0 => place
                .frame(RecordHeader::LEN + EXPLICIT_LEN, [0; TAG_LEN], out)
                .map(|(head, body)| seal_plain(protection, header(content_type), &[], head, body)),
            Some(protection) => place
                .frame(RecordHeader::LEN, [0; TAG_LEN], out)
                .map(|(head, body)| seal_plain(protection, header(content_type), &[], head, body)),
            None => place.frame(RecordHeader::LEN, [], out).map(|(head, body)| {
                let length = body.len() as u16;
                put_plain(&RecordHeader { length, ..header(content_type) }, &[], head)
            }),
        };
        let Some(sealed) = sealed else { return Ok(None) };
        // Whatever came of it, no other record may have its number.
        writing.next += 1;
        sealed.ok_or(Error::ProviderFailed)?;
        Ok(Some(RecordNumber { epoch: epoch.into(), sequence }))
    }
}

/// Where the record's header goes.
#[derive(Clone, Copy)]
enum Place {
    /// In front of the datagram that is being written, which is the payload.
    HeadRoom,
    /// To this offset in the datagram that is being written, where there is room for it before the payload.
    From(usize),
}

impl Place {
    /// Puts `behind` there: the header, and all that is behind it.
    #[inline(always)]
    fn frame<const N: usize>(
        self,
        front: usize,
        behind: [u8; N],
        out: &mut Packet,
    ) -> Option<(&mut [u8], &mut [u8])> {
        match self {
            Self::HeadRoom => out.enclose(front, behind),
            Self::From(start) => {
                out.append(&behind);
                out.current_mut().get_mut(start..)?.split_at_mut_checked(front)
            }
        }
    }
}

/// DTLS 1.3 (RFC 9147 §4).
#[inline(always)]
fn seal_unified(
    protection: &Protection,
    header: &RecordHeader,
    cid: &[u8],
    head: &mut [u8],
    body: &mut [u8],
) -> Option<()> {
    let length = body.len() as u16;
    let tail = u32::from(header.sequence as u16) << 16 | u32::from(length);
    let flags = frame::FLAGS | header.epoch as u8 & frame::EPOCH_BITS;
    if cid.is_empty() {
        // Made as one word: who reads one that was written in pieces waits for them.
        let clear = (u64::from(flags) << 56 | u64::from(tail) << 24).to_be_bytes();
        let [clear @ .., _, _, _] = &clear;
        protection.seal_v13(header.sequence, clear, body)
    } else {
        put_unified(flags | frame::CID_BIT, cid, tail, head)?;
        protection.seal_v13(header.sequence, head, body)
    }
    .ok()?;
    // RFC 9147 §4.2.3: it may reach into the tag.
    let sample = body.first_chunk::<SAMPLE_LEN>()?;
    let hidden = tail ^ u32::from(protection.mask(sample)) << 16;
    put_unified(flags | if cid.is_empty() { 0 } else { frame::CID_BIT }, cid, hidden, head)
}

/// `tail`: sequence number and length.
#[inline]
fn put_unified(flags: u8, cid: &[u8], tail: u32, head: &mut [u8]) -> Option<()> {
    let (front, back) = head.split_last_chunk_mut::<4>()?;
    *back = tail.to_be_bytes();
    let (first, middle) = front.split_first_mut()?;
    *first = flags;
    middle.iter_mut().zip(cid).for_each(|(to, from)| *to = *from);
    Some(())
}

/// DTLS 1.2 (RFC 6347 §4.1, with a connection ID RFC 9146 §4).
#[inline(always)]
fn seal_plain(
    protection: &Protection,
    mut header: RecordHeader,
    cid: &[u8],
    head: &mut [u8],
    body: &mut [u8],
) -> Option<()> {
    // What of the head is neither header nor connection ID is the explicit part of the nonce.
    header.length = (head.len() + body.len()).saturating_sub(RecordHeader::LEN + cid.len()) as u16;
    protection.seal_v12(&header, cid, body).ok()?;
    put_plain(&header, cid, head)
}

/// Either, when the peer wants a connection ID: out of the way of what is usual.
#[inline(never)]
fn seal_with_cid(
    protection: &Protection,
    header: RecordHeader,
    cid: &[u8],
    head: &mut [u8],
    body: &mut [u8],
) -> Option<()> {
    if protection.is_unified() {
        seal_unified(protection, &header, cid, head, body)
    } else {
        seal_plain(
            protection,
            RecordHeader { content_type: ContentType::TLS12_CID, ..header },
            cid,
            head,
            body,
        )
    }
}

/// The type inside, and room for the tag.
#[inline(always)]
const fn behind(content_type: ContentType) -> [u8; INNER_TYPE_LEN + TAG_LEN] {
    let mut behind = [0; INNER_TYPE_LEN + TAG_LEN];
    behind[0] = content_type.0;
    behind
}

/// Header, connection ID before its length, and as much of the number as there is room for behind it.
#[inline(always)]
fn put_plain(header: &RecordHeader, cid: &[u8], head: &mut [u8]) -> Option<()> {
    let bytes = header.to_bytes();
    let (front, back) = head.split_first_chunk_mut::<{ RecordHeader::LEN - LENGTH_LEN }>()?;
    let (middle, back) = back.split_at_mut_checked(cid.len())?;
    let (length, explicit) = back.split_first_chunk_mut::<LENGTH_LEN>()?;
    *front = *bytes.first_chunk()?;
    middle.iter_mut().zip(cid).for_each(|(to, from)| *to = *from);
    *length = header.length.to_be_bytes();
    if let Some(explicit) = explicit.first_chunk_mut() {
        *explicit = header.number().to_be_bytes();
    }
    Some(())
}

const SEQUENCE_LIMIT: u64 = (1 << 48) - 1;
/// Flags, sequence number, length; between the first two stands the connection ID.
const UNIFIED_LEN: usize = 5;
const INNER_TYPE_LEN: usize = 1;
const LENGTH_LEN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use siskin_crypto::AeadAlgorithm::{self, Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};

    /// RFC 8446 §5.5: whatever the configuration allows, a key of DTLS 1.3 seals no more records than its AEAD allows, and is
    /// changed after three quarters of them.
    #[test]
    fn rfc9147_4_5_3_the_limit_of_the_aead_holds() {
        let provider = siskin_crypto::rustcrypto();
        let gcm = 23_726_566; // 2^24.5
        for (algorithm, expected) in [(Aes128Gcm, gcm), (Aes256Gcm, gcm), (ChaCha20Poly1305, (1 << 48) - 1)] {
            let protection = |algorithm: AeadAlgorithm| {
                let key = [7; 32];
                let key = key.get(..algorithm.key_len()).unwrap_or_default();
                Protection::v13(&provider, algorithm, key, &[7; 12], key).ok()
            };
            let mut writing = WriteEpoch::new(3, u64::MAX, protection(algorithm));
            assert_eq!(writing.end, expected);
            writing.next = expected / 4 * 3 - 1;
            assert!(!writing.is_worn());
            writing.next += 1;
            assert!(writing.is_worn());
            assert_eq!(WriteEpoch::new(3, 40, protection(algorithm)).end, 40);
        }
    }
}
