//! The receiving half: DATA and FORWARD TSN come in, messages and SACKs come out.

mod acks;
mod reassembly;
mod tracker;

use crate::wire::{Data, ForwardTsn, Sack};
use crate::{Config, Message};
use acks::Acks;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use reassembly::{OVERHEAD, Reassembly};
use siskin_base::Instant;
use tracker::{Arrival, Tracker};

/// What has arrived and not been handed to the user yet.
#[derive(Debug)]
pub(crate) struct Receiver {
    tracker: Tracker,
    acks: Acks,
    reassembly: Reassembly,
    /// Whole messages that were just completed.
    ready: VecDeque<Message>,
    /// Bytes in whole messages that the user has not taken, with [`OVERHEAD`] for each message.
    ready_bytes: usize,
    /// The window in the last SACK, or in our INIT.
    advertised: usize,
    window: usize,
    max_message: usize,
    max_streams: u16,
    /// Whether the packet being read had DATA, and whether something in it asks for a SACK at once.
    packet: PacketMarks,
}

#[derive(Clone, Copy, Debug, Default)]
struct PacketMarks {
    data: bool,
    at_once: bool,
}

/// What became of a DATA chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Held or delivered.
    Yes,
    /// It had come before.
    Duplicate,
    /// There was no room; it must come again.
    Refused,
    /// Its message is longer than we accept.
    TooLong,
}

impl Receiver {
    pub(crate) fn new(config: &Config, peer_initial_tsn: u32) -> Self {
        let window = config.receive_window as usize;
        Self {
            tracker: Tracker::new(peer_initial_tsn, config.max_gap_ranges),
            acks: Acks::new(config.sack_delay),
            reassembly: Reassembly::default(),
            ready: VecDeque::new(),
            ready_bytes: 0,
            advertised: window,
            window,
            max_message: config.max_receive_message,
            max_streams: config.max_streams,
            packet: PacketMarks::default(),
        }
    }

    /// Everything up to here has arrived.
    pub(crate) fn cumulative(&self) -> u64 {
        self.tracker.cumulative()
    }

    pub(crate) fn widen(&self, tsn: u32) -> u64 {
        self.tracker.widen(tsn)
    }

    /// Takes a DATA chunk; `deliver` is false for one whose stream does not exist, which is acknowledged all the same.
    pub(crate) fn on_data(&mut self, data: &Data<'_>, deliver: bool) -> Taken {
        self.packet.data = true;
        self.packet.at_once |= data.flags.immediate;
        let tsn = self.tracker.widen(data.tsn);
        match self.tracker.classify(tsn) {
            Arrival::New => {}
            Arrival::Duplicate => {
                self.tracker.note_duplicate(tsn);
                self.packet.at_once = true;
                return Taken::Duplicate;
            }
            Arrival::TooScattered => {
                self.packet.at_once = true;
                return Taken::Refused;
            }
        }
        let next = tsn == self.tracker.cumulative() + 1;
        if !self.has_room(data.payload.len(), next) {
            self.packet.at_once = true;
            return Taken::Refused;
        }
        self.tracker.insert(tsn);
        self.packet.at_once |= self.tracker.has_gaps();
        if !deliver {
            return Taken::Yes;
        }
        let before = self.ready.len();
        let len = self.reassembly.insert(tsn, data, next, &mut self.ready);
        if len > self.max_message {
            // Nothing of it is handed on, nor what waited behind it.
            self.ready.truncate(before);
            return Taken::TooLong;
        }
        self.count_ready(before);
        Taken::Yes
    }

    /// RFC 9260 §6.2: with no window left new chunks are dropped. All of them: not done, because the next one in line can
    /// complete a message that holds the window, and nothing else would; it is taken up to a quarter beyond the window.
    /// Dropping what was acknowledged in a gap block to make room: not done, because it would come a second time.
    fn has_room(&self, len: usize, next: bool) -> bool {
        let used = self.used() + len;
        used <= self.window || next && self.ready_bytes < self.window && used <= self.window + self.window / 4
    }

