//! `siskin dtls client`.

use super::Setup;
use super::link::{Happened, Link};
use crate::args::DtlsOptions;
use crate::report::{Code, ReportError};
use siskin_base::Instant;
use siskin_dtls::Role;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;

/// How long what was sent may take to come back after the end of standard input.
const LINGER: Duration = Duration::from_secs(1);

/// Connects, and carries lines both ways.
pub(super) async fn run(options: &DtlsOptions) -> Result<(), ReportError> {
    let setup = Setup::new(options, Role::Client)?;
    let any = if options.address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)
        .await
        .map_err(|error| ReportError::new(Code::BindFailed, format!("no socket: {error}")))?;
    let start = tokio::time::Instant::now();
    let now = || Instant::ZERO + start.elapsed();
    let mut link = Link::new(&setup, options.address, 0, now())?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut buffer = vec![0; 1 << 16];
    // Set at the end of standard input: when we close.
    let mut end: Option<tokio::time::Instant> = None;
    let mut awaited = 0usize;
    loop {
        link.flush(now(), &socket).await;
        let due = link.due().map(|due| start + due.since(Instant::ZERO));
        let wake = [due, end].into_iter().flatten().min();
        let wake = wake.unwrap_or_else(|| tokio::time::Instant::now() + Duration::from_secs(3600));
        let happened = tokio::select! {
            received = socket.recv_from(&mut buffer) => match received {
                Ok((len, from)) if from == options.address => {
                    link.take(now(), buffer.get_mut(..len).unwrap_or_default())
                }
                // From somebody else, or word of a port that nobody listens on yet.
                _ => Vec::new(),
            },
            line = lines.next_line(), if link.is_connected() && end.is_none() => {
                if let Ok(Some(line)) = line {
                    link.send(line.as_bytes(), &socket).await;
                    awaited += 1;
                } else {
                    end = Some(tokio::time::Instant::now() + LINGER);
                }
                Vec::new()
            },
            () = tokio::time::sleep_until(wake) => link.tick(now()),
        };
        for happened in happened {
            match happened {
                Happened::Connected(what) => eprintln!("connected: {what}"),
                Happened::Data(data) => {
                    awaited = awaited.saturating_sub(1);
                    println!("{}", String::from_utf8_lossy(&data));
                }
                Happened::Closed => return Ok(()),
                Happened::Failed(why) => {
                    link.flush(now(), &socket).await;
                    let code = if link.is_connected() { Code::DtlsFailed } else { code(&why) };
                    return Err(ReportError::new(code, why));
                }
            }
        }
        if end.is_some_and(|end| awaited == 0 || end <= tokio::time::Instant::now()) {
            link.close(now(), &socket).await;
            return Ok(());
        }
    }
}

fn code(why: &str) -> Code {
    if why == siskin_dtls::Error::TimedOut.to_string() { Code::Timeout } else { Code::DtlsFailed }
}
