//! `siskin dtls server`.

use super::Setup;
use super::link::{Happened, Link};
use crate::args::DtlsOptions;
use crate::report::{Code, ReportError};
use siskin_base::Instant;
use siskin_dtls::Role;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Connections at once.
const MOST: usize = 1_000;
/// A connection that has said nothing for so long is dropped.
const SILENCE: Duration = Duration::from_secs(60);

struct Client {
    link: Link,
    heard: Instant,
    over: bool,
}

/// Serves until Ctrl-C.
pub(super) async fn run(options: &DtlsOptions) -> Result<(), ReportError> {
    let setup = Setup::new(options, Role::Server)?;
    let socket = UdpSocket::bind(options.address).await.map_err(|error| {
        let code = if error.kind() == ErrorKind::AddrInUse { Code::PortInUse } else { Code::BindFailed };
        ReportError::new(code, format!("cannot listen on {}: {error}", options.address))
    })?;
    let local = socket.local_addr().map_err(|error| ReportError::new(Code::BindFailed, error.to_string()))?;
    println!("listening on {local}");
    let start = tokio::time::Instant::now();
    let now = || Instant::ZERO + start.elapsed();
    let mut clients: BTreeMap<SocketAddr, Client> = BTreeMap::new();
    let mut served = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let due = clients.values().flat_map(|client| [client.link.due(), Some(client.heard + SILENCE)]);
        let wake = due.flatten().min().map(|due| start + due.since(Instant::ZERO));
        let wake = wake.unwrap_or_else(|| tokio::time::Instant::now() + SILENCE);
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An error is word of a client that is gone.
                let Ok((len, from)) = received else { continue };
                if clients.get(&from).is_none_or(|client| client.over) {
                    if clients.len() >= MOST && !clients.contains_key(&from) {
                        tracing::warn!(%from, "turned away: too many connections");
                        continue;
                    }
                    served += 1;
                    let link = Link::new(&setup, from, served, now())?;
                    clients.insert(from, Client { link, heard: now(), over: false });
                }
                let Some(client) = clients.get_mut(&from) else { continue };
                client.heard = now();
                let happened = client.link.take(now(), buffer.get_mut(..len).unwrap_or_default());
                step(client, from, happened, now(), &socket).await;
            },
            () = tokio::time::sleep_until(wake) => {
                for (from, client) in &mut clients {
                    let happened = client.link.tick(now());
                    step(client, *from, happened, now(), &socket).await;
                }
                clients.retain(|_, client| now().since(client.heard) < SILENCE);
            },
            _ = tokio::signal::ctrl_c() => {
                for client in clients.values_mut().filter(|client| !client.over) {
                    client.link.close(now(), &socket).await;
                }
                return Ok(());
            },
        }
    }
}

async fn step(
    client: &mut Client,
    from: SocketAddr,
    happened: Vec<Happened>,
    now: Instant,
    socket: &UdpSocket,
) {
    // The handshake's last flight goes before the first echo.
    client.link.flush(now, socket).await;
    for happened in happened {
        match happened {
            Happened::Connected(what) => eprintln!("{from} connected: {what}"),
            Happened::Data(data) => client.link.send(&data, socket).await,
            Happened::Closed => {
                client.over = true;
                eprintln!("{from} closed");
            }
            Happened::Failed(why) => {
                client.over = true;
                eprintln!("{from} failed: {why}");
            }
        }
    }
    client.link.flush(now, socket).await;
}
