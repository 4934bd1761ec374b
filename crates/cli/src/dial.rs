//! `siskin dial --stdio`: makes an offer, sends messages, verifies their echoes; plays and records media files.

mod exchange;
mod payload;
mod play;
mod record;

use crate::args::{ChannelSpec, Dial};
use crate::contract::{Candidate, Input};
use crate::counters::Counters;
use crate::echo::{add_candidate, print_candidate, print_local, timed_out};
use crate::report::{Code, Media, Report, ReportError, round};
use crate::session::{self, Stage};
use crate::stdio::{self, Line};
use exchange::{Plan, Tally};
use play::{Player, Sent};
use record::Recorder;
use siskin::{
    ChannelConfig, DataChannel, Event, Events, PeerConnection, ReceivedFrame, Reliability, SdpType,
};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const MAX_EARLY_CANDIDATES: usize = 256;

/// Runs the command.
pub(crate) async fn run(args: Dial) -> Report {
    let mut report = Report::default();
    let counters = Counters::default();
    let tally = Arc::new(Tally::default());
    let expected = args.count.saturating_mul(args.channels().len() as u64);
    let outcome = connect(&args, &counters, &tally, &mut report).await;
    counters.fill(&mut report);
    // An end that comes when everything is done already is as good as our own.
    let early = matches!(&outcome, Err(error) if error.code == Code::ClosedEarly);
    let outcome = if early && tally.echoed() == expected { Ok(()) } else { outcome };
    let verdict = tally.fill(expected, &mut report);
    report.error = outcome.and(verdict).err();
    report
}

async fn connect(
    args: &Dial,
    counters: &Counters,
    tally: &Arc<Tally>,
    report: &mut Report,
) -> Result<(), ReportError> {
    let (pc, events, trace) = session::connect(&args.connection, args.trace.as_deref()).await?;
    let (early, sent) = (Vec::new(), Sent::default());
    let mut dial =
        DialSession { pc, events, early, trickle: args.trickle, answered: None, recorder: None, sent };
    let outcome = dial.run(args, counters, tally, report).await;
    let outcome = dial.end_media(args, report).await.and(outcome);
    session::end(&dial.pc, trace, outcome, report).await
}

struct DialSession {
    pc: PeerConnection,
    events: Events,
    early: Vec<Candidate>,
    trickle: bool,
    answered: Option<Instant>,
    recorder: Option<Recorder>,
    /// What was played.
    sent: Sent,
}

