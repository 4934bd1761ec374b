//! The port multiplexer: one UDP socket for each local address, shared by all connections of an endpoint.

use super::interfaces::{self, InterfaceAddress};
use super::socket::{BufferSizes, Socket};
use crate::error::BindError;
use siskin_base::BaseId;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Where an endpoint's sockets are opened.
#[derive(Clone, Debug)]
pub struct PortConfig {
    /// Names of the interfaces to use; empty means all but loopback.
    pub interfaces: Vec<String>,
    /// The address and port to use. An unspecified address (`0.0.0.0`, `[::]`) means all addresses of that family that
    /// `interfaces` allows; port 0 means any free port, another one on each address.
    pub bind: Option<SocketAddr>,
    /// Kernel buffers to ask for; default 4 MiB each. Linux grants at most `net.core.rmem_max` and `wmem_max`.
    pub buffers: BufferSizes,
}

impl Default for PortConfig {
    fn default() -> Self {
        let buffers = BufferSizes { receive: 4 << 20, send: 4 << 20 };
        Self { interfaces: Vec::new(), bind: None, buffers }
    }
}

/// One socket of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketInfo {
    /// The interface's name; empty if the address was given and is on none.
    pub interface: String,
    /// The local address and port.
    pub local: SocketAddr,
    /// What the kernel granted; Linux reports twice what may hold data.
    pub buffers: BufferSizes,
    /// Most datagrams that one system call sends; 1 without GSO.
    pub max_train: usize,
}

/// What became of the sockets after a look at the interfaces.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<(BaseId, SocketAddr)>,
    pub(crate) removed: Vec<BaseId>,
}

/// The sockets of an endpoint.
pub(crate) struct Ports {
    config: PortConfig,
    sockets: BTreeMap<BaseId, (String, Socket)>,
    next: u32,
}

impl Ports {
    /// Opens a socket on every address that `config` allows. Fails if there is none, or if one of them cannot be
    /// opened.
    pub(crate) fn open(config: PortConfig) -> Result<Self, BindError> {
        let mut ports = Self { config, sockets: BTreeMap::new(), next: 0 };
        for address in ports.wanted()? {
            ports.bind(address)?;
        }
        Ok(ports)
    }

    pub(crate) fn get(&self, base: BaseId) -> Option<&Socket> {
        self.sockets.get(&base).map(|(_, socket)| socket)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (BaseId, &Socket)> {
        self.sockets.iter().map(|(base, (_, socket))| (*base, socket))
    }

    pub(crate) fn info(&self) -> Vec<SocketInfo> {
        let info = |(interface, socket): &(String, Socket)| SocketInfo {
            interface: interface.clone(),
            local: socket.local(),
            buffers: socket.granted(),
            max_train: socket.max_train(),
        };
        self.sockets.values().map(info).collect()
    }

    /// Looks at the interfaces again: closes sockets whose address is gone, opens those for new addresses. What cannot
    /// be opened is left out: the next look may find it better.
    pub(crate) fn refresh(&mut self) -> Changes {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(BindError::Interfaces(_)) => return Changes::default(),
            Err(_) => Vec::new(),
        };
        let gone = |socket: &Socket| !wanted.iter().any(|address| address.ip == socket.local().ip());
        let removed: Vec<BaseId> =
            self.iter().filter(|(_, socket)| gone(socket)).map(|(base, _)| base).collect();
        for base in &removed {
            self.sockets.remove(base);
        }
        let mut added = Vec::new();
        for address in wanted {
            if self.iter().any(|(_, socket)| socket.local().ip() == address.ip) {
                continue;
            }
            match self.bind(address) {
                Ok(new) => added.push(new),
                Err(error) => tracing::debug!(%error, "address not used"),
            }
        }
        Changes { added, removed }
    }

