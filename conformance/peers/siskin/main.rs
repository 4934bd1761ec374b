//! Siskin as a peer of the conformance harness: the verbs of `page.html`, over JSON lines.
//!
//! In: `{"verb": "offer", "args": {…}}`. Out, one line for each: `{"ok": …}` or `{"error": "…"}`. All connections are on one
//! endpoint, so on one port.
#![expect(clippy::disallowed_types, reason = "a program: it uses the machine's clock")]
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has null for what is not in it; nothing else is indexed"
)]

mod channel;
mod clip;
mod connection;
mod log;
mod media;

use connection::Connection;
use serde_json::{Value, json};
use siskin::{Endpoint, EndpointConfig};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// What a verb yields, or what went wrong.
type Outcome = Result<Value, String>;

/// An endpoint, and its connections by the argument `on`, 0 if there is none.
struct Peer {
    endpoint: Endpoint,
    connections: BTreeMap<u64, Arc<Connection>>,
}

#[tokio::main]
async fn main() {
    let endpoint = match Endpoint::open(EndpointConfig::default()) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    let mut peer = Peer { endpoint, connections: BTreeMap::new() };
    say(&json!({"ok": {"version": concat!("siskin ", env!("CARGO_PKG_VERSION"))}}));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: Value = serde_json::from_str(&line).unwrap_or_default();
        let verb = request["verb"].as_str().unwrap_or_default();
        say(&match peer.call(verb, &request["args"]).await {
            Ok(value) => json!({"ok": value}),
            Err(why) => json!({"error": format!("{verb}: {why}")}),
        });
    }
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Who does not listen has gone, and our input ends next.
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

impl Peer {
    async fn call(&mut self, verb: &str, args: &Value) -> Outcome {
        let on = args["on"].as_u64().unwrap_or_default();
        if verb == "close" {
            let all: Vec<u64> =
                self.connections.keys().copied().filter(|key| args["on"].is_null() || *key == on).collect();
            for key in all {
                if let Some(connection) = self.connections.remove(&key) {
                    connection.close().await;
                }
            }
            return Ok(Value::Null);
        }
        let again = args["again"] == true;
        if matches!(verb, "offer" | "answer") && !again {
            let echo = args["echo"].as_bool().unwrap_or(verb == "answer");
            let made = Connection::new(&self.endpoint, echo, args).await?;
            if let Some(old) = self.connections.insert(on, made) {
                old.close().await;
            }
        }
        self.connections.get(&on).ok_or("no connection")?.call(verb, args).await
    }
}
