//! Attributes as type, length and value (RFC 8489 §14).

use siskin_base::wire::Reader;

siskin_base::code_points! {
    /// The IANA registry "STUN Attributes", and those that vendors use without an entry there.
    pub struct AttributeType(u16) {
        MAPPED_ADDRESS = 0x0001,
        CHANGE_REQUEST = 0x0003,
        USERNAME = 0x0006,
        MESSAGE_INTEGRITY = 0x0008,
        ERROR_CODE = 0x0009,
        UNKNOWN_ATTRIBUTES = 0x000a,
        CHANNEL_NUMBER = 0x000c,
        LIFETIME = 0x000d,
        XOR_PEER_ADDRESS = 0x0012,
        DATA = 0x0013,
        REALM = 0x0014,
        NONCE = 0x0015,
        XOR_RELAYED_ADDRESS = 0x0016,
        REQUESTED_ADDRESS_FAMILY = 0x0017,
        EVEN_PORT = 0x0018,
        REQUESTED_TRANSPORT = 0x0019,
        DONT_FRAGMENT = 0x001a,
        MESSAGE_INTEGRITY_SHA256 = 0x001c,
        PASSWORD_ALGORITHM = 0x001d,
        USERHASH = 0x001e,
        XOR_MAPPED_ADDRESS = 0x0020,
        RESERVATION_TOKEN = 0x0022,
        PRIORITY = 0x0024,
        USE_CANDIDATE = 0x0025,
        PADDING = 0x0026,
        RESPONSE_PORT = 0x0027,
        CONNECTION_ID = 0x002a,
        ADDITIONAL_ADDRESS_FAMILY = 0x8000,
        ADDRESS_ERROR_CODE = 0x8001,
        PASSWORD_ALGORITHMS = 0x8002,
        ALTERNATE_DOMAIN = 0x8003,
        ICMP = 0x8004,
        SOFTWARE = 0x8022,
        ALTERNATE_SERVER = 0x8023,
        TRANSACTION_TRANSMIT_COUNTER = 0x8025,
        FINGERPRINT = 0x8028,
        ICE_CONTROLLED = 0x8029,
        ICE_CONTROLLING = 0x802a,
        RESPONSE_ORIGIN = 0x802b,
        OTHER_ADDRESS = 0x802c,
        THIRD_PARTY_AUTHORIZATION = 0x802e,
        MOBILITY_TICKET = 0x8030,
        /// A counter that makes the latest nomination win (draft-thatcher-ice-renomination).
        NOMINATION = 0xc001,
        /// The network's id and cost, from libwebrtc.
        GOOG_NETWORK_INFO = 0xc057,
        GOOG_LAST_ICE_CHECK_RECEIVED = 0xc058,
        GOOG_MISC_INFO = 0xc059,
        GOOG_OBSOLETE_1 = 0xc05a,
        GOOG_CONNECTION_ID = 0xc05b,
        GOOG_DELTA = 0xc05c,
        GOOG_DELTA_ACK = 0xc05d,
        GOOG_DELTA_SYNC_REQ = 0xc05e,
        GOOG_MESSAGE_INTEGRITY_32 = 0xc060,
        /// A piece of a DTLS flight (draft-hancke-webrtc-sped).
        DTLS_IN_STUN = 0xc070,
        /// Which pieces arrived (draft-hancke-webrtc-sped).
        DTLS_IN_STUN_ACK = 0xc071,
    }
}

impl AttributeType {
    /// Whether a receiver that does not know it must refuse the message (RFC 8489 §14: below 0x8000).
    pub const fn is_comprehension_required(self) -> bool {
        self.0 < 0x8000
    }
}

/// One attribute as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// What it is.
    pub kind: AttributeType,
    /// Its value without padding.
    pub value: &'a [u8],
}

/// Attributes in their order, read where they lie.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    reader: Reader<'a>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes) }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let kind = AttributeType(self.reader.u16().ok()?);
        let value = self.reader.vec16().ok()?;
        self.reader.take(padding(value.len())).ok()?;
        Some(Attribute { kind, value })
    }
}

/// Bytes behind a value of `len` bytes up to the next multiple of four.
pub(super) const fn padding(len: usize) -> usize {
    len.wrapping_neg() % 4
}
