//! The session: its streams, and its verbs.

use super::config::{Config, Misuse, SenderConfig, SessionStats};
use super::event::Event;
use super::receiver::{Accepted, Receiver, Rejected};
use super::schedule::Schedule;
use super::sender::Sender;
use crate::feedback::{Arrivals, ArrivalsConfig, SentPackets};
use crate::rtcp::NtpTime;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback, Rng, RtpHeader, earliest};

/// Requests of each kind that wait to be sent, apart from missing packets.
const MOST_REQUESTS: usize = 64;

/// The streams of one transport, both ways, and the RTCP about them.
///
/// It counts and reports; it does not keep packets. The user writes RTP packets with the headers that a [`Sender`] gives,
/// hands each packet that came to [`handle_rtp`](Self::handle_rtp) and each RTCP datagram, in clear, to
/// [`handle_rtcp`](Self::handle_rtcp), and sends what [`poll_transmit`](Self::poll_transmit) writes.
#[derive(Debug)]
pub struct Session {
    pub(super) config: Config,
    pub(super) rng: Rng,
    pub(super) senders: BTreeMap<u32, Sender>,
    pub(super) receivers: BTreeMap<u32, Receiver>,
    /// Who speaks where no stream of ours is.
    pub(super) own: u32,
    pub(super) schedule: Schedule,
    pub(super) pending: Pending,
    pub(super) sent: SentPackets,
    pub(super) arrivals: Option<Arrivals>,
    /// Receivers that told their clock, and wait for an answer (RFC 3611 §4.5).
    pub(super) references: BTreeMap<u32, (u32, Instant)>,
    /// The middles of the clocks that we told last, for which an answer may still come.
    pub(super) clocks: VecDeque<u32>,
    /// The round trip by RFC 3611.
    pub(super) round_trip: Option<Duration>,
    pub(super) last_reported: u32,
    pub(super) last_sender: u32,
    /// Whether anything was said under our own name, that of no stream.
    pub(super) own_spoken: bool,
    /// Whether anything was said that begins with a report.
    pub(super) begun: bool,
    pub(super) feedback: VecDeque<PacketFeedback>,
    pub(super) stats: SessionStats,
    events: VecDeque<Event>,
    closed: bool,
}

/// Feedback that waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Missing packets: stream and number.
    pub(super) nacks: Vec<(u32, u16)>,
    pub(super) plis: Vec<u32>,
    /// Stream and number of the request.
    pub(super) firs: Vec<(u32, u8)>,
    pub(super) remb: Option<u64>,
    pub(super) byes: Vec<u32>,
    /// Requests made so far, by stream.
    fir_numbers: BTreeMap<u32, u8>,
}

impl Pending {
    /// Whether feedback waits; a goodbye is none.
    pub(super) fn is_empty(&self) -> bool {
        self.nacks.is_empty() && self.plis.is_empty() && self.firs.is_empty() && self.remb.is_none()
    }
}

impl Session {
    /// A session without streams.
    pub fn new(mut config: Config, mut rng: Rng, _now: Instant) -> Self {
        if config.cname.is_empty() {
            // RFC 7022 §4.2: at least 96 bits, so that nobody is followed from session to session.
            config.cname = rng.bytes::<24>().iter().map(|byte| b'A' + (byte & 15)).collect();
        }
        config.cname.truncate(255);
        config.max_datagram = config.max_datagram.max(600);
        Self {
            schedule: Schedule::new(config.rtcp_bandwidth, config.report_interval),
            own: rng.u32(),
            sent: SentPackets::new(config.max_sent),
            senders: BTreeMap::new(),
            receivers: BTreeMap::new(),
            pending: Pending::default(),
            arrivals: None,
            references: BTreeMap::new(),
            clocks: VecDeque::new(),
            round_trip: None,
            last_reported: 0,
            last_sender: 0,
            own_spoken: false,
            begun: false,
            feedback: VecDeque::new(),
            stats: SessionStats::default(),
            events: VecDeque::new(),
            closed: false,
            config,
            rng,
        }
    }

    /// From now on packets with a number over all streams are reported back as feedback.
    pub fn report_arrivals(&mut self, config: ArrivalsConfig) {
        self.arrivals = Some(Arrivals::new(config));
    }

    /// Whether feedback may go without reports from now on: RFC 5506, `a=rtcp-rsize`.
    pub const fn set_reduced_size(&mut self, reduced_size: bool) {
        self.config.reduced_size = reduced_size;
    }

    /// Whether our clock is told from now on while we only receive: RFC 3611 §5.1, `a=rtcp-xr:rcvr-rtt`.
    pub const fn set_receiver_reference_time(&mut self, told: bool) {
        self.config.receiver_reference_time = told;
    }

