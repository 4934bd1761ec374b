//! One connection between a peer and the program, and the checks that every case makes.

use super::{Seen, expect, number, same, text, without_candidates};
use crate::Result;
use crate::peers::{Peer, Which};
use crate::program::{End, Program, Run};
use crate::relay::{self, Relay, replace_candidates};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Enough for anything on a loaded machine; a case that needs it has failed.
const LONG: u64 = 120_000;
/// How long an end of the connection may take to arrive: long, but shorter than any expiry of consent (30 s).
const END: Duration = Duration::from_secs(15);

pub(super) struct Scene<'a> {
    pub(super) peer: &'a mut dyn Peer,
    pub(super) program: &'a Program,
    pub(super) seen: Seen,
    /// Messages and bytes that the peer should have received on the channel that was used last.
    expected: (u64, u64),
    /// The network between them, if it is a bad one.
    pub(super) relay: Option<Relay>,
    which: Which,
    dtls: Dtls,
}

/// The version that both sides should meet in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtls {
    V12,
    V13,
}

impl<'a> Scene<'a> {
    pub(super) fn new(peer: &'a mut dyn Peer, program: &'a Program, which: Which) -> Self {
        let dtls = if which.has_dtls_1_3() { Dtls::V13 } else { Dtls::V12 };
        Self { peer, program, which, seen: Seen::default(), expected: (0, 0), relay: None, dtls }
    }

    /// What follows is for a program that speaks only this version.
    pub(super) const fn expect_dtls(&mut self, dtls: Dtls) {
        self.dtls = dtls;
    }

    /// The peer offers these channels, the program answers, and all channels are open.
    pub(super) fn offer(&mut self, channels: Value) -> Result<Run> {
        self.offer_with(&[], channels, &[])
    }

    /// Likewise, to a program with these arguments.
    pub(super) fn offer_to(&mut self, args: &[&str], channels: Value) -> Result<Run> {
        self.offer_with(args, channels, &[])
    }

    /// Likewise, with kinds of media that the peer would receive, and the program has nothing of.
    pub(super) fn offer_with(&mut self, args: &[&str], channels: Value, media: &[&str]) -> Result<Run> {
        let mut run = self.program.echo(args)?;
        let count = channels.as_array().map_or(0, Vec::len);
        let offer = self.peer.call("offer", json!({"channels": channels, "media": media}))?;
        run.describe("offer", text(&offer, "/sdp"))?;
        let answer = run.description("answer")?;
        let accepted = self.peer.call("accept", json!({"sdp": answer}))?;
        expect(
            number(&accepted, "/media") == media.len() as u64,
            "the program did not take all media sections",
        )?;
        self.open(&run, count)?;
        Ok(run)
    }

    /// The peer offers the channel "chat" and audio and video that it sends, and the program takes all.
    pub(super) fn offer_media(&mut self, send: Value) -> Result<Run> {
        let mut run = self.program.echo(&[])?;
        let count = send.as_array().map_or(0, Vec::len);
        let offer = self.peer.call("offer", json!({"channels": [{"label": "chat"}], "send": send}))?;
        run.describe("offer", text(&offer, "/sdp"))?;
        let answer = run.description("answer")?;
        let accepted = self.peer.call("accept", json!({"sdp": answer}))?;
        expect(number(&accepted, "/media") == count as u64, "the program did not take all media sections")?;
        self.open(&run, 1)?;
        Ok(run)
    }

    /// Likewise, but no description has a candidate: all follow.
    pub(super) fn offer_trickling(&mut self, channels: Value) -> Result<Run> {
        let mut run = self.program.echo(&["--trickle"])?;
        let offer = self.peer.call("offer", json!({"channels": channels, "trickle": true}))?;
        let offer = without_candidates(text(&offer, "/sdp"));
        run.describe("offer", &offer)?;
        let answer = run.description("answer")?;
        self.peer.call("accept", json!({"sdp": answer}))?;
        self.trickle(&mut run)?;
        self.trickled(&mut run)?;
        self.open(&run, 1)?;
        Ok(run)
    }

    /// The program offers, the peer answers. It holds back the echo of message `hold` (0: none) until `release`, so
    /// that the program is still there when we look at the peer's counters.
    pub(super) fn dial(&mut self, args: &[&str], hold: u64) -> Result<Run> {
        self.dial_with(args, hold, json!([]), false)
    }

