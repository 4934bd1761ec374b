//! The machine contract: one JSON object on each line of standard input and output.

use crate::report::Report;
use serde::{Deserialize, Serialize};
use siskin::{IceCandidateInit, SdpType, SessionDescription};

/// A line that we print.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Output<'a> {
    /// `{"type":"answer","sdp":"…"}`.
    Description {
        /// `offer` or `answer`.
        #[serde(rename = "type")]
        kind: &'a str,
        /// The session description's text.
        sdp: &'a str,
    },
    /// `{"candidate":"…","sdpMid":"0","sdpMLineIndex":0}`; an empty candidate ends them.
    Candidate(Candidate),
    /// `{"report":{…}}`, the last line.
    Report {
        /// What became of the connection.
        report: &'a Report,
    },
}

impl Output<'_> {
    /// The line, without its end.
    pub(crate) fn to_line(&self) -> String {
        // Nothing in these types can fail to serialize; if it did, an empty object would still be one line.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".into())
    }
}

/// A candidate as signalling carries it.
#[derive(Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Candidate {
    candidate: String,
    #[serde(default)]
    sdp_mid: Option<String>,
    #[serde(default, rename = "sdpMLineIndex")]
    sdp_m_line_index: Option<u16>,
    #[serde(default, skip_serializing)]
    username_fragment: Option<String>,
}

impl From<IceCandidateInit> for Candidate {
    fn from(init: IceCandidateInit) -> Self {
        Self {
            candidate: init.candidate,
            sdp_mid: init.sdp_mid,
            sdp_m_line_index: init.sdp_m_line_index,
            username_fragment: init.username_fragment,
        }
    }
}

impl Candidate {
    /// What to add to the connection; `None` is the end of all candidates.
    pub(crate) fn into_init(self) -> Option<IceCandidateInit> {
        if self.candidate.is_empty() && self.sdp_mid.is_none() && self.sdp_m_line_index.is_none() {
            return None;
        }
        Some(IceCandidateInit {
            candidate: self.candidate,
            sdp_mid: self.sdp_mid,
            sdp_m_line_index: self.sdp_m_line_index,
            username_fragment: self.username_fragment,
        })
    }
}

/// A line that we read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// `{"type":"offer","sdp":"…"}`, or an answer.
    Description(SessionDescription),
    /// `{"candidate":"…","sdpMid":"…","sdpMLineIndex":0}`.
    Candidate(Candidate),
}

impl Input {
    /// Reads a line. An `Err` says in one phrase what is wrong with it. Fields that we do not know are ignored.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
        let object = value.as_object().ok_or("not a JSON object")?;
        if object.contains_key("type") {
            let description: Description =
                serde_json::from_value(value).map_err(|error| format!("not a description: {error}"))?;
            let kind = description.kind.parse::<SdpType>().map_err(|error| error.to_string())?;
            return Ok(Self::Description(SessionDescription { kind, sdp: description.sdp }));
        }
        if object.contains_key("candidate") {
            let candidate =
                serde_json::from_value(value).map_err(|error| format!("not a candidate: {error}"))?;
            return Ok(Self::Candidate(candidate));
        }
        Err("neither a description (\"type\", \"sdp\") nor a candidate (\"candidate\")".into())
    }
}

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sdp: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_and_candidates() {
        let offer = Input::parse(r#"{"type":"offer","sdp":"v=0\r\n","more":1}"#);
        let expected = SessionDescription { kind: SdpType::Offer, sdp: "v=0\r\n".into() };
        assert_eq!(offer, Ok(Input::Description(expected)));
        let line =
            r#"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}"#;
        let Ok(Input::Candidate(candidate)) = Input::parse(line) else { panic!("{line}") };
        assert_eq!(Output::Candidate(candidate).to_line(), line);
    }

    #[test]
    fn the_end_of_candidates() {
        let end = |line: &str| match Input::parse(line) {
            Ok(Input::Candidate(candidate)) => candidate.into_init(),
            other => panic!("{other:?}"),
        };
        assert_eq!(end(r#"{"candidate":""}"#), None);
        let with_mid = end(r#"{"candidate":"","sdpMid":"0"}"#).unwrap();
        assert_eq!((with_mid.candidate.as_str(), with_mid.sdp_mid.as_deref()), ("", Some("0")));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |line: &str| Input::parse(line).unwrap_err();
        assert!(wrong("hello").starts_with("not JSON: "));
        assert_eq!(wrong("[]"), "not a JSON object");
        assert_eq!(wrong("{}"), "neither a description (\"type\", \"sdp\") nor a candidate (\"candidate\")");
        assert!(wrong(r#"{"type":"hello"}"#).starts_with("a description's type is one of offer"));
        assert!(wrong(r#"{"type":"offer","sdp":7}"#).starts_with("not a description: "));
        assert!(wrong(r#"{"candidate":7}"#).starts_with("not a candidate: "));
        assert!(wrong(r#"{"candidate":"","sdpMLineIndex":70000}"#).starts_with("not a candidate: "));
    }

    #[test]
    fn a_description_is_one_line() {
        let line = Output::Description { kind: "answer", sdp: "v=0\r\ns=-\r\n" }.to_line();
        assert_eq!(line, r#"{"type":"answer","sdp":"v=0\r\ns=-\r\n"}"#);
    }
}