    fn bind(&mut self, address: InterfaceAddress) -> Result<(BaseId, SocketAddr), BindError> {
        let local = SocketAddr::new(address.ip, self.config.bind.map_or(0, |bind| bind.port()));
        let socket = Socket::bind(local, self.config.buffers).map_err(|error| BindError::Socket {
            address: local,
            kind: error.kind(),
            reason: error.to_string(),
        })?;
        let (base, local) = (BaseId(self.next), socket.local());
        tracing::debug!(interface = address.interface, %local, granted = ?socket.granted(), "socket opened");
        self.next = self.next.wrapping_add(1);
        self.sockets.insert(base, (address.interface, socket));
        Ok((base, local))
    }

    fn wanted(&self) -> Result<Vec<InterfaceAddress>, BindError> {
        let all = interfaces::interfaces().map_err(|error| BindError::Interfaces(error.to_string()))?;
        for name in &self.config.interfaces {
            if !all.iter().any(|address| address.interface == *name) {
                let mut known: Vec<String> = all.into_iter().map(|address| address.interface).collect();
                known.sort();
                known.dedup();
                return Err(BindError::NoSuchInterface { name: name.clone(), known });
            }
        }
        if let Some(ip) = self.config.bind.map(|bind| bind.ip()).filter(|ip| !ip.is_unspecified()) {
            let interface = all.into_iter().find(|address| address.ip == ip);
            return Ok(vec![interface.unwrap_or(InterfaceAddress { interface: String::new(), ip })]);
        }
        let mut usable = interfaces::usable(&all, &self.config.interfaces);
        if let Some(family) = self.config.bind.map(|bind| bind.ip()) {
            usable.retain(|address| same_family(address.ip, family));
        }
        if usable.is_empty() { Err(BindError::NoAddress) } else { Ok(usable) }
    }
}

fn same_family(a: IpAddr, b: IpAddr) -> bool {
    a.is_ipv4() == b.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(interfaces: &[&str], bind: Option<&str>) -> PortConfig {
        PortConfig {
            interfaces: interfaces.iter().map(|name| (*name).into()).collect(),
            bind: bind.map(|bind| bind.parse().unwrap()),
            ..PortConfig::default()
        }
    }

    #[tokio::test]
    async fn one_socket_for_each_address() {
        let ports = Ports::open(config(&["lo"], Some("0.0.0.0:0"))).unwrap();
        let info = ports.info();
        assert_eq!(info.len(), 1);
        assert_eq!((info[0].interface.as_str(), info[0].local.ip()), ("lo", "127.0.0.1".parse().unwrap()));
        assert!(ports.get(BaseId(0)).is_some());
    }

    #[tokio::test]
    async fn a_second_look_changes_nothing() {
        let mut ports = Ports::open(config(&["lo"], None)).unwrap();
        let changes = ports.refresh();
        assert!(changes.added.is_empty() && changes.removed.is_empty());
    }

    #[tokio::test]
    async fn an_address_that_came_is_opened_and_one_that_went_is_closed() {
        let mut ports = Ports::open(config(&[], Some("127.0.0.1:0"))).unwrap();
        ports.config.bind = Some("127.0.0.2:0".parse().unwrap());
        let changes = ports.refresh();
        assert_eq!(changes.removed, [BaseId(0)]);
        assert_eq!(changes.added.iter().map(|(base, _)| *base).collect::<Vec<_>>(), [BaseId(1)]);
    }

    #[tokio::test]
    async fn what_is_wrong_is_said() {
        let error = Ports::open(config(&["nope0"], None)).err().unwrap();
        assert!(
            error.to_string().starts_with("no network interface is called nope0; there are: "),
            "{error}"
        );
        let first = Ports::open(config(&[], Some("127.0.0.1:0"))).unwrap();
        let taken = first.info()[0].local;
        let error = Ports::open(config(&[], Some(&taken.to_string()))).err().unwrap();
        assert_eq!(error.to_string(), format!("UDP port {} on 127.0.0.1 is already in use", taken.port()));
        let error = Ports::open(config(&[], Some("192.0.2.99:0"))).err().unwrap();
        assert_eq!(error.to_string(), "192.0.2.99 is not an address of this machine");
    }
}