    /// Likewise, with channels of the peer's own, or with its candidates after its answer.
    pub(super) fn dial_with(&mut self, args: &[&str], hold: u64, own: Value, trickle: bool) -> Result<Run> {
        let mut run = self.program.dial(args)?;
        let offer = run.description("offer")?;
        let args = json!({"sdp": offer, "hold": hold, "channels": own, "trickle": trickle});
        let answer = self.peer.call("answer", args)?;
        if trickle {
            run.describe("answer", &without_candidates(text(&answer, "/sdp")))?;
            self.trickle(&mut run)?;
            self.trickled(&mut run)?;
        } else {
            run.describe("answer", text(&answer, "/sdp"))?;
        }
        Ok(run)
    }

    /// The program offers, to play or to record; the peer answers, and sends these, too.
    pub(super) fn dial_media(&mut self, args: &[&str], send: Value) -> Result<Run> {
        let mut run = self.program.dial(args)?;
        let offer = self.carried(relay::End::Ours, &run.description("offer")?)?;
        let answer = self.peer.call("answer", json!({"sdp": offer, "send": send}))?;
        run.describe("answer", &self.carried(relay::End::Theirs, text(&answer, "/sdp"))?)?;
        let connected = self.peer.call("until", json!({"connection": ["connected"], "ms": 30_000}));
        connected.map_err(|why| format!("{why}{}", run.last_words()))?;
        Ok(run)
    }

    /// A description as the other side gets it.
    fn carried(&self, from: relay::End, sdp: &str) -> Result<String> {
        match &self.relay {
            Some(relay) => replace_candidates(sdp, |candidate| relay.candidate(from, candidate)),
            None => Ok(sdp.to_owned()),
        }
    }

