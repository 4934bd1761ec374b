//! One channel of `dial`: sends, receives, compares.

use super::payload;
use crate::counters::Counters;
use crate::report::{Code, Report, ReportError};
use siskin::{DataChannel, Message};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What one channel is to do.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) count: u64,
    pub(super) size: usize,
    /// How long to wait for the next echo.
    pub(super) patience: Duration,
    pub(super) ordered: bool,
    pub(super) reliable: bool,
}

/// What came of all channels.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    echoed: u64,
    mismatched: u64,
    /// Missing on channels where every message arrives.
    missing_reliable: u64,
    first_mismatch: Option<String>,
    /// Why a message could not be sent.
    not_sent: Option<String>,
    millis: Vec<f64>,
}

/// Round-trip times kept: the first million says enough.
const MAX_TIMES: usize = 1_000_000;

impl Tally {
    /// Writes what came of it into `report`; an error if it was not what should have.
    pub(super) fn fill(&self, expected: u64, report: &mut Report) -> Result<(), ReportError> {
        let counts = self.lock();
        report.messages.echoed = Some(counts.echoed);
        report.messages.mismatched = Some(counts.mismatched);
        report.messages.missing = Some(expected.saturating_sub(counts.echoed));
        report.rtt_ms.set_messages(counts.millis.clone());
        if let Some(what) = &counts.first_mismatch {
            return Err(ReportError::new(Code::EchoMismatch, what.clone()));
        }
        if counts.missing_reliable > 0 {
            let mut message = format!("{} echoes did not come", counts.missing_reliable);
            if let Some(why) = &counts.not_sent {
                message = format!("{message}: a message was not sent: {why}");
            }
            return Err(ReportError::new(Code::EchoMissing, message));
        }
        Ok(())
    }

    /// Echoes that matched so far.
    pub(super) fn echoed(&self) -> u64 {
        self.lock().echoed
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what `plan` says and takes the echoes, until all have come or the next one takes too long.
pub(super) async fn run(channel: DataChannel, plan: Plan, counters: Counters, tally: std::sync::Arc<Tally>) {
    if channel.opened().await.is_err() {
        tally.lock().missing_reliable += if plan.reliable { plan.count } else { 0 };
        return;
    }
    let out = Mutex::new(Out { waiting: BTreeMap::new(), next: 0 });
    let sent_all = async {
        for number in 0..plan.count {
            let message = payload::message(plan.seed, number, plan.size);
            lock(&out).waiting.insert(number, Instant::now());
            if let Err(error) = channel.send(message).await {
                tally.lock().not_sent.get_or_insert_with(|| error.to_string());
                return;
            }
            counters.sent(plan.size);
        }
    };
    let received_all = async {
        let mut echoed = 0;
        while echoed < plan.count {
            // An unreliable channel may have lost them all: it is given less time once everything is sent.
            let patience = if plan.reliable { plan.patience } else { plan.patience.min(UNRELIABLE_PATIENCE) };
            let Ok(Some(message)) = tokio::time::timeout(patience, channel.recv()).await else { break };
            counters.received(message.len());
            match lock(&out).matched(&plan, &message) {
                Some(sent) => {
                    echoed += 1;
                    let mut counts = tally.lock();
                    counts.echoed += 1;
                    if counts.millis.len() < MAX_TIMES {
                        counts.millis.push(sent.elapsed().as_secs_f64() * 1_000.0);
                    }
                }
                None => {
                    let mut counts = tally.lock();
                    counts.mismatched += 1;
                    counts.first_mismatch.get_or_insert_with(|| describe(&channel, &plan, &message));
                }
            }
        }
        echoed
    };
    let mut sent_all = std::pin::pin!(sent_all);
    let mut received_all = std::pin::pin!(received_all);
    let mut sending = true;
    let echoed = loop {
        tokio::select! {
            () = &mut sent_all, if sending => sending = false,
            echoed = &mut received_all => break echoed,
        }
    };
    if plan.reliable {
        tally.lock().missing_reliable += plan.count - echoed;
    }
}

/// Long enough for a round trip and a retransmission.
const UNRELIABLE_PATIENCE: Duration = Duration::from_secs(2);

/// What is sent and not yet echoed.
struct Out {
    waiting: BTreeMap<u64, Instant>,
    /// On an ordered channel, no echo with a lower number can come any more.
    next: u64,
}

impl Out {
    /// When the message that `echo` echoes was sent; `None` if it is not an echo of anything.
    fn matched(&mut self, plan: &Plan, echo: &Message) -> Option<Instant> {
        let is_echo = |number: u64| payload::message(plan.seed, number, plan.size) == *echo;
        let number = match payload::number(echo) {
            Some(number) => Some(number).filter(|number| is_echo(*number)),
            // Too short to tell: the first that it may be.
            None => self.waiting.keys().copied().take(MOST_COMPARED).find(|number| is_echo(*number)),
        }?;
        if plan.ordered && number < self.next {
            return None;
        }
        if plan.ordered && plan.reliable && number != self.next {
            return None;
        }
        let sent = self.waiting.remove(&number)?;
        if plan.ordered {
            self.next = number + 1;
        }
        Some(sent)
    }
}

/// Short messages repeat: one of the next few must be it.
const MOST_COMPARED: usize = 1_024;

fn lock(out: &Mutex<Out>) -> MutexGuard<'_, Out> {
    out.lock().unwrap_or_else(PoisonError::into_inner)
}

fn describe(channel: &DataChannel, plan: &Plan, echo: &Message) -> String {
    let number =
        payload::number(echo).map_or_else(|| "no number".into(), |number| format!("number {number}"));
    format!(
        "channel {}: an echo of {} bytes with {number} is not what was sent next ({} bytes)",
        channel.label(),
        echo.len(),
        plan.size
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ordered: bool, reliable: bool, size: usize) -> Plan {
        Plan { seed: 1, count: 4, size, patience: Duration::from_secs(1), ordered, reliable }
    }

    fn check(plan: &Plan, echoes: &[u64], expected: &[bool]) {
        let waiting = (0..plan.count).map(|number| (number, Instant::now())).collect();
        let mut out = Out { waiting, next: 0 };
        let matched: Vec<bool> = echoes
            .iter()
            .map(|number| out.matched(plan, &payload::message(1, *number, plan.size)).is_some())
            .collect();
        assert_eq!(matched, expected);
    }

    #[test]
    fn echoes_match_as_the_channel_promises() {
        for size in [0, 3, 100] {
            check(&plan(true, true, size), &[0, 1, 2, 3], &[true; 4]);
        }
        check(&plan(true, true, 100), &[1, 0], &[false, true]);
        check(&plan(true, false, 100), &[1, 3, 0], &[true, true, false]);
        check(&plan(false, true, 100), &[3, 1, 0, 2, 2], &[true, true, true, true, false]);
        check(&plan(false, true, 100), &[9], &[false]);
    }

    #[test]
    fn a_changed_byte_shows() {
        let plan = plan(true, true, 50);
        let mut out = Out { waiting: [(0, Instant::now())].into(), next: 0 };
        let mut bytes = payload::message(1, 0, 50).as_bytes().to_vec();
        bytes[49] ^= 1;
        assert!(out.matched(&plan, &Message::from(bytes)).is_none());
        assert!(out.matched(&plan, &payload::message(2, 0, 50)).is_none(), "another channel's");
    }
}
