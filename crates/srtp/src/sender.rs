//! What we send.

use crate::extensions::Ids;
use crate::key_set::{ActiveKey, Kind, MAX_MKI};
use crate::replay::Window;
use crate::shape::{Shape, add_empty_extension, set_profile};
use crate::streams::Streams;
use crate::transform::{ENCRYPTED, RTCP_HEADER};
use crate::{Config, Event, Key, Misuse, Refused, SenderStats, Suite};
use alloc::collections::VecDeque;
use core::fmt;
use siskin_base::Packet;
use siskin_crypto::Provider;

/// The context for what we send: any number of streams, with one key at a time.
pub struct Sender {
    provider: Provider,
    suite: Suite,
    config: Config,
    encrypted_extensions: Ids,
    key: ActiveKey,
    streams: Streams<Stream>,
    events: VecDeque<Event>,
    stats: SenderStats,
}

/// One of our streams.
struct Stream {
    /// Which indices were protected.
    sent: Window,
    /// RTCP's next index, RFC 3711 §3.4.
    rtcp: u32,
}

impl Sender {
    /// The most that protection adds to a packet, in bytes: what to leave free behind it.
    pub const MAX_OVERHEAD: usize = 4 + 4 + MAX_MKI + 16;

    /// A context that sends with `key`. [`Misuse`] if `key` does not fit `suite`.
    pub fn new(provider: &Provider, suite: Suite, key: &Key, config: &Config) -> Result<Self, Misuse> {
        Ok(Self {
            provider: *provider,
            suite,
            encrypted_extensions: Ids::new(&config.encrypted_extensions),
            key: ActiveKey::new(provider, suite, key, config)?,
            streams: Streams::new(config.max_streams, &key.session.rtp.salt),
            events: VecDeque::new(),
            stats: SenderStats::default(),
            config: config.clone(),
        })
    }

    /// Sends with another key from now on. Streams, rollover counters and RTCP indices go on (RFC 3711 §3.3.1).
    pub fn rekey(&mut self, key: &Key) -> Result<(), Misuse> {
        self.key = ActiveKey::new(&self.provider, self.suite, key, &self.config)?;
        Ok(())
    }

    /// Turns cryptex on or off, as the description now says.
    pub fn set_cryptex(&mut self, cryptex: crate::Cryptex) {
        self.config.cryptex = cryptex;
    }

    /// Protects the RTP packet that is being written in `packet`. If it is refused, nothing is being written any more.
    pub fn protect_rtp(&mut self, packet: &mut Packet) -> Result<(), Refused> {
        self.in_packet(packet, Self::protect_rtp_in)
    }

    /// Protects the compound RTCP packet that is being written in `packet`. If it is refused, nothing is being written
    /// any more.
    pub fn protect_rtcp(&mut self, packet: &mut Packet) -> Result<(), Refused> {
        self.in_packet(packet, Self::protect_rtcp_in)
    }