    /// Adds a stream that we send; its SSRC.
    pub fn add_sender(&mut self, now: Instant, config: SenderConfig) -> Result<u32, Misuse> {
        if self.closed {
            return Err(Misuse::Closed);
        }
        if self.senders.len() >= self.config.max_senders {
            return Err(Misuse::TooMany);
        }
        let ssrc = match config.ssrc {
            Some(ssrc) if self.is_in_use(ssrc) => return Err(Misuse::SsrcInUse),
            Some(ssrc) => ssrc,
            None => self.new_ssrc(),
        };
        self.senders.insert(ssrc, Sender::new(ssrc, config.clock_rate, &mut self.rng));
        self.start(now);
        Ok(ssrc)
    }

    /// Ends a stream that we send, and says so, if it was ever heard of (RFC 3550 §6.3.7).
    pub fn remove_sender(&mut self, ssrc: u32) -> Result<(), Misuse> {
        let sender = self.senders.remove(&ssrc).ok_or(Misuse::UnknownStream)?;
        if sender.spoken {
            self.pending.byes.push(ssrc);
        }
        Ok(())
    }

    /// Gives a stream of ours another SSRC, and says goodbye under the old one (RFC 3550 §8.2). Everything about it begins
    /// anew.
    pub fn renew_ssrc(&mut self, ssrc: u32) -> Result<u32, Misuse> {
        let mut sender = self.senders.remove(&ssrc).ok_or(Misuse::UnknownStream)?;
        let new = self.new_ssrc();
        sender.renew(new, &mut self.rng);
        self.senders.insert(new, sender);
        self.pending.byes.push(ssrc);
        Ok(new)
    }

    /// Ends all streams that we send, and says so, also under our own name if we have used it; nothing follows.
    pub fn close(&mut self) {
        let spoken = self.senders.iter().filter(|(_, sender)| sender.spoken);
        self.pending.byes.extend(spoken.map(|(ssrc, _)| *ssrc));
        if core::mem::take(&mut self.own_spoken) {
            self.pending.byes.push(self.own);
        }
        self.senders.clear();
        self.receivers.clear();
        self.closed = true;
    }

    /// A stream that we send.
    pub fn sender(&mut self, ssrc: u32) -> Option<&mut Sender> {
        self.senders.get_mut(&ssrc)
    }

    /// What is known of a stream that we send.
    pub fn sender_stats(&self, ssrc: u32) -> Option<super::SenderStats> {
        self.senders.get(&ssrc).map(Sender::stats)
    }

    /// A stream that we receive.
    pub fn receiver(&mut self, ssrc: u32) -> Option<&mut Receiver> {
        self.receivers.get_mut(&ssrc)
    }

    /// All streams that we receive.
    pub fn receivers(&self) -> impl Iterator<Item = &Receiver> {
        self.receivers.values()
    }

    /// Forgets a stream that we receive: its section of the description is gone.
    pub fn remove_receiver(&mut self, ssrc: u32) -> Result<(), Misuse> {
        self.receivers.remove(&ssrc).map(|_| ()).ok_or(Misuse::UnknownStream)
    }

    /// What names this end across its streams.
    pub fn cname(&self) -> &[u8] {
        &self.config.cname
    }

    /// Packets that were sent, for feedback on each of them: tell it of each one that leaves.
    pub const fn sent_packets(&mut self) -> &mut SentPackets {
        &mut self.sent
    }

    /// Counters.
    pub const fn stats(&self) -> SessionStats {
        self.stats
    }

    /// The last round-trip time that anybody told.
    pub fn round_trip(&self) -> Option<Duration> {
        let senders = self.senders.values().filter_map(|sender| sender.stats.round_trip);
        senders.min().or(self.round_trip)
    }

    /// Takes an RTP packet in clear, whose payload format has that clock rate, or 0 if it is of none that is known.
    /// `transport_number` is its number over all streams, if it has one.
    pub fn handle_rtp(
        &mut self,
        now: Instant,
        packet: &[u8],
        header: &RtpHeader<'_>,
        clock_rate: u32,
        transport_number: Option<u16>,
    ) -> Result<Accepted, Rejected> {
        if let (Some(arrivals), Some(number)) = (&mut self.arrivals, transport_number) {
            arrivals.received(now, number);
        }
        let payload = header.payload(packet).map_err(|_| Rejected::Malformed)?.len();
        let ssrc = header.ssrc;
        if self.senders.contains_key(&ssrc) {
            self.event(Event::Collision { ssrc });
            return Err(Rejected::Collision);
        }
        if !self.receivers.contains_key(&ssrc) {
            self.admit(now)?;
            self.start(now);
        }
        let in_order = self.config.in_order;
        let receiver =
            self.receivers.entry(ssrc).or_insert_with(|| Receiver::new(now, ssrc, clock_rate, in_order));
        receiver.packet(now, header, clock_rate, packet.len(), payload)
    }