impl DialSession {
    async fn run(
        &mut self,
        args: &Dial,
        counters: &Counters,
        tally: &Arc<Tally>,
        report: &mut Report,
    ) -> Result<(), ReportError> {
        let timeout = args.connection.timeout;
        let deadline = Instant::now() + timeout;
        let mut exchanges = JoinSet::new();
        for (number, spec) in args.channels().iter().enumerate() {
            let channel = self.open(spec).await?;
            let plan = Plan {
                seed: number as u64,
                count: args.count,
                size: args.size,
                patience: args.echo_timeout,
                ordered: spec.ordered,
                reliable: spec.reliable(),
            };
            exchanges.spawn(exchange::run(channel, plan, counters.clone(), Arc::clone(tally)));
        }
        let mut player = match &args.play {
            Some(path) => Some(Player::open(path, &self.pc, args.record.is_some()).await?),
            None => None,
        };
        if let Some(path) = &args.record {
            self.recorder = Some(Recorder::open(path, &self.pc).await?);
        }
        let mut playing = JoinSet::new();
        let internal = |error: siskin::Error| ReportError::new(Code::Internal, error.to_string());
        self.pc.set_local_description(None).await.map_err(internal)?;
        print_local(&self.pc, self.trickle).await?;

        let mut lines = stdio::lines();
        let mut interrupted = std::pin::pin!(session::interrupted());
        loop {
            match session::stage(&self.pc.states()) {
                Stage::Open if report.connect_ms.is_none() => {
                    report.connect_ms = self.answered.map(|at| round(at.elapsed().as_secs_f64() * 1_000.0));
                    session::summarize(&self.pc, report).await;
                    if let Some(player) = player.take() {
                        playing.spawn(player.run(self.sent.clone()));
                    }
                }
                Stage::ClosedByPeer => {
                    // What came before can still be read.
                    let read_all = async { while exchanges.join_next().await.is_some() {} };
                    let _ = tokio::time::timeout(Duration::from_secs(1), read_all).await;
                    return self.ended("the peer closed the connection");
                }
                _ => {}
            }
            let idle = exchanges.is_empty() && player.is_none() && playing.is_empty();
            if idle && (self.recorder.is_none() || args.play.is_some()) {
                // Every echo has come, or will not come: the tally knows.
                return Ok(());
            }
            let open = report.connect_ms.is_some();
            tokio::select! {
                line = lines.recv() => match line {
                    Some(line) => self.take(line).await?,
                    None if self.answered.is_none() => return Err(ReportError::new(
                        Code::SignallingEnded,
                        "standard input ended before an answer came",
                    )),
                    None => return self.ended("standard input ended"),
                },
                event = self.events.next() => match event {
                    Some(event) => self.happened(event)?,
                    None => return Err(ReportError::new(Code::Internal, "the connection is gone")),
                },
                Some(done) = exchanges.join_next() => {
                    done.map_err(|error| ReportError::new(Code::Internal, error.to_string()))?;
                }
                Some(done) = playing.join_next() => {
                    done.map_err(|error| ReportError::new(Code::Internal, error.to_string()))??;
                }
                Some(frame) = next_frame(&mut self.recorder) => {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.write(frame, &self.pc).await?;
                    }
                }
                () = tokio::time::sleep_until(deadline), if !open => {
                    return Err(timed_out(timeout, self.answered.is_some()));
                }
                () = &mut interrupted => return match open {
                    true => self.ended("interrupted"),
                    false => Err(ReportError::new(Code::Interrupted, "interrupted before the connection was open")),
                },
            }
        }
    }

    /// An end that did not come from us: for a recording it is as good as any.
    fn ended(&self, how: &str) -> Result<(), ReportError> {
        if self.recorder.is_some() { Ok(()) } else { closed_early(how) }
    }

    /// Ends the files, and says what is in them.
    async fn end_media(&mut self, args: &Dial, report: &mut Report) -> Result<(), ReportError> {
        if args.play.is_none() && args.record.is_none() {
            return Ok(());
        }
        let written = match &mut self.recorder {
            Some(recorder) => recorder.finish(&self.pc).await,
            None => Ok(()),
        };
        let received = self.recorder.as_ref().map(|recorder| recorder.received).unwrap_or_default();
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        report.media = Some(Media { sent, received });
        written
    }

    async fn open(&self, spec: &ChannelSpec) -> Result<DataChannel, ReportError> {
        let mut config = ChannelConfig::new(spec.label.as_str());
        config.ordered = spec.ordered;
        config.reliability = match (spec.max_retransmits, spec.max_lifetime) {
            (Some(count), _) => Reliability::MaxRetransmits(count),
            (None, Some(millis)) => Reliability::Lifetime(Duration::from_millis(millis.into())),
            (None, None) => Reliability::Reliable,
        };
        config.negotiated = spec.negotiated;
        config.protocol.clone_from(&spec.protocol);
        self.pc.create_data_channel(config).await.map_err(|error| {
            ReportError::new(Code::BadArgument, format!("--channel {}: {error}", spec.label))
        })
    }

    async fn take(&mut self, line: Line) -> Result<(), ReportError> {
        let input = match line {
            Line::Text(text) => Input::parse(&text),
            Line::Junk => Err("longer than 4 MiB, or not UTF-8".into()),
        };
        match input {
            Ok(Input::Description(answer)) if self.answered.is_none() => {
                if answer.kind == SdpType::Offer {
                    let message = "an answer is awaited, but the description is of type offer";
                    return Err(ReportError::new(Code::BadDescription, message));
                }
                let last = answer.kind == SdpType::Answer;
                let bad = |error| ReportError::new(Code::BadDescription, format!("the answer: {error}"));
                let start = Instant::now();
                self.pc.set_remote_description(answer).await.map_err(bad)?;
                self.answered = last.then_some(start);
                for candidate in std::mem::take(&mut self.early) {
                    add_candidate(&self.pc, candidate).await;
                }
            }
            Ok(Input::Description(_)) => tracing::warn!("a second answer is ignored"),
            Ok(Input::Candidate(candidate)) if self.answered.is_none() => {
                if self.early.len() < MAX_EARLY_CANDIDATES {
                    self.early.push(candidate);
                }
            }
            Ok(Input::Candidate(candidate)) => add_candidate(&self.pc, candidate).await,
            Err(why) if self.answered.is_none() => {
                return Err(ReportError::new(Code::BadInput, format!("bad line on standard input: {why}")));
            }
            Err(why) => tracing::warn!("a line is ignored: {why}"),
        }
        Ok(())
    }

    fn happened(&self, event: Event) -> Result<(), ReportError> {
        session::log_event(&event);
        match event {
            Event::IceCandidate(candidate) if self.trickle => print_candidate(candidate),
            Event::TransportFailed(error) => return Err(session::transport_error(&error)),
            Event::ConnectionStateChange(_) if session::stage(&self.pc.states()) == Stage::Failed => {
                return Err(session::failed(&self.pc));
            }
            Event::Track(event) => {
                self.recorder.iter().for_each(|recorder| recorder.add(event.track.clone()))
            }
            // A channel that the peer opens is not what we came for: dropping it closes it.
            _ => {}
        }
        Ok(())
    }
}

/// Never, without a recorder.
async fn next_frame(recorder: &mut Option<Recorder>) -> Option<ReceivedFrame> {
    match recorder {
        Some(recorder) => recorder.next().await,
        None => std::future::pending().await,
    }
}

fn closed_early(how: &str) -> Result<(), ReportError> {
    Err(ReportError::new(Code::ClosedEarly, format!("{how} before everything was done")))
}
