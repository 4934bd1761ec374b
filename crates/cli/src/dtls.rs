//! `siskin dtls`: our DTLS alone, over plain UDP, for tools that test it.

mod client;
mod link;
mod server;

use crate::args::{DtlsCommand, DtlsOptions, Side};
use crate::report::{Code, Report, ReportError};
use crate::session::key_log;
use siskin_base::HashAlgorithm;
use siskin_base::{Observation, Rng};
use siskin_crypto::{Certificate, Provider};
use siskin_dtls::{Config, Role};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Runs the command.
pub(crate) async fn run(dtls: DtlsCommand) -> Report {
    let outcome = match dtls.side {
        Side::Client(options) => client::run(&options).await,
        Side::Server(options) => server::run(&options).await,
    };
    outcome.map_or_else(Report::from, |()| Report::default())
}

/// What all connections of a run share.
struct Setup {
    provider: Provider,
    config: Config,
    rng: Rng,
    /// Where key-log lines go.
    keys: Option<mpsc::Sender<Observation>>,
    /// Fingerprints that the peer must have one of; none: anyone will do.
    fingerprints: Vec<siskin_base::Fingerprint>,
}

impl Setup {
    fn new(options: &DtlsOptions, role: Role) -> Result<Self, ReportError> {
        // Whoever asks for a reproduction gets the provider that can be seeded.
        let provider =
            if options.seed.is_some() { siskin_crypto::rustcrypto() } else { siskin_crypto::ring() };
        let mut rng = match options.seed {
            Some(seed) => {
                tracing::warn!(seed, "every random value comes from --seed: anyone can guess the keys");
                Rng::for_tests(seed)
            }
            None => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed)
                    .map_err(|error| ReportError::new(Code::Internal, format!("no randomness: {error}")))?;
                Rng::from_seed(seed)
            }
        };
        let certificate = certificate(options, &provider, &mut rng)?;
        eprintln!("our certificate: {}", certificate.fingerprint(&provider, HashAlgorithm::Sha256));
        let keys = options.key_log.as_deref().map(key_log::append_to).transpose()?;

        let mut config = Config::new(provider, Arc::new(certificate), role, link::path(options.address));
        config.versions.clone_from(&options.dtls);
        if !options.groups.is_empty() {
            config.groups.clone_from(&options.groups);
        }
        if !options.suites.is_empty() {
            config.cipher_suites.clone_from(&options.suites);
        }
        config.cookie_exchange = options.cookie;
        config.max_datagram = options.mtu;
        config.handshake_timeout = options.timeout;
        config.key_log = keys.is_some();
        Ok(Self { provider, config, rng, keys, fingerprints: options.fingerprint.clone() })
    }
}

fn certificate(
    options: &DtlsOptions,
    provider: &Provider,
    rng: &mut Rng,
) -> Result<Certificate, ReportError> {
    let Some(file) = &options.cert else {
        #[expect(clippy::disallowed_types, reason = "the driver is where time enters")]
        let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let made = Certificate::generate(provider, rng, now.unwrap_or_default());
        return made.map_err(|error| ReportError::new(Code::Internal, format!("no certificate: {error}")));
    };
    let mut text = read(file)?;
    if let Some(key) = &options.key {
        text.push('\n');
        text.push_str(&read(key)?);
    }
    Certificate::from_pem(provider, &text)
        .map_err(|error| ReportError::new(Code::BadArgument, format!("--cert {}: {error}", file.display())))
}

fn read(file: &Path) -> Result<String, ReportError> {
    std::fs::read_to_string(file)
        .map_err(|error| ReportError::new(Code::File, format!("cannot read {}: {error}", file.display())))
}
