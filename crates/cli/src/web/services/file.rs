//! File transfers with the demo page; the protocol stands in the module above.

use crate::counters::Counters;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use siskin::{DataChannel, Error, Message};

/// Bytes of one message. Large enough to cost little, small enough for progress to show.
const PIECE: usize = 64 * 1024;
/// Largest file, in bytes; nothing is stored, so this only bounds how long it takes.
const MAX_FILE: u64 = 4 << 30;
/// We say how much has come each time so many bytes more have.
const PROGRESS: u64 = 256 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Put { size: u64 },
    Get { size: u64 },
}

/// Serves one transfer.
pub(super) async fn serve(channel: DataChannel, counters: Counters) {
    let end = match request(&channel, &counters).await {
        Ok(Request::Put { size }) => upload(&channel, size, &counters).await,
        Ok(Request::Get { size }) => download(&channel, size, &counters).await,
        Err(why) => Err(why),
    };
    let last = match end {
        Ok(done) => json!({ "done": done }),
        Err(why) => {
            tracing::warn!("file transfer: {why}");
            json!({ "error": why })
        }
    };
    let _ = say(&channel, &last, &counters).await;
    // The page closes the channel when it has read that.
    while channel.recv().await.is_some() {}
}

async fn request(channel: &DataChannel, counters: &Counters) -> Result<Request, String> {
    let Some(message) = channel.recv().await else { return Err("the channel was closed".into()) };
    counters.received(message.len());
    let Message::Text(text) = message else { return Err("a request is expected".into()) };
    let request = serde_json::from_str(&text).map_err(|error| format!("not a request: {error}"))?;
    match request {
        Request::Put { size } | Request::Get { size } if size > MAX_FILE => {
            Err(format!("{size} bytes are too many: at most {MAX_FILE}"))
        }
        request => Ok(request),
    }
}

async fn upload(channel: &DataChannel, size: u64, counters: &Counters) -> Result<Value, String> {
    let mut hash = Sha256::new();
    let (mut received, mut said) = (0, 0);
    while received < size {
        let Some(message) = channel.recv().await else { return Err("the channel was closed".into()) };
        counters.received(message.len());
        let Message::Binary(bytes) = message else { return Err("bytes are expected".into()) };
        hash.update(&bytes);
        received += bytes.len() as u64;
        if received > size {
            return Err(format!("more than the {size} bytes announced"));
        }
        if received - said >= PROGRESS {
            said = received;
            say(channel, &json!({ "received": received }), counters)
                .await
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(done(size, hash))
}

async fn download(channel: &DataChannel, size: u64, counters: &Counters) -> Result<Value, String> {
    let told = |error: Error| error.to_string();
    let head = json!({ "file": { "name": format!("siskin-{size}.bin"), "size": size } });
    say(channel, &head, counters).await.map_err(told)?;
    let mut hash = Sha256::new();
    let mut noise = Noise(size ^ 0x9e37_79b9_7f4a_7c15);
    let mut left = size;
    while left > 0 {
        let piece = noise.bytes(left.min(PIECE as u64) as usize);
        left -= piece.len() as u64;
        hash.update(&piece);
        counters.sent(piece.len());
        channel.send(piece).await.map_err(told)?;
    }
    Ok(done(size, hash))
}

fn done(size: u64, hash: Sha256) -> Value {
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "size": size, "sha256": digest })
}

async fn say(channel: &DataChannel, value: &Value, counters: &Counters) -> Result<(), Error> {
    let text = value.to_string();
    counters.sent(text.len());
    channel.send(text).await
}

/// Bytes that look random and are the same every time (xorshift64).
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}
