//! Many bad networks, between two of ours and between ours and dcSCTP: reliable messages arrive once, in order, intact;
//! streams can be reset; both ends close clean.

use crate::peers::{End, SECOND, Seen, content};
use core::time::Duration;
use siskin_base::{Instant, Rng};
use siskin_netsim::{Conditions, Network, Node, Report, campaign};
use siskin_sctp::{Config, Reliability, SendOptions};

/// Whether each end is ours.
type Pairing = [bool; 2];

/// What a seed makes of the work, beside the network.
struct Work {
    config: Config,
    /// Per direction: stream, size and whether it may overtake.
    messages: [Vec<(u16, usize, bool)>; 2],
    /// So many of them are followed by one that may be lost.
    unreliable: usize,
    both_connect: bool,
    resets: bool,
    closer: usize,
}

/// Streams 0 to 2 are reliable; this one is not.
const UNRELIABLE: u16 = 9;

fn work(seed: u64, mtu: usize) -> Work {
    let mut dice = Rng::for_tests(seed).fork("work");
    let base = if dice.below(4) == 0 { Config::small() } else { Config::default() };
    // The network is worse than one that may be given up after eleven silent timeouts: on one that loses a quarter of what
    // goes each way, that comes about.
    let config = Config { max_datagram: mtu, max_retransmits: 40, max_init_retransmits: 40, ..base };
    let messages = [0, 1].map(|_| {
        let count = dice.below(20) as usize;
        let size = |dice: &mut Rng| match dice.below(3) {
            0 => 4 + dice.below(20) as usize,
            1 => 4 + dice.below(3000) as usize,
            _ => 4 + dice.below(16_000) as usize,
        };
        (0..count).map(|_| (dice.below(3) as u16, size(&mut dice), dice.below(4) == 0)).collect()
    });
    Work {
        config,
        messages,
        unreliable: dice.below(10) as usize,
        both_connect: dice.below(2) == 0,
        resets: dice.below(2) == 0,
        closer: dice.below(2) as usize,
    }
}

struct World {
    network: Network,
    ends: [End; 2],
    clock: Instant,
}

impl World {
    fn run(&mut self, what: &str, mut done: impl FnMut(&[End; 2]) -> bool) -> Result<(), String> {
        let end = self.clock + SECOND * 3600;
        while !done(&self.ends) {
            if self.clock >= end {
                self.ends.iter().for_each(End::describe);
                return Err(format!("{what}: not within an hour"));
            }
            self.clock += Duration::from_millis(100);
            let [a, b] = &mut self.ends;
            self.network.run(&mut [a as &mut dyn Node, b], self.clock);
        }
        Ok(())
    }
}

fn run(seed: u64, ours: Pairing) -> Result<Report, String> {
    fastrand::seed(seed);
    let rng = Rng::for_tests(seed);
    let conditions = Conditions { corrupt_at_once: true, ..Conditions::from_seed(seed) };
    let work = work(seed, conditions.mtu);
    let network = conditions.network(rng.fork("network"));
    let ends = [0, 1].map(|i| {
        let path = network.path(i, 1 - i);
        match ours[i] {
            true => End::ours(path, work.config.clone(), rng.fork(["a", "b"][i])),
            false => End::patient(path, conditions.mtu),
        }
    });
    let mut world = World { network, ends, clock: Instant::ZERO };
    for (end, messages) in world.ends.iter_mut().zip(&work.messages) {
        for (i, (stream, size, unordered)) in messages.iter().enumerate() {
            let options = SendOptions { unordered: *unordered, reliability: Reliability::Reliable };
            end.queue(*stream, content(i, *size), options);
            if i < work.unreliable {
                let reliability = Reliability::MaxRetransmits(i as u16 % 2);
                end.queue(UNRELIABLE, content(i, 2000), SendOptions { unordered: i % 3 == 0, reliability });
            }
        }
    }
    world.ends[0].connect(Instant::ZERO);
    if work.both_connect {
        world.ends[1].connect(Instant::ZERO);
    }
    let reliable = |end: &End| end.messages().iter().filter(|(stream, _)| *stream != UNRELIABLE).count();
    let counts = |ends: &[End; 2]| [reliable(&ends[1]), reliable(&ends[0])];
    let expected = [0, 1].map(|i| work.messages[i].len());
    world.run("the messages", |ends| counts(ends) == expected && ends.iter().all(End::is_connected))?;
    let took = world.network.now().since(Instant::ZERO);
    if work.resets {
        resets(&mut world)?;
    }
    world.ends[work.closer].then_shutdown = true;
    world.run("the shutdown", |ends| ends.iter().all(|end| end.closed().is_some()))?;
    if !world.ends.iter().all(|end| end.closed() == Some(true)) {
        return Err("not closed in good order".into());
    }
    let again = usize::from(work.resets);
    for (end, messages) in world.ends.iter().rev().zip(&work.messages) {
        check(end, messages, again)?;
    }
    let unreliable: usize = world.ends.iter().map(|end| end.messages().len() - reliable(end)).sum();
    let counts = [("unreliable messages that arrived", unreliable as u64)].into();
    Ok(Report { took, datagrams: world.network.transmitted(), counts, ..Report::default() })
}

