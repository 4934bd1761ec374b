//! dimpl, in process.

use crate::peer::{Peer, Setup};
use dimpl::{Config, Dtls, DtlsCertificate, Output};
use siskin_crypto::Certificate;
use siskin_dtls::Role;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One end.
pub struct Dimpl {
    dtls: Dtls,
    due: Option<Instant>,
    connected: bool,
    keys: Option<Vec<u8>>,
    data: Vec<u8>,
    failed: Option<String>,
}

impl Dimpl {
    /// At DTLS 1.3 only, or at 1.2 only.
    pub fn new(setup: &Setup<'_>, v13: bool) -> Result<Self, String> {
        let config = Config::builder()
            .mtu(setup.mtu.unwrap_or(1150))
            .require_client_certificate(true)
            .use_server_cookie(false)
            .flight_start_rto(Duration::from_millis(50))
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
            .build()
            .map_err(|error| format!("dimpl: {error}"))?;
        Ok(Self::start(Arc::new(config), setup.certificate, setup.role, v13))
    }

    /// The same with a configuration.
    pub fn start(config: Arc<Config>, certificate: &Certificate, role: Role, v13: bool) -> Self {
        let certificate = DtlsCertificate {
            certificate: certificate.der().to_vec(),
            private_key: certificate.private_key_der().to_vec(),
        };
        let now = Instant::now();
        let make = if v13 { Dtls::new_13 } else { Dtls::new_12 };
        let mut dtls = make(config, certificate, now);
        dtls.set_active(role == Role::Client);
        let failed = dtls.handle_timeout(now).err().map(|error| error.to_string());
        Self { dtls, due: None, connected: false, keys: None, data: Vec::new(), failed }
    }

    /// The datagram in which this data goes out, once connected, is at the start of `buffer`; how long it is.
    pub fn seal(&mut self, data: &[u8], buffer: &mut [u8]) -> usize {
        self.dtls.send_application_data(data).expect("connected");
        loop {
            match self.dtls.poll_output(buffer) {
                Output::Packet(datagram) => return datagram.len(),
                Output::Timeout(_) => panic!("one record"),
                _ => {}
            }
        }
    }

    /// How much data is in a datagram; the data goes into `buffer`.
    pub fn open(&mut self, datagram: &[u8], buffer: &mut [u8]) -> usize {
        self.dtls.handle_packet(datagram).expect("a good record");
        loop {
            match self.dtls.poll_output(buffer) {
                Output::ApplicationData(data) => return data.len(),
                Output::Timeout(_) => panic!("one record"),
                _ => {}
            }
        }
    }
}

impl Peer for Dimpl {
    fn take(&mut self, datagram: &[u8]) {
        if let Err(error) = self.dtls.handle_packet(datagram) {
            self.failed = Some(error.to_string());
        }
    }

    fn drive(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now)
            && let Err(error) = self.dtls.handle_timeout(now)
        {
            self.failed = Some(error.to_string());
        }
        let mut out = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(datagram) => out.push(datagram.to_vec()),
                Output::Timeout(due) => {
                    self.due = Some(due);
                    break;
                }
                Output::Connected => self.connected = true,
                Output::KeyingMaterial(keys, _) => self.keys = Some(keys.to_vec()),
                Output::ApplicationData(data) => self.data.extend(data),
                Output::CloseNotify => return Err("dimpl: the peer closed".into()),
                _ => {}
            }
        }
        match &self.failed {
            Some(why) => Err(format!("dimpl gave up: {why}")),
            None => Ok(out),
        }
    }

    fn is_connected(&self) -> bool {
        self.connected
    }

    fn send(&mut self, data: &str) {
        if let Err(error) = self.dtls.send_application_data(data.as_bytes()) {
            self.failed = Some(error.to_string());
        }
    }

    fn has(&self, data: &str) -> bool {
        self.data.windows(data.len()).any(|window| window == data.as_bytes())
    }

    fn exported(&self) -> Option<Vec<u8>> {
        self.keys.clone()
    }
}
