//! What `echo`, `dial` and `demo` share: opening an endpoint, watching a connection, summing it up.

pub(crate) mod key_log;
mod summary;
mod trace;

pub(crate) use summary::summarize;
use trace::Trace;

use crate::args::{Connection as ConnectionArgs, Dtls};
use crate::report::{Code, Report, ReportError};
use siskin::{
    BindError, Configuration, DtlsTransportState, DtlsVersion, Endpoint, EndpointConfig, Event, Events,
    PeerConnection, PeerConnectionState, PortConfig, SctpTransportState, States, TransportError,
};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// How long what was sent may take to arrive when we close.
pub(crate) const FLUSH: Duration = Duration::from_secs(5);

/// Opens the sockets that `args` ask for.
pub(crate) fn open_endpoint(args: &ConnectionArgs) -> Result<Endpoint, ReportError> {
    if let Some(seed) = args.seed {
        tracing::warn!(seed, "every random value comes from --seed: anyone can guess the keys");
    }
    let observations = match &args.key_log {
        Some(path) => Some(key_log::append_to(path)?),
        None => None,
    };
    let ports = PortConfig { interfaces: args.interface.clone(), bind: args.bind, ..PortConfig::default() };
    let config = EndpointConfig { ports, seed: args.seed, observations, ..EndpointConfig::default() };
    Endpoint::open(config).map_err(|error| bind_error(&error))
}

fn bind_error(error: &BindError) -> ReportError {
    let code = match error {
        BindError::NoAddress => Code::NoNetwork,
        BindError::NoSuchInterface { .. } => Code::BadArgument,
        BindError::Socket { kind: ErrorKind::AddrInUse, .. } => Code::PortInUse,
        _ => Code::BindFailed,
    };
    let hint = match error {
        BindError::NoAddress => " (--interface lo allows loopback)",
        _ => "",
    };
    ReportError::new(code, format!("{error}{hint}"))
}

/// Makes the one connection of `echo --stdio` or `dial --stdio`, recorded if there is a file for it.
pub(crate) async fn connect(
    args: &ConnectionArgs,
    trace: Option<&Path>,
) -> Result<(PeerConnection, Events, Option<Trace>), ReportError> {
    let trace = Trace::open(trace)?;
    let endpoint = open_endpoint(args)?;
    let internal = |error: siskin::Error| ReportError::new(Code::Internal, error.to_string());
    let (pc, events) = endpoint.connect(configuration(args, trace.as_ref())).await.map_err(internal)?;
    Ok((pc, events, trace))
}

/// Sums a connection up, closes it and writes its recording; gives its `outcome`, or why there is no recording.
pub(crate) async fn end(
    pc: &PeerConnection,
    trace: Option<Trace>,
    outcome: Result<(), ReportError>,
    report: &mut Report,
) -> Result<(), ReportError> {
    summarize(pc, report).await;
    pc.finish(FLUSH).await;
    match trace {
        Some(trace) => outcome.and(trace.write().await),
        None => outcome,
    }
}

/// What a connection is made with.
pub(crate) fn configuration(args: &ConnectionArgs, trace: Option<&Trace>) -> Configuration {
    let record = trace.map(Trace::sender);
    let mut configuration =
        Configuration { ice_servers: args.ice_server.clone(), record, ..Configuration::default() };
    if let Some(version) = args.dtls {
        configuration.dtls_versions = vec![match version {
            Dtls::V12 => DtlsVersion::DTLS1_2,
            Dtls::V13 => DtlsVersion::DTLS1_3,
        }];
    }
    configuration
}

/// Where a connection stands, as far as the command cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not open yet.
    Opening,
    /// Messages can flow.
    Open,
    /// The peer closed it.
    ClosedByPeer,
    /// No transport works.
    Failed,
}

/// Reads the stage off the states.
pub(crate) fn stage(states: &States) -> Stage {
    if states.connection == PeerConnectionState::Failed || states.dtls == DtlsTransportState::Failed {
        Stage::Failed
    } else if states.dtls == DtlsTransportState::Closed || states.sctp == Some(SctpTransportState::Closed) {
        Stage::ClosedByPeer
    } else if states.connection == PeerConnectionState::Connected
        && states.sctp.is_none_or(|sctp| sctp == SctpTransportState::Connected)
    {
        Stage::Open
    } else {
        Stage::Opening
    }
}

/// What to report when a transport failed.
pub(crate) fn transport_error(error: &TransportError) -> ReportError {
    match error {
        TransportError::Ice => ReportError::new(
            Code::IceFailed,
            "no candidate pair works, or the peer has not answered for 30 s",
        ),
        TransportError::Dtls(error) => ReportError::new(Code::DtlsFailed, format!("DTLS failed: {error}")),
        TransportError::Sctp(error) => ReportError::new(Code::SctpFailed, format!("SCTP failed: {error}")),
        _ => ReportError::new(Code::Internal, "the transport failed"),
    }
}

/// What to report when the connection failed without a word about why.
pub(crate) fn failed(pc: &PeerConnection) -> ReportError {
    if pc.states().dtls == DtlsTransportState::Failed {
        ReportError::new(Code::DtlsFailed, "the DTLS handshake or connection failed")
    } else {
        transport_error(&TransportError::Ice)
    }
}

/// Logs an event.
pub(crate) fn log_event(event: &Event) {
    match event {
        Event::TransportFailed(error) => tracing::warn!(?error, "the transport failed"),
        Event::ConnectionStateChange(state) => tracing::info!(state = state.name(), "connection"),
        Event::DataChannel(channel) => {
            tracing::info!(label = channel.label(), id = channel.id(), "the peer opened a channel");
        }
        event => tracing::debug!(?event),
    }
}

/// Returns when a signal asks the process to end.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return std::future::pending().await;
        };
        tokio::select! { _ = term.recv() => {} _ = int.recv() => {} }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
