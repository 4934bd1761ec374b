//! `dial --play` and `dial --record` against an echo: what comes back is what the file holds.

use crate::program::connect;
use siskin_container::{Codec, Demuxer, Frame, Limits};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../container/tests/fixtures").join(name)
}

/// The codecs of a file, and the frames of each of its tracks.
fn read(path: &Path) -> Vec<(Codec, Vec<Vec<u8>>)> {
    let mut file = Demuxer::open(BufReader::new(File::open(path).unwrap()), Limits::default()).unwrap();
    let mut tracks: Vec<_> = file.tracks().iter().map(|track| (track.codec, Vec::new())).collect();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).unwrap() {
        tracks[frame.track].1.push(frame.data.clone());
    }
    tracks.sort_by_key(|(codec, _)| *codec);
    tracks
}

#[test]
fn a_file_that_is_echoed_comes_back_frame_by_frame() {
    for (name, extension) in [
        ("vp8-opus.webm", "webm"),
        ("h264-opus.mp4", "mkv"),
        ("h264-opus.mkv", "mp4"),
        ("av1.ivf", "ivf"),
        ("opus.ogg", "ogg"),
    ] {
        let file = fixture(name);
        let back = std::env::temp_dir().join(format!("siskin-{}-{name}.{extension}", std::process::id()));
        let [play, record] = [&file, &back].map(|path| path.to_string_lossy().into_owned());
        let (dial, echo) = connect(&["--play", &play, "--record", &record], &[]);
        let errors = (&dial.report["error"], &echo.report["error"]);
        assert_eq!((dial.code, echo.code), (Some(0), Some(0)), "{name}: {errors:?}");
        let (sent, received) = (read(&file), read(&back));
        std::fs::remove_file(&back).unwrap();
        let count: usize = sent.iter().map(|(_, frames)| frames.len()).sum();
        assert!(count > 15, "{name}");
        assert_eq!(dial.report["media"]["sent"]["frames"], count, "{name}");
        assert_eq!(dial.report["media"]["received"]["frames"], count, "{name}");
        assert_eq!(dial.report["sctp"], serde_json::Value::Null, "no channel was asked for");
        assert!(dial.report["srtp"].is_string());
        assert!(sent == received, "{name} came back changed");
    }
}

#[test]
fn files_that_cannot_be_are_refused() {
    for (args, word) in [
        (["--play", "/nonexistent.webm"], "cannot play"),
        (["--play", file!()], "cannot play"),
        (["--record", "/tmp/siskin.txt"], ".webm, .mkv or .mp4"),
        (["--record", "/nonexistent/siskin.webm"], "cannot record"),
    ] {
        let mut dial = crate::program::Program::start(
            &["dial", "--stdio", "--bind", "127.0.0.1:0"].into_iter().chain(args).collect::<Vec<_>>(),
        );
        dial.hang_up();
        let end = dial.end();
        assert_eq!(
            (end.code, &end.report["error"]["code"]),
            (Some(1), &serde_json::json!("file")),
            "{end:?}"
        );
        let message = end.report["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
    }
}
