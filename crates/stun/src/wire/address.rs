//! MAPPED-ADDRESS and the exclusive-or addresses (RFC 8489 §14.1, §14.2; RFC 8656 §18.3, §18.5; RFC 5780 §7.3, §7.4).

use super::{AttributeType, Builder, MAGIC_COOKIE, Message};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use siskin_base::wire::{Reader, Writer as _};

const IPV4: u8 = 1;
const IPV6: u8 = 2;

impl Message<'_> {
    /// XOR-MAPPED-ADDRESS: where the server saw the request come from.
    pub fn xor_mapped_address(&self) -> Option<SocketAddr> {
        self.xor_address(AttributeType::XOR_MAPPED_ADDRESS)
    }

    /// The address in an attribute that is obscured with the magic cookie and the transaction id.
    pub fn xor_address(&self, kind: AttributeType) -> Option<SocketAddr> {
        parse(self.get(kind)?).map(|address| xor(address, self.transaction_id().0))
    }

    /// The address in an attribute that holds it plainly, such as MAPPED-ADDRESS or OTHER-ADDRESS.
    pub fn plain_address(&self, kind: AttributeType) -> Option<SocketAddr> {
        parse(self.get(kind)?)
    }
}

impl Builder<'_> {
    /// Appends XOR-MAPPED-ADDRESS.
    pub fn xor_mapped_address(self, address: SocketAddr) -> Self {
        self.xor_address(AttributeType::XOR_MAPPED_ADDRESS, address)
    }

    /// Appends an address obscured with the magic cookie and the transaction id.
    pub fn xor_address(self, kind: AttributeType, address: SocketAddr) -> Self {
        let id = self.id();
        self.plain_address(kind, xor(address, id))
    }

    /// Appends an address plainly.
    pub fn plain_address(self, kind: AttributeType, address: SocketAddr) -> Self {
        self.attribute_with(kind, |out| {
            out.put_u8(0);
            match address.ip() {
                IpAddr::V4(ip) => {
                    out.put_u8(IPV4);
                    out.put_u16(address.port());
                    out.put(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    out.put_u8(IPV6);
                    out.put_u16(address.port());
                    out.put(&ip.octets());
                }
            }
        })
    }
}

fn parse(value: &[u8]) -> Option<SocketAddr> {
    let mut r = Reader::new(value);
    // RFC 8489 §14.1: the first byte is zero and ignored by receivers.
    let _zero = r.u8().ok()?;
    let family = r.u8().ok()?;
    let port = r.u16().ok()?;
    let ip = match family {
        IPV4 => IpAddr::from(r.array::<4>().ok()?),
        IPV6 => IpAddr::from(r.array::<16>().ok()?),
        _ => return None,
    };
    r.is_empty().then_some(SocketAddr::new(ip, port))
}

fn xor(address: SocketAddr, id: [u8; 12]) -> SocketAddr {
    let [a, b, c, d] = MAGIC_COOKIE.to_be_bytes();
    let port = address.port() ^ u16::from_be_bytes([a, b]);
    let mut mask = [0; 16];
    mask.iter_mut().zip([a, b, c, d].iter().chain(&id)).for_each(|(to, from)| *to = *from);
    let ip = match address.ip() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ MAGIC_COOKIE)),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ u128::from_be_bytes(mask))),
    };
    SocketAddr::new(ip, port)
}
