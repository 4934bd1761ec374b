//! `siskin dtls`: client and server, with each other and with OpenSSL's.

use crate::program::Program;
use std::io::{BufRead as _, Read as _, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn server(options: &[&str]) -> (Program, String) {
    let server = Program::start(&[&["dtls", "server", "127.0.0.1:0"], options].concat());
    let address = server.line().strip_prefix("listening on ").expect("an address").to_owned();
    (server, address)
}

/// What the client prints of `lines` sent to the server, and says.
fn client(address: &str, options: &[&str], lines: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let mut client = Program::start(&[&["dtls", "client", address], options].concat());
    lines.iter().for_each(|line| client.say(line));
    client.hang_up();
    let end = client.end();
    (end.code, end.lines, end.errors)
}

#[test]
fn lines_come_back() {
    let (_server, address) = server(&[]);
    let (code, lines, said) = client(&address, &[], &["hello", "there"]);
    assert_eq!((code, &lines[..]), (Some(0), &["hello".to_owned(), "there".to_owned()][..]), "{said}");
    assert!(said.contains("DTLS1_3 X25519MLKEM768 TLS_AES_128_GCM_SHA256"), "{said}");
}

#[test]
fn options_reach_the_handshake() {
    let (_server, address) = server(&["--cookie", "--mtu", "300"]);
    for (options, expected) in [
        (&["--dtls", "1.2", "--groups", "secp256r1"][..], "DTLS1_2 SECP256R1"),
        (
            &["--groups", "x25519", "--suites", "TLS_CHACHA20_POLY1305_SHA256", "--mtu", "300"],
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
    ] {
        let (code, lines, said) = client(&address, options, &["hello"]);
        assert_eq!((code, &lines[..]), (Some(0), &["hello".to_owned()][..]), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let (code, _, said) = client(&address, &["--fingerprint", "sha-256 00:11", "--timeout", "5s"], &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("FingerprintMismatch"), "{said}");
}

/// A certificate of one's own, and keys in the format of NSS that Wireshark reads: a label, the client's random value, a secret. Both
/// sides log the same.
#[test]
fn certificates_and_key_logs() {
    let folder = Folder::new("dtls-own");
    let (cert, key) = (folder.file("c.pem"), folder.file("k.pem"));
    let fingerprint = folder.make_certificate();
    let of_1_3 = [
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 64),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", 64),
        ("CLIENT_TRAFFIC_SECRET_0", 64),
        ("SERVER_TRAFFIC_SECRET_0", 64),
        ("EXPORTER_SECRET", 64),
    ];
    for (version, expected) in [("1.3", &of_1_3[..]), ("1.2", &[("CLIENT_RANDOM", 96)])] {
        let files = ["server", "client"].map(|side| folder.file(&format!("{side}-{version}.txt")));
        let (_server, address) = server(&["--cert", &cert, "--key", &key, "--key-log", &files[0]]);
        let options = ["--dtls", version, "--fingerprint", &fingerprint, "--key-log", &files[1]];
        let (code, lines, said) = client(&address, &options, &["hello"]);
        assert_eq!((code, &lines[..]), (Some(0), &["hello".to_owned()][..]), "{said}");
        let [server, client] = files.each_ref().map(|file| std::fs::read_to_string(file).unwrap());
        assert_eq!(server, client);
        let lines: Vec<Vec<&str>> = server.lines().map(|line| line.split(' ').collect()).collect();
        assert_eq!(lines.iter().map(|line| (line[0], line[2].len())).collect::<Vec<_>>(), expected);
        assert!(lines.iter().all(|line| line.len() == 3 && line[1] == lines[0][1] && line[1].len() == 64));
        let hex =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        assert!(lines.iter().flatten().skip(1).step_by(3).all(|text| hex(text)));
    }
}

#[test]
fn the_help_has_every_option() {
    for side in ["client", "server"] {
        let help = Program::start(&["dtls", side, "--help"]).end();
        let text = help.lines.join("\n");
        assert_eq!(help.code, Some(0));
        for option in [
            "--dtls",
            "--groups",
            "--suites",
            "--cert",
            "--key",
            "--key-log",
            "--fingerprint",
            "--cookie",
            "--mtu",
        ] {
            assert!(text.contains(option), "{side}: {option}");
        }
        for word in ["X25519MLKEM768", "secp384r1", "1.3, 1.2", "Wireshark", "Exit code"] {
            assert!(text.contains(word), "{side}: {word}");
        }
    }
}

/// OpenSSL as the server: our client falls back to DTLS 1.2, and their key log has the line that ours has.
#[test]
fn openssl_as_server() {
    let folder = Folder::new("dtls-server");
    let fingerprint = folder.make_certificate();
    let port = free_port();
    let (theirs, ours) = (folder.file("theirs.txt"), folder.file("ours.txt"));
    let mut openssl = Command::new("openssl")
        .args(["s_server", "-dtls1_2", "-Verify", "1", "-port", &port, "-keylogfile", &theirs])
        .args(["-cert", &folder.file("c.pem"), "-key", &folder.file("k.pem"), "-mtu", "1200"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl: install the Debian package");
    let address = format!("127.0.0.1:{port}");
    let options = ["dtls", "client", &address, "--fingerprint", &fingerprint, "--key-log", &ours];
    let mut client = Program::start(&options);
    client.say("hello from siskin");
    // It does not echo; among much else it prints what came, without a line end.
    let mut output = openssl.stdout.take().unwrap();
    let (sender, printed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(len @ 1..) = output.read(&mut chunk) {
            let _ = sender.send(String::from_utf8_lossy(&chunk[..len]).into_owned());
        }
    });
    let mut said = String::new();
    while !said.contains("hello from siskin") {
        said += &printed.recv_timeout(std::time::Duration::from_secs(20)).expect("it prints what comes");
    }
    writeln!(openssl.stdin.as_mut().unwrap(), "hello from openssl").unwrap();
    let answer = client.line();
    client.hang_up();
    let end = client.end();
    let _ = openssl.kill();
    let _ = openssl.wait();
    assert_eq!(answer, "hello from openssl");
    assert!(end.errors.contains("DTLS1_2 X25519 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "{}", end.errors);
    let [theirs, ours] = [theirs, ours].map(|file| std::fs::read_to_string(file).unwrap());
    let ours = ours.trim_end();
    let same = theirs
        .lines()
        .filter(|line| line.starts_with("CLIENT_RANDOM"))
        .any(|line| line.eq_ignore_ascii_case(ours));
    assert!(ours.starts_with("CLIENT_RANDOM ") && same, "{theirs}\n{ours}");
}

/// OpenSSL 3.0 has DTLS 1.2 only: both of ours fall back to it.
#[test]
fn openssl_as_client() {
    let folder = Folder::new("dtls-client");
    folder.make_certificate();
    let (_server, address) = server(&[]);
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-dtls1_2", "-quiet", "-connect", &address])
        .args(["-cert", &folder.file("c.pem"), "-key", &folder.file("k.pem")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl: install the Debian package");
    writeln!(openssl.stdin.as_mut().unwrap(), "hello from openssl").unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(openssl.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let _ = openssl.kill();
    let _ = openssl.wait();
    assert_eq!(line, "hello from openssl\n");
}

/// A port that is free just now.
#[expect(clippy::disallowed_types, reason = "a program wants to be told")]
fn free_port() -> String {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("siskin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    /// `c.pem` and `k.pem`, and the fingerprint of it.
    fn make_certificate(&self) -> String {
        let (cert, key) = (self.file("c.pem"), self.file("k.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-keyout", &key, "-out", &cert, "-days", "2", "-subj", "/CN=own"])
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl: install the Debian package").success());
        let printed = Command::new("openssl")
            .args(["x509", "-in", &cert, "-noout", "-fingerprint", "-sha256"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
        format!("sha-256 {}", text.split_once('=').unwrap().1)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
