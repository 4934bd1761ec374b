//! The output buffer: each layer writes once, in place.

use alloc::vec::Vec;

/// An output buffer that holds finished datagrams and, behind them, the one that is being written.
///
/// The datagram being written keeps head room in front, into which lower layers put their headers with
/// [`prepend`](Self::prepend); trailers and tags go behind with [`append`](Self::append). Reuse one packet for a whole
/// connection: once grown, it allocates nothing.
///
/// ```
/// # use siskin_base::Packet;
/// let mut packet = Packet::new();
/// packet.begin(4);                                    // room for 4 bytes of headers
/// packet.append(b"payload");
/// packet.prepend(2).unwrap().copy_from_slice(b"h:");  // a lower layer's header
/// packet.finish();
/// assert_eq!(packet.as_bytes(), b"h:payload");
/// ```
#[derive(Debug, Default)]
pub struct Packet {
    buf: Vec<u8>,
    /// End of the finished datagrams.
    finished: usize,
    /// Start of the datagram being written; `finished..start` is head room.
    start: usize,
}

impl Packet {
    /// An empty packet that has allocated nothing.
    pub const fn new() -> Self {
        Self { buf: Vec::new(), finished: 0, start: 0 }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.buf.clear();
        self.finished = 0;
        self.start = 0;
    }

    /// Starts a datagram with `head_room` bytes for the headers of lower layers; drops an unfinished one.
    pub fn begin(&mut self, head_room: usize) {
        self.buf.truncate(self.finished);
        self.start = self.finished + head_room;
        self.buf.resize(self.start, 0);
    }

    /// Drops the datagram being written.
    pub fn cancel(&mut self) {
        self.buf.truncate(self.finished);
        self.start = self.finished;
    }

    /// Ends the datagram being written and gives its length. Head room that nobody used is closed up.
    pub fn finish(&mut self) -> usize {
        let len = self.buf.len() - self.start;
        if self.start > self.finished {
            self.buf.copy_within(self.start.., self.finished);
            self.buf.truncate(self.finished + len);
        }
        self.finished = self.buf.len();
        self.start = self.finished;
        len
    }

    /// Takes `len` bytes of head room for a header in front; `None` if less is left.
    pub fn prepend(&mut self, len: usize) -> Option<&mut [u8]> {
        let start = self.start.checked_sub(len).filter(|start| *start >= self.finished)?;
        let end = core::mem::replace(&mut self.start, start);
        self.buf.get_mut(start..end)
    }

    /// Adds `bytes` behind.
    pub fn append(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    /// The datagram being written.
    pub fn current(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }

    /// The datagram being written, to be encrypted where it is.
    pub fn current_mut(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.start..).unwrap_or_default()
    }

    /// Cuts the datagram being written to `len` bytes; does nothing if it is shorter.
    pub fn truncate(&mut self, len: usize) {
        self.buf.truncate(self.start + len);
    }

    /// The buffer behind, for a writer that appends: it must only grow.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// Head room left in front of the datagram being written, in bytes.
    pub fn head_room(&self) -> usize {
        self.start - self.finished
    }

    /// All finished datagrams, one behind the other.
    pub fn as_bytes(&self) -> &[u8] {
        self.buf.get(..self.finished).unwrap_or_default()
    }

    /// Bytes in finished datagrams.
    pub fn len(&self) -> usize {
        self.finished
    }

    /// Whether no datagram is finished.
    pub fn is_empty(&self) -> bool {
        self.finished == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_write_in_place() {
        let mut packet = Packet::new();
        for payload in [b"one", b"two"] {
            packet.begin(5);
            packet.append(payload);
            packet.prepend(2).unwrap().copy_from_slice(b"s:");
            packet.prepend(3).unwrap().copy_from_slice(b"dt:");
            packet.append(b"!and more");
            packet.truncate(9);
            assert_eq!(packet.finish(), 9);
        }
        assert_eq!(packet.as_bytes(), b"dt:s:one!dt:s:two!");
    }

    #[test]
    fn unused_head_room_is_closed_up() {
        let mut packet = Packet::new();
        packet.begin(0);
        packet.append(b"a");
        packet.finish();
        packet.begin(20);
        packet.append(b"b");
        assert!(packet.prepend(21).is_none());
        assert_eq!(packet.finish(), 1);
        assert_eq!(packet.as_bytes(), b"ab");
    }

    #[test]
    fn cancel_leaves_what_is_finished() {
        let mut packet = Packet::new();
        packet.begin(2);
        packet.append(b"kept");
        packet.finish();
        packet.begin(2);
        packet.append(b"dropped");
        packet.cancel();
        assert_eq!(packet.as_bytes(), b"kept");
        assert_eq!(packet.current(), b"");
    }
}
