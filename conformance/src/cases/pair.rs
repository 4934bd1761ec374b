//! One peer and Siskin, driven by the same verbs, and what every case does with them.

use super::{Seen, Side, Trickle, expect, number, same, text, without_candidates};
use crate::Result;
use crate::peers::{Ours, Peer, Which};
use crate::relay::{End, Relay, replace_candidates};
use serde_json::{Value, json};
use siskin_netsim::Link;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Enough for anything on a loaded machine; a case that needs it has failed.
pub(super) const LONG: u64 = 120_000;
/// Within this, whatever takes no time of its own has happened.
pub(super) const SOON: u64 = 15_000;

pub(super) struct Pair<'a> {
    theirs: &'a mut dyn Peer,
    ours: &'a mut Ours,
    pub(super) which: Which,
    side: Side,
    trickle: Trickle,
    /// The network between them, if it is a bad one.
    pub(super) relay: Option<Relay>,
    /// Whether no description says BUNDLE, as if the other side did not know it.
    pub(super) unbundled: bool,
    /// Whether candidates of IPv4 are kept back.
    pub(super) only_ipv6: bool,
    /// Which of several connections the verbs are for.
    pub(super) on: u64,
    pub(super) seen: Seen,
}

impl<'a> Pair<'a> {
    pub(super) fn new(
        theirs: &'a mut dyn Peer,
        ours: &'a mut Ours,
        which: Which,
        side: Side,
        trickle: Trickle,
    ) -> Self {
        let seen = Seen::default();
        Self {
            theirs,
            ours,
            which,
            side,
            trickle,
            relay: None,
            unbundled: false,
            only_ipv6: false,
            on: 0,
            seen,
        }
    }

    pub(super) fn call(&mut self, end: End, verb: &str, mut args: Value) -> Result<Value> {
        args["on"] = self.on.into();
        match end {
            End::Theirs => self.theirs.call(verb, args),
            End::Ours => self.ours.call(verb, args).map_err(|why| format!("siskin: {why}")),
        }
    }

    /// Who makes the first offer.
    pub(super) fn offerer(&self) -> End {
        match self.side {
            Side::Offering => End::Theirs,
            Side::Answering => End::Ours,
        }
    }

    /// From now on there is a bad network between the peers.
    pub(super) fn through(&mut self, seed: u64, link: &Link) {
        self.relay = Some(Relay::new(seed, link));
    }

    pub(super) fn set_link(&self, link: &Link) {
        if let Some(relay) = &self.relay {
            relay.set_link(link);
        }
    }

    pub(super) fn set_link_towards(&self, to: End, link: &Link) {
        if let Some(relay) = &self.relay {
            relay.set_link_towards(to, link);
        }
    }

    /// Siskin is no more, without a word.
    pub(super) fn kill_ours(&mut self) {
        self.ours.kill();
    }

    /// The page goes into the background, or comes back.
    pub(super) fn hide(&mut self, hidden: bool) -> Result<()> {
        self.theirs.hide(hidden)
    }

    /// The offerer makes these channels, and all are open; Siskin echoes.
    pub(super) fn connect(&mut self, channels: Value) -> Result<()> {
        self.connect_with(channels, json!([]), Some(End::Ours))
    }

    /// Likewise, and neither side echoes.
    pub(super) fn connect_silent(&mut self, channels: Value) -> Result<()> {
        self.connect_with(channels, json!([]), None)
    }

    /// The offerer makes `channels`, the answerer `own` (negotiated ones).
    pub(super) fn connect_with(&mut self, channels: Value, own: Value, echo: Option<End>) -> Result<()> {
        let from = self.offerer();
        let count = channels.as_array().map_or(0, Vec::len);
        let offer = json!({"channels": channels, "echo": echo == Some(from)});
        let answer = json!({"channels": own, "echo": echo == Some(from.other())});
        self.negotiate(from, offer, answer, Some(self.trickle))?;
        self.opened(count)
    }

    /// The peer sends these, and gets them back from Siskin; the channel "chat" is there, too.
    pub(super) fn connect_media(&mut self, sources: &Value) -> Result<()> {
        self.connect_media_with(sources, &json!({}))
    }

    /// Likewise, both configured like this.
    pub(super) fn connect_media_with(&mut self, sources: &Value, config: &Value) -> Result<()> {
        let theirs = json!({"send": sources, "config": config});
        let kinds = sources.as_array().into_iter().flatten();
        let kinds: Value = kinds
            .map(|source| {
                json!({"kind": source["kind"], "codec": source["codec"], "rids": source["rids"],
                    "extensions": source["extensions"]})
            })
            .collect();
        self.connect_as(theirs, json!({"send": kinds, "config": config}))
    }

    /// Likewise, with what each side is told.
    pub(super) fn connect_as(&mut self, mut theirs: Value, mut ours: Value) -> Result<()> {
        theirs["echo"] = false.into();
        ours["echo"] = true.into();
        ours["mirror"] = true.into();
        let from = self.offerer();
        let (mut offer, answer) = match from {
            End::Theirs => (theirs, ours),
            End::Ours => (ours, theirs),
        };
        offer["channels"] = labelled(&["chat"]);
        self.negotiate(from, offer, answer, Some(self.trickle))?;
        self.opened(1)
    }

