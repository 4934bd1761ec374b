//! Every description that we captured from a browser.

use siskin_sdp::{Attribute, GroupSemantics, Limits, Media, Session};
use std::path::Path;

pub(crate) fn captures() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn parse(text: &str) -> Session {
    Session::parse(text, &Limits::small()).unwrap()
}

#[test]
fn captures_come_back_byte_for_byte() {
    let captures = captures();
    assert_eq!(captures.len(), 33);
    for (name, text) in captures {
        assert!(text.starts_with("v=0\r\n"), "{name} has lost its line ends");
        assert_eq!(parse(&text).to_string(), text, "{name}");
    }
}

#[test]
fn line_feeds_alone_are_taken_and_become_crlf() {
    for (name, text) in captures() {
        let bare = text.replace("\r\n", "\n");
        assert_eq!(parse(&bare).to_string(), text, "{name}");
        assert_eq!(parse(bare.trim_end()).to_string(), text, "{name} without its last line end");
    }
}

#[test]
fn every_attribute_in_the_captures_is_known() {
    for (name, text) in captures() {
        let session = parse(&text);
        let media = session.media.iter().flat_map(|media: &Media| &media.attributes);
        for attribute in session.attributes.iter().chain(media) {
            assert!(!matches!(attribute, Attribute::Other { .. }), "{name}: {attribute:?}");
        }
    }
}

#[test]
fn captures_say_what_a_data_channel_needs() {
    for (name, text) in captures() {
        let session = parse(&text);
        let bundle = session.groups(&GroupSemantics::Bundle).next().expect(&name);
        assert_eq!(bundle.mids, ["0", "1", "2"], "{name}");
        let (index, media) = session.media_by_mid("2").expect(&name);
        let effective = session.effective(media);
        assert!(index == 2 && media.is_data_channel(), "{name}");
        assert!(effective.ice_ufrag().is_some() && effective.ice_pwd().is_some(), "{name}");
        assert_eq!(effective.fingerprints().count(), 1, "{name}");
        assert!(effective.setup().is_some() && effective.has_ice_option("trickle"), "{name}");
        assert_eq!(media.sctp_port(), Some(5000), "{name}");
        assert!(matches!(media.max_message_size(), Some(262_144 | 1_073_741_823)), "{name}");
    }
}
