//! Opening a record of DTLS 1.3's handshake with its key, and sealing it again with other contents (RFC 9147 §4).

use siskin_base::wire::Writer;
use siskin_crypto::Hkdf;

/// The first record, with its byte at `at` (in 256ths of its length) set to `value`; `None` if it is not of the handshake's epoch
/// or the keys do not fit.
pub(super) fn altered(datagram: &[u8], secret: &[u8], at: u8, value: u8) -> Option<Vec<u8>> {
    let first = *datagram.first()?;
    // A unified header without connection ID, of an epoch that ends in 2, with length.
    if first & 0xf7 != 0x26 {
        return None;
    }
    let numbers = if first & 8 == 0 { 1 } else { 2 };
    let header = 3 + numbers;
    let length = usize::from(u16::from_be_bytes([*datagram.get(1 + numbers)?, *datagram.get(2 + numbers)?]));
    let mut record = datagram.get(..header + length)?.to_vec();
    let rest = datagram.get(header + length..)?;

    let provider = siskin_crypto::rustcrypto();
    let hash = if secret.len() == 48 { provider.sha384 } else { provider.sha256 };
    let expand = |label: &str, out: &mut [u8]| {
        let mut info = Vec::new();
        info.put_u16(out.len() as u16);
        info.put_u8(6 + label.len() as u8);
        info.put(b"dtls13");
        info.put(label.as_bytes());
        info.put_u8(0);
        Hkdf::new(hash, secret).expand(&info, out).ok()
    };
    let (mut key, mut iv, mut number_key) = ([0; 16], [0; 12], [0; 16]);
    expand("key", &mut key)?;
    expand("iv", &mut iv)?;
    expand("sn", &mut number_key)?;
    let mask = provider.aes128gcm.mask_key(&number_key).ok()?;
    let key = provider.aes128gcm.key(&key).ok()?;

    let hide = |record: &mut [u8]| {
        let sample = <[u8; 16]>::try_from(record.get(header..header + 16)?).ok()?;
        let bytes = record.get_mut(1..1 + numbers)?.iter_mut().zip(mask.mask(&sample));
        bytes.for_each(|(byte, mask)| *byte ^= mask);
        Some(())
    };
    hide(&mut record)?;
    let number = record.get(1..1 + numbers)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let mut nonce = iv;
    nonce[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
    let (aad, sealed) = record.split_at_mut(header);
    let (body, tag) = sealed.split_last_chunk_mut::<16>()?;
    key.open(&nonce, aad, body, tag).ok()?;
    let index = usize::from(at) * body.len() / 256;
    *body.get_mut(index)? = value;
    *tag = key.seal(&nonce, aad, body).ok()?;
    hide(&mut record)?;
    record.extend(rest);
    Some(record)
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |byte, c| byte << 4 | digit(c))).collect()
}
