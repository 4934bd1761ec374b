//! Opus in Ogg (RFC 7845, RFC 3533); pages are the `ogg` crate's.

use crate::parameters::Described;
use crate::{Codec, Error, Frame, Limits, Track};
use ::ogg::{OggReadError, PacketReader, PacketWriteEndInfo, PacketWriter};
use core::time::Duration;
use siskin_rtp::payload::opus;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const SIGNATURE: [u8; 4] = *b"OggS";
/// Bytes that may be read before a packet is whole, beyond the packet itself: headers, and pages of other streams.
const SLACK: u64 = 1 << 20;
/// The stream's serial number in what we write.
const SERIAL: u32 = 1;
/// A page ends when it has a second in it (RFC 7845 §6 asks for no more).
const PAGE: u64 = 48_000;
/// Longer gaps are not filled: 60 s.
const MOST_GAP: u64 = 60 * 48_000;

/// Reads on only as far as it is told, so that a packet without an end cannot fill the memory.
struct Leash<R> {
    file: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Leash<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("an Ogg packet without an end"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.store(left - read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Seek> Seek for Leash<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Reads the first Opus stream.
pub(crate) struct Reader<R: Read + Seek> {
    packets: PacketReader<Leash<R>>,
    left: Arc<AtomicU64>,
    pub(crate) tracks: Vec<Track>,
    limits: Limits,
    serial: u32,
    /// Other streams' serial numbers.
    others: Vec<u32>,
    /// Samples so far.
    time: u64,
}

impl<R: Read + Seek> core::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader")
            .field("tracks", &self.tracks)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn open(file: R, limits: Limits) -> Result<Self, Error> {
        let left = Arc::new(AtomicU64::new(0));
        let mut reader = Self {
            packets: PacketReader::new(Leash { file, left: Arc::clone(&left) }),
            left,
            tracks: Vec::new(),
            limits,
            serial: 0,
            others: Vec::new(),
            time: 0,
        };
        while let Some((serial, packet)) = reader.packet()? {
            if let Some(channels) = channels(&packet) {
                reader.serial = serial;
                reader.tracks.push(Track { channels, ..Track::new(Codec::Opus) });
                // RFC 7845 §5.2: the comments follow.
                while reader.packet()?.is_some_and(|(serial, _)| serial != reader.serial) {}
                break;
            }
        }
        Ok(reader)
    }

    pub(crate) fn next_frame(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        while let Some((serial, packet)) = self.packet()? {
            if serial != self.serial {
                continue;
            }
            let Some(samples) = opus::duration(&packet) else { continue };
            frame.track = 0;
            frame.time = Codec::Opus.from_rtp_time(self.time);
            frame.duration = Some(Codec::Opus.from_rtp_time(samples.into()));
            frame.key_frame = true;
            frame.data = packet;
            self.time += u64::from(samples);
            return Ok(true);
        }
        Ok(false)
    }

    fn packet(&mut self) -> Result<Option<(u32, Vec<u8>)>, Error> {
        self.left.store(self.limits.max_frame as u64 + SLACK, Ordering::Relaxed);
        let packet = match self.packets.read_packet() {
            Ok(packet) => packet,
            Err(OggReadError::ReadError(error)) => {
                let leash = self.left.load(Ordering::Relaxed) == 0;
                return Err(if leash { Error::TooLarge("an Ogg packet") } else { error.into() });
            }
            Err(OggReadError::HashMismatch(..)) => return Err(Error::Malformed("Ogg: a page's checksum")),
            Err(_) => return Err(Error::Malformed("Ogg: a page")),
        };
        let Some(packet) = packet else { return Ok(None) };
        let serial = packet.stream_serial();
        if !self.others.contains(&serial) {
            if self.others.len() >= self.limits.max_tracks {
                return Err(Error::TooLarge("the number of tracks"));
            }
            self.others.push(serial);
        }
        Ok(Some((serial, packet.data)))
    }
}

/// From an identification header (RFC 7845 §5.1) of a version that we can read, with at most two channels: WebRTC knows no
/// others.
fn channels(packet: &[u8]) -> Option<u8> {
    match packet.strip_prefix(b"OpusHead")? {
        [version, channels @ 1..=2, ..] if version >> 4 == 0 && packet.len() >= 19 => Some(*channels),
        _ => None,
    }
}

/// Writes one Opus stream without gaps: what did not arrive is filled with packets that ask for concealment (RFC 7845 §4.1).
pub(crate) struct Writer<W: Write> {
    packets: PacketWriter<'static, W>,
    /// The time of the first packet, in samples.
    start: Option<u64>,
    /// Samples so far.
    written: u64,
    /// Samples that were in full pages.
    paged: u64,
    /// The last packet waits, because the end must be marked on it.
    waiting: Option<Vec<u8>>,
}

impl<W: Write> core::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Writer").field("written", &self.written).finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Writer<W> {
    pub(crate) fn create(file: W, described: &Described) -> Result<Self, Error> {
        let mut packets = PacketWriter::new(file);
        packets.write_packet(described.record.clone(), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        let vendor = b"Siskin";
        let mut comments = b"OpusTags".to_vec();
        comments.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
        comments.extend_from_slice(vendor);
        comments.extend_from_slice(&0u32.to_le_bytes());
        packets.write_packet(comments, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        Ok(Self { packets, start: None, written: 0, paged: 0, waiting: None })
    }

    pub(crate) fn write(&mut self, frame: &Frame) -> Result<(), Error> {
        let Some(samples) = opus::duration(&frame.data) else { return Ok(()) };
        let time = samples_of(frame.time);
        let start = *self.start.get_or_insert(time);
        let gap = time.saturating_sub(start).saturating_sub(self.written);
        if let Some(toc) = frame.data.first().filter(|_| gap >= u64::from(samples) && gap <= MOST_GAP) {
            // A frame without a byte, of the same length as those in this packet: it was lost.
            let lost = [toc & !0x03];
            let step = opus::duration(&lost).unwrap_or(samples).into();
            for _ in 0..gap / step {
                self.put(lost.to_vec(), step)?;
            }
        } else if gap > MOST_GAP {
            // The silence is left out.
            self.start = Some(time.saturating_sub(self.written));
        }
        self.put(frame.data.clone(), samples.into())
    }

    fn put(&mut self, packet: Vec<u8>, samples: u64) -> Result<(), Error> {
        if let Some(before) = self.waiting.replace(packet) {
            let full = self.written - self.paged >= PAGE;
            let end = if full { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            if full {
                self.paged = self.written;
            }
            self.packets.write_packet(before, SERIAL, end, self.written)?;
        }
        self.written += samples;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, Error> {
        if let Some(last) = self.waiting.take() {
            self.packets.write_packet(last, SERIAL, PacketWriteEndInfo::EndStream, self.written)?;
        }
        let mut file = self.packets.into_inner();
        file.flush()?;
        Ok(file)
    }
}

fn samples_of(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() * 48_000 / 1_000_000_000).unwrap_or(u64::MAX)
}
