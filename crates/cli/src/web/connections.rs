//! The connections that came over HTTP: one task watches each.

use super::{Greeting, services};
use crate::args::Connection as ConnectionArgs;
use crate::contract::{Candidate, Output};
use crate::counters::Counters;
use crate::echo::{add_candidate, timed_out};
use crate::media::{self, Loops};
use crate::report::{Code, Report, ReportError, round};
use crate::session::{self, FLUSH, Stage};
use crate::stdio;
use siskin::{Endpoint, Event, Events, PeerConnection, SessionDescription, SocketInfo};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Connections at once; a request beyond that is refused.
const MAX_CONNECTIONS: usize = 1_000;

pub(super) struct Connections {
    endpoint: Endpoint,
    args: ConnectionArgs,
    greeting: Greeting,
    next: AtomicU64,
    /// One permit for each connection, from its offer to its end.
    places: Arc<Semaphore>,
    live: Arc<Mutex<BTreeMap<u64, Live>>>,
}

#[derive(Clone)]
struct Live {
    pc: Arc<PeerConnection>,
    hang_up: Arc<Notify>,
}

impl Connections {
    pub(super) fn new(endpoint: Endpoint, args: ConnectionArgs, greeting: Greeting) -> Self {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { endpoint, args, greeting, next: AtomicU64::new(1), places, live: Arc::default() }
    }

    pub(super) async fn sockets(&self) -> Vec<SocketInfo> {
        self.endpoint.sockets().await
    }

    /// Makes a connection, and gives its name and its answer, all candidates in it.
    pub(super) async fn answer(
        &self,
        offer: SessionDescription,
    ) -> Result<(u64, SessionDescription), ReportError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| ReportError::new(Code::Internal, "too many connections"))?;
        let start = Instant::now();
        let internal = |error: siskin::Error| ReportError::new(Code::Internal, error.to_string());
        let bad =
            |error: siskin::Error| ReportError::new(Code::BadDescription, format!("the offer: {error}"));
        let (pc, events) =
            self.endpoint.connect(session::configuration(&self.args, None)).await.map_err(internal)?;
        pc.set_remote_description(offer).await.map_err(bad)?;
        media::send_back_all(&pc).await.map_err(bad)?;
        pc.set_local_description(None).await.map_err(bad)?;
        let _ = tokio::time::timeout(GATHERING, pc.gathered()).await;
        let answer = pc.local_description().await;
        let answer = answer.ok_or_else(|| ReportError::new(Code::Internal, "there is no answer"))?;

        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let live = Live { pc: Arc::new(pc), hang_up: Arc::default() };
        lock(&self.live).insert(id, live.clone());
        let watch = Watch {
            id,
            live,
            start,
            timeout: self.args.timeout,
            counters: Counters::default(),
            greeting: self.greeting,
        };
        let all = Arc::clone(&self.live);
        tokio::spawn(async move {
            watch.run(events).await;
            lock(&all).remove(&id);
            drop(place);
        });
        Ok((id, answer))
    }

    pub(super) async fn add_candidate(&self, id: u64, candidate: Candidate) -> bool {
        let live = lock(&self.live).get(&id).cloned();
        match live {
            Some(live) => {
                add_candidate(&live.pc, candidate).await;
                true
            }
            None => false,
        }
    }

    pub(super) fn hang_up(&self, id: u64) -> bool {
        lock(&self.live).get(&id).map(|live| live.hang_up.notify_one()).is_some()
    }

    /// Closes all of them, each behind what was sent.
    pub(super) async fn close_all(&self) {
        let all: Vec<Live> = lock(&self.live).values().cloned().collect();
        all.iter().for_each(|live| live.hang_up.notify_one());
        let deadline = Instant::now() + FLUSH;
        while !lock(&self.live).is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// How long STUN servers may take.
const GATHERING: Duration = Duration::from_secs(5);

/// What the task of one connection knows.
struct Watch {
    id: u64,
    live: Live,
    start: Instant,
    timeout: Duration,
    counters: Counters,
    greeting: Greeting,
}

impl Watch {
    async fn run(self, mut events: Events) {
        let mut report = Report::default();
        tracing::info!(connection = self.id, "offer answered");
        let outcome = self.watch(&mut events, &mut report).await;
        session::summarize(&self.live.pc, &mut report).await;
        self.live.pc.finish(FLUSH).await;
        self.counters.fill(&mut report);
        report.error = outcome.err();
        if let Some(error) = &report.error {
            tracing::warn!(connection = self.id, "{}", error.message);
        }
        match self.greeting {
            Greeting::Echo => stdio::print(&Output::Report { report: &report }),
            Greeting::Demo => stdio::say(&format!("Connection {}: {}", self.id, in_words(&report))),
        }
    }

    async fn watch(&self, events: &mut Events, report: &mut Report) -> Result<(), ReportError> {
        let pc = &self.live.pc;
        let deadline = self.start + self.timeout;
        let mut loops = Loops::default();
        loop {
            match session::stage(&pc.states()) {
                Stage::Open if report.connect_ms.is_none() => {
                    report.connect_ms = Some(round(self.start.elapsed().as_secs_f64() * 1_000.0));
                    session::summarize(pc, report).await;
                    if self.greeting == Greeting::Demo {
                        stdio::say(&format!(
                            "Connection {}: open after {} ms",
                            self.id,
                            report.connect_ms.unwrap_or_default().round()
                        ));
                    }
                }
                Stage::ClosedByPeer => return Ok(()),
                Stage::Failed => return Err(session::failed(pc)),
                _ => {}
            }
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::DataChannel(channel)) => {
                        tokio::spawn(services::serve(channel, Arc::downgrade(pc), self.counters.clone()));
                    }
                    Some(Event::Track(event)) => loops.add(event.track, event.transceiver),
                    Some(Event::KeyFrameRequested { transceiver, .. }) => loops.key_frame_requested(transceiver),
                    Some(Event::TransportFailed(error)) => return Err(session::transport_error(&error)),
                    Some(event) => session::log_event(&event),
                    None => return Err(ReportError::new(Code::Internal, "the connection is gone")),
                },
                () = self.live.hang_up.notified() => return Ok(()),
                () = tokio::time::sleep_until(deadline), if report.connect_ms.is_none() => {
                    return Err(timed_out(self.timeout, true));
                }
            }
        }
    }
}

/// How a connection ended, for people.
fn in_words(report: &Report) -> String {
    let (bytes, messages) = (report.bytes, report.messages);
    let how = report.error.as_ref().map_or("closed", |error| error.message.as_str());
    format!(
        "{how}; received {} bytes in {} messages, sent {} in {}",
        bytes.received, messages.received, bytes.sent, messages.sent
    )
}

fn lock(live: &Mutex<BTreeMap<u64, Live>>) -> MutexGuard<'_, BTreeMap<u64, Live>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}
