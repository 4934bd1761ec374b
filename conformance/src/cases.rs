//! What is tried, with each peer, in each way. One function is one case; its name is `peer/side/case`, or
//! `peer/side/case/trickle` where candidates come in more than one way.

mod agreed;
mod channels;
mod contract;
mod files;
mod handshake;
mod loss;
mod media;
mod messages;
mod negotiation;
mod pair;
mod rates;
mod scene;
mod streams;
mod time;

use crate::Result;
use crate::peers::{Ours, Peer, Which};
use crate::program::Program;
use pair::Pair;
use scene::Scene;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What the peer does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The peer offers, Siskin answers.
    Offering,
    /// Siskin offers, the peer answers.
    Answering,
}

impl Side {
    pub(crate) const ALL: [Self; 2] = [Self::Offering, Self::Answering];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Offering => "offering",
            Self::Answering => "answering",
        }
    }
}

/// How candidates travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trickle {
    /// The offer has all, those of the answerer follow one by one (RFC 8838 §16).
    Half,
    /// Neither description has any: all follow.
    Full,
}

impl Trickle {
    const ALL: &'static [Self] = &[Self::Half, Self::Full];

    const fn name(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Full => "full",
        }
    }
}

/// Something to try with the command's machine contract.
struct Contract {
    name: &'static str,
    about: &'static str,
    offering: Option<fn(&mut Scene<'_>) -> Result<()>>,
    answering: Option<fn(&mut Scene<'_>) -> Result<()>>,
    /// Is part of `cargo xtask test`.
    quick: bool,
    /// A peer that it cannot be tried with, and why.
    without: Option<(Which, &'static str)>,
}

impl Contract {
    /// What most have in common.
    const USUAL: Self =
        Self { name: "", about: "", offering: None, answering: None, quick: true, without: None };
}

/// Something to try between the peer and Siskin, both driven by the same verbs.
struct Matrix {
    name: &'static str,
    about: &'static str,
    sides: &'static [Side],
    trickle: &'static [Trickle],
    /// Is part of `cargo xtask test`.
    quick: bool,
    /// Needs a page, so a browser.
    page: bool,
    /// A peer that it cannot be tried with, and why.
    without: Option<(Which, &'static str)>,
    play: fn(&mut Pair<'_>) -> Result<()>,
}

impl Matrix {
    /// From either side, once; the fields that differ are set where it is used.
    const fn new(name: &'static str, about: &'static str, play: fn(&mut Pair<'_>) -> Result<()>) -> Self {
        Self {
            name,
            about,
            sides: &Side::ALL,
            trickle: &[Trickle::Full],
            quick: false,
            page: false,
            without: None,
            play,
        }
    }

    /// With half trickle, too.
    const fn every_way(self) -> Self {
        Self { trickle: Trickle::ALL, ..self }
    }

    const fn quick(self) -> Self {
        Self { quick: true, ..self }
    }

    /// Where who offers makes no difference.
    const fn once(self) -> Self {
        Self { sides: &[Side::Offering], ..self }
    }

    const fn without(self, peer: Which, why: &'static str) -> Self {
        Self { without: Some((peer, why)), ..self }
    }

    const fn in_a_page(self) -> Self {
        Self { page: true, ..self }
    }
}

/// What is tried with those who [`only_connect`](Which::only_connects).
const BASIC: &[&str] = &["connect"];

#[derive(Clone, Copy)]
enum Play {
    Contract(fn(&mut Scene<'_>) -> Result<()>),
    Matrix(fn(&mut Pair<'_>) -> Result<()>, Trickle),
}

/// A case with a peer and a side.
pub(crate) struct Chosen {
    pub(crate) peer: Which,
    pub(crate) side: Side,
    /// Without peer and side.
    pub(crate) case: String,
    pub(crate) about: &'static str,
    quick: bool,
    play: Play,
}

/// What is kept of a case, for the report.
#[derive(Default)]
pub(crate) struct Seen {
    /// The peer's own counters, once the messages were through.
    pub(crate) stats: Value,
    /// The program's last line.
    pub(crate) report: Value,
    /// What else was found out.
    pub(crate) found: Value,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Why it failed, if it did.
    pub(crate) why: Option<String>,
    pub(crate) took: Duration,
    pub(crate) seen: Seen,
}

/// Who is tested.
pub(crate) struct Tested {
    /// Through the command's contract.
    pub(crate) program: Program,
    /// Through the peers' own verbs; `None` if the program is not ours.
    pub(crate) ours: Option<Ours>,
}

/// All cases whose name contains one of `only`; all if that is empty.
pub(crate) fn select(only: &[String], quick: bool, contract: bool) -> Result<Vec<Chosen>> {
    let mut chosen = all();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|text| name.contains(text.as_str()));
    chosen.retain(|case| {
        wanted(&case.name())
            && (case.quick || !quick)
            && (!contract || matches!(case.play, Play::Contract(_)))
    });
    if chosen.is_empty() {
        return Err(format!("no case's name contains {}; --list shows all", only.join(" or ")));
    }
    Ok(chosen)
}

/// The cases of the matrix, in groups.
const MATRIX: [&[Matrix]; 10] = [
    handshake::CASES,
    messages::CASES,
    channels::CASES,
    loss::CASES,
    negotiation::CASES,
    time::CASES,
    media::CASES,
    streams::CASES,
    agreed::CASES,
    rates::CASES,
];

/// What is not tried with a peer: that peer, the case, and why.
pub(crate) fn not_tried() -> impl Iterator<Item = (Which, &'static str, &'static str)> {
    let matrix = MATRIX.into_iter().flatten().map(|case| (case.name, case.without));
    let files = files::CASES.iter().map(|case| (case.name, case.without));
    matrix.chain(files).filter_map(|(name, without)| without.map(|(peer, why)| (peer, name, why)))
}

fn all() -> Vec<Chosen> {
    let mut all = Vec::new();
    for peer in Which::ALL {
        let basic = peer.only_connects();
        let contract =
            contract::CASES.iter().chain(files::CASES).filter(|case| !basic || BASIC.contains(&case.name));
        let tried = |case: &&Contract| case.without.is_none_or(|(without, _)| without != peer);
        for case in contract.filter(tried) {
            for (side, play) in Side::ALL.into_iter().zip([case.offering, case.answering]) {
                let play = play.map(Play::Contract);
                let quick = case.quick;
                let (case, about) = (case.name.to_owned(), case.about);
                all.extend(play.map(|play| Chosen { peer, side, case, about, quick, play }));
            }
        }
        let tried = |case: &&Matrix| {
            let lacking = basic || case.page && peer == Which::Libwebrtc;
            !lacking && case.without.is_none_or(|(without, _)| without != peer)
        };
        for case in MATRIX.into_iter().flatten().filter(tried) {
            for (side, trickle) in
                case.sides.iter().flat_map(|side| case.trickle.iter().map(|way| (*side, *way)))
            {
                let name = match case.trickle {
                    [_] => case.name.to_owned(),
                    _ => format!("{}/{}", case.name, trickle.name()),
                };
                let play = Play::Matrix(case.play, trickle);
                let quick = case.quick;
                all.push(Chosen { peer, side, case: name, about: case.about, quick, play });
            }
        }
    }
    all
}

impl Chosen {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.peer.name(), self.side.name(), self.case)
    }

    pub(crate) fn run(&self, peer: &mut dyn Peer, tested: &mut Tested) -> Outcome {
        let start = Instant::now();
        let (mut why, seen) = match (self.play, &mut tested.ours) {
            (Play::Contract(play), _) => {
                let mut scene = Scene::new(peer, &tested.program, self.peer);
                (play(&mut scene).err(), scene.seen)
            }
            (Play::Matrix(play, trickle), Some(ours)) => {
                let mut pair = Pair::new(peer, ours, self.peer, self.side, trickle);
                let why = play(&mut pair).err();
                (why.map(|why| pair.in_context(why)), pair.finish())
            }
            (Play::Matrix(..), None) => (Some("the program has no such verbs".into()), Seen::default()),
        };
        // Whatever happened, the next case finds peers without a connection.
        if let Err(e) = peer.call("close", json!({})) {
            why = why.or(Some(e));
        }
        Outcome { why, took: start.elapsed(), seen }
    }
}

/// For a peer that did not start.
pub(crate) fn not_run(why: &str) -> Outcome {
    Outcome { why: Some(why.to_owned()), took: Duration::ZERO, seen: Seen::default() }
}

fn expect(held: bool, or: &str) -> Result<()> {
    if held { Ok(()) } else { Err(or.to_owned()) }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// Equal counts and equal hashes.
fn same(sent: &Value, received: &Value) -> Result<()> {
    expect(text(sent, "/sha256").len() == 64, "there is no hash")?;
    expect(sent == received, &format!("sent {sent}, but there came {received}"))
}

fn without_candidates(sdp: &str) -> String {
    let keep = |line: &&str| !line.starts_with("a=candidate:") && !line.starts_with("a=end-of-candidates");
    sdp.split_inclusive('\n').filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_of_its_kind() {
        let mut names: Vec<String> = all().iter().map(Chosen::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn every_peer_offers_and_answers() {
        for peer in Which::ALL {
            for side in Side::ALL {
                let text = format!("{}/{}/connect", peer.name(), side.name());
                assert!(select(&[text], true, true).is_ok_and(|found| found.len() == 1));
            }
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        let why = select(&["chromium/nothing".into()], false, false).err().unwrap();
        assert!(why.contains("chromium/nothing") && why.contains("--list"), "{why}");
    }

    #[test]
    fn candidates_leave_a_description_otherwise_whole() {
        let sdp = "v=0\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=mid:0\r\na=end-of-candidates\r\n";
        assert_eq!(without_candidates(sdp), "v=0\r\na=mid:0\r\n");
    }

    #[test]
    fn equal_means_equal_counts_and_hashes() {
        let hash = "0".repeat(64);
        let one = json!({"messages": 1, "bytes": 2, "texts": 0, "sha256": hash});
        let other = json!({"messages": 1, "bytes": 2, "texts": 1, "sha256": hash});
        assert!(same(&one, &one).is_ok());
        assert!(same(&one, &other).is_err());
        assert!(same(&json!({}), &json!({})).is_err());
    }
}
