//! One case: a peer, our role, a network.

use crate::ours::Ours;
use crate::peer::Setup;
use crate::peers::Kind;
use siskin_base::{Instant, Rng};
use siskin_crypto::Certificate;
use siskin_dtls::Role;
use siskin_netsim::Link;
use std::fmt;
use std::time::Duration;

/// The day of all certificates here; nobody looks at it.
pub const TODAY: Duration = Duration::from_secs(1_795_305_600);

/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Data that has not arrived is sent again this often.
const AGAIN: Duration = Duration::from_millis(100);
const OURS: &str = "hello from siskin";
const THEIRS: &str = "hello from afar";
const LABEL: &str = "EXTRACTOR-dtls_srtp";
const SMALL: usize = 600;

/// What the network does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// Nothing bad.
    Whole,
    /// Loses one in ten.
    Loss,
    /// Lets one in three be overtaken.
    Reordered,
    /// Our datagrams have at most 600 bytes; longer ones are lost.
    OursSmall,
    /// Both ends' have.
    BothSmall,
}

impl Path {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Loss, Self::Reordered, Self::OursSmall, Self::BothSmall];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Loss => "loss 10 %",
            Self::Reordered => "reordered",
            Self::OursSmall => "ours 600 B",
            Self::BothSmall => "both 600 B",
        }
    }

    /// Whether what happens depends on the seed.
    const fn is_random(self) -> bool {
        matches!(self, Self::Loss | Self::Reordered)
    }

    /// From us to the peer, and back.
    fn links(self) -> [Link; 2] {
        let plain = Link::new(Duration::from_millis(2));
        match self {
            Self::Whole => [plain.clone(), plain],
            Self::Loss => [plain.clone().loss(0.1), plain.loss(0.1)],
            Self::Reordered => [plain.clone().reorder(0.33), plain.reorder(0.33)],
            Self::OursSmall => [plain.clone().mtu(SMALL), plain],
            Self::BothSmall => [plain.clone().mtu(SMALL), plain.mtu(SMALL)],
        }
    }
}

/// A peer, our role, a network.
#[derive(Clone, Copy)]
pub struct Case {
    /// The peer.
    pub kind: Kind,
    /// Our part.
    pub role: Role,
    /// What the network does.
    pub path: Path,
    /// What its dice depend on.
    pub seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.role == Role::Client { "client" } else { "server" };
        write!(f, "{} us {role}, {}", self.kind.name(), self.path.name())?;
        if self.path.is_random() { write!(f, ", {}", self.seed + 1) } else { Ok(()) }
    }
}

/// Datagrams under way in one direction, by arrival.
struct Direction {
    link: Link,
    rng: Rng,
    under_way: Vec<(Instant, u64, Vec<u8>)>,
    count: u64,
}

impl Direction {
    fn carry(&mut self, now: Instant, datagram: Vec<u8>) {
        for at in self.link.carry(now, datagram.len(), &mut self.rng).0 {
            self.count += 1;
            self.under_way.push((at, self.count, datagram.clone()));
        }
    }

    fn arrived(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.under_way.sort_by_key(|(at, nth, _)| (*at, *nth));
        let later = self.under_way.iter().position(|(at, ..)| *at > now).unwrap_or(self.under_way.len());
        self.under_way.drain(..later).map(|(_, _, datagram)| datagram).collect()
    }
}

impl Case {
    /// All of them: on paths where dice are thrown, with three seeds for a program, ten for a peer in this process.
    pub fn all() -> impl Iterator<Item = Self> {
        let with_roles = |kind| [Role::Client, Role::Server].map(|role| (kind, role));
        let cases = crate::peers::ALL.into_iter().flat_map(with_roles);
        let cases = cases.flat_map(|(kind, role)| Path::ALL.map(|path| (kind, role, path)));
        let cases = cases.filter(|(kind, _, path)| *path != Path::BothSmall || kind.has_mtu());
        cases.flat_map(|(kind, role, path)| {
            let seeds = if !path.is_random() {
                1
            } else if kind.is_in_process() {
                10
            } else {
                3
            };
            (0..seeds).map(move |seed| Self { kind, role, path, seed })
        })
    }

    /// `Ok` says what was agreed on, `Err` what went wrong.
    pub fn run(&self) -> Result<String, String> {
        let provider = siskin_crypto::default_provider();
        let theirs = Certificate::generate(&provider, &mut Rng::for_tests(1), TODAY).expect("a certificate");
        let small = |limited: bool| limited.then_some(SMALL);
        let other = if self.role == Role::Client { Role::Server } else { Role::Client };
        let setup = Setup { role: other, certificate: &theirs, mtu: small(self.path == Path::BothSmall) };
        let mut peer = self.kind.start(&setup)?;
        let limited = matches!(self.path, Path::OursSmall | Path::BothSmall);
        let mut ours = Ours::new(self.role, self.kind.ours(), &theirs, small(limited), 7 + self.seed);

        let rng = Rng::for_tests(11 + self.seed);
        let direction = |link, name| Direction { link, rng: rng.fork(name), under_way: Vec::new(), count: 0 };
        let [out, back] = self.path.links();
        let (mut out, mut back) = (direction(out, "out"), direction(back, "back"));
        let theirs = if peer.echoes() { OURS } else { THEIRS };
        let began = std::time::Instant::now();
        let mut next_data = Instant::ZERO;
        loop {
            let now = Instant::ZERO + began.elapsed();
            for datagram in out.arrived(now) {
                peer.take(&datagram);
            }
            for datagram in back.arrived(now) {
                ours.take(now, &datagram)?;
            }
            for datagram in peer.drive()? {
                back.carry(now, datagram);
            }
            for datagram in ours.drive(now)? {
                if limited && datagram.len() > SMALL {
                    return Err(format!("we sent {} bytes", datagram.len()));
                }
                out.carry(now, datagram);
            }
            let has_all = peer.has(OURS) && contains(&ours.data, theirs);
            if has_all {
                break;
            }
            if ours.connected && peer.is_connected() && now >= next_data {
                next_data = now + AGAIN;
                if !peer.has(OURS) || peer.echoes() {
                    let datagram = ours.seal(format!("{OURS}\n").as_bytes())?;
                    out.carry(now, datagram);
                }
                if !contains(&ours.data, theirs) {
                    peer.send(THEIRS);
                }
            }
            if began.elapsed() > LIMIT {
                return Err(format!(
                    "{}, {} after {LIMIT:?}; {:?}",
                    if ours.connected { "we are connected" } else { "we are not connected" },
                    if peer.is_connected() { "the peer is" } else { "the peer is not" },
                    ours.dtls.stats()
                ));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        match peer.exported() {
            Some(theirs) => {
                let mut own = vec![0; theirs.len()];
                let exported = ours.dtls.export_keying_material(LABEL, None, &mut own);
                if exported.is_err() || own != theirs || ours.dtls.srtp_profile().is_none() {
                    return Err("the two ends export different keys, or none for SRTP".into());
                }
            }
            None if self.kind.is_in_process() => return Err("the peer has no keys for SRTP".into()),
            None => {}
        }
        let (version, group) = (ours.dtls.version(), ours.dtls.group());
        let seen = format!("{version:?} {group:?} {:?}", ours.dtls.cipher_suite());
        let (wanted_version, wanted_group) = self.kind.wanted();
        if version != Some(wanted_version) || group != Some(wanted_group) {
            return Err(format!("agreed on {seen}, not on {wanted_version:?} {wanted_group:?}"));
        }
        Ok(seen.replace("Some(", "").replace(')', ""))
    }
}

fn contains(data: &[u8], wanted: &str) -> bool {
    data.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}
