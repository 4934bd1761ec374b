//! OpenSSL, which has the names of BoringSSL's functions and cannot be linked beside it.

use super::Stack;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion};
use siskin_crypto::Certificate;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

/// The system's OpenSSL, which has DTLS 1.2 only.
pub struct OpenSsl(SslContext);

/// Datagrams both ways.
#[derive(Debug, Default)]
pub struct Wire {
    arrived: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
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
        self.sent.push_back(datagram.to_vec());
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl OpenSsl {
    /// With X25519.
    pub fn new(certificate: &Certificate) -> Self {
        let mut context = SslContext::builder(SslMethod::dtls()).expect("memory");
        let made = (|| {
            context.set_min_proto_version(Some(SslVersion::DTLS1_2))?;
            context.set_groups_list("X25519:P-256")?;
            let key = openssl::pkey::PKey::private_key_from_pkcs8(certificate.private_key_der())?;
            context.set_certificate(&*openssl::x509::X509::from_der(certificate.der())?)?;
            context.set_private_key(&*key)
        })();
        made.expect("a sound configuration");
        context.set_options(SslOptions::NO_QUERY_MTU | SslOptions::NO_TICKET);
        context.set_verify_callback(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, |_, _| true);
        Self(context.build())
    }
}

impl Stack for OpenSsl {
    type End = SslStream<Wire>;

    fn connect(&self) -> [SslStream<Wire>; 2] {
        let mut ends = [(); 2].map(|()| {
            let mut ssl = Ssl::new(&self.0).expect("memory");
            ssl.set_mtu(1200).expect("enough");
            SslStream::new(ssl, Wire::default()).expect("memory")
        });
        let mut connected = [false; 2];
        for turn in 0..12 {
            let which = turn % 2;
            let done = if which == 0 { ends[0].connect() } else { ends[1].accept() };
            connected[which] |= done.is_ok();
            let sent = std::mem::take(&mut ends[which].get_mut().sent);
            ends[1 - which].get_mut().arrived.extend(sent);
        }
        assert_eq!(connected, [true; 2]);
        ends
    }

    fn seal(end: &mut SslStream<Wire>, data: &[u8]) -> Vec<u8> {
        end.ssl_write(data).expect("connected");
        end.get_mut().sent.pop_front().expect("one record")
    }

    fn open(end: &mut SslStream<Wire>, datagram: Vec<u8>, buffer: &mut [u8]) -> usize {
        end.get_mut().arrived.push_back(datagram);
        end.ssl_read(buffer).expect("a good record")
    }
}
