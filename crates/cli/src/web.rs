//! Signalling over HTTP, and the demo page: `siskin demo` and `siskin echo --http`.

mod connections;
mod services;

use crate::args::Connection as ConnectionArgs;
use crate::contract::{Input, Output};
use crate::report::{Code, Report, ReportError};
use crate::session;
use crate::stdio;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use connections::Connections;
use serde_json::json;
use siskin::SdpType;
use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::sync::Arc;

/// A description is a few thousand bytes.
const MAX_BODY: usize = 1 << 20;

/// What the server says when it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// For people: open this page.
    Demo,
    /// For scripts: offers are taken here.
    Echo,
}

/// Serves until a signal comes.
pub(crate) async fn run(http: SocketAddr, args: ConnectionArgs, greeting: Greeting) -> Report {
    match serve(http, args, greeting).await {
        Ok(()) => Report::default(),
        Err(error) => error.into(),
    }
}

async fn serve(http: SocketAddr, args: ConnectionArgs, greeting: Greeting) -> Result<(), ReportError> {
    let endpoint = session::open_endpoint(&args)?;
    let listener = tokio::net::TcpListener::bind(http).await.map_err(|error| listen_error(http, &error))?;
    let local = listener.local_addr().map_err(|error| listen_error(http, &error))?;
    let connections = Arc::new(Connections::new(endpoint, args, greeting));
    greet(greeting, local, &connections).await;
    let app = Router::new()
        .route("/", get(page))
        .route("/favicon.svg", get(icon))
        .route("/media.js", get(media))
        .route("/offer", post(offer))
        .route("/offer/{id}", post(candidate).delete(hang_up))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::clone(&connections));
    let server = axum::serve(listener, app).with_graceful_shutdown(session::interrupted());
    server
        .await
        .map_err(|error| ReportError::new(Code::Internal, format!("the HTTP server failed: {error}")))?;
    connections.close_all().await;
    Ok(())
}

fn listen_error(http: SocketAddr, error: &std::io::Error) -> ReportError {
    match error.kind() {
        ErrorKind::AddrInUse => {
            let (port, ip) = (http.port(), http.ip());
            let message =
                format!("TCP port {port} on {ip} is already in use (--http {}:0 takes a free one)", show(ip));
            ReportError::new(Code::PortInUse, message)
        }
        ErrorKind::AddrNotAvailable => {
            ReportError::new(Code::BindFailed, format!("{} is not an address of this machine", http.ip()))
        }
        _ => ReportError::new(Code::BindFailed, format!("cannot listen on {http}: {error}")),
    }
}

fn show(ip: std::net::IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

async fn greet(greeting: Greeting, local: SocketAddr, connections: &Connections) {
    let sockets: Vec<String> =
        connections.sockets().await.iter().map(|socket| socket.local.to_string()).collect();
    match greeting {
        Greeting::Demo => {
            let (bold, plain) =
                if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
            stdio::say(&format!("Open {bold}http://{local}/{plain} in Chromium or Firefox."));
            stdio::say(&format!("Siskin waits for it on UDP {}. Ctrl-C ends the demo.", sockets.join(", ")));
        }
        Greeting::Echo => {
            eprintln!("siskin: POST http://{local}/offer; connections on UDP {}", sockets.join(", "));
        }
    }
    if !local.ip().is_loopback() {
        eprintln!("siskin: everybody who reaches {local} can open connections to this machine");
    }
}

async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline'; connect-src 'self'; \
             media-src 'self' blob: mediastream:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    (headers, include_str!("web/page.html")).into_response()
}

async fn media() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("web/media.js")).into_response()
}

async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("web/icon.svg")).into_response()
}

/// `POST /offer` with `{"type","sdp"}`: one connection for each request.
async fn offer(State(connections): State<Arc<Connections>>, body: Bytes) -> Response {
    let description = match parse(&body) {
        Ok(Input::Description(description)) if description.kind == SdpType::Offer => description,
        Ok(_) => return refuse(Code::BadDescription, "an offer is expected"),
        Err(why) => return refuse(Code::BadInput, &why),
    };
    match connections.answer(description).await {
        Ok((id, answer)) => {
            let line = Output::Description { kind: answer.kind.name(), sdp: &answer.sdp }.to_line();
            let headers = [
                (header::CONTENT_TYPE, "application/json".to_owned()),
                // Candidates go there, and DELETE hangs up.
                (header::LOCATION, format!("/offer/{id}")),
            ];
            (StatusCode::CREATED, headers, line).into_response()
        }
        Err(error) => refuse(error.code, &error.message),
    }
}

/// `POST /offer/ID` with a candidate of the peer's.
async fn candidate(
    State(connections): State<Arc<Connections>>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Response {
    match parse(&body) {
        Ok(Input::Candidate(candidate)) => match connections.add_candidate(id, candidate).await {
            true => StatusCode::NO_CONTENT.into_response(),
            false => StatusCode::NOT_FOUND.into_response(),
        },
        Ok(_) => refuse(Code::BadInput, "a candidate is expected"),
        Err(why) => refuse(Code::BadInput, &why),
    }
}

/// `DELETE /offer/ID` closes the connection.
async fn hang_up(State(connections): State<Arc<Connections>>, Path(id): Path<u64>) -> Response {
    match connections.hang_up(id) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => StatusCode::NOT_FOUND.into_response(),
    }
}

fn parse(body: &[u8]) -> Result<Input, String> {
    std::str::from_utf8(body).map_err(|_| "not UTF-8".to_owned()).and_then(Input::parse)
}

fn refuse(code: Code, message: &str) -> Response {
    let status = match code {
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": { "code": code, "message": message } }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
