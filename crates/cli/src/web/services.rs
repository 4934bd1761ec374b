//! What the demo page finds behind its channels, told apart by their subprotocol.
//!
//! - none, or one that we do not know: every message goes back, as `echo` promises.
//! - `siskin.status.1`: we send what we see of the connection twice a second, as JSON.
//! - `siskin.file.1`: one transfer for each channel. Text messages are JSON, binary ones are the file's bytes in order.
//!   Upload: the page sends `{"put":{"name":"…","size":N}}` and the bytes; we send `{"received":N}` now and then and, at
//!   the end, `{"done":{"size":N,"sha256":"…"}}`. Download: the page sends `{"get":{"size":N}}`; we send
//!   `{"file":{"name":"…","size":N}}`, the bytes, and the same `done`. `{"error":"…"}` ends either.

mod file;
mod status;

use crate::counters::Counters;
use crate::echo::echo;
use siskin::{DataChannel, PeerConnection};
use std::sync::Weak;

/// Serves a channel that the page opened, until it is closed.
pub(super) async fn serve(channel: DataChannel, pc: Weak<PeerConnection>, counters: Counters) {
    match channel.protocol() {
        "siskin.file.1" => file::serve(channel, counters).await,
        "siskin.status.1" => status::serve(channel, pc, counters).await,
        _ => echo(channel, counters).await,
    }
}
