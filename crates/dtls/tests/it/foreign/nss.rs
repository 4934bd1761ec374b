//! NSS: Debian's, whose DTLS 1.3 is a draft, so that we meet in 1.2; and Firefox's.

use super::{Folder, Foreign, Ours, Program, bind, free_port, port_of, run};
use siskin_crypto::NamedGroup;
use siskin_dtls::{CipherSuite, Config, ProtocolVersion, Role};
use std::path::Path;

/// Which libraries `tstclnt` runs with.
#[derive(Clone, Copy, PartialEq)]
enum Libraries {
    Debian,
    Firefox,
}

const FIREFOX: &str = "/usr/lib/firefox-esr";

/// Firefox's NSS in a folder of its own, without the other libraries of Firefox.
fn firefox_libraries(folder: &Folder) -> String {
    let own = folder.file("lib");
    std::fs::create_dir_all(&own).unwrap();
    for name in ["ssl3", "nss3", "nssutil3", "smime3", "softokn3", "freeblpriv3", "mozsqlite3", "lgpllibs"] {
        let file = format!("{FIREFOX}/lib{name}.so");
        assert!(Path::new(&file).exists(), "no {file}; {}", super::PACKAGES);
        std::os::unix::fs::symlink(&file, format!("{own}/lib{name}.so")).unwrap();
    }
    own
}

/// `tstclnt`, which keeps keys in a database of its own, in either role.
fn nss(libraries: Libraries, role: &str, foreign: &Foreign, port: &str, extra: &[&str]) -> Program {
    let file = |name| foreign.folder.file(name);
    let (certificate, key, bundle) = (file("cert.pem"), file("key.pem"), file("both.p12"));
    let database = format!("sql:{}", file(""));
    let export = ["pkcs12", "-export", "-name", "own", "-passout", "pass:"];
    run("openssl", &[&export[..], &["-in", &certificate, "-inkey", &key, "-out", &bundle]].concat());
    run("certutil", &["-N", "-d", &database, "--empty-password"]);
    run("pk12util", &["-i", &bundle, "-d", &database, "-W", ""]);
    let mut arguments = vec!["-P", role, "-4", "-h", "127.0.0.1", "-p", port, "-d", &database, "-n", "own"];
    arguments.extend(["-V", "tls1.2:tls1.3", "-o"]);
    if libraries == Libraries::Debian {
        arguments.push("-G");
    }
    arguments.extend(extra);
    match libraries {
        Libraries::Debian => Program::start("tstclnt", &arguments),
        Libraries::Firefox => {
            let libraries = firefox_libraries(&foreign.folder);
            Program::start_with("tstclnt", &arguments, &[("LD_LIBRARY_PATH", &libraries)])
        }
    }
}

/// Our client against NSS.
///
/// A server of NSS asks for no certificate: we show none, and know it by its own.
fn nss_server(
    libraries: Libraries,
    foreign: &Foreign,
    extra: &[&str],
    configure: impl FnOnce(&mut Config),
) -> (Ours, Program) {
    let port = free_port();
    let program = nss(libraries, "server", foreign, &port, extra);
    let socket = bind();
    socket.connect(format!("127.0.0.1:{port}")).unwrap();
    let mut ours = Ours::new(Role::Client, foreign, socket, configure);
    ours.send_pending();
    ours.run_until(&program, |peer, _| peer.is_connected());
    (ours, program)
}

/// Our server against NSS.
fn nss_client(
    libraries: Libraries,
    foreign: &Foreign,
    extra: &[&str],
    configure: impl FnOnce(&mut Config),
) -> (Ours, Program) {
    let socket = bind();
    let port = port_of(&socket);
    let mut ours = Ours::new(Role::Server, foreign, socket, configure);
    let program = nss(libraries, "client", foreign, &port, extra);
    ours.run_until(&program, |peer, _| peer.is_connected());
    (ours, program)
}

