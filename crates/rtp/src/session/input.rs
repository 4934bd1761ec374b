//! What the other side says, packet by packet.

use super::engine::Session;
use super::event::Event;
use super::sender::round_trip;
use crate::rtcp::{Bye, Compound, ExtendedReport, Fir, Packet, ReportBlock, SenderReport, XrBlock};
use siskin_base::{Instant, PacketFeedback};

impl Session {
    /// Takes an RTCP datagram in clear, compound or of reduced size. What cannot be read is dropped and counted.
    pub fn handle_rtcp(&mut self, now: Instant, datagram: &[u8]) {
        self.stats.rtcp_received += 1;
        let Ok(compound) = Compound::parse(datagram) else {
            self.stats.rtcp_malformed += 1;
            return;
        };
        for raw in compound.packets() {
            match Packet::parse(raw) {
                Ok(packet) => self.rtcp(now, &packet),
                Err(_) => self.stats.rtcp_packets_malformed += 1,
            }
        }
    }

    fn rtcp(&mut self, now: Instant, packet: &Packet<'_>) {
        match packet {
            Packet::SenderReport(report) => self.sender_report(now, report),
            Packet::ReceiverReport(report) => {
                self.heard(now, report.ssrc);
                report.blocks.iter().for_each(|block| self.reported(now, &block));
            }
            Packet::SourceDescription(sdes) => {
                for chunk in sdes.chunks() {
                    if let (Some(receiver), Some(cname)) =
                        (self.receivers.get_mut(&chunk.ssrc), sdes.cname(chunk.ssrc))
                        && receiver.cname != cname
                    {
                        receiver.cname = cname.to_vec();
                    }
                }
            }
            Packet::Bye(bye) => self.bye(bye),
            Packet::Nack(nack) => {
                let ssrc = nack.media;
                let Some(sender) = self.senders.get_mut(&ssrc) else { return };
                sender.stats.nacks += 1;
                nack.entries.iter().for_each(|entry| self.event(Event::Nack { ssrc, entry }));
            }
            Packet::Pli(pli) => {
                if let Some(sender) = self.senders.get_mut(&pli.media) {
                    sender.stats.plis += 1;
                    self.event(Event::PictureLoss { ssrc: pli.media });
                }
            }
            Packet::Fir(fir) => self.full_intra(fir),
            Packet::Remb(remb) => self.event(Event::EstimatedBitRate { bit_rate: remb.bit_rate }),
            Packet::Tmmbr(tmmbr) => {
                for entry in tmmbr.entries {
                    if self.senders.contains_key(&entry.ssrc) {
                        self.event(Event::MaximumBitRate { ssrc: entry.ssrc, bit_rate: entry.bit_rate });
                    }
                }
            }
            Packet::TransportFeedback(feedback) => {
                let (queue, most) = (&mut self.feedback, self.config.max_sent);
                let mut dropped = 0;
                self.sent.transport_feedback(feedback, |one| push(queue, one, most, &mut dropped));
                self.stats.events_dropped += dropped;
            }
            Packet::CongestionFeedback(feedback) => {
                let (queue, most) = (&mut self.feedback, self.config.max_sent);
                let mut dropped = 0;
                self.sent.congestion_feedback(feedback, |one| push(queue, one, most, &mut dropped));
                self.stats.events_dropped += dropped;
            }
            Packet::ExtendedReport(report) => self.extended(now, report),
            Packet::Unknown(_) => self.stats.rtcp_packets_unknown += 1,
            // Nothing that we send depends on these.
            Packet::App(_) | Packet::Tmmbn(_) | Packet::Sli(_) | Packet::Rpsi(_) => {}
        }
    }

    fn heard(&mut self, now: Instant, ssrc: u32) {
        if self.senders.contains_key(&ssrc) {
            self.event(Event::Collision { ssrc });
        }
        if let Some(receiver) = self.receivers.get_mut(&ssrc) {
            receiver.heard = now;
        }
    }

    fn sender_report(&mut self, now: Instant, report: &SenderReport<'_>) {
        self.heard(now, report.ssrc);
        if let Some(receiver) = self.receivers.get_mut(&report.ssrc) {
            receiver.sender_report(now, report);
            let (ssrc, ntp, rtp_timestamp) = (report.ssrc, report.ntp, report.rtp_timestamp);
            self.event(Event::SenderReport { ssrc, ntp, rtp_timestamp });
        }
        report.blocks.iter().for_each(|block| self.reported(now, &block));
    }

    fn reported(&mut self, now: Instant, block: &ReportBlock) {
        let middle = self.ntp(now).middle();
        if let Some(sender) = self.senders.get_mut(&block.ssrc) {
            sender.reported(block, middle);
            self.event(Event::Reported { ssrc: block.ssrc });
        }
    }

    // RFC 3550 §6.2.1: remembering who has left for a while: not done, because a straggler that brings it back costs an
    // entry that goes by itself when it is silent.
    fn bye(&mut self, bye: &Bye<'_>) {
        for ssrc in bye.sources {
            self.references.remove(&ssrc);
            if self.receivers.remove(&ssrc).is_some() {
                self.event(Event::Bye { ssrc });
            }
        }
    }

    /// RFC 5104 §4.3.1.2: a request with the number of the last one from the same end is a repetition.
    fn full_intra(&mut self, fir: &Fir<'_>) {
        for entry in fir.entries {
            let Some(sender) = self.senders.get_mut(&entry.ssrc) else { continue };
            let request = Some((fir.sender, entry.sequence_number));
            if core::mem::replace(&mut sender.fir, request) != request {
                sender.stats.firs += 1;
                self.event(Event::FullIntraRequest { ssrc: entry.ssrc });
            }
        }
    }

    fn extended(&mut self, now: Instant, report: &ExtendedReport<'_>) {
        let middle = self.ntp(now).middle();
        for block in report.blocks() {
            match block {
                XrBlock::ReceiverReferenceTime(time) => {
                    let known = self.references.contains_key(&report.ssrc);
                    if known || self.references.len() < self.config.max_receivers {
                        self.references.insert(report.ssrc, (time.middle(), now));
                    }
                }
                XrBlock::DelaySinceLastRr(answers) => {
                    let (own, reporter) = (self.own, self.reporter());
                    let ours = |ssrc| ssrc == own || ssrc == reporter;
                    // What we have not told for long, or never, cannot be answered.
                    let answers = answers.iter().filter(|answer| ours(answer.ssrc));
                    for answer in answers.filter(|answer| self.clocks.contains(&answer.last_rr)) {
                        let round_trip = round_trip(middle, answer.last_rr, answer.delay);
                        self.round_trip = round_trip.or(self.round_trip);
                        if let (Some(round_trip), Some(receiver)) =
                            (round_trip, self.receivers.get_mut(&report.ssrc))
                        {
                            receiver.answered(answer.last_rr, round_trip);
                        }
                    }
                }
                XrBlock::Unknown { .. } => self.stats.rtcp_packets_unknown += 1,
            }
        }
    }
}

fn push(
    queue: &mut alloc::collections::VecDeque<PacketFeedback>,
    one: PacketFeedback,
    most: usize,
    dropped: &mut u64,
) {
    if queue.len() < most {
        queue.push_back(one);
    } else {
        *dropped += 1;
    }
}
