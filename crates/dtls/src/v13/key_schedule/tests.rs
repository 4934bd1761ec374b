//! RFC 8448 §3: a simple 1-RTT handshake of TLS 1.3, whose labels begin with `tls13 `.

use super::*;
use alloc::format;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn is(secret: &Secret, expected: &str) {
    assert_eq!(format!("{:?}", **secret), expected.replace(' ', ""));
}

#[test]
fn rfc8448_3_key_schedule() {
    let hash = siskin_crypto::rustcrypto().sha256;
    let labels = Labels { hash, prefix: "tls13 " };
    let mut schedule = KeySchedule::new(labels);
    is(
        &schedule.derive("derived", &hash.digest(&[])).unwrap(),
        "6f 26 15 a1 08 c7 02 c5 67 8f 54 fc 9d ba b6 97 16 c0 76 18 9c 48 25 0c eb ea c3 57 6c 36 11 ba",
    );
    let shared = hex(
        "8b d4 05 4f b5 5b 9d 63 fd fb ac f9 f0 4b 9f 0d 35 e6 d6 3f 53 75 63 ef d4 62 72 90 0f 89 49 2d",
    );
    schedule.advance(Some(&shared)).unwrap();
    let hellos = hash.digest(&[&hex(CLIENT_HELLO), &hex(SERVER_HELLO)]);
    is(
        &schedule.derive("c hs traffic", &hellos).unwrap(),
        "b3 ed db 12 6e 06 7f 35 a7 80 b3 ab f4 5e 2d 8f 3b 1a 95 07 38 f5 2e 96 00 74 6a 0e 27 a5 5a 21",
    );
    let server = schedule.derive("s hs traffic", &hellos).unwrap();
    is(
        &server,
        "b6 7b 7d 69 0c c1 6c 4e 75 e5 42 13 cb 2d 37 b4 e9 c9 12 bc de d9 10 5d 42 be fd 59 d3 91 ad 38",
    );
    let secret = labels.hkdf(server.as_ref());
    let (mut key, mut iv) = ([0; 16], [0; 12]);
    labels.expand(&secret, "key", &[], &mut key).unwrap();
    labels.expand(&secret, "iv", &[], &mut iv).unwrap();
    assert_eq!(key[..], hex("3f ce 51 60 09 c2 17 27 d0 f2 e4 e8 6e e4 03 bc"));
    assert_eq!(iv[..], hex("5d 31 3e b2 67 12 76 ee 13 00 0b 30"));

    schedule.advance(None).unwrap();
    let whole = Digest::new(&hex(
        "96 08 10 2a 0f 1c cc 6d b6 25 0b 7b 7e 41 7b 1a 00 0e aa da 3d aa e4 77 7a 76 86 c9 ff 83 df 13",
    ));
    is(
        &schedule.derive("c ap traffic", &whole).unwrap(),
        "9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5",
    );
    is(
        &schedule.derive("s ap traffic", &whole).unwrap(),
        "a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43",
    );
    is(
        &schedule.derive("exp master", &whole).unwrap(),
        "fe 22 f8 81 17 6e da 18 eb 8f 44 52 9e 67 92 c5 0c 9a 3f 89 45 2f 68 d8 ae 31 1b 43 09 d3 cf 50",
    );
}

/// The server's Finished is a MAC over everything before it.
#[test]
fn rfc8448_3_finished() {
    let hash = siskin_crypto::rustcrypto().sha256;
    let labels = Labels { hash, prefix: "tls13 " };
    let server = Secret::new(Digest::new(&hex(
        "b6 7b 7d 69 0c c1 6c 4e 75 e5 42 13 cb 2d 37 b4 e9 c9 12 bc de d9 10 5d 42 be fd 59 d3 91 ad 38",
    )));
    is(
        &labels.expand_secret(&labels.hkdf(server.as_ref()), "finished", &[]).unwrap(),
        "00 8d 3b 66 f8 16 ea 55 9f 96 b5 37 e8 85 c3 1f c0 68 bf 49 2c 65 2f 01 f2 88 a1 d8 cd c1 9f c8",
    );
}

const CLIENT_HELLO: &str = "
    01 00 00 c0 03 03 cb 34 ec b1 e7 81 63 ba 1c 38 c6 da cb 19 6a 6d ff a2 1a 8d 99 12 ec 18 a2 ef 62 83 02 4d ec
    e7 00 00 06 13 01 13 03 13 02 01 00 00 91 00 00 00 0b 00 09 00 00 06 73 65 72 76 65 72 ff 01 00 01 00 00 0a 00
    14 00 12 00 1d 00 17 00 18 00 19 01 00 01 01 01 02 01 03 01 04 00 23 00 00 00 33 00 26 00 24 00 1d 00 20 99 38
    1d e5 60 e4 bd 43 d2 3d 8e 43 5a 7d ba fe b3 c0 6e 51 c1 3c ae 4d 54 13 69 1e 52 9a af 2c 00 2b 00 03 02 03 04
    00 0d 00 20 00 1e 04 03 05 03 06 03 02 03 08 04 08 05 08 06 04 01 05 01 06 01 02 01 04 02 05 02 06 02 02 02 00
    2d 00 02 01 01 00 1c 00 02 40 01";
const SERVER_HELLO: &str = "
    02 00 00 56 03 03 a6 af 06 a4 12 18 60 dc 5e 6e 60 24 9c d3 4c 95 93 0c 8a c5 cb 14 34 da c1 55 77 2e d3 e2 69
    28 00 13 01 00 00 2e 00 33 00 24 00 1d 00 20 c9 82 88 76 11 20 95 fe 66 76 2b db f7 c6 72 e1 56 d6 cc 25 3b 83
    3d f1 dd 69 b1 b0 4e 75 1f 0f 00 2b 00 02 03 04";
