//! The keys of a context, and how much each has protected (RFC 3711 §9.2).

use crate::transform::Transform;
use crate::{Config, Event, Key, Misuse, Suite};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use siskin_crypto::Provider;

/// A key in use.
pub(crate) struct ActiveKey {
    pub(crate) mki: Vec<u8>,
    pub(crate) transform: Transform,
    rtp: Quota,
    rtcp: Quota,
}

/// How many packets a key may still protect.
#[derive(Clone, Copy)]
struct Quota {
    left: u64,
    /// With so many left, the owner is told.
    warn_at: u64,
}

/// RTP or RTCP.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Rtp,
    Rtcp,
}

/// The longest identifier.
// RFC 3711 §3.1: longer ones: not done, because DTLS agrees on none, and room for one is set aside in every packet.
pub(crate) const MAX_MKI: usize = 16;

/// So many packets before its end, a key is nearly used up.
const NOTICE: u64 = 1 << 16;

impl Quota {
    fn new(configured: u64, most: u64) -> Self {
        let left = configured.min(most);
        Self { left, warn_at: NOTICE.min(left / 2) }
    }
}

impl ActiveKey {
    pub(crate) fn new(provider: &Provider, suite: Suite, key: &Key, config: &Config) -> Result<Self, Misuse> {
        if key.mki.len() > MAX_MKI {
            return Err(Misuse::WrongMkiLength);
        }
        Ok(Self {
            mki: key.mki.clone(),
            transform: Transform::new(provider, suite, &key.session)?,
            rtp: Quota::new(config.max_rtp_packets, 1 << 48),
            rtcp: Quota::new(config.max_rtcp_packets, 1 << 31),
        })
    }

    /// RFC 3711 §9.2: by packets or by reports, whichever occurs before, because both come from one master key.
    #[inline]
    pub(crate) fn is_used_up(&self) -> bool {
        self.rtp.left == 0 || self.rtcp.left == 0
    }

    /// Counts a packet.
    #[inline]
    pub(crate) fn count(&mut self, kind: Kind, events: &mut VecDeque<Event>) {
        let quota = match kind {
            Kind::Rtp => &mut self.rtp,
            Kind::Rtcp => &mut self.rtcp,
        };
        quota.left = quota.left.saturating_sub(1);
        if quota.left <= quota.warn_at {
            let (left, warn_at) = (quota.left, quota.warn_at);
            self.tell(left, warn_at, events);
        }
    }

    #[cold]
    fn tell(&self, left: u64, warn_at: u64, events: &mut VecDeque<Event>) {
        if left == 0 {
            events.push_back(Event::KeyUsedUp(self.mki.clone()));
        } else if left == warn_at {
            events.push_back(Event::KeyNearlyUsedUp(self.mki.clone()));
        }
    }
}
