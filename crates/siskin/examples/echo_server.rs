//! An echo server for browsers: `cargo run --package siskin --example echo_server`, then open the address that it
//! prints.
//!
//! Signalling is one HTTP request: the offer goes out, the answer comes back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use siskin::{Configuration, DataChannel, Endpoint, EndpointConfig, Event, SdpType, SessionDescription};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // One socket on each address of the machine serves all connections.
    let endpoint = Endpoint::open(EndpointConfig::default())?;
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7401".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("Listening on http://{}/", listener.local_addr()?);
    let app = Router::new().route("/", get(page)).route("/offer", post(offer)).with_state(endpoint);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn offer(
    State(endpoint): State<Endpoint>,
    Json(offer): Json<Value>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let sdp = offer.get("sdp").and_then(Value::as_str).unwrap_or_default().to_owned();
    let answer = answer(&endpoint, SessionDescription { kind: SdpType::Offer, sdp }).await;
    let answer = answer.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Json(json!({ "type": "answer", "sdp": answer.sdp })))
}

async fn answer(endpoint: &Endpoint, offer: SessionDescription) -> Result<SessionDescription, siskin::Error> {
    let (pc, mut events) = endpoint.connect(Configuration::default()).await?;
    pc.set_remote_description(offer).await?;
    pc.set_local_description(None).await?;
    pc.gathered().await;
    let answer = pc.local_description().await;
    // The connection lives in this task, and ends with it.
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Event::DataChannel(channel) => {
                    tokio::spawn(echo(channel));
                }
                Event::ConnectionStateChange(state) if state.name() == "failed" => break,
                Event::SctpStateChange(state) if state.name() == "closed" => break,
                _ => {}
            }
        }
        drop(pc);
    });
    Ok(answer.unwrap_or(SessionDescription { kind: SdpType::Answer, sdp: String::new() }))
}

async fn echo(channel: DataChannel) {
    while let Some(message) = channel.recv().await {
        if channel.send(message).await.is_err() {
            return;
        }
    }
}

async fn page() -> Html<&'static str> {
    Html(
        "<!DOCTYPE html><title>Echo</title><pre id=log></pre><script>
(async () => {
  const log = (text) => { document.getElementById('log').textContent += text + '\\n'; };
  const pc = new RTCPeerConnection(), channel = pc.createDataChannel('echo');
  channel.onopen = () => channel.send('Hello, Siskin');
  channel.onmessage = ({ data }) => log(data);
  await pc.setLocalDescription();
  const response = await fetch('/offer', { method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(pc.localDescription) });
  await pc.setRemoteDescription(await response.json());
})();
</script>",
    )
}
