//! BoringSSL, what Chromium runs, in process.

use crate::peer::{Peer, Setup};
use boring::error::ErrorStack;
use boring::pkey::PKey;
use boring::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode,
    SslVersion,
};
use boring::x509::X509;
use foreign_types::ForeignTypeRef;
use siskin_crypto::Certificate;
use siskin_dtls::Role;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

/// Milliseconds until a flight is first sent again.
const FIRST_TIMEOUT: u32 = 50;
const GROUPS: &str = "X25519MLKEM768:X25519:P-256";
const LABEL: &str = "EXTRACTOR-dtls_srtp";

/// One end.
pub struct Boring {
    stream: SslStream<Wire>,
    role: Role,
    connected: bool,
    data: Vec<u8>,
    /// Data that waits for the handshake.
    waiting: VecDeque<String>,
}

/// Datagrams both ways.
#[derive(Debug, Default)]
struct Wire {
    arrived: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = self.arrived.pop_front().ok_or(ErrorKind::WouldBlock)?;
        let len = datagram.len().min(buffer.len());
        buffer[..len].copy_from_slice(&datagram[..len]);
        Ok(len)
    }
}

impl Write for Wire {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.sent.push(datagram.to_vec());
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What all ends with this certificate share: DTLS 1.3 and 1.2, or 1.2 only, with these groups.
pub fn context(certificate: &Certificate, v13: bool, groups: &str) -> Result<SslContext, ErrorStack> {
    let mut context = SslContextBuilder::new(SslMethod::dtls())?;
    context.set_min_proto_version(Some(SslVersion::DTLS1_2))?;
    context.set_max_proto_version(Some(if v13 { SslVersion::DTLS1_3 } else { SslVersion::DTLS1_2 }))?;
    context.set_curves_list(groups)?;
    let key = PKey::private_key_from_pkcs8(certificate.private_key_der())?;
    let certificate = X509::from_der(certificate.der())?;
    context.set_certificate(&certificate)?;
    context.set_private_key(&key)?;
    context.set_tlsext_use_srtp("SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")?;
    context.set_options(SslOptions::NO_QUERY_MTU);
    // Who the peer is, is no question here; that it shows a certificate is.
    context.set_custom_verify_callback(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, |_| Ok(()));
    Ok(context.build())
}

impl Boring {
    /// At DTLS 1.3, or at 1.2 only.
    pub fn new(setup: &Setup<'_>, v13: bool) -> Result<Self, String> {
        let context = context(setup.certificate, v13, GROUPS);
        let made = context.and_then(|context| Self::start(&context, setup.role, setup.mtu));
        made.map_err(|error| format!("BoringSSL: {error}"))
    }

    /// One end that has sent nothing yet.
    pub fn start(context: &SslContext, role: Role, mtu: Option<usize>) -> Result<Self, ErrorStack> {
        let mut ssl = Ssl::new(context)?;
        ssl.set_mtu(mtu.unwrap_or(1200) as u32)?;
        // SAFETY: the pointer is that of a live SSL object.
        unsafe { boring_sys::DTLSv1_set_initial_timeout_duration(ssl.as_ptr(), FIRST_TIMEOUT) };
        let stream = SslStream::new(ssl, Wire::default())?;
        Ok(Self { stream, role, connected: false, data: Vec::new(), waiting: VecDeque::new() })
    }

    /// The datagram in which this data goes out, once connected.
    pub fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        self.stream.ssl_write(data).expect("connected");
        self.stream.get_mut().sent.pop().expect("one record")
    }

    /// How much data is in a datagram; the data goes into `buffer`.
    pub fn open(&mut self, datagram: Vec<u8>, buffer: &mut [u8]) -> usize {
        self.stream.get_mut().arrived.push_back(datagram);
        self.stream.ssl_read(buffer).expect("a good record")
    }
}

impl Peer for Boring {
    fn take(&mut self, datagram: &[u8]) {
        self.stream.get_mut().arrived.push_back(datagram.to_vec());
    }

    fn drive(&mut self) -> Result<Vec<Vec<u8>>, String> {
        // SAFETY: the pointer is that of a live SSL object.
        unsafe { boring_sys::DTLSv1_handle_timeout(self.stream.ssl().as_ptr()) };
        if !self.connected {
            let done = match self.role {
                Role::Client => self.stream.connect(),
                Role::Server => self.stream.accept(),
            };
            match done {
                Ok(()) => self.connected = true,
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                Err(error) => return Err(format!("BoringSSL gave up: {error}")),
            }
        }
        if self.connected {
            while let Some(data) = self.waiting.pop_front() {
                self.stream
                    .ssl_write(data.as_bytes())
                    .map_err(|error| format!("BoringSSL cannot send: {error}"))?;
            }
            let mut buffer = [0; 2048];
            loop {
                match self.stream.ssl_read(&mut buffer) {
                    Ok(len) => self.data.extend(&buffer[..len]),
                    Err(error) if error.code() == ErrorCode::WANT_READ => break,
                    Err(error) => return Err(format!("BoringSSL gave up after the handshake: {error}")),
                }
            }
        }
        Ok(std::mem::take(&mut self.stream.get_mut().sent))
    }

    fn is_connected(&self) -> bool {
        self.connected
    }

    fn send(&mut self, data: &str) {
        self.waiting.push_back(data.into());
    }

    fn has(&self, data: &str) -> bool {
        self.data.windows(data.len()).any(|window| window == data.as_bytes())
    }

    fn exported(&self) -> Option<Vec<u8>> {
        let mut keys = vec![0; 56];
        self.stream.ssl().export_keying_material(&mut keys, LABEL, None).ok()?;
        self.stream.ssl().selected_srtp_profile()?;
        Some(keys)
    }
}
