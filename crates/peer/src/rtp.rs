//! Audio and video of one transport: SRTP below, streams above, and RTCP beside them.
//!
//! ```text
//!   in:   datagram --> srtp --> RTCP --> session
//!                          `--> RTP --> routing --> incoming: repair, jitter buffer --> frames
//!   out:  frame --> outgoing: payloads, history --> queue --> header with what is true when it leaves --> srtp
//! ```

mod config;
mod counts;
mod delivery;
mod incoming;
mod outgoing;
mod pacing;
mod parameters;
mod report;
mod routing;
mod share;
mod transmit;

pub use config::RtpConfig;
pub use counts::RtpCounts;
pub use delivery::{OutgoingFrame, ReceivedFrame};
pub(crate) use outgoing::SendError;
pub(crate) use parameters::Parameters;

use crate::config::{Config, HeaderEncryption};
use crate::transceiver::TransceiverId;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use incoming::{Incoming, Media};
use outgoing::Outgoing;
use pacing::Pacing;
use routing::Routes;
use siskin_base::{Instant, KeyingMaterial, Received, Rng, RtpHeader, earliest};
use siskin_crypto::Provider;
use siskin_rtp::extension::ExtensionMap;
use siskin_rtp::session::{self, Session};
use siskin_rtp::wire::is_rtcp;
use siskin_srtp::{Cryptex, Receiver, Sender};

/// What the media of a transport tell their connection.
#[derive(Debug, PartialEq)]
pub(crate) enum RtpEvent {
    /// A frame is complete, and it is time for it.
    Frame(ReceivedFrame),
    /// The first packet of a transceiver came, or the first again after its streams had ended or were held.
    Started(TransceiverId),
    /// The peer wants a key frame, of the encoding with that RID if there are several.
    KeyFrameRequested(TransceiverId, Option<String>),
    /// What all streams together should send, in bits per second.
    TargetBitrate(u64),
}

/// The RTP session of a transport (RFC 3550 §3), which is a BUNDLE group's.
pub(crate) struct Rtp {
    provider: Provider,
    limits: RtpConfig,
    /// Keys, once DTLS has them.
    secure: Option<(Sender, Receiver)>,
    /// Whether headers come encrypted, and go so.
    cryptex: (Cryptex, Cryptex),
    requires_cryptex: bool,
    session: Session,
    sections: Vec<Parameters>,
    /// Which number means what in what comes, over all sections: in a group it means the same in each (RFC 8285 §7, RFC 9143
    /// §9.1), and it takes the MID to know which one it is.
    extensions: ExtensionMap,
    routes: Routes,
    incoming: BTreeMap<u32, Incoming>,
    /// Bytes that their jitter buffers hold.
    waiting: usize,
    outgoing: BTreeMap<u32, Outgoing>,
    pacing: Pacing,
    frames: VecDeque<ReceivedFrame>,
    events: VecDeque<RtpEvent>,
    counts: RtpCounts,
    /// What the session had dropped of what it had to say.
    seen_dropped: u64,
    reports_arrivals: bool,
    rng: Rng,
    max_payload: usize,
    /// Where frames are put together.
    scratch: Vec<u8>,
    /// Nothing can leave now.
    blocked: bool,
}

impl Rtp {
    pub(crate) fn new(config: &Config, rng: Rng, now: Instant, cname: &str) -> Self {
        let limits = config.media.as_ref().map(|media| media.rtp.clone()).unwrap_or_default();
        let session = session::Config {
            cname: cname.as_bytes().to_vec(),
            wall_clock: config.clock,
            // What SRTCP adds is at most 40 bytes.
            max_datagram: usize::from(config.max_datagram).saturating_sub(Sender::MAX_OVERHEAD),
            ..limits.session.clone()
        };
        Self {
            provider: config.provider,
            secure: None,
            cryptex: (Cryptex::Off, Cryptex::Off),
            requires_cryptex: config.header_encryption == HeaderEncryption::Require,
            session: Session::new(session, rng.fork("session"), now),
            sections: Vec::new(),
            extensions: ExtensionMap::new(),
            routes: Routes::default(),
            incoming: BTreeMap::new(),
            waiting: 0,
            outgoing: BTreeMap::new(),
            pacing: Pacing::new(&limits, config.estimator.clone(), rng.fork("estimator"), now),
            frames: VecDeque::new(),
            events: VecDeque::new(),
            counts: RtpCounts::default(),
            seen_dropped: 0,
            reports_arrivals: false,
            rng,
            max_payload: usize::from(config.max_datagram),
            scratch: Vec::new(),
            blocked: true,
            limits,
        }
    }

