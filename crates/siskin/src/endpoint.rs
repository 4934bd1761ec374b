//! Many connections on one socket for each local address, and the task that drives them.

use crate::command::{Command, Commands};
use crate::connection::{Configuration, Events, PeerConnection};
use crate::driver::Driver;
use crate::error::{BindError, Error};
use crate::ice_server;
use crate::net::ports::{PortConfig, Ports, SocketInfo};
use siskin_base::{Observation, Rng};
use tokio::sync::{mpsc, oneshot};

/// What an [`Endpoint`] is opened with.
#[derive(Clone, Debug, Default)]
pub struct EndpointConfig {
    /// Where its sockets are.
    pub ports: PortConfig,
    /// Draws every random value from this number instead of the operating system's randomness, and uses a provider of
    /// cryptography that does so, too. For reproduction only: anyone can guess the keys.
    pub seed: Option<u64>,
    /// Limits on connections.
    pub limits: siskin_peer::EndpointConfig,
    /// Who gets what the engines observe: key-log lines, packets in clear, states. What finds this queue full is
    /// dropped. `None` costs nothing.
    pub observations: Option<mpsc::Sender<Observation>>,
}

/// Sockets, and the connections that share them.
///
/// Clones name the same endpoint. Its sockets close when the last of them and the last of its [`PeerConnection`]s are
/// dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = siskin::Endpoint::open(siskin::EndpointConfig::default())?;
/// let (connection, events) = endpoint.connect(siskin::Configuration::default()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Endpoint {
    commands: Commands,
    reproducible: bool,
}

impl Endpoint {
    /// Opens a socket on every local address that `config` allows and starts the one task that drives them. Must be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// If there is no usable address, or a socket cannot be opened.
    pub fn open(config: EndpointConfig) -> Result<Self, BindError> {
        let rng = match config.seed {
            Some(seed) => Rng::for_tests(seed),
            None => Rng::from_seed(random_seed()?),
        };
        let ports = Ports::open(config.ports)?;
        let (commands, queue) = mpsc::unbounded_channel();
        let driver = Driver::new(ports, rng, config.limits, config.observations, queue, commands.downgrade());
        tokio::spawn(driver);
        Ok(Self { commands, reproducible: config.seed.is_some() })
    }

    /// Makes a connection (`new RTCPeerConnection(configuration)`), and the stream of its events.
    ///
    /// # Errors
    /// `OperationError` if the configuration is not usable, or the endpoint has as many connections as it may.
    pub async fn connect(&self, mut configuration: Configuration) -> Result<(PeerConnection, Events), Error> {
        if self.reproducible {
            configuration.provider = siskin_crypto::rustcrypto();
        }
        let servers = ice_server::resolve(&configuration.ice_servers).await?;
        let (reply, made) = oneshot::channel();
        self.commands
            .send(Command::Create(Box::new(configuration), servers, reply))
            .map_err(|_| Error::Gone)?;
        made.await.map_err(|_| Error::Gone)?
    }

    /// The sockets, as they are now: addresses come and go.
    pub async fn sockets(&self) -> Vec<SocketInfo> {
        let (reply, sockets) = oneshot::channel();
        if self.commands.send(Command::Sockets(reply)).is_err() {
            return Vec::new();
        }
        sockets.await.unwrap_or_default()
    }
}

fn random_seed() -> Result<[u8; 32], BindError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| BindError::Randomness)?;
    Ok(seed)
}
