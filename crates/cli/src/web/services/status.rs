//! What Siskin sees of the connection, for the page to show beside what the browser sees.

use crate::counters::Counters;
use crate::report::Report;
use crate::session;
use serde_json::{Value, json};
use siskin::{DataChannel, PeerConnection};
use std::sync::Weak;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(500);

/// Sends the status until the channel or the connection is closed.
pub(super) async fn serve(channel: DataChannel, pc: Weak<PeerConnection>, counters: Counters) {
    let sending = async {
        loop {
            let Some(status) = status(&pc, &counters).await else { return };
            if channel.send(status.to_string()).await.is_err() {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    let closed = async { while channel.recv().await.is_some() {} };
    tokio::select! { () = sending => {} () = closed => {} }
}

async fn status(pc: &Weak<PeerConnection>, counters: &Counters) -> Option<Value> {
    // Held for a moment only: the connection must not live on because somebody looks at it.
    let pc = pc.upgrade()?;
    let states = pc.states();
    let mut report = Report::default();
    session::summarize(&pc, &mut report).await;
    counters.fill(&mut report);
    Some(json!({
        "states": {
            "signaling": states.signaling.name(),
            "ice": states.ice_connection.name(),
            "dtls": states.dtls.name(),
            "sctp": states.sctp.map(siskin::SctpTransportState::name),
            "connection": states.connection.name(),
        },
        "pair": report.pair,
        "dtls": report.dtls,
        "sctp": report.sctp,
        "rtt_ms": report.rtt_ms.ice,
        "bytes": report.bytes,
        "messages": report.messages,
    }))
}
