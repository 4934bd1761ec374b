//! A channel, and what is done with what comes on it.

use crate::log::{Log, payload};
use serde_json::{Value, json};
use siskin::{DataChannel, DataChannelState, Message, Priority, Reliability};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Bytes in a row while pouring.
///
/// Few: a channel that libwebrtc closes while megabytes in a row arrive on it is closed for libwebrtc, which sends no RE-CONFIG
/// (probably since it keeps 16 MiB of what still arrives, and ends the channel when there is more); and a page that gets so much
/// answers no script.
const BURST: usize = 4 << 10;

pub(crate) struct Channel {
    pub(crate) dc: DataChannel,
    pub(crate) sent: Mutex<Log>,
    pub(crate) received: Mutex<Log>,
    stop: AtomicBool,
    pouring: Mutex<Option<JoinHandle<()>>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Channel {
    /// Starts to read it. `hold`: the echo of that message, and what follows, waits until it is 0.
    pub(crate) fn start(dc: DataChannel, echo: bool, hold: watch::Receiver<u64>) -> Arc<Self> {
        let channel = Arc::new(Self {
            dc,
            sent: Mutex::default(),
            received: Mutex::default(),
            stop: AtomicBool::new(false),
            pouring: Mutex::default(),
        });
        let (to, backlog) = mpsc::unbounded_channel();
        let reader = Arc::clone(&channel);
        tokio::spawn(async move {
            while let Some(message) = reader.dc.recv().await {
                lock(&reader.received).add(&message);
                if echo {
                    let _closed = to.send(message);
                }
            }
        });
        if echo {
            tokio::spawn(Arc::clone(&channel).echo(backlog, hold));
        }
        channel
    }

    async fn echo(
        self: Arc<Self>,
        mut backlog: mpsc::UnboundedReceiver<Message>,
        mut hold: watch::Receiver<u64>,
    ) {
        while let Some(message) = backlog.recv().await {
            let next = lock(&self.sent).messages + 1;
            if hold.wait_for(|hold| *hold != next).await.is_err() || !self.send(message).await {
                return;
            }
        }
    }

    /// Whether it could.
    pub(crate) async fn send(&self, message: Message) -> bool {
        if self.dc.ready_state() != DataChannelState::Open || self.dc.send(message.clone()).await.is_err() {
            return false;
        }
        lock(&self.sent).add(&message);
        true
    }

    /// Sends messages as long as it can; yields how many.
    pub(crate) async fn send_all(&self, messages: &Value) -> u64 {
        let mut number = 0;
        for message in messages.as_array().into_iter().flatten() {
            let size = message["size"].as_u64().unwrap_or_default() as usize;
            for _ in 0..message["count"].as_u64().unwrap_or(1) {
                if !self.send(payload(message["kind"].as_str().unwrap_or("binary"), size, number)).await {
                    return number.into();
                }
                number += 1;
                if let Some(pause) = message["pause"].as_u64() {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            }
        }
        number.into()
    }

    /// Sends a few messages every 10 ms until [`poured`](Self::poured), or until it closes.
    pub(crate) fn pour(self: &Arc<Self>, size: usize) {
        self.stop.store(false, Ordering::Relaxed);
        let channel = Arc::clone(self);
        *lock(&self.pouring) = Some(tokio::spawn(async move {
            let mut number = 0;
            while !channel.stop.load(Ordering::Relaxed) && channel.send(payload("binary", size, number)).await
            {
                number += 1;
                if (number as usize).is_multiple_of((BURST / size).max(1)) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }));
    }

    pub(crate) async fn poured(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let pouring = lock(&self.pouring).take();
        if let Some(pouring) = pouring {
            let _done = pouring.await;
        }
    }

    pub(crate) fn describe(&self) -> Value {
        let config = self.dc.config();
        let (retransmits, lifetime) = match config.reliability {
            Reliability::MaxRetransmits(count) => (Some(count), None),
            Reliability::Lifetime(time) => (None, Some(time.as_millis() as u64)),
            _ => (None, None),
        };
        let priority = match config.priority {
            Priority::VERY_LOW => "very-low",
            Priority::LOW => "low",
            Priority::MEDIUM => "medium",
            Priority::HIGH => "high",
            _ => "other",
        };
        json!({"label": self.dc.label(), "ordered": self.dc.ordered(), "maxRetransmits": retransmits,
            "maxPacketLifeTime": lifetime, "protocol": self.dc.protocol(),
            "negotiated": config.negotiated.is_some(), "id": self.dc.id(),
            "readyState": state(self.dc.ready_state()), "priority": priority})
    }

    pub(crate) fn logs(&self) -> Value {
        json!({"sent": lock(&self.sent).digest(), "received": lock(&self.received).digest()})
    }
}

/// The W3C's word.
pub(crate) const fn state(state: DataChannelState) -> &'static str {
    match state {
        DataChannelState::Connecting => "connecting",
        DataChannelState::Open => "open",
        DataChannelState::Closing => "closing",
        DataChannelState::Closed => "closed",
    }
}
