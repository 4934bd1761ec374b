//! What leaves: RTCP when it is due, packets when the pacer says so. A packet gets its header as it leaves, because that says
//! when.
// RFC 8834 §5.2.1, §5.2.2, §5.2.5: times of capture (RFC 6051), audio levels and orientation: not done, because frames come
// encoded, and only who has encoded them knows.

use super::Rtp;
use super::pacing::Queued;
use siskin_base::{Instant, Packet};
use siskin_cc::Ready;
use siskin_rtp::extension::{AbsSendTime, Extension, Mid, RepairedRid, Rid, TransportSequence};
use siskin_rtp::rtx;

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
        while let Some(ready) = self.pacing.poll_transmit(now) {
            let probe = ready.probe();
            let queued = match ready {
                Ready::Packet { packet, .. } => Some(packet),
                Ready::Padding { .. } => self.padding(),
            };
            let Some(queued) = queued else { continue };
            if self.write(now, out, queued, probe) {
                return true;
            }
            self.counts.packets_dropped += 1;
        }
        false
    }

    /// What fills up a probe: the last packet of a stream that can be sent again, once more.
    fn padding(&self) -> Option<Queued> {
        self.outgoing.iter().find_map(|(ssrc, stream)| {
            let number = stream.last.filter(|_| stream.rtx.is_some() && stream.is_active())?;
            Some(Queued { ssrc: *ssrc, number, again: true })
        })
    }

    fn write(&mut self, now: Instant, out: &mut Packet, queued: Queued, probe: Option<u32>) -> bool {
        let Some((secure, _)) = &mut self.secure else { return false };
        let Some(stream) = self.outgoing.get_mut(&queued.ssrc) else { return false };
        let Some(stored) = stream.history.get(queued.number) else { return false };
        let section = self.sections.iter().find(|section| section.transceiver == stream.transceiver);
        let header = if queued.again {
            let payload_type = section.and_then(|section| section.repair_type(stored.payload_type));
            let (Some(ssrc), Some(payload_type)) = (stream.rtx, payload_type) else { return false };
            let Some(sender) = self.session.sender(ssrc) else { return false };
            let len = stored.payload.len() + rtx::HEADER_LEN;
            sender.retransmission(stored.made, stored.timestamp, payload_type, stored.marker, len)
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
                match stream.rid.as_ref().filter(|_| stream.named) {
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
            // RFC 4588 §4: the original number is part of the payload.
            stream.counts.bytes_retransmitted += (rtx::HEADER_LEN + stored.payload.len()) as u64;
        } else {
            out.append(&stored.payload);
        }
        let numbered = extensions.id(Extension::TransportSequence).is_some();
        if secure.protect_rtp(out).is_err() {
            return false;
        }
        let size = out.finish();
        if numbered {
            let packets = self.session.sent_packets();
            let sequence = packets.sent(now, header.ssrc, header.sequence_number, size);
            self.pacing.sent(now, sequence, size, probe);
        }
        true
    }
}
