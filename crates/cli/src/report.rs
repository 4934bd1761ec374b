//! The last line of the machine contract: `{"report":{…}}`, and the codes that its `error` may carry.

use serde::Serialize;

/// The report, version 1. Fields are only ever added; what is not known is `null`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    v: Version,
    /// Milliseconds from the start of the negotiation until the connection was open.
    pub(crate) connect_ms: Option<f64>,
    /// The candidate pair in use at the end.
    pub(crate) pair: Option<Pair>,
    /// What DTLS agreed on.
    pub(crate) dtls: Option<Dtls>,
    /// The SRTP profile; `null` while no media is negotiated.
    pub(crate) srtp: Option<String>,
    /// What SCTP agreed on.
    pub(crate) sctp: Option<Sctp>,
    /// Payload bytes of data-channel messages.
    pub(crate) bytes: Both,
    /// Data-channel messages.
    pub(crate) messages: Messages,
    /// Frames of audio and video, of `dial --play` and `--record`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<Media>,
    /// Round-trip times.
    pub(crate) rtt_ms: RoundTrips,
    /// Why the exit code is 1; `null` if it is 0.
    pub(crate) error: Option<ReportError>,
}

/// The number 1.
#[derive(Clone, Copy, Debug)]
struct Version;

impl Default for Version {
    fn default() -> Self {
        Self
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

/// A candidate pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Pair {
    /// Our candidate.
    pub(crate) local: Candidate,
    /// The peer's candidate.
    pub(crate) remote: Candidate,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Candidate {
    /// `host`, `srflx`, `prflx` or `relay`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `udp` or `tcp`.
    pub(crate) protocol: String,
    /// The IP address.
    pub(crate) address: String,
    /// The port.
    pub(crate) port: u16,
}

/// What DTLS agreed on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Dtls {
    /// `1.2` or `1.3`.
    pub(crate) version: Option<String>,
    /// The key-exchange group by its IANA name.
    pub(crate) group: Option<String>,
    /// The cipher suite by its IANA name.
    pub(crate) cipher: Option<String>,
    /// Our part: `client` or `server`.
    pub(crate) role: Option<String>,
}

/// What SCTP agreed on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sctp {
    /// Largest message that the peer takes, in bytes.
    pub(crate) max_message_size: u64,
    /// Data channels that were opened.
    pub(crate) channels: u32,
}

/// A number for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Both {
    /// From us to the peer.
    pub(crate) sent: u64,
    /// From the peer to us.
    pub(crate) received: u64,
}

/// What became of media files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Media {
    /// What was played.
    pub(crate) sent: Frames,
    /// What was recorded.
    pub(crate) received: Frames,
}

/// Encoded frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Frames {
    /// How many.
    pub(crate) frames: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Frames {
    /// One more, of so many bytes.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }
}

/// Counts of messages; the last three only from `dial`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Messages {
    /// From us to the peer.
    pub(crate) sent: u64,
    /// From the peer to us.
    pub(crate) received: u64,
    /// Echoes that matched byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) echoed: Option<u64>,
    /// Echoes that came back changed, or that nothing was sent for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mismatched: Option<u64>,
    /// Echoes that did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<u64>,
}

/// Round-trip times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct RoundTrips {
    /// The last one that ICE measured.
    pub(crate) ice: Option<f64>,
    /// The shortest of the messages', from `send` to the echo.
    pub(crate) min: Option<f64>,
    /// The middle one.
    pub(crate) median: Option<f64>,
    /// 95 of 100 were not longer.
    pub p95: Option<f64>,
    /// The longest.
    pub(crate) max: Option<f64>,
    /// How many messages were timed.
    pub(crate) count: u64,
}

impl RoundTrips {
    /// Sums up `millis`, one number for each message.
    pub(crate) fn set_messages(&mut self, mut millis: Vec<f64>) {
        millis.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let index = (millis.len() * percent).div_ceil(100).saturating_sub(1);
            millis.get(index).copied().map(round)
        };
        (self.min, self.median, self.p95, self.max) = (at(0), at(50), at(95), at(100));
        self.count = millis.len() as u64;
    }
}

impl From<ReportError> for Report {
    fn from(error: ReportError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

/// Milliseconds with three places: nobody reads more.
pub(crate) fn round(millis: f64) -> f64 {
    (millis * 1_000.0).round() / 1_000.0
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ReportError {
    /// For programs.
    pub(crate) code: Code,
    /// For people.
    pub(crate) message: String,
}

impl ReportError {
    /// An error of that code, said in those words.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal: $meaning:literal,)*) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, as it is written and what it means.
            pub(crate) const ALL: &[(Self, &str, &str)] = &[$((Self::$name, $word, $meaning),)*];
        }
    };
}

codes! {
    BadArgument = "bad_argument": "an argument of the command line is wrong",
    BadInput = "bad_input": "a line of standard input is not of the contract's form while a description is awaited",
    BadDescription = "bad_description": "the session description is malformed or cannot be accepted",
    SignallingEnded = "signalling_ended": "standard input ended while a description was still awaited",
    NoNetwork = "no_network": "no network interface has a usable address",
    PortInUse = "port_in_use": "the address and port are already in use",
    BindFailed = "bind_failed": "a socket could not be opened for another reason",
    File = "file": "a file could not be read or written",
    Timeout = "timeout": "the connection was not open within --timeout",
    IceFailed = "ice_failed": "no candidate pair works, or consent to send expired",
    DtlsFailed = "dtls_failed": "the DTLS handshake or connection failed",
    SctpFailed = "sctp_failed": "the SCTP association failed",
    ClosedEarly = "closed_early": "the connection was closed before every echo had come back, or a file was played",
    EchoMismatch = "echo_mismatch": "an echo differs from what was sent",
    EchoMissing = "echo_missing": "an echo on a reliable channel did not come within --echo-timeout",
    Interrupted = "interrupted": "a signal ended the command before the connection was open",
    ReplayDiffers = "replay_differs": "a replay sent other bytes than were recorded",
    Internal = "internal": "a fault of Siskin's own",
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_report_has_every_field() {
        let value = serde_json::to_value(Report::default()).unwrap();
        assert_eq!(
            value,
            json!({
                "v": 1, "connect_ms": null, "pair": null, "dtls": null, "srtp": null, "sctp": null,
                "bytes": { "sent": 0, "received": 0 },
                "messages": { "sent": 0, "received": 0 },
                "rtt_ms": { "ice": null, "min": null, "median": null, "p95": null, "max": null, "count": 0 },
                "error": null,
            })
        );
    }

    #[test]
    fn codes_are_written_as_help_lists_them() {
        for (code, word, _) in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), json!(word));
        }
    }

    #[test]
    fn percentiles() {
        let mut rtt = RoundTrips::default();
        rtt.set_messages((1..=100).rev().map(f64::from).collect());
        assert_eq!((rtt.min, rtt.median, rtt.p95, rtt.max), (Some(1.0), Some(50.0), Some(95.0), Some(100.0)));
        rtt.set_messages(vec![0.123_456]);
        assert_eq!((rtt.min, rtt.max, rtt.count), (Some(0.123), Some(0.123), 1));
        rtt.set_messages(Vec::new());
        assert_eq!((rtt.min, rtt.max, rtt.count), (None, None, 0));
    }
}
