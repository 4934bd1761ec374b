//! OpenSSL, GnuTLS and NSS: programs on the loopback interface, with us in the middle.

use crate::peer::{Peer, Setup};
use siskin_dtls::Role;
use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

pub struct Program {
    child: Child,
    printed: Arc<Mutex<Vec<u8>>>,
    socket: UdpSocket,
    /// Where the program is; a client's place is known once it has spoken.
    place: Option<SocketAddr>,
    folder: PathBuf,
    name: &'static str,
    echoes: bool,
}

/// `openssl s_server`, `openssl s_client`.
pub fn openssl(setup: &Setup<'_>) -> Result<Program, String> {
    let mut start = Start::new("openssl", setup)?;
    let command = if setup.role == Role::Server { "s_server" } else { "s_client" };
    let mtu = setup.mtu.unwrap_or(1200).to_string();
    let own = ["-dtls1_2", "-cert", &start.certificate, "-key", &start.key, "-mtu", &mtu].map(str::to_owned);
    start.arguments = vec![command.into()];
    start.arguments.extend(own);
    start.arguments.extend(match setup.role {
        Role::Server => vec!["-port".into(), start.port.clone(), "-Verify".into(), "1".into()],
        Role::Client => vec!["-connect".into(), format!("127.0.0.1:{}", start.port)],
    });
    start.run("openssl")
}

/// `gnutls-serv`, `gnutls-cli`.
pub fn gnutls(setup: &Setup<'_>) -> Result<Program, String> {
    let mut start = Start::new("gnutls", setup)?;
    let mtu = format!("--mtu={}", setup.mtu.unwrap_or(1200));
    let own =
        ["--udp", &mtu, "--x509certfile", &start.certificate, "--x509keyfile", &start.key, "-p", &start.port];
    start.arguments = own.map(str::to_owned).into();
    match setup.role {
        Role::Server => {
            start.echoes = true;
            start.arguments.extend(["--echo", "--require-client-cert"].map(str::to_owned));
            start.run("gnutls-serv")
        }
        Role::Client => {
            start.arguments.extend(["--insecure", "127.0.0.1"].map(str::to_owned));
            start.run("gnutls-cli")
        }
    }
}

/// NSS's `tstclnt`, with the libraries that Firefox brings.
pub fn nss(setup: &Setup<'_>) -> Result<Program, String> {
    let mut start = Start::new("nss", setup)?;
    let libraries = start.folder.join("lib");
    std::fs::create_dir_all(&libraries).map_err(|error| error.to_string())?;
    for name in ["ssl3", "nss3", "nssutil3", "smime3", "softokn3", "freeblpriv3", "mozsqlite3", "lgpllibs"] {
        let file = format!("lib{name}.so");
        let there = PathBuf::from(FIREFOX).join(&file);
        if !there.exists() {
            return Err(format!("{} is missing (Debian: firefox-esr)", there.display()));
        }
        std::os::unix::fs::symlink(there, libraries.join(file)).map_err(|error| error.to_string())?;
    }
    let bundle = start.folder.join("both.p12").display().to_string();
    let database = format!("sql:{}", start.folder.display());
    let (certificate, key) = (start.certificate.clone(), start.key.clone());
    let export =
        ["pkcs12", "-export", "-in", &certificate, "-inkey", &key, "-name", "own", "-passout", "pass:"];
    once("openssl", &[&export[..], &["-out", &bundle]].concat())?;
    once("certutil", &["-N", "-d", &database, "--empty-password"])?;
    once("pk12util", &["-i", &bundle, "-d", &database, "-W", ""])?;
    let role = if setup.role == Role::Server { "server" } else { "client" };
    let own = ["-P", role, "-4", "-h", "127.0.0.1", "-p", &start.port, "-d", &database, "-n", "own"];
    start.arguments = own.map(str::to_owned).into();
    start.arguments.extend(["-V", "tls1.2:tls1.3", "-o", "-G"].map(str::to_owned));
    start.libraries = Some(libraries);
    start.run("tstclnt")
}

const FIREFOX: &str = "/usr/lib/firefox-esr";

