//! `RTCDataChannel`.

use crate::command::{Command, WeakCommands};
use crate::connection::ConnectionShared;
use crate::error::Error;
use crate::message::Message;
use siskin_peer::{ChannelConfig, ChannelId, DataChannelState};
use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A data channel. Every method takes `&self`, so one task may send while another receives.
///
/// Dropping it closes the channel, behind everything that was sent on it.
pub struct DataChannel {
    shared: Arc<ChannelShared>,
    commands: WeakCommands,
    /// The peer opened it, and nobody has read the event yet.
    unseen: bool,
}

/// What the handle and the driver both hold; the driver forgets it when the channel is closed.
pub(crate) struct ChannelShared {
    pub(crate) channel: ChannelId,
    pub(crate) connection: Arc<ConnectionShared>,
    config: ChannelConfig,
    inner: Mutex<Inner>,
    /// Bytes given to `send` that the driver has not seen yet.
    queued: AtomicU64,
    /// `bufferedAmount` as the driver saw it last.
    buffered: AtomicU64,
    low_threshold: AtomicU64,
    high_water: AtomicU64,
    readable: Notify,
    writable: Notify,
    low: Notify,
    state_changed: Notify,
}

struct Inner {
    state: DataChannelState,
    id: Option<u16>,
    inbox: VecDeque<Message>,
}

impl DataChannel {
    pub(crate) fn new(shared: Arc<ChannelShared>, commands: WeakCommands) -> Self {
        Self { shared, commands, unseen: false }
    }

    /// One that the peer opened. Until its event is read it counts among what is not, so that a peer cannot make us keep
    /// any number of them.
    pub(crate) fn incoming(shared: Arc<ChannelShared>, commands: WeakCommands) -> Self {
        shared.connection.has_received(shared.weight());
        Self { shared, commands, unseen: true }
    }

    /// Its event was read.
    pub(crate) fn seen(&mut self) {
        if std::mem::take(&mut self.unseen) {
            self.has_read(self.shared.weight());
        }
    }

    /// The label, which need not be unique.
    pub fn label(&self) -> &str {
        &self.shared.config.label
    }

    /// The subprotocol.
    pub fn protocol(&self) -> &str {
        &self.shared.config.protocol
    }

    /// Whether messages arrive in the order in which they were sent.
    pub fn ordered(&self) -> bool {
        self.shared.config.ordered
    }

    /// All that the side that made it asked for.
    pub fn config(&self) -> &ChannelConfig {
        &self.shared.config
    }

    /// The stream id; `None` until the DTLS roles are known (RFC 8832 §6).
    pub fn id(&self) -> Option<u16> {
        self.shared.lock().id
    }

    /// The state.
    pub fn ready_state(&self) -> DataChannelState {
        self.shared.state()
    }

    /// Waits until the channel is open.
    ///
    /// # Errors
    /// `InvalidStateError` if it closes instead.
    pub async fn opened(&self) -> Result<(), Error> {
        let state = self.shared.wait_for(|state| state != DataChannelState::Connecting).await;
        if state == DataChannelState::Open { Ok(()) } else { Err(Error::channel_not_open()) }
    }

    /// Waits until the channel is closed.
    pub async fn closed(&self) {
        self.shared.wait_for(|state| state == DataChannelState::Closed).await;
    }

    /// Sends a message. Waits until the channel is open and until less than
    /// [`high_water_mark`](Self::set_high_water_mark) bytes wait to be sent; then the message is queued, and sent even
    /// if nobody waits for anything any more. Cancelling before that sends nothing.
    ///
    /// # Errors
    /// `InvalidStateError` if the channel is not open any more, `TypeError` if the message is larger than the peer
    /// takes ([`SctpTransport::max_message_size`](crate::SctpTransport::max_message_size)).
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        self.opened().await?;
        loop {
            let mut writable = pin!(self.shared.writable.notified());
            writable.as_mut().enable();
            if self.shared.state() != DataChannelState::Open {
                return Err(Error::channel_not_open());
            }
            if self.buffered_amount() < self.shared.high_water.load(Ordering::Relaxed) {
                return self.queue(message);
            }
            writable.await;
        }
    }

    /// Queues a message without waiting, however much is queued already: `send` of the W3C.
    ///
    /// # Errors
    /// As [`send`](Self::send), and `InvalidStateError` while the channel is not open yet.
    pub fn send_now(&self, message: impl Into<Message>) -> Result<(), Error> {
        if self.shared.state() != DataChannelState::Open {
            return Err(Error::channel_not_open());
        }
        self.queue(message.into())
    }

    /// Receives a message; `None` once the channel is closed and everything before that was read.
    ///
    /// Messages nobody reads are kept up to
    /// [`Configuration::max_unread`](crate::Configuration::max_unread), then the peer has to wait. Cancelling loses
    /// nothing.
    pub async fn recv(&self) -> Option<Message> {
        loop {
            let mut readable = pin!(self.shared.readable.notified());
            readable.as_mut().enable();
            {
                let mut inner = self.shared.lock();
                if let Some(message) = inner.inbox.pop_front() {
                    drop(inner);
                    self.has_read(message.len());
                    return Some(message);
                }
                if inner.state == DataChannelState::Closed {
                    return None;
                }
            }
            readable.await;
        }
    }

    /// Bytes that wait to be sent, those of messages in flight left out (`bufferedAmount`).
    pub fn buffered_amount(&self) -> u64 {
        self.shared.queued.load(Ordering::Acquire) + self.shared.buffered.load(Ordering::Acquire)
    }

    /// Sets what [`buffered_amount_low`](Self::buffered_amount_low) waits for, in bytes; default 0.
    pub fn set_buffered_amount_low_threshold(&self, bytes: u64) {
        self.shared.low_threshold.store(bytes, Ordering::Release);
        self.shared.low.notify_waiters();
    }

    /// Waits until at most the threshold's bytes wait to be sent, or the channel is closed.
    pub async fn buffered_amount_low(&self) {
        loop {
            let mut low = pin!(self.shared.low.notified());
            low.as_mut().enable();
            let threshold = self.shared.low_threshold.load(Ordering::Acquire);
            if self.buffered_amount() <= threshold || self.shared.state() == DataChannelState::Closed {
                return;
            }
            low.await;
        }
    }

    /// Sets how many bytes may wait before [`send`](Self::send) does; default 1 MiB.
    pub fn set_high_water_mark(&self, bytes: u64) {
        self.shared.high_water.store(bytes.max(1), Ordering::Relaxed);
        self.shared.writable.notify_waiters();
    }

    /// Closes the channel, behind everything that was sent on it. See [`closed`](Self::closed).
    pub fn close(&self) {
        if self.shared.advance(DataChannelState::Closing)
            && let Some(commands) = self.commands.upgrade()
        {
            let _ = commands.send(Command::CloseChannel(Arc::clone(&self.shared)));
        }
    }

    fn queue(&self, message: Message) -> Result<(), Error> {
        let len = message.len() as u64;
        if len > self.shared.connection.max_message_size() {
            return Err(Error::message_too_large());
        }
        let commands = self.commands.upgrade().ok_or_else(Error::channel_not_open)?;
        self.shared.queued.fetch_add(len, Ordering::AcqRel);
        let (kind, data) = message.into_parts();
        commands.send(Command::Send(Arc::clone(&self.shared), kind, data)).map_err(|_| Error::Gone)
    }

    fn has_read(&self, len: usize) {
        if self.shared.connection.has_read(len)
            && let Some(commands) = self.commands.upgrade()
        {
            let _ = commands.send(Command::Resume(self.shared.connection.id));
        }
    }
}

