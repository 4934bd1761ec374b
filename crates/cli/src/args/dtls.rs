//! `siskin dtls`.

use super::units;
use clap::{Args, Subcommand};
use siskin_base::{Fingerprint, HashAlgorithm};
use siskin_crypto::NamedGroup;
use siskin_dtls::{CipherSuite, ProtocolVersion};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `siskin dtls`.
#[derive(Debug, Args)]
pub(crate) struct DtlsCommand {
    /// Client or server.
    #[command(subcommand)]
    pub(crate) side: Side,
}

/// Client or server.
#[derive(Debug, Subcommand)]
pub(crate) enum Side {
    /// Send each line of standard input in a record, and print what comes back
    #[command(after_long_help = CLIENT_HELP)]
    Client(DtlsOptions),
    /// Serve everyone who comes, each with a connection of its own, and send every record back
    #[command(after_long_help = SERVER_HELP)]
    Server(DtlsOptions),
}

/// What both have.
#[derive(Clone, Debug, Args)]
pub(crate) struct DtlsOptions {
    /// The client: where the server is. The server: where to listen; port 0 takes any free one
    #[arg(value_name = "ADDR:PORT", value_parser = units::socket_addr)]
    pub(crate) address: SocketAddr,
    /// Versions, the preferred one first: 1.3, 1.2
    #[arg(long, value_name = "VERSION", value_delimiter = ',', default_value = "1.3,1.2", value_parser = version)]
    pub(crate) dtls: Vec<ProtocolVersion>,
    /// Groups for the key exchange, the preferred one first: X25519MLKEM768, X25519, secp256r1, secp384r1
    /// [default: these, in this order]
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = group)]
    pub(crate) groups: Vec<NamedGroup>,
    /// Cipher suites by their IANA names, the preferred one first [default: all that we speak]
    #[arg(long, value_name = "SUITE", value_delimiter = ',', value_parser = suite)]
    pub(crate) suites: Vec<CipherSuite>,
    /// Our certificate, PEM; may hold the private key as well [default: a fresh one on P-256, valid for 30 days]
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key, PEM (PKCS #8)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// The peer's certificate must have this fingerprint, as in `sha-256 1A:2B:…`; may be given several times
    /// [default: any certificate will do]
    #[arg(long, value_name = "HASH", value_parser = fingerprint)]
    pub(crate) fingerprint: Vec<Fingerprint>,
    /// As a server, let clients first show that they get what we send (a cookie): HelloVerifyRequest in 1.2,
    /// HelloRetryRequest in 1.3
    #[arg(long)]
    pub(crate) cookie: bool,
    /// Largest datagram of the handshake, bytes of UDP payload
    #[arg(long, value_name = "BYTES", default_value = "1200", value_parser = units::size)]
    pub(crate) mtu: usize,
    /// How long a handshake may take: a number of seconds, or one with ms, s or min
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::time)]
    pub(crate) timeout: Duration,
    /// Append the keys of every connection to FILE, in the format of NSS that Wireshark reads; who has the file can read
    /// the traffic
    #[arg(long, value_name = "FILE")]
    pub(crate) key_log: Option<PathBuf>,
    /// Draw all random values from this number. For reproduction only: anyone can guess the keys
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

fn version(text: &str) -> Result<ProtocolVersion, String> {
    match text {
        "1.3" => Ok(ProtocolVersion::DTLS1_3),
        "1.2" => Ok(ProtocolVersion::DTLS1_2),
        _ => Err("not a version that we speak: 1.3 or 1.2".into()),
    }
}

fn group(text: &str) -> Result<NamedGroup, String> {
    match text.to_ascii_lowercase().as_str() {
        "x25519mlkem768" => Ok(NamedGroup::X25519MLKEM768),
        "x25519" => Ok(NamedGroup::X25519),
        "secp256r1" | "p-256" => Ok(NamedGroup::SECP256R1),
        "secp384r1" | "p-384" => Ok(NamedGroup::SECP384R1),
        _ => Err("not a group that we have: X25519MLKEM768, X25519, secp256r1 or secp384r1".into()),
    }
}

fn suite(text: &str) -> Result<CipherSuite, String> {
    let known = |suite: &CipherSuite| suite.name().is_some_and(|name| name.eq_ignore_ascii_case(text));
    CipherSuite::ALL.iter().copied().find(known).ok_or_else(|| {
        let names: Vec<&str> = CipherSuite::ALL.iter().filter_map(|suite| suite.name()).collect();
        format!("not a suite that we have: {}", names.join(", "))
    })
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let wrong = "not a fingerprint, as in \"sha-256 1A:2B:…\"";
    let (algorithm, value) = text.split_once([' ', '=']).ok_or(wrong)?;
    let algorithm = match algorithm.to_ascii_lowercase().as_str() {
        "sha-256" => HashAlgorithm::Sha256,
        "sha-384" => HashAlgorithm::Sha384,
        "sha-512" => HashAlgorithm::Sha512,
        _ => return Err("the hash of a fingerprint is sha-256, sha-384 or sha-512".into()),
    };
    let bytes = value.trim().split(':').map(|byte| u8::from_str_radix(byte, 16));
    let value = bytes.collect::<Result<Vec<u8>, _>>().map_err(|_| wrong)?;
    Ok(Fingerprint { algorithm, value })
}

const CLIENT_HELP: &str = "\
Each line of standard input goes out as one record without its line end; each record that comes back is printed as a
line. After the end of standard input what was sent has a second to come back; then the connection is closed.

  siskin dtls server 127.0.0.1:4433 &
  echo hello | siskin dtls client 127.0.0.1:4433 --key-log keys.txt

The server must show a certificate, and gets ours if it asks for one. There is no ICE, and no chain of trust: who the
server is, only --fingerprint says.

Exit code: 0 after a close in good order by either side, 1 otherwise.";

const SERVER_HELP: &str = "\
The address listened on is printed on standard output once it is open. Clients must show a certificate, as in WebRTC. What
was agreed on with each client, and how each connection ended, is said on standard error. Up to 1000 connections are held at once, each
until it is closed or silent for a minute; a new handshake from the same address takes the place of a connection that has ended.

To look into it: openssl s_client -dtls1_2 -connect 127.0.0.1:4433 -cert c.pem -key k.pem

Exit code: 0 after Ctrl-C, 1 if the address could not be opened.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(version("1.2"), Ok(ProtocolVersion::DTLS1_2));
        assert!(version("1.1").is_err() && group("ffdhe2048").is_err());
        assert_eq!(group("x25519mlkem768"), Ok(NamedGroup::X25519MLKEM768));
        assert_eq!(suite("tls_aes_128_gcm_sha256"), Ok(CipherSuite::AES_128_GCM_SHA256));
        assert!(suite("TLS_RSA_WITH_AES_128_CBC_SHA").unwrap_err().contains("TLS_AES_256_GCM_SHA384"));
        assert!(CipherSuite::ALL.iter().all(|suite| suite.name().is_some()));
        let parsed = fingerprint("SHA-256 0a:FF").unwrap();
        assert_eq!((parsed.algorithm, &parsed.value[..]), (HashAlgorithm::Sha256, &[0x0a, 0xff][..]));
        assert!(fingerprint("md5 00").is_err() && fingerprint("sha-256 0x:1").is_err());
    }
}
