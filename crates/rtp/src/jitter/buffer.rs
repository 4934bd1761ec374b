//! What is complete, what is due, and what is given up.

use super::delay::Delay;
use super::window::{PLACE, Slot, Window};
use super::{Inserted, JitterConfig, JitterStats};
use crate::payload::{Format, FrameInfo};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, serial};

/// Puts the packets of one stream in order, and gives out its frames when it is time for them.
///
/// Packets go in with the extended sequence number that the session gave them. Frames come out in order, each when the
/// delay that the network asks for has passed; what is missing then is waited for as long as the configuration says, and
/// given up. Nothing here waits for ever: no frame is kept longer than the greatest delay and the patience together.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    window: Window,
    delay: Delay,
    /// Whether anything was given out or given up: from then on nothing older comes.
    started: bool,
    /// Something is lost, or nothing was decoded yet.
    needs_key: bool,
    key_asked: Option<Instant>,
    timestamp: Option<u64>,
    stats: JitterStats,
    events: VecDeque<JitterEvent>,
}

/// What the buffer wants the session to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JitterEvent {
    /// Nothing can be given out without a key frame: time for a PLI.
    KeyFrameNeeded,
    /// Packets before this one are no longer awaited: asking for them again is of no use.
    GaveUpBefore(u64),
}

/// A frame that was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its timestamp, extended.
    pub timestamp: u64,
    /// The payload type of its first packet.
    pub payload_type: u8,
    /// What it says about itself.
    pub info: FrameInfo,
    /// The number of its first packet.
    pub first: u64,
    /// How many packets it came in.
    pub packets: usize,
    /// When its first packet arrived.
    pub first_arrived: Instant,
    /// When its last packet arrived.
    pub completed: Instant,
    /// Packets that were given up between the frame before and this one.
    pub skipped: u64,
}

/// A frame in the window, complete or not.
struct Candidate {
    /// Where it begins.
    at: usize,
    /// How many packets it has; 0 if it is not complete.
    packets: usize,
}

/// Events that wait at once at most; each kind is there once.
const MOST_EVENTS: usize = 8;

impl JitterBuffer {
    /// Nothing has come yet.
    pub const fn new(config: JitterConfig) -> Self {
        Self {
            window: Window::new(),
            delay: Delay::new(config.clock_rate),
            started: false,
            needs_key: config.wait_for_key_frame,
            key_asked: None,
            timestamp: None,
            stats: ZERO,
            events: VecDeque::new(),
            config,
        }
    }

    /// Counters.
    pub const fn stats(&self) -> JitterStats {
        self.stats
    }

    /// The delay that is aimed at now.
    pub fn target(&self) -> Duration {
        self.delay.needed().clamp(self.config.min_delay.min(self.config.max_delay), self.config.max_delay)
    }

    /// Packets that wait or are awaited.
    pub fn len(&self) -> usize {
        self.window.len()
    }

    /// Bytes of payload that wait.
    pub const fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// All that is held, in bytes: payload, the places of packets, and memory that is kept to be used again.
    pub fn held(&self) -> usize {
        self.window.held() + self.window.spare()
    }

    /// Gives back the memory that is kept to be used again.
    pub fn release_spare(&mut self) {
        self.window.release();
        self.window.shrink();
    }

