//! What the program does: something real with each crate.

mod cc;
mod datachannel;
mod dtls;
mod ice;
mod peer;
mod rtp;
mod srtp;

use alloc::string::ToString as _;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};
use siskin_base::{Rng, checksum};
use siskin_sdp::{Limits, Session};
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Builder, Class, Message, Method, TransactionId};

/// Whether all was as it should be.
type Check = fn() -> bool;

/// Every check, by the crate it is about.
pub(crate) const ALL: &[(&str, Check)] = &[
    ("base", base),
    ("crypto", crypto),
    ("sdp", sdp),
    ("stun", stun),
    ("ice", || ice::connects().is_some()),
    ("dtls", || dtls::secures().is_some()),
    ("cc", || cc::grows().is_some()),
    ("rtp", || rtp::carries().is_some()),
    ("srtp", || srtp::protects().is_some()),
    ("sctp, datachannel", || datachannel::arrives().is_some()),
    ("peer", || peer::echoes().is_some()),
];

/// Lengths, bytes and a checksum.
fn base() -> bool {
    let mut out = Vec::new();
    out.put_u24(0x01_0203);
    let fits = out.put_prefixed(2, |out| out.put(&Rng::for_tests(1).bytes::<100>())).is_some();
    let mut reader = Reader::new(&out);
    fits && reader.u24() == Ok(0x01_0203)
        && reader.vec16().is_ok_and(|bytes| bytes.len() == 100)
        && checksum::crc32c(b"123456789") == 0xe306_9283
}

/// HMAC-SHA-256 of RFC 4231, test case 2, and a record sealed and opened, by the provider that needs no operating system.
fn crypto() -> bool {
    let provider = siskin_crypto::rustcrypto();
    let expected = [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e];
    let key = provider.sha256.hmac(b"Jefe");
    let signed = key.sign(&[b"what do ya want ", b"for nothing?"]).as_ref().starts_with(&expected);

    let mut record = *b"in place";
    let opened = provider.aes128gcm.key(&[0; 16]).and_then(|key| {
        let tag = key.seal(&[1; 12], b"header", &mut record)?;
        key.open(&[1; 12], b"header", &mut record, &tag)
    });
    signed && opened.is_ok() && &record == b"in place"
}

/// A description, and the same text back.
fn sdp() -> bool {
    const TEXT: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
        a=setup:actpass\r\na=sctp-port:5000\r\na=x-nobody-knows:this\r\n";
    Session::parse(TEXT, &Limits::default()).is_ok_and(|session| session.to_string() == TEXT)
}

/// A signed request, read and verified.
fn stun() -> bool {
    let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), "VOkJxbRl1RmTxUk/WvJxBt");
    let mut bytes = Vec::new();
    let built = Builder::new(&mut bytes, Class::Request, Method::BINDING, TransactionId([7; 12]))
        .username("evtj:h6vY")
        .integrity(&key)
        .fingerprint()
        .finish();
    built.is_some()
        && Message::parse(&bytes)
            .is_ok_and(|message| message.username() == Some("evtj:h6vY") && message.verify(&key))
}
