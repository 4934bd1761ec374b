//! OpenSSL, GnuTLS and NSS, in both roles, over the loopback interface.
//!
//! These tests need the commands `openssl` (3.0), `gnutls-serv` and `gnutls-cli` (3.7), `tstclnt`, `certutil` and `pk12util`
//! (NSS 3.87), and the libraries of Firefox (NSS 3.125): Debian packages `openssl`, `gnutls-bin`, `libnss3-tools` and
//! `firefox-esr`.
#![expect(clippy::disallowed_types, reason = "drives a real socket against real programs")]

mod nss;

use crate::support::{Peer, certificate};
use core::fmt::Write as _;
use core::time::Duration;
use siskin_base::{BaseId, Fingerprint, HashAlgorithm, Instant, Path, SrtpProfile};
use siskin_crypto::{Certificate, NamedGroup};
use siskin_dtls::{AlertDescription, CipherSuite, Config, Error, Event, Misuse, Role};
use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

const PACKAGES: &str = "install the Debian packages openssl, gnutls-bin, libnss3-tools and firefox-esr";

/// A program that runs until it is dropped, and what it has printed.
struct Program {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Program {
    fn start(program: &str, arguments: &[&str]) -> Self {
        Self::start_with(program, arguments, &[])
    }

    fn start_with(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {program}: {error}; {PACKAGES}"));
        let output = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for mut stream in streams {
            let output = output.clone();
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(len @ 1..) = stream.read(&mut chunk) {
                    output.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..len]));
                }
            });
        }
        Self { child, output }
    }

    fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn printed(&self) -> String {
        self.output.lock().unwrap().clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {program}: {error}; {PACKAGES}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("siskin-dtls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The other side's certificate and key, as files.
struct Foreign {
    folder: Folder,
    fingerprint: Fingerprint,
}

impl Foreign {
    /// `key` as in `openssl req -newkey`.
    fn new(name: &str, key: &[&str]) -> Self {
        let folder = Folder::new(name);
        let (certificate, private) = (folder.file("cert.pem"), folder.file("key.pem"));
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=foreign"];
        arguments.extend(["-out", &certificate, "-keyout", &private, "-newkey"]);
        arguments.extend(key);
        run("openssl", &arguments);
        let printed = run("openssl", &["x509", "-in", &certificate, "-noout", "-fingerprint", "-sha256"]);
        let hex = printed.trim().split_once('=').unwrap().1;
        let value = hex.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        Self { folder, fingerprint: Fingerprint { algorithm: HashAlgorithm::Sha256, value } }
    }

    fn p256(name: &str) -> Self {
        Self::new(name, &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }
}

/// Our side, on a socket of its own.
struct Ours {
    peer: Peer,
    /// The longest datagram that it may send in the handshake.
    most: usize,
    socket: UdpSocket,
    start: std::time::Instant,
}

impl Ours {
    fn new(role: Role, foreign: &Foreign, socket: UdpSocket, configure: impl FnOnce(&mut Config)) -> Self {
        let provider = siskin_crypto::default_provider();
        let path = Path::udp(BaseId(0), "127.0.0.1:1".parse().unwrap());
        let mut config = Config::new(provider, certificate(&provider, 7), role, path);
        configure(&mut config);
        let most = config.max_datagram;
        let mut peer = Peer::new(config, 1);
        peer.dtls.set_remote_fingerprints(Instant::ZERO, std::slice::from_ref(&foreign.fingerprint)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Self { peer, most, socket, start: std::time::Instant::now() }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// Runs until `done`, or fails after a time that no working peer needs.
    fn run_until(&mut self, program: &Program, done: impl Fn(&Peer, &str) -> bool) {
        let mut datagram = [0; 65536];
        while !done(&self.peer, &program.printed()) {
            let now = self.now();
            assert!(
                now < Instant::from_millis(20_000)
                    && !matches!(self.peer.last_event(), Some(Event::Closed(_))),
                "{:?}\n{:?}\n{}",
                self.peer.events,
                self.peer.dtls.stats(),
                program.printed()
            );
            match self.socket.recv_from(&mut datagram) {
                Ok((len, from)) => {
                    // A server learns whom it serves from the first datagram.
                    let _ = self.socket.connect(from);
                    self.peer.take(now, &datagram[..len]);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                // Nobody listens yet.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => panic!("{error}"),
            }
            let now = self.now();
            if self.peer.dtls.poll_timeout().is_some_and(|due| due <= now) {
                self.peer.dtls.handle_timeout(now);
                self.peer.take_events(now, &[]);
            }
            self.send_pending();
        }
    }

    fn send_pending(&mut self) {
        let now = self.now();
        for datagram in self.peer.flush(now) {
            assert!(datagram.len() <= self.most, "{} bytes", datagram.len());
            let _ = self.socket.send(&datagram);
        }
    }

    fn send(&mut self, data: &[u8]) {
        let datagram = self.peer.seal(data);
        self.socket.send(&datagram).unwrap();
    }

    /// Keying material as OpenSSL prints it.
    fn exported(&self, len: usize) -> String {
        let mut out = vec![0; len];
        self.peer.dtls.export_keying_material("EXTRACTOR-dtls_srtp", None, &mut out).unwrap();
        out.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02X}").unwrap();
            text
        })
    }

    /// The SRTP keys in the order in which they were exported.
    fn srtp_material(&self) -> String {
        let material = self.peer.events.iter().find_map(|event| match event {
            Event::KeyingMaterial(material) => Some(material),
            _ => None,
        });
        let material = material.expect("SRTP was negotiated");
        let (client, server) = match self.peer.dtls.role() {
            Role::Client => (&material.local, &material.remote),
            Role::Server => (&material.remote, &material.local),
        };
        let all = [&client.0[..], &server.0, &client.1, &server.1].concat();
        all.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Data both ways, then a close in good order.
    fn converse(&mut self, program: &mut Program) {
        self.send(b"hello from siskin\n");
        self.run_until(program, |_, printed| printed.contains("hello from siskin"));
        program.say("hello from afar\n");
        self.run_until(program, |peer, _| peer.data.concat().ends_with(b"hello from afar\n"));
        let now = self.now();
        self.peer.dtls.close(now);
        self.send_pending();
    }
}

fn bind() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

fn port_of(socket: &UdpSocket) -> String {
    socket.local_addr().unwrap().port().to_string()
}

/// A port that is free just now.
fn free_port() -> String {
    port_of(&bind())
}

fn openssl(command: &str, foreign: &Foreign, own: &[&str]) -> Program {
    let (certificate, key) = (foreign.folder.file("cert.pem"), foreign.folder.file("key.pem"));
    let mut arguments = vec![command, "-dtls1_2", "-cert", &certificate, "-key", &key, "-mtu", "1200"];
    arguments.extend(["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "60"]);
    arguments.extend(own);
    Program::start("openssl", &arguments)
}

/// Our client against `openssl s_server`.
fn openssl_server(foreign: &Foreign, extra: &[&str], configure: impl FnOnce(&mut Config)) -> (Ours, Program) {
    let port = free_port();
    let mut arguments = vec!["-port", &port, "-Verify", "1"];
    arguments.extend(extra);
    let program = openssl("s_server", foreign, &arguments);
    let socket = bind();
    socket.connect(format!("127.0.0.1:{port}")).unwrap();
    let mut ours = Ours::new(Role::Client, foreign, socket, configure);
    ours.send_pending();
    ours.run_until(&program, |peer, _| peer.is_connected());
    (ours, program)
}

/// Our server against `openssl s_client`.
fn openssl_client(foreign: &Foreign, extra: &[&str], configure: impl FnOnce(&mut Config)) -> (Ours, Program) {
    let socket = bind();
    let address = format!("127.0.0.1:{}", port_of(&socket));
    let mut arguments = vec!["-connect", &address];
    arguments.extend(extra);
    let mut ours = Ours::new(Role::Server, foreign, socket, configure);
    let program = openssl("s_client", foreign, &arguments);
    ours.run_until(&program, |peer, _| peer.is_connected());
    (ours, program)
}

const OPENSSL_SRTP: [&str; 2] = ["-use_srtp", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"];

fn with_srtp(config: &mut Config) {
    config.srtp_profiles = vec![SrtpProfile::AES128_CM_SHA1_80, SrtpProfile::AEAD_AES_128_GCM];
}

#[test]
fn openssl_as_server() {
    let foreign = Foreign::p256("server");
    let (mut ours, mut program) = openssl_server(&foreign, &OPENSSL_SRTP, with_srtp);
    // OpenSSL takes the first of the client's profiles that it has.
    let profile = ours.peer.dtls.srtp_profile();
    assert!(profile.is_some());
    let material = ours.exported(60);
    ours.run_until(&program, |_, printed| printed.contains("Keying material:"));
    assert!(program.printed().contains(&material), "{material}\n{}", program.printed());
    assert!(material.starts_with(&ours.srtp_material()));
    ours.converse(&mut program);
    ours.run_until(&program, |_, printed| printed.contains("DONE"));
}

#[test]
fn openssl_as_client() {
    let foreign = Foreign::p256("client");
    let (mut ours, mut program) = openssl_client(&foreign, &OPENSSL_SRTP, with_srtp);
    // Our own order decides.
    assert_eq!(ours.peer.dtls.srtp_profile(), Some(SrtpProfile::AES128_CM_SHA1_80));
    let material = ours.exported(60);
    ours.run_until(&program, |_, printed| printed.contains("Keying material:"));
    assert!(program.printed().contains(&material), "{material}\n{}", program.printed());
    assert!(material.starts_with(&ours.srtp_material()));
    ours.converse(&mut program);
}

#[test]
fn openssl_every_suite_and_group() {
    let foreign = Foreign::p256("suites");
    let suites = [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ];
    let groups =
        [("X25519", NamedGroup::X25519), ("P-256", NamedGroup::SECP256R1), ("P-384", NamedGroup::SECP384R1)];
    for ((cipher, suite), (curve, group)) in suites.into_iter().zip(groups) {
        // Both certificates are on P-256, which must be in the lists for them.
        let curves = if curve == "P-256" { curve.into() } else { format!("{curve}:P-256") };
        let extra = ["-cipher", cipher, "-curves", &curves];
        let preferred = |config: &mut Config| config.groups = vec![group, NamedGroup::SECP256R1];
        let (mut ours, mut program) = openssl_server(&foreign, &extra, preferred);
        assert_eq!((ours.peer.dtls.cipher_suite(), ours.peer.dtls.group()), (Some(suite), Some(group)));
        ours.converse(&mut program);
        let only = |config: &mut Config| config.groups = vec![group];
        let (mut ours, mut program) = openssl_client(&foreign, &extra, only);
        assert_eq!((ours.peer.dtls.cipher_suite(), ours.peer.dtls.group()), (Some(suite), Some(group)));
        ours.converse(&mut program);
    }
}

#[test]
fn openssl_with_other_keys() {
    let keys: [(&str, &[&str]); 2] =
        [("rsa", &["rsa:2048"]), ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"])];
    for (name, key) in keys {
        let foreign = Foreign::new(name, key);
        let (mut ours, mut program) = openssl_server(&foreign, &[], |_| {});
        let suite = ours.peer.dtls.cipher_suite().and_then(CipherSuite::name).unwrap();
        assert_eq!(suite.contains("_RSA_"), name == "rsa");
        ours.converse(&mut program);
        let (mut ours, mut program) = openssl_client(&foreign, &[], |_| {});
        ours.converse(&mut program);
    }
}

#[test]
fn openssl_with_a_cookie() {
    let foreign = Foreign::p256("cookie");
    // A request and a hello make one flight more on each side.
    let (mut ours, mut program) = openssl_client(&foreign, &[], |config| config.cookie_exchange = true);
    assert_eq!(ours.peer.dtls.flight_number(), 3);
    ours.converse(&mut program);
    let (mut ours, mut program) = openssl_client(&foreign, &[], |_| {});
    assert_eq!(ours.peer.dtls.flight_number(), 2);
    ours.converse(&mut program);
    let (mut ours, mut program) = openssl_server(&foreign, &["-listen"], |_| {});
    assert_eq!(ours.peer.dtls.flight_number(), 3);
    ours.converse(&mut program);
}

#[test]
fn openssl_in_small_datagrams() {
    let foreign = Foreign::p256("small");
    let small = |config: &mut Config| config.max_datagram = 150;
    let (mut ours, mut program) = openssl_server(&foreign, &["-mtu", "256"], small);
    ours.converse(&mut program);
    let (mut ours, mut program) = openssl_client(&foreign, &["-mtu", "256"], small);
    ours.converse(&mut program);
}

/// OpenSSL gives up when its wish is refused; what matters is that it learns so at once.
#[test]
fn openssl_renegotiation_is_refused() {
    let foreign = Foreign::p256("renegotiation");
    let (mut ours, mut program) = openssl_client(&foreign, &[], |_| {});
    program.say("R\n");
    let aborted = Event::Closed(Error::PeerAborted(AlertDescription::HANDSHAKE_FAILURE));
    ours.run_until(&program, |peer, _| peer.last_event() == Some(&aborted));
}

fn gnutls(program: &str, foreign: &Foreign, extra: &[&str]) -> Program {
    let (certificate, key) = (foreign.folder.file("cert.pem"), foreign.folder.file("key.pem"));
    let mut arguments = vec!["--udp", "--mtu=1200", "--x509certfile", &certificate, "--x509keyfile", &key];
    arguments.extend(["--srtp-profiles=SRTP_AES128_CM_HMAC_SHA1_80"]);
    arguments.extend(extra);
    Program::start(program, &arguments)
}

/// GnuTLS asks for a cookie first.
#[test]
fn gnutls_as_server() {
    let foreign = Foreign::p256("gnutls-server");
    let port = free_port();
    let program = gnutls("gnutls-serv", &foreign, &["-p", &port, "--echo", "--require-client-cert"]);
    let socket = bind();
    socket.connect(format!("127.0.0.1:{port}")).unwrap();
    let mut ours = Ours::new(Role::Client, &foreign, socket, with_srtp);
    ours.send_pending();
    ours.run_until(&program, |peer, _| peer.is_connected());
    assert_eq!(ours.peer.dtls.srtp_profile(), Some(SrtpProfile::AES128_CM_SHA1_80));
    ours.send(b"echo me\n");
    ours.run_until(&program, |peer, _| peer.data.concat() == b"echo me\n");
}

#[test]
fn gnutls_as_client() {
    let foreign = Foreign::p256("gnutls-client");
    let socket = bind();
    let port = port_of(&socket);
    let mut ours = Ours::new(Role::Server, &foreign, socket, with_srtp);
    let mut program = gnutls("gnutls-cli", &foreign, &["-p", &port, "--insecure", "127.0.0.1"]);
    ours.run_until(&program, |peer, _| peer.is_connected());
    ours.converse(&mut program);
}

/// GnuTLS without RFC 7627: it gets its SRTP, whose keys authenticate nobody, but our user gets no keys.
#[test]
fn rfc7627_5_4_no_exports_without_extended_master_secret() {
    let foreign = Foreign::p256("gnutls-no-ems");
    let socket = bind();
    let port = port_of(&socket);
    let lenient = |config: &mut Config| {
        with_srtp(config);
        config.require_extended_master_secret = false;
    };
    let mut ours = Ours::new(Role::Server, &foreign, socket, lenient);
    let without = "--priority=NORMAL:%NO_SESSION_HASH";
    let mut program = gnutls("gnutls-cli", &foreign, &["-p", &port, "--insecure", without, "127.0.0.1"]);
    ours.run_until(&program, |peer, _| peer.is_connected());
    let exported = ours.peer.dtls.export_keying_material("EXPERIMENTAL test", None, &mut [0; 32]);
    assert_eq!(exported, Err(Misuse::NoExtendedMasterSecret));
    assert_eq!(ours.srtp_material().len(), 2 * 60);
    ours.converse(&mut program);
}

/// OpenSSL reads our certificate, finds its signature right, and both compute the same fingerprint.
#[test]
fn openssl_accepts_our_certificate() {
    let folder = Folder::new("certificate");
    for provider in [siskin_crypto::ring(), siskin_crypto::rustcrypto()] {
        let certificate = certificate(&provider, 1);
        let (whole, alone) = (folder.file("own.pem"), folder.file("cert.pem"));
        std::fs::write(&whole, certificate.to_pem().as_bytes()).unwrap();
        std::fs::write(&alone, certificate.certificate_pem()).unwrap();
        run("openssl", &["verify", "-check_ss_sig", "-no_check_time", "-CAfile", &alone, &alone]);
        run("openssl", &["pkey", "-in", &whole, "-noout", "-check"]);
        let printed = run("openssl", &["x509", "-in", &alone, "-noout", "-fingerprint", "-sha512"]);
        let ours = certificate.fingerprint(&provider, HashAlgorithm::Sha512).to_string();
        assert_eq!(printed.trim().split_once('=').unwrap().1, ours.split_once(' ').unwrap().1);
    }
}

/// What OpenSSL made can be imported.
#[test]
fn openssl_certificates_can_be_imported() {
    let foreign = Foreign::p256("import");
    let text = std::fs::read_to_string(foreign.folder.file("key.pem")).unwrap()
        + &std::fs::read_to_string(foreign.folder.file("cert.pem")).unwrap();
    for provider in [siskin_crypto::ring(), siskin_crypto::rustcrypto()] {
        let imported = Certificate::from_pem(&provider, &text).unwrap();
        assert_eq!(imported.fingerprint(&provider, HashAlgorithm::Sha256), foreign.fingerprint);
    }
}