    /// Lets less, or again more, wait than the configuration says: for a limit that several streams share. It counts from the
    /// next packet on.
    pub const fn set_max_bytes(&mut self, max_bytes: usize) {
        self.config.max_bytes = max_bytes;
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Sets bounds for the delay: the application's, or those of the playout-delay extension.
    pub fn set_delay(&mut self, min: Duration, max: Duration) {
        self.config.min_delay = min;
        self.config.max_delay = max.max(min);
    }

    /// Takes a packet: its extended sequence number, its timestamp, payload type and marker, and its payload.
    pub fn insert(
        &mut self,
        arrived: Instant,
        sequence: u64,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        payload: &[u8],
    ) -> Inserted {
        let Ok(info) = self.config.format.inspect(payload) else {
            self.stats.malformed += 1;
            return Inserted::Malformed;
        };
        if payload.len() + PLACE > self.config.max_bytes {
            self.stats.packets_discarded += 1;
            return Inserted::TooLarge;
        }
        if self.window.is_empty() && !self.started {
            self.window.first = sequence;
        }
        if sequence < self.window.first && !self.make_room_in_front(sequence, payload.len()) {
            self.stats.packets_discarded += 1;
            return Inserted::TooLate;
        }
        let capacity = self.config.max_packets.max(1) as u64;
        if sequence - self.window.first >= capacity {
            let newest = self.window.first + self.window.len() as u64;
            // Far ahead of everything the stream begins anew; else the oldest make room.
            let anew = sequence - newest >= capacity;
            self.drop_before(if anew { sequence } else { sequence - capacity + 1 });
        }
        let index = (sequence - self.window.first) as usize;
        if self.window.get(index).is_some() {
            self.stats.packets_duplicated += 1;
            return Inserted::Duplicate;
        }
        while self.exceeds(sequence, payload.len()) {
            if self.window.spare() > 0 {
                self.window.release();
                continue;
            }
            if self.window.first == sequence {
                // What waits behind it needs all the room.
                self.stats.packets_discarded += 1;
                return Inserted::TooLarge;
            }
            self.drop_before(self.window.first + 1);
        }
        let timestamp = serial::widen(
            timestamp.into(),
            32,
            self.timestamp.unwrap_or_else(|| 1 << 32 | u64::from(timestamp)),
        );
        self.timestamp = Some(self.timestamp.map_or(timestamp, |newest| newest.max(timestamp)));
        let payload = self.window.buffer(payload);
        // The window may have moved.
        let index = (sequence - self.window.first) as usize;
        self.window.put(index, Slot { timestamp, payload_type, marker, arrived, info, payload });
        self.observe(index, arrived);
        Inserted::Stored
    }

    /// Whether more would wait than may, with that packet, which is not before the first.
    fn exceeds(&self, sequence: u64, len: usize) -> bool {
        let places = (sequence - self.window.first + 1).saturating_sub(self.window.len() as u64) as usize;
        self.held() + places * PLACE + len > self.config.max_bytes
    }

    /// At the very beginning an older packet may still come.
    fn make_room_in_front(&mut self, sequence: u64, len: usize) -> bool {
        let missing = self.window.first - sequence;
        let fits = !self.started
            && missing + self.window.len() as u64 <= self.config.max_packets as u64
            && self.held() + missing as usize * PLACE + len <= self.config.max_bytes;
        if fits {
            self.window.extend_front(missing);
        }
        fits
    }

    /// Gives up everything before `sequence`.
    fn drop_before(&mut self, sequence: u64) {
        self.started = true;
        while self.window.first < sequence {
            if self.window.is_empty() {
                self.stats.packets_skipped += sequence - self.window.first;
                self.window.first = sequence;
                break;
            }
            match self.window.pop() {
                Some(slot) => {
                    self.stats.packets_discarded += 1;
                    self.stats.frames_dropped +=
                        u64::from(slot.marker || self.config.format == Format::Whole);
                    self.window.recycle(slot);
                }
                None => self.stats.packets_skipped += 1,
            }
        }
        self.lost();
    }

    /// Something is missing for good.
    fn lost(&mut self) {
        self.needs_key |= self.config.wait_for_key_frame;
        let first = self.window.first;
        self.events.retain(|event| !matches!(event, JitterEvent::GaveUpBefore(_)));
        self.event(JitterEvent::GaveUpBefore(first));
    }

    fn event(&mut self, event: JitterEvent) {
        if self.events.len() < MOST_EVENTS && !self.events.contains(&event) {
            self.events.push_back(event);
        }
    }

    /// If the packet at `index` completes its frame, the delay estimator learns how long that took. A packet that was sent
    /// again must not make it wait for ever: its lateness counts like any other.
    fn observe(&mut self, index: usize, arrived: Instant) {
        let Some(slot) = self.window.get(index) else { return };
        let timestamp = slot.timestamp;
        if self.config.format != Format::Whole && !slot.marker {
            // Without its last packet the frame is not complete; if only another was missing, the marker told already.
            return;
        }
        if self.delay.observe(arrived, timestamp) {
            self.stats.clock_resets += 1;
        }
    }

    /// How many packets the frame that begins at `at` has, or how many of them are there in a row if one is missing.
    fn measure(&self, at: usize) -> Result<usize, usize> {
        let Some(first) = self.window.get(at) else { return Err(0) };
        if self.config.format == Format::Whole {
            return Ok(1);
        }
        for (count, slot) in self.window.iter().skip(at).enumerate() {
            match slot {
                None => return Err(count),
                // Some senders do not set the marker.
                Some(slot) if slot.timestamp != first.timestamp => return Ok(count),
                Some(slot) if slot.marker => return Ok(count + 1),
                Some(_) => {}
            }
        }
        Err(self.window.len() - at)
    }

    /// Whether a frame can begin at `at`: the packet says so, or the one before belongs to another.
    fn can_begin(&self, at: usize) -> bool {
        let Some(slot) = self.window.get(at) else { return false };
        if let Some(starts) = slot.info.starts_frame {
            return starts;
        }
        let before = at.checked_sub(1).and_then(|before| self.window.get(before));
        match before {
            Some(before) => before.marker || before.timestamp != slot.timestamp,
            // Directly behind what was given out.
            None => at == 0 && !self.needs_key || slot.info.key_frame,
        }
    }

    /// The next frame that could be given out: the first one, or, if that is missing in part, the first behind it that can
    /// begin. With a key frame awaited, only key frames can.
    fn candidate(&self) -> Option<Candidate> {
        let mut broken = None;
        let mut at = 0;
        while at < self.window.len() {
            let fits = self.can_begin(at) && (!self.needs_key || self.is_key(at));
            if fits {
                match self.measure(at) {
                    Ok(packets) => return Some(Candidate { at, packets }),
                    // Whatever begins in between ends in the same gap.
                    Err(there) => {
                        broken.get_or_insert(at);
                        at += there;
                    }
                }
            }
            at += 1;
        }
        broken.map(|at| Candidate { at, packets: 0 })
    }

    /// Whether the frame that begins at `at` is a key frame, as far as its packets tell.
    fn is_key(&self, at: usize) -> bool {
        let Some(first) = self.window.get(at) else { return false };
        let same = self
            .window
            .iter()
            .skip(at)
            .map_while(|slot| slot.filter(|slot| slot.timestamp == first.timestamp));
        same.take(8).any(|slot| slot.info.key_frame)
    }

    /// When the frame that begins at `at` is to be given out.
    fn due(&self, at: usize) -> Option<Instant> {
        let slot = self.window.get(at)?;
        let latest = slot.arrived + self.config.max_delay;
        let due =
            self.delay.earliest(slot.timestamp).map_or(slot.arrived, |earliest| earliest + self.target());
        Some(due.min(latest))
    }

    /// What waits, and until when: the frame's place, how many packets it has, and the time at which something happens.
    fn next(&self) -> Option<(Candidate, Instant)> {
        let candidate = self.candidate()?;
        let mut due = self.due(candidate.at)?;
        if candidate.packets == 0 {
            return None;
        }
        // What is missing in front of it gets its chance.
        if candidate.at > 0 && (0..candidate.at).any(|at| self.window.get(at).is_none()) {
            due += self.config.patience;
        }
        Some((candidate, due))
    }

    /// Appends the next frame to `out`, if it is time. What was appended for a frame that turned out to be broken is taken
    /// away again.
    pub fn poll_frame(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Frame> {
        loop {
            let Some((candidate, due)) = self.next() else {
                self.ask_for_key(now);
                if self.expire(now) {
                    // What stood behind it may be complete.
                    continue;
                }
                return None;
            };
            if due > now {
                return None;
            }
            let before = self.skip(candidate.at);
            let start = out.len();
            let frame = self.take(candidate.packets, before, now, out);
            if frame.is_some() {
                return frame;
            }
            out.truncate(start);
        }
    }

    /// Without a frame in sight what is too old goes, so that it does not fill the window for ever; whether anything went.
    fn expire(&mut self, now: Instant) -> bool {
        let limit = self.config.max_delay + self.config.patience;
        let mut count = 0;
        for (index, slot) in self.window.iter().enumerate() {
            match slot {
                Some(slot) if slot.arrived + limit > now => break,
                Some(_) => count = index + 1,
                None => {}
            }
        }
        if count > 0 {
            self.drop_before(self.window.first + count as u64);
        }
        count > 0
    }

    /// Gives up what stands in front of a frame; how many packets were missing.
    fn skip(&mut self, count: usize) -> u64 {
        let before = self.stats.packets_skipped;
        if count > 0 {
            self.drop_before(self.window.first + count as u64);
        }
        self.stats.packets_skipped - before
    }

    fn take(&mut self, packets: usize, skipped: u64, now: Instant, out: &mut Vec<u8>) -> Option<Frame> {
        let first = self.window.get(0)?;
        let (timestamp, payload_type, first_arrived) = (first.timestamp, first.payload_type, first.arrived);
        let slots = self.window.iter().take(packets).flatten();
        let earliest = slots.clone().map(|slot| slot.arrived).min().unwrap_or(first_arrived);
        let completed = slots.clone().map(|slot| slot.arrived).max().unwrap_or(first_arrived);
        let payloads = slots.map(|slot| slot.payload.as_slice());
        let info = self.config.format.assemble(payloads, out);
        let number = self.window.first;
        for _ in 0..packets {
            if let Some(slot) = self.window.pop() {
                self.window.recycle(slot);
            }
        }
        self.started = true;
        let info = match info {
            Ok(info) if !self.needs_key || info.key_frame => info,
            info => {
                self.stats.malformed += u64::from(info.is_err());
                self.stats.frames_dropped += 1;
                self.lost();
                return None;
            }
        };
        self.needs_key = false;
        self.key_asked = None;
        self.stats.frames_emitted += 1;
        self.stats.key_frames_emitted += u64::from(info.key_frame);
        self.stats.frames_assembled += u64::from(packets > 1);
        self.stats.assembly_time += if packets > 1 { completed.since(earliest) } else { Duration::ZERO };
        self.stats.delay += now.since(earliest);
        self.stats.target_delay += self.target();
        self.stats.minimum_delay += self.delay.needed();
        Some(Frame {
            timestamp,
            payload_type,
            info,
            first: number,
            packets,
            first_arrived: earliest,
            completed,
            skipped,
        })
    }

    /// Asks for a key frame while packets come and none is on its way.
    fn ask_for_key(&mut self, now: Instant) {
        let again = self.key_asked.is_none_or(|asked| now.since(asked) >= self.config.key_frame_interval);
        if !self.needs_key || !again || self.timestamp.is_none() {
            return;
        }
        // One that came in part is given the time to be repaired.
        let began = self.candidate().and_then(|candidate| self.window.get(candidate.at));
        if began.is_none_or(|slot| now.since(slot.arrived) > self.config.patience) {
            self.key_asked = Some(now);
            self.event(JitterEvent::KeyFrameNeeded);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<JitterEvent> {
        self.events.pop_front()
    }

    /// When [`poll_frame`](Self::poll_frame) is to be called again, if no packet comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if let Some((_, due)) = self.next() {
            return Some(due);
        }
        // What waits in vain goes at last.
        let oldest = self.window.iter().flatten().next()?.arrived;
        Some(oldest + self.config.max_delay + self.config.patience)
    }
}

const ZERO: JitterStats = JitterStats {
    packets_discarded: 0,
    packets_duplicated: 0,
    packets_skipped: 0,
    malformed: 0,
    frames_emitted: 0,
    frames_dropped: 0,
    key_frames_emitted: 0,
    frames_assembled: 0,
    assembly_time: Duration::ZERO,
    delay: Duration::ZERO,
    target_delay: Duration::ZERO,
    minimum_delay: Duration::ZERO,
    clock_resets: 0,
};
