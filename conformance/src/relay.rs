//! A bad network between two peers that are on one machine: real sockets and real time, `netsim`'s links.
//!
//! Each candidate of one peer gets a *face*: a socket whose address the other peer is told instead. What arrives at a face
//! goes, through the link in its direction, to the candidate behind it, and comes from the face of whoever sent it: neither
//! peer ever learns the other's own address.
//!
//! ```text
//!   A 1000 ----> face of B's 2000          face of A's 1000 ----> B 2000
//!                     \_______ link towards B _______/
//! ```

use crate::Result;
use siskin_base::{Instant, Rng};
use siskin_netsim::Link;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A face looks this often whether it is still needed.
const LOOK: Duration = Duration::from_millis(100);

/// The first byte of a record of DTLS that holds handshake messages in clear (RFC 9147 §4).
const HANDSHAKE: u8 = 22;

/// So many datagrams that begin so are kept, in each direction.
const HELLOS: usize = 32;

/// So many waits are kept, in each direction.
const WAITS: usize = 100_000;

/// The peers, as indices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The browser, or what stands for one.
    Theirs,
    /// Siskin.
    Ours,
}

impl End {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Theirs => Self::Ours,
            Self::Ours => Self::Theirs,
        }
    }
}

/// The network between two peers; it goes when this is dropped.
pub(crate) struct Relay(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    start: std::time::Instant,
}

struct State {
    /// By peer and by the candidate's own address.
    faces: BTreeMap<(usize, SocketAddr), Arc<UdpSocket>>,
    /// The links towards each peer.
    links: [Link; 2],
    rng: Rng,
    under_way: BinaryHeap<Reverse<Flight>>,
    sequence: u64,
    over: bool,
    counts: Counts,
    /// How long datagrams towards each peer stood in the queue of a link with a rate: the last of them.
    waits: [VecDeque<Duration>; 2],
    /// What was carried towards each peer that looks like a handshake of DTLS in clear.
    hellos: [Vec<Vec<u8>>; 2],
}

/// What happened to datagrams so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) carried: u64,
    pub(crate) lost: u64,
}

struct Flight {
    at: Instant,
    sequence: u64,
    from: Arc<UdpSocket>,
    to: SocketAddr,
    datagram: Vec<u8>,
}

impl Relay {
    /// A network with the same link in both directions.
    pub(crate) fn new(seed: u64, link: &Link) -> Self {
        let state = State {
            faces: BTreeMap::new(),
            links: [link.clone(), link.clone()],
            rng: Rng::for_tests(seed),
            under_way: BinaryHeap::new(),
            sequence: 0,
            over: false,
            counts: Counts::default(),
            waits: [VecDeque::new(), VecDeque::new()],
            hellos: [Vec::new(), Vec::new()],
        };
        let start = std::time::Instant::now();
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), start });
        let carrier = Arc::clone(&shared);
        thread::spawn(move || carrier.deliver());
        Self(shared)
    }

    /// From now on both links are like this.
    pub(crate) fn set_link(&self, link: &Link) {
        self.0.lock().links = [link.clone(), link.clone()];
    }

    /// From now on the link towards that peer is like this.
    pub(crate) fn set_link_towards(&self, to: End, link: &Link) {
        if let Some(towards) = self.0.lock().links.get_mut(to as usize) {
            *towards = link.clone();
        }
    }

    /// From now on nothing gets through.
    pub(crate) fn cut(&self) {
        self.set_link(&Link::new(Duration::ZERO).loss(1.0));
    }

    /// The datagrams carried towards a peer that begin with a record of DTLS's handshake in clear.
    pub(crate) fn hellos(&self, to: End) -> Vec<Vec<u8>> {
        self.0.lock().hellos.get(to as usize).cloned().unwrap_or_default()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.0.lock().counts
    }

    /// How long each datagram towards a peer stood in the link's queue since the last call, sorted.
    pub(crate) fn waits(&self, to: End) -> Vec<Duration> {
        let mut state = self.0.lock();
        let mut waits: Vec<_> =
            state.waits.get_mut(to as usize).map(std::mem::take).unwrap_or_default().into();
        waits.sort_unstable();
        waits
    }

    /// A candidate line as the other side gets it; `None` if it gets none, as we carry UDP over IPv4 only.
    pub(crate) fn candidate(&self, from: End, line: &str) -> Result<Option<String>> {
        let mut words: Vec<String> = line.split(' ').map(String::from).collect();
        let [_, _, transport, _, ip, port, ..] = words.as_mut_slice() else {
            return Err(format!("not a candidate: {line}"));
        };
        let address: Option<(IpAddr, u16)> = ip.parse().ok().zip(port.parse().ok());
        let Some((own, number)) = address.filter(|(ip, _)| ip.is_ipv4()) else { return Ok(None) };
        if !transport.eq_ignore_ascii_case("udp") {
            return Ok(None);
        }
        let face = self.face(from, SocketAddr::new(own, number))?;
        (*ip, *port) = (face.ip().to_string(), face.port().to_string());
        Ok(Some(words.join(" ")))
    }

    /// The address that stands for `own`, a candidate of that peer.
    pub(crate) fn face(&self, end: End, own: SocketAddr) -> Result<SocketAddr> {
        let failed = |e| format!("the relay's socket for {own}: {e}");
        Shared::face(&self.0, end as usize, own).and_then(|face| face.local_addr()).map_err(failed)
    }
}