impl Drop for DataChannel {
    fn drop(&mut self) {
        self.close();
        // What nobody will read must not hold up the other channels.
        let unread = std::mem::take(&mut self.shared.lock().inbox);
        unread.iter().for_each(|message| self.has_read(message.len()));
        self.seen();
    }
}

impl fmt::Debug for DataChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DataChannel");
        shown.field("label", &self.label()).field("id", &self.id()).field("ready_state", &self.ready_state());
        shown.finish_non_exhaustive()
    }
}

impl ChannelShared {
    pub(crate) fn new(
        channel: ChannelId,
        connection: Arc<ConnectionShared>,
        config: ChannelConfig,
        state: DataChannelState,
        id: Option<u16>,
    ) -> Arc<Self> {
        Arc::new(Self {
            channel,
            connection,
            config,
            inner: Mutex::new(Inner { state, id, inbox: VecDeque::new() }),
            queued: AtomicU64::new(0),
            buffered: AtomicU64::new(0),
            low_threshold: AtomicU64::new(0),
            high_water: AtomicU64::new(HIGH_WATER),
            readable: Notify::new(),
            writable: Notify::new(),
            low: Notify::new(),
            state_changed: Notify::new(),
        })
    }

    /// The driver took a message of so many bytes out of the queue.
    pub(crate) fn dequeued(&self, len: usize) {
        self.queued.fetch_sub(len as u64, Ordering::AcqRel);
        self.tell_if_low(self.buffered.load(Ordering::Acquire));
    }

    /// The driver saw so many bytes buffered.
    pub(crate) fn set_buffered(&self, bytes: u64) {
        let before = self.buffered.swap(bytes, Ordering::AcqRel);
        if bytes < before {
            self.tell_if_low(bytes);
        }
    }

    /// Wakes those who wait for the amount to sink; they look for themselves.
    fn tell_if_low(&self, bytes: u64) {
        if bytes < self.high_water.load(Ordering::Relaxed) {
            self.writable.notify_waiters();
        }
        if bytes <= self.low_threshold.load(Ordering::Acquire) {
            self.low.notify_waiters();
        }
    }

    pub(crate) fn label(&self) -> &str {
        &self.config.label
    }

    /// About what it takes, in bytes.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.config.label.len() + self.config.protocol.len()
    }

    pub(crate) fn open(&self, id: Option<u16>) {
        self.lock().id = id;
        self.advance(DataChannelState::Open);
    }

    pub(crate) fn deliver(&self, message: Message) {
        self.lock().inbox.push_back(message);
        self.readable.notify_waiters();
    }

    /// Goes to a later state; false if it is in that state, or beyond, already.
    pub(crate) fn advance(&self, state: DataChannelState) -> bool {
        {
            let mut inner = self.lock();
            if rank(inner.state) >= rank(state) {
                return false;
            }
            inner.state = state;
        }
        if state == DataChannelState::Closed {
            self.queued.store(0, Ordering::Release);
            self.buffered.store(0, Ordering::Release);
        }
        self.state_changed.notify_waiters();
        self.readable.notify_waiters();
        self.writable.notify_waiters();
        self.low.notify_waiters();
        true
    }

    pub(crate) fn state(&self) -> DataChannelState {
        self.lock().state
    }

    async fn wait_for(&self, reached: impl Fn(DataChannelState) -> bool) -> DataChannelState {
        loop {
            let mut changed = pin!(self.state_changed.notified());
            changed.as_mut().enable();
            let state = self.state();
            if reached(state) {
                return state;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// States only ever advance.
const fn rank(state: DataChannelState) -> u8 {
    match state {
        DataChannelState::Connecting => 0,
        DataChannelState::Open => 1,
        DataChannelState::Closing => 2,
        DataChannelState::Closed => 3,
    }
}

const HIGH_WATER: u64 = 1 << 20;
