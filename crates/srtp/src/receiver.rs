//! What the peer sends.

use crate::extensions::Ids;
use crate::key_set::{ActiveKey, Kind};
use crate::replay::Window;
use crate::sender::rtcp_ssrc;
use crate::shape::{Shape, set_profile};
use crate::streams::Streams;
use crate::transform::{ENCRYPTED, RTCP_HEADER};
use crate::{Config, Cryptex, Dropped, Event, Key, Misuse, ReceiverStats, Suite};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use siskin_crypto::Provider;

/// The context for what the peer sends: any number of streams, with one key or several that packets name.
pub struct Receiver {
    provider: Provider,
    suite: Suite,
    config: Config,
    encrypted_extensions: Ids,
    keys: Vec<ActiveKey>,
    streams: Streams<Stream>,
    events: VecDeque<Event>,
    stats: ReceiverStats,
}

/// One of the peer's streams; it is known because a packet of it was authentic, or because our owner said so.
struct Stream {
    rtp: Window,
    rtcp: Window,
}

impl Receiver {
    /// Keys that a context holds at most.
    pub const MAX_KEYS: usize = 8;

    /// A context that takes packets under any of `keys`, whose identifiers all have one length, which is 0 for a single
    /// key that packets do not name. [`Misuse`] if they do not fit `suite`, or each other.
    pub fn new(provider: &Provider, suite: Suite, keys: &[Key], config: &Config) -> Result<Self, Misuse> {
        let secret = keys.first().map_or(&[][..], |key| &key.session.rtp.salt);
        let mut context = Self {
            provider: *provider,
            suite,
            encrypted_extensions: Ids::new(&config.encrypted_extensions),
            keys: Vec::new(),
            streams: Streams::new(config.max_streams, secret),
            events: VecDeque::new(),
            stats: ReceiverStats::default(),
            config: config.clone(),
        };
        keys.iter().try_for_each(|key| context.add_key(key))?;
        if context.keys.is_empty() { Err(Misuse::WrongNumberOfKeys) } else { Ok(context) }
    }

    /// Takes packets under this key as well.
    pub fn add_key(&mut self, key: &Key) -> Result<(), Misuse> {
        if self.keys.len() >= Self::MAX_KEYS {
            return Err(Misuse::WrongNumberOfKeys);
        }
        for other in &self.keys {
            if other.mki.len() != key.mki.len() {
                return Err(Misuse::WrongMkiLength);
            }
            if other.mki == key.mki {
                return Err(Misuse::DuplicateMki);
            }
        }
        self.keys.push(ActiveKey::new(&self.provider, self.suite, key, &self.config)?);
        Ok(())
    }

    /// Takes no more packets under the key with this identifier; false if there is none, or no other.
    pub fn remove_key(&mut self, mki: &[u8]) -> bool {
        let before = self.keys.len();
        if before > 1 {
            self.keys.retain(|key| key.mki != mki);
        }
        self.keys.len() < before
    }

    /// Turns cryptex on or off, as the description now says.
    pub fn set_cryptex(&mut self, cryptex: Cryptex) {
        self.config.cryptex = cryptex;
    }

    /// Says what the rollover counter of a stream is that began before we came (RFC 3711 §3.3.1). False if packets of it
    /// were received already, or if there are too many streams.
    pub fn set_rollover_counter(&mut self, ssrc: u32, rollovers: u32) -> bool {
        let number = match self.streams.find(ssrc) {
            Some(number) => number,
            None if self.streams.is_full() => return false,
            None => self.streams.insert(ssrc, Stream::new(&self.config)),
        };
        self.streams.get_mut(number).is_some_and(|stream| stream.rtp.start_at(rollovers))
    }

    /// Forgets a stream that has ended, so that others find room. Packets of it that an attacker has kept could come in
    /// again, as from a new stream.
    pub fn remove_stream(&mut self, ssrc: u32) -> bool {
        self.streams.remove(ssrc).is_some()
    }