    /// Hands over the peer's candidates until it has no more.
    fn trickle(&mut self, run: &mut Run) -> Result<()> {
        let end = Instant::now() + END;
        while Instant::now() < end {
            let found = self.peer.call("candidates", json!({}))?;
            for candidate in found["candidates"].as_array().into_iter().flatten() {
                run.candidate(candidate)?;
                if text(candidate, "/candidate").is_empty() {
                    return Ok(());
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the peer does not end its candidates".into())
    }

    /// Hands over the program's candidates until it has no more.
    fn trickled(&mut self, run: &mut Run) -> Result<()> {
        loop {
            let candidate = run.candidate_line()?;
            self.peer.call("add", json!({"candidate": candidate}))?;
            if text(&candidate, "/candidate").is_empty() {
                return Ok(());
            }
        }
    }

    fn open(&mut self, run: &Run, count: usize) -> Result<()> {
        let opened = self.peer.call("opened", json!({"count": count, "ms": 30_000}));
        opened.map(drop).map_err(|why| format!("{why}{}", run.last_words()))
    }

    /// The peer sends on a channel and gets the same back: as many, in the same order, of the same kind, with the same hash.
    pub(super) fn exchange(&mut self, label: &str, messages: Value) -> Result<()> {
        let done = self.peer.call("exchange", json!({"label": label, "messages": messages, "ms": LONG}))?;
        self.expected = (number(&done, "/received/messages"), number(&done, "/received/bytes"));
        same(&done["sent"], &done["received"])
    }

    /// On a channel that may lose messages: most come back, since this network loses none by itself.
    pub(super) fn some_come_back(&mut self, label: &str, count: u64) -> Result<()> {
        let messages = json!([{"kind": "binary", "size": 100, "count": count}]);
        let args = json!({"label": label, "messages": messages, "ms": LONG, "patience": 2000});
        let done = self.peer.call("exchange", args)?;
        let received = number(&done, "/received/messages");
        self.expected = (received, number(&done, "/received/bytes"));
        expect(number(&done, "/sent/messages") == count, "the peer could not send all")?;
        expect(received * 2 >= count, &format!("only {received} of {count} messages came back"))
    }

    /// On a channel that may lose messages: the peer receives most.
    pub(super) fn most_arrive(&mut self, label: &str, count: u64) -> Result<()> {
        self.peer.call("received", json!({"label": label, "count": count / 2, "ms": LONG})).map(drop)
    }

    /// The peer has received `count` messages of `size` bytes on a channel.
    pub(super) fn echoed(&mut self, label: &str, count: u64, size: u64) -> Result<()> {
        let done = self.peer.call("received", json!({"label": label, "count": count, "ms": LONG}))?;
        self.expected = (number(&done, "/received/messages"), number(&done, "/received/bytes"));
        let wanted = (count, count * size);
        expect(
            self.expected == wanted,
            &format!("{label}: messages and bytes are {:?}, not {wanted:?}", self.expected),
        )
    }

    /// The peer's own counters: secured, on a pair that works, with the messages that it should have on `label`
    /// (empty: whatever messages).
    pub(super) fn peer_counts(&mut self, label: &str) -> Result<()> {
        let stats = self.settled()?;
        let dtls = text(&stats, "/transport/dtlsState");
        expect(dtls == "connected", &format!("the peer's dtlsState is {dtls:?}"))?;
        let version = text(&stats, "/transport/tlsVersion");
        let wanted = if self.dtls == Dtls::V13 { "FEFC" } else { "FEFD" };
        // libdatachannel does not tell; Siskin's own report does.
        let told = version == wanted || version.is_empty() && self.which == Which::NodeDatachannel;
        expect(told, &format!("the peer's tlsVersion is {version:?}, not {wanted}"))?;
        let pair = text(&stats, "/pair/state");
        expect(pair == "succeeded", &format!("the peer's candidate pair is {pair:?}"))?;
        let connection = text(&stats, "/states/connection");
        expect(connection == "connected", &format!("the peer's connectionState is {connection:?}"))?;
        if label.is_empty() {
            return Ok(());
        }
        let all = stats["channels"].as_array();
        let channel = all.into_iter().flatten().find(|channel| channel["label"] == label);
        let channel = channel.ok_or_else(|| format!("the peer's counters have no channel {label}"))?;
        let counted = (number(channel, "/messagesReceived"), number(channel, "/bytesReceived"));
        let (messages, bytes) = self.expected;
        // A channel that was used twice has counted more than the last exchange.
        let enough = counted.0 >= messages && counted.1 >= bytes;
        expect(
            enough,
            &format!("the peer counts {counted:?} messages and bytes on {label}, we {:?}", self.expected),
        )
    }

    /// The peer's counters. A pair that works is "in-progress" again for as long as a new check is under way.
    fn settled(&mut self) -> Result<Value> {
        let end = Instant::now() + END;
        loop {
            let stats = self.peer.call("stats", json!({}))?;
            self.seen.stats = stats.clone();
            if text(&stats, "/pair/state") != "in-progress" || Instant::now() > end {
                return Ok(stats);
            }
        }
    }

    /// Waits for the end of the program; keeps its report.
    pub(super) fn end(&mut self, run: Run) -> Result<End> {
        let end = run.end(END)?;
        self.seen.report = end.report.clone();
        for field in
            ["v", "connect_ms", "pair", "dtls", "srtp", "sctp", "bytes", "messages", "rtt_ms", "error"]
        {
            expect(end.report.get(field).is_some(), &format!("the report has no {field:?}: {}", end.report))?;
        }
        expect(end.report["v"] == 1, "the report's v is not 1")?;
        Ok(end)
    }

    /// Waits for the end of the program, which must have gone well by its own word.
    pub(super) fn clean_end(&mut self, run: Run) -> Result<()> {
        let end = self.end(run)?;
        expect(end.report["error"].is_null(), &format!("the report has an error: {}", end.report["error"]))?;
        // The stand-in cannot tell its group.
        let dtls = (text(&end.report, "/dtls/version"), end.report["dtls"]["group"].as_str());
        let as_wanted = match self.dtls {
            // libwebrtc in the version that can be had offers no post-quantum keys.
            Dtls::V13 if self.which == Which::Libwebrtc => {
                matches!(dtls, ("1.3", Some("x25519")) | ("FEFC", None))
            }
            Dtls::V13 => matches!(dtls, ("1.3", Some("x25519mlkem768")) | ("FEFC", None)),
            // libdatachannel knows no group but this one.
            Dtls::V12 if self.which == Which::NodeDatachannel => dtls == ("1.2", Some("secp256r1")),
            Dtls::V12 => dtls == ("1.2", Some("x25519")),
        };
        expect(as_wanted, &format!("DTLS is {dtls:?} by the report"))?;
        expect(end.code == Some(0), &format!("the program should exit with 0, not {:?}", end.code))
    }

    /// The peer has noticed that the program closed the connection.
    pub(super) fn ended(&mut self) -> Result<()> {
        self.peer.call("ended", json!({"ms": END.as_millis() as u64})).map(drop)
    }
}