/// Both reset stream 1 at once, and use it again.
fn resets(world: &mut World) -> Result<(), String> {
    let now = world.network.now();
    world.ends.iter_mut().for_each(|end| end.reset(now, &[1]));
    let both = |end: &End| {
        let told = |wanted: &Seen| end.seen.contains(wanted);
        told(&Seen::IncomingReset(vec![1])) && told(&Seen::OutgoingReset(vec![1]))
    };
    world.run("the resets", |ends| ends.iter().all(both))?;
    world.ends.iter_mut().for_each(|end| end.queue(1, content(AGAIN, 100), SendOptions::default()));
    let last = content(AGAIN, 100);
    world.run("a message after them", |ends| {
        ends.iter().all(|end| end.messages().iter().any(|(_, data)| *data == last))
    })
}

/// The number of the message after a reset.
const AGAIN: usize = 1000;

/// `end` has got all of these, and `again` messages after a reset.
fn check(end: &End, messages: &[(u16, usize, bool)], again: usize) -> Result<(), String> {
    let got = end.messages();
    let number = |data: &[u8]| u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
    for stream in 0..3 {
        let sent = messages.iter().enumerate().filter(|(_, (id, ..))| *id == stream);
        let here = got.iter().filter(|(id, data)| *id == stream && number(data) != AGAIN);
        let here: Vec<&[u8]> = here.map(|(_, data)| *data).collect();
        let ordered = here.iter().map(|data| number(data)).filter(|i| !messages[*i].2);
        let expected = sent.clone().filter(|(_, (.., unordered))| !unordered).map(|(i, _)| i);
        if !ordered.eq(expected) {
            return Err(format!("order on stream {stream}"));
        }
        let mut all: Vec<_> = here.iter().map(|data| number(data)).collect();
        all.sort_unstable();
        if !all.into_iter().eq(sent.map(|(i, _)| i)) {
            return Err(format!("not once each on stream {stream}"));
        }
        if here.iter().any(|data| *data != content(number(data), messages[number(data)].1)) {
            return Err(format!("damaged on stream {stream}"));
        }
    }
    let unreliable = got.iter().filter(|(id, _)| *id == UNRELIABLE);
    let mut seen: Vec<usize> = unreliable.clone().map(|(_, data)| number(data)).collect();
    seen.sort_unstable();
    if !seen.is_sorted_by(|a, b| a < b)
        || unreliable.clone().any(|(_, data)| *data != content(number(data), 2000))
    {
        return Err("an unreliable message came twice or damaged".into());
    }
    let after = got.iter().filter(|(_, data)| number(data) == AGAIN).count();
    if after == again { Ok(()) } else { Err("not one message after the reset".into()) }
}

/// In debug builds a few seeds for every run of the tests; `cargo xtask campaign --layer sctp` runs thousands.
fn seeds(debug: u64) -> u64 {
    if cfg!(debug_assertions) { debug } else { 1000 }
}

#[test]
fn ours() {
    campaign("sctp", seeds(150), |seed| run(seed, [true, true]));
}

#[test]
fn ours_against_dcsctp() {
    campaign("sctp and dcsctp", seeds(50), |seed| run(seed, [seed % 2 == 0, seed % 2 == 1]));
}

/// The same work on the same networks by two of ours and by two of theirs: how long it takes, side by side. The README
/// tells where the differences come from.
#[test]
fn as_fast_as_dcsctp() {
    let reports = campaign("sctp beside dcsctp", seeds(30), |seed| {
        let ours = run(seed, [true, true])?;
        let theirs = run(seed, [false, false])?;
        let ratio = ours.took.as_secs_f64() / theirs.took.as_secs_f64().max(0.001);
        let class = match ratio {
            ..0.5 => "ours in under half of their time",
            ..0.9 => "ours 10 % or more faster",
            ..1.1 => "within 10 %",
            ..2.0 => "theirs 10 % or more faster",
            _ => "theirs in under half of our time",
        };
        let counts = [
            (class, 1),
            ("our milliseconds", ours.took.as_millis() as u64),
            ("their milliseconds", theirs.took.as_millis() as u64),
            ("our datagrams", ours.datagrams),
            ("their datagrams", theirs.datagrams),
        ];
        if class == "theirs in under half of our time" && std::env::var_os("SISKIN_SEEDS").is_some() {
            println!("seed {seed}: ours {:?}, theirs {:?}", ours.took, theirs.took);
        }
        Ok(Report { counts: counts.into(), ..ours })
    });
    let sum = |label| reports.iter().filter_map(|report| report.counts.get(label)).sum::<u64>();
    let (ours, theirs) = (sum("our milliseconds"), sum("their milliseconds"));
    assert!(ours < 2 * theirs, "{ours} ms against {theirs} ms of virtual time");
}

#[test]
fn the_same_seed_gives_the_same_packets() {
    let datagrams = |seed| run(seed, [true, true]).unwrap().datagrams;
    assert_eq!(datagrams(3), datagrams(3));
}
