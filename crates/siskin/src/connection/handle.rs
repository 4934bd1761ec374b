//! How handles of one connection reach the driver.

use crate::command::{Answer, Command, WeakCommands};
use crate::error::Error;
use siskin_base::Instant;
use siskin_peer::ConnectionId;
use tokio::sync::oneshot;

/// The way to one connection. It does not keep the driver alive.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    id: ConnectionId,
    commands: WeakCommands,
}

impl Handle {
    pub(crate) fn new(id: ConnectionId, commands: WeakCommands) -> Self {
        Self { id, commands }
    }

    /// Has the driver do `act`, and waits for what comes of it.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut siskin_peer::PeerConnection, Instant) -> Result<T, siskin_peer::Error>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let (reply, result) = oneshot::channel();
        let act = Box::new(move |peer: &mut siskin_peer::PeerConnection, now| {
            let outcome = act(peer, now);
            let answer: Answer = Box::new(move || {
                let _ = reply.send(outcome);
            });
            answer
        });
        let commands = self.commands.upgrade().ok_or(Error::Gone)?;
        commands.send(Command::With(self.id, act)).map_err(|_| Error::Gone)?;
        drop(commands);
        Ok(result.await.map_err(|_| Error::closed())??)
    }
}
