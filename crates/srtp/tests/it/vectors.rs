//! Published vectors, with each provider.

use crate::{hex, protect, providers, unprotect};
use siskin_crypto::Provider;
use siskin_srtp::{Config, Cryptex, Key, Receiver, Sender, SessionKey, SessionKeys, Suite};

/// Contexts from session keys that are the same for RTP and RTCP.
fn contexts(provider: &Provider, suite: Suite, session: SessionKeys, config: &Config) -> (Sender, Receiver) {
    let key = Key { mki: Vec::new(), session };
    (
        Sender::new(provider, suite, &key, config).unwrap(),
        Receiver::new(provider, suite, &[key], config).unwrap(),
    )
}

fn session(cipher: &str, auth: &str, salt: &str) -> SessionKeys {
    let one = SessionKey { cipher: hex(cipher), auth: hex(auth), salt: hex(salt) };
    let header = SessionKey { cipher: hex(cipher), auth: Vec::new(), salt: vec![0; one.salt.len()] };
    SessionKeys { rtp: one.clone(), rtcp: one, header }
}

/// A packet and what protection makes of it, both ways.
fn both_ways(
    provider: &Provider,
    suite: Suite,
    keys: &SessionKeys,
    config: &Config,
    plain: &str,
    sealed: &str,
) {
    let (plain, sealed) = (hex(plain), hex(sealed));
    let (mut sender, mut receiver) = contexts(provider, suite, keys.clone(), config);
    assert_eq!(protect(&mut sender, &plain, Sender::protect_rtp_in).unwrap(), sealed, "{provider:?}");
    let opened = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp);
    assert_eq!(opened.unwrap(), plain, "{provider:?}");
}

/// A keystream of 65,282 blocks, of which the first and last three are published.
fn counter_mode(key: &str, first: [&str; 3], last: [&str; 3]) {
    for provider in providers() {
        let mut stream = vec![0; 1_044_512];
        let key = provider.aes_ctr.key(&hex(key)).unwrap();
        let start = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
        key.apply(&start.try_into().unwrap(), &mut stream);
        assert_eq!(stream[..48], hex(&first.concat()), "{provider:?}");
        assert_eq!(stream[0xfeff * 16..][..48], hex(&last.concat()), "{provider:?}");
    }
}

#[test]
fn rfc3711_b_2_aes_cm() {
    counter_mode(
        "2B7E151628AED2A6ABF7158809CF4F3C",
        [
            "E03EAD0935C95E80E166B16DD92B4EB4",
            "D23513162B02D0F72A43A2FE4A5F97AB",
            "41E95B3BB0A2E8DD477901E4FCA894C0",
        ],
        [
            "EC8CDF7398607CB0F2D21675EA9EA1E4",
            "362B7C3C6773516318A077D7FC5073AE",
            "6A2CC3787889374FBEB4C81B17BA6C44",
        ],
    );
}

#[test]
fn rfc6188_7_1_aes_256_cm() {
    counter_mode(
        "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
        [
            "92bdd28a93c3f52511c677d08b5515a4",
            "9da71b2378a854f67050756ded165bac",
            "63c4868b7096d88421b563b8c94c9a31",
        ],
        [
            "cea518c90fd91ced9cbb18c078a54711",
            "3dbc4814f4da5f00a08772b63c6a046d",
            "6eb246913062a16891433e97dd01a57f",
        ],
    );
}

