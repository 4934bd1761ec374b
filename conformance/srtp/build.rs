//! Compiles libsrtp from the source that `datachannel-sys` carries, against AWS-LC's headers.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const SOURCES: &str = "srtp/srtp.c crypto/cipher/cipher.c crypto/cipher/cipher_test_cases.c \
    crypto/cipher/null_cipher.c crypto/cipher/aes_icm_ossl.c crypto/cipher/aes_gcm_ossl.c crypto/hash/auth.c \
    crypto/hash/auth_test_cases.c crypto/hash/null_auth.c crypto/hash/hmac_ossl.c crypto/kernel/alloc.c \
    crypto/kernel/crypto_kernel.c crypto/kernel/err.c crypto/kernel/key.c crypto/math/datatypes.c \
    crypto/replay/rdb.c crypto/replay/rdbx.c";

/// What libsrtp's own build would have found out.
const CONFIG: &str = "#define PACKAGE_VERSION \"2\"\n#define PACKAGE_STRING \"libsrtp2\"\n#define OPENSSL 1\n\
    #define GCM 1\n#define CPU_CISC 1\n#define HAVE_ARPA_INET_H 1\n#define HAVE_BYTESWAP_H 1\n\
    #define HAVE_INTTYPES_H 1\n#define HAVE_NETINET_IN_H 1\n#define HAVE_STDINT_H 1\n#define HAVE_STDLIB_H 1\n\
    #define HAVE_SYS_SOCKET_H 1\n#define HAVE_SYS_TYPES_H 1\n#define HAVE_UNISTD_H 1\n#define HAVE_UINT8_T 1\n\
    #define HAVE_UINT16_T 1\n#define HAVE_UINT32_T 1\n#define HAVE_UINT64_T 1\n#define HAVE_INT32_T 1\n\
    #define SIZEOF_UNSIGNED_LONG 8\n#define SIZEOF_UNSIGNED_LONG_LONG 8\n#define HAVE_INLINE 1\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/shim.c");
    let packages = packages();
    let folder = |name: &str| -> PathBuf {
        let package = packages.iter().find(|package| package["name"] == name);
        let manifest = package.and_then(|package| package["manifest_path"].as_str());
        Path::new(manifest.unwrap_or_else(|| panic!("cargo does not know {name}"))).with_file_name("")
    };
    let libsrtp = folder("datachannel-sys").join("libdatachannel/deps/libsrtp");
    let aws_lc = folder("aws-lc-sys");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("config.h"), CONFIG).expect("a writable folder");
    cc::Build::new()
        .files(SOURCES.split_whitespace().map(|name| libsrtp.join(name)))
        .file("src/shim.c")
        .define("HAVE_CONFIG_H", None)
        .define("BORINGSSL_PREFIX", prefix(&aws_lc).as_str())
        .includes([&out, &libsrtp.join("include"), &libsrtp.join("crypto/include")])
        .includes([aws_lc.join("generated-include"), aws_lc.join("aws-lc/include")])
        .opt_level(3)
        .warnings(false)
        .compile("srtp2");
}

/// AWS-LC's symbols bear its version, so that several can be in one program.
fn prefix(aws_lc: &Path) -> String {
    let manifest = fs::read_to_string(aws_lc.join("Cargo.toml")).expect("a package has a manifest");
    let links = manifest.lines().find_map(|line| line.strip_prefix("links = \""));
    links.expect("aws-lc-sys links something").trim_end_matches('"').into()
}

fn packages() -> Vec<Value> {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it") + "/Cargo.toml";
    let cargo = env::var("CARGO").expect("cargo sets it");
    let args = ["metadata", "--format-version", "1", "--all-features", "--manifest-path", &manifest];
    let output = Command::new(cargo).args(args).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().cloned().unwrap_or_default()
}
