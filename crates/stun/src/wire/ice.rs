//! What ICE adds: PRIORITY, USE-CANDIDATE, ICE-CONTROLLED, ICE-CONTROLLING (RFC 8445 §16.1), and the vendors' NOMINATION
//! and GOOG_NETWORK_INFO.

use super::{AttributeType, Builder, Message};
use siskin_base::wire::Reader;

impl Message<'_> {
    /// PRIORITY.
    pub fn priority(&self) -> Option<u32> {
        self.number32(AttributeType::PRIORITY)
    }

    /// Whether USE-CANDIDATE is there.
    pub fn use_candidate(&self) -> bool {
        self.has(AttributeType::USE_CANDIDATE)
    }

    /// The tie-breaker in ICE-CONTROLLED.
    pub fn ice_controlled(&self) -> Option<u64> {
        self.number64(AttributeType::ICE_CONTROLLED)
    }

    /// The tie-breaker in ICE-CONTROLLING.
    pub fn ice_controlling(&self) -> Option<u64> {
        self.number64(AttributeType::ICE_CONTROLLING)
    }

    /// The counter in NOMINATION (draft-thatcher-ice-renomination: 24 bits behind a zero byte).
    pub fn nomination(&self) -> Option<u32> {
        self.number32(AttributeType::NOMINATION)
    }

    /// Network id and network cost in GOOG_NETWORK_INFO.
    pub fn network_info(&self) -> Option<(u16, u16)> {
        self.number32(AttributeType::GOOG_NETWORK_INFO).map(|both| ((both >> 16) as u16, both as u16))
    }

    fn number32(&self, kind: AttributeType) -> Option<u32> {
        let mut r = Reader::new(self.get(kind)?);
        r.u32().ok().filter(|_| r.is_empty())
    }

    fn number64(&self, kind: AttributeType) -> Option<u64> {
        let mut r = Reader::new(self.get(kind)?);
        r.u64().ok().filter(|_| r.is_empty())
    }
}

impl Builder<'_> {
    /// Appends PRIORITY.
    pub fn priority(self, priority: u32) -> Self {
        self.number32(AttributeType::PRIORITY, priority)
    }

    /// Appends USE-CANDIDATE.
    pub fn use_candidate(self) -> Self {
        self.attribute(AttributeType::USE_CANDIDATE, &[])
    }

    /// Appends ICE-CONTROLLED.
    pub fn ice_controlled(self, tie_breaker: u64) -> Self {
        self.number64(AttributeType::ICE_CONTROLLED, tie_breaker)
    }

    /// Appends ICE-CONTROLLING.
    pub fn ice_controlling(self, tie_breaker: u64) -> Self {
        self.number64(AttributeType::ICE_CONTROLLING, tie_breaker)
    }

    /// Appends NOMINATION.
    pub fn nomination(self, counter: u32) -> Self {
        self.number32(AttributeType::NOMINATION, counter)
    }

    /// Appends GOOG_NETWORK_INFO.
    pub fn network_info(self, id: u16, cost: u16) -> Self {
        self.number32(AttributeType::GOOG_NETWORK_INFO, u32::from(id) << 16 | u32::from(cost))
    }
}
