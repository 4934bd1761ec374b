//! A UDP socket that sends trains of datagrams in one call (GSO) and receives many at once (GRO).

use quinn_udp::{EcnCodepoint, RecvMeta, UdpSockRef, UdpSocketState};
use siskin_base::{Ecn, Transmit};
use socket2::{Domain, SockAddr, Type};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;

/// Kernel buffer sizes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSizes {
    /// For datagrams that wait to be read.
    pub receive: usize,
    /// For datagrams that wait to be sent.
    pub send: usize,
}

/// A socket on one local address.
pub(crate) struct Socket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    granted: BufferSizes,
}

impl Socket {
    /// Opens a socket on `local` and asks for kernel buffers of the sizes `asked`; the kernel may grant less.
    pub(crate) fn bind(local: SocketAddr, asked: BufferSizes) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(local), Type::DGRAM, None)?;
        if local.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::from(local))?;
        // Refusal is no failure: what was granted is read back.
        let _ = socket.set_recv_buffer_size(asked.receive);
        let _ = socket.set_send_buffer_size(asked.send);
        let granted = BufferSizes { receive: socket.recv_buffer_size()?, send: socket.send_buffer_size()? };
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        leave_out_destination(&socket, local);
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        Ok(Self { local: io.local_addr()?, io, state, granted })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// What the kernel granted. Linux reports twice what may hold data.
    pub(crate) fn granted(&self) -> BufferSizes {
        self.granted
    }

    /// Most datagrams that one call sends.
    pub(crate) fn max_train(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Reads what waits, at most one batch, into `buffers`. Ready with 0 if it only thought that something waits.
    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut RecvBuffers,
    ) -> Poll<io::Result<usize>> {
        ready!(self.io.poll_recv_ready(cx))?;
        let read = self.io.try_io(Interest::READABLE, || {
            buffers.fill(|slices, meta| self.state.recv(UdpSockRef::from(&self.io), slices, meta))
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Ready(Ok(0)),
            read => Poll::Ready(read),
        }
    }

    /// Sends the train `bytes` as `transmit` says. `WouldBlock` means: nothing was sent, wait for
    /// [`poll_writable`](Self::poll_writable).
    pub(crate) fn try_send(&self, transmit: &Transmit, bytes: &[u8]) -> io::Result<()> {
        let segment_size = transmit.segment_size.map(|size| usize::from(size.get()));
        self.io.try_io(Interest::WRITABLE, || {
            self.state.try_send(
                UdpSockRef::from(&self.io),
                &quinn_udp::Transmit {
                    destination: transmit.path.remote,
                    ecn: to_codepoint(transmit.ecn),
                    contents: bytes,
                    segment_size,
                    src_ip: None,
                },
            )
        })
    }

    /// Wakes when the socket takes datagrams again.
    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_send_ready(cx)
    }
}

/// Memory for one batch of received datagrams, shared by all sockets of an endpoint.
pub(crate) struct RecvBuffers {
    bytes: Vec<u8>,
    meta: [RecvMeta; BATCH],
}

/// Reads in one call; each may hold a whole train.
const BATCH: usize = if quinn_udp::BATCH_SIZE < 8 { quinn_udp::BATCH_SIZE } else { 8 };
/// A train as the kernel hands it over is never longer than a UDP datagram may be.
const SLOT: usize = 65_536;

