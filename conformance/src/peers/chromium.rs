//! Chromium, through chromedriver: W3C WebDriver over HTTP.

use super::{Peer, SLACK, arguments};
use crate::child::Child;
use crate::{Result, http};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Without the resolver's rule it looks up its maker's hosts, and its first page waits for that.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    "--no-proxy-server",
    "--homepage=about:blank",
    "--autoplay-policy=no-user-gesture-required",
];

/// These count as the user's permission to use a camera, after which no address is hidden.
const AS_IN_A_CALL: &[&str] = &[
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

struct Chromium {
    session: String,
    port: u16,
    version: String,
    /// Ends with it.
    _driver: Child,
}

pub(super) fn launch(profile: &Path, url: &str, mdns: bool) -> Result<impl Peer + use<>> {
    let driver = Child::spawn("chromedriver", Command::new("chromedriver").arg("--port=0"), false)?;
    let port = port(&driver)?;
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).into()).collect();
    flags.push(format!("--user-data-dir={}", profile.display()));
    if !mdns {
        flags.extend(AS_IN_A_CALL.iter().map(|flag| (*flag).into()));
    }
    let options = json!({"args": flags, "binary": "/usr/bin/chromium"});
    let wanted = json!({"browserName": "chrome", "goog:chromeOptions": options,
        "timeouts": {"script": 300_000, "pageLoad": 30_000}});
    let capabilities = json!({"capabilities": {"alwaysMatch": wanted}});
    let answer = command(port, "POST", "/session", &capabilities, Duration::from_secs(60))?;
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = format!("Chromium {}", text("/capabilities/browserVersion"));
    let chromium = Chromium { session: text("/sessionId"), port, version, _driver: driver };
    chromium.post("url", &json!({"url": url}), Duration::from_secs(40))?;
    Ok(chromium)
}

/// Chromedriver takes a free port and says which.
fn port(driver: &Child) -> Result<u16> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let line = driver.line(end.saturating_duration_since(Instant::now()))?;
        if let Some((_, rest)) = line.split_once("started successfully on port ") {
            let port = rest.trim_end_matches('.').parse();
            return port.map_err(|_| format!("chromedriver names no port: {line}"));
        }
    }
}

fn command(port: u16, method: &str, path: &str, body: &Value, limit: Duration) -> Result<Value> {
    let mut answer = http::request(port, method, path, body, limit)?;
    let value = answer.get_mut("value").map(Value::take).unwrap_or_default();
    match value.get("error").and_then(Value::as_str) {
        None => Ok(value),
        Some(error) => {
            let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
            Err(format!("chromedriver: {error}: {}", message.lines().next().unwrap_or_default()))
        }
    }
}

impl Chromium {
    fn post(&self, what: &str, body: &Value, limit: Duration) -> Result<Value> {
        command(self.port, "POST", &format!("/session/{}/{what}", self.session), body, limit)
    }
}

impl Peer for Chromium {
    fn version(&self) -> &str {
        &self.version
    }

    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String> {
        let script =
            "const done = arguments[2]; call(arguments[0], arguments[1]).then(done, e => done(String(e)));";
        let answer =
            self.post("execute/async", &json!({"script": script, "args": arguments(verb, args)}), limit)?;
        answer.as_str().map(String::from).ok_or_else(|| format!("{verb}: the page gave {answer}"))
    }

    /// Its window is minimized: a headless browser shows all of its tabs at once.
    fn hide(&mut self, hidden: bool) -> Result<()> {
        match hidden {
            true => self.post("window/minimize", &json!({}), SLACK).map(drop),
            false => self.post("window/rect", &json!({"width": 800, "height": 600}), SLACK).map(drop),
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser is the driver's child, not ours: ask the driver to end it before the driver itself is ended.
        let _ = command(self.port, "DELETE", &format!("/session/{}", self.session), &Value::Null, SLACK);
    }
}