    /// So many channels are open on both sides.
    pub(super) fn opened(&mut self, count: usize) -> Result<()> {
        for end in [End::Theirs, End::Ours] {
            self.call(end, "opened", json!({"count": count, "ms": 60_000}))?;
        }
        Ok(())
    }

    /// Later offers and answers, on the connection that is there; `gathers` if new candidates come of it.
    pub(super) fn renegotiate(&mut self, from: End, offer: Value, gathers: bool) -> Result<()> {
        self.renegotiate_with(from, offer, json!({}), gathers)
    }

    /// Likewise, with something to do for the answerer.
    pub(super) fn renegotiate_with(
        &mut self,
        from: End,
        mut offer: Value,
        mut answer: Value,
        gathers: bool,
    ) -> Result<()> {
        offer["again"] = true.into();
        answer["again"] = true.into();
        if gathers {
            // Those of before that nobody fetched are not for the new session.
            for end in [End::Theirs, End::Ours] {
                self.call(end, "candidates", json!({}))?;
            }
        }
        self.negotiate(from, offer, answer, gathers.then_some(Trickle::Full))?;
        self.stable()
    }

    /// An offer, an answer, and the candidates.
    fn negotiate(
        &mut self,
        from: End,
        mut offer: Value,
        mut answer: Value,
        gathers: Option<Trickle>,
    ) -> Result<()> {
        let to = from.other();
        let offers = gathers == Some(Trickle::Full);
        let answers = gathers.is_some();
        offer["trickle"] = offers.into();
        let described = self.call(from, "offer", offer)?;
        answer["sdp"] = self.carried(from, text(&described, "/sdp"), offers)?.into();
        answer["trickle"] = answers.into();
        let answered = self.call(to, "answer", answer)?;
        let sdp = self.carried(to, text(&answered, "/sdp"), answers)?;
        self.call(from, "accept", json!({"sdp": sdp}))?;
        if offers {
            self.trickle(from)?;
        }
        if answers {
            self.trickle(to)?;
        }
        Ok(())
    }

