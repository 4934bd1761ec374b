//! What handles ask of the driver. Commands are carried out one by one, in the order in which they were given: their
//! queue is the operations chain of webrtc-pc §4.4.1.2, since each of them is atomic.

use crate::channel::ChannelShared;
use crate::connection::{Configuration, Events, PeerConnection};
use crate::error::Error;
use crate::net::ports::SocketInfo;
use bytes::Bytes;
use siskin_base::Instant;
use siskin_peer::{ChannelConfig, ConnectionId, MessageKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

pub(crate) type Commands = mpsc::UnboundedSender<Command>;
pub(crate) type WeakCommands = mpsc::WeakUnboundedSender<Command>;

/// Something done to a connection by the driver. What it gives answers whoever asked, once the states that handles see are
/// those after it.
pub(crate) type Act = Box<dyn FnOnce(&mut siskin_peer::PeerConnection, Instant) -> Answer + Send>;
pub(crate) type Answer = Box<dyn FnOnce() + Send>;

pub(crate) enum Command {
    /// Make a connection.
    Create(Box<Configuration>, Vec<SocketAddr>, oneshot::Sender<Result<(PeerConnection, Events), Error>>),
    /// Do something to a connection.
    With(ConnectionId, Act),
    /// Open a channel.
    Open(ConnectionId, ChannelConfig, oneshot::Sender<Result<Arc<ChannelShared>, Error>>),
    /// Queue a message.
    Send(Arc<ChannelShared>, MessageKind, Bytes),
    /// Close a channel, behind what was sent on it.
    CloseChannel(Arc<ChannelShared>),
    /// The user has read: messages may come again.
    Resume(ConnectionId),
    /// Close a connection once what was sent has arrived, at the latest after that time. Answered when it is closed.
    Finish(ConnectionId, Duration, Option<oneshot::Sender<()>>),
    /// List the sockets.
    Sockets(oneshot::Sender<Vec<SocketInfo>>),
}
