//! Firefox, through WebDriver BiDi: JSON over a WebSocket that the browser itself serves.

use super::sound::{self, Sound};
use super::{Peer, arguments, write};
use crate::child::Child;
use crate::{Result, http};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// Nothing is looked up or fetched; nothing asks the user.
const PREFERENCES: &str = r#"
user_pref("app.update.enabled", false);
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage", "about:blank");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("media.autoplay.block-webaudio", false);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.autoplay.default", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.gmp-provider.enabled", false);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.forceResolve", "127.0.0.1");
user_pref("network.proxy.type", 0);
user_pref("toolkit.telemetry.enabled", false);
"#;

/// As after the user's permission to use a camera.
const AS_IN_A_CALL: &str = r#"user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);"#;

const START: Duration = Duration::from_secs(60);

struct Firefox {
    socket: WebSocket<TcpStream>,
    context: String,
    version: String,
    last_id: u64,
    /// In front of the page while that is hidden.
    tab: Option<Value>,
    _browser: Child,
    _sound: Sound,
}

pub(super) fn launch(profile: &Path, url: &str, mdns: bool) -> Result<impl Peer + use<>> {
    write(&profile.join("user.js"), &format!("{PREFERENCES}{}\n", if mdns { "" } else { AS_IN_A_CALL }))?;
    let sound = sound::start(profile)?;
    let mut command = Command::new("firefox-esr");
    command.args(["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]).arg(profile);
    // It refuses a home that belongs to someone else, as root's may in a user namespace.
    command.arg("about:blank").env("HOME", profile).env("MOZ_DISABLE_CONTENT_SANDBOX", "1");
    command.env("PULSE_SERVER", &sound.server);
    let browser = Child::spawn("firefox", &mut command, false)?;
    let port = browser.error_line(START, |line| {
        let (_, address) = line.split_once("WebDriver BiDi listening on ws://127.0.0.1:")?;
        address.split('/').next()?.trim().parse::<u16>().ok()
    })?;
    let stream = http::connect(port, START).map_err(|e| format!("firefox: {e}"))?;
    let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}/session"), stream)
        .map_err(|e| format!("firefox's WebSocket: {e}"))?;

    let mut firefox = Firefox {
        socket,
        context: String::new(),
        version: String::new(),
        last_id: 0,
        tab: None,
        _browser: browser,
        _sound: sound,
    };
    let session = firefox.command("session.new", &json!({"capabilities": {}}), START)?;
    let text =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(String::from);
    firefox.version =
        format!("Firefox {}", text(&session, "/capabilities/browserVersion").unwrap_or_default());
    let tree = firefox.command("browsingContext.getTree", &json!({}), START)?;
    firefox.context = text(&tree, "/contexts/0/context").ok_or("firefox has no window")?;
    let navigate = json!({"context": firefox.context, "url": url, "wait": "complete"});
    firefox.command("browsingContext.navigate", &navigate, START)?;
    Ok(firefox)
}

impl Firefox {
    fn command(&mut self, method: &str, params: &Value, limit: Duration) -> Result<Value> {
        self.last_id += 1;
        let failed = |e: tungstenite::Error| format!("firefox: {method}: {e}");
        let request = json!({"id": self.last_id, "method": method, "params": params}).to_string();
        self.socket.send(Message::text(request)).map_err(failed)?;
        let end = Instant::now() + limit;
        loop {
            let rest = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let _ = self.socket.get_ref().set_read_timeout(Some(rest));
            let Message::Text(text) = self.socket.read().map_err(failed)? else { continue };
            let mut answer: Value =
                serde_json::from_str(&text).map_err(|e| format!("firefox: {method}: {e}"))?;
            // Events have no id, and nobody here asked for any.
            if answer.get("id").and_then(Value::as_u64) != Some(self.last_id) {
                continue;
            }
            if let Some(error) = answer.get("error").and_then(Value::as_str) {
                let message = answer.get("message").and_then(Value::as_str).unwrap_or_default();
                return Err(format!("firefox: {method}: {error}: {message}"));
            }
            return Ok(answer.get_mut("result").map(Value::take).unwrap_or_default());
        }
    }
}

impl Peer for Firefox {
    fn version(&self) -> &str {
        &self.version
    }

    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String> {
        let list = arguments(verb, args);
        let list: Vec<Value> = list
            .as_array()
            .into_iter()
            .flatten()
            .map(|text| json!({"type": "string", "value": text}))
            .collect();
        let params = json!({"functionDeclaration": "(verb, args) => call(verb, args)", "awaitPromise": true,
            "target": {"context": self.context}, "arguments": list});
        let answer = self.command("script.callFunction", &params, limit)?;
        let value = answer.pointer("/result/value").and_then(Value::as_str);
        value.map(String::from).ok_or_else(|| format!("{verb}: the page gave {answer}"))
    }

    /// Another tab stands in front of it.
    fn hide(&mut self, hidden: bool) -> Result<()> {
        if hidden {
            let tab =
                self.command("browsingContext.create", &json!({"type": "tab", "background": false}), START)?;
            self.tab = tab.get("context").cloned();
            return Ok(());
        }
        let Some(tab) = self.tab.take() else { return Ok(()) };
        self.command("browsingContext.close", &json!({"context": tab}), START)?;
        let page = json!({"context": self.context});
        self.command("browsingContext.activate", &page, START).map(drop)
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        let _ = self.command("browser.close", &json!({}), Duration::from_secs(5));
    }
}