    /// Makes sure that there is room for one more stream.
    fn admit(&mut self, now: Instant) -> Result<(), Rejected> {
        if self.receivers.len() < self.config.max_receivers {
            return Ok(());
        }
        let timeout = self.schedule.timeout(self.config.timeout_intervals, self.members());
        let quietest = self.receivers.values().min_by_key(|receiver| receiver.heard);
        match quietest.filter(|receiver| now.since(receiver.heard) >= timeout).map(|receiver| receiver.ssrc) {
            Some(ssrc) => {
                self.receivers.remove(&ssrc);
                self.stats.receivers_evicted += 1;
                self.event(Event::TimedOut { ssrc });
                Ok(())
            }
            None => {
                self.stats.receivers_refused += 1;
                Err(Rejected::TooManyStreams)
            }
        }
    }

    /// Asks for packets that are missing, by their sequence numbers in order.
    pub fn request_packets(&mut self, ssrc: u32, numbers: impl IntoIterator<Item = u16>) {
        for number in numbers {
            if self.pending.nacks.len() < self.config.max_nacks {
                self.pending.nacks.push((ssrc, number));
            } else {
                self.stats.feedback_dropped += 1;
            }
        }
    }

    /// Asks for a new beginning, because pictures were lost (PLI).
    pub fn request_picture(&mut self, ssrc: u32) {
        if self.pending.plis.contains(&ssrc) {
            return;
        }
        if self.pending.plis.len() < MOST_REQUESTS {
            self.pending.plis.push(ssrc);
        } else {
            self.stats.feedback_dropped += 1;
        }
    }

    /// Asks for a new beginning at any rate (FIR).
    pub fn request_full_intra(&mut self, ssrc: u32) {
        if self.pending.firs.iter().any(|(of, _)| *of == ssrc) {
            return;
        }
        if self.pending.firs.len() >= MOST_REQUESTS {
            self.stats.feedback_dropped += 1;
            return;
        }
        if self.pending.fir_numbers.len() >= self.config.max_receivers {
            self.pending.fir_numbers.clear();
        }
        let number = self
            .pending
            .fir_numbers
            .entry(ssrc)
            .and_modify(|number| *number = number.wrapping_add(1))
            .or_insert(0);
        self.pending.firs.push((ssrc, *number));
    }

    /// Tells the other side what the path is believed to carry, in bits per second (REMB).
    pub const fn estimate(&mut self, bit_rate: u64) {
        self.pending.remb = Some(bit_rate);
    }

    /// Forgets streams from which nothing came for long (RFC 3550 §6.3.5). Early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.schedule.next_report().is_none_or(|next| next > now) {
            return;
        }
        let timeout = self.schedule.timeout(self.config.timeout_intervals, self.members());
        let silent = |receiver: &&Receiver| now.since(receiver.heard) >= timeout;
        while let Some(ssrc) = self.receivers.values().find(silent).map(|receiver| receiver.ssrc) {
            self.receivers.remove(&ssrc);
            self.event(Event::TimedOut { ssrc });
        }
        if self.members() == 0 {
            self.schedule.stop();
        }
    }

    /// What the other side said.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What became of packets of ours, in the order in which it was told.
    pub fn poll_feedback(&mut self) -> Option<PacketFeedback> {
        self.feedback.pop_front()
    }

    /// When the session has something to do: call [`handle_timeout`](Self::handle_timeout), then
    /// [`poll_transmit`](Self::poll_transmit).
    pub fn poll_timeout(&self) -> Option<Instant> {
        let not_before = self.schedule.not_before();
        let arrivals = self.arrivals.as_ref().and_then(Arrivals::poll_timeout);
        let feedback = if self.pending.is_empty() { arrivals } else { Some(not_before) };
        let bye = (!self.pending.byes.is_empty()).then_some(Instant::ZERO);
        let feedback = feedback.filter(|_| !self.closed).map(|at| at.max(not_before));
        earliest(bye, earliest(self.schedule.next_report().filter(|_| !self.closed), feedback))
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Streams both ways.
    pub(super) fn members(&self) -> usize {
        self.senders.len() + self.receivers.len()
    }

    fn start(&mut self, now: Instant) {
        let members = self.members() + 1;
        self.schedule.start(now, members, &mut self.rng);
    }

    /// Civil time.
    pub(super) fn ntp(&self, now: Instant) -> NtpTime {
        let unix =
            self.config.wall_clock.map_or_else(|| now.since(Instant::ZERO), |clock| clock.unix_at(now));
        NtpTime::from_unix(unix)
    }

    /// Who speaks: a stream of ours, if there is one.
    pub(super) fn reporter(&self) -> u32 {
        self.senders.keys().next().copied().unwrap_or(self.own)
    }

    fn is_in_use(&self, ssrc: u32) -> bool {
        self.senders.contains_key(&ssrc) || self.receivers.contains_key(&ssrc)
    }

    fn new_ssrc(&mut self) -> u32 {
        loop {
            let ssrc = self.rng.u32();
            if !self.is_in_use(ssrc) && ssrc != 0 {
                return ssrc;
            }
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        if self.events.len() < self.config.max_events {
            self.events.push_back(event);
        } else {
            self.stats.events_dropped += 1;
        }
    }
}
