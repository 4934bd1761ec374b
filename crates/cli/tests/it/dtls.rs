//! `siskin dtls`: client and server, with each other and with OpenSSL's.

use crate::program::Program;
use std::io::Write;
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

/// A certificate of one's own, and keys in the format of NSS.
#[test]
fn certificates_and_key_logs() {
    let folder = Folder::new("dtls-own");
    let (cert, key, keys) = (folder.file("c.pem"), folder.file("k.pem"), folder.file("keys.txt"));
    let fingerprint = folder.make_certificate();
    let (_server, address) = server(&["--cert", &cert, "--key", &key, "--key-log", &keys]);
    let (code, lines, said) = client(&address, &["--fingerprint", &fingerprint], &["hello"]);
    assert_eq!((code, &lines[..]), (Some(0), &["hello".to_owned()][..]), "{said}");
    let keys = std::fs::read_to_string(&keys).unwrap();
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_TRAFFIC_SECRET_0 "] {
        assert!(keys.contains(label), "{keys}");
    }
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
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let _ = openssl.kill();
    let _ = openssl.wait();
    assert_eq!(line, "hello from openssl\n");
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
