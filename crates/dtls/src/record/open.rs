//! What comes in: which keys open a record, and what is in it then.

use super::frame::{self, Frame, Header};
use super::protection::{Protection, SAMPLE_LEN};
use super::replay::Window;
use super::{ContentType, MAX_PLAINTEXT, RecordHeader, Records};
use crate::{Error, RecordNumber};
use core::hint::cold_path;
use core::ops::Range;

pub(super) struct ReadEpoch {
    pub(super) epoch: u16,
    pub(super) keys: Keys,
    pub(super) window: Window,
    pub(super) forged: u64,
}

/// What the records of an epoch are opened with.
pub(super) enum Keys {
    /// Epoch 0.
    Clear,
    Ready(Protection),
    /// Keys that take more room than the secret that they come from, and are hardly needed any more.
    Asleep,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
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
    /// Opens a record in place.
    pub(crate) fn open(&mut self, frame: &Frame, record: &mut [u8]) -> Result<Opened, Error> {
        let opened = match &frame.header {
            Header::Plain(header) => self.open_plain(frame, header, record),
            &Header::Unified { epoch_bits, number_at, number_len } => {
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
        let newest = self.read_epoch();
        let Some(reading) = self.reading.iter_mut().find(|reading| reading.epoch == header.epoch) else {
            return Ok(if newest > header.epoch { Opened::Late } else { Opened::Early });
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
        let Some(reading) = self.reading.iter_mut().find(fits) else { return Ok(Opened::Early) };
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
        number.iter_mut().zip(mask.to_be_bytes()).for_each(|(byte, mask)| *byte ^= mask);
        let low = number.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let sequence = reading.window.nearest(low, 8 * number_len as u32);
        let opened = protection.open_v13(sequence, header, body);
        let Ok(len) = opened else {
            return reading.count_forged(self.forged_limit);
        };
        Ok(reading.take_unified(sequence, record, frame.header_len..frame.header_len + len))
    }
}

impl ReadEpoch {
    pub(super) fn new(epoch: u16, keys: Keys) -> Self {
        Self { epoch, keys, window: Window::default(), forged: 0 }
    }

    /// What became of a record of DTLS 1.3 that proved authentic.
    #[inline(always)]
    pub(super) fn take_unified(&mut self, sequence: u64, record: &[u8], plain: Range<usize>) -> Opened {
        // RFC 9147 §4.5.1: only now, so that the time taken tells nothing about the number.
        if !self.window.is_new(sequence) {
            cold_path();
            return Opened::Replayed;
        }
        self.window.accept(sequence);
        let number = RecordNumber { epoch: self.epoch.into(), sequence };
        let Some((content_type, end)) = unpad(record, &plain) else { return Opened::Malformed };
        Opened::Plain { content_type, number, content: plain.start..end }
    }

    #[cold]
    pub(super) fn count_forged(&mut self, limit: u64) -> Result<Opened, Error> {
        self.forged += 1;
        if self.forged > limit { Err(Error::KeyExhausted) } else { Ok(Opened::Forged) }
    }
}

/// The content type, and where the content ends: behind it is zeros only (RFC 9147 §4, RFC 9146 §4).
fn unpad(record: &[u8], plain: &Range<usize>) -> Option<(ContentType, usize)> {
    let inner = record.get(plain.clone())?;
    let at = inner.iter().rposition(|byte| *byte != 0)?;
    Some((ContentType(*inner.get(at)?), plain.start + at))
}

#[cfg(test)]
mod tests {
    use super::super::Protection;
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use siskin_crypto::AeadAlgorithm;

    fn protection() -> Protection {
        let provider = siskin_crypto::rustcrypto();
        Protection::v13(&provider, AeadAlgorithm::Aes128Gcm, &[1; 16], &[2; 12], &[3; 16]).unwrap()
    }

    /// A record as other implementations may write it.
    fn sealed(cid: &[u8], sequence: u64, wide: bool, with_length: bool) -> Vec<u8> {
        let mut payload = b"what it says\x17".to_vec();
        let mut number = sequence.to_be_bytes()[if wide { 6 } else { 7 }..].to_vec();
        let flags = frame::UNIFIED << 5 | 3;
        let flags = flags | if cid.is_empty() { 0 } else { frame::CID_BIT };
        let flags = flags | if wide { frame::WIDE_BIT } else { 0 };
        let flags = flags | if with_length { frame::LENGTH_BIT } else { 0 };
        let length = if with_length { vec![0, payload.len() as u8 + 16] } else { vec![] };
        let header = [&[flags], cid, &number, &length].concat();
        payload.extend([0; 16]);
        protection().seal_v13(sequence, &header, &mut payload).unwrap();
        let mask = protection().mask(payload.first_chunk().unwrap()).to_be_bytes();
        number.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        [&[flags], cid, &number, &length, &payload].concat()
    }

    #[test]
    fn rfc9147_4_every_shape_of_header() {
        for cid_len in 0..6 {
            let cid = &[7; 6][..cid_len];
            let mut records = Records::new(u64::MAX, u64::MAX);
            records.set_connection_ids(cid, &[]);
            records.add_reading(3, protection());
            for (sequence, (wide, with_length)) in
                [(true, true), (true, false), (false, true), (false, false)].into_iter().enumerate()
            {
                let mut record = sealed(cid, sequence as u64, wide, with_length);
                let frame = records.frame(&record).unwrap();
                let opened = records.open(&frame, &mut record).unwrap();
                let Opened::Plain { content_type, number, content } = opened else {
                    panic!("{cid_len} {wide} {with_length}");
                };
                assert_eq!((content_type.0, number.sequence), (0x17, sequence as u64));
                assert_eq!(&record[content], b"what it says");
            }
        }
    }
}
