//! Packets of every suite, protected and unprotected.

use alloc::vec;
use siskin_base::Packet;
use siskin_srtp::{Config, Cryptex, Key, Receiver, Sender, Suite};

/// `None` if one does not come out as it went in, or comes out twice.
pub(super) fn protects() -> Option<()> {
    let provider = siskin_crypto::rustcrypto();
    let config = Config { cryptex: Cryptex::On, ..Config::small() };
    let rtp = [0x81, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, b'h', b'i'];
    for suite in Suite::ALL {
        let (key, salt) = (vec![1; suite.key_len()], vec![2; suite.salt_len()]);
        let key = Key::derive(&provider, suite, &key, &salt).ok()?;
        let mut sender = Sender::new(&provider, suite, &key, &config).ok()?;
        let mut receiver = Receiver::new(&provider, suite, &[key], &config).ok()?;
        let mut packet = Packet::new();
        packet.begin(0);
        packet.append(&rtp);
        sender.protect_rtp(&mut packet).ok()?;
        packet.finish();
        let mut datagram = packet.as_bytes().to_vec();
        let mut again = datagram.clone();
        let len = receiver.unprotect_rtp(&mut datagram).ok()?;
        let fine = datagram.get(..len)?.ends_with(b"hi") && receiver.unprotect_rtp(&mut again).is_err();
        if !fine {
            return None;
        }
    }
    Some(())
}