impl RecvBuffers {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; BATCH * SLOT], meta: [RecvMeta::default(); BATCH] }
    }

    fn fill(
        &mut self,
        read: impl FnOnce(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut slots = self.bytes.chunks_exact_mut(SLOT);
        let mut slices: [IoSliceMut<'_>; BATCH] =
            std::array::from_fn(|_| IoSliceMut::new(slots.next().unwrap_or_default()));
        read(&mut slices, &mut self.meta)
    }

    /// The datagrams of the first `count` reads, each with what is known about it.
    pub(crate) fn datagrams(&mut self, count: usize) -> impl Iterator<Item = (RecvMeta, &mut [u8])> {
        self.bytes.chunks_exact_mut(SLOT).zip(&self.meta).take(count).flat_map(|(slot, meta)| {
            let train = slot.get_mut(..meta.len).unwrap_or_default();
            let stride = if meta.stride == 0 { SLOT } else { meta.stride };
            train.chunks_mut(stride).map(|datagram| (*meta, datagram))
        })
    }
}

/// Tells the kernel not to report each datagram's destination, which is known: the socket is bound to one address.
///
/// quinn-udp 0.6.3 asks for it, and also for the receive time, the train's stride and the ECN mark, but has room for 96
/// bytes of the 112 (IPv6: 120) that these take together, so that the mark of every train was lost.
#[cfg(target_os = "linux")]
fn leave_out_destination(socket: &socket2::Socket, local: SocketAddr) {
    use nix::sys::socket::{setsockopt, sockopt};
    let done = match local {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &false),
        SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &false),
    };
    if let Err(error) = done {
        tracing::debug!(%error, "ECN marks of trains will be lost");
    }
}

#[cfg(not(target_os = "linux"))]
fn leave_out_destination(_: &socket2::Socket, _: SocketAddr) {}

pub(crate) fn from_codepoint(ecn: Option<EcnCodepoint>) -> Ecn {
    match ecn {
        None => Ecn::NotEct,
        Some(EcnCodepoint::Ect0) => Ecn::Ect0,
        Some(EcnCodepoint::Ect1) => Ecn::Ect1,
        Some(EcnCodepoint::Ce) => Ecn::Ce,
    }
}

fn to_codepoint(ecn: Ecn) -> Option<EcnCodepoint> {
    match ecn {
        Ecn::NotEct => None,
        Ecn::Ect0 => Some(EcnCodepoint::Ect0),
        Ecn::Ect1 => Some(EcnCodepoint::Ect1),
        Ecn::Ce => Some(EcnCodepoint::Ce),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siskin_base::{BaseId, Path};
    use std::future::poll_fn;
    use std::num::NonZeroU16;

    const BUFFERS: BufferSizes = BufferSizes { receive: 1 << 20, send: 1 << 20 };

    fn loopback() -> Socket {
        Socket::bind("127.0.0.1:0".parse().unwrap(), BUFFERS).unwrap()
    }

    async fn receive(socket: &Socket, want: usize) -> Vec<(Ecn, SocketAddr, Vec<u8>)> {
        let mut buffers = RecvBuffers::new();
        let mut all = Vec::new();
        while all.len() < want {
            let count = poll_fn(|cx| socket.poll_recv(cx, &mut buffers)).await.unwrap();
            let read = buffers.datagrams(count);
            all.extend(read.map(|(meta, bytes)| (from_codepoint(meta.ecn), meta.addr, bytes.to_vec())));
        }
        all
    }

    #[tokio::test]
    async fn a_train_arrives_as_datagrams() {
        let (a, b) = (loopback(), loopback());
        poll_fn(|cx| a.poll_writable(cx)).await.unwrap();
        let train: Vec<u8> = (0..10 * 1_000 + 7).map(|i| (i / 1_000) as u8).collect();
        let path = Path::udp(BaseId(0), b.local());
        let mut transmit = Transmit { path, ecn: Ecn::Ect1, segment_size: NonZeroU16::new(1_000) };
        if a.max_train() >= 11 {
            a.try_send(&transmit, &train).unwrap();
        } else {
            transmit.segment_size = None;
            train.chunks(1_000).for_each(|datagram| a.try_send(&transmit, datagram).unwrap());
        }
        let got = receive(&b, 11).await;
        assert_eq!(got.len(), 11);
        for (i, (ecn, from, bytes)) in got.iter().enumerate() {
            assert_eq!(bytes.len(), if i == 10 { 7 } else { 1_000 });
            assert!(bytes.iter().all(|byte| usize::from(*byte) == i));
            assert_eq!((*ecn, *from), (Ecn::Ect1, a.local()));
        }
    }

    #[tokio::test]
    async fn the_grant_is_recorded() {
        let socket = loopback();
        assert!(socket.granted().receive > 0 && socket.granted().send > 0);
    }

    #[tokio::test]
    async fn a_port_in_use_says_so() {
        let socket = loopback();
        let again = Socket::bind(socket.local(), BUFFERS).err().unwrap();
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    }
}