/// A description whose candidate lines are what `each` makes of them; `None` drops one.
pub(crate) fn replace_candidates(sdp: &str, each: impl Fn(&str) -> Result<Option<String>>) -> Result<String> {
    let mut replaced = String::new();
    for line in sdp.split_inclusive('\n') {
        match line.strip_prefix("a=").filter(|rest| rest.starts_with("candidate:")) {
            None => replaced.push_str(line),
            Some(candidate) => {
                if let Some(candidate) = each(candidate.trim_end())? {
                    replaced += &format!("a={candidate}\r\n");
                }
            }
        }
    }
    Ok(replaced)
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    fn face(shared: &Arc<Self>, end: usize, own: SocketAddr) -> std::io::Result<Arc<UdpSocket>> {
        let mut state = shared.lock();
        if let Some(face) = state.faces.get(&(end, own)) {
            return Ok(Arc::clone(face));
        }
        let face = Arc::new(UdpSocket::bind((own.ip(), 0))?);
        face.set_read_timeout(Some(LOOK))?;
        state.faces.insert((end, own), Arc::clone(&face));
        drop(state);
        let (reader, shared) = (Arc::clone(&face), Arc::clone(shared));
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while !shared.lock().over {
                // A timeout, or word of a port that is gone: neither concerns us.
                let Ok((len, source)) = reader.recv_from(&mut buffer) else { continue };
                let Ok(from) = Self::face(&shared, 1 - end, source) else { continue };
                shared.carry(end, own, from, buffer.get(..len).unwrap_or_default());
            }
        });
        Ok(face)
    }

    /// Sends a datagram on its way to a peer.
    fn carry(&self, end: usize, to: SocketAddr, from: Arc<UdpSocket>, datagram: &[u8]) {
        let now = self.now();
        let mut state = self.lock();
        let State { links, rng, under_way, sequence, counts, waits, hellos, .. } = &mut *state;
        if let (Some(&HANDSHAKE), Some(hellos)) = (datagram.first(), hellos.get_mut(end))
            && hellos.len() < HELLOS
        {
            hellos.push(datagram.to_vec());
        }
        let Some(link) = links.get_mut(end) else { return };
        let (arrivals, flipped) = link.carry(now, datagram.len(), rng);
        counts.carried += 1;
        counts.lost += u64::from(arrivals.is_empty());
        if let (Some(waits), Some(first), true) = (waits.get_mut(end), arrivals.first(), link.rate.is_some())
        {
            waits.push_back(first.since(now).saturating_sub(link.delay));
            if waits.len() > WAITS {
                waits.pop_front();
            }
        }
        for at in arrivals {
            let mut datagram = datagram.to_vec();
            if flipped && !datagram.is_empty() {
                let bit = rng.below(datagram.len() as u64 * 8);
                if let Some(byte) = datagram.get_mut(bit as usize / 8) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            *sequence += 1;
            let sequence = *sequence;
            under_way.push(Reverse(Flight { at, sequence, from: Arc::clone(&from), to, datagram }));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Delivers what is due, until the relay is over.
    fn deliver(&self) {
        let mut state = self.lock();
        while !state.over {
            let now = self.now();
            let wait = state.under_way.peek().map_or(LOOK, |Reverse(next)| next.at.since(now));
            if wait > Duration::ZERO {
                let waited = self.changed.wait_timeout(state, wait);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let Some(Reverse(flight)) = state.under_way.pop() else { continue };
            drop(state);
            // A socket of the peer's that is gone loses it.
            let _lost = flight.from.send_to(&flight.datagram, flight.to);
            state = self.lock();
        }
        state.faces.clear();
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[test]
    fn each_peer_sees_only_faces() {
        let relay = Relay::new(1, &Link::new(Duration::from_millis(1)));
        let ((a, a_own), (b, b_own)) = (socket(), socket());
        let a_face = relay.face(End::Theirs, a_own).unwrap();
        let b_face = relay.face(End::Ours, b_own).unwrap();
        let mut buffer = [0; 16];
        a.send_to(b"there", b_face).unwrap();
        assert_eq!(b.recv_from(&mut buffer).unwrap(), (5, a_face));
        b.send_to(b"back", a_face).unwrap();
        assert_eq!(a.recv_from(&mut buffer).unwrap(), (4, b_face));
        assert_eq!(&buffer[..4], b"back");
        assert_eq!((relay.counts().carried, relay.counts().lost), (2, 0));
    }

    #[test]
    fn a_cut_network_carries_nothing() {
        let relay = Relay::new(1, &Link::new(Duration::ZERO));
        let ((a, _), (b, b_own)) = (socket(), socket());
        b.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let b_face = relay.face(End::Ours, b_own).unwrap();
        relay.cut();
        a.send_to(b"there", b_face).unwrap();
        assert!(b.recv_from(&mut [0; 16]).is_err());
    }
}