/// The RFC's authentication key has 94 bytes, of which SRTP's HMAC-SHA1 uses the first 20.
#[test]
fn rfc3711_b_3_key_derivation() {
    for provider in providers() {
        let (key, salt) = (hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6"));
        let keys = SessionKeys::derive(&provider, Suite::AesCm128HmacSha1_80, &key, &salt).unwrap();
        assert_eq!(keys.rtp.cipher, hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(keys.rtp.salt, hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(keys.rtp.auth, hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
        // RFC 6904 A.1, from the same master key.
        assert_eq!(keys.header.cipher, hex("549752054D6FB708622C4A2E596A1B93"));
        assert_eq!(keys.header.salt, hex("AB01818174C40D39A3781F7C2D27"));
    }
}

#[test]
fn rfc6188_7_2_key_derivation() {
    for provider in providers() {
        let key = hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
        let salt = hex("3b04803de51ee7c96423ab5b78d2");
        let keys = SessionKeys::derive(&provider, Suite::AesCm256HmacSha1_80, &key, &salt).unwrap();
        assert_eq!(keys.rtp.cipher, hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
        assert_eq!(keys.rtp.salt, hex("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(keys.rtp.auth, hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }
}

/// The RFC gives the ciphertext of the extension, not the whole packet.
#[test]
fn rfc6904_a_2_header_encryption() {
    let config = Config { encrypted_extensions: vec![1, 3, 4], ..Config::default() };
    let start = hex("90001234 00000000 CAFEBABE BEDE0006");
    let plain = hex("17414273A475262748220000C8308E4655996386B395FB00");
    let encrypted = "17588A9270F4E15E1C220000C8309546A994F0BC54789700";
    // Of GCM there is no published vector: its salt is shorter, and zeros follow it. By OpenSSL's AES-CTR.
    let by_gcm = "17EA9DF88C673F5042220000C830DC465CF365759D082200";
    for provider in providers() {
        for (suite, salt, encrypted) in [
            (Suite::AesCm128HmacSha1_80, "AB01818174C40D39A3781F7C2D27", encrypted),
            (Suite::AeadAes128Gcm, "AB01818174C40D39A3781F7C", by_gcm),
        ] {
            let mut keys = session(&"07".repeat(16), "", &"09".repeat(suite.salt_len()));
            keys.rtp.auth = vec![5; suite.auth_key_len()];
            keys.rtcp.auth = keys.rtp.auth.clone();
            keys.header.cipher = hex("549752054D6FB708622C4A2E596A1B93");
            keys.header.salt = hex(salt);
            let (mut sender, mut receiver) = contexts(&provider, suite, keys, &config);
            let packet = [&start[..], &plain, b"payload"].concat();
            let sealed = protect(&mut sender, &packet, Sender::protect_rtp_in).unwrap();
            assert_eq!(sealed[..40], [&start[..], &hex(encrypted)].concat(), "{provider:?} {suite:?}");
            let opened = unprotect(&mut receiver, &sealed, Receiver::unprotect_rtp);
            assert_eq!(opened.unwrap(), packet, "{provider:?} {suite:?}");
        }
    }
}

const GALLIA: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 \
    696e2070 61727465 73207472 6573";
const KEY_128: &str = "000102030405060708090a0b0c0d0e0f";
const KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const QUID_PRO_QUO: &str = "517569642070726f2071756f";

/// §16.1.1 and .2, §16.2.1 and .2.
#[test]
fn rfc7714_16_gcm() {
    for provider in providers() {
        both_ways(
            &provider,
            Suite::AeadAes128Gcm,
            &session(KEY_128, "", QUID_PRO_QUO),
            &Config::default(),
            GALLIA,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a \
             51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        );
        both_ways(
            &provider,
            Suite::AeadAes256Gcm,
            &session(KEY_256, "", QUID_PRO_QUO),
            &Config::default(),
            GALLIA,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 \
             76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        );
    }
}

/// §16.1.3 and .4, §16.2.3 and .4: RTP that is authenticated but not encrypted. No profile of DTLS-SRTP can have that, so
/// there is no way to ask a context for it; what the vectors say of the primitives holds.
#[test]
fn rfc7714_16_authentication_only() {
    let nonce = hex("51753c6580c2726f20718414").try_into().unwrap();
    for provider in providers() {
        for (aead, key, tag) in [
            (provider.aes128gcm, KEY_128, "22493f82d2bce397e9d79e3b19aa4216"),
            (provider.aes256gcm, KEY_256, "a866d5910f887463067ceefec45215d4"),
        ] {
            let key = aead.key(&hex(key)).unwrap();
            assert_eq!(key.seal(&nonce, &hex(GALLIA), &mut []).unwrap()[..], hex(tag), "{provider:?}");
        }
    }
}

const LUNA: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef \
    deadbeef deadbeef deadbeef deadbeef";

/// §17.1 to .4, both ways: the RFC shows one way of each.
#[test]
fn rfc7714_17_rtcp() {
    for (suite, key, encrypted, sealed) in [
        (
            Suite::AeadAes128Gcm,
            KEY_128,
            true,
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda \
             4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        ),
        (
            Suite::AeadAes256Gcm,
            KEY_256,
            true,
            "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be \
             8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
        ),
        (
            Suite::AeadAes128Gcm,
            KEY_128,
            false,
            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef \
             deadbeef deadbeef deadbeef 841dd968 3dd78ec9 2ae58790 125f62b3 000005d4",
        ),
        (
            Suite::AeadAes256Gcm,
            KEY_256,
            false,
            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef \
             deadbeef deadbeef deadbeef 91db4afb feee5a97 8fab4393 ed2615fe 000005d4",
        ),
    ] {
        for provider in providers() {
            let config = Config { encrypt_rtcp: encrypted, ..Config::default() };
            let keys = session(key, "", QUID_PRO_QUO);
            let (mut sender, mut receiver) = contexts(&provider, suite, keys, &config);
            // The vectors are about the packet with index 0x5d4.
            for _ in 0..0x5d4 {
                protect(&mut sender, &hex(LUNA), Sender::protect_rtcp_in).unwrap();
            }
            let packet = protect(&mut sender, &hex(LUNA), Sender::protect_rtcp_in).unwrap();
            assert_eq!(packet, hex(sealed), "{provider:?} {suite:?}");
            let opened = unprotect(&mut receiver, &packet, Receiver::unprotect_rtcp);
            assert_eq!(opened.unwrap(), hex(LUNA), "{provider:?} {suite:?}");
        }
    }
}

/// A packet and its form under cryptex. The receiver leaves an empty extension in a packet that had none.
fn cryptex(suite: Suite, master_key: &str, master_salt: &str, vectors: &[(&str, &str)]) {
    let config = Config { cryptex: Cryptex::Required, ..Config::default() };
    for provider in providers() {
        let keys = SessionKeys::derive(&provider, suite, &hex(master_key), &hex(master_salt)).unwrap();
        for (plain, sealed) in vectors {
            both_ways(&provider, suite, &keys, &config, plain, sealed);
        }
    }
}

#[test]
fn rfc9335_a_1_cryptex_cm() {
    cryptex(
        Suite::AesCm128HmacSha1_80,
        "e1f97a0d3e018be0d64fa32c06de4139",
        "0ec675ad498afeebb6960b3aabe6",
        &[
            (
                "900f1235 decafbad cafebabe bede0001 51000200 abababab abababab abababab abababab",
                "900f1235 decafbad cafebabe c0de0001 eb923652 51c3e036 f8de27e9 c27ee3e0 b4651d9f bc4218a7 \
                 0244522f 34a5",
            ),
            (
                "900f1236 decafbad cafebabe 10000001 05020002 abababab abababab abababab abababab",
                "900f1236 decafbad cafebabe c2de0001 4ed9cc4e 6a712b30 96c5ca77 339d4204 ce0d7739 6cab6958 \
                 5fbce381 94a5",
            ),
            (
                "920f1238 decafbad cafebabe 0001e240 0000b26e bede0001 51000200 abababab abababab abababab \
                 abababab",
                "920f1238 decafbad cafebabe 8bb6e12b 5cff16dd c0de0001 92838c8c 09e58393 e1de3a9a 74734d67 \
                 45671338 c3acf11d a2df8423 bee0",
            ),
            (
                "920f1239 decafbad cafebabe 0001e240 0000b26e 10000001 05020002 abababab abababab abababab \
                 abababab",
                "920f1239 decafbad cafebabe f70e513e b90b9b25 c2de0001 bbed4848 faa64466 5f3d7f34 125914e9 \
                 f4d0ae92 3c6f479b 95a0f7b5 3133",
            ),
            (
                "920f123a decafbad cafebabe 0001e240 0000b26e bede0000 abababab abababab abababab abababab",
                "920f123a decafbad cafebabe 7130b6ab fe2ab0e3 c0de0000 e3d9f64b 25c9e74c b4cf8e43 fb92e378 \
                 1c2c0cea b6b3a499 a14c",
            ),
            (
                "920f123b decafbad cafebabe 0001e240 0000b26e 10000000 abababab abababab abababab abababab",
                "920f123b decafbad cafebabe cbf24c12 4330e1c8 c2de0000 599dd45b c9d687b6 03e8b59d 771fd38e \
                 88b170e0 cd31e125 eabe",
            ),
        ],
    );
}

#[test]
fn rfc9335_a_2_cryptex_gcm() {
    cryptex(
        Suite::AeadAes128Gcm,
        "000102030405060708090a0b0c0d0e0f",
        "a0a1a2a3a4a5a6a7a8a9aaab",
        &[
            (
                "900f1235 decafbad cafebabe bede0001 51000200 abababab abababab abababab abababab",
                "900f1235 decafbad cafebabe c0de0001 39972dc9 572c4d99 e8fc355d e743fb2e 94f9d8ff 54e72f41 \
                 93bbc5c7 4ffab0fa 9fa0fbeb",
            ),
            (
                "900f1236 decafbad cafebabe 10000001 05020002 abababab abababab abababab abababab",
                "900f1236 decafbad cafebabe c2de0001 bb75a4c5 45cd1f41 3bdb7daa 2b1e3263 de313667 c9632490 \
                 81b35a65 f5cb6c88 b394235f",
            ),
            (
                "920f1238 decafbad cafebabe 0001e240 0000b26e bede0001 51000200 abababab abababab abababab \
                 abababab",
                "920f1238 decafbad cafebabe 63bbccc4 a7f695c4 c0de0001 8ad7c71f ac70a80c 92866b4c 6ba98546 \
                 ef913586 e95ffaaf fe956885 bb0647a8 bc094ac8",
            ),
            (
                "920f1239 decafbad cafebabe 0001e240 0000b26e 10000001 05020002 abababab abababab abababab \
                 abababab",
                "920f1239 decafbad cafebabe 3680524f 8d312b00 c2de0001 c78d1200 38422bc1 11a7187a 18246f98 \
                 0c059cc6 bc9df8b6 26394eca 344e4b05 d80fea83",
            ),
            (
                "920f123a decafbad cafebabe 0001e240 0000b26e bede0000 abababab abababab abababab abababab",
                "920f123a decafbad cafebabe 15b6bb43 37906fff c0de0000 b7b96453 7a2b03ab 7ba5389c e9331712 \
                 6b5d974d f30c6884 dcb651c5 e120c1da",
            ),
            (
                "920f123b decafbad cafebabe 0001e240 0000b26e 10000000 abababab abababab abababab abababab",
                "920f123b decafbad cafebabe dcb38c9e 48bf95f4 c2de0000 61ee432c f9203170 76613258 d3ce4236 \
                 c06ac429 681ad084 13512dc9 8b5207d8",
            ),
        ],
    );
}