/// Runs a program to its end.
fn once(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{program}: {said}"))
}

struct Start {
    name: &'static str,
    role: Role,
    folder: PathBuf,
    certificate: String,
    key: String,
    socket: UdpSocket,
    /// Where the server among the two is.
    port: String,
    arguments: Vec<String>,
    libraries: Option<PathBuf>,
    echoes: bool,
}

impl Start {
    fn new(name: &'static str, setup: &Setup<'_>) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("siskin-dtls-peer-{}-{count}", std::process::id()));
        let failed = |error: std::io::Error| format!("{name}: {error}");
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file = |name: &str| folder.join(name).display().to_string();
        let (certificate, key) = (file("cert.pem"), file("key.pem"));
        std::fs::write(&certificate, setup.certificate.certificate_pem()).map_err(failed)?;
        let both = setup.certificate.to_pem();
        let at = both.find("-----BEGIN PRIVATE KEY").unwrap_or(0);
        std::fs::write(&key, &both[at..]).map_err(failed)?;
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let port = match setup.role {
            Role::Client => socket.local_addr(),
            Role::Server => UdpSocket::bind("127.0.0.1:0").and_then(|free| free.local_addr()),
        };
        let port = port.map_err(failed)?.port().to_string();
        let (arguments, libraries) = (Vec::new(), None);
        Ok(Self {
            name,
            role: setup.role,
            folder,
            certificate,
            key,
            socket,
            port,
            arguments,
            libraries,
            echoes: false,
        })
    }

    fn run(self, program: &str) -> Result<Program, String> {
        let mut command = Command::new(program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>);
        let stderr = child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>);
        for mut stream in stdout.into_iter().chain(stderr) {
            let printed = printed.clone();
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(len @ 1..) = stream.read(&mut chunk) {
                    printed.lock().expect("nobody panics").extend(&chunk[..len]);
                }
            });
        }
        let place = match self.role {
            Role::Client => None,
            Role::Server => format!("127.0.0.1:{}", self.port).parse().ok(),
        };
        if self.role == Role::Server {
            wait_until_bound(&self.port);
        }
        let Self { socket, folder, name, echoes, .. } = self;
        Ok(Program { child, printed, socket, place, folder, name, echoes })
    }
}

/// Waits until somebody listens on that port, or for five seconds.
fn wait_until_bound(port: &str) {
    let wanted = port.parse::<u16>().map(|port| format!(":{port:04X} ")).unwrap_or_default();
    for _ in 0..500 {
        let table =
            ["/proc/net/udp", "/proc/net/udp6"].map(|file| std::fs::read_to_string(file).unwrap_or_default());
        if table.iter().any(|table| table.contains(&wanted)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

impl Peer for Program {
    fn take(&mut self, datagram: &[u8]) {
        if let Some(place) = self.place {
            // A program that is gone shows otherwise.
            let _ = self.socket.send_to(datagram, place);
        }
    }

    fn drive(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let mut out = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        while let Ok((len, from)) = self.socket.recv_from(&mut buffer) {
            self.place = Some(from);
            out.push(buffer[..len].to_vec());
        }
        match self.child.try_wait() {
            Ok(None) => Ok(out),
            _ => {
                let printed =
                    String::from_utf8_lossy(&self.printed.lock().expect("nobody panics")).into_owned();
                let tail: String = printed.lines().rev().take(3).collect::<Vec<_>>().join(" | ");
                Err(format!("{} ended: {tail}", self.name))
            }
        }
    }

    /// It does not say so in a way that all of them share: data shows it.
    fn is_connected(&self) -> bool {
        true
    }

    fn send(&mut self, data: &str) {
        if !self.echoes
            && let Some(stdin) = &mut self.child.stdin
        {
            let _ = stdin.write_all(format!("{data}\n").as_bytes()).and_then(|()| stdin.flush());
        }
    }

    fn echoes(&self) -> bool {
        self.echoes
    }

    fn has(&self, data: &str) -> bool {
        let printed = self.printed.lock().expect("nobody panics");
        self.echoes || printed.windows(data.len()).any(|window| window == data.as_bytes())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