    /// DTLS has keys.
    pub(crate) fn start(&mut self, material: &KeyingMaterial) {
        if self.secure.is_none() {
            self.secure = siskin_srtp::contexts(&self.provider, material, &self.limits.srtp).ok();
            self.configure_cryptex();
        }
    }

    /// Whether there is no path, or no DTLS any more.
    pub(crate) fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
    }

    /// Takes what the descriptions say now.
    pub(crate) fn configure(&mut self, now: Instant, sections: Vec<Parameters>) {
        self.extensions = parameters::extension_map(sections.iter().flat_map(|one| &one.extensions[0]));
        self.routes.configure(&sections);
        if sections.iter().any(Parameters::reports_arrivals) && !self.reports_arrivals {
            self.reports_arrivals = true;
            self.session.report_arrivals(self.limits.arrivals);
        }
        // RFC 5506 §5: the session is one, so that it follows the section that allows the least.
        self.session.set_reduced_size(sections.iter().all(|section| section.reduced_size));
        // RFC 3611 §5.2: who says so for one section answers for the session, which is one.
        self.session.set_receiver_reference_time(sections.iter().any(|section| section.answers_clocks));
        // RFC 9335 §4: all sections of a bundle have it or none. What we promise holds from the offer on; a section that is not
        // agreed on yet says nothing.
        let requires = self.requires_cryptex;
        let cryptex = |says: fn(&Parameters) -> Option<bool>| {
            let mut said = sections.iter().filter_map(says).peekable();
            match said.peek().is_some() && said.all(|cryptex| cryptex) {
                true if requires => Cryptex::Required,
                true => Cryptex::On,
                false => Cryptex::Off,
            }
        };
        let received =
            |section: &Parameters| Some(section.cryptex.0).filter(|_| !section.receive_codecs.is_empty());
        self.cryptex =
            (cryptex(received), cryptex(|section| Some(section.cryptex.1).filter(|_| section.sends)));
        self.configure_cryptex();
        let gone = |id: &TransceiverId| !sections.iter().any(|section| section.transceiver == *id);
        let left: Vec<u32> = self
            .outgoing
            .iter()
            .filter(|(_, stream)| gone(&stream.transceiver))
            .flat_map(|(ssrc, stream)| [Some(*ssrc), stream.rtx])
            .flatten()
            .collect();
        for ssrc in left {
            self.outgoing.remove(&ssrc);
            let _unknown = self.session.remove_sender(ssrc);
        }
        let left: Vec<u32> = self
            .incoming
            .iter()
            .filter_map(|(ssrc, stream)| Some(*ssrc).filter(|_| gone(&stream.transceiver())))
            .collect();
        for ssrc in left {
            self.forget(ssrc);
        }
        for section in &sections {
            self.configure_outgoing(now, section);
            for stream in self.incoming.values_mut().filter(|_| !section.receives) {
                stream.hold(section.transceiver);
            }
        }
        if sections.iter().any(Parameters::hears_of_arrivals) {
            let padding = self.outgoing.values().any(|stream| stream.rtx.is_some());
            self.pacing.estimate(now, padding);
        } else if sections.iter().any(|section| section.sends) {
            // While nothing is sent, what was learnt of the path is kept.
            self.pacing.stop_estimating(now);
        }
        self.pacing.set_limit(now, Self::limit(&sections), &mut self.events);
        self.sections = sections;
    }

    fn configure_cryptex(&mut self) {
        if let Some((sender, receiver)) = &mut self.secure {
            receiver.set_cryptex(self.cryptex.0);
            sender.set_cryptex(self.cryptex.1);
        }
    }

    fn section(&self, id: TransceiverId) -> Option<&Parameters> {
        self.sections.iter().find(|section| section.transceiver == id)
    }

    /// Takes a datagram of this protocol; junk is dropped and counted.
    pub(crate) fn handle_datagram(&mut self, received: Received<'_>) {
        let Received { arrived, datagram, .. } = received;
        let Some((_, secure)) = &mut self.secure else {
            self.counts.before_keys += 1;
            return;
        };
        let rtcp = is_rtcp(datagram);
        let len = if rtcp { secure.unprotect_rtcp(datagram) } else { secure.unprotect_rtp(datagram) };
        let Some(clear) = len.ok().and_then(|len| datagram.get(..len)) else {
            self.counts.srtp_dropped += 1;
            return;
        };
        if rtcp {
            self.session.handle_rtcp(arrived, clear);
        } else {
            self.handle_rtp(arrived, clear);
        }
        self.take_session_events(arrived);
    }

    fn handle_rtp(&mut self, now: Instant, packet: &[u8]) {
        let Ok(header) = RtpHeader::parse(packet) else {
            self.counts.refused += 1;
            return;
        };
        let values = self.extensions.values(&header);
        let ssrc = header.ssrc;
        // RFC 9143 §9.2: a newer packet with another MID moves its stream; one that nobody has is for nobody.
        let moves = values.mid.is_some_and(|mid| self.moves(ssrc, header.sequence_number, mid.0));
        let known = self.incoming.contains_key(&ssrc);
        if !known || moves {
            let names = routing::Names {
                ssrc,
                payload_type: header.payload_type,
                mid: values.mid.map(|mid| mid.0),
                rid: values.rid.map(|rid| rid.0),
                repaired: values.repaired_rid.map(|rid| rid.0),
            };
            let Some(stream) = self.routes.route(&self.sections, &self.incoming, &names, &self.limits) else {
                self.counts.unroutable += 1;
                return;
            };
            let section = stream.transceiver();
            let of_section = self.incoming.values().filter(|known| known.transceiver() == section);
            if of_section.count() >= self.limits.max_streams {
                self.counts.refused += 1;
                return;
            }
            let moved = self.incoming.insert(ssrc, stream).map_or(0, |stream| stream.counted());
            self.waiting = self.waiting.saturating_sub(moved);
        }
        let id = self.incoming.get(&ssrc).map(Incoming::transceiver);
        let section = self.sections.iter().find(|section| Some(section.transceiver) == id);
        let codec = section.and_then(|section| section.receive_codec(header.payload_type));
        // What nobody can read is counted among its stream's packets all the same, else it would be taken for lost.
        let clock_rate = codec.map_or(0, |codec| codec.codec.clock_rate);
        let number = values.transport_number().filter(|_| section.is_some_and(|section| section.numbered[0]));
        let accepted = self.session.handle_rtp(now, packet, &header, clock_rate, number);
        let Ok(accepted) = accepted else {
            self.counts.refused += 1;
            if !known {
                self.incoming.remove(&ssrc);
            }
            return;
        };
        let (Some(section), Some(codec)) = (section, codec) else {
            self.counts.unknown_payload_type += 1;
            return;
        };
        // The session has refused what has none.
        let payload = header.payload(packet).unwrap_or_default();
        let waiting = make_room(&mut self.incoming, self.waiting, self.limits.max_waiting, payload.len());
        self.waiting = waiting;
        match self.incoming.get_mut(&ssrc) {
            Some(Incoming::Media(stream)) => {
                self.counts.taken += 1;
                stream.share(self.limits.max_waiting.saturating_sub(waiting));
                if stream.payload_type != header.payload_type {
                    stream.set_codec(codec, &self.limits);
                }
                // What was under way when the description stopped it begins nothing.
                let started = (section.receives && stream.begin()).then_some(section.transceiver);
                if accepted.restarted {
                    stream.restart(&self.limits);
                }
                let packet = incoming::Piece {
                    sequence: accepted.sequence,
                    timestamp: header.timestamp,
                    payload_type: header.payload_type,
                    marker: header.marker,
                    payload,
                };
                stream.insert(now, &packet);
                started.into_iter().for_each(|id| self.tell(RtpEvent::Started(id)));
                self.serve(now, ssrc);
            }
            Some(Incoming::Repair(repair)) => {
                let Some(of) = repair.of.or_else(|| self.routes.repaired(&self.incoming, ssrc)) else {
                    self.counts.unroutable += 1;
                    return;
                };
                self.counts.taken += 1;
                self.handle_repair(now, of, &header, payload, packet.len());
            }
            None => self.counts.refused += 1,
        }
    }

    /// Whether a packet with that MID says that its stream, which is known, belongs to another section than so far.
    fn moves(&mut self, ssrc: u32, number: u16, mid: &str) -> bool {
        let Some(id) = self.incoming.get(&ssrc).map(Incoming::transceiver) else { return false };
        let same = self.section(id).is_some_and(|section| section.mid == mid);
        !same && self.session.receiver(ssrc).is_some_and(|receiver| receiver.is_ahead(number))
    }

    /// Undoes a retransmission (RFC 4588 §4), of a packet of `len` bytes.
    fn handle_repair(&mut self, now: Instant, of: u32, header: &RtpHeader<'_>, payload: &[u8], len: usize) {
        if let Some(Incoming::Repair(repair)) = self.incoming.get_mut(&header.ssrc) {
            repair.of = Some(of);
        }
        let Some(Incoming::Media(stream)) = self.incoming.get_mut(&of) else { return };
        stream.repairs.count(len, payload.len());
        // One without a payload only fills the path.
        let Some((number, payload)) = siskin_rtp::rtx::parse(payload) else { return };
        let section = self.sections.iter().find(|section| section.transceiver == stream.transceiver);
        let original = section.and_then(|section| section.repaired_type(header.payload_type));
        let sequence = self.session.receiver(of).and_then(|receiver| receiver.extended(number));
        let (Some(payload_type), Some(sequence)) = (original, sequence) else { return };
        let (timestamp, marker) = (header.timestamp, header.marker);
        let packet = incoming::Piece { sequence, timestamp, payload_type, marker, payload };
        stream.share(self.limits.max_waiting.saturating_sub(self.waiting));
        // RFC 3550 §6.4.1: a packet of this stream stays lost: what came is one of another.
        stream.insert_repaired(now, &packet);
        self.serve(now, of);
    }

    /// Does what is due in one stream that is received: requests, and frames whose time has come.
    fn serve(&mut self, now: Instant, ssrc: u32) {
        let Some(Incoming::Media(stream)) = self.incoming.get_mut(&ssrc) else { return };
        let rtt = self.session.round_trip();
        if let Some(rtt) = rtt {
            stream.set_rtt(rtt);
        }
        let session = &mut self.session;
        stream.poll_missing(now, |number| session.request_packets(ssrc, [number]));
        loop {
            self.scratch.clear();
            let Some(frame) = stream.poll_frame(now, &mut self.scratch) else { break };
            self.frames.push_back(stream.received(now, ssrc, &frame, &self.scratch));
        }
        if stream.take_key_frame_wish() {
            Self::ask_for_key_frame(session, ssrc, stream);
        }
        let (before, after) = stream.settle();
        self.waiting = self.waiting.saturating_sub(before) + after;
        let bytes = |frames: &VecDeque<ReceivedFrame>| frames.iter().map(|f| f.data.len()).sum::<usize>();
        let RtpConfig { max_frames, max_frame_bytes, .. } = self.limits;
        while self.frames.len() > 1
            && (self.frames.len() > max_frames || bytes(&self.frames) > max_frame_bytes)
        {
            self.frames.pop_front();
            self.counts.frames_dropped += 1;
        }
    }

    fn ask_for_key_frame(session: &mut Session, ssrc: u32, stream: &mut Media) {
        match stream.key_frame_request() {
            incoming::KeyFrameRequest::Pli => session.request_picture(ssrc),
            incoming::KeyFrameRequest::Fir => session.request_full_intra(ssrc),
            incoming::KeyFrameRequest::None => {}
        }
    }

    /// Asks the peer for a key frame, of one encoding or of all of them.
    pub(crate) fn request_key_frame(&mut self, id: TransceiverId, rid: Option<&str>) {
        for (ssrc, stream) in &mut self.incoming {
            if let Incoming::Media(stream) = stream
                && stream.transceiver == id
                && (rid.is_none() || stream.rid.as_deref() == rid)
            {
                Self::ask_for_key_frame(&mut self.session, *ssrc, stream);
            }
        }
    }

    fn take_session_events(&mut self, now: Instant) {
        while let Some(event) = self.session.poll_event() {
            match event {
                session::Event::Nack { ssrc, entry } => {
                    for number in entry.sequence_numbers() {
                        self.resend(now, ssrc, number);
                    }
                }
                session::Event::PictureLoss { ssrc } | session::Event::FullIntraRequest { ssrc } => {
                    // Of what is not sent there is none.
                    if let Some(stream) = self.outgoing.get(&ssrc).filter(|stream| stream.is_active()) {
                        let event = RtpEvent::KeyFrameRequested(stream.transceiver, stream.rid.clone());
                        self.tell(event);
                    }
                }
                session::Event::Reported { ssrc } => {
                    let rtt = self.session.round_trip();
                    rtt.into_iter().for_each(|rtt| self.pacing.handle_round_trip(now, rtt));
                    if let Some(stream) = self.outgoing.get_mut(&ssrc) {
                        stream.reported(rtt);
                    }
                }
                // RFC 8834 §5.1.6, RFC 5104 §4.2.1, §4.2.2: a limit of each stream, and a TMMBN: not done, because no
                // browser asks; a bound that comes all the same is one for all streams together, where there is an estimate.
                session::Event::EstimatedBitRate { bit_rate }
                | session::Event::MaximumBitRate { bit_rate, .. } => {
                    self.pacing.set_cap(now, bit_rate, &mut self.events);
                }
                session::Event::Bye { ssrc } | session::Event::TimedOut { ssrc } => self.forget(ssrc),
                // RFC 3550 §8.2: not done, because our SSRCs are signalled and SRTP has vouched for the packet: it is
                // the peer's to change.
                session::Event::Collision { .. } => {}
                _ => {}
            }
        }
        self.forget_unannounced();
        let session = &mut self.session;
        let feedback = core::iter::from_fn(|| session.poll_feedback());
        self.counts.feedback += self.pacing.handle_feedback(now, feedback, &mut self.events);
    }

    /// What waits to be told is told once: a peer can bring it about as often as it likes.
    fn tell(&mut self, event: RtpEvent) {
        if !self.events.contains(&event) {
            self.events.push_back(event);
        }
    }

    /// Where the session said so much that something was lost, the end of a stream may have been among it.
    fn forget_unannounced(&mut self) {
        let dropped = self.session.stats().events_dropped;
        if core::mem::replace(&mut self.seen_dropped, dropped) != dropped {
            let session = &mut self.session;
            self.incoming.retain(|ssrc, _| session.receiver(*ssrc).is_some());
            self.waiting = self.incoming.values().map(Incoming::counted).sum();
        }
    }

    fn forget(&mut self, ssrc: u32) {
        let held = self.incoming.remove(&ssrc).map_or(0, |stream| stream.counted());
        self.waiting = self.waiting.saturating_sub(held);
        let _unknown = self.session.remove_receiver(ssrc);
    }

    /// Takes note that time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
        self.take_session_events(now);
        self.pacing.handle_timeout(now, &mut self.events);
        let due = |stream: &Incoming| stream.poll_timeout().is_some_and(|at| at <= now);
        let due: Vec<u32> =
            self.incoming.iter().filter(|(_, stream)| due(stream)).map(|(ssrc, _)| *ssrc).collect();
        for ssrc in due {
            self.serve(now, ssrc);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let streams = self.incoming.values().filter_map(Incoming::poll_timeout).min();
        // What cannot leave is not due.
        let leaving = earliest(self.session.poll_timeout(), self.pacing.poll_timeout());
        earliest(streams, leaving.filter(|_| self.secure.is_some() && !self.blocked))
    }

    pub(crate) fn poll_event(&mut self) -> Option<RtpEvent> {
        self.events.pop_front().or_else(|| self.frames.pop_front().map(RtpEvent::Frame))
    }

    /// Says goodbye to the peer's streams of ours.
    pub(crate) fn close(&mut self) {
        self.session.close();
        self.pacing.clear();
    }

    /// What all streams together should send, in bits per second; `None` while the peer does not report arrivals.
    pub(crate) fn target_bitrate(&self) -> Option<u64> {
        self.pacing.target()
    }

    pub(crate) fn counts(&self) -> RtpCounts {
        let session = self.session.stats();
        RtpCounts {
            rtcp: session.rtcp_received,
            rtcp_malformed: session.rtcp_malformed + session.rtcp_packets_malformed,
            rtcp_dropped: session.events_dropped,
            ..self.counts
        }
    }
}

/// Where less is left than `len` bytes, streams give back the memory that they keep to use again; how much all hold then.
fn make_room(incoming: &mut BTreeMap<u32, Incoming>, waiting: usize, max: usize, len: usize) -> usize {
    if waiting + len <= max {
        return waiting;
    }
    let media = incoming.values_mut().filter_map(|stream| match stream {
        Incoming::Media(stream) => Some(stream),
        Incoming::Repair(_) => None,
    });
    media.map(|stream| stream.release_spare()).sum()
}

#[cfg(test)]
mod tests;
