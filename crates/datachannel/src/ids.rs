//! Which stream a new channel gets (RFC 8832 §6).

/// Gives out streams of one parity: even ones to the DTLS client, odd ones to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    next: u16,
    parity: u16,
}

impl Ids {
    pub(crate) const fn new(dtls_client: bool) -> Self {
        let parity = if dtls_client { 0 } else { 1 };
        Self { next: parity, parity }
    }

    /// Whether streams like this one are ours to give out.
    pub(crate) const fn is_ours(self, stream: u16) -> bool {
        stream % 2 == self.parity
    }

    /// A stream below `limit` that is not `used`: those that were never used come first.
    pub(crate) fn take(&mut self, limit: u16, used: impl Fn(u16) -> bool) -> Option<u16> {
        let ahead = (self.next..limit).step_by(2);
        let again = (self.parity..self.next.min(limit)).step_by(2);
        let id = ahead.chain(again).find(|id| !used(*id))?;
        self.next = id.saturating_add(2);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8832_6_even_for_the_client_odd_for_the_server() {
        assert_eq!(Ids::new(true).take(65535, |_| false), Some(0));
        assert_eq!(Ids::new(false).take(65535, |_| false), Some(1));
        assert_eq!(Ids::new(false).take(1, |_| false), None);
    }

    #[test]
    fn all_are_used_before_one_is_used_again() {
        let mut ids = Ids::new(true);
        assert_eq!([(); 3].map(|()| ids.take(5, |_| false)), [Some(0), Some(2), Some(4)]);
        assert_eq!(ids.take(5, |id| id != 2), Some(2));
        assert_eq!(ids.take(5, |_| true), None);
        let mut ids = Ids { next: 65534, parity: 0 };
        assert_eq!(ids.take(65535, |_| false), Some(65534));
        assert_eq!(ids.take(65535, |_| false), Some(0));
    }
}