    fn used(&self) -> usize {
        self.reassembly.held() + self.ready_bytes
    }

    fn count_ready(&mut self, before: usize) {
        let new = self.ready.iter().skip(before);
        self.ready_bytes += new.map(|message| message.data.len() + OVERHEAD).sum::<usize>();
    }

    /// Moves past what the peer gave up (RFC 3758 §3.6).
    pub(crate) fn on_forward_tsn(&mut self, chunk: &ForwardTsn<'_>) {
        self.packet.data = true;
        let tsn = self.tracker.widen(chunk.new_cumulative_tsn);
        if tsn <= self.tracker.cumulative() {
            self.packet.at_once = true; // the SACK that said so was lost
            return;
        }
        self.tracker.forward_to(tsn);
        self.packet.at_once |= self.tracker.has_gaps();
        let before = self.ready.len();
        let skipped = chunk.skipped().filter(|skipped| skipped.stream < self.max_streams);
        self.reassembly.skip(tsn, skipped, &mut self.ready);
        self.count_ready(before);
    }

    /// All chunks of a packet have been read.
    pub(crate) fn end_of_packet(&mut self, now: Instant) {
        let packet = core::mem::take(&mut self.packet);
        if packet.data {
            self.acks.on_packet(now, packet.at_once);
        }
    }

    /// The next whole message. It goes on counting against the window until [`on_taken`](Self::on_taken).
    pub(crate) fn pop(&mut self) -> Option<Message> {
        self.ready.pop_front()
    }

    /// Counts a message of `len` bytes that an association before this one has left untaken.
    pub(crate) fn inherit(&mut self, len: usize) {
        self.ready_bytes += len + OVERHEAD;
    }

    /// The user took a message of `len` bytes: the window opens again.
    pub(crate) fn on_taken(&mut self, len: usize) {
        self.ready_bytes = self.ready_bytes.saturating_sub(len + OVERHEAD);
        // RFC 9260 §6.2: a peer that was told of a small window must hear of a large one, but not of every byte.
        let step = self.window / 4;
        if self.advertised < step && self.a_rwnd().saturating_sub(self.advertised) >= step {
            self.acks.at_once();
        }
    }

    /// Window left, in bytes (RFC 9260 §6.2). Less than a packet counts as none, so that the peer sends no crumbs.
    fn a_rwnd(&self) -> usize {
        let left = self.window.saturating_sub(self.used());
        if left < SILLY_WINDOW.min(self.window / 2) { 0 } else { left }
    }

    /// Starts again at sequence number 0 on one stream, or on all.
    pub(crate) fn reset(&mut self, stream: Option<u16>) {
        self.reassembly.reset(stream);
    }

    pub(crate) fn ack_at_once(&mut self) {
        self.acks.at_once();
    }

    pub(crate) fn sack_due(&self) -> bool {
        self.acks.is_due()
    }

    pub(crate) fn sack_pending(&self) -> bool {
        self.acks.is_pending()
    }

    /// Appends a SACK of at most `room` bytes.
    pub(crate) fn write_sack(&self, out: &mut Vec<u8>, room: usize) -> Option<()> {
        let blocks = room.checked_sub(Sack::MIN_LEN)? / 4;
        let gaps = blocks.min(self.tracker.gap_count());
        let window = self.a_rwnd();
        Sack::write_from(
            out,
            self.tracker.cumulative() as u32,
            u32::try_from(window).unwrap_or(u32::MAX),
            self.tracker.gaps().take(blocks),
            self.tracker.duplicates().iter().copied().take(blocks - gaps),
        )
    }

    /// The SACK just written goes out.
    pub(crate) fn sack_sent(&mut self) {
        self.tracker.duplicates_said();
        self.advertised = self.a_rwnd();
        self.acks.sent();
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.acks.handle_timeout(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.acks.poll_timeout()
    }
}

/// RFC 1122 §4.2.3.3: a window below this is not worth telling.
const SILLY_WINDOW: usize = 1500;
