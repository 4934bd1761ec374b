#![doc = include_str!("../README.md")]

use std::ffi::{c_int, c_uchar, c_uint, c_ulong, c_void};
use std::ptr::NonNull;
use std::sync::Once;

// Linked for its symbols only.
use aws_lc_sys as _;

unsafe extern "C" {
    fn srtp_init() -> c_int;
    fn srtp_dealloc(session: *mut c_void) -> c_int;
    fn srtp_protect_mki(
        s: *mut c_void,
        packet: *mut c_void,
        len: *mut c_int,
        use_mki: c_uint,
        key: c_uint,
    ) -> c_int;
    fn srtp_protect_rtcp_mki(
        s: *mut c_void,
        packet: *mut c_void,
        len: *mut c_int,
        use_mki: c_uint,
        key: c_uint,
    ) -> c_int;
    fn srtp_unprotect_mki(s: *mut c_void, packet: *mut c_void, len: *mut c_int, use_mki: c_uint) -> c_int;
    fn srtp_unprotect_rtcp_mki(
        s: *mut c_void,
        packet: *mut c_void,
        len: *mut c_int,
        use_mki: c_uint,
    ) -> c_int;
    fn shim_new(
        suite: c_int,
        outbound: c_int,
        keys: *mut *mut c_uchar,
        mkis: *mut *mut c_uchar,
        key_count: c_int,
        mki_len: c_int,
        window: c_ulong,
        ids: *mut c_int,
        id_count: c_int,
    ) -> *mut c_void;
}

/// What a session is made from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The place in `siskin_srtp::Suite::ALL`.
    pub suite: usize,
    /// Whether it protects; otherwise it unprotects.
    pub outbound: bool,
    /// Master key and salt in one, and the identifier: empty, or of one length.
    pub keys: Vec<(Vec<u8>, Vec<u8>)>,
    /// Packets that the replay window spans.
    pub window: u16,
    /// Ids of header extensions that are encrypted (RFC 6904).
    pub encrypted_extensions: Vec<u8>,
}

/// A libsrtp session.
#[derive(Debug)]
pub struct Session {
    context: NonNull<c_void>,
    use_mki: bool,
}

/// A status of libsrtp: 7 is a failed authentication, 9 a replay, 10 one that is too old to tell, 25 an unknown key.
pub type Status = i32;

/// The most that protection adds: what libsrtp asks to be free behind a packet.
pub const MAX_OVERHEAD: usize = 4 + 16 + 128;

static START: Once = Once::new();

impl Session {
    /// `None` if libsrtp will not have it.
    pub fn new(config: &Config) -> Option<Self> {
        // SAFETY: it takes no arguments, and `Once` keeps it from running twice or at the same time.
        START.call_once(|| assert_eq!(unsafe { srtp_init() }, 0));
        let (mut keys, mut mkis): (Vec<_>, Vec<_>) = config.keys.iter().cloned().unzip();
        let mki_len = mkis.first().map_or(0, Vec::len);
        let same = mkis.iter().all(|mki| mki.len() == mki_len) && keys.len() <= 8 && !keys.is_empty();
        let long = keys.iter().all(|key| key.len() >= 46 - 18);
        if !same || !long {
            return None;
        }
        // libsrtp reads as much of a key as its suite needs, which is 46 bytes at most.
        keys.iter_mut().for_each(|key| key.resize(key.len().max(46), 0));
        let mut key_pointers: Vec<_> = keys.iter_mut().map(|key| key.as_mut_ptr()).collect();
        let mut mki_pointers: Vec<_> = mkis.iter_mut().map(|mki| mki.as_mut_ptr()).collect();
        let mut ids: Vec<c_int> = config.encrypted_extensions.iter().map(|id| (*id).into()).collect();
        // SAFETY: each pointer is to as many elements as the count behind says, keys are as long as any suite needs, and
        // libsrtp copies all of it before it returns.
        let context = unsafe {
            shim_new(
                config.suite as c_int,
                config.outbound.into(),
                key_pointers.as_mut_ptr(),
                mki_pointers.as_mut_ptr(),
                config.keys.len() as c_int,
                mki_len as c_int,
                config.window.into(),
                ids.as_mut_ptr(),
                ids.len() as c_int,
            )
        };
        Some(Self { context: NonNull::new(context)?, use_mki: mki_len > 0 })
    }

    /// Protects the RTP packet in the first `len` bytes of `buffer`, with the key of that number.
    #[inline]
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize, key: u32) -> Result<usize, Status> {
        self.protect(buffer, len, key, srtp_protect_mki)
    }

    /// The same for RTCP.
    #[inline]
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize, key: u32) -> Result<usize, Status> {
        self.protect(buffer, len, key, srtp_protect_rtcp_mki)
    }

    /// Unprotects an SRTP packet where it is.
    #[inline]
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Status> {
        self.unprotect(packet, srtp_unprotect_mki)
    }

    /// The same for SRTCP.
    #[inline]
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Status> {
        self.unprotect(packet, srtp_unprotect_rtcp_mki)
    }

    #[inline]
    fn protect(
        &mut self,
        buffer: &mut [u8],
        len: usize,
        key: u32,
        with: unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int, c_uint, c_uint) -> c_int,
    ) -> Result<usize, Status> {
        assert!(buffer.len() >= len + MAX_OVERHEAD && len < 1 << 20);
        let mut len = len as c_int;
        let packet = buffer.as_mut_ptr().cast();
        // SAFETY: the session lives, and behind the packet there is as much room as libsrtp asks for.
        let status = unsafe { with(self.context.as_ptr(), packet, &mut len, self.use_mki.into(), key) };
        if status == 0 { Ok(len as usize) } else { Err(status) }
    }

    #[inline]
    fn unprotect(
        &mut self,
        packet: &mut [u8],
        with: unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int, c_uint) -> c_int,
    ) -> Result<usize, Status> {
        assert!(packet.len() < 1 << 20);
        let mut len = packet.len() as c_int;
        let packet = packet.as_mut_ptr().cast();
        // SAFETY: the session lives, and `len` is the packet's.
        let status = unsafe { with(self.context.as_ptr(), packet, &mut len, self.use_mki.into()) };
        if status == 0 { Ok(len as usize) } else { Err(status) }
    }
}

// SAFETY: libsrtp keeps nothing of a session outside of it, and `&mut self` lets one thread in at a time.
unsafe impl Send for Session {}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session lives until here, and nobody has it any more.
        unsafe { srtp_dealloc(self.context.as_ptr()) };
    }
}