    /// Unprotects an SRTP packet where it is, and gives the length of the RTP packet at its start.
    #[inline]
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let result = self.rtp(packet);
        match result {
            Ok(_) => self.stats.rtp += 1,
            Err(dropped) => self.stats.dropped(dropped),
        }
        result
    }

    /// Unprotects an SRTCP packet where it is, and gives the length of the compound RTCP packet at its start.
    #[inline]
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let result = self.rtcp(packet);
        match result {
            Ok(_) => self.stats.rtcp += 1,
            Err(dropped) => self.stats.dropped(dropped),
        }
        result
    }

    /// What there is to know of keys.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What was counted.
    pub const fn stats(&self) -> ReceiverStats {
        self.stats
    }

    /// Streams that are known.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    #[inline]
    fn rtp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let shape = Shape::of(packet)?;
        let key = self.key_of(packet, Suite::rtp_tag_len)?;
        let ActiveKey { transform, mki, .. } = key_mut(&mut self.keys, key)?;
        let mki_len = mki.len();
        if packet.len() < shape.payload + transform.rtp_tag_len() + mki_len {
            return Err(Dropped::Malformed);
        }
        let cryptex = shape.cryptex_received(self.config.cryptex);
        let bare = shape.profile.is_some() || shape.csrcs > 0;
        let needs_cryptex = self.config.cryptex == Cryptex::Required && bare;
        if needs_cryptex && cryptex.is_none() {
            return Err(Dropped::NotCryptex);
        }

        let is_full = self.streams.is_full();
        let stream = self.streams.find_mut(shape.ssrc);
        let index = match &stream {
            Some(stream) => {
                let index = stream.rtp.estimate(shape.sequence_number);
                stream.rtp.check(index)?;
                index
            }
            None if is_full => return Err(Dropped::TooManyStreams),
            None => shape.sequence_number.into(),
        };
        let key = key_mut(&mut self.keys, key)?;
        if key.is_used_up() || index >> 48 != 0 {
            return Err(Dropped::KeyUsedUp);
        }
        let opened = key.transform.open_rtp(packet, shape, index, cryptex.is_some(), mki_len);
        let len = opened.map_err(|_| Dropped::NotAuthentic)?;
        if let Some(profile) = cryptex {
            set_profile(packet, shape, profile);
        } else if shape.profile.is_some() && !self.encrypted_extensions.is_empty() {
            key.transform.extensions(packet, shape, index, self.encrypted_extensions);
        }
        key.count(Kind::Rtp, &mut self.events);
        match stream {
            Some(stream) => stream.rtp.record(index),
            None => self.begin(shape.ssrc, |stream| stream.rtp.record(index)),
        }
        Ok(len)
    }

    fn rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let ssrc = rtcp_ssrc(packet).ok_or(Dropped::Malformed)?;
        let tag_len = self.suite.rtcp_tag_len();
        let key = self.key_of(packet, Suite::rtcp_tag_len)?;
        let mki_len = key_mut(&mut self.keys, key)?.mki.len();
        // RFC 3711 §3.4: index, identifier, tag; RFC 7714 §9.2: tag, index, identifier.
        let behind_index = mki_len + if self.suite.is_aead() { 0 } else { tag_len };
        let word = packet.len().checked_sub(behind_index).and_then(|end| packet.get(..end)?.last_chunk());
        let word = u32::from_be_bytes(*word.ok_or(Dropped::Malformed)?);
        if packet.len() < RTCP_HEADER + 4 + tag_len + mki_len {
            return Err(Dropped::Malformed);
        }

        let index = u64::from(word & !ENCRYPTED);
        let is_full = self.streams.is_full();
        let stream = self.streams.find_mut(ssrc);
        match &stream {
            Some(stream) => stream.rtcp.check(index)?,
            None if is_full => return Err(Dropped::TooManyStreams),
            None => {}
        }
        let key = key_mut(&mut self.keys, key)?;
        if key.is_used_up() {
            return Err(Dropped::KeyUsedUp);
        }
        let opened = key.transform.open_rtcp(packet, ssrc, word, mki_len);
        let len = opened.map_err(|_| Dropped::NotAuthentic)?;
        key.count(Kind::Rtcp, &mut self.events);
        match stream {
            Some(stream) => stream.rtcp.record(index),
            None => self.begin(ssrc, |stream| stream.rtcp.record(index)),
        }
        Ok(len)
    }

    /// The number of the key that a packet names.
    #[inline]
    fn key_of(&self, packet: &[u8], tag_len: fn(Suite) -> usize) -> Result<usize, Dropped> {
        match &self.keys[..] {
            [key] if key.mki.is_empty() => Ok(0),
            _ => self.named_key(packet, tag_len),
        }
    }

    #[inline(never)]
    fn named_key(&self, packet: &[u8], tag_len: fn(Suite) -> usize) -> Result<usize, Dropped> {
        // RFC 3711 §3.1: identifier, then tag; RFC 7714 §8.2: the tag is part of the ciphertext.
        let from_end = if self.suite.is_aead() { 0 } else { tag_len(self.suite) };
        let end = packet.len().checked_sub(from_end).ok_or(Dropped::Malformed)?;
        let before = packet.get(..end).ok_or(Dropped::Malformed)?;
        self.keys.iter().position(|key| before.ends_with(&key.mki)).ok_or(Dropped::UnknownKey)
    }

    /// Keeps the state of a stream whose first packet was authentic.
    #[cold]
    fn begin(&mut self, ssrc: u32, first: impl FnOnce(&mut Stream)) {
        let mut stream = Stream::new(&self.config);
        first(&mut stream);
        self.streams.insert(ssrc, stream);
    }
}

impl Stream {
    fn new(config: &Config) -> Self {
        Self { rtp: Window::new(config.rtp_window), rtcp: Window::new(config.rtcp_window) }
    }
}

#[inline]
fn key_mut(keys: &mut [ActiveKey], number: usize) -> Result<&mut ActiveKey, Dropped> {
    keys.get_mut(number).ok_or(Dropped::UnknownKey)
}

/// Shows no keys.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, streams) = (self.keys.len(), self.streams.len());
        write!(f, "Receiver({:?}, {keys} keys, {streams} streams)", self.suite)
    }
}