fn agreed(ours: &Ours) -> (ProtocolVersion, CipherSuite, NamedGroup) {
    let dtls = &ours.peer.dtls;
    (dtls.version().unwrap(), dtls.cipher_suite().unwrap(), dtls.group().unwrap())
}

const DEFAULT: (ProtocolVersion, CipherSuite, NamedGroup) =
    (ProtocolVersion::DTLS1_3, CipherSuite::AES_128_GCM_SHA256, NamedGroup::X25519MLKEM768);

#[test]
fn debians_nss_as_server() {
    let foreign = Foreign::p256("nss-server");
    let (mut ours, mut program) = nss_server(Libraries::Debian, &foreign, &[], |_| {});
    assert_eq!(agreed(&ours).0, ProtocolVersion::DTLS1_2);
    ours.converse(&mut program);
}

#[test]
fn debians_nss_as_client() {
    let foreign = Foreign::p256("nss-client");
    let (mut ours, mut program) = nss_client(Libraries::Debian, &foreign, &[], |_| {});
    assert_eq!(agreed(&ours).0, ProtocolVersion::DTLS1_2);
    ours.converse(&mut program);
}

#[test]
fn firefox_as_server() {
    let foreign = Foreign::p256("ff-server");
    let (mut ours, mut program) = nss_server(Libraries::Firefox, &foreign, &[], |_| {});
    assert_eq!(agreed(&ours), DEFAULT);
    ours.converse(&mut program);
}

#[test]
fn firefox_as_client() {
    let foreign = Foreign::p256("ff-client");
    let (mut ours, mut program) = nss_client(Libraries::Firefox, &foreign, &[], |_| {});
    assert_eq!(agreed(&ours), DEFAULT);
    ours.converse(&mut program);
}

#[test]
fn firefox_in_small_datagrams() {
    let foreign = Foreign::p256("ff-small");
    let small = |config: &mut Config| config.max_datagram = 300;
    let (mut ours, mut program) = nss_server(Libraries::Firefox, &foreign, &[], small);
    assert_eq!(agreed(&ours), DEFAULT);
    ours.converse(&mut program);
    let foreign = Foreign::p256("ff-small-client");
    let (mut ours, mut program) = nss_client(Libraries::Firefox, &foreign, &[], small);
    assert_eq!(agreed(&ours), DEFAULT);
    ours.converse(&mut program);
}

#[test]
fn firefox_with_a_cookie() {
    let foreign = Foreign::p256("ff-cookie");
    let (mut ours, mut program) =
        nss_client(Libraries::Firefox, &foreign, &[], |config| config.cookie_exchange = true);
    assert_eq!(agreed(&ours), DEFAULT);
    // A HelloRetryRequest went first.
    assert_eq!(ours.peer.dtls.flight_number(), 2);
    ours.converse(&mut program);
}

#[test]
fn firefox_with_every_suite_and_group() {
    let suites = [
        CipherSuite::AES_128_GCM_SHA256,
        CipherSuite::AES_256_GCM_SHA384,
        CipherSuite::CHACHA20_POLY1305_SHA256,
    ];
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
    for (suite, group) in suites.into_iter().zip(groups) {
        let only = |config: &mut Config| (config.cipher_suites, config.groups) = (vec![suite], vec![group]);
        let foreign = Foreign::p256(&format!("ff-suite-{}", group.0));
        let (mut ours, mut program) = nss_server(Libraries::Firefox, &foreign, &[], only);
        assert_eq!(agreed(&ours), (ProtocolVersion::DTLS1_3, suite, group));
        ours.converse(&mut program);
        let foreign = Foreign::p256(&format!("ff-suite-client-{}", group.0));
        let (mut ours, mut program) = nss_client(Libraries::Firefox, &foreign, &[], only);
        assert_eq!(agreed(&ours), (ProtocolVersion::DTLS1_3, suite, group));
        ours.converse(&mut program);
    }
}
