//! The usual record: a datagram of its own, of the newest epoch, with the header that everyone writes, and no connection ID; in
//! DTLS 1.2 the one that is expected next, with data in it.
//!
//! Apart from the others, because what there is to decide about any record, and to copy from hand to hand, takes as long as a third
//! of a short one's AEAD.

use super::frame;
use super::open::{Keys, Opened, ReadEpoch};
use super::protection::{EXPLICIT_LEN, Layout, Protection, TAG_LEN};
use super::{ContentType, MAX_PLAINTEXT, ProtocolVersion, RecordHeader, Records};
use crate::Error;
use crate::v13::DATA_EPOCH;
use core::hint::cold_path;
use core::ops::Range;

/// What became of a usual record.
pub(crate) enum Usual {
    /// Data, in these bytes of the datagram.
    Data(Range<usize>),
    Other(Opened),
}

impl Records {
    /// Opens a datagram that is one usual record. `None` if it is anything else; then nothing has changed, and
    /// [`open`](Self::open) knows.
    #[inline(always)]
    pub(crate) fn open_usual(&mut self, datagram: &mut [u8]) -> Option<Result<Usual, Error>> {
        if !self.own_cid.is_empty() {
            cold_path();
            return None;
        }
        let newest = &mut self.reading.newest;
        let usual = match &newest.keys {
            Keys::Ready(Protection { layout: Layout::Explicit, .. }) => {
                newest.open_usual_plain::<EXPLICIT_LEN>(datagram)
            }
            Keys::Ready(Protection { layout: Layout::Implicit, .. }) => {
                newest.open_usual_plain::<0>(datagram)
            }
            Keys::Ready(Protection { layout: Layout::Unified(_), .. }) => newest.open_usual_unified(datagram),
            Keys::Clear | Keys::Asleep => None,
        };
        Some(match usual? {
            Usual::Other(Opened::Forged) => newest.count_forged(self.forged_limit).map(Usual::Other),
            usual => Ok(usual),
        })
    }
}

impl ReadEpoch {
    /// With a sequence number of two bytes, and a length.
    #[inline(always)]
    fn open_usual_unified(&mut self, datagram: &mut [u8]) -> Option<Usual> {
        let Keys::Ready(protection) = &self.keys else { return None };
        if datagram.len() > MAX_PLAINTEXT {
            cold_path();
            return None;
        }
        let (&mut [flags, n0, n1, l0, l1], body) = datagram.split_first_chunk_mut()?;
        let length = u16::from_be_bytes([l0, l1]);
        if self.epoch < DATA_EPOCH
            || flags != frame::FLAGS | self.epoch as u8 & frame::EPOCH_BITS
            || usize::from(length) != body.len()
        {
            cold_path();
            return None;
        }
        let number = u16::from_be_bytes([n0, n1]) ^ protection.mask(body.first_chunk()?);
        let sequence = self.window.nearest(number.into(), 16);
        // In one word: who reads one that was written in pieces waits for them.
        let clear = u64::from(flags) << 56 | u64::from(number) << 40 | u64::from(length) << 24;
        let clear = clear.to_be_bytes();
        let [clear @ .., _, _, _] = &clear;
        let Ok(len) = protection.open_v13(sequence, clear, body) else {
            return Some(Usual::Other(Opened::Forged));
        };
        let start = clear.len();
        Some(match self.take_unified(sequence, datagram, start..start + len) {
            Opened::Plain { content_type: ContentType::APPLICATION_DATA, content, .. } => {
                Usual::Data(content)
            }
            other => Usual::Other(other),
        })
    }

    /// Data, and the record that is expected next; `EXPLICIT` bytes of its nonce are in it.
    #[inline(always)]
    fn open_usual_plain<const EXPLICIT: usize>(&mut self, datagram: &mut [u8]) -> Option<Usual> {
        let Keys::Ready(protection) = &self.keys else { return None };
        if !(RecordHeader::LEN + EXPLICIT + TAG_LEN..=MAX_PLAINTEXT).contains(&datagram.len()) {
            cold_path();
            return None;
        }
        let (head, body) = datagram.split_first_chunk_mut::<{ RecordHeader::LEN }>()?;
        let (explicit, sealed) = body.split_at_mut_checked(EXPLICIT)?;
        let first = *head.first_chunk()?;
        let &mut [_, _, _, number @ .., l0, l1] = head;
        let expected = RecordHeader {
            content_type: ContentType::APPLICATION_DATA,
            version: ProtocolVersion::DTLS1_2,
            epoch: self.epoch,
            sequence: self.window.next(),
            length: u16::from_be_bytes([l0, l1]),
        };
        let number = u64::from_be_bytes(number);
        // The first byte of the epoch goes with type and version: one comparison less.
        if u32::from_be_bytes(first) != DATA_V12
            || number != expected.number()
            || usize::from(expected.length) != EXPLICIT + sealed.len()
        {
            cold_path();
            return None;
        }
        let number = explicit.first_chunk().map_or(number, |explicit| u64::from_be_bytes(*explicit));
        let Ok(len) = protection.open_numbered(number, &expected, &[], sealed) else {
            return Some(Usual::Other(Opened::Forged));
        };
        self.window.accept_next();
        let start = RecordHeader::LEN + EXPLICIT;
        Some(Usual::Data(start..start + len))
    }
}

