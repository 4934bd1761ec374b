//! Packets that belong to no association (RFC 9260 §8.4): ours is over, and its peer may not know.
//!
//! RFC 9260 §8.4: answers before the association was opened: not done, because set-up by signalling (SNAP) lets a peer's first
//! DATA come before we know of it.

use super::Association;
use crate::wire::{CauseCode, Causes};
use crate::wire::{Chunk, ChunkType, ErrorChunk, Packet, RawChunk};
use siskin_base::Instant;

impl Association {
    /// Tells the peer that there is nothing any more, unless the packet says that it knows.
    pub(super) fn on_out_of_the_blue(&mut self, now: Instant, packet: &Packet<'_>) {
        self.drop_junk(now, "packet after the end");
        let mut chunks = packet.chunks.map_while(Result::ok);
        let Some(first) = chunks.next() else { return };
        let tag = packet.verification_tag;
        match first.kind {
            _ if packet.chunks.map_while(Result::ok).any(|raw| raw.kind == ChunkType::ABORT) => {}
            // The peer's own tag is inside; a new association is none of ours to make.
            ChunkType::INIT if tag == 0 => {
                if let Ok(Chunk::Init(init)) = Chunk::parse(first)
                    && init.initiate_tag != 0
                {
                    self.answer_abort(init.initiate_tag, false, None);
                }
            }
            ChunkType::INIT | ChunkType::SHUTDOWN_COMPLETE | ChunkType::COOKIE_ACK => {}
            ChunkType::SHUTDOWN_ACK => self.complete_shutdown(tag, true),
            ChunkType::ERROR if is_stale_cookie(first) => {}
            // RFC 9260 §8.4 item 8, an ABORT after a shutdown: not done, because what comes then was late on its way, and a peer
            // that still waits for SHUTDOWN COMPLETE would take the ABORT for a failure. It asks with SHUTDOWN ACK.
            _ if self.ended_well => {}
            _ => self.answer_abort(tag, true, None),
        }
    }
}

fn is_stale_cookie(raw: RawChunk<'_>) -> bool {
    ErrorChunk::parse(raw).is_ok_and(|error| {
        let causes: Causes<'_> = error.causes;
        causes.map_while(Result::ok).any(|cause| cause.code == CauseCode::STALE_COOKIE)
    })
}
