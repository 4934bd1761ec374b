//! `siskin echo --stdio`: answers offers, and sends every message and every frame back.

use crate::args::Echo;
use crate::contract::{Candidate, Input, Output};
use crate::counters::Counters;
use crate::media::{self, Loops};
use crate::report::{Code, Report, ReportError, round};
use crate::session::{self, Stage};
use crate::stdio::{self, Line};
use siskin::{DataChannel, Event, Events, PeerConnection, SdpType, SessionDescription};
use std::time::Duration;
use tokio::time::Instant;

/// Candidates that came before the description that they belong to; more are dropped.
const MAX_EARLY_CANDIDATES: usize = 256;

/// How long STUN servers may take.
const GATHERING: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) async fn run(args: Echo) -> Report {
    let mut report = Report::default();
    let counters = Counters::default();
    let outcome = connect(&args, &counters, &mut report).await;
    counters.fill(&mut report);
    report.error = outcome.err();
    report
}

async fn connect(args: &Echo, counters: &Counters, report: &mut Report) -> Result<(), ReportError> {
    let (pc, events, trace) = session::connect(&args.connection, args.trace.as_deref()).await?;
    let counters = counters.clone();
    let mut echo = EchoSession {
        pc,
        events,
        counters,
        trickle: args.trickle,
        early: Vec::new(),
        loops: Loops::default(),
    };
    let outcome = echo.run(args.connection.timeout, report).await;
    session::end(&echo.pc, trace, outcome, report).await
}

struct EchoSession {
    pc: PeerConnection,
    events: Events,
    counters: Counters,
    trickle: bool,
    early: Vec<Candidate>,
    loops: Loops,
}

impl EchoSession {
    async fn run(&mut self, timeout: Duration, report: &mut Report) -> Result<(), ReportError> {
        let mut lines = stdio::lines();
        let deadline = Instant::now() + timeout;
        let mut offered = None;
        let mut interrupted = std::pin::pin!(session::interrupted());
        loop {
            match session::stage(&self.pc.states()) {
                Stage::Open if report.connect_ms.is_none() => {
                    report.connect_ms =
                        offered.map(|at: Instant| round(at.elapsed().as_secs_f64() * 1_000.0));
                    session::summarize(&self.pc, report).await;
                }
                // A close that comes before the connection was open is no clean one, but still the peer's wish.
                Stage::ClosedByPeer => return Ok(()),
                _ => {}
            }
            let open = report.connect_ms.is_some();
            tokio::select! {
                line = lines.recv() => match line {
                    Some(line) => self.take(line, &mut offered).await?,
                    None if offered.is_none() => return Err(ReportError::new(
                        Code::SignallingEnded,
                        "standard input ended before an offer came",
                    )),
                    None => return Ok(()),
                },
                event = self.events.next() => match event {
                    Some(event) => self.happened(event)?,
                    None => return Err(ReportError::new(Code::Internal, "the connection is gone")),
                },
                () = tokio::time::sleep_until(deadline), if !open => return Err(timed_out(timeout, offered.is_some())),
                () = &mut interrupted => return match open {
                    true => Ok(()),
                    false => Err(ReportError::new(Code::Interrupted, "interrupted before the connection was open")),
                },
            }
        }
    }

