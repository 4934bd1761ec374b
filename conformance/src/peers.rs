//! Other people's implementations, each behind the verbs of `peers/page.html`.

mod chromium;
mod firefox;
mod lines;
mod ours;
mod sound;

pub(crate) use ours::Ours;

use crate::{Result, http};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PAGE: &str =
    concat!(include_str!("../peers/page.html"), "<script>", include_str!("../peers/media.js"), "</script>\n");
const LIBWEBRTC: &str = include_str!("../peers/libwebrtc.py");
const LIBWEBRTC_MEDIA: &str = include_str!("../peers/libwebrtc_media.py");
const AIORTC: &str = include_str!("../peers/aiortc_peer.py");
const NODE_DATACHANNEL: &str = include_str!("../peers/node_datachannel.mjs");
const STAND_IN: &str = include_str!("../peers/stand_in.py");

/// A call's own limit comes as `ms` in its arguments; the driver waits this much longer for the answer.
const SLACK: Duration = Duration::from_secs(20);

/// Who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// With a camera permission, as in a call: all addresses in clear.
    Chromium,
    Firefox,
    Libwebrtc,
    /// Python's, which has DTLS 1.2 only.
    Aiortc,
    /// libdatachannel from Node.js, which has DTLS 1.2 only.
    NodeDatachannel,
    /// As it comes: host addresses hidden behind `.local` names.
    ChromiumMdns,
    /// Likewise.
    FirefoxMdns,
}

impl Which {
    pub(crate) const ALL: [Self; 7] = [
        Self::Chromium,
        Self::Firefox,
        Self::Libwebrtc,
        Self::Aiortc,
        Self::NodeDatachannel,
        Self::ChromiumMdns,
        Self::FirefoxMdns,
    ];

    /// Of which a connection is all there is to prove: addresses hidden behind `.local` names are found, and who has
    /// DTLS 1.2 only is met there.
    pub(crate) const fn only_connects(self) -> bool {
        !matches!(self, Self::Chromium | Self::Firefox | Self::Libwebrtc)
    }

    pub(crate) const fn has_dtls_1_3(self) -> bool {
        !matches!(self, Self::Aiortc | Self::NodeDatachannel)
    }

    /// Why it has no such codec, if that is known.
    pub(crate) fn lacks(self, codec: &str) -> Option<&'static str> {
        match (self, codec) {
            (Self::Firefox, "H264") => {
                Some("Firefox fetches OpenH264 from its maker, and there is no way out here")
            }
            (Self::Libwebrtc, "H264") => {
                Some("wrtc fetches OpenH264 from its maker, and there is no way out here")
            }
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Libwebrtc => "libwebrtc",
            Self::Aiortc => "aiortc",
            Self::NodeDatachannel => "node-datachannel",
            Self::ChromiumMdns => "chromium-mdns",
            Self::FirefoxMdns => "firefox-mdns",
        }
    }
}

/// A running peer, kept for many cases; it ends when it is dropped.
pub(crate) trait Peer {
    /// What it calls itself.
    fn version(&self) -> &str;

    /// Runs the page's `call(verb, args)` and yields the JSON text it gives.
    fn raw(&mut self, verb: &str, args: &Value, limit: Duration) -> Result<String>;

    /// Carries out one verb; the answer or what went wrong, in the peer's own words.
    fn call(&mut self, verb: &str, args: Value) -> Result<Value> {
        let ms = args.get("ms").and_then(Value::as_u64).unwrap_or_default();
        let text = self.raw(verb, &args, Duration::from_millis(ms) + SLACK)?;
        let answer: Value = serde_json::from_str(&text).map_err(|e| format!("{verb}: {e} in {text}"))?;
        match (answer.get("ok"), answer.get("error").and_then(Value::as_str)) {
            (Some(ok), None) => Ok(ok.clone()),
            (_, Some(why)) => Err(why.to_owned()),
            (None, None) => Err(format!("{verb}: unexpected answer {text}")),
        }
    }

    /// Sends the page into the background, or fetches it back.
    fn hide(&mut self, _hidden: bool) -> Result<()> {
        Err("there is no page to hide".into())
    }
}

/// What is needed to launch any of them.
pub(crate) struct Peers {
    home: PathBuf,
    python: PathBuf,
    node_modules: PathBuf,
    url: String,
}

impl Peers {
    /// Writes the scripts into `home` and starts to serve the page.
    pub(crate) fn write_files(home: &Path, python: &Path, node_modules: &Path) -> Result<Self> {
        for (name, text) in [
            ("libwebrtc.py", LIBWEBRTC),
            ("libwebrtc_media.py", LIBWEBRTC_MEDIA),
            ("aiortc_peer.py", AIORTC),
            ("node_datachannel.mjs", NODE_DATACHANNEL),
            ("stand_in.py", STAND_IN),
        ] {
            write(&home.join(name), text)?;
        }
        let (home, python, node_modules) = (home.to_owned(), python.to_owned(), node_modules.to_owned());
        Ok(Self { home, python, node_modules, url: http::serve(PAGE)? })
    }

    pub(crate) fn launch(&self, which: Which) -> Result<Box<dyn Peer>> {
        println!("starting {}", which.name());
        let profile = self.home.join(which.name());
        fs::create_dir_all(&profile).map_err(|e| format!("{}: {e}", profile.display()))?;
        let peer: Box<dyn Peer> = match which {
            Which::Chromium => Box::new(chromium::launch(&profile, &self.url, false)?),
            Which::ChromiumMdns => Box::new(chromium::launch(&profile, &self.url, true)?),
            Which::Firefox => Box::new(firefox::launch(&profile, &self.url, false)?),
            Which::FirefoxMdns => Box::new(firefox::launch(&profile, &self.url, true)?),
            Which::Libwebrtc => Box::new(lines::launch("libwebrtc", &self.libwebrtc(), false)?),
            Which::Aiortc => Box::new(lines::launch("aiortc", &self.script("aiortc_peer.py"), false)?),
            Which::NodeDatachannel => Box::new(lines::launch("node-datachannel", &self.node(), false)?),
        };
        Ok(peer)
    }

    /// The command line of the harness's own stand-in for siskin.
    pub(crate) fn stand_in(&self) -> Vec<String> {
        self.script("stand_in.py")
    }

    /// The command line of libwebrtc as a peer.
    fn libwebrtc(&self) -> Vec<String> {
        self.script("libwebrtc.py")
    }

    /// The command line of node-datachannel as a peer.
    fn node(&self) -> Vec<String> {
        let script = self.home.join("node_datachannel.mjs");
        ["node".into(), script, self.node_modules.clone()]
            .map(|path: PathBuf| path.to_string_lossy().into_owned())
            .into()
    }

    fn script(&self, name: &str) -> Vec<String> {
        [&self.python, &self.home.join(name)].map(|path| path.to_string_lossy().into_owned()).into()
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// The arguments of a call as one JSON array.
fn arguments(verb: &str, args: &Value) -> Value {
    json!([verb, args.to_string()])
}