    /// Protects the RTP packet in the first `len` bytes of `buffer` where it is, and gives its new length: at most
    /// [`MAX_OVERHEAD`](Self::MAX_OVERHEAD) more. If it is refused, what is in `buffer` must not be sent.
    #[inline]
    pub fn protect_rtp_in(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, Refused> {
        let result = self.rtp(buffer, len);
        match result {
            Ok(_) => self.stats.rtp += 1,
            Err(refused) => self.stats.refused(refused),
        }
        result
    }

    /// The same for a compound RTCP packet.
    #[inline]
    pub fn protect_rtcp_in(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, Refused> {
        let result = self.rtcp(buffer, len);
        match result {
            Ok(_) => self.stats.rtcp += 1,
            Err(refused) => self.stats.refused(refused),
        }
        result
    }

    /// What there is to know of keys.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What was counted.
    pub const fn stats(&self) -> SenderStats {
        self.stats
    }

    /// Streams that are known.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The rollover counter of a stream's newest packet, for whoever joins (RFC 3711 §3.3.1).
    pub fn rollover_counter(&mut self, ssrc: u32) -> Option<u32> {
        let number = self.streams.find(ssrc)?;
        self.streams.get_mut(number)?.sent.rollovers()
    }

    #[inline]
    fn rtp(&mut self, buffer: &mut [u8], mut len: usize) -> Result<usize, Refused> {
        if len > MAX_PACKET {
            return Err(Refused::TooLong);
        }
        let mut shape = Shape::of(buffer.get(..len).ok_or(Refused::NoRoom)?)?;
        let number = self.stream(shape.ssrc)?;
        let stream = self.streams.get_mut(number).ok_or(Refused::Failed)?;
        let index = stream.sent.estimate(shape.sequence_number);
        stream.sent.check(index).map_err(|_| Refused::Repeated)?;
        if self.key.is_used_up() || index >> 48 != 0 {
            return Err(Refused::KeyUsedUp);
        }

        let cryptex = if self.config.cryptex_on() { shape.cryptex_to_send() } else { None };
        let empty_extension = cryptex.is_some() && shape.profile.is_none();
        let added = if empty_extension { 4 } else { 0 } + self.key.mki.len() + self.suite.rtp_tag_len();
        if buffer.len() - len < added {
            return Err(Refused::NoRoom);
        }
        if empty_extension {
            add_empty_extension(buffer, len, &mut shape);
            len += 4;
        }
        if let Some(profile) = cryptex {
            set_profile(buffer, shape, profile);
        } else if shape.profile.is_some() && !self.encrypted_extensions.is_empty() {
            self.key.transform.extensions(buffer, shape, index, self.encrypted_extensions);
        }
        let key = &self.key;
        let sealed = key.transform.seal_rtp(buffer, len, shape, index, cryptex.is_some(), &key.mki);
        let sealed = sealed.map_err(|_| Refused::Failed)?;
        stream.sent.record(index);
        self.key.count(Kind::Rtp, &mut self.events);
        Ok(sealed)
    }

    fn rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, Refused> {
        if len > MAX_PACKET {
            return Err(Refused::TooLong);
        }
        let packet = buffer.get(..len).ok_or(Refused::NoRoom)?;
        let ssrc = rtcp_ssrc(packet).ok_or(Refused::NotRtcp)?;
        let number = self.stream(ssrc)?;
        let stream = self.streams.get_mut(number).ok_or(Refused::Failed)?;
        if self.key.is_used_up() || stream.rtcp & ENCRYPTED != 0 {
            return Err(Refused::KeyUsedUp);
        }
        if buffer.len() - len < 4 + self.key.mki.len() + self.suite.rtcp_tag_len() {
            return Err(Refused::NoRoom);
        }
        // RFC 3711 §3.4: the index modulo 2^31: not done, because no stream sends so many reports; it stops there.
        let word = if self.config.encrypt_rtcp { stream.rtcp | ENCRYPTED } else { stream.rtcp };
        let sealed = self.key.transform.seal_rtcp(buffer, len, ssrc, word, &self.key.mki);
        let sealed = sealed.map_err(|_| Refused::Failed)?;
        stream.rtcp += 1;
        self.key.count(Kind::Rtcp, &mut self.events);
        Ok(sealed)
    }

    /// The stream with that SSRC, a new one if need be.
    #[inline]
    fn stream(&mut self, ssrc: u32) -> Result<usize, Refused> {
        if let Some(number) = self.streams.find(ssrc) {
            return Ok(number);
        }
        if self.streams.is_full() {
            return Err(Refused::TooManyStreams);
        }
        Ok(self.streams.insert(ssrc, Stream { sent: Window::new(self.config.rtp_window), rtcp: 0 }))
    }

    fn in_packet(
        &mut self,
        packet: &mut Packet,
        protect: fn(&mut Self, &mut [u8], usize) -> Result<usize, Refused>,
    ) -> Result<(), Refused> {
        let len = packet.current().len();
        packet.append(&[0; Self::MAX_OVERHEAD]);
        let result = protect(self, packet.current_mut(), len);
        match result {
            Ok(protected) => packet.truncate(protected),
            Err(_) => packet.cancel(),
        }
        result.map(drop)
    }
}

/// The longest packet that UDP carries, which is far from the 2^16 blocks of keystream that one may take (RFC 3711 §4.1.1).
const MAX_PACKET: usize = 65_535;

/// The SSRC of the sender of a compound packet; `None` if it is none.
pub(crate) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let (header, _) = packet.split_first_chunk::<RTCP_HEADER>()?;
    let [first, _, _, _, ssrc @ ..] = header;
    (first >> 6 == 2).then_some(u32::from_be_bytes(*ssrc))
}

/// Shows no keys.
impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({:?}, {} streams)", self.suite, self.streams.len())
    }
}
