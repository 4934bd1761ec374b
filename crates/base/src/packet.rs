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
    /// Set while a further datagram of a train is written.
    room: Option<usize>,
}

impl Packet {
    /// An empty packet that has allocated nothing.
    #[inline]
    pub const fn new() -> Self {
        Self { buf: Vec::new(), finished: 0, start: 0, room: None }
    }

    /// Forgets everything and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.buf.clear();
        self.finished = 0;
        self.start = 0;
        self.room = None;
    }

    /// Starts a datagram with `head_room` bytes for the headers of lower layers; drops an unfinished one.
    #[inline]
    pub fn begin(&mut self, head_room: usize) {
        self.buf.truncate(self.finished);
        self.start = self.finished + head_room;
        self.room = None;
        self.buf.resize(self.start, 0);
    }

    /// As [`begin`](Self::begin), for a further datagram of a train, which may not be longer than the first: whoever writes
    /// the payload has `room` bytes for it, and leaves what does not fit whole to the next train.
    #[inline]
    pub fn begin_next(&mut self, head_room: usize, room: usize) {
        self.begin(head_room);
        self.room = Some(room);
    }

    /// How long the payload may be, if [`begin_next`](Self::begin_next) said so.
    #[inline]
    pub fn room(&self) -> Option<usize> {
        self.room
    }

    /// Drops the datagram being written.
    #[inline]
    pub fn cancel(&mut self) {
        self.buf.truncate(self.finished);
        self.start = self.finished;
    }

    /// Ends the datagram being written and gives its length. Head room that nobody used is closed up.
    #[inline]
    pub fn finish(&mut self) -> usize {
        let len = self.current_len();
        if self.start > self.finished {
            self.close_up(len);
        }
        self.finished = self.buf.len();
        self.start = self.finished;
        self.room = None;
        len
    }

    #[inline(never)]
    fn close_up(&mut self, len: usize) {
        self.buf.copy_within(self.start.., self.finished);
        self.buf.truncate(self.finished + len);
    }

    /// Takes `len` bytes of head room for a header in front; `None` if less is left.
    #[inline]
    pub fn prepend(&mut self, len: usize) -> Option<&mut [u8]> {
        let start = self.start.checked_sub(len).filter(|start| *start >= self.finished)?;
        let end = core::mem::replace(&mut self.start, start);
        self.buf.get_mut(start..end)
    }

    /// Adds `bytes` behind.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    /// [`prepend`](Self::prepend) and [`append`](Self::append) in one: what was put in front, and all that is behind it. `None`,
    /// and nothing changes, if less than `front` bytes of head room are left.
    ///
    /// ```
    /// # use siskin_base::Packet;
    /// let mut packet = Packet::new();
    /// packet.begin(2);
    /// packet.append(b"payload");
    /// let (head, body) = packet.enclose(2, *b" end").unwrap();
    /// head.copy_from_slice(b"h:");
    /// assert_eq!(body, b"payload end");
    /// assert!(packet.enclose(1, *b"more").is_none());
    /// packet.finish();
    /// assert_eq!(packet.as_bytes(), b"h:payload end");
    /// ```
    // Inlined: then `behind` is written where it belongs, and not copied there.
    #[inline(always)]
    pub fn enclose<const N: usize>(
        &mut self,
        front: usize,
        behind: [u8; N],
    ) -> Option<(&mut [u8], &mut [u8])> {
        if self.head_room() < front {
            return None;
        }
        self.append(&behind);
        self.start -= front;
        // One comparison instead of one for each who takes a part.
        let whole = self.buf.get_mut(self.start..).filter(|whole| whole.len() >= front + N)?;
        whole.split_at_mut_checked(front)
    }

    /// Bytes in the datagram being written.
    #[inline]
    pub const fn current_len(&self) -> usize {
        self.buf.len() - self.start
    }

    /// The datagram being written.
    #[inline]
    pub fn current(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }

    /// The datagram being written, to be encrypted where it is.
    #[inline]
    pub fn current_mut(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.start..).unwrap_or_default()
    }

    /// Cuts the datagram being written to `len` bytes; does nothing if it is shorter.
    pub fn truncate(&mut self, len: usize) {
        self.buf.truncate(self.start + len);
    }

    /// The buffer behind, for a writer that appends: it must only grow.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// Head room left in front of the datagram being written, in bytes.
    #[inline]
    pub fn head_room(&self) -> usize {
        self.start - self.finished
    }

    /// All finished datagrams, one behind the other.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.buf.get(..self.finished).unwrap_or_default()
    }

    /// Bytes in finished datagrams.
    #[inline]
    pub fn len(&self) -> usize {
        self.finished
    }

    /// Whether no datagram is finished.
    #[inline]
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
    fn only_a_further_datagram_has_a_limit() {
        let mut packet = Packet::new();
        packet.begin(1);
        assert_eq!(packet.room(), None);
        packet.append(b"first");
        packet.finish();
        packet.begin_next(1, 5);
        assert_eq!(packet.room(), Some(5));
        packet.cancel();
        packet.begin(1);
        assert_eq!(packet.room(), None);
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