/// Type and version of data, and the first byte of its epoch, which in DTLS 1.2 is 1: there is no other with keys.
const DATA_V12: u32 = u32::from_be_bytes([ContentType::APPLICATION_DATA.0, 0xfe, 0xfd, 0]);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use alloc::vec::Vec;
    use siskin_crypto::AeadAlgorithm;

    /// Whatever comes: in order or not, again, cut, with what is not its own behind it, or damaged.
    #[test]
    fn a_usual_record_fares_as_any_other() {
        let provider = siskin_crypto::rustcrypto();
        let v13 =
            || Protection::v13(&provider, AeadAlgorithm::Aes128Gcm, &[1; 16], &[2; 12], &[3; 16]).unwrap();
        let v12 = |aead: AeadAlgorithm| {
            let iv = &[2; 12][..Protection::iv_len_v12(aead)];
            Protection::v12(&provider, aead, &[1; 32][..aead.key_len()], iv).unwrap()
        };
        let kinds: [(u16, &dyn Fn() -> Protection); 3] = [
            (3, &v13),
            (1, &|| v12(AeadAlgorithm::Aes128Gcm)),
            (1, &|| v12(AeadAlgorithm::ChaCha20Poly1305)),
        ];
        for (kind, (epoch, protection)) in kinds.into_iter().enumerate() {
            let [mut usual, mut any] = [0; 2].map(|_| {
                let mut records = Records::new(u64::MAX, 400);
                records.add_reading(epoch, protection());
                records
            });
            let mut writing = Records::new(u64::MAX, u64::MAX);
            writing.add_writing(epoch, protection());
            let mut rng = siskin_base::Rng::for_tests(kind as u64);
            let mut sent: Vec<Vec<u8>> = vec![];
            let mut told = [0; 4];
            for n in 0..4000 {
                let content_type = ContentType([23, 23, 23, 23, 22, 21][rng.below(6) as usize]);
                let mut out = siskin_base::Packet::new();
                let payload = &[n as u8; 40][..rng.below(41) as usize];
                writing.append(epoch, content_type, ProtocolVersion::DTLS1_2, &[payload], &mut out).unwrap();
                sent.push(out.current().to_vec());
                let mut datagram = match rng.below(8) {
                    0 => sent[rng.below(sent.len() as u64) as usize].clone(),
                    1 => continue,
                    _ => sent.last().unwrap().clone(),
                };
                match rng.below(10) {
                    0 => {
                        let at = rng.below(datagram.len() as u64) as usize;
                        datagram[at] ^= 1 << rng.below(8);
                    }
                    1 => datagram.truncate(rng.below(datagram.len() as u64) as usize),
                    2 => datagram.push(0),
                    _ => {}
                }
                let mut other = datagram.clone();
                let before = datagram.clone();
                let frame = any.frame(&other);
                match (usual.open_usual(&mut datagram), frame) {
                    (None, frame) => {
                        assert_eq!(datagram, before, "{kind} {n}");
                        let [one, two] = [&mut usual, &mut any].map(|records| {
                            let mut bytes = before.clone();
                            frame.map(|frame| records.open(&frame, &mut bytes[..frame.len()]))
                        });
                        assert_eq!(one, two, "{kind} {n}");
                        told[0] += 1;
                    }
                    (Some(opened), frame) => {
                        let general = any.open(&frame.unwrap(), &mut other);
                        told[match (opened, general) {
                            (Ok(Usual::Data(data)), Ok(Opened::Plain { content_type, content, .. })) => {
                                assert_eq!((23, &data), (content_type.0, &content));
                                assert_eq!(datagram[data], other[content]);
                                1
                            }
                            (Ok(Usual::Other(one)), Ok(other)) => {
                                assert_eq!(one, other, "{kind} {n}");
                                if one == Opened::Replayed { 2 } else { 3 }
                            }
                            (one, other) => {
                                assert_eq!(one.err().unwrap(), other.unwrap_err(), "{kind} {n}");
                                3
                            }
                        }] += 1;
                    }
                }
                let [one, two] = [&usual, &any].map(|records| format!("{:?}", records.reading.newest.window));
                assert_eq!(one, two, "{kind} {n}");
            }
            // DTLS 1.2 asks whether a number came before it opens anything.
            assert!(
                told[0] > 300 && told[1] > 800 && (told[2] > 100) == (epoch == 3) && told[3] > 50,
                "{told:?}"
            );
        }
    }
}
