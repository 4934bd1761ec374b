//! What the machine can do at most: sealed datagrams over loopback, in trains (GSO, GRO), with nothing above them.

use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use siskin_crypto::AeadKey;
use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

const SEGMENT: usize = 1200;
/// DTLS's header, explicit nonce and tag around a record, and the headers of an SCTP packet and its DATA chunk.
const OVERHEAD: usize = 13 + 8 + 16 + 12 + 16;
const SEGMENTS: usize = 40;

/// Sends and receives so many bytes of payload, sealed and opened with AES-128-GCM.
pub fn transfer(bytes: usize) {
    let (from, to) = (socket(), socket());
    let destination = to.0.local_addr().expect("bound");
    let datagrams = bytes.div_ceil(SEGMENT - OVERHEAD);
    let (received, credits) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || receive(to, datagrams, received));
        let (socket, state) = from;
        let key = key();
        let mut train = vec![7; SEGMENT * SEGMENTS];
        let (mut sent, mut in_flight) = (0, 0);
        while sent < datagrams {
            // Two trains on the way, which fit into the receiver's buffer.
            while in_flight > SEGMENTS {
                in_flight -= credits.recv().expect("nothing was lost");
            }
            let count = SEGMENTS.min(datagrams - sent);
            let bytes = &mut train[..count * SEGMENT];
            for (number, datagram) in bytes.chunks_exact_mut(SEGMENT).enumerate() {
                let nonce = nonce((sent + number) as u64);
                datagram[..8].copy_from_slice(&nonce[4..]);
                let (payload, end) = datagram.split_at_mut(SEGMENT - 16);
                let tag = key.seal(&nonce, &[0; 13], &mut payload[8..]).expect("short");
                end.copy_from_slice(tag.as_ref());
            }
            let transmit = Transmit {
                destination,
                ecn: None,
                contents: bytes,
                segment_size: Some(SEGMENT),
                src_ip: None,
            };
            state.try_send(UdpSockRef::from(&socket), &transmit).expect("loopback takes it");
            sent += count;
            in_flight += count;
        }
    });
}

/// A socket that blocks, for a second at most.
fn socket() -> (UdpSocket, UdpSocketState) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("loopback is there");
    let state = UdpSocketState::new(UdpSockRef::from(&socket)).expect("a socket");
    socket.set_nonblocking(false).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket");
    (socket, state)
}

fn receive((socket, state): (UdpSocket, UdpSocketState), datagrams: usize, received: Sender<usize>) {
    let key = key();
    let mut buffer = vec![0; 1 << 16];
    let mut meta = [RecvMeta::default()];
    let mut count = 0;
    while count < datagrams {
        let read = state.recv(UdpSockRef::from(&socket), &mut [IoSliceMut::new(&mut buffer)], &mut meta);
        read.expect("nothing was lost");
        let RecvMeta { len, stride, .. } = meta[0];
        for datagram in buffer[..len].chunks_exact_mut(stride) {
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&datagram[..8]);
            let (payload, tag) = datagram[8..].split_at_mut(SEGMENT - 8 - 16);
            let tag = (&*tag).try_into().expect("16 bytes");
            key.open(&nonce, &[0; 13], payload, tag).expect("authentic");
        }
        count += len / stride;
        // Who has sent all listens no longer.
        let _ = received.send(len / stride);
    }
}

fn key() -> Box<dyn AeadKey> {
    siskin_crypto::ring().aes128gcm.key(&[1; 16]).expect("16 bytes")
}

fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    nonce
}
