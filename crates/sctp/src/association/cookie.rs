//! The state cookie: what an INIT leaves behind with its sender instead of with us (RFC 9260 §5.1.3).

use super::link::PeerParams;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use siskin_base::wire::{Reader, Truncated, Writer};
use siskin_base::{HashAlgorithm, Instant, Rng};
use siskin_crypto::{MacKey, Provider};

/// Everything that is needed to open the association when the cookie comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) created: Instant,
    pub(super) local: Local,
    pub(super) peer: PeerParams,
    /// The tags of the association that existed when it was made, local and peer, or zeros (RFC 9260 §5.2.2).
    pub(super) tie_tags: (u32, u32),
}

/// Our own side of the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Local {
    /// What packets to us must carry.
    pub(super) tag: u32,
    pub(super) initial_tsn: u32,
}

impl Local {
    /// RFC 9260 §5.3.1: the tag is unguessable and not zero.
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { tag: rng.below(u64::from(u32::MAX)) as u32 + 1, initial_tsn: rng.u32() }
    }
}

/// Signs cookies and knows its own again.
///
/// RFC 9260 §5.1.3: port numbers and life span in the cookie, a new key every hour: not done, because an association has
/// one pair of ports and one life span, and its key dies with it.
pub(super) struct CookieKey(Box<dyn MacKey>);

impl CookieKey {
    pub(super) fn new(provider: &Provider, rng: &mut Rng) -> Self {
        Self(provider.hash(HashAlgorithm::Sha256).hmac(&rng.bytes::<32>()))
    }

    pub(super) fn seal(&self, cookie: &Cookie) -> Vec<u8> {
        let mut out = Vec::with_capacity(CONTENT_LEN + TAG_LEN);
        out.put_u64(cookie.created.as_nanos());
        out.put_u32(cookie.local.tag);
        out.put_u32(cookie.local.initial_tsn);
        out.put_u32(cookie.peer.tag);
        out.put_u32(cookie.peer.initial_tsn);
        out.put_u32(cookie.peer.window);
        out.put_u16(cookie.peer.outbound_streams);
        out.put_u16(cookie.peer.inbound_streams);
        let peer = cookie.peer;
        out.put_u8(
            u8::from(peer.forward_tsn) | u8::from(peer.re_config) << 1 | u8::from(peer.zero_checksum) << 2,
        );
        out.put_u32(cookie.tie_tags.0);
        out.put_u32(cookie.tie_tags.1);
        let tag = self.0.sign(&[&out]);
        out.put(tag.as_ref());
        out
    }

    /// The content of a cookie of ours; `None` for any other bytes.
    pub(super) fn open(&self, bytes: &[u8]) -> Option<Cookie> {
        let (content, tag) = bytes.split_at_checked(CONTENT_LEN)?;
        (tag.len() == TAG_LEN && self.0.verify(&[content], tag)).then(|| read(content))?.ok()
    }
}

impl fmt::Debug for CookieKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKey(..)")
    }
}

impl Cookie {
    /// How much older than `life` it is; `None` if it is fresh.
    pub(super) fn staleness(&self, now: Instant, life: Duration) -> Option<Duration> {
        now.since(self.created).checked_sub(life).filter(|over| !over.is_zero())
    }
}

fn read(content: &[u8]) -> Result<Cookie, Truncated> {
    let mut r = Reader::new(content);
    let created = Instant::from_nanos(r.u64()?);
    let local = Local { tag: r.u32()?, initial_tsn: r.u32()? };
    let (tag, initial_tsn, window) = (r.u32()?, r.u32()?, r.u32()?);
    let (outbound_streams, inbound_streams, bits) = (r.u16()?, r.u16()?, r.u8()?);
    let peer = PeerParams {
        tag,
        initial_tsn,
        window,
        outbound_streams,
        inbound_streams,
        forward_tsn: bits & 1 != 0,
        re_config: bits & 2 != 0,
        zero_checksum: bits & 4 != 0,
    };
    Ok(Cookie { created, local, peer, tie_tags: (r.u32()?, r.u32()?) })
}

const CONTENT_LEN: usize = 8 + 4 * 4 + 4 + 2 + 2 + 1 + 8;
const TAG_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_signed_opens() {
        let key = CookieKey::new(&siskin_crypto::rustcrypto(), &mut Rng::for_tests(1));
        let other = CookieKey::new(&siskin_crypto::rustcrypto(), &mut Rng::for_tests(2));
        let peer = PeerParams {
            tag: 1,
            initial_tsn: 2,
            window: 3,
            outbound_streams: 4,
            inbound_streams: 5,
            forward_tsn: true,
            re_config: false,
            zero_checksum: true,
        };
        let local = Local { tag: 6, initial_tsn: 7 };
        let cookie = Cookie { created: Instant::from_millis(8), local, peer, tie_tags: (9, 10) };
        let bytes = key.seal(&cookie);
        assert_eq!(key.open(&bytes), Some(cookie));
        assert_eq!(other.open(&bytes), None);
        for i in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[i] ^= 1;
            assert_eq!(key.open(&forged), None);
            assert_eq!(key.open(&bytes[..i]), None);
        }
        let (at, minute) = (Instant::from_millis, Duration::from_secs(60));
        assert_eq!(cookie.staleness(at(60_008), minute), None);
        assert_eq!(cookie.staleness(at(60_009), minute), Some(Duration::from_millis(1)));
    }
}