    /// Hands over one side's candidates until it has no more.
    fn trickle(&mut self, from: End) -> Result<()> {
        let end = Instant::now() + Duration::from_millis(SOON);
        while Instant::now() < end {
            let found = self.call(from, "candidates", json!({}))?;
            for candidate in found["candidates"].as_array().into_iter().flatten() {
                let line = text(candidate, "/candidate");
                if line.is_empty() {
                    self.call(from.other(), "add", json!({"candidate": candidate}))?;
                    return Ok(());
                }
                if let Some(line) = self.carried_candidate(from, line)? {
                    let mut candidate = candidate.clone();
                    candidate["candidate"] = line.into();
                    self.call(from.other(), "add", json!({"candidate": candidate}))?;
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(format!("{from:?} does not end its candidates"))
    }

    /// A description as the other side gets it.
    pub(super) fn carried(&self, from: End, sdp: &str, without: bool) -> Result<String> {
        let lines = sdp.split_inclusive('\n');
        let sdp: String =
            lines.filter(|line| !(self.unbundled && line.starts_with("a=group:BUNDLE"))).collect();
        if without {
            return Ok(without_candidates(&sdp));
        }
        replace_candidates(&sdp, |candidate| self.carried_candidate(from, candidate))
    }

    /// A candidate as the other side gets it: with the address of a face if there is a relay; `None` if it gets none.
    fn carried_candidate(&self, from: End, line: &str) -> Result<Option<String>> {
        let ip: Option<IpAddr> = line.split(' ').nth(4).and_then(|ip| ip.parse().ok());
        match &self.relay {
            _ if self.only_ipv6 && !ip.is_some_and(|ip| ip.is_ipv6()) => Ok(None),
            Some(relay) => relay.candidate(from, line),
            None => Ok(Some(line.to_owned())),
        }
    }

    /// No negotiation is under way, as both see it.
    pub(super) fn stable(&mut self) -> Result<()> {
        for end in [End::Theirs, End::Ours] {
            let state = self.call(end, "state", json!({}))?;
            let signaling = text(&state, "/signaling");
            expect(signaling == "stable", &format!("{end:?}'s signalling state is {signaling}"))?;
        }
        Ok(())
    }

    /// The peer sends on a channel and gets the same back: as many, in the same order, of the same kind, with the same
    /// hash.
    pub(super) fn exchange(&mut self, label: &str, messages: Value) -> Result<()> {
        let args = json!({"label": label, "messages": messages, "ms": LONG});
        let done = self.call(End::Theirs, "exchange", args)?;
        same(&done["sent"], &done["received"])
    }

    /// Messages from one side; the other's hash of what came is that of what was sent.
    pub(super) fn send(&mut self, from: End, label: &str, messages: Value) -> Result<()> {
        let sent = self.call(from, "send", json!({"label": label, "messages": messages}))?;
        self.arrived(from, label, &sent)
    }

    /// All that one side has sent on a channel has come to the other.
    pub(super) fn arrived(&mut self, from: End, label: &str, sent: &Value) -> Result<()> {
        let count = number(sent, "/sent/messages");
        let args = json!({"label": label, "count": count, "ms": LONG});
        let done = self.call(from.other(), "received", args)?;
        same(&sent["sent"], &done["received"]).map_err(|why| format!("{from:?}, {label}: {why}"))
    }

    /// Both sides send on a channel until [`poured`](Self::poured).
    pub(super) fn pour(&mut self, label: &str, size: u64) -> Result<()> {
        for end in [End::Theirs, End::Ours] {
            self.call(end, "pour", json!({"label": label, "size": size}))?;
        }
        Ok(())
    }

    /// Both sides stop, and everything has come to the other.
    pub(super) fn poured(&mut self, label: &str) -> Result<()> {
        let ends = [End::Theirs, End::Ours];
        let [theirs, ours] = ends.map(|end| self.call(end, "poured", json!({"label": label})));
        let both = [theirs?, ours?];
        for (end, sent) in ends.into_iter().zip(&both) {
            expect(number(sent, "/sent/messages") > 1, &format!("{end:?} could send next to nothing"))?;
            self.arrived(end, label, sent)?;
        }
        self.seen.found["poured"] = json!(both.map(|sent| sent["sent"]["bytes"].clone()));
        Ok(())
    }

    /// What happened on one side so far.
    pub(super) fn events(&mut self, end: End) -> Result<Vec<(u64, String)>> {
        let state = self.call(end, "state", json!({}))?;
        let events = state["events"].as_array().into_iter().flatten();
        Ok(events.map(|event| (number(event, "/0"), text(event, "/1").to_owned())).collect())
    }

    /// The peer has seen the connection come up, and nothing bad since.
    pub(super) fn undisturbed(&mut self) -> Result<()> {
        self.saw_none_of(&["connection disconnected", "connection failed", "ice disconnected", "ice failed"])
    }

    /// Likewise where its checks are lost, too: Firefox was seen to say "disconnected" then, for some milliseconds up to
    /// seconds, which may come and go by itself (webrtc-pc §5.6.4). It must not give up; the others must not doubt, either.
    pub(super) fn undisturbed_by_loss(&mut self) -> Result<()> {
        if self.which == Which::Firefox {
            return self.saw_none_of(&["connection failed", "ice failed"]);
        }
        self.undisturbed()
    }

    fn saw_none_of(&mut self, bad: &[&str]) -> Result<()> {
        let events = self.events(End::Theirs)?;
        let broke = events.iter().any(|(_, what)| bad.contains(&what.as_str()));
        expect(!broke, &format!("the peer saw a break: {events:?}"))
    }

    /// The peer's own counters: secured, on a pair that works, with at least so many messages received on `label`.
    pub(super) fn peer_counts(&mut self, label: &str, messages: u64) -> Result<()> {
        // Chromium hands out statistics that may be 50 ms old.
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            let counted = self.peer_counts_now(label, messages);
            if counted.is_ok() || Instant::now() > end {
                return counted;
            }
            std::thread::sleep(Duration::from_millis(60));
        }
    }

    fn peer_counts_now(&mut self, label: &str, messages: u64) -> Result<()> {
        let stats = self.call(End::Theirs, "stats", json!({}))?;
        self.seen.stats = stats.clone();
        let dtls = text(&stats, "/transport/dtlsState");
        expect(dtls == "connected", &format!("the peer's dtlsState is {dtls:?}"))?;
        let connection = text(&stats, "/states/connection");
        expect(connection == "connected", &format!("the peer's connectionState is {connection:?}"))?;
        let all = stats["channels"].as_array();
        let channel = all.into_iter().flatten().find(|channel| channel["label"] == label);
        let channel = channel.ok_or_else(|| format!("the peer's counters have no channel {label}"))?;
        let counted = number(channel, "/messagesReceived");
        expect(counted >= messages, &format!("the peer counts {counted} messages on {label}, not {messages}"))
    }

    /// A failure with what both sides know about it.
    pub(super) fn in_context(&mut self, why: String) -> String {
        let mut said = why;
        for end in [End::Theirs, End::Ours] {
            match self.call(end, "state", json!({})) {
                Ok(state) => said += &format!("\n      {end:?}: {state}"),
                Err(why) => said += &format!("\n      {end:?}: {why}"),
            }
        }
        said
    }

    /// Closes Siskin's connections, and yields what was seen.
    pub(super) fn finish(mut self) -> Seen {
        if let Some(relay) = &self.relay {
            let counts = relay.counts();
            self.seen.found["relay"] = json!({"carried": counts.carried, "lost": counts.lost});
        }
        // If it cannot, it has been started anew for the next case.
        let _closed = self.ours.call("close", json!({}));
        self.seen
    }
}

/// One message of each size.
pub(super) fn sizes(kind: &str, count: u64, sizes: &[u64]) -> Value {
    sizes.iter().map(|size| json!({"kind": kind, "size": size, "count": count})).collect()
}

/// Channels with these labels.
pub(super) fn labelled(labels: &[&str]) -> Value {
    labels.iter().map(|label| json!({"label": label})).collect()
}