    async fn take(&mut self, line: Line, offered: &mut Option<Instant>) -> Result<(), ReportError> {
        let input = match line {
            Line::Text(text) => Input::parse(&text),
            Line::Junk => Err("longer than 4 MiB, or not UTF-8".into()),
        };
        match input {
            Ok(Input::Description(description)) if description.kind == SdpType::Offer => {
                let start = Instant::now();
                let answered = self.answer(description).await;
                match answered {
                    Ok(()) => *offered = offered.or(Some(start)),
                    Err(error) if offered.is_none() => return Err(error),
                    Err(error) => tracing::warn!(error = error.message, "a later offer is ignored"),
                }
            }
            Ok(Input::Description(description)) if offered.is_none() => {
                let message =
                    format!("an offer is awaited, but the description is of type {}", description.kind);
                return Err(ReportError::new(Code::BadDescription, message));
            }
            Ok(Input::Description(_)) => tracing::warn!("a description that is no offer is ignored"),
            Ok(Input::Candidate(candidate)) if offered.is_none() => {
                if self.early.len() < MAX_EARLY_CANDIDATES {
                    self.early.push(candidate);
                }
            }
            Ok(Input::Candidate(candidate)) => add_candidate(&self.pc, candidate).await,
            Err(why) if offered.is_none() => {
                return Err(ReportError::new(Code::BadInput, format!("bad line on standard input: {why}")));
            }
            Err(why) => tracing::warn!("a line is ignored: {why}"),
        }
        Ok(())
    }

    async fn answer(&mut self, offer: SessionDescription) -> Result<(), ReportError> {
        let bad =
            |error: siskin::Error| ReportError::new(Code::BadDescription, format!("the offer: {error}"));
        self.pc.set_remote_description(offer).await.map_err(bad)?;
        for candidate in std::mem::take(&mut self.early) {
            add_candidate(&self.pc, candidate).await;
        }
        media::send_back_all(&self.pc).await.map_err(bad)?;
        self.pc.set_local_description(None).await.map_err(bad)?;
        print_local(&self.pc, self.trickle).await
    }

    fn happened(&mut self, event: Event) -> Result<(), ReportError> {
        session::log_event(&event);
        match event {
            Event::DataChannel(channel) => {
                tokio::spawn(echo(channel, self.counters.clone()));
            }
            Event::Track(event) => self.loops.add(event.track, event.transceiver),
            Event::KeyFrameRequested { transceiver, .. } => self.loops.key_frame_requested(transceiver),
            Event::IceCandidate(candidate) if self.trickle => print_candidate(candidate),
            Event::TransportFailed(error) => return Err(session::transport_error(&error)),
            Event::ConnectionStateChange(_) if session::stage(&self.pc.states()) == Stage::Failed => {
                return Err(session::failed(&self.pc));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Sends every message back until the channel is closed.
pub(crate) async fn echo(channel: DataChannel, counters: Counters) {
    while let Some(message) = channel.recv().await {
        let len = message.len();
        counters.received(len);
        match channel.send(message).await {
            Ok(()) => counters.sent(len),
            Err(error) => {
                tracing::debug!(label = channel.label(), %error, "an echo was not sent");
                return;
            }
        }
    }
}

/// Prints the local description: with all candidates, or at once and those that come later as lines of their own.
pub(crate) async fn print_local(pc: &PeerConnection, trickle: bool) -> Result<(), ReportError> {
    if !trickle && tokio::time::timeout(GATHERING, pc.gathered()).await.is_err() {
        tracing::warn!("a STUN server does not answer: going on without it");
    }
    let description = pc.local_description().await;
    let description =
        description.ok_or_else(|| ReportError::new(Code::Internal, "there is no description to send"))?;
    stdio::print(&Output::Description { kind: description.kind.name(), sdp: &description.sdp });
    Ok(())
}

/// Prints a candidate; what ends gathering is no line of its own.
pub(crate) fn print_candidate(candidate: Option<siskin::IceCandidateInit>) {
    if let Some(candidate) = candidate {
        stdio::print(&Output::Candidate(candidate.into()));
    }
}

/// Adds a candidate of the peer's. A bad one costs a warning, not the connection.
pub(crate) async fn add_candidate(pc: &PeerConnection, candidate: Candidate) {
    if let Err(error) = pc.add_ice_candidate(candidate.into_init()).await {
        tracing::warn!(%error, "a candidate is ignored");
    }
}

/// What to report when the connection did not open in time.
pub(crate) fn timed_out(timeout: Duration, described: bool) -> ReportError {
    let what = if described { "the peer did not connect" } else { "no description came" };
    ReportError::new(Code::Timeout, format!("{what} within {} s", timeout.as_secs_f64()))
}
