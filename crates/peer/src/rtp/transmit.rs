//! What leaves: RTCP when it is due, packets in their order. A packet gets its header as it leaves, because that says when.

use super::Rtp;
use alloc::collections::VecDeque;
use siskin_base::{Instant, Packet};
use siskin_rtp::extension::{AbsSendTime, Extension, Mid, RepairedRid, Rid, TransportSequence};
use siskin_rtp::rtx;

/// A packet that waits; its payload is in the history of its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queued {
    pub(super) ssrc: u32,
    pub(super) number: u16,
    /// It was sent before, and goes as a retransmission.
    pub(super) again: bool,
}

/// Packets that wait to leave.
#[derive(Debug, Default)]
pub(super) struct Queue {
    packets: VecDeque<Queued>,
    again: VecDeque<Queued>,
}

/// Above this no frame is taken.
const MAX_QUEUED: usize = 768;
/// Retransmissions that wait at most: the history has granted each.
const MAX_AGAIN: usize = 1_024;

impl Queue {
    pub(super) fn is_full(&self) -> bool {
        self.packets.len() >= MAX_QUEUED
    }

    pub(super) fn push(&mut self, packet: Queued) {
        self.packets.push_back(packet);
    }

    pub(super) fn push_again(&mut self, packet: Queued) {
        if self.again.len() < MAX_AGAIN {
            self.again.push_back(packet);
        }
    }

    /// Retransmissions first: a frame waits for them.
    fn pop(&mut self) -> Option<Queued> {
        self.again.pop_front().or_else(|| self.packets.pop_front())
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.again.clear();
    }
}

impl Rtp {
    /// Writes the next datagram; `false` if there is none.
    pub(crate) fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> bool {
        let Some((secure, _)) = &mut self.secure else { return false };
        out.begin(0);
        if !self.session.poll_transmit(now, out) {
            out.cancel();
        } else if secure.protect_rtcp(out).is_ok() {
            out.finish();
            return true;
        }
        while let Some(queued) = self.queue.pop() {
            if self.write(now, out, queued) {
                return true;
            }
            self.counts.packets_dropped += 1;
        }
        false
    }

    fn write(&mut self, now: Instant, out: &mut Packet, queued: Queued) -> bool {
        let Some((secure, _)) = &mut self.secure else { return false };
        let Some(stream) = self.outgoing.get_mut(&queued.ssrc) else { return false };
        let Some(stored) = stream.history.get(queued.number) else { return false };
        let section = self.sections.iter().find(|section| section.transceiver == stream.transceiver);
        let header = if queued.again {
            let payload_type = section.and_then(|section| section.repair_type(stored.payload_type));
            let (Some(ssrc), Some(payload_type)) = (stream.rtx, payload_type) else { return false };
            let Some(sender) = self.session.sender(ssrc) else { return false };
            let len = stored.payload.len() + rtx::HEADER_LEN;
            sender.retransmission(stored.timestamp, payload_type, stored.marker, len)
        } else {
            siskin_rtp::wire::Header {
                marker: stored.marker,
                payload_type: stored.payload_type,
                sequence_number: queued.number,
                timestamp: stored.timestamp,
                ssrc: queued.ssrc,
                csrcs: &[],
            }
        };
        let number = self.session.sent_packets().next_sequence() as u16;
        let extensions = &stream.extensions;
        out.begin(0);
        header.write(out.buffer(), |writer| {
            if !stream.announced {
                writer.value(extensions, &Mid(&stream.mid));
                match &stream.rid {
                    Some(rid) if queued.again => _ = writer.value(extensions, &RepairedRid(rid)),
                    Some(rid) => _ = writer.value(extensions, &Rid(rid)),
                    None => {}
                }
            }
            writer.value(extensions, &AbsSendTime::at(now));
            writer.value(extensions, &TransportSequence(number));
        });
        stream.counts.header_bytes += out.current().len() as u64;
        if queued.again {
            rtx::write(queued.number, &stored.payload, out.buffer());
            stream.counts.packets_retransmitted += 1;
            stream.counts.bytes_retransmitted += stored.payload.len() as u64;
        } else {
            out.append(&stored.payload);
        }
        let numbered = extensions.id(Extension::TransportSequence).is_some();
        if secure.protect_rtp(out).is_err() {
            return false;
        }
        let size = out.finish();
        if numbered {
            self.session.sent_packets().sent(now, header.ssrc, header.sequence_number, size);
        }
        true
    }
}
